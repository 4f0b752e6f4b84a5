"""What a model function declared: frozen values that the simulation reads to build a world. Nothing here
runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bigworlds.data.fields import Field
from bigworlds.data.parameters import Parameters
from bigworlds.data.resource import Resource
from bigworlds.graph import EdgeSource, Ends
from bigworlds.model.activation import Activation
from bigworlds.model.initialisers import Cells, Draw, Initialiser
from bigworlds.model.values import Column
from bigworlds.model.words import Words, stream_key
from bigworlds.organism import Organism, Soup
from bigworlds.record import Spec
from bigworlds.space import Space
from bigworlds.view import Look

FieldKey = tuple[type, str]


@dataclass(frozen=True, eq=False)
class StartValues:
    """The values that the rows of one spawn, or the cells of one component, begin with.

    Attributes:
        stream: the first part of the names of the initialisers' streams.
        fields: all fields of the components, in declared order.
        values: for each field an initialiser or a column (of one row where it holds for all).
        space: the world's space.
        first_random_cell: how many random cells the spawns before this one took.
    """

    stream: str
    fields: tuple[Field, ...]
    values: tuple[Initialiser | Column, ...]
    space: Space | None
    first_random_cell: int = 0

    @property
    def takes_random_cells(self) -> bool:
        """Whether `position` takes cells of the world's one permutation."""
        return any(isinstance(part, Cells) and part.random for part in self.initialisers())

    def initialisers(self) -> list[Initialiser]:
        """All initialisers, each once, in the order of fields."""
        found: dict[int, Initialiser] = {}
        for value in self.values:
            if isinstance(value, Initialiser):
                for part in value.parts():
                    found.setdefault(id(part), part)
        return list(found.values())

    def draw(
        self, seed: int, ids: Words, rows: Words, only: Callable[[Field], bool] | None = None
    ) -> dict[FieldKey, Column]:
        """The columns of some rows.

        Args:
            seed: the world's seed.
            ids: uint64 (n,): entity ids, or cell numbers.
            rows: uint64 (n,): the rows' places within the spawn, or cell numbers.
            only: says which fields are drawn; by default all.

        Returns:
            For each (component, field name) a new array (n,) or (n, length) in the field's dtype.
        """
        # Numbered in the order of fields, so that a stream's name depends on the model's text only.
        streams = {id(part): f"{self.stream}/{k}" for k, part in enumerate(self.initialisers())}
        columns = {}
        for field, value in zip(self.fields, self.values, strict=True):
            if only is not None and not only(field):
                continue
            task = Draw(seed, streams, ids, rows, field, self.space, self.first_random_cell)
            columns[field.owner, field.name] = task.of(value, field)
        return columns


@dataclass(frozen=True, eq=False)
class SpawnDeclaration:
    """One call of `world.spawn`.

    Attributes:
        number: its place among the spawns of the world, from 0.
        components: what each of the entities has.
        n: how many entities.
        start: their first values.
    """

    number: int
    components: tuple[type, ...]
    n: int
    start: StartValues

    def columns(self, seed: int, ids: Words, rows: Words | None = None) -> dict[FieldKey, Column]:
        """The first values of the entities.

        Args:
            seed: the world's seed.
            ids: uint64 (n,): their ids, all of the spawn's in order, or those of the given rows.
            rows: uint64 (n,): the places of the rows within the spawn; by default all of them.

        Returns:
            For each (component, field name) a new array (n,) or (n, length) in the field's dtype.
        """
        return self.start.draw(seed, ids, np.arange(self.n, dtype=np.uint64) if rows is None else rows)

    def places(self, seed: int, ids: Words, rows: Words) -> dict[FieldKey, Column]:
        """The column `position` of some rows, as `columns` gives it; nothing where they have none."""
        return self.start.draw(seed, ids, rows, lambda field: field.name == "position")


@dataclass(frozen=True, eq=False)
class CellsDeclaration:
    """One call of `world.cells`.

    Attributes:
        component: what each cell of the world has.
        count: how many cells the world has.
        start: their first values.
    """

    component: type
    count: int
    start: StartValues

    def columns(self, seed: int, cells: Words | None = None) -> dict[FieldKey, Column]:
        """The first values of the cells of these numbers (uint64), by default of all: as
        `SpawnDeclaration.columns`."""
        numbers = np.arange(self.count, dtype=np.uint64) if cells is None else cells
        return self.start.draw(seed, numbers, numbers)


@dataclass(frozen=True, eq=False)
class GraphDeclaration:
    """One call of `world.graph`.

    Attributes:
        component: the data of its edges, whose class names the graph.
        spawns: the spawns whose entities are its first nodes, by number, in order.
        nodes: how many these are.
        source: where its first edges come from.
        directed: whether an edge leads one way only.
        start: the first values of the edges' fields.
    """

    component: type
    spawns: tuple[int, ...]
    nodes: int
    source: EdgeSource
    directed: bool
    start: StartValues

    def ends(self, seed: int) -> Ends:
        """The first edges, by the numbers of their nodes."""
        return self.source.ends(self.nodes, self.directed, stream_key(seed, f"{self.start.stream}/edges"))


@dataclass(frozen=True, eq=False)
class PhaseDeclaration:
    """One phase of the tick: behaviors that run with no order among them.

    Attributes:
        behaviors: the behaviors; none in the turn of the soups.
        activation: how their agents act.
    """

    behaviors: tuple[Any, ...]
    activation: Activation

    @property
    def name(self) -> str:
        """The names of its behaviors."""
        return " + ".join(behavior.name for behavior in self.behaviors) or "soup"


@dataclass(frozen=True, eq=False)
class WorldDescription:
    """A world as a model function declared it, checked; what a simulation is built from.

    Attributes:
        parameters: the values that it was declared with, None for a model without parameters.
        space: where its agents are, None for a world without space.
        tiles: into how many tiles it is cut, None where the engine chooses.
        spawns: in the order of their calls.
        cells: in the order of their calls.
        phases: in the order of the tick.
        stops: each takes the simulation; the run ends after a tick at which one of them holds.
        looks: how it is drawn.
        records: what of it is recorded.
        inputs: what may come into it from outside.
        input_components: components that only inputs use.
        graphs: in the order of their calls.
        resources: the values of the world as a whole, as it begins with them.
        soup: what its soups are, None for none.
    """

    parameters: Parameters | None
    space: Space | None
    tiles: int | None
    spawns: tuple[SpawnDeclaration, ...]
    cells: tuple[CellsDeclaration, ...]
    phases: tuple[PhaseDeclaration, ...]
    stops: tuple[Callable[[Any], bool], ...]
    looks: tuple[Look, ...]
    records: tuple[Spec, ...]
    inputs: tuple[Any, ...] = ()
    input_components: tuple[type, ...] = ()
    graphs: tuple[GraphDeclaration, ...] = ()
    resources: tuple[Resource, ...] = ()
    soup: Soup | None = None

    @property
    def behaviors(self) -> tuple[Any, ...]:
        """All behaviors, in the order of the tick."""
        return tuple(behavior for phase in self.phases for behavior in phase.behaviors)

    @property
    def components(self) -> tuple[type, ...]:
        """All entity components that spawns name, in the order of their first appearance; those of soups
        last."""
        spawned = _once(component for spawn in self.spawns for component in spawn.components)
        return (*spawned, *(() if self.soup is None else (Organism,)))


def _once(items: Iterable[type]) -> dict[type, None]:
    return dict.fromkeys(items)
