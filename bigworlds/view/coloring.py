"""From a look and values to colours: which values are kinds, which numbers, and what the ends are.

The ends of a colormap that was given no range are the lowest and highest value seen so far, kept in
`SeenRanges` from frame to frame: colours in a moving picture must not jump.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds.data import Field
from bigworlds.view.frame import ColorScale, LegendEntry
from bigworlds.view.look import Look, Part, Quantity, declared_fields
from bigworlds.view.palette import (
    EMPTY_CELL,
    KIND_COLORS,
    NO_VALUE,
    Bytes,
    Colormap,
    Floats,
    Rgb,
    linear_colormap,
    named_colormap,
    parse_color,
)

# Legends name at most so many values of one field.
MAX_LEGEND_VALUES = 12


@dataclass
class SeenRanges:
    """The lowest and highest value seen of each quantity: they only grow."""

    ends: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)

    def widen(self, key: tuple[str, str], values: NDArray[Any]) -> tuple[float, float]:
        """Takes in the finite values; returns the lowest and highest so far (0, 1 if there are none)."""
        low, high = self.ends.get(key, (math.inf, -math.inf))
        finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
            self.ends[key] = (low, high)
        return (low, high) if low <= high else (0.0, 1.0)


@dataclass(frozen=True)
class Coloring:
    """Colours and what they stand for; `share` is each value's place between the ends, 0 to 1."""

    rgb: Bytes
    share: Floats
    legend: tuple[LegendEntry, ...] = ()
    scale: ColorScale | None = None


def kind_color(index: int) -> Rgb:
    """The palette's colour of the kind with this place among the components (the palette repeats)."""
    return KIND_COLORS[index % len(KIND_COLORS)]


def is_categorical(
    values: NDArray[Any], look: Look, owner: type[Any], quantity: Quantity, seen: SeenRanges
) -> bool:
    """Whether values are kinds rather than numbers on a scale.

    Kinds are bool, enum, values whose colours are listed in a mapping, and integers that were never
    seen beyond 0 to 7 (or the last of the colormap's colours).
    """
    if quantity.part is not Part.VALUE:
        return False
    if values.dtype.kind == "b" or isinstance(look.colormap, Mapping):
        return True
    declared = declared_fields(owner).get(quantity.field)
    if declared is not None and declared.kind == "enum":
        return True
    if values.dtype.kind not in "iu" or look.range is not None or isinstance(look.colormap, str):
        return False
    colors = len(look.colormap) if look.colormap is not None else len(KIND_COLORS)
    low, high = seen.widen((look.name, quantity.label), values)
    return low >= 0 and high < colors


def color_numbers(values: NDArray[Any], look: Look, quantity: Quantity, seen: SeenRanges) -> Coloring:
    """Colours of numbers on a scale.

    Args:
        values: numbers of any shape.
        look: gives colormap and range.
        quantity: what the numbers are; angles are radians and wrap around.
        seen: the ends where the look has no range; widened.
    """
    angle = quantity.part is Part.ANGLE
    colormap = _number_colormap(look, angle)
    if look.range is not None:
        low, high = look.range
    elif angle:
        low, high = -math.pi, math.pi
    else:
        low, high = seen.widen((look.name, quantity.label), values)
    span = high - low if high > low else 1.0
    share = (values.astype(np.float64) - low) / span
    scale = ColorScale(quantity.label, low, high, colormap.table)
    return Coloring(colormap.colors(share), share, scale=scale)


def _number_colormap(look: Look, angle: bool) -> Colormap:
    if look.colormap is None or isinstance(look.colormap, Mapping):
        return named_colormap("cyclic" if angle else "heat")
    if isinstance(look.colormap, str):
        return named_colormap(look.colormap)
    return linear_colormap(look.colormap)


def color_kinds(
    values: NDArray[Any], look: Look, declared: Field | None, *, cells: bool, own: Rgb
) -> Coloring:
    """Colours of values that are kinds: bool, enum, or listed in the look's colormap.

    Args:
        values: bool or integers of any shape.
        look: its colormap lists the colours; else the palette: for cells, value 0 is an empty cell.
        declared: the field's declaration, for the labels of an enum.
        cells: whether these are cells, not agents.
        own: the kind's own colour, for True.
    """
    numbers = values.astype(np.int64)
    present, place = np.unique(numbers, return_inverse=True)
    place = place.reshape(numbers.shape)
    colors = _listed_colors(present, look, boolean=values.dtype.kind == "b", cells=cells, own=own)
    labels = _labels(present, declared, boolean=values.dtype.kind == "b", name=look.name)
    counts = np.bincount(place.reshape(-1), minlength=len(present))
    legend = tuple(
        LegendEntry(label, _rgb(color), int(count), cells)
        for label, color, count in zip(labels, colors, counts, strict=True)
    )
    share = (numbers != 0).astype(np.float64)
    return Coloring(colors[place], share, legend=legend[:MAX_LEGEND_VALUES])


def _listed_colors(present: NDArray[np.int64], look: Look, *, boolean: bool, cells: bool, own: Rgb) -> Bytes:
    colormap = look.colormap
    if isinstance(colormap, Mapping):
        listed = {int(key): parse_color(color) for key, color in colormap.items()}
        chosen = [listed.get(int(value), NO_VALUE) for value in present]
    elif isinstance(colormap, tuple):
        row = [parse_color(color) for color in colormap]
        chosen = [row[int(value) % len(row)] for value in present]
    elif boolean:
        off = EMPTY_CELL if cells else NO_VALUE
        chosen = [own if value else off for value in present]
    else:
        row = [EMPTY_CELL, *KIND_COLORS] if cells else list(KIND_COLORS)
        chosen = [row[int(value) % len(row)] for value in present]
    return np.array(chosen, dtype=np.uint8).reshape(-1, 3)


def _labels(present: NDArray[np.int64], declared: Field | None, *, boolean: bool, name: str) -> list[str]:
    field_name = name if declared is None else declared.name
    if boolean:
        return [field_name if value else f"not {field_name}" for value in present]
    names = enum_labels(declared)
    return [names.get(int(value), f"{field_name} {value}") for value in present]


def enum_labels(declared: Field | None) -> dict[int, str]:
    """The names of an enum field's values; empty for other fields."""
    members = declared.type.enumeration if declared is not None else None
    return {int(member.value): member.name.lower().replace("_", " ") for member in members or ()}


def _rgb(color: NDArray[np.uint8]) -> Rgb:
    red, green, blue = (int(part) for part in color)
    return (red, green, blue)
