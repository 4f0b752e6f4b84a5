"""What a simulation tells of all values of a field: counts, exact sums, means, extremes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.cluster import Processes
from bigworlds.errors import UserError
from bigworlds.simulation.gathered import Gathered, joined
from bigworlds.simulation.graphs import Graphs
from bigworlds.simulation.schema import Schema, counted, is_cell, is_edge


class Summed:
    """What a simulation tells of all values of a field; a part of `Simulation`. All of it is collective, and
    the same on any number of ranks."""

    _core: _core.Simulation
    _schema: Schema
    _processes: Processes
    _gathered: Gathered
    _graphs: Graphs

    def count(self, component: type | str, **value: Any) -> int:
        """How many entities (or cells) have a component, or edges a graph. Collective.

        Args:
            component: the component, or its name.
            value: a field of one number and the value that is counted, as in
                `sim.count(Plot, state=State.BURNING)`: cheap enough to be asked after each tick, below a
                nanosecond per row.

        Raises:
            UserError: several fields, one that the component does not have or that is no number, a value that
                is none of its type.
        """
        found = self._schema.component(component)
        if value:
            return self._core.count_equal(*counted(self._schema, found, value))
        return self._graphs.count(found) if is_edge(found) else self._core.count(self._schema.number(found))

    def sum(self, label: str) -> Any:
        """The exact sum of a field over all entities or cells, rounded once: a number, or an array for
        vectors.

        Collective. The same bits on any number of ranks: it does not depend on the order of rows.

        Args:
            label: the field, as in "Bird.velocity".
        """
        return _each_element(self._values(label), self._gathered.sum)

    def mean(self, label: str) -> Any:
        """The mean of a field over all entities or cells: its exact sum divided by their number; NaN where
        there are none."""
        count = self.count(self._schema.field(label).owner)
        total = self.sum(label)
        return total / count if count else total * np.nan

    def min(self, label: str) -> Any:
        """The smallest value of a field over all entities or cells.

        Raises:
            UserError: there are none.
        """
        return self._extreme(label, np.min)

    def max(self, label: str) -> Any:
        """The largest value of a field over all entities or cells.

        Raises:
            UserError: there are none.
        """
        return self._extreme(label, np.max)

    def _values(self, label: str) -> NDArray[Any]:
        """The values of a field that this process has."""
        field = self._schema.field(label)
        if is_edge(field.owner):
            return self._graphs.here(field.owner)[field.name]
        component, position = self._schema.field_number(field)
        if field.is_open:
            raise UserError(
                f"{label} has values of any length ({field.kind}), which have no sum, mean or order"
            )
        if is_cell(field.owner):
            values = np.asarray(self._core.cell_values(component, position))
            return values if self._processes.ranks == 1 else values[np.asarray(self._core.owned_cells())]
        return joined([part[1] for part in self._core.views(component, position)], field.dtype, field.length)

    def _extreme(self, label: str, reduce: Callable[[NDArray[Any]], Any]) -> Any:
        def of_all(values: NDArray[Any]) -> Any:
            found = self._gathered.extreme(values, reduce)
            if found is None:
                kind = label.partition(".")[0]
                raise UserError(f"there is no {kind}, so {label} has no smallest or largest value")
            return found

        return _each_element(self._values(label), of_all)


def _each_element(columns: NDArray[Any], reduce: Callable[[NDArray[Any]], Any]) -> Any:
    """A reduction of scalars to a number, and of vectors to an array."""
    if columns.ndim == 1:
        result = reduce(columns)
        return result.item() if isinstance(result, np.generic) else result
    return np.array([reduce(np.ascontiguousarray(columns[:, k])) for k in range(columns.shape[1])])
