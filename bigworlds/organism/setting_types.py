"""Settings are of the types of their defaults: numbers are numbers, rules are names of rules."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any

from bigworlds.errors import UserError, nearest_names


def check_types(settings: Any) -> None:
    """Checks every setting that has a default of a plain type, and makes rules of their names.

    Args:
        settings: a frozen dataclass.

    Raises:
        UserError: a setting has another type; the message names it.
    """
    for field in dataclasses.fields(settings):
        value, usual = getattr(settings, field.name), field.default
        if isinstance(usual, enum.StrEnum):
            object.__setattr__(settings, field.name, _rule(field.name, type(usual), value))
        elif isinstance(usual, bool):
            _must(isinstance(value, bool), field.name, "True or False", value)
        elif field.type == "int":
            whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 62
            _must(whole, field.name, "a whole number from 0 up", value)
        elif field.type == "float":
            number = isinstance(value, int | float) and not isinstance(value, bool)
            _must(number, field.name, "a number", value)


def _rule(name: str, kind: type[enum.StrEnum], value: Any) -> enum.StrEnum:
    if value not in list(kind):
        known = [str(one) for one in kind]
        raise UserError(
            f"{name} is one of {', '.join(known)}; found {value!r}{nearest_names(str(value), known)}"
        )
    return kind(value)


def _must(holds: bool, name: str, expected: str, found: Any) -> None:
    if not holds:
        raise UserError(f"{name} is {expected}; found {found!r}")
