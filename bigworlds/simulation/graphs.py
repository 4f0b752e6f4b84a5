"""The graphs of a running world: their first edges, their edges as arrays, changes of edges from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.cluster import Processes
from bigworlds.cluster.processes import gather_rows
from bigworlds.data.component import EdgeComponent
from bigworlds.data.fields import Field
from bigworlds.errors import UserError, nearest_names
from bigworlds.model.declarations import GraphDeclaration
from bigworlds.simulation.entities import Ids, field_named, ids_of, read_values
from bigworlds.simulation.schema import stored_column

Change = Literal["add", "write", "remove"]


@dataclass(frozen=True)
class EdgeEdit:
    """A change of some edges of a graph: what, which edges, the places of fields and a column for each."""

    what: Change
    graph: int
    sources: Ids
    targets: Ids
    fields: list[int]
    columns: list[NDArray[Any]]


class Graphs:
    """The graphs of one simulation, in the order of their declarations."""

    def __init__(
        self, core: _core.Simulation, processes: Processes, declared: Sequence[GraphDeclaration]
    ) -> None:
        self._core = core
        self._processes = processes
        self._declared = tuple(declared)

    def number(self, component: Any) -> int:
        """The engine's number of a graph.

        Raises:
            UserError: it is no component of edges, or the world has no such graph.
        """
        names = [graph.component.__name__ for graph in self._declared]
        if isinstance(component, str) and component in names:
            return names.index(component)
        for k, graph in enumerate(self._declared):
            if graph.component is component:
                return k
        shown = getattr(component, "__name__", str(component))
        known = nearest_names(shown, names) if names else "; it has no graphs"
        raise UserError(f"this world has no graph '{shown}'{known}")

    def populate(self, seed: int, ids: Sequence[Ids]) -> None:
        """Makes the edges that the model declares.

        Args:
            seed: the world's.
            ids: of the entities of each spawn.
        """
        for number, graph in enumerate(self._declared):
            nodes = np.concatenate([ids[k] for k in graph.spawns])
            sources, targets = (nodes[ends] for ends in graph.ends(seed))
            # The same values whichever way round an undirected edge was given.
            low, high = (
                (sources, targets)
                if graph.directed
                else (np.minimum(sources, targets), np.maximum(sources, targets))
            )
            keys = _core.graph.edge_keys(low, high)
            columns = graph.start.draw(seed, keys, np.arange(len(keys), dtype=np.uint64))
            _core.graph.connect(
                self._core,
                number,
                sources,
                targets,
                [stored_column(field, columns[graph.component, field.name]) for field in self.fields(number)],
            )

    def fields(self, number: int) -> list[Field]:
        """The fields of a graph's edges, in declared order."""
        component: type[EdgeComponent] = self._declared[number].component
        return list(component.__bw_fields__.values())

    def here(self, component: Any) -> dict[str, NDArray[Any]]:
        """The edges of a graph that this process has, in no particular order."""
        number = self.number(component)
        sources, targets, raw = _core.graph.edges(self._core, number)
        columns: dict[str, NDArray[Any]] = {"source": sources, "target": targets}
        for field, values in zip(self.fields(number), raw, strict=True):
            column = np.frombuffer(values, field.dtype)
            if field.length > 1 and field.kind != "string":
                column = column.reshape(-1, field.length)
            columns[field.name] = column
        return columns

    def edges(self, component: Any) -> dict[str, NDArray[Any]]:
        """All edges of a graph, in the order of (source, target); see `Simulation.edges`."""
        columns = self.here(component)
        if self._processes.ranks > 1:
            columns = {name: gather_rows(self._processes, name, rows) for name, rows in columns.items()}
        order = np.lexsort((columns["target"], columns["source"]))
        return {name: column[order] for name, column in columns.items()}

    def count(self, component: Any) -> int:
        """How many edges a graph has."""
        return _core.graph.edge_count(self._core, self.number(component))

    def read_edit(
        self, what: Change, component: Any, sources: Any, targets: Any, fields: Mapping[str, Any]
    ) -> EdgeEdit:
        """A change as it is given, checked as far as it can be without the world.

        Args:
            what: "add", "write" or "remove".
            component: of the edges, or its name.
            sources: ids, or one for all targets.
            targets: ids, or one for all sources.
            fields: values by name, one for all edges or a row for each.

        Raises:
            UserError: no such graph or field, different numbers of ids, or a value that does not fit.
        """
        number = self.number(component)
        name = self._declared[number].component.__name__
        ends = [ids_of(sources), ids_of(targets)]
        count = max(map(len, ends)) if all(map(len, ends)) else 0
        if any(len(ids) not in (1, count) for ids in ends):
            raise UserError(
                f"{name}: found {len(ends[0])} sources and {len(ends[1])} targets; give as many of one as of "
                "the other, or one for all"
            )
        if what == "write" and not fields:
            raise UserError(f"{name}: say what to write, as in set_edges({name}, a, b, weight=2.0)")
        known = self.fields(number)
        places, columns = [], []
        for key, value in fields.items():
            field = field_named(name, key, known)
            places.append(known.index(field))
            columns.append(read_values(name, field, None, count, value))
        first, second = (np.repeat(ids, count) if len(ids) == 1 else ids for ids in ends)
        return EdgeEdit(what, number, first, second, places, columns)

    def carry_out(self, edit: EdgeEdit, only_check: bool = False) -> None:
        """Changes the edges, all of them or none. Collective."""
        _core.graph.edit(
            self._core,
            edit.graph,
            edit.what,
            edit.sources,
            edit.targets,
            edit.fields,
            edit.columns,
            only_check,
        )

    def has(self, number: int, sources: Ids, targets: Ids) -> NDArray[np.bool_]:
        """Which of some edges are there. Collective."""
        return _core.graph.has(self._core, number, sources, targets).astype(np.bool_)

    def is_directed(self, number: int) -> bool:
        """Whether the edges of a graph lead from one end to the other."""
        return self._declared[number].directed

    def name(self, number: int) -> str:
        """The name of a graph: of its edges' component."""
        return self._declared[number].component.__name__
