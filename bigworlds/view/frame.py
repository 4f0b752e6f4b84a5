"""A picture as plain data: `Frame` with points, cells and curves; `Source`, what it is made from.

Places are in units of space, x to the right, y upwards; row 0 of a cell layer lies at y = 0. A
frame holds copies: the world may go on while it is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bigworlds.view.look import Symbol
from bigworlds.view.palette import Bytes, Floats, Rgb

TITLE_JOINT = " · "


@dataclass(frozen=True)
class Memory:
    """The memory of soups, as far as a picture of it needs to know.

    Attributes:
        component: of the organisms that live there: address, size, child_address, child_size, genotype.
        cells: of each soup.
        tiles: how many soups there are.
    """

    component: type[Any]
    cells: int
    tiles: int


class Source(Protocol):
    """What a view needs of a simulation; all of it only reads, and is asked between ticks."""

    @property
    def tick(self) -> int:
        """The clock."""

    @property
    def space(self) -> Any:
        """The space, with `.size` (x first); anything without a size is a world without space."""

    @property
    def components(self) -> Sequence[type[Any]]:
        """The components that agents have, in the order of declaration."""

    @property
    def cell_components(self) -> Sequence[type[Any]]:
        """The components of cells, in the order of declaration."""

    def count(self, component: type[Any]) -> int:
        """How many agents have the component."""

    def table(self, component: type[Any]) -> Mapping[str, NDArray[Any]]:
        """The component's columns by field and "id", rows sorted by id."""

    def cells(self, component: type[Any]) -> Mapping[str, NDArray[Any]]:
        """The component's fields over the grid, [y, x] or [z, y, x]."""

    def metrics(self) -> Mapping[str, float]:
        """The model's own figures."""


@dataclass(frozen=True)
class PointLayer:
    """Agents of one kind, the later ones over the earlier ones.

    Attributes:
        name: the component's name.
        x, y: float64 (n,), in units of space.
        rgb: uint8 (n, 3).
        heading: float64 (n,), radians from the x axis counter-clockwise, or None.
        diameter: in units of space; None: as can be seen well.
        scale: float64 (n,), factors of the diameter, or None.
        symbol: the mark.
        cellular: places are centres of grid cells.
    """

    name: str
    x: Floats
    y: Floats
    rgb: Bytes
    heading: Floats | None = None
    diameter: float | None = None
    scale: Floats | None = None
    symbol: Symbol = Symbol.AUTO
    cellular: bool = False


@dataclass(frozen=True)
class CellLayer:
    """Cells that tile the whole space.

    Attributes:
        name: the component's name.
        rgb: uint8 (height, width, 3); row 0 is the lowest.
        opacity: float64 (height, width), 0 to 1; None: nothing shines through.
    """

    name: str
    rgb: Bytes
    opacity: Floats | None = None


@dataclass(frozen=True)
class Curve:
    """A quantity over time.

    Attributes:
        name: what it is.
        ticks, values: float64 (n,).
        rgb: its colour.
    """

    name: str
    ticks: Floats
    values: Floats
    rgb: Rgb


@dataclass(frozen=True)
class LegendEntry:
    """What one colour stands for.

    Attributes:
        label: the kind or value.
        rgb: its colour.
        count: how many agents or cells have it; None: not counted.
        cells: whether these are cells, not agents.
    """

    label: str
    rgb: Rgb
    count: int | None = None
    cells: bool = False


@dataclass(frozen=True)
class ColorScale:
    """What a colormap's ends stand for; `table` is uint8 (256, 3) from low to high."""

    label: str
    low: float
    high: float
    table: Bytes


@dataclass(frozen=True)
class Frame:
    """One picture of a world.

    Attributes:
        tick: the clock.
        extent: width and height of space; None: a world without space, shown by its curves.
        grid: columns and rows of the grid to whose cells a picture should be aligned, if there is one.
        cells: cell layers, the lowest first.
        points: point layers, the lowest first.
        curves: counts over time (worlds without space).
        caption: the world's name.
        agents: how many agents there are.
        statistics: the model's metrics.
        legend: what constant and listed colours stand for.
        scales: what colormaps stand for.
    """

    tick: int
    extent: tuple[float, float] | None
    grid: tuple[int, int] | None = None
    cells: tuple[CellLayer, ...] = ()
    points: tuple[PointLayer, ...] = ()
    curves: tuple[Curve, ...] = ()
    caption: str = ""
    agents: int = 0
    statistics: Mapping[str, float] = field(default_factory=dict)
    legend: tuple[LegendEntry, ...] = ()
    scales: tuple[ColorScale, ...] = ()

    @property
    def title(self) -> str:
        """Caption, tick and statistics in one line.

        Example:
            >>> Frame(tick=1200, extent=(1.0, 1.0), caption="boids", statistics={"order": 0.93}).title
            'boids · tick 1,200 · order 0.93'
        """
        return TITLE_JOINT.join(self.title_parts)

    @property
    def title_parts(self) -> list[str]:
        """What the title is made of, the most important first."""
        parts = [self.caption] if self.caption else []
        parts.append(f"tick {self.tick:,}")
        return parts + [f"{name} {format_number(value)}" for name, value in self.statistics.items()]


# Larger numbers are written with an exponent.
MAX_PLAIN_NUMBER = 1e12


def format_number(value: float) -> str:
    """A number in few characters.

    Example:
        >>> [format_number(v) for v in (12345, 0.93412, 1234.5678, 2.5e-7, float("nan"), True)]
        ['12,345', '0.934', '1,235', '2.5e-07', 'nan', '1']
    """
    number = float(value)
    if not np.isfinite(number):
        return str(number)
    if abs(number) < MAX_PLAIN_NUMBER and (number == int(number) or abs(number) >= 1000):
        return f"{number:,.0f}"
    return f"{number:.3g}"
