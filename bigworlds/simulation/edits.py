"""Edits: what an input sees of the world and asks of it. What it asks is checked at once, recorded, and
carried out together when the input has returned; until then the world is as it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.behavior.interpreted.random import Stream
from bigworlds.data.fields import Field, FieldType, zero_of
from bigworlds.data.vectors import ivec2, ivec3, vec2, vec3
from bigworlds.errors import UserError, nearest_names
from bigworlds.event.plain import checked_elements
from bigworlds.simulation.build import BuiltModel
from bigworlds.simulation.channels import event_parts, targets
from bigworlds.simulation.schema import Schema, is_cell
from bigworlds.space import Grid, Space

_VECTORS: dict[str, Any] = {"vec2": vec2, "vec3": vec3, "ivec2": ivec2, "ivec3": ivec3}
_STREAM = "inputs"

_Kinds = frozenset[type]


def value_of(kind: FieldType, stored: bytes) -> Any:
    """The Python value of a field's stored form."""
    elements = np.frombuffer(stored, dtype=kind.dtype).tolist()
    if kind.kind == "string":
        return stored.rstrip(b"\0").decode()
    if kind.kind == "list":
        return elements[1 : 1 + int(elements[0])]
    if kind.kind == "enum":
        assert kind.enumeration is not None
        return kind.enumeration(elements[0])
    if kind.kind in _VECTORS:
        return _VECTORS[kind.kind](*elements)
    return elements if kind.kind == "array" else elements[0]


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
        self._crowd: Crowd | None = None

    @property
    def parameters(self) -> Any:
        """The model's parameters."""
        return self._simulation.parameters

    @property
    def space(self) -> Space | None:
        """The world's space."""
        space: Space | None = self._simulation.space
        return space

    def count(self, component: type | str) -> int:
        """How many entities (or cells) have a component."""
        return int(self._simulation.count(component))

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
        values = {}
        for field in _fields(component).values():
            stored = self._core.read(entity, *self._schema.field_number(field))
            if stored is None:
                name = component.__name__
                raise UserError(f"entity {entity} gets its {name} by this input: it cannot be read yet")
            values[field.name] = value_of(field.type, stored)
        return component(**values)

    def get_cell(self, component: type, place: Any) -> Any:
        """The values of the cell at a place, as a copy: `world.get_cell(Grass, (3, 4)).grown`."""
        cell = self._cell_at(component, place)
        values = {}
        for field in _fields(component).values():
            stored = self._core.read_cell(cell, *self._schema.field_number(field))
            assert stored is not None
            values[field.name] = value_of(field.type, stored)
        return component(**values)

    def spawn(self, *components: type, **fields: Any) -> int:
        """A new entity.

        Args:
            components: what it has.
            fields: values by name; fields that are not given have their defaults, `position` must be given.

        Returns:
            Its id.
        """
        if not components:
            raise UserError("spawn takes at least one component class, as in world.spawn(Sheep, energy=5.0)")
        numbers = [self._schema.number(component) for component in components]
        entity = self._first_new + self._spawned
        self._components[entity] = frozenset()
        for component in components:
            self._check_component(component)
        _check_one_place(components)
        known = [field for component in components for field in _fields(component).values()]
        columns = self._columns("spawn", entity, known, fields)
        self._components[entity] = frozenset(components)
        self._spawned += 1
        self._steps.append(lambda: self._core.spawn(numbers, 1, columns))
        return entity

    def despawn(self, entity: int) -> None:
        """Ends an entity."""
        self._check_has(entity)
        if self._crowd is not None:
            self._crowd.leave(entity)
        self._components[entity] = None
        ids = np.array([entity], dtype=np.uint64)
        self._steps.append(lambda: self._core.despawn(ids))

    def set(self, entity: int, component: type, **fields: Any) -> None:
        """Writes fields of an entity's component: `world.set(sheep, Sheep, energy=5.0)`."""
        self._check_has(entity, component)
        for name, value in fields.items():
            field = _known_field(component.__name__, name, list(_fields(component).values()))
            stored = self._stored(entity, field, value).tobytes()
            component_number, position = self._schema.field_number(field)
            self._steps.append(partial(self._core.write, entity, component_number, position, stored))

    def attach(self, entity: int, component: type, **fields: Any) -> None:
        """Gives an entity a component."""
        self._check_component(component)
        found = self._check_has(entity)
        if component in found:
            raise UserError(f"entity {entity} has {component.__name__} already; use world.set")
        _check_one_place((*found, component))
        columns = self._columns(component.__name__, entity, list(_fields(component).values()), fields)
        self._components[entity] = found | {component}
        ids, number = np.array([entity], dtype=np.uint64), self._schema.number(component)
        self._steps.append(lambda: self._core.attach(ids, number, columns))

    def detach(self, entity: int, component: type) -> None:
        """Takes a component from an entity."""
        found = self._check_has(entity, component)
        if len(found) == 1:
            raise UserError(f"{component.__name__} is all that entity {entity} has; use world.despawn")
        self._components[entity] = found - {component}
        ids, number = np.array([entity], dtype=np.uint64), self._schema.number(component)
        self._steps.append(lambda: self._core.detach(ids, number))

    def set_cell(self, component: type, place: Any, **fields: Any) -> None:
        """Writes fields of the cell at a place: `world.set_cell(Grass, (3, 4), grown=True)`."""
        cell = self._cell_at(component, place)
        for name, value in fields.items():
            field = _known_field(component.__name__, name, list(_fields(component).values()))
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

    def _columns(self, where: str, entity: int, known: list[Field], given: dict[str, Any]) -> list[Any]:
        """Columns of one row for the fields of new components; those that are not given get their
        defaults."""
        values = {_known_field(where, name, known): value for name, value in given.items()}
        columns = []
        for field in known:
            missing = field not in values and field.default is None
            if missing and field.name == "position" and self.space is not None:
                raise UserError(f"{where}: {field.full_name} is missing; give position=...")
            default = zero_of(field.type) if field.default is None else field.default
            stored = self._stored(entity, field, values.get(field, default))
            columns.append((self._schema.field_number(field), stored))
        return columns

    def _stored(self, entity: int, field: Field, value: Any) -> NDArray[Any]:
        """A value's stored form; a place is checked, and taken on a grid with one agent a cell."""
        stored = _elements(field, value)
        space = self.space
        if field.name == "position" and space is not None:
            place = stored.reshape(1, -1)
            if bool(space.outside(place).any()):
                raise UserError(f"{field.full_name}: {value!r} is outside the space of size {space.size}")
            if isinstance(space, Grid) and space.max_per_cell == 1:
                self._crowd = self._crowd or Crowd(self._simulation, self._schema)
                self._crowd.move(entity, tuple(stored.ravel().tolist()))
        return stored

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

    def __init__(self, simulation: Any, schema: Schema) -> None:
        self._cell_of: dict[int, tuple[int, ...]] = {}
        self._in_cell: dict[tuple[int, ...], int] = {}
        for component in schema.components:
            if is_cell(component) or "position" not in _fields(component):
                continue
            table = simulation.table(component)
            for entity, place in zip(table["id"].tolist(), table["position"].tolist(), strict=True):
                self._cell_of[entity] = tuple(place)
                self._in_cell[tuple(place)] = entity

    def leave(self, entity: int) -> None:
        """An entity frees its cell."""
        cell = self._cell_of.pop(entity, None)
        if cell is not None:
            del self._in_cell[cell]

    def move(self, entity: int, cell: tuple[int, ...]) -> None:
        """An entity takes a cell.

        Raises:
            UserError: another one is in it.
        """
        if self._in_cell.get(cell, entity) != entity:
            raise UserError(
                f"cell {cell} is taken by entity {self._in_cell[cell]}; it holds at most one agent"
            )
        self.leave(entity)
        self._cell_of[entity] = cell
        self._in_cell[cell] = entity


def _fields(component: type) -> dict[str, Field]:
    fields: dict[str, Field] = component.__bw_fields__  # type: ignore[attr-defined]
    return fields


def _check_one_place(components: Iterable[type]) -> None:
    with_place = sorted(component.__name__ for component in components if "position" in _fields(component))
    if len(with_place) > 1:
        raise UserError(f"{' and '.join(with_place)} both have a position; an entity has one place")


def _known_field(where: str, name: str, known: list[Field]) -> Field:
    """The field that a keyword means: `age`, or `Bird.age`."""
    meant = [field for field in known if name in (field.name, field.full_name)]
    if not meant:
        raise UserError(f"{where}: there is no field '{name}'{nearest_names(name, {f.name for f in known})}")
    if len(meant) > 1:
        options = " or ".join(f'**{{"{field.full_name}": ...}}' for field in meant)
        raise UserError(f"{where}: '{name}' is a field of several components; write {options}")
    return meant[0]


def _elements(field: Field, value: Any) -> NDArray[Any]:
    """One row of a column: (1,) or (1, length) in the field's dtype."""
    elements = checked_elements(field.type, value, field.full_name)
    return np.array([elements] if field.length > 1 else elements, dtype=field.dtype)
