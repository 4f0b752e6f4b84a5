"""Field values in the engine's memory as Python values, read and written by address."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from bigworlds.data import FieldType
from bigworlds.data.fields import value_of_contents
from bigworlds.data.vectors import ivec2, ivec3, vec2, vec3, wrap64

_FORMATS = {
    "b1": "?", "i1": "b", "i2": "h", "i4": "i", "i8": "q",
    "u1": "B", "u2": "H", "u4": "I", "u8": "Q", "f4": "f", "f8": "d",
}  # fmt: skip
VECTORS: dict[str, Any] = {"vec2": vec2, "vec3": vec3, "ivec2": ivec2, "ivec3": ivec3}


class Items:
    """The elements of an array or list field, as a small Python sequence that keeps to the field's size and
    range."""

    def __init__(self, kind: FieldType, values: Iterable[Any], where: str, writable: bool) -> None:
        self._kind, self._where, self._writable = kind, where, writable
        self._values = list(values)

    def _check(self) -> None:
        if not self._writable:
            raise TypeError(f"{self._where} belongs to somebody else and is read only")

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __getitem__(self, index: int) -> Any:
        return self._values[index]

    def __setitem__(self, index: int, value: Any) -> None:
        self._check()
        self._values[index] = element(self._kind, value, self._where)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Iterable) and self._values == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._values)

    def append(self, value: Any) -> None:
        """Adds an item at the end; a full list is an error."""
        self._check()
        if not self._kind.is_open and len(self._values) >= self._kind.length - 1:
            raise IndexError(f"{self._where} is full: it holds {self._kind.length - 1} items")
        self._values.append(element(self._kind, value, self._where))

    def pop(self) -> Any:
        """Takes the last item; an empty list is an error."""
        self._check()
        return self._values.pop()

    def clear(self) -> None:
        """Takes all items."""
        self._check()
        self._values.clear()

    def assign(self, other: Iterable[Any]) -> None:
        """Takes the items of another field of the same type."""
        self._check()
        self._values = list(other)


class Text:
    """A string field in a translated behavior: compared and assigned as a whole."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return repr(self.text)


def element(kind: FieldType, value: Any, where: str) -> Any:
    """A value as an element of a field holds it: rounded to the storage's precision; out of range is an
    error."""
    dtype = np.dtype(kind.dtype)
    if dtype.kind == "f":
        if dtype.itemsize == 8:
            return float(value)
        with np.errstate(over="ignore"):
            return float(np.float32(value))
    if dtype.kind == "b":
        return bool(value)
    if not hasattr(value, "__index__"):
        raise TypeError(f"{where}: expected a whole number, found {value!r}")
    whole = int(value.__index__())
    if dtype.itemsize == 8:
        return wrap64(whole)
    limits = np.iinfo(dtype)
    if not limits.min <= whole <= limits.max:
        raise OverflowError(f"{where}: {whole} does not fit into {dtype.name} ({limits.min} to {limits.max})")
    return whole


def elements(kind: FieldType, value: Any, where: str) -> list[Any]:
    """The stored elements of a value, checked."""
    if kind.kind == "string":
        raw = str(value).encode()
        if len(raw) > kind.length:
            raise OverflowError(f"{where}: the text {str(value)!r} does not fit into {kind.length} bytes")
        return list(raw.ljust(kind.length, b"\0"))
    if kind.kind == "list":
        values = [element(kind, v, where) for v in value]
        if len(values) > kind.length - 1:
            raise OverflowError(f"{where}: {len(values)} items do not fit into {kind.length - 1}")
        return [len(values), *values, *[0] * (kind.length - 1 - len(values))]
    if kind.length > 1 or kind.kind in ("array",):
        values = [element(kind, v, where) for v in value]
        if len(values) != kind.length:
            raise ValueError(f"{where}: expected {kind.length} numbers, found {len(values)}")
        return values
    return [element(kind, value, where)]


def read_open(kind: FieldType, stored: bytes, where: str, *, writable: bool) -> Any:
    """The value of any length of an own field: a str, bytes, or Items."""
    value = value_of_contents(kind, stored)
    return Items(kind, value, where, writable) if kind.kind == "numbers" else value


def packed(kind: FieldType, stored: list[Any]) -> bytes:
    """The bytes of stored elements."""
    letter = _FORMATS[kind.dtype]
    if kind.dtype == "f4":
        return np.array(stored, "f4").tobytes()
    if kind.dtype == "u8":
        stored = [v & (2**64 - 1) for v in stored]
    elif kind.dtype[0] in "iu":
        stored = [int(v) for v in stored]
    return struct.pack(f"={len(stored)}{letter}", *stored)


def write(kind: FieldType, address: int, stored: list[Any]) -> None:
    """Writes stored elements at an address."""
    raw = packed(kind, stored)
    ctypes.memmove(address, raw, len(raw))


def read(kind: FieldType, address: int, where: str, *, plain: bool, writable: bool) -> Any:
    """The value of a field at an address.

    Args:
        kind: the field's type.
        address: of its first element.
        where: the field's name for messages.
        plain: strings as str; else as Text, which translated behaviors assign to.
        writable: whether items of arrays and lists may be set.
    """
    letter = _FORMATS[kind.dtype]
    size = struct.calcsize(f"={kind.length}{letter}")
    values = struct.unpack(f"={kind.length}{letter}", ctypes.string_at(address, size))
    if kind.dtype == "u8":
        values = tuple(wrap64(v) for v in values)
    match kind.kind:
        case "vec2" | "vec3" | "ivec2" | "ivec3":
            return VECTORS[kind.kind](*values)
        case "array":
            return Items(kind, values, where, writable)
        case "list":
            return Items(kind, values[1 : 1 + int(values[0])], where, writable)
        case "string":
            text = bytes(values).rstrip(b"\0").decode(errors="replace")
            return text if plain else Text(text)
        case _:
            return values[0]
