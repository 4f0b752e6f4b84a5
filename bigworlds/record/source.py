"""What a recorder reads of a simulation, and what of it is kept within one tick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bigworlds.errors import UserError

Array = NDArray[Any]
Columns = Mapping[str, Array]

ID = "id"
"""The column of a table that holds the entities' ids."""


class Source(Protocol):
    """A simulation, as far as recording is concerned; names are those of component types."""

    @property
    def tick(self) -> int:
        """The clock."""

    def table(self, component: str) -> Columns:
        """All rows of a component by field, those of cells too, and the ids of entities under
        `"id"`."""

    def count(self, component: str) -> int:
        """Number of entities with a component."""

    def exact_sum(self, field: str) -> Any:
        """The exact sum of a field such as `"Bird.velocity"`, rounded once; (k,) for one of k
        parts."""


class TickView:
    """A source at one tick: each table is asked for once, however many records read it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._tables: dict[str, Columns] = {}
        self.tick = source.tick

    def table(self, component: str) -> Columns:
        """All columns of a component."""
        if component not in self._tables:
            self._tables[component] = self._source.table(component)
        return self._tables[component]

    def count(self, component: str) -> int:
        """Number of entities with a component."""
        return self._source.count(component)

    def exact_sum(self, field: str) -> Any:
        """The exact sum of a field."""
        return self._source.exact_sum(field)

    def rows(self, components: Sequence[str]) -> dict[str, Columns]:
        """The columns of several components, of the entities that have all of them, row for row.

        Raises:
            UserError: cells or others without ids among several components.
        """
        tables = {name: self.table(name) for name in components}
        if len(tables) < 2:
            return tables
        for name, columns in tables.items():
            if ID not in columns:
                listed = " and ".join(components)
                raise UserError(
                    f"{listed} cannot be put together: the rows of {name} have no ids. Use the "
                    "fields of one of them in an expression."
                )
        common = reduce(np.intersect1d, (columns[ID] for columns in tables.values()))
        return {name: _picked(columns, common) for name, columns in tables.items()}


def row_count(columns: Columns) -> int:
    """Number of rows of a table."""
    return len(next(iter(columns.values()), ()))


def _picked(columns: Columns, ids: Array) -> Columns:
    """The rows of these ids, in their order."""
    order = np.argsort(columns[ID], kind="stable")
    places = order[np.searchsorted(columns[ID], ids, sorter=order)]
    return {name: np.asarray(column)[places] for name, column in columns.items()}
