"""Values of typed arguments and fields as JSON has them, and back. Every value has one text, so that what
waits can be part of the world's digest."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from bigworlds.data.fields import Field, FieldType, field_type, to_elements
from bigworlds.data.vectors import ivec2, ivec3, vec2, vec3
from bigworlds.errors import ModelError, UserError

_VECTORS: dict[str, Any] = {"vec2": vec2, "vec3": vec3, "ivec2": ivec2, "ivec3": ivec3}


def canonical(value: Any) -> str:
    """The one JSON text of a value: no blanks, names in order."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _number_to_plain(value: Any) -> Any:
    # JSON has no infinities and no NaN.
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _number_from_plain(kind: FieldType, value: Any) -> Any:
    return float(value) if kind.dtype.startswith("f") else value


def checked_elements(kind: FieldType, value: Any, where: str) -> list[int | float | bool]:
    """The stored elements of a value of a field's type; None is the reference to nobody.

    Raises:
        UserError: it is none of the type.
    """
    if kind.kind == "ref" and value is None:
        return [0]
    try:
        elements = to_elements(kind, value, where)
    except ModelError as problem:
        raise UserError(str(problem)) from None
    members = kind.enumeration
    if members is not None and elements[0] not in [int(member) for member in members]:
        names = ", ".join(f"{member.name} ({int(member)})" for member in members)
        raise UserError(f"{where}: expected a {members.__name__}: {names}; found {value!r}")
    return elements


def stored_to_plain(kind: FieldType, value: Any, where: str) -> Any:
    """A value of a field's type as JSON has it: a number, a list of numbers, or a text.

    Raises:
        UserError: it is none of the type.
    """
    elements = checked_elements(kind, value, where)
    if kind.kind == "string":
        return str(value)
    if kind.kind == "list":
        return [_number_to_plain(element) for element in elements[1 : 1 + int(elements[0])]]
    if kind.kind in ("scalar", "ref", "enum"):
        return _number_to_plain(elements[0])
    return [_number_to_plain(element) for element in elements]


def stored_from_plain(kind: FieldType, plain: Any) -> Any:
    """The value that `stored_to_plain` was given: numbers, vecs, enum members, lists, texts."""
    if kind.kind == "string":
        return plain
    if kind.kind == "enum":
        assert kind.enumeration is not None
        return kind.enumeration(plain)
    if kind.kind in ("scalar", "ref"):
        return _number_from_plain(kind, plain)
    values = [_number_from_plain(kind, element) for element in plain]
    return _VECTORS[kind.kind](*values) if kind.kind in _VECTORS else values


def fields_to_plain(fields: dict[str, Field], values: dict[str, Any]) -> dict[str, Any]:
    """Given values of fields as JSON has them; `values` names fields that are there."""
    return {
        name: stored_to_plain(fields[name].type, value, fields[name].full_name)
        for name, value in values.items()
    }


def fields_from_plain(fields: dict[str, Field], plain: dict[str, Any]) -> dict[str, Any]:
    """The values that `fields_to_plain` was given."""
    return {name: stored_from_plain(fields[name].type, value) for name, value in plain.items()}


@dataclass(frozen=True)
class ArgumentType:
    """What an argument of an input takes: a text, anything that a field can be, or a list of such.

    Attributes:
        stored: the field type; None for a text.
        is_list: whether it is a list of them.
    """

    stored: FieldType | None
    is_list: bool = False

    @classmethod
    def of(cls, annotation: Any, where: str) -> ArgumentType:
        """The type that an annotation means.

        Raises:
            ModelError: it is none that inputs take.
        """
        if annotation is str:
            return cls(None)
        if get_origin(annotation) is list:
            item = cls.of(get_args(annotation)[0], where)
            if item.is_list:
                raise ModelError(f"{where}: a list of lists cannot be an argument of an input")
            return cls(item.stored, True)
        if annotation is bytes:
            raise ModelError(f"{where}: bytes cannot be an argument of an input; give a list[int] or a str")
        try:
            return cls(field_type(annotation, where))
        except ModelError as problem:
            raise ModelError(f"{problem}; arguments of inputs may also be str and list[...]") from None

    def to_plain(self, value: Any, where: str) -> Any:
        """A value as JSON has it.

        Raises:
            UserError: it is none of the type.
        """
        if not self.is_list:
            return self._item_to_plain(value, where)
        if isinstance(value, str) or not hasattr(value, "__iter__"):
            raise UserError(f"{where}: expected a list; found {value!r}")
        return [self._item_to_plain(item, where) for item in value]

    def _item_to_plain(self, value: Any, where: str) -> Any:
        if self.stored is not None:
            return stored_to_plain(self.stored, value, where)
        if not isinstance(value, str):
            raise UserError(f"{where}: expected a text; found {value!r}")
        return value

    def from_plain(self, plain: Any) -> Any:
        """The value that `to_plain` was given."""
        if self.stored is None:
            return plain
        if self.is_list:
            return [stored_from_plain(self.stored, item) for item in plain]
        return stored_from_plain(self.stored, plain)
