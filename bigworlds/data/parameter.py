"""One declared parameter of a model: its kind, default, range and help, and the checks that follow from
them.

A value that passed `check` or `parse` is of the declared type and within range; everything else is a
`UserError` that says what was expected and what was found.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, cast

import numpy as np

from bigworlds.errors import UserError, nearest_names

VECTOR_AXES = {"vec2": ("x", "y"), "vec3": ("x", "y", "z")}

_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1
_TRUE_WORDS = frozenset({"true", "yes", "on", "1"})
_FALSE_WORDS = frozenset({"false", "no", "off", "0"})


@dataclass(frozen=True)
class Parameter:
    """The declaration of one parameter: kind, default, range and help, and the checks that follow.

    Attributes:
        name: its name.
        kind: "int", "float", "bool", "choice", "enum", "vec2" or "vec3".
        type: the annotated Python type.
        default: the checked default, or a function that makes it from the parameters declared before.
        min, max: inclusive bounds, or None.
        choices: the names that a choice or an enum may take, in order; empty for other kinds.
        help: one line of help.
    """

    name: str
    kind: str
    type: Any
    default: Any
    min: float | None
    max: float | None
    choices: tuple[str, ...]
    help: str

    def check(self, value: Any) -> Any:
        """The value in the parameter's own type.

        Args:
            value: what the user gave: a value of the type, a NumPy scalar, the name of an enum member, or a
                sequence of numbers for a vector.

        Raises:
            UserError: it has another type or lies out of range.
        """
        match self.kind:
            case "bool":
                return self._check_bool(value)
            case "int":
                return self._in_range(self._check_int(value))
            case "float":
                return self._in_range(self._check_float(value))
            case "choice":
                return self._check_choice(value)
            case "enum":
                return self._check_enum(value)
            case _:
                return self._check_vector(value)

    def parse(self, text: str) -> Any:
        """The value that a text on the command line means.

        Args:
            text: `1000`, `1_000`, `1e6` (integers, where exact); `0.5`; `true`, `no`, `on`; the name of
                a choice or of an enum member; `1,2` or `(1, 2)` for a vector.

        Raises:
            UserError: the text means no value of this type, or one out of range.
        """
        word = text.strip()
        match self.kind:
            case "bool":
                if word.lower() in _TRUE_WORDS | _FALSE_WORDS:
                    return word.lower() in _TRUE_WORDS
            case "int" | "float":
                number = _number(word, whole=self.kind == "int")
                if number is not None:
                    return self.check(number)
            case "choice" | "enum":
                return self.check(int(word) if self.kind == "enum" and _is_whole(word) else word)
            case _:
                parts = [_number(part.strip(), whole=False) for part in word.strip("()[]").split(",")]
                if all(part is not None for part in parts):
                    return self.check(parts)
        raise self._wrong(text)

    def start(self, parameters: Any) -> Any:
        """The default, where `parameters` has those declared before this one."""
        return self.check(self.default(parameters)) if self.is_computed else self.default

    @property
    def is_computed(self) -> bool:
        """Whether the default is a function of other parameters."""
        return callable(self.default) and not isinstance(self.default, IntEnum)

    def to_plain(self, value: Any) -> Any:
        """The value as JSON has it: enums by name, vectors as lists. `check` takes it back."""
        if self.kind == "enum":
            return value.name
        if self.kind in VECTOR_AXES:
            return [getattr(value, axis) for axis in VECTOR_AXES[self.kind]]
        return value

    @property
    def slot(self) -> tuple[str, int]:
        """How kernels see it: (NumPy kind of a slot, number of slots)."""
        if self.kind in VECTOR_AXES:
            return "f8", len(VECTOR_AXES[self.kind])
        return {"bool": "b1", "float": "f8"}.get(self.kind, "i8"), 1

    def slot_values(self, value: Any) -> list[Any]:
        """The numbers that kernels see: a choice is its index, an enum its integer."""
        if self.kind in VECTOR_AXES:
            return [getattr(value, axis) for axis in VECTOR_AXES[self.kind]]
        return [self.choices.index(value) if self.kind == "choice" else value]

    @property
    def type_text(self) -> str:
        """The type as help and error messages name it."""
        if self.kind in ("choice", "enum"):
            return "one of " + ", ".join(self.choices)
        return {"bool": "true or false", "int": "a whole number", "float": "a finite number"}.get(
            self.kind, f"{len(VECTOR_AXES.get(self.kind, ()))} finite numbers"
        )

    @property
    def range_text(self) -> str:
        """The range as help names it: `>= 1`, `0.0 to 1.0`, `sparse | dense`, or an empty text."""
        if self.kind in ("choice", "enum"):
            return " | ".join(self.choices)
        if self.min is not None and self.max is not None:
            return f"{self.min} to {self.max}"
        if self.min is not None:
            return f">= {self.min}"
        return "" if self.max is None else f"<= {self.max}"

    @property
    def default_text(self) -> str:
        """The default as it would be typed after `--set name=`; of a computed one what it is made from."""
        if self.is_computed:
            return "by the others"
        plain = self.to_plain(self.default)
        if isinstance(plain, bool):
            return str(plain).lower()
        return ",".join(map(str, plain)) if isinstance(plain, list) else str(plain)

    def _check_bool(self, value: Any) -> bool:
        if isinstance(value, bool | np.bool_):
            return bool(value)
        raise self._wrong(value)

    def _check_int(self, value: Any) -> int:
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise self._wrong(value)
        number = int(value.__index__())
        if not _INT_MIN <= number <= _INT_MAX:
            raise UserError(
                f"parameter '{self.name}': {number} does not fit 64 bits ({_INT_MIN} to {_INT_MAX})"
            )
        return number

    def _check_float(self, value: Any) -> float:
        if isinstance(value, bool | str | bytes) or not hasattr(value, "__float__"):
            raise self._wrong(value)
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            raise self._wrong(value) from None
        if not math.isfinite(number):
            raise self._wrong(value)
        return number

    def _check_choice(self, value: Any) -> str:
        if isinstance(value, str) and value in self.choices:
            return str(value)
        if isinstance(value, str):
            raise self._wrong_name(value)
        raise self._wrong(value)

    def _check_enum(self, value: Any) -> IntEnum:
        kind = cast("type[IntEnum]", self.type)
        if isinstance(value, str):
            by_name = {name.lower(): member for name, member in kind.__members__.items()}
            if value.lower() in by_name:
                return by_name[value.lower()]
            raise self._wrong_name(value)
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise self._wrong(value)
        try:
            return kind(value)
        except ValueError:
            raise self._wrong(value) from None

    def _check_vector(self, value: Any) -> Any:
        axes = VECTOR_AXES[self.kind]
        if [axis for axis in "xyz" if hasattr(value, axis)] == list(axes):
            parts: list[Any] = [getattr(value, axis) for axis in axes]
        elif isinstance(value, Iterable) and not isinstance(value, str | bytes):
            parts = list(value)
        else:
            raise self._wrong(value)
        if len(parts) != len(axes):
            raise self._wrong(value)
        return self.type(*(self._check_float(part) for part in parts))

    def _in_range(self, number: Any) -> Any:
        below = self.min is not None and number < self.min
        above = self.max is not None and number > self.max
        if below or above:
            raise UserError(
                f"parameter '{self.name}': expected {self.type_text} {self.range_text}; found {number}"
            )
        return number

    def _wrong_name(self, name: str) -> UserError:
        near = nearest_names(name, self.choices)
        return UserError(f"parameter '{self.name}': expected {self.type_text}; found {name!r}{near}")

    def _wrong(self, value: Any) -> UserError:
        where = f" {self.range_text}" if self.range_text and not self.choices else ""
        return UserError(f"parameter '{self.name}': expected {self.type_text}{where}; found {value!r}")


def _is_whole(word: str) -> bool:
    return word.lstrip("+-").replace("_", "").isdecimal()


def _number(word: str, *, whole: bool) -> int | float | None:
    """The number that a text means, or None; a whole one may be written as 1e6 or 5.0 where that is
    exact."""
    try:
        if _is_whole(word):
            return int(word)
        number = float(word)
    except ValueError:
        return None
    if not whole:
        return number
    return int(number) if number.is_integer() and abs(number) < 2**53 else None
