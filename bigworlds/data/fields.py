"""The types that fields of components can have, and Field, the description of one of them.

Each type has one storage: a NumPy scalar dtype and a number of elements per row, side by side.
"""

from __future__ import annotations

import enum
import inspect
import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args, get_origin

import numpy as np

from bigworlds import _core
from bigworlds.data.vectors import ivec2, ivec3, vec2, vec3
from bigworlds.errors import ModelError, nearest_names

T = TypeVar("T")
Capacity = TypeVar("Capacity")


@dataclass(frozen=True)
class Scalar:
    """Marks a number type with its storage, a NumPy dtype such as "f4"."""

    dtype: str


bool_ = Annotated[bool, Scalar("b1")]
i8 = Annotated[int, Scalar("i1")]
i16 = Annotated[int, Scalar("i2")]
i32 = Annotated[int, Scalar("i4")]
i64 = Annotated[int, Scalar("i8")]
u8 = Annotated[int, Scalar("u1")]
u16 = Annotated[int, Scalar("u2")]
u32 = Annotated[int, Scalar("u4")]
u64 = Annotated[int, Scalar("u8")]
f32 = Annotated[float, Scalar("f4")]
f64 = Annotated[float, Scalar("f8")]


@dataclass(frozen=True)
class FieldType:
    """Storage and meaning of a field's type, without the field's name.

    Attributes:
        kind: "scalar", "vec2", "vec3", "ivec2", "ivec3", "array", "ref", "enum", "string" or "list";
            of any length "text", "bytes" or "numbers".
        dtype: NumPy dtype of one element.
        length: elements per row. A list has one more than its capacity: the first holds the count. 0 where
            values have any length.
        enumeration: the IntEnum of an enum field.
        target: the component that a `Ref[T]` points at, where it was given.
    """

    kind: str
    dtype: str
    length: int = 1
    enumeration: type[enum.IntEnum] | None = None
    target: type | None = None

    @property
    def is_open(self) -> bool:
        """Whether values have any length: `str`, `bytes` and `list[...]` fields."""
        return self.length == 0


class _Subscripted(type):
    """Lets `array[f64, 4]` and its like make a FieldType, with literal numbers or `Literal[4]`."""

    def __getitem__(cls, parameters: Any) -> FieldType:
        given = parameters if isinstance(parameters, tuple) else (parameters,)
        wanted = inspect.signature(cls.of).parameters  # type: ignore[attr-defined]
        if len(given) != len(wanted):
            example = {"array": "[bw.f64, 4]", "short_list": "[bw.f64, 8]", "string": "[16]", "Ref": "[Fox]"}
            raise ModelError(
                f"bw.{cls.__name__}[...] takes {' and '.join(wanted)}, as in "
                f"bw.{cls.__name__}{example[cls.__name__]}; found {len(given)} of them"
            )
        return typing.cast(FieldType, cls.of(*given))  # type: ignore[attr-defined]


def _size(cls_name: str, value: Any, largest: int) -> int:
    if get_origin(value) is Literal:
        value = get_args(value)[0]
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= largest:
        raise ModelError(f"bw.{cls_name}[...]: expected a size from 1 to {largest}, found {value!r}")
    return value


def _number(cls_name: str, item: Any) -> FieldType:
    found = field_type(item, f"the element of bw.{cls_name}[...]")
    if found.kind != "scalar":
        raise ModelError(f"bw.{cls_name}[...]: expected a number type such as bw.f64, found {_shown(item)}")
    return found


if typing.TYPE_CHECKING:

    class array(Generic[T, Capacity]):
        """A fixed number of numbers, `bw.array[bw.f64, 4]` (for type checkers: `Literal[4]`)."""

        def __getitem__(self, index: int) -> T: ...
        def __setitem__(self, index: int, value: T) -> None: ...
        def __len__(self) -> int: ...
        def __iter__(self) -> Iterator[T]: ...

    class short_list(Generic[T, Capacity]):
        """A list of at most so many numbers, `bw.short_list[bw.f64, 8]`."""

        def __getitem__(self, index: int) -> T: ...
        def __setitem__(self, index: int, value: T) -> None: ...
        def __len__(self) -> int: ...
        def __iter__(self) -> Iterator[T]: ...
        def append(self, value: T) -> None: ...
        def pop(self) -> T: ...
        def clear(self) -> None: ...

    class string(Generic[Capacity]):
        """A text of at most so many bytes of UTF-8, `bw.string[16]`."""

    class Ref(int, Generic[T]):
        """The id of another entity, 0 for none."""

else:

    class array(metaclass=_Subscripted):
        """A fixed number of numbers: `bw.array[bw.f64, 4]`. Elements are read and written by index.

        Type checkers want the size as `Literal[4]`, which is understood too.
        """

        @staticmethod
        def of(item: Any, size: Any) -> FieldType:
            """The FieldType of `array[item, size]`."""
            return FieldType("array", _number("array", item).dtype, _size("array", size, 65536))

    class short_list(metaclass=_Subscripted):
        """A list of at most so many numbers: `bw.short_list[bw.f64, 8]`. The count is stored in front."""

        @staticmethod
        def of(item: Any, capacity: Any) -> FieldType:
            """The FieldType of `short_list[item, capacity]`."""
            dtype = np.dtype(_number("short_list", item).dtype)
            if dtype.kind == "b":
                raise ModelError("bw.short_list[...]: expected a number type, found bool; use bw.u8")
            largest = 65535 if dtype.kind == "f" else min(int(np.iinfo(dtype).max), 65535)
            return FieldType("list", dtype.str[1:], 1 + _size("short_list", capacity, largest))

    class string(metaclass=_Subscripted):
        """A text of at most so many bytes of UTF-8: `bw.string[16]`. Shorter texts are padded with zeros."""

        @staticmethod
        def of(size: Any) -> FieldType:
            """The FieldType of `string[size]`."""
            return FieldType("string", "u1", _size("string", size, 4096))

    class Ref(int, metaclass=_Subscripted):
        """The id of another entity, 0 for none: `bw.Ref` or `bw.Ref[Kind]`."""

        @staticmethod
        def of(target: Any) -> FieldType:
            """The FieldType of `Ref[target]`."""
            return FieldType("ref", "u8", target=target if isinstance(target, type) else None)


_NAMED: dict[Any, FieldType] = {
    bool: FieldType("scalar", "b1"),
    int: FieldType("scalar", "i8"),
    float: FieldType("scalar", "f8"),
    vec2: FieldType("vec2", "f8", 2),
    vec3: FieldType("vec3", "f8", 3),
    ivec2: FieldType("ivec2", "i4", 2),
    ivec3: FieldType("ivec3", "i4", 3),
    Ref: FieldType("ref", "u8"),
    str: FieldType("text", "u1", 0),
    bytes: FieldType("bytes", "u1", 0),
}

KNOWN_TYPES = (
    "bool, int, float, bw.bool_, bw.i8..bw.i64, bw.u8..bw.u64, bw.f32, bw.f64, bw.vec2, bw.vec3, "
    "bw.ivec2, bw.ivec3, "
    "bw.array[bw.f64, 4], bw.short_list[bw.f64, 8], bw.string[16], bw.Ref, bw.Ref[Kind], IntEnum classes, "
    "and of any length str, bytes and list[...] of numbers"
)


def _shown(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else repr(annotation)


def field_type(annotation: Any, where: str) -> FieldType:
    """The storage of an annotated type.

    Args:
        annotation: the evaluated annotation, e.g. `bw.f32`, `float`, `bw.vec2`.
        where: what is being declared, for the error message.

    Returns:
        Its FieldType.

    Raises:
        ModelError: the annotation is no field type.

    Example:
        >>> field_type(f32, "Bird.size")
        FieldType(kind='scalar', dtype='f4', length=1, enumeration=None, target=None)
    """
    if isinstance(annotation, FieldType):
        return annotation
    if get_origin(annotation) is Annotated:
        for mark in get_args(annotation)[1:]:
            if isinstance(mark, Scalar):
                return FieldType("scalar", mark.dtype)
        return field_type(get_args(annotation)[0], where)
    if get_origin(annotation) is list:
        return _open_list(get_args(annotation), where)
    if isinstance(annotation, type) and issubclass(annotation, enum.IntEnum):
        return FieldType("enum", _enum_dtype(annotation, where), enumeration=annotation)
    try:
        return _NAMED[annotation]
    except (KeyError, TypeError):
        raise ModelError(
            f"{where}: expected a field type, found {_shown(annotation)}; known types: {KNOWN_TYPES}"
        ) from None


def _open_list(items: tuple[Any, ...], where: str) -> FieldType:
    """The type of `list[int]` and its like."""
    found = field_type(items[0], f"{where}: the items of list[...]") if items else None
    if found is None or found.kind != "scalar" or np.dtype(found.dtype).kind == "b":
        shown = ", ".join(map(_shown, items))
        raise ModelError(
            f"{where}: expected a list of numbers such as list[float] or list[bw.u8], found list[{shown}]"
        )
    return FieldType("numbers", found.dtype, 0)


def _enum_dtype(enumeration: type[enum.IntEnum], where: str) -> str:
    """The smallest signed type that holds all members: worlds of many cells live in the cache or do not."""
    for dtype in ("i1", "i2", "i4", "i8"):
        limits = np.iinfo(dtype)
        if all(limits.min <= int(member) <= limits.max for member in enumeration):
            return dtype
    raise ModelError(f"{where}: the members of {enumeration.__name__} do not fit into 64 bits")


@dataclass(frozen=True, eq=False)
class Field:
    """One field of a component, as `Bird.position` gives it.

    Attributes:
        name: the field's name.
        owner: the component class.
        type: its FieldType.
        default: the value of new entities that are given none, or None for zero.
    """

    name: str
    owner: type = field(repr=False)
    type: FieldType
    default: Any = None

    @property
    def kind(self) -> str:
        """ "scalar", "vec2", "vec3", "ivec2", "ivec3", "array", "ref", "enum", "string" or "list"; of any
        length "text", "bytes" or "numbers"."""
        return self.type.kind

    @property
    def is_open(self) -> bool:
        """Whether values have any length: `str`, `bytes` and `list[...]` fields."""
        return self.type.is_open

    @property
    def dtype(self) -> str:
        """NumPy dtype of one element, e.g. "f8"."""
        return self.type.dtype

    @property
    def length(self) -> int:
        """Elements per row; 0 where values have any length."""
        return self.type.length

    @property
    def stride(self) -> int:
        """Bytes of one row, its natural stride in a table."""
        return int(np.dtype(self.dtype).itemsize) * self.length

    @property
    def full_name(self) -> str:
        """For example "Bird.position"."""
        return f"{self.owner.__name__}.{self.name}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Field) and (self.owner, self.name) == (other.owner, other.name)

    def __hash__(self) -> int:
        return hash((self.owner, self.name))

    def __repr__(self) -> str:
        size = f"[{self.length}]" if self.length > 1 else "[any]" if self.is_open else ""
        return f"<field {self.full_name}: {self.kind} {self.dtype}{size}>"


def zero_of(kind: FieldType) -> Any:
    """The value of a field that nothing was said about: 0, False, "" or an empty list, or the zero vector."""
    match kind.kind:
        case "vec2":
            return vec2(0.0, 0.0)
        case "vec3":
            return vec3(0.0, 0.0, 0.0)
        case "ivec2":
            return ivec2(0, 0)
        case "ivec3":
            return ivec3(0, 0, 0)
        case "string" | "text":
            return ""
        case "bytes":
            return b""
        case "list" | "numbers":
            return []
        case "array":
            return [np.dtype(kind.dtype).type(0).item()] * kind.length
        case "enum":
            assert kind.enumeration is not None
            members = list(kind.enumeration)
            return members[0] if 0 not in [int(m) for m in members] else kind.enumeration(0)
        case _:
            return np.dtype(kind.dtype).type(0).item()


def to_elements(kind: FieldType, value: Any, where: str) -> list[int | float | bool]:
    """The stored elements of a Python value, checked for type, range and size.

    Args:
        kind: the field's type.
        value: what was given.
        where: the field, for the error message.

    Returns:
        `kind.length` numbers, or as many as the value has.

    Raises:
        ModelError: another type or shape was expected, or the value is out of range.

    Example:
        >>> to_elements(FieldType("vec2", "f8", 2), vec2(1.0, 2.0), "Bird.position")
        [1.0, 2.0]
    """
    if kind.is_open:
        elements: list[int | float | bool] = np.frombuffer(
            contents_of(kind, value, where), kind.dtype
        ).tolist()
        return elements
    match kind.kind:
        case "string":
            return _string_elements(kind, value, where)
        case "list":
            values = _numbers(kind, value, where, None)
            if len(values) > kind.length - 1:
                raise ModelError(f"{where}: expected at most {kind.length - 1} values, found {len(values)}")
            return [len(values), *values, *[0] * (kind.length - 1 - len(values))]
        case "vec2" | "vec3" | "ivec2" | "ivec3" | "array":
            return _numbers(kind, value, where, kind.length)
        case "enum" if isinstance(value, str):
            assert kind.enumeration is not None
            names = kind.enumeration.__members__
            if value not in names:
                raise ModelError(
                    f"{where}: expected a {kind.enumeration.__name__}, found "
                    f"{value!r}{nearest_names(value, names)}"
                )
            return [int(names[value])]
        case _:
            return [_number_element(kind, value, where)]


def contents_of(kind: FieldType, value: Any, where: str) -> bytes:
    """The stored bytes of a value of any length: UTF-8, the bytes, or the numbers one after another.

    Args:
        kind: the field's type.
        value: what was given.
        where: the field, for the error message.

    Raises:
        ModelError: another type, a number out of range, or more than `_core.MOST_VALUE_BYTES` bytes.

    Example:
        >>> contents_of(FieldType("text", "u1", 0), "né", "Bird.song")
        b'n\\xc3\\xa9'
    """
    if kind.kind == "text":
        if not isinstance(value, str):
            raise ModelError(f"{where}: expected a text, found {value!r}")
        try:
            stored = value.encode()
        except UnicodeEncodeError as problem:
            raise ModelError(
                f"{where}: expected a text that UTF-8 can write, found {value!r} ({problem})"
            ) from None
    elif kind.kind == "bytes":
        if not isinstance(value, bytes | bytearray | memoryview):
            raise ModelError(f"{where}: expected bytes, found {value!r}")
        stored = bytes(value)
    else:
        if isinstance(value, str | bytes):
            raise ModelError(f"{where}: expected a list of numbers, found {value!r}")
        stored = np.array(_numbers(kind, value, where, None), dtype=kind.dtype).tobytes()
    if len(stored) > _core.MOST_VALUE_BYTES:
        raise ModelError(
            f"{where}: a value has at most {_core.MOST_VALUE_BYTES} bytes (MOST_VALUE_BYTES), found "
            f"{len(stored)}"
        )
    return stored


def value_of_contents(kind: FieldType, stored: bytes) -> Any:
    """The value whose stored bytes these are: a str, bytes, or a list of numbers."""
    if kind.kind == "text":
        return stored.decode()
    return stored if kind.kind == "bytes" else np.frombuffer(stored, kind.dtype).tolist()


def _string_elements(kind: FieldType, value: Any, where: str) -> list[int | float | bool]:
    if not isinstance(value, str):
        raise ModelError(f"{where}: expected a text, found {value!r}")
    raw = value.encode()
    if len(raw) > kind.length:
        raise ModelError(
            f"{where}: expected at most {kind.length} bytes of UTF-8, found {len(raw)} in {value!r}"
        )
    return list(raw.ljust(kind.length, b"\0"))


def _numbers(kind: FieldType, value: Any, where: str, count: int | None) -> list[int | float | bool]:
    try:
        values = list(value)
    except TypeError:
        what = f"{count} numbers" if count is not None else "a list of numbers"
        raise ModelError(f"{where}: expected {what}, found {value!r}") from None
    if count is not None and len(values) != count:
        raise ModelError(f"{where}: expected {count} numbers, found {len(values)}: {value!r}")
    return [_number_element(kind, v, where) for v in values]


def _number_element(kind: FieldType, value: Any, where: str) -> int | float | bool:
    dtype = np.dtype(kind.dtype)
    if dtype.kind == "f":
        if isinstance(value, (int, float, np.number)) and not isinstance(value, np.complexfloating):
            return float(value)
        raise ModelError(f"{where}: expected a number, found {value!r}")
    if dtype.kind == "b":
        if isinstance(value, (bool, np.bool_)):
            return bool(value)
        raise ModelError(f"{where}: expected True or False, found {value!r}")
    if not hasattr(value, "__index__"):
        raise ModelError(f"{where}: expected a whole number, found {value!r}")
    whole = int(value.__index__())
    limits = np.iinfo(dtype)
    if not limits.min <= whole <= limits.max:
        raise ModelError(f"{where}: expected {limits.min} to {limits.max} ({dtype.name}), found {whole}")
    return whole
