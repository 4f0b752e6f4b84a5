"""What a kind looks like: `Look`, one declaration a kind; `Quantity`, the number that it shows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bigworlds.data import Field
from bigworlds.errors import ModelError, nearest_names
from bigworlds.view.palette import Rgb, color_names, is_color, linear_colormap, named_colormap, parse_color


class Symbol(StrEnum):
    """The mark of one agent; AUTO takes an arrow where agents have a heading and room, else a dot."""

    AUTO = "auto"
    DOT = "dot"
    ARROW = "arrow"
    SQUARE = "square"
    NONE = "none"


class Part(StrEnum):
    """What is taken of a field: all of it, one axis of a vector, its direction (radians) or its length."""

    VALUE = "value"
    X = "x"
    Y = "y"
    Z = "z"
    ANGLE = "angle"
    LENGTH = "length"


@dataclass(frozen=True)
class Quantity:
    """One number per agent or cell: a field, or a part of a vector field.

    Attributes:
        field: the field's name.
        part: what is taken of it.
        owner: the name of the component that has it; None: the component that is looked at.
    """

    field: str
    part: Part = Part.VALUE
    owner: str | None = None

    @property
    def label(self) -> str:
        """How the quantity is called in legends.

        Example:
            >>> Quantity("velocity", Part.ANGLE).label
            'velocity angle'
        """
        joint = "." if self.part in (Part.X, Part.Y, Part.Z) else " "
        return self.field if self.part is Part.VALUE else f"{self.field}{joint}{self.part}"

    def of(self, column: NDArray[Any], axes: int = 1) -> NDArray[Any]:
        """The quantity's values from the field's column.

        Args:
            column: (n,) or (n, k); for cells (height, width) or (height, width, k).
            axes: how many axes of the column are places: 1 for agents, 2 for cells.

        Returns:
            The values without the axis k: a view for a value or an axis of the vector, a new array
            for an angle or a length.

        Raises:
            ModelError: the field is no vector, or a vector where one number is wanted.
        """
        vector = column.ndim > axes
        if self.part is Part.VALUE:
            if vector:
                raise ModelError(
                    f"a look needs one number, but {self.field!r} has {column.shape[-1]} of them; "
                    f"write '{self.field}.x', '{self.field} angle' or '{self.field} length'"
                )
            return column
        if not vector:
            raise ModelError(f"{self.label!r} needs a vector field, but {self.field!r} is one number")
        if self.part is Part.ANGLE:
            angle: NDArray[Any] = np.arctan2(column[..., 1], column[..., 0])
            return angle
        if self.part is Part.LENGTH:
            length: NDArray[Any] = np.sqrt((column.astype(np.float64) ** 2).sum(axis=-1))
            return length
        axis = ("x", "y", "z").index(self.part)
        if axis >= column.shape[-1]:
            raise ModelError(f"{self.label!r}: {self.field!r} has {column.shape[-1]} axes")
        return column[..., axis]


@dataclass(frozen=True)
class Look:
    """How a kind of agents, or the cells of a grid or field, are drawn. Everything has a default.

    Args:
        target: the component (agents or cells) that is drawn.
        color: a field ("energy", `Sheep.energy`, or one of another component of the same agents:
            `Health.state`); a part of a vector ("velocity angle", "velocity length", "velocity.x");
            or a constant colour ("tomato", "#ff6347", (255, 99, 71)). Default: agents have the
            kind's own colour, cells show their first field.
        colormap: what values look like. A name ("heat", "cool", "gray", "diverging", "cyclic"), a
            colour (from dark to it), colours from the lowest value to the highest (for bool, enum
            and small integers: colour k is value k), or a mapping of values to colours. Default:
            "heat" for numbers, "cyclic" for angles, a colour of the palette each for bool, enum and
            integers from 0 to 7.
        size: diameter in units of space, or a field: from half the normal diameter at its lowest value to
            twice at its highest. Default: a cell on grids, elsewhere what can be seen well.
        range: lowest and highest value of the colormap. Default: what was seen so far.
        heading: a vector field, or one of angles in radians, that agents point along; False: none.
            Default: the float vector field called `velocity`, `heading` or `direction`.
        symbol: "auto", "dot", "arrow", "square", or "none" to hide the kind.

    Raises:
        ModelError: an unknown field or colour, a negative size, an empty range; the message has the
            nearest names.

    Example:
        >>> class Bird: ...
        >>> Look(Bird, color="velocity angle").color_quantity
        Quantity(field='velocity', part=<Part.ANGLE: 'angle'>, owner=None)
        >>> Look(Bird, color="tomato").constant_color
        (255, 99, 71)
    """

    target: type[Any]
    color: str | Rgb | Field | None = None
    colormap: str | tuple[object, ...] | Mapping[int, object] | None = None
    size: float | str | Field | None = None
    range: tuple[float, float] | None = None
    heading: str | Field | Literal[False] | None = None
    symbol: Symbol | str = Symbol.AUTO

    def __post_init__(self) -> None:
        try:
            self._check()
        except ModelError as error:
            raise ModelError(f"look of {self.name}: {error}") from None

    @property
    def name(self) -> str:
        """The name of the component that is drawn."""
        return self.target.__name__

    @property
    def color_quantity(self) -> Quantity | None:
        """The number that the colour shows; None where the colour is constant."""
        if self.color is None or self.constant_color is not None:
            return None
        return _quantity_of(self.color, "color")

    @property
    def constant_color(self) -> Rgb | None:
        """The colour where it is the same for all."""
        color = self.color
        if color is None or isinstance(color, Field):
            return None
        if isinstance(color, str) and (_is_field(color, self.target) or not is_color(color)):
            return None
        return parse_color(color)

    @property
    def diameter(self) -> float | None:
        """The diameter in units of space where it was given as a number."""
        return float(self.size) if isinstance(self.size, int | float) else None

    @property
    def size_quantity(self) -> Quantity | None:
        """The number that the size shows."""
        if self.size is None or isinstance(self.size, int | float):
            return None
        return _quantity_of(self.size, "size")

    @property
    def heading_quantity(self) -> Quantity | None:
        """The field that agents point along, where it was given."""
        return _quantity_of(self.heading, "heading") if self.heading else None

    def _check(self) -> None:
        if not isinstance(self.target, type):
            raise _wrong("target", "a component class", self.target)
        if not isinstance(self.symbol, Symbol):
            if self.symbol not in list(Symbol):
                known = [str(symbol) for symbol in Symbol]
                raise ModelError(f"unknown symbol {self.symbol!r}{nearest_names(str(self.symbol), known)}")
            object.__setattr__(self, "symbol", Symbol(self.symbol))
        self._check_color()
        self._check_colormap()
        self._check_range()
        if isinstance(self.size, int | float) and not (math.isfinite(self.size) and self.size > 0):
            raise _wrong("size", "a positive number, or a field", self.size)
        for quantity in (self.color_quantity, self.size_quantity, self.heading_quantity):
            if quantity is not None:
                _check_known(quantity, self.target)

    def _check_color(self) -> None:
        color = self.color
        if not isinstance(color, str) or _is_field(color, self.target) or is_color(color):
            return
        fields = declared_fields(self.target)
        quantity = _quantity_of(color, "color")
        if fields and quantity.owner in (None, self.name):
            raise ModelError(
                f"color={color!r} is neither a field of {self.name} nor a colour"
                + nearest_names(quantity.field, [*fields, *color_names()])
            )

    def _check_colormap(self) -> None:
        colormap = self.colormap
        if colormap is None:
            return
        if isinstance(colormap, str):
            named_colormap(colormap)
        elif isinstance(colormap, Mapping):
            for color in colormap.values():
                parse_color(color)
        elif isinstance(colormap, Iterable) and len(tuple(colormap)) >= 2:
            object.__setattr__(self, "colormap", tuple(colormap))
            linear_colormap(tuple(colormap))
        else:
            raise _wrong("colormap", "a name, at least two colours, or {value: colour}", colormap)

    def _check_range(self) -> None:
        if self.range is None:
            return
        try:
            low, high = (float(end) for end in self.range)
        except (TypeError, ValueError):
            raise _wrong("range", "(lowest, highest)", self.range) from None
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise _wrong("range", "(lowest, highest) with lowest < highest", self.range)
        object.__setattr__(self, "range", (low, high))


def declared_fields(target: type[Any]) -> Mapping[str, Field]:
    """The fields that a component declares, by name (empty for classes that declare none)."""
    fields: Mapping[str, Field] = getattr(target, "__bw_fields__", {})
    return fields


def parse_quantity(text: str) -> Quantity:
    """Reads "energy", "velocity.x", "velocity angle", "velocity length", "Health.state".

    A first part that begins with an upper-case letter is a component.

    Raises:
        ModelError: the text is none of these.

    Example:
        >>> parse_quantity("Bird.velocity length")
        Quantity(field='velocity', part=<Part.LENGTH: 'length'>, owner='Bird')
    """
    words = text.split()
    wrong = ModelError(
        f"{text!r} is no field; write 'energy', 'velocity.x', 'velocity angle' or 'velocity length'"
    )
    if not 1 <= len(words) <= 2:
        raise wrong
    path = words[0].split(".")
    if not all(piece.isidentifier() for piece in path):
        raise wrong
    owner = path.pop(0) if len(path) > 1 and path[0][:1].isupper() else None
    part = Part.VALUE
    if len(path) == 2 and path[1] in (Part.X, Part.Y, Part.Z):
        part = Part(path.pop())
    if len(words) == 2:
        if part is not Part.VALUE or words[1] not in (Part.ANGLE, Part.LENGTH):
            raise wrong
        part = Part(words[1])
    if len(path) != 1:
        raise wrong
    return Quantity(path[0], part, owner)


def _quantity_of(value: object, option: str) -> Quantity:
    if isinstance(value, str):
        return parse_quantity(value)
    if isinstance(value, Field):
        return Quantity(value.name, Part.VALUE, value.owner.__name__)
    raise _wrong(option, "a field", value)


def _is_field(text: str, target: type[Any]) -> bool:
    """Whether the text names a field that the target declares (which goes before a colour of that name)."""
    try:
        quantity = parse_quantity(text)
    except ModelError:
        return False
    return quantity.owner in (None, target.__name__) and quantity.field in declared_fields(target)


def _check_known(quantity: Quantity, target: type[Any]) -> None:
    fields = declared_fields(target)
    if fields and quantity.owner in (None, target.__name__) and quantity.field not in fields:
        near = nearest_names(quantity.field, fields)
        raise ModelError(f"{target.__name__} has no field {quantity.field!r}{near}")
    if fields and quantity.owner in (None, target.__name__) and fields[quantity.field].is_open:
        raise ModelError(
            f"{target.__name__}.{quantity.field} has values of any length; give a field of numbers"
        )


def _wrong(option: str, expected: str, found: object) -> ModelError:
    return ModelError(f"{option} is {expected}; found {found!r}")
