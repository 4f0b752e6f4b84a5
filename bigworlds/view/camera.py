"""From a running world to a picture: `Camera` makes frames of a source by the declared looks, or by defaults.

A camera only reads. It remembers, from frame to frame, the ends of colour scales and (in a world
without space) the counts so far.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds.errors import ModelError, nearest_names
from bigworlds.view.coloring import (
    Coloring,
    SeenRanges,
    color_kinds,
    color_numbers,
    is_categorical,
    kind_color,
)
from bigworlds.view.frame import (
    CellLayer,
    ColorScale,
    Curve,
    Frame,
    LegendEntry,
    Memory,
    PointLayer,
    Source,
)
from bigworlds.view.look import Look, Part, Quantity, Symbol, declared_fields
from bigworlds.view.memory_map import genotype_colors, genotype_legend, memory_layer
from bigworlds.view.palette import Bytes, Floats, Rgb

# A history that is full keeps every second of its points, and from then on half as many.
MAX_HISTORY_POINTS = 512

POSITION = "position"
DEFAULT_HEADINGS = ("velocity", "heading", "direction")
# Size by a field goes from half to twice the normal diameter.
SMALLEST_SCALE, LARGEST_SCALE = 0.5, 2.0
# In three dimensions the agents farthest away have this share of their colour.
FARTHEST_SHADE = 0.4


@dataclass
class History:
    """Some curves over time with at most `MAX_HISTORY_POINTS` points each."""

    ticks: list[float] = field(default_factory=list)
    curves: dict[str, tuple[Rgb, list[float]]] = field(default_factory=dict)
    stride: int = 1
    offered: int = 0

    def add(self, tick: int, entries: Sequence[LegendEntry]) -> None:
        """Keeps the entries' counts at a tick (every `stride`-th that is offered; a tick only once)."""
        if self.ticks and self.ticks[-1] == tick:
            return
        self.offered += 1
        if (self.offered - 1) % self.stride:
            return
        for entry in entries:
            _, values = self.curves.setdefault(entry.label, (entry.rgb, [0.0] * len(self.ticks)))
            values.append(float(entry.count or 0))
        self.ticks.append(float(tick))
        for _, values in self.curves.values():
            values.extend([0.0] * (len(self.ticks) - len(values)))
        if len(self.ticks) > MAX_HISTORY_POINTS:
            self.stride *= 2
            self.ticks = self.ticks[::2]
            self.curves = {name: (rgb, values[::2]) for name, (rgb, values) in self.curves.items()}

    def as_curves(self) -> tuple[Curve, ...]:
        """The curves so far, as arrays."""
        ticks = np.array(self.ticks)
        return tuple(Curve(name, ticks, np.array(values), rgb) for name, (rgb, values) in self.curves.items())


class Camera:
    """Makes frames of one world.

    Args:
        looks: what was declared; kinds with a place and no look get defaults, in the order of the components.
        caption: the world's name.

    Example:
        >>> from types import SimpleNamespace
        >>> void = SimpleNamespace(tick=3, space=None, components=(), cell_components=(), metrics=dict)
        >>> Camera(caption="void").frame(void).title
        'void · tick 3'
    """

    def __init__(self, looks: Sequence[Look] = (), *, caption: str = "") -> None:
        self._looks = tuple(looks)
        self._caption = caption
        self._seen = SeenRanges()
        self._history = History()

    def frame(self, source: Source) -> Frame:
        """A picture of the world as it is now.

        Costs a copy of the tables that are drawn: about 0.1 us per agent.

        Raises:
            ModelError: a look names a field that no component has.
        """
        shot = _Shot(source, self._looks, self._seen)
        hexagonal = is_hexagonal(source.space)
        extent = extent_of(source.space)
        memory: Memory | None = getattr(source, "memory", None)  # of soups, which have no space
        if memory is not None:
            return self._frame_of_memory(shot, memory)
        if extent is None:
            return self._frame_of_counts(shot)
        # Agents first: legends are cut where there is no more room.
        points = shot.point_layers()
        cells = shot.cell_layers()
        return Frame(
            tick=int(source.tick),
            extent=extent,
            grid=_grid_of(extent, cells, points, hexagonal=hexagonal),
            cells=cells,
            points=points,
            caption=self._caption,
            agents=shot.agents,
            statistics=_statistics(source),
            legend=tuple(shot.legend),
            scales=tuple(shot.scales),
        )

    def _frame_of_memory(self, shot: _Shot, memory: Memory) -> Frame:
        layer = shot.memory(memory)
        lines, columns = layer.rgb.shape[:2]
        return Frame(
            tick=int(shot.source.tick),
            extent=(float(columns), float(lines)),
            grid=(columns, lines),
            cells=(layer,),
            caption=self._caption,
            agents=shot.source.count(memory.component),
            statistics=_statistics(shot.source),
            legend=tuple(shot.legend),
            scales=tuple(shot.scales),
        )

    def _frame_of_counts(self, shot: _Shot) -> Frame:
        entries = shot.count_entries()
        source = shot.source
        self._history.add(int(source.tick), entries)
        counts = [source.count(component) for component in source.components]
        return Frame(
            tick=int(source.tick),
            extent=None,
            curves=self._history.as_curves(),
            caption=self._caption,
            agents=max(counts, default=0),
            statistics=_statistics(source),
            legend=tuple(entries),
        )


def frame_of(source: Source, looks: Sequence[Look] = (), *, caption: str = "") -> Frame:
    """One picture of a world; for a row of pictures keep a `Camera`, so that colours stay the same.

    Args:
        source: the simulation.
        looks: what was declared.
        caption: the world's name.

    Raises:
        ModelError: a look names a field that no component has.
    """
    return Camera(looks, caption=caption).frame(source)


def extent_of(space: Any) -> tuple[float, float] | None:
    """Width and height of a space (the first two axes; a line has height 1), None where it has no size."""
    size = getattr(space, "size", None)
    if size is None:
        return None
    lengths = [float(length) for length in size]
    if is_hexagonal(space):
        lengths[0] += 0.5  # odd lines stand half a cell to the right
    return (lengths[0], lengths[1] if len(lengths) > 1 else 1.0) if lengths else None


def is_hexagonal(space: Any) -> bool:
    """Whether a space's cells are hexagons. They are drawn like bricks: as squares, odd lines half a cell to
    the right, so that each touches its six neighbours."""
    return getattr(space, "metric", None) == "hexagonal"


def _grid_of(
    extent: tuple[float, float],
    cells: Sequence[CellLayer],
    points: Sequence[PointLayer],
    *,
    hexagonal: bool,
) -> tuple[int, int] | None:
    if hexagonal and (cells or any(layer.cellular for layer in points)):
        return (int(2 * extent[0]), int(2 * extent[1]))  # halves of cells
    if any(layer.cellular for layer in points):
        return (int(extent[0]), int(extent[1]))
    if cells and not points:
        height, width = cells[0].rgb.shape[:2]
        return (width, height)
    return None


def _statistics(source: Source) -> dict[str, float]:
    return {str(name): float(value) for name, value in source.metrics().items()}


class _Shot:
    """One frame in the making: fetches each table once and gathers legends on the way."""

    def __init__(self, source: Source, looks: Sequence[Look], seen: SeenRanges) -> None:
        self.source = source
        self.legend: list[LegendEntry] = []
        self.scales: list[ColorScale] = []
        self.agents = 0
        self._looks = looks
        self._seen = seen
        self._tables: dict[type[Any], Mapping[str, NDArray[Any]]] = {}
        self._order = [*source.components, *source.cell_components]

    def point_layers(self) -> tuple[PointLayer, ...]:
        declared = {look.target for look in self._looks}
        placed = [component for component in self.source.components if self._has_place(component)]
        # Defaults lie below what was declared, which may be a part of them.
        defaults = [Look(component) for component in placed if component not in declared]
        looks = [look for look in self._looks if look.target not in self.source.cell_components]
        self.agents = sum(len(self._table(component)["id"]) for component in placed)
        return tuple(self._points(look) for look in [*defaults, *looks] if look.symbol is not Symbol.NONE)

    def cell_layers(self) -> tuple[CellLayer, ...]:
        declared = {look.target: look for look in self._looks}
        components = self.source.cell_components
        shown = [declared.get(component, Look(component)) for component in components]
        shown = [look for look in shown if look.symbol is not Symbol.NONE]
        lattices = [(look, self.source.cells(look.target)) for look in shown]
        filled = [(look, columns) for look, columns in lattices if columns]
        return tuple(
            self._cells(look, columns, bottom=place == 0) for place, (look, columns) in enumerate(filled)
        )

    def memory(self, memory: Memory) -> CellLayer:
        """The memory of soups, in the colours of genotypes, or of what the organisms' look says."""
        look = {look.target: look for look in self._looks}.get(memory.component)
        table = self._table(memory.component)
        if look is None or look.color is None:
            self.legend += genotype_legend(table)
            return memory_layer(memory, table, genotype_colors(table["genotype"]))
        return memory_layer(memory, table, self._point_colors(look, table["id"]))

    def count_entries(self) -> list[LegendEntry]:
        """Agents per kind, or per value where a look colours the kind by a bool or enum field."""
        declared = {look.target: look for look in self._looks}
        entries: list[LegendEntry] = []
        for component in self.source.components:
            look = declared.get(component, Look(component))
            coloring = self._kinds_of(look)
            if look.symbol is Symbol.NONE:
                continue
            if coloring is not None:
                entries += coloring.legend
            else:
                count = self.source.count(component)
                entries.append(LegendEntry(look.name, look.constant_color or self._own(look), count))
        return entries

    def _kinds_of(self, look: Look) -> Coloring | None:
        quantity = look.color_quantity
        if quantity is None:
            return None
        owner, values = self._values(look, quantity, self._table(look.target)["id"])
        if not is_categorical(values, look, owner, quantity, self._seen):
            return None
        declared = declared_fields(owner).get(quantity.field)
        return color_kinds(values, look, declared, cells=False, own=self._own(look))

    def _points(self, look: Look) -> PointLayer:
        place, ids = self._places(look)
        cellular = place.dtype.kind in "iu"
        position = place.astype(np.float64) + (0.5 if cellular else 0.0)
        if is_hexagonal(self.source.space):
            position[:, 0] += 0.5 * (place[:, 1] & 1)
        rgb = self._point_colors(look, ids)
        heading = self._headings(look, ids)
        scale = self._scales_of_size(look, ids)
        if position.shape[1] > 2:
            order = np.argsort(position[:, 2], kind="stable")
            rgb = _shaded(rgb, position[:, 2])[order]
            position = position[order]
            heading = heading[order] if heading is not None else None
            scale = scale[order] if scale is not None else None
        y = position[:, 1] if position.shape[1] > 1 else np.full(len(position), 0.5)
        return PointLayer(
            name=look.name,
            x=np.ascontiguousarray(position[:, 0]),
            y=np.ascontiguousarray(y),
            rgb=rgb,
            heading=heading,
            diameter=look.diameter,
            scale=scale,
            symbol=Symbol(look.symbol),
            cellular=cellular,
        )

    def _point_colors(self, look: Look, ids: NDArray[Any]) -> Bytes:
        quantity = look.color_quantity
        if quantity is None:
            color = look.constant_color or self._own(look)
            self.legend.append(LegendEntry(look.name, color, len(ids)))
            return np.broadcast_to(np.array(color, dtype=np.uint8), (len(ids), 3))
        owner, values = self._values(look, quantity, ids)
        if is_categorical(values, look, owner, quantity, self._seen):
            declared = declared_fields(owner).get(quantity.field)
            return self._noted(color_kinds(values, look, declared, cells=False, own=self._own(look))).rgb
        return self._noted(color_numbers(values, look, quantity, self._seen)).rgb

    def _cells(self, look: Look, columns: Mapping[str, NDArray[Any]], *, bottom: bool) -> CellLayer:
        quantity = look.color_quantity or Quantity(next(iter(columns)))
        if quantity.field not in columns:
            near = nearest_names(quantity.field, columns)
            raise ModelError(f"look of {look.name}: it has no field {quantity.field!r}{near}")
        values = quantity.of(_seen_from_above(columns[quantity.field], quantity), axes=2)
        if look.constant_color is not None:
            # A constant colour shows where the first field is not zero.
            look = Look(look.target, colormap=look.color, range=look.range)  # type: ignore[arg-type]
        if is_categorical(values, look, look.target, quantity, self._seen):
            declared = declared_fields(look.target).get(quantity.field)
            coloring = self._noted(color_kinds(values, look, declared, cells=True, own=self._own(look)))
        else:
            coloring = self._noted(color_numbers(values, look, quantity, self._seen))
        opacity = None if bottom else np.clip(np.nan_to_num(coloring.share), 0.0, 1.0)
        if is_hexagonal(self.source.space):
            return CellLayer(look.name, *_as_bricks(coloring.rgb, opacity))
        return CellLayer(look.name, coloring.rgb, opacity)

    def _headings(self, look: Look, ids: NDArray[Any]) -> Floats | None:
        if look.heading is False:
            return None
        quantity = look.heading_quantity
        if quantity is None:
            table = self._table(look.target)
            names = [name for name in DEFAULT_HEADINGS if name in table and _is_direction(table[name])]
            if not names:
                return None
            quantity = Quantity(names[0])
        column = self._column(look, quantity, ids)[1]
        angles = Quantity(quantity.field, Part.ANGLE).of(column) if column.ndim > 1 else column
        return np.asarray(angles, dtype=np.float64)

    def _scales_of_size(self, look: Look, ids: NDArray[Any]) -> Floats | None:
        quantity = look.size_quantity
        if quantity is None:
            return None
        values = np.asarray(self._values(look, quantity, ids)[1], dtype=np.float64)
        low, high = self._seen.widen((look.name, f"size {quantity.label}"), values)
        share = np.clip(np.nan_to_num((values - low) / (high - low if high > low else 1.0)), 0.0, 1.0)
        scale: Floats = SMALLEST_SCALE + (LARGEST_SCALE - SMALLEST_SCALE) * share
        return scale

    def _places(self, look: Look) -> tuple[NDArray[Any], NDArray[Any]]:
        """Places and ids of the kind; one without a place has that of its agents' other components."""
        ids = self._table(look.target)["id"]
        if self._has_place(look.target):
            return self._table(look.target)[POSITION], ids
        for component in self.source.components:
            if not self._has_place(component):
                continue
            table = self._table(component)
            row, found = _rows_of(ids, table["id"])
            if found.any() or not len(ids):
                return table[POSITION][row[found]], ids[found]
        raise ModelError(f"look of {look.name}: no component of its agents has a {POSITION!r}")

    def _values(self, look: Look, quantity: Quantity, ids: NDArray[Any]) -> tuple[type[Any], NDArray[Any]]:
        owner, column = self._column(look, quantity, ids)
        return owner, quantity.of(column)

    def _column(self, look: Look, quantity: Quantity, ids: NDArray[Any]) -> tuple[type[Any], NDArray[Any]]:
        """The quantity's field for these agents; those without the component give 0 or not-a-number."""
        owner = self._owner(look, quantity)
        table = self._table(owner)
        if quantity.field not in table or quantity.field == "id":
            near = nearest_names(quantity.field, [name for name in table if name != "id"])
            raise ModelError(f"look of {look.name}: {owner.__name__} has no field {quantity.field!r}{near}")
        column = table[quantity.field]
        if ids is table["id"]:
            return owner, column
        row, found = _rows_of(ids, table["id"])
        if found.all():
            return owner, column[row]
        missing = np.nan if column.dtype.kind == "f" else 0
        gathered = np.full((len(ids), *column.shape[1:]), missing, dtype=column.dtype)
        gathered[found] = column[row[found]]
        return owner, gathered

    def _owner(self, look: Look, quantity: Quantity) -> type[Any]:
        if quantity.owner is None or quantity.owner == look.name:
            return look.target
        names = {component.__name__: component for component in self.source.components}
        if quantity.owner not in names:
            raise ModelError(
                f"look of {look.name}: no component {quantity.owner!r}{nearest_names(quantity.owner, names)}"
            )
        return names[quantity.owner]

    def _noted(self, coloring: Coloring) -> Coloring:
        self.legend += coloring.legend
        if coloring.scale is not None:
            self.scales.append(coloring.scale)
        return coloring

    def _own(self, look: Look) -> Rgb:
        return kind_color(self._order.index(look.target)) if look.target in self._order else kind_color(0)

    def _has_place(self, component: type[Any]) -> bool:
        fields = declared_fields(component)
        return POSITION in fields if fields else POSITION in self._table(component)

    def _table(self, component: type[Any]) -> Mapping[str, NDArray[Any]]:
        if component not in self._tables:
            self._tables[component] = self.source.table(component)
        return self._tables[component]


def _as_bricks(rgb: Bytes, opacity: Floats | None) -> tuple[Bytes, Floats]:
    """Cells as blocks of two by two, odd lines one to the right; nothing is at the ends that stay free."""
    lines, columns = rgb.shape[:2]
    shown = np.zeros((2 * lines, 2 * columns + 1, 3), dtype=np.uint8)
    seen = np.zeros(shown.shape[:2])
    share = np.ones((lines, columns)) if opacity is None else opacity
    for to, cells in ((shown, rgb), (seen, share)):
        blocks = to.reshape(lines, 2, *to.shape[1:])
        wide = np.repeat(cells, 2, axis=1)
        blocks[0::2, :, :-1] = wide[0::2, None]
        blocks[1::2, :, 1:] = wide[1::2, None]
    return shown, seen


def _rows_of(ids: NDArray[Any], among: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """For each id its row among sorted ids, and whether it is there."""
    if not len(among):
        return np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=np.bool_)
    row = np.minimum(np.searchsorted(among, ids), len(among) - 1).astype(np.int64)
    return row, among[row] == ids


def _is_direction(column: NDArray[Any]) -> bool:
    return column.dtype.kind == "f" and column.ndim == 2


def _seen_from_above(column: NDArray[Any], quantity: Quantity) -> NDArray[Any]:
    """Cells of a three-dimensional world as the highest value along z."""
    axes = 2 if quantity.part is Part.VALUE else 3
    return column.max(axis=0) if column.ndim > axes else column


def _shaded(rgb: Bytes, depth: Floats) -> Bytes:
    """Colours that fade with distance below the highest agent."""
    if not len(depth):
        return rgb
    span = float(depth.max() - depth.min())
    share = (depth - depth.min()) / span if span > 0 else np.ones(len(depth))
    shade = FARTHEST_SHADE + (1.0 - FARTHEST_SHADE) * share
    return np.rint(rgb * shade[:, None]).astype(np.uint8)
