"""Checks of the places that spawns give by value: inside the space, and no two agents in a cell that holds
one.

Places that initialisers draw lie inside by construction; what depends on the seed, the engine checks at the
start.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from bigworlds.data.fields import Field
from bigworlds.errors import ModelError
from bigworlds.model.initialisers import Cells, Initialiser
from bigworlds.model.values import Column
from bigworlds.space import Continuous, Grid, Space


class Occupancy:
    """The places that the spawns of one world have given by value so far."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._taken = np.empty(0, np.int64)
        self._random = 0

    def enter(
        self,
        where: str,
        rows: int,
        values: Iterable[tuple[Field, Initialiser | Column]],
        first_random_cell: int,
    ) -> None:
        """Checks the `position` of one spawn and remembers the cells that it takes.

        Args:
            where: the call, for error messages.
            rows: how many entities it makes.
            values: its fields.
            first_random_cell: how many random cells were taken before it.

        Raises:
            ModelError: a position outside the space, of another kind than the space's, or a cell with two
                agents.
        """
        for field, value in values:
            if field.name != "position":
                continue
            if field.kind != self._space.position_kind:
                expected = f"expected a bw.{self._space.position_kind} in {self._space!r}"
                raise ModelError(f"{where}: {field.full_name}: {expected}; found a bw.{field.kind}")
            if isinstance(value, Cells):
                self._enter_cells(where, rows, value, first_random_cell)
            elif not isinstance(value, Initialiser):
                self._check_inside(where, field, value)
                self._enter_given(where, rows, value)

    def _check_inside(self, where: str, field: Field, places: Column) -> None:
        outside = np.flatnonzero(self._space.outside(places))
        if len(outside):
            row = int(outside[0])
            place = ", ".join(f"{x:g}" for x in places[row].tolist())
            more = f" ({len(outside)} rows are)" if len(outside) > 1 else ""
            bounds = _bounds(self._space)
            raise ModelError(
                f"{where}: {field.full_name}: row {row}, ({place}), is outside the space {bounds}{more}"
            )

    def _enter_given(self, where: str, rows: int, places: Column) -> None:
        if not (isinstance(self._space, Grid) and self._space.max_per_cell == 1):
            return
        steps = np.cumprod([1, *self._space.size[:-1]])
        cells = np.repeat(places, rows, axis=0) @ steps if len(places) == 1 else places @ steps
        order = np.argsort(cells, kind="stable")
        twice = np.flatnonzero(np.diff(cells[order]) == 0)
        if len(twice):
            first, second = int(order[twice[0]]), int(order[twice[0] + 1])
            raise ModelError(
                f"{where}: rows {first} and {second} are both in cell {self._cell(int(cells[first]))}, "
                "which holds at most one agent"
            )
        both = np.intersect1d(cells, self._taken)
        if len(both):
            row = int(np.flatnonzero(cells == both[0])[0])
            raise ModelError(
                f"{where}: row {row} is in cell {self._cell(int(both[0]))}, which an earlier spawn has taken"
            )
        self._taken = np.union1d(self._taken, cells)

    def _enter_cells(self, where: str, rows: int, value: Cells, first_random_cell: int) -> None:
        total = math.prod(self._space.cell_counts or ())
        if value.random and first_random_cell + rows > total:
            before = f" after {first_random_cell} of earlier spawns" if first_random_cell else ""
            raise ModelError(f"{where}: {rows} distinct random cells{before}, but the grid has {total} cells")

    def _cell(self, number: int) -> tuple[int, ...]:
        """The coordinates of a cell."""
        place = []
        for count in self._space.cell_counts or ():
            place.append(number % count)
            number //= count
        return tuple(place)


def _bounds(space: Space) -> str:
    if isinstance(space, Continuous):
        end = ")" if space.periodic else "]"
        return " x ".join(f"[0, {length:g}{end}" for length in space.size)
    return " x ".join(f"0..{count - 1}" for count in space.size)
