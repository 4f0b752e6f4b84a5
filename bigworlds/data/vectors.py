"""Small vectors as plain Python values: vec2 and vec3 of floats, ivec2 and ivec3 of whole numbers.

They are immutable, and every operation is a fixed sequence of IEEE operations on the components: the same
sequence that compiled behaviors execute, so that interpreted and compiled runs agree bit by bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar, Self, overload

_I64 = 1 << 63


def wrap64(value: int) -> int:
    """A whole number reduced to 64 bits, two's complement: the integers of behaviors.

    Example:
        >>> wrap64(2**63)
        -9223372036854775808
    """
    if -_I64 <= value < _I64:
        return value
    return ((value + _I64) & (2 * _I64 - 1)) - _I64


def divide(a: float, b: float) -> float:
    """a / b by IEEE 754: division by zero gives an infinity or NaN instead of an error.

    Example:
        >>> divide(1.0, 0.0), divide(-1.0, 0.0)
        (inf, -inf)
    """
    a, b = float(a), float(b)
    if b != 0.0:
        return a / b
    if a == 0.0 or a != a:
        return math.nan
    return math.copysign(math.inf, math.copysign(1.0, a) * math.copysign(1.0, b))


def square_root(x: float) -> float:
    """The square root by IEEE 754: NaN for negative numbers instead of an error."""
    return math.sqrt(x) if x >= 0.0 else (x if x != x else math.nan)


class _Vector:
    """What all four vector types share; components are read by name or by index."""

    __slots__ = ("_values",)
    _names: ClassVar[tuple[str, ...]] = ()
    _whole: ClassVar[bool] = False
    _values: tuple[float, ...]

    def _of(self, values: list[float]) -> Self:
        made = object.__new__(type(self))
        object.__setattr__(made, "_values", tuple(values))
        return made

    def __setattr__(self, name: str, value: object) -> None:
        kind = type(self).__name__
        raise AttributeError(
            f"a {kind} cannot be changed; make a new one, e.g. {kind}({', '.join(self._names)})"
        )

    def __reduce__(self) -> tuple[type[Self], tuple[float, ...]]:
        return type(self), self._values

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(repr(v) for v in self._values)})"

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._values))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, _Vector):
            return self._values == other._values
        return NotImplemented

    def length2(self) -> float:
        """The squared length: the sum of the squared components, added from x on."""
        return float(_dot(self._values, self._values, self._whole))

    def length(self) -> float:
        """The Euclidean length, `sqrt(length2())`."""
        return square_root(self.length2())


def _dot(a: tuple[float, ...], b: tuple[float, ...], whole: bool) -> float:
    total = a[0] * b[0]
    for i in range(1, len(a)):
        total = total + a[i] * b[i]
    return wrap64(int(total)) if whole else total


class _FloatVector(_Vector):
    """Arithmetic of vec2 and vec3."""

    __slots__ = ()

    def _pair(self, other: object) -> tuple[float, ...] | None:
        if isinstance(other, _Vector) and len(other._values) == len(self._values):
            return tuple(float(v) for v in other._values)
        return None

    def _scale(self, other: object) -> tuple[float, ...] | None:
        if isinstance(other, (int, float)):
            return (float(other),) * len(self._values)
        return self._pair(other)

    def __add__(self, other: Self | IntVector) -> Self:
        b = self._pair(other)
        return (
            NotImplemented if b is None else self._of([x + y for x, y in zip(self._values, b, strict=True)])
        )

    def __radd__(self, other: IntVector) -> Self:
        b = self._pair(other)
        return (
            NotImplemented if b is None else self._of([y + x for x, y in zip(self._values, b, strict=True)])
        )

    def __sub__(self, other: Self | IntVector) -> Self:
        b = self._pair(other)
        return (
            NotImplemented if b is None else self._of([x - y for x, y in zip(self._values, b, strict=True)])
        )

    def __rsub__(self, other: IntVector) -> Self:
        b = self._pair(other)
        return (
            NotImplemented if b is None else self._of([y - x for x, y in zip(self._values, b, strict=True)])
        )

    def __mul__(self, other: float | Self | IntVector) -> Self:
        b = self._scale(other)
        return (
            NotImplemented if b is None else self._of([x * y for x, y in zip(self._values, b, strict=True)])
        )

    def __rmul__(self, other: float | IntVector) -> Self:
        b = self._scale(other)
        return (
            NotImplemented if b is None else self._of([y * x for x, y in zip(self._values, b, strict=True)])
        )

    def __truediv__(self, other: float | Self | IntVector) -> Self:
        b = self._scale(other)
        return (
            NotImplemented
            if b is None
            else self._of([divide(x, y) for x, y in zip(self._values, b, strict=True)])
        )

    def __neg__(self) -> Self:
        return self._of([-x for x in self._values])

    def __pos__(self) -> Self:
        return self

    def __iter__(self) -> Iterator[float]:
        return iter(self._values)

    def __getitem__(self, index: int) -> float:
        return self._values[index]

    def dot(self, other: Self | IntVector) -> float:
        """The scalar product: x*x' + y*y' (+ z*z'), added in this order."""
        b = self._pair(other)
        if b is None:
            raise TypeError(f"dot expects another {type(self).__name__}, found {type(other).__name__}")
        return _dot(self._values, b, whole=False)

    def normalized(self) -> Self:
        """The vector of length 1 in the same direction, each component divided by the length.

        A vector of length 0 is returned as it is.
        """
        size = self.length()
        return self if size == 0.0 else self._of([divide(x, size) for x in self._values])


class IntVector(_Vector):
    """Arithmetic of ivec2 and ivec3: 64-bit whole numbers that wrap around."""

    __slots__ = ()
    _whole: ClassVar[bool] = True
    _values: tuple[int, ...]

    def _ints(self, other: object) -> tuple[int, ...] | None:
        if isinstance(other, IntVector) and len(other._values) == len(self._values):
            return other._values
        return None

    def _whole_scale(self, other: object) -> tuple[int, ...] | None:
        if isinstance(other, int):
            return (int(other),) * len(self._values)
        return self._ints(other)

    def _from(self, values: list[int]) -> Self:
        return self._of([wrap64(v) for v in values])

    def _float(self) -> vec2 | vec3:
        return vec2(*self._values) if len(self._values) == 2 else vec3(*self._values)

    def __iter__(self) -> Iterator[int]:
        return iter(self._values)

    def __getitem__(self, index: int) -> int:
        return self._values[index]

    def __add__(self, other: Self) -> Self:
        b = self._ints(other)
        return (
            NotImplemented if b is None else self._from([x + y for x, y in zip(self._values, b, strict=True)])
        )

    def __sub__(self, other: Self) -> Self:
        b = self._ints(other)
        return (
            NotImplemented if b is None else self._from([x - y for x, y in zip(self._values, b, strict=True)])
        )

    def __neg__(self) -> Self:
        return self._from([-x for x in self._values])

    def __pos__(self) -> Self:
        return self

    def __floordiv__(self, other: int | Self) -> Self:
        b = self._whole_scale(other)
        return (
            NotImplemented
            if b is None
            else self._from([x // y for x, y in zip(self._values, b, strict=True)])
        )

    def __mod__(self, other: int | Self) -> Self:
        b = self._whole_scale(other)
        return (
            NotImplemented if b is None else self._from([x % y for x, y in zip(self._values, b, strict=True)])
        )

    def dot(self, other: Self) -> int:
        """The scalar product: x*x' + y*y' (+ z*z')."""
        b = self._ints(other)
        if b is None:
            raise TypeError(f"dot expects another {type(self).__name__}, found {type(other).__name__}")
        return int(_dot(self._values, b, whole=True))


def _float_component(value: object, kind: str) -> float:
    if isinstance(value, (int, float)) or hasattr(value, "__float__"):
        return float(value)
    raise TypeError(f"{kind} expects numbers, found {type(value).__name__}")


def _whole_component(value: object, kind: str) -> int:
    if hasattr(value, "__index__"):
        return wrap64(value.__index__())
    raise TypeError(f"{kind} expects whole numbers, found {value!r}; use round() or int()")


class vec2(_FloatVector):
    """Two 64-bit floats: a place, velocity or direction in the plane.

    Args:
        x, y: the components.

    Example:
        >>> v = vec2(3.0, 4.0)
        >>> v.length(), v.normalized(), 2 * v - vec2(1.0, 0.0)
        (5.0, vec2(0.6, 0.8), vec2(5.0, 8.0))
    """

    __slots__ = ()
    _names = ("x", "y")

    def __init__(self, x: float, y: float) -> None:
        object.__setattr__(self, "_values", (_float_component(x, "vec2"), _float_component(y, "vec2")))

    @property
    def x(self) -> float:
        """Its first coordinate."""
        return self._values[0]

    @property
    def y(self) -> float:
        """Its second coordinate."""
        return self._values[1]


class vec3(_FloatVector):
    """Three 64-bit floats: a place, velocity or direction in space.

    Args:
        x, y, z: the components.

    Example:
        >>> vec3(1.0, 2.0, 2.0).length()
        3.0
    """

    __slots__ = ()
    _names = ("x", "y", "z")

    def __init__(self, x: float, y: float, z: float) -> None:
        values = (_float_component(x, "vec3"), _float_component(y, "vec3"), _float_component(z, "vec3"))
        object.__setattr__(self, "_values", values)

    @property
    def x(self) -> float:
        """Its first coordinate."""
        return self._values[0]

    @property
    def y(self) -> float:
        """Its second coordinate."""
        return self._values[1]

    @property
    def z(self) -> float:
        """Its third coordinate."""
        return self._values[2]


class ivec2(IntVector):
    """Two whole numbers: a cell of a grid, x first, or a step between cells. Stored as 32-bit integers.

    Args:
        x, y: the components.

    Example:
        >>> ivec2(2, 3) + ivec2(-1, 0), ivec2(2, 3) * 2, ivec2(3, 4).length()
        (ivec2(1, 3), ivec2(4, 6), 5.0)
    """

    __slots__ = ()
    _names = ("x", "y")

    def __init__(self, x: int, y: int) -> None:
        object.__setattr__(self, "_values", (_whole_component(x, "ivec2"), _whole_component(y, "ivec2")))

    @property
    def x(self) -> int:
        """Its first coordinate."""
        return self._values[0]

    @property
    def y(self) -> int:
        """Its second coordinate."""
        return self._values[1]

    @overload
    def __mul__(self, other: int | ivec2) -> ivec2: ...
    @overload
    def __mul__(self, other: float) -> vec2: ...
    def __mul__(self, other: float | ivec2) -> ivec2 | vec2:
        b = self._whole_scale(other)
        if b is not None:
            return self._from([x * y for x, y in zip(self._values, b, strict=True)])
        return vec2(*self._values) * other if isinstance(other, float) else NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, other: float | vec2 | ivec2) -> vec2:
        return vec2(*self._values) / other


class ivec3(IntVector):
    """Three whole numbers: a cell of a three-dimensional grid, or a step between cells. Stored as 32-bit
    integers.

    Args:
        x, y, z: the components.

    Example:
        >>> ivec3(1, 2, 3) // 2
        ivec3(0, 1, 1)
    """

    __slots__ = ()
    _names = ("x", "y", "z")

    def __init__(self, x: int, y: int, z: int) -> None:
        values = (_whole_component(x, "ivec3"), _whole_component(y, "ivec3"), _whole_component(z, "ivec3"))
        object.__setattr__(self, "_values", values)

    @property
    def x(self) -> int:
        """Its first coordinate."""
        return self._values[0]

    @property
    def y(self) -> int:
        """Its second coordinate."""
        return self._values[1]

    @property
    def z(self) -> int:
        """Its third coordinate."""
        return self._values[2]

    @overload
    def __mul__(self, other: int | ivec3) -> ivec3: ...
    @overload
    def __mul__(self, other: float) -> vec3: ...
    def __mul__(self, other: float | ivec3) -> ivec3 | vec3:
        b = self._whole_scale(other)
        if b is not None:
            return self._from([x * y for x, y in zip(self._values, b, strict=True)])
        return vec3(*self._values) * other if isinstance(other, float) else NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, other: float | vec3 | ivec3) -> vec3:
        return vec3(*self._values) / other
