"""ByHand: a simulation's own changes of its entities, between ticks, many in one call.

Each happens as a whole or, where something of it is wrong, not at all. They mark the run as edited by hand:
a journal cannot replay them. What shall replay goes through inputs (`bw.input`), which may do the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.cluster import Processes
from bigworlds.data.fields import Field
from bigworlds.data.name import Name, check_names
from bigworlds.errors import UserError, nearest_names
from bigworlds.simulation.entities import (
    EntityCopy,
    Ids,
    cells_of,
    check_free,
    check_one_place,
    component_columns,
    fields_of_component,
    ids_of,
    places_of,
    read_component,
    read_newcomers,
    read_values,
)
from bigworlds.simulation.gathered import Gathered
from bigworlds.simulation.graphs import Change, Graphs
from bigworlds.simulation.inputs import Inputs
from bigworlds.simulation.schema import Schema
from bigworlds.simulation.views import Generations
from bigworlds.space import Grid, Space


class ByHand:
    """What `Simulation` offers to change entities from outside."""

    _core: _core.Simulation
    _gathered: Gathered
    _graphs: Graphs
    _processes: Processes
    _schema: Schema
    _inputs: Inputs
    _generations: Generations

    @property
    def space(self) -> Any:
        """The space of its world, if it has one."""
        raise NotImplementedError

    def _mark_edited(self) -> None:
        """Notes that the state was written by hand."""
        raise NotImplementedError

    def spawn(self, *components: Any, n: int | None = None, **fields: Any) -> Ids:
        """Makes new entities now, as `world.spawn` does before the start. Collective.

        Args:
            components: component classes of the model, and data frames with values by column.
            n: how many; by default as many as the arrays have rows, else 1.
            fields: by name: one value for all, an array with a row for each, or an initialiser such as
                `bw.uniform()`; `bw.random_cells()` gives empty cells where a cell holds at most one agent.

        Returns:
            Their ids, uint64 (n,), consecutive. The run counts as edited by hand from now on.

        Raises:
            UserError: as in `world.spawn`, a component that the model does not have, or a cell that is taken;
                nothing is made then.

        Example:
            >>> import bigworlds as bw
            >>> class Bird(bw.Component):
            ...     age: int
            >>> @bw.model()
            ... def flock(world):
            ...     world.spawn(Bird, n=2)
            >>> sim = flock.simulate(rng=1)
            >>> sim.spawn(Bird, n=3, age=[5, 6, 7])
            array([3, 4, 5], dtype=uint64)
            >>> sim.despawn([1, 4])
            >>> sim.table(Bird)["age"].tolist()
            [0, 5, 7]
        """
        first, space = self._core.next_id, self.space
        new = read_newcomers(self._core, self._schema, space, first, self._taken_cells, components, n, fields)
        if new.names:
            check_names(new.where, new.names, self._names()["text"].tolist())
        if new.cells is not None:
            self._check_cells(new.where, space, np.empty(0, np.uint64), new.cells)
        self._edit(lambda check: check or self._core.spawn(new.numbers, new.rows, new.columns))
        return np.uint64(first) + np.arange(new.rows, dtype=np.uint64)

    def despawn(self, ids: Any) -> None:
        """Ends entities now. Collective.

        Args:
            ids: an entity id, or several.

        Raises:
            UserError: one is not there, or named twice; nobody ends then.
        """
        known = ids_of(ids)
        self._edit(lambda check: self._core.despawn(known, check))

    def attach(self, ids: Any, component: type, **fields: Any) -> None:
        """Gives entities a component now. Collective.

        Args:
            ids: an entity id, or several.
            component: a component class of the model.
            fields: by name, one value for all or an array with a row for each; others have their defaults.

        Raises:
            UserError: one is not there or has the component already, or a value does not fit; nothing
                changes then.

        Example:
            `sim.attach(sim.table(Bird)["id"][:10], Ring, number=np.arange(10))`
        """
        known = ids_of(ids)
        columns = component_columns(self._schema, self.space, component, len(known), fields)
        if "position" in fields_of_component(component):
            for entity in known.tolist():
                check_one_place((*self._kinds(entity), component))
        for field, values in columns:
            self._check_place(component.__name__, field, known, values)
        number = self._schema.number(component)
        numbered = [(self._schema.field_number(field), values) for field, values in columns]
        self._edit(lambda check: self._core.attach(known, number, numbered, check))

    def detach(self, ids: Any, component: type) -> None:
        """Takes a component from entities now. Collective.

        Args:
            ids: an entity id, or several.
            component: a component class; it must not be all that one of them has.

        Raises:
            UserError: one is not there or has no such component; nothing changes then.
        """
        known, number = ids_of(ids), self._schema.number(component)
        self._edit(lambda check: self._core.detach(known, number, check))

    def set(self, ids: Any, field: str | Field, values: Any) -> None:
        """Writes a field of entities now: `sim.set(7, "Bird.age", 3)`. Collective.

        Args:
            ids: an entity id, or several.
            field: its name with the component's, or `Bird.age` itself.
            values: one value for all, or an array with a row for each.

        Raises:
            UserError: one is not there or has no such component, or a value does not fit; nothing changes
                then.
        """
        found = self._schema.field(field.full_name if isinstance(field, Field) else field)
        known = ids_of(ids)
        column = read_values(f"set {found.full_name}", found, self.space, len(known), values)
        self._check_place("set", found, known, column)
        numbered = (self._schema.field_number(found), column)
        self._edit(lambda check: self._core.write_all(known, numbered, check))

    def link(self, graph: Any, sources: Any, targets: Any, **fields: Any) -> None:
        """Adds edges to a graph now: `sim.link(Contact, 3, [5, 8], weight=2.0)`. Collective.

        Args:
            graph: the component of its edges.
            sources: ids of agents at which they begin; one id stands for all.
            targets: ids of agents at which they end; one id stands for all. In an undirected graph the two
                ends are alike.
            fields: by name, one value for all or an array with a row for each; others have their defaults.

        Raises:
            UserError: an end is not there, an edge is there already or given twice or leads to its own agent,
                or a value does not fit; nothing changes then.

        Example:
            >>> import bigworlds as bw
            >>> class Person(bw.Component):
            ...     age: int
            >>> class Contact(bw.EdgeComponent):
            ...     weight: float = 1.0
            >>> @bw.model()
            ... def house(world):
            ...     world.spawn(Person, n=4)
            ...     world.graph(Contact, None, of=Person, directed=False)
            >>> sim = house.simulate(rng=1)
            >>> sim.link(Contact, 1, [2, 3, 4], weight=[0.5, 1.5, 2.5])
            >>> sim.unlink(Contact, 1, 2)
            >>> sim.set_edges(Contact, 3, 1, weight=9.0)
            >>> sim.edges(Contact)["weight"].tolist()
            [9.0, 2.5]
        """
        self._edit_edges("add", graph, sources, targets, fields)

    def unlink(self, graph: Any, sources: Any, targets: Any) -> None:
        """Removes edges of a graph now. Collective.

        Args:
            graph: the component of its edges.
            sources, targets: as in `link`.

        Raises:
            UserError: one is not there or given twice; nothing changes then.
        """
        self._edit_edges("remove", graph, sources, targets, {})

    def set_edges(self, graph: Any, sources: Any, targets: Any, **fields: Any) -> None:
        """Writes fields of edges now: `sim.set_edges(Contact, 3, 5, weight=2.0)`. Collective.

        Args:
            graph: the component of its edges.
            sources, targets: as in `link`.
            fields: by name, one value for all or an array with a row for each; others stay as they are.

        Raises:
            UserError: an edge is not there or given twice, or a value does not fit; nothing changes then.
        """
        self._edit_edges("write", graph, sources, targets, fields)

    def _edit_edges(
        self, what: Change, graph: Any, sources: Any, targets: Any, fields: dict[str, Any]
    ) -> None:
        edit = self._graphs.read_edit(what, graph, sources, targets, fields)
        self._edit(lambda check: self._graphs.carry_out(edit, check))

    def named(self, name: str) -> int:
        """The id of the entity of a name. Collective; looks through all names.

        Raises:
            UserError: no entity, or more than one, has it.

        Example:
            >>> import bigworlds as bw
            >>> class Person(bw.Component):
            ...     age: int
            >>> @bw.model()
            ... def house(world):
            ...     world.spawn(Person, names=["ann", "bob"], age=[30, 40])
            >>> sim = house.simulate(rng=1)
            >>> sim.entity(sim.named("bob"))[Person].age
            40
        """
        names = self._names()
        found = names["id"][names["text"] == name]
        if len(found) > 1:
            raise UserError(f"{len(found)} entities have the name {name!r}; a name belongs to one")
        if len(found) == 0:
            raise UserError(f"no entity has the name {name!r}{nearest_names(name, names['text'].tolist())}")
        return int(found[0])

    def _names(self) -> dict[str, NDArray[Any]]:
        if Name not in self._schema.components:
            raise UserError("no entity of this model has a name; give some by world.spawn(..., names=[...])")
        names: dict[str, NDArray[Any]] = self.table(Name)
        return names

    def table(self, component: type | str) -> Any:
        """All fields of the entities that have a component."""
        raise NotImplementedError

    def entity(self, entity: int) -> EntityCopy:
        """One entity with all its values, as a copy. Collective.

        Raises:
            UserError: there is none of this id.

        Example:
            `sim.entity(7)[Bird].position`
        """
        known = ids_of(entity)
        if len(known) != 1:
            raise UserError(f"sim.entity takes one entity id; found {entity!r}")
        one = int(known[0])
        read = {kind: read_component(self._core, self._schema, one, kind) for kind in self._kinds(one)}
        return EntityCopy(one, read)

    def _kinds(self, entity: int) -> tuple[type, ...]:
        numbers = self._core.components_of(entity)
        if numbers is None:
            raise UserError(f"there is no entity {entity}; it has ended, or was never there")
        return tuple(self._schema.components[number] for number in numbers)

    def _edit(self, change: Callable[[bool], object]) -> None:
        """Carries out a change, `change(False)`; `change(True)` only checks it."""
        if self._inputs.are_running:
            raise UserError("the world runs: change it between ticks, or by an input (bw.input, sim.submit)")
        journaled = int(self._inputs.journal is not None)
        if self._processes.sum("journals", [journaled])[0]:
            change(True)  # what is refused leaves no mark
            self._mark_edited()
            change(False)
        else:
            change(False)
            self._mark_edited()
        self._generations.now += 1

    def _taken_cells(self) -> NDArray[np.int64]:
        _, places = places_of(self._gathered, self._schema, self.space)
        return np.unique(cells_of(self.space, places)) if len(places) else np.empty(0, np.int64)

    def _check_place(self, where: str, field: Field, ids: Ids, values: NDArray[Any]) -> None:
        """Places that entities get on a grid with at most one agent a cell are free."""
        space: Space | None = self.space
        if field.name == "position" and isinstance(space, Grid) and space.max_per_cell == 1:
            places = np.repeat(values, len(ids), axis=0) if len(values) == 1 else values
            self._check_cells(where, space, ids, cells_of(space, places))

    def _check_cells(self, where: str, space: Grid, ids: Ids, cells: NDArray[np.int64]) -> None:
        known, places = places_of(self._gathered, self._schema, self.space)
        check_free(where, space, known, places, ids, cells)
