"""The spaces that worlds have: frozen, checked descriptions of where agents can be. Nothing here holds
agents.

Axes are in the order x, y, z everywhere; arrays over cells are indexed the other way round, [y, x] or [z,
y, x], so that cell number `x + nx * (y + ny * z)` is also the place in the flattened array.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bigworlds.errors import ModelError

AXES = "xyz"

# Cell coordinates are 32-bit integers.
_MAX_CELLS_PER_AXIS = 2**31 - 1

# Cells are numbered by 32 bits, with one number for none.
MAX_CELLS = 2**32 - 1


@dataclass(frozen=True)
class Continuous:
    """A plane or a volume of real coordinates, with periodic or hard edges.

    Positions are `bw.vec2` or `bw.vec3`. Along each axis of length L they lie in [0, L) in a periodic
    space, where the way from one agent to another is the shortest one around; in [0, L] in a bounded one.

    Args:
        size: length of each axis, 2 or 3 finite numbers above 0, in the model's unit of length.
        periodic: whether the edges are joined.
        cells: cells along each axis of the lattice that fields (`bw.CellComponent`) live on, or None where
            the model has no fields. Cell (i, j) covers [i, i + 1) * Lx / nx by [j, j + 1) * Ly / ny.

    Raises:
        ModelError: a size that is not finite and positive, a wrong number of axes, or cells that do not fit.

    Example:
        >>> Continuous((100.0, 50.0), periodic=True).size
        (100.0, 50.0)
    """

    size: tuple[float, ...]
    periodic: bool = field(default=True, kw_only=True)
    cells: tuple[int, ...] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        size = tuple(_length(x) for x in _axes("Continuous", "size", self.size))
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "periodic", _flag("Continuous", "periodic", self.periodic))
        if self.cells is not None:
            counts = tuple(_count("Continuous", "cells", n) for n in _axes("Continuous", "cells", self.cells))
            if len(counts) != len(size):
                raise ModelError(
                    f"Continuous: cells needs one number per axis: expected {len(size)}; found {len(counts)}"
                )
            object.__setattr__(self, "cells", counts)
            _limit_cells("Continuous", counts)

    @property
    def dimensions(self) -> int:
        """Number of axes, 2 or 3."""
        return len(self.size)

    @property
    def position_kind(self) -> str:
        """The kind that the field `position` has in this space."""
        return f"vec{len(self.size)}"

    @property
    def cell_counts(self) -> tuple[int, ...] | None:
        """Cells along x, y, z of the lattice of fields, or None."""
        return self.cells

    def outside(self, positions: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of the positions (n, dimensions) lie outside, NaN included: bool (n,)."""
        high = np.asarray(self.size)
        inside = (positions >= 0) & ((positions < high) if self.periodic else (positions <= high))
        return cast("NDArray[np.bool_]", ~inside.all(axis=1))


@dataclass(frozen=True)
class Grid:
    """A lattice of square (cubic) cells, with hard or periodic edges.

    Positions are cells, `bw.ivec2` or `bw.ivec3`, x first, from 0.

    Args:
        size: cells along each axis, 2 or 3 whole numbers above 0.
        periodic: whether the edges are joined.
        max_per_cell: 1 where at most one agent may be in a cell, None for any number.
        neighbors: cells that count as touching: 4 or 8 in the plane (6 or 26 in a volume). 4 and 6 measure
            distances by |dx| + |dy| (+ |dz|), 8 and 26 by the largest of them. 0, the default, is 8 in the
            plane and 26 in a volume.

    Raises:
        ModelError: a size that is not whole and positive, or an option out of its range.

    Example:
        >>> Grid((40, 30), max_per_cell=1)
        Grid(size=(40, 30), periodic=False, max_per_cell=1, neighbors=8)
    """

    size: tuple[int, ...]
    periodic: bool = field(default=False, kw_only=True)
    max_per_cell: int | None = field(default=None, kw_only=True)
    neighbors: int = field(default=0, kw_only=True)

    def __post_init__(self) -> None:
        kind = type(self).__name__
        size = tuple(_count(kind, "size", n) for n in _axes(kind, "size", self.size))
        _limit_cells(kind, size)
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "periodic", _flag(kind, "periodic", self.periodic))
        if self.max_per_cell is not None and (isinstance(self.max_per_cell, bool) or self.max_per_cell != 1):
            raise ModelError(
                f"{kind}: max_per_cell is 1 (at most one agent in a cell) or None (any number); "
                f"found {self.max_per_cell!r}"
            )
        self._check_shape()

    def _check_shape(self) -> None:
        size = self.size
        touching = (4, 8) if len(size) == 2 else (6, 26)
        chosen = touching[1] if self.neighbors == 0 else self.neighbors
        if isinstance(chosen, bool) or chosen not in touching:
            allowed = f"{touching[0]} or {touching[1]} with {len(size)} axes"
            raise ModelError(f"Grid: neighbors is {allowed}; found {self.neighbors!r}")
        object.__setattr__(self, "neighbors", chosen)

    @property
    def dimensions(self) -> int:
        """Number of axes, 2 or 3."""
        return len(self.size)

    @property
    def position_kind(self) -> str:
        """The kind that the field `position` has in this space."""
        return f"ivec{len(self.size)}"

    @property
    def cell_counts(self) -> tuple[int, ...]:
        """Cells along x, y, z."""
        return self.size

    @property
    def metric(self) -> str:
        """How steps between cells are counted: "chebyshev", "manhattan" or "hexagonal"."""
        return "manhattan" if self.neighbors in (4, 6) else "chebyshev"

    def cells_within(self, radius: int) -> int:
        """How many cells are within so many steps of one, itself not counted, away from all edges.

        Example:
            >>> Grid((9, 9)).cells_within(1), Grid((9, 9), neighbors=4).cells_within(2)
            (8, 12)
        """
        axes = self.dimensions
        if self.metric == "manhattan":
            return sum(2**k * math.comb(axes, k) * math.comb(radius, k) for k in range(1, axes + 1))
        return int((2 * radius + 1) ** axes - 1)

    def outside(self, positions: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of the positions (n, dimensions) lie outside: bool (n,)."""
        inside = (positions >= 0) & (positions < np.asarray(self.size))
        return cast("NDArray[np.bool_]", ~inside.all(axis=1))


@dataclass(frozen=True)
class HexGrid(Grid):
    """A plane of hexagonal cells, each with six neighbours, with hard or periodic edges.

    Cells stand in lines; those of odd lines are shifted half a cell to the right. Positions are (column,
    line), `bw.ivec2`, from (0, 0): the cell to the right of (x, y) is (x + 1, y); above it, to the left and
    to the right, are (x - 1, y + 1) and (x, y + 1) where y is even, (x, y + 1) and (x + 1, y + 1) where it is
    odd. `bw.hex_step` knows this. Distances and radii are counted in steps from cell to cell.

    Args:
        size: columns and lines, two whole numbers above 0.
        periodic: whether the edges are joined. This takes an even number of lines: with an odd one the last
            line and the first would be shifted alike, and their cells would not touch as hexagons do.
        max_per_cell: 1 where at most one agent may be in a cell, None for any number.

    Raises:
        ModelError: a size that is not whole and positive, an odd number of lines in a periodic world, or an
            option out of its range.

    Source: offset rows as "odd-r" by A. Patel, redblobgames.com/grids/hexagons (2013).

    Example:
        >>> HexGrid((40, 30), periodic=True).neighbors
        6
    """

    neighbors: int = field(default=6, init=False, repr=False)

    def _check_shape(self) -> None:
        if len(self.size) != 2:
            raise ModelError(
                f"HexGrid: size is columns and lines, two numbers; found {len(self.size)}: {self.size!r}"
            )
        lines = self.size[1]
        if self.periodic and lines % 2:
            raise ModelError(
                f"HexGrid: a periodic world has an even number of lines, for odd lines are shifted by half a "
                f"cell, and the last has to fit to the first; found {lines}; take {lines + 1}, or "
                "periodic=False"
            )

    @property
    def metric(self) -> str:
        """How steps between cells are counted: "hexagonal"."""
        return "hexagonal"

    def cells_within(self, radius: int) -> int:
        """How many cells are within so many steps of one, itself not counted, away from all edges.

        Example:
            >>> HexGrid((9, 9)).cells_within(2)
            18
        """
        return 3 * radius * (radius + 1)

    def distance(self, a: ArrayLike, b: ArrayLike) -> NDArray[np.int64]:
        """The number of steps from cells to cells, in a periodic world the shortest way around.

        Args:
            a, b: cells (..., 2), columns and lines; one cell stands for all.

        Returns:
            int64 (...).

        Example:
            >>> int(HexGrid((40, 30)).distance((0, 0), (3, 2)))
            4
        """
        start = np.asarray(a, dtype=np.int64)
        found: NDArray[np.int64] | None = None
        turns = (-1, 0, 1) if self.periodic else (0,)
        for across in turns:
            for up in turns:
                turn = np.array([across * self.size[0], up * self.size[1]])
                end = np.asarray(b, dtype=np.int64) + turn
                lines = np.abs(end[..., 1] - start[..., 1])
                halves = np.abs(_half_cells(end) - _half_cells(start))
                steps = np.maximum(lines, (halves + lines) // 2)
                found = steps if found is None else np.minimum(found, steps)
        assert found is not None
        return found

    def centers(self, cells: ArrayLike) -> NDArray[np.float64]:
        """Where the middles of cells are in the plane, with 1 between those of neighbours.

        Args:
            cells: (..., 2), columns and lines.

        Returns:
            float64 (..., 2): x + 1/2 in odd lines, y * sqrt(3) / 2.

        Example:
            >>> HexGrid((40, 30)).centers([(0, 0), (0, 1)]).round(3).tolist()
            [[0.0, 0.0], [0.5, 0.866]]
        """
        given = np.asarray(cells, dtype=np.int64)
        return np.stack([_half_cells(given) / 2, given[..., 1] * (math.sqrt(3) / 2)], axis=-1)


def _half_cells(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many halves of a cell each stands to the right of the first one of an even line."""
    return 2 * cells[..., 0] + (cells[..., 1] & 1)


Space = Continuous | Grid


def _axes(kind: str, name: str, given: object) -> tuple[object, ...]:
    """The 2 or 3 entries of a per-axis argument."""
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise ModelError(f"{kind}: {name} is one number per axis, as in (100, 100); found {given!r}")
    entries = tuple(given)
    if len(entries) not in (2, 3):
        raise ModelError(
            f"{kind}: {name} has 2 or 3 entries, one per axis; found {len(entries)}: {entries!r}"
        )
    return entries


def _length(given: Any) -> float:
    if isinstance(given, bool | str | bytes) or not hasattr(given, "__float__"):
        raise ModelError(f"Continuous: size has finite numbers above 0; found {given!r}")
    length = float(given)
    if not (math.isfinite(length) and length > 0):
        raise ModelError(f"Continuous: size has finite numbers above 0; found {given!r}")
    return length


def _count(kind: str, name: str, given: Any) -> int:
    if isinstance(given, bool) or not hasattr(given, "__index__"):
        raise ModelError(f"{kind}: {name} has whole numbers above 0; found {given!r}")
    count = int(given.__index__())
    if not 0 < count <= _MAX_CELLS_PER_AXIS:
        raise ModelError(f"{kind}: {name} has whole numbers from 1 to {_MAX_CELLS_PER_AXIS}; found {count}")
    return count


def _limit_cells(kind: str, counts: tuple[int, ...]) -> None:
    if math.prod(counts) > MAX_CELLS:
        raise ModelError(
            f"{kind}: a world has at most 2^32 - 1 = {MAX_CELLS} cells; found "
            f"{' x '.join(map(str, counts))} = {math.prod(counts)}; take larger and fewer cells"
        )


def _flag(kind: str, name: str, given: Any) -> bool:
    if not isinstance(given, bool | np.bool_):
        raise ModelError(f"{kind}: {name} is True or False; found {given!r}")
    return bool(given)
