"""Queries of a simulation: the processes scan their rows, and what they found is brought together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.cluster import Processes
from bigworlds.cluster.processes import OneProcess, gather, gather_rows
from bigworlds.data.parameters import Parameters
from bigworlds.errors import UserError
from bigworlds.model.declarations import WorldDescription
from bigworlds.query import MOST_BYTES, Catalogue, Plan, Query, Result, plan
from bigworlds.query.plan import Aggregate, Column
from bigworlds.simulation.entities import readable
from bigworlds.simulation.schema import Schema, is_cell, is_edge

Array = NDArray[Any]

_NAN_IS_LAST = np.uint64(2**64 - 1)


class Asked:
    """Queries: what `Simulation` adds for those who ask."""

    description: WorldDescription
    _core: _core.Simulation
    _processes: Processes
    _schema: Schema
    _parameters: Parameters | None

    def query(self, query: Query | str, *, most_bytes: int = MOST_BYTES) -> Result:
        """Asks which entities or cells there are, and what of them. Collective; changes nothing.

        The answer is the same on any number of ranks and threads: rows come in the order that is asked for,
        then of their ids; sums are exact and rounded once. docs/queries.md has the language.

        Args:
            query: a `bw.Query`, or its text: `"Bird where speed > 2 select id, position limit 100"`.
            most_bytes: the most memory that the rows may take on one rank.

        Returns:
            Columns by name, copies: the selected ones; without any the id and all fields of the components.

        Raises:
            QueryError: names, types or shapes that do not fit; points at the column.
            UserError: rows of more than `most_bytes`, too many groups, an integer divided by zero.

        Cost: on one thread some nanoseconds per row and condition, shared by all threads; ids are looked up.

        Example:
            >>> import bigworlds as bw
            >>> class Bird(bw.Component):
            ...     position: bw.vec2
            ...     speed: float
            >>> @bw.model()
            ... def birds(world):
            ...     world.space = bw.Continuous((100.0, 100.0))
            ...     world.spawn(Bird, n=4, position=[(1, 1), (50, 50), (52, 50), (90, 9)], speed=[1, 2, 3, 4])
            >>> sim = birds.simulate(rng=1)
            >>> sim.query("Bird where within((50, 50), 10) select id, speed order by speed desc").row()
            {'id': 3, 'speed': 3.0}
            >>> sim.query("Bird where speed > 1 select count, mean(speed)").row()
            {'count': 3, 'mean(speed)': 3.0}
        """
        return ask(self._core, self._processes, self._catalogue(), query, most_bytes)

    def _query_here(self, query: Query | str, most_bytes: int) -> Result:
        """The same of the rows of this process."""
        return ask(self._core, OneProcess(), self._catalogue(), query, most_bytes)

    def _catalogue(self) -> Catalogue:
        """What names mean in queries."""
        kinds = self._schema.components
        constants = {} if self._parameters is None else self._parameters.as_dict()
        return Catalogue(
            {kind.__name__: kind.__bw_fields__ for kind in kinds},  # type: ignore[attr-defined]
            of_cells=frozenset(kind.__name__ for kind in kinds if is_cell(kind)),
            of_edges=frozenset(kind.__name__ for kind in kinds if is_edge(kind)),
            space=self.description.space,
            constants={name: value for name, value in constants.items() if isinstance(value, int | float)},
            tick=self._core.tick,
        )


def ask(
    core: _core.Simulation,
    processes: Processes,
    catalogue: Catalogue,
    query: Query | str,
    most_bytes: int,
) -> Result:
    """The answer to a query. Collective over the processes that are given."""
    asked = Query.parse(query) if isinstance(query, str) else query
    if not isinstance(asked, Query):
        raise UserError(f"expected a query or its text, such as 'Bird where speed > 2'; found {query!r}")
    made = plan(asked, catalogue, most_bytes)
    if made.nearest is not None:
        ids = _rows(core, processes, made.nearest)[0]
        made.core["ids"], made.core["filters"] = np.sort(ids).tolist(), []
    if made.is_grouped:
        return Result(_groups(core, processes, made), catalogue.tick)
    ids, order, columns = _rows(core, processes, made)
    cursor = None
    if made.limit is not None and len(ids) == made.limit > 0:
        cursor = "-".join(f"{int(places[-1]):x}" for places in (*order, ids))
    return Result(_columns(made.columns, columns, len(ids)), catalogue.tick, cursor)


def _here(processes: Processes, what: Any, core: _core.Simulation) -> Any:
    """What this process finds; an error of one process is raised by all."""
    try:
        return what(core)
    except Exception as error:
        processes.fail(error)


# --- rows ---


def _rows(core: _core.Simulation, processes: Processes, made: Plan) -> tuple[Array, list[Array], list[Array]]:
    """(ids, places in the order, columns as bytes by row) of all processes, in the order."""
    ids, order, columns = _here(processes, _core.query.Plan(made.core).rows, core)
    size = len(ids)
    columns = [
        column.reshape(size, -1) if size else column.reshape(0, _width(made, c))
        for c, column in enumerate(columns)
    ]
    if processes.ranks == 1:
        return ids, order, columns
    ids = gather_rows(processes, "query ids", ids)
    order = [gather_rows(processes, "query order", places) for places in order]
    columns = [gather_rows(processes, "query column", column) for column in columns]
    rows = np.lexsort((ids, *reversed(order)))[: made.core["limit"]]
    return ids[rows], [places[rows] for places in order], [column[rows] for column in columns]


def _width(made: Plan, number: int) -> int:
    """The bytes of a value of one of the core's columns."""
    for column in made.columns:
        if number < len(column.core):
            item = np.dtype(column.dtype).itemsize
            return item if column.kind is None else item * column.kind.length
        number -= len(column.core)
    raise AssertionError("the core gives the columns that it was asked for")


def _columns(columns: list[Column], found: list[Array], rows: int) -> dict[str, Array]:
    """The core's columns by name and type."""
    made: dict[str, Array] = {}
    place = 0
    for column in columns:
        parts = [_typed(one, column, rows) for one in found[place : place + len(column.core)]]
        place += len(parts)
        made[column.name] = parts[0] if len(parts) == 1 else np.stack(parts, axis=1)
    return made


def _typed(found: Array, column: Column, rows: int) -> Array:
    flat = np.ascontiguousarray(found).reshape(-1)
    if column.kind is None:
        return flat.view(column.dtype)
    if column.kind.kind == "string":
        return readable(column.kind, flat.view(f"S{column.kind.length}"))
    values = flat.view(column.dtype)
    return readable(
        column.kind, values if column.kind.length == 1 else values.reshape(rows, column.kind.length)
    )


# --- groups ---


def _groups(core: _core.Simulation, processes: Processes, made: Plan) -> dict[str, Array]:
    """Keys and aggregates of all processes, by name."""
    planned = _core.query.Plan(made.core)
    parts = gather(processes, "query groups", _here(processes, planned.groups, core))
    keys, counts, values = planned.merged(parts)
    rows = np.asarray(counts).astype(np.int64)
    columns = _keys(made, keys, len(rows))
    for aggregate in made.aggregates:
        columns[aggregate.name] = _aggregated(aggregate, values, rows)
    order = np.arange(len(rows))
    for name, descending in reversed(made.order):
        order = order[_stable_order(columns[name][order], descending)]
    order = order[: made.limit]
    return {name: column[order] for name, column in columns.items()}


def _keys(made: Plan, keys: bytes, rows: int) -> dict[str, Array]:
    """What rows were grouped by, of the bytes of the keys."""
    width = sum(key.bytes for key in made.keys)
    table = np.frombuffer(keys, np.uint8).reshape(rows, width)
    columns: dict[str, Array] = {}
    place = 0
    for key in made.keys:
        part = np.ascontiguousarray(table[:, place : place + key.bytes]).reshape(-1)
        place += key.bytes
        if key.dtype.startswith("S"):
            columns[key.name] = np.char.decode(part.view(key.dtype), "utf-8", "replace")
        else:
            columns[key.name] = _of_places(part.view(">u8").astype(np.uint64), key.dtype)
    return columns


def _of_places(places: Array, dtype: str) -> Array:
    """Values of their places in the order of their type."""
    sign = np.uint64(1 << 63)
    if dtype == "f8":
        bits = np.where(places >> np.uint64(63), places ^ sign, ~places)
        values: Array = bits.view(np.float64)
        return np.where(places == _NAN_IS_LAST, np.nan, values)
    if dtype == "i8":
        return (places ^ sign).view(np.int64)
    return places.astype(dtype)


def _aggregated(aggregate: Aggregate, values: list[list[Any]], rows: Array) -> Array:
    if aggregate.what == "rows":
        return rows
    parts = [_part(aggregate, values[number], rows) for number in aggregate.numbers]
    return np.stack(parts, axis=1) if aggregate.is_vector else parts[0]


def _part(aggregate: Aggregate, values: list[Any], rows: Array) -> Array:
    if aggregate.what == "histogram":
        return np.array(values, dtype=np.int64).reshape(len(rows), -1)
    if aggregate.what in ("min", "max"):
        if not rows.all():
            raise UserError(f"{aggregate.name}: no row passes, so there is no smallest or largest value")
        places = np.array([place for place, _ in values], dtype=np.uint64)
        found = _of_places(places, aggregate.dtype)
        return np.where([nan for _, nan in values], np.nan, found) if aggregate.dtype == "f8" else found
    if aggregate.what == "mean":  # Python divides large integers exactly
        return np.array(
            [total / count if count else np.nan for total, count in zip(values, rows.tolist(), strict=True)],
            dtype=np.float64,
        )
    try:
        return np.array(values, dtype=aggregate.dtype)
    except OverflowError:
        raise UserError(
            f"{aggregate.name}: the sum does not fit into 64 bits; ask for the mean, or the sum of a float"
        ) from None


def _stable_order(values: Array, descending: bool) -> Array:
    """The order of values, NaN last; equal ones stay as they are."""
    if not descending:
        return np.argsort(values, kind="stable")
    _, ranks = np.unique(values, return_inverse=True)
    ranks = -ranks.reshape(-1)
    if values.dtype.kind == "f":
        ranks[np.isnan(values)] = 1
    return np.argsort(ranks, kind="stable")
