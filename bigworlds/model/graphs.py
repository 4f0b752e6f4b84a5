"""What `world.graph` was given: edges, their direction and first values, checked against the nodes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bigworlds.data.component import EdgeComponent
from bigworlds.data.fields import Field
from bigworlds.errors import ModelError
from bigworlds.graph import EdgeSource, GivenEdges, edge_source
from bigworlds.model.declarations import SpawnDeclaration
from bigworlds.model.initialisers import Initialiser
from bigworlds.model.spawns import Value, check_components, fields_of, first_values, given_fields
from bigworlds.model.values import Column, Target, column_of
from bigworlds.space import Space


@dataclass(frozen=True, eq=False)
class ReadGraph:
    """A graph as it was asked for, checked.

    Attributes:
        spawns: the spawns whose entities are its first nodes, by number.
        nodes: how many these are.
        source: where its first edges come from.
        directed: whether an edge leads one way only.
        values: the first values of the edges' fields, in declared order.
    """

    spawns: tuple[int, ...]
    nodes: int
    source: EdgeSource
    directed: bool
    values: list[tuple[Field, Value]]


def read_graph(
    component: Any,
    of: Any,
    edges: Any,
    directed: bool | None,
    fields: Mapping[str, Any],
    *,
    space: Space | None,
    spawned: Sequence[SpawnDeclaration],
    taken: Collection[type],
) -> ReadGraph:
    """Reads what `world.graph` was given.

    Args:
        component, of, edges, directed, fields: as `World.graph` takes them.
        space: the world's.
        spawned: the spawns so far.
        taken: the components of the graphs so far.

    Raises:
        ModelError: anything of it is wrong.
    """
    where = f"graph({getattr(component, '__name__', repr(component))})"
    spawns = _nodes(where, component, of, spawned, taken)
    nodes = sum(spawned[k].n for k in spawns)
    known = fields_of((component,))
    source = edge_source(where, edges, directed, [field.name for field in known])
    way = _direction(where, source, directed, edges)
    source.check(where, nodes, way)
    given = given_fields(where, known, [source.given(), fields])
    columns: dict[tuple[type, str], Column] = {}
    for key, (field, value) in given.items():
        if not isinstance(value, Initialiser):
            columns[key] = column_of(Target(where, field, space, source.count), value)
            _check_values(where, field, columns[key], source.count)
    values = first_values(where, space, known, given, source.count or 0, columns)
    return ReadGraph(spawns, nodes, source, way, values)


def _nodes(
    where: str, component: Any, of: Any, spawned: Sequence[SpawnDeclaration], taken: Collection[type]
) -> tuple[int, ...]:
    """The spawns whose entities are the nodes."""
    if not (isinstance(component, type) and issubclass(component, EdgeComponent)):
        raise ModelError(f"{where}: expected a bw.EdgeComponent class; found {component!r}")
    if component in taken:
        name = component.__name__
        raise ModelError(f"{where}: a graph has a component of its own; {name} has one already")
    check_components(f"{where}: of", (of,))
    spawns = tuple(spawn.number for spawn in spawned if of in spawn.components)
    if not spawns:
        raise ModelError(
            f"{where}: no {of.__name__} is spawned yet; world.graph comes after "
            f"world.spawn({of.__name__}, ...)"
        )
    return spawns


def _direction(where: str, source: EdgeSource, directed: bool | None, edges: Any) -> bool:
    """Whether a graph is directed: as the user says, or its source, or undirected for generators."""
    if directed is not None and not isinstance(directed, bool | np.bool_):
        raise ModelError(f"{where}: directed= is True or False; found {directed!r}")
    if directed is not None:
        return bool(directed)
    if source.directed is not None:
        return bool(source.directed)
    if isinstance(source, GivenEdges):
        raise ModelError(
            f"{where}: say whether these edges have a direction: directed=True or directed=False; found "
            f"{type(edges).__name__} without"
        )
    return False


def _check_values(where: str, field: Field, column: Column, count: int | None) -> None:
    """What edges begin with is finite, and an array only where it is known for which edges."""
    if count is None and len(column) != 1:
        raise ModelError(
            f"{where}: {field.full_name}: expected one value or an initialiser, since a generator draws the "
            f"edges; found {len(column)} values"
        )
    if count is not None and len(column) not in (1, count):
        raise ModelError(f"{where}: {field.full_name}: expected one value or {count}; found {len(column)}")
    if column.dtype.kind == "f" and not np.all(np.isfinite(column)):
        strange = column[~np.isfinite(column)][0]
        raise ModelError(f"{where}: {field.full_name}: expected finite numbers; found {strange}")
