"""Edits: what an input sees of the world and asks of it. What it asks is checked at once, recorded, and
carried out together when the input has returned; until then the world is as it was."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.behavior.interpreted.random import Stream
from bigworlds.data.fields import Field
from bigworlds.data.name import Name, check_names
from bigworlds.errors import UserError
from bigworlds.event.plain import checked_elements
from bigworlds.simulation.build import BuiltModel
from bigworlds.simulation.channels import event_parts, targets
from bigworlds.simulation.entities import (
    Ids,
    cell_text,
    cells_of,
    check_one_place,
    component_columns,
    field_named,
    fields_of_component,
    ids_of,
    places_of,
    read_component,
    read_newcomers,
    read_values,
    value_of,
)
from bigworlds.simulation.gathered import Gathered
from bigworlds.simulation.graphs import Change, EdgeEdit, Graphs
from bigworlds.simulation.schema import Schema, is_cell
from bigworlds.space import Grid, Space

_STREAM = "inputs"

_Kinds = frozenset[type]


class Edits:
    """The whole world, as an input gets it, or a behavior that runs once per tick.

    `@bw.input def feed(world: bw.Edits, sheep: bw.Ref) -> None`, or
    `@bw.behavior(kind=bw.Interpreted) def census(world: bw.Edits) -> None`.

    What is read is the world before this input or behavior. What is asked of it takes effect when the
    function returns, all of it or, where it raises, nothing. On several ranks the function is called once.

    Attributes:
        tick: the tick that is running, or at whose start the input is applied.
        number: the input's number; 0 in behaviors.
        sender: who asked; empty in behaviors.
        rng: random numbers of this input, or of this behavior in this tick: the same in a replay.
    """

    __bw_whole_world__: ClassVar[bool] = True

    def __init__(
        self,
        simulation: Any,
        take_parameters: Callable[[dict[str, Any]], None],
        core: _core.Simulation,
        built: BuiltModel,
        number: int,
        sender: str,
        stream: str = _STREAM,
    ) -> None:
        self._simulation, self._take_parameters, self._core = simulation, take_parameters, core
        self._schema, self._channels = built.schema, built.channels
        self.tick: int = core.tick
        self.number = number
        self.sender = sender
        key = _core.rng_key(core.seed, stream)
        self.rng = Stream(key, number, core.tick, _core.math.normal, _core.math.exponential)
        self._steps: list[Callable[[], object]] = []
        # Of entities that were changed; None where they end.
        self._components: dict[int, _Kinds | None] = {}
        self._first_new: int = core.next_id
        self._spawned = 0
        self._new_names: list[str] = []
        self._crowd: Crowd | None = None
        self._graphs: Graphs = simulation._graphs
        # Of edges that were added or removed, by graph and ends: whether they are there.
        self._edges: dict[tuple[int, int, int], bool] = {}

    @property
    def parameters(self) -> Any:
        """The model's parameters."""
        return self._simulation.parameters

    @property
    def space(self) -> Space | None:
        """The world's space."""
        space: Space | None = self._simulation.space
        return space

    def count(self, component: type | str, **value: Any) -> int:
        """How many entities (or cells) have a component, or a value of one of its fields."""
        return int(self._simulation.count(component, **value))

    def table(self, component: type | str) -> dict[str, NDArray[Any]]:
        """All fields of the entities that have a component, as copies in the order of ids, with "id"."""
        table: dict[str, NDArray[Any]] = self._simulation.table(component)
        return table

    def cells(self, component: type | str) -> dict[str, NDArray[Any]]:
        """All fields of a component of cells, as copies shaped like the world: [y, x] or [z, y, x]."""
        cells: dict[str, NDArray[Any]] = self._simulation.cells(component)
        return cells

    def sum(self, label: str) -> Any:
        """The exact sum of a field over all entities or cells: `world.sum("Sheep.energy")`."""
        return self._simulation.sum(label)

    def mean(self, label: str) -> Any:
        """The mean of a field over all entities or cells; NaN where there are none."""
        return self._simulation.mean(label)

    def min(self, label: str) -> Any:
        """The smallest value of a field over all entities or cells."""
        return self._simulation.min(label)

    def max(self, label: str) -> Any:
        """The largest value of a field over all entities or cells."""
        return self._simulation.max(label)

    def has(self, entity: int, component: type | None = None) -> bool:
        """Whether an entity is there (and has a component), what was asked so far included."""
        found = self._components_of(entity)
        return found is not None and (component is None or component in found)

    def get(self, entity: int, component: type) -> Any:
        """The values of an entity's component, as a copy: `world.get(sheep, Sheep).energy`.

        Raises:
            UserError: there is no such entity, or it has no such component.
        """
        self._check_has(entity, component)
        values = read_component(self._core, self._schema, entity, component)
        if values is None:
            name = component.__name__
            raise UserError(f"entity {entity} gets its {name} by this input: it cannot be read yet")
        return values

    def get_cell(self, component: type, place: Any) -> Any:
        """The values of the cell at a place, as a copy: `world.get_cell(Grass, (3, 4)).grown`."""
        cell = self._cell_at(component, place)
        values = {}
        for field in fields_of_component(component).values():
            stored = self._core.read_cell(cell, *self._schema.field_number(field))
            assert stored is not None
            values[field.name] = value_of(field.type, stored)
        return component(**values)

    def spawn(self, *components: Any, n: int | None = None, **fields: Any) -> Any:
        """New entities, as `sim.spawn` makes them.

        Args:
            components: what each has; data frames give values by column.
            n: how many.
            fields: values by name, one for all or a row for each, or initialisers such as `bw.uniform()`;
                fields that are not given have their defaults, `position` must be given.

        Returns:
            The id of one; with `n=`, or rows of values, an array of ids, uint64 (n,).
        """
        first = self._first_new + self._spawned
        new = read_newcomers(
            self._core, self._schema, self.space, first, self._taken_cells, components, n, fields
        )
        ids = np.uint64(first) + np.arange(new.rows, dtype=np.uint64)
        if new.names:
            there = self._simulation.table(Name)["text"].tolist()
            self._new_names += check_names(new.where, new.names, [*there, *self._new_names])
        if new.cells is not None:
            self._enter_cells(ids, new.cells)
        self._components.update(dict.fromkeys(range(first, first + new.rows), frozenset(new.components)))
        self._spawned += new.rows
        self._steps.append(lambda: self._core.spawn(new.numbers, new.rows, new.columns))
        return first if n is None and new.rows == 1 else ids

    def despawn(self, entity: Any) -> None:
        """Ends an entity, or several."""
        ids = self._each_once(entity)
        for one in ids.tolist():
            self._check_has(one)
        for one in ids.tolist():
            if self._crowd is not None:
                self._crowd.leave(one)
            self._components[one] = None
        self._steps.append(lambda: self._core.despawn(ids))

    def set(self, entity: Any, component: type, **fields: Any) -> None:
        """Writes fields of a component of an entity, or of several.

        One value for all, or a row for each: `world.set(sheep, Sheep, energy=5.0)`.
        """
        ids = self._each_once(entity)
        for one in ids.tolist():
            self._check_has(one, component)
        known = fields_of_component(component).values()
        columns = []
        for name, value in fields.items():
            field = field_named(component.__name__, name, known)
            columns.append((field, read_values(component.__name__, field, self.space, len(ids), value)))
        for field, column in columns:
            self._enter_places(ids, field, column)
            self._steps.append(partial(self._core.write_all, ids, (self._schema.field_number(field), column)))

    def attach(self, entity: Any, component: type, **fields: Any) -> None:
        """Gives an entity, or several, a component; values as in `set`."""
        self._check_component(component)
        ids = self._each_once(entity)
        had = [self._check_has(one) for one in ids.tolist()]
        for one, found in zip(ids.tolist(), had, strict=True):
            if component in found:
                raise UserError(f"entity {one} has {component.__name__} already; use world.set")
            check_one_place((*found, component))
        columns = component_columns(self._schema, self.space, component, len(ids), fields)
        for field, column in columns:
            self._enter_places(ids, field, column)
        self._components.update(
            {one: found | {component} for one, found in zip(ids.tolist(), had, strict=True)}
        )
        number = self._schema.number(component)
        numbered = [(self._schema.field_number(field), column) for field, column in columns]
        self._steps.append(lambda: self._core.attach(ids, number, numbered))

    def detach(self, entity: Any, component: type) -> None:
        """Takes a component from an entity, or from several."""
        ids = self._each_once(entity)
        had = [self._check_has(one, component) for one in ids.tolist()]
        for one, found in zip(ids.tolist(), had, strict=True):
            if len(found) == 1:
                raise UserError(f"{component.__name__} is all that entity {one} has; use world.despawn")
        self._components.update(
            {one: found - {component} for one, found in zip(ids.tolist(), had, strict=True)}
        )
        number = self._schema.number(component)
        self._steps.append(lambda: self._core.detach(ids, number))

    def edges(self, graph: Any) -> dict[str, NDArray[Any]]:
        """All edges of a graph, as `sim.edges` gives them."""
        edges: dict[str, NDArray[Any]] = self._simulation.edges(graph)
        return edges

    def link(self, graph: Any, sources: Any, targets: Any, **fields: Any) -> None:
        """Adds edges to a graph, as `sim.link` does: `world.link(Contact, 3, [5, 8], weight=2.0)`."""
        self._edit_edges("add", graph, sources, targets, fields)

    def unlink(self, graph: Any, sources: Any, targets: Any) -> None:
        """Removes edges of a graph: `world.unlink(Contact, 3, 5)`."""
        self._edit_edges("remove", graph, sources, targets, {})

    def set_edges(self, graph: Any, sources: Any, targets: Any, **fields: Any) -> None:
        """Writes fields of edges: `world.set_edges(Contact, 3, 5, weight=2.0)`."""
        self._edit_edges("write", graph, sources, targets, fields)

    def _edit_edges(
        self, what: Change, graph: Any, sources: Any, targets: Any, fields: dict[str, Any]
    ) -> None:
        edit = self._graphs.read_edit(what, graph, sources, targets, fields)
        for one in np.unique(np.concatenate([edit.sources, edit.targets])).tolist():
            self._check_has(one)
        self._enter_edges(edit)
        self._steps.append(lambda: self._graphs.carry_out(edit))

    def _enter_edges(self, edit: EdgeEdit) -> None:
        """Edges that shall be added are not there, others are; each is named once."""
        there = self._graphs.has(edit.graph, edit.sources, edit.targets).tolist()
        directed, name = self._graphs.is_directed(edit.graph), self._graphs.name(edit.graph)
        named: dict[tuple[int, int, int], bool] = {}
        for source, target, found in zip(edit.sources.tolist(), edit.targets.tolist(), there, strict=True):
            ends = (source, target) if directed else (min(source, target), max(source, target))
            edge = (edit.graph, *ends)
            present = self._edges.get(edge, found)
            if edge in named:
                wrong = "is given twice"
            elif source == target:
                wrong = "leads to its own agent"
            elif present and edit.what == "add":
                wrong = "is there already; write its fields by world.set_edges"
            elif not present and edit.what != "add":
                wrong = "is not there"
            else:
                named[edge] = edit.what != "remove"
                continue
            raise UserError(f"graph {name}: the edge from {source} to {target} {wrong}")
        self._edges.update(named)

    def set_cell(self, component: type, place: Any, **fields: Any) -> None:
        """Writes fields of the cell at a place: `world.set_cell(Grass, (3, 4), grown=True)`."""
        cell = self._cell_at(component, place)
        for name, value in fields.items():
            field = field_named(component.__name__, name, fields_of_component(component).values())
            stored = _elements(field, value).tobytes()
            component_number, position = self._schema.field_number(field)
            self._steps.append(partial(self._core.write_cell, cell, component_number, position, stored))

    def send(self, event: Any, /, *, to: Any = None, after: int = 0, **fields: Any) -> None:
        """Sends an event from outside, as `sim.send` does: it is received from this tick's first phase on."""
        kind, values = event_parts(event, fields)
        channel = self._channels.number(kind)
        record = self._channels.record(kind, values)
        ids = targets(to)
        if isinstance(after, bool) or not isinstance(after, int) or after < 0:
            raise UserError(f"after is a number of ticks from 0 up; found {after!r}")
        self._steps.append(lambda: self._core.send(channel, ids, record, after))

    def set_parameters(self, **values: Any) -> None:
        """Changes parameters of the model."""
        if self.parameters is None:
            name = self._simulation.model.name
            raise UserError(f"model {name} has no parameters; found {', '.join(values)}")
        self.parameters.replace(**values)  # refuses what is wrong
        self._steps.append(lambda: self._take_parameters(values))

    def resource(self, kind: Any) -> Any:
        """The values of a resource, before this input or behavior: `world.resource(Weather).rain`."""
        return self._simulation.resource(kind)

    def set_resource(self, kind: Any, **values: Any) -> None:
        """Changes values of a resource: `world.set_resource(Weather, rain=2.0)`."""
        found = self._schema.resource(kind)
        self._simulation.resource(found).replace(**values)  # refuses what is wrong
        self._steps.append(lambda: self._simulation._take_resource(found, values))

    def _components_of(self, entity: Any) -> _Kinds | None:
        if entity in self._components:
            return self._components[entity]
        if not hasattr(entity, "__index__") or not 0 < entity.__index__() < 1 << 64:
            raise UserError(f"expected an entity id, a whole number from 1 up; found {entity!r}")
        numbers = self._core.components_of(entity)
        return None if numbers is None else frozenset(self._schema.components[number] for number in numbers)

    def _check_has(self, entity: int, component: type | None = None) -> _Kinds:
        if component is not None:
            self._check_component(component)
        found = self._components_of(entity)
        if found is None:
            raise UserError(f"there is no entity {entity}; it has ended, or was never there")
        if component is not None and component not in found:
            has = ", ".join(sorted(c.__name__ for c in found))
            raise UserError(f"entity {entity} has no {component.__name__}; it has {has}")
        return found

    def _check_component(self, component: type) -> None:
        self._schema.number(component)
        if is_cell(component):
            raise UserError(f"{component.__name__} belongs to cells; use world.get_cell and world.set_cell")

    def _each_once(self, given: Any) -> Ids:
        ids = ids_of(given)
        values, counts = np.unique(ids, return_counts=True)
        if bool((counts > 1).any()):
            twice = int(values[np.flatnonzero(counts > 1)[0]])
            raise UserError(f"entity {twice} is named twice; name each entity once")
        return ids

    def _enter_places(self, ids: Ids, field: Field, column: NDArray[Any]) -> None:
        """Places that entities get are taken, on a grid with at most one agent a cell."""
        space = self.space
        if field.name == "position" and isinstance(space, Grid) and space.max_per_cell == 1:
            places = np.repeat(column, len(ids), axis=0) if len(column) == 1 else column
            self._enter_cells(ids, cells_of(space, places))

    def _enter_cells(self, ids: Ids, cells: NDArray[np.int64]) -> None:
        self._crowded().move(ids.tolist(), cells.tolist())

    def _taken_cells(self) -> NDArray[np.int64]:
        return self._crowded().cells()

    def _crowded(self) -> Crowd:
        assert isinstance(self.space, Grid)
        self._crowd = self._crowd or Crowd(self.space, self._simulation._gathered, self._schema)
        return self._crowd

    def _cell_at(self, component: type, place: Any) -> int:
        self._schema.number(component)
        space = self.space
        counts = space.cell_counts if space is not None else None
        if not is_cell(component) or space is None or counts is None:
            raise UserError(f"{component.__name__} belongs to entities; use world.get and world.set")
        at = np.asarray(list(place), dtype=float).reshape(1, -1)
        if at.shape[1] != space.dimensions or bool(space.outside(at).any()):
            raise UserError(f"{place!r} is outside the space of size {space.size}")
        cell = 0
        for axis in reversed(range(space.dimensions)):
            index = math.floor(float(at[0, axis]) * counts[axis] / space.size[axis])
            cell = cell * counts[axis] + min(index, counts[axis] - 1)
        return cell


def commit(edits: Edits) -> None:
    """Carries out all that was asked, in order."""
    for step in edits._steps:
        step()


class Crowd:
    """Which cells of a grid with at most one agent a cell are taken, edits that were asked for included."""

    def __init__(self, space: Grid, gathered: Gathered, schema: Schema) -> None:
        self._space = space
        ids, places = places_of(gathered, schema, space)
        self._cell_of: dict[int, int] = dict(zip(ids.tolist(), cells_of(space, places).tolist(), strict=True))
        self._in_cell = {cell: entity for entity, cell in self._cell_of.items()}

    def cells(self) -> NDArray[np.int64]:
        """The cells that are taken, in order."""
        return np.array(sorted(self._in_cell), dtype=np.int64)

    def leave(self, entity: int) -> None:
        """An entity frees its cell."""
        cell = self._cell_of.pop(entity, None)
        if cell is not None:
            del self._in_cell[cell]

    def move(self, entities: list[int], cells: list[int]) -> None:
        """Entities leave their cells and take others, all of them or none.

        Raises:
            UserError: another one is in a cell, or two shall be.
        """
        movers, wanted = set(entities), set[int]()
        for cell in cells:
            found = self._in_cell.get(cell)
            if found is not None and found not in movers:
                taken = f"is taken by entity {found}"
            elif cell in wanted:
                taken = "is given twice"
            else:
                wanted.add(cell)
                continue
            raise UserError(f"cell {cell_text(self._space, cell)} {taken}; it holds at most one agent")
        for entity in entities:
            self.leave(entity)
        self._cell_of.update(zip(entities, cells, strict=True))
        self._in_cell.update(zip(cells, entities, strict=True))


def _elements(field: Field, value: Any) -> NDArray[Any]:
    """One row of a column: (1,) or (1, length) in the field's dtype."""
    elements = checked_elements(field.type, value, field.full_name)
    return np.array([elements] if field.length > 1 else elements, dtype=field.dtype)
