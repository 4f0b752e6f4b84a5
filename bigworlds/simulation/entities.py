"""Entities from outside: ids as users give them, new ones with their first values, single ones as copies.

What is wrong is found here, before anything of it is asked of the engine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.data.fields import Field, FieldType, value_of_contents
from bigworlds.data.vectors import ivec2, ivec3, vec2, vec3
from bigworlds.errors import UserError, nearest_names
from bigworlds.model.declarations import StartValues
from bigworlds.model.initialisers import Cells, Initialiser, bind
from bigworlds.model.places import Occupancy
from bigworlds.model.spawns import read_spawn
from bigworlds.model.values import Target
from bigworlds.model.words import permuted, stream_key
from bigworlds.simulation.gathered import Gathered
from bigworlds.simulation.schema import Schema, is_cell, stored_column
from bigworlds.space import Grid, Space

Ids = NDArray[np.uint64]

_VECTORS: dict[str, Any] = {"vec2": vec2, "vec3": vec3, "ivec2": ivec2, "ivec3": ivec3}
_STREAM = "outside/spawn"


def ids_of(given: Any) -> Ids:
    """Entity ids from one id, a sequence or an array of them.

    Raises:
        UserError: something else.
    """
    try:
        values = np.atleast_1d(np.asarray(given))
    except (ValueError, TypeError):
        values = np.empty((0, 0))
    if values.size == 0 and values.ndim == 1:
        return np.empty(0, np.uint64)
    if values.ndim != 1 or values.dtype.kind not in "iu" or bool((values < 1).any()):
        raise UserError(f"expected entity ids, whole numbers from 1 up; found {given!r}")
    return values.astype(np.uint64)


def value_of(kind: FieldType, stored: bytes) -> Any:
    """The Python value of a field's stored form."""
    if kind.is_open:
        return value_of_contents(kind, stored)
    elements = np.frombuffer(stored, dtype=kind.dtype).tolist()
    if kind.kind == "string":
        return stored.rstrip(b"\0").decode(errors="replace")
    if kind.kind == "list":
        return elements[1 : 1 + int(elements[0])]
    if kind.kind == "enum":
        assert kind.enumeration is not None
        return kind.enumeration(elements[0])
    if kind.kind in _VECTORS:
        return _VECTORS[kind.kind](*elements)
    return elements if kind.kind == "array" else elements[0]


def readable(kind: FieldType, values: NDArray[Any]) -> NDArray[Any]:
    """A column as people read it: texts as str, lists as lists; others as they are stored."""
    if kind.kind == "string":
        decoded: NDArray[Any] = np.char.decode(values, "utf-8", "replace")
        return decoded
    if kind.kind == "list":
        lists = np.empty(len(values), dtype=object)
        lists[:] = [row[1 : 1 + int(row[0])] for row in values.tolist()]
        return lists
    return values


def fields_of_component(component: type) -> dict[str, Field]:
    """The fields of a component by name."""
    fields: dict[str, Field] = component.__bw_fields__  # type: ignore[attr-defined]
    return fields


def check_one_place(components: Iterable[type]) -> None:
    """An entity has at most one position."""
    with_place = sorted(kind.__name__ for kind in components if "position" in fields_of_component(kind))
    if len(with_place) > 1:
        raise UserError(f"{' and '.join(with_place)} both have a position; an entity has one place")


class EntityCopy:
    """One entity as it was when it was asked for: `sim.entity(7)[Bird].position`.

    Attributes:
        id: of the entity.
        components: the classes of its components, by name.
    """

    def __init__(self, entity: int, values: Mapping[type, Any]) -> None:
        self.id = entity
        self._values = dict(values)

    @property
    def components(self) -> tuple[type, ...]:
        return tuple(self._values)

    def __contains__(self, component: object) -> bool:
        return component in self._values

    def __getitem__(self, component: type) -> Any:
        if component not in self._values:
            has = ", ".join(kind.__name__ for kind in self._values) or "no components"
            name = getattr(component, "__name__", repr(component))
            raise UserError(f"entity {self.id} has no {name}; it has {has}")
        return self._values[component]

    def __repr__(self) -> str:
        return f"<entity {self.id}: {', '.join(map(repr, self._values.values()))}>"


def read_component(core: _core.Simulation, schema: Schema, entity: int, component: type) -> Any:
    """The values of an entity's component, as a copy; None where it does not have it."""
    values = {}
    for field in fields_of_component(component).values():
        stored = core.read(entity, *schema.field_number(field))
        if stored is None:
            return None
        values[field.name] = value_of(field.type, stored)
    return component(**values)


@dataclass(frozen=True)
class Newcomers:
    """Entities to be made: the engine's numbers of their components, how many, and their columns."""

    where: str
    components: tuple[type, ...]
    numbers: list[int]
    rows: int
    columns: list[Any]
    cells: NDArray[np.int64] | None  # that they take, on a grid with at most one agent a cell
    names: tuple[str, ...]


def read_newcomers(
    core: _core.Simulation,
    schema: Schema,
    space: Space | None,
    first_id: int,
    taken: Callable[[], NDArray[np.int64]],
    parts: Iterable[Any],
    n: int | None,
    fields: Mapping[str, Any],
) -> Newcomers:
    """New entities, checked and drawn: what a row gets depends on the seed and its id only.

    Args:
        core: the engine.
        schema: of the world.
        space: of the world.
        first_id: the id of the first of them.
        taken: gives the cells of the world's agents.
        parts: component classes and data frames.
        n: how many.
        fields: by name.
    """
    read = read_spawn(space, parts, n, fields)
    numbers = [schema.number(component) for component in read.components]
    values = [
        (field, _free_cells(core.seed, space, first_id, taken, read.where, read.rows, value))
        if isinstance(value, Cells) and value.random
        else (field, value)
        for field, value in read.values
    ]
    if space is not None:
        Occupancy(space).enter(read.where, read.rows, values, 0)
    known, starts = tuple(zip(*values, strict=True)) or ((), ())
    ids = np.uint64(first_id) + np.arange(read.rows, dtype=np.uint64)
    drawn = StartValues(_STREAM, known, starts, space).draw(
        core.seed, ids, np.arange(read.rows, dtype=np.uint64)
    )
    columns, cells = [], None
    for field in known:
        column = stored_column(field, drawn[field.owner, field.name])
        columns.append((schema.field_number(field), column))
        if field.name == "position" and isinstance(space, Grid) and space.max_per_cell == 1:
            cells = cells_of(space, column)
    return Newcomers(read.where, read.components, numbers, read.rows, columns, cells, read.names)


def read_values(where: str, field: Field, space: Space | None, rows: int, given: Any) -> NDArray[Any]:
    """The column of values that are given for a field of some entities: one row, or one for each.

    Raises:
        ModelError: a wrong type, shape, range or number of rows; a position outside the space.
    """
    target = Target(where, field, space, rows)
    if isinstance(given, Initialiser):
        raise target.wrong("values", f"{given!r}, which is for new entities")
    column = bind(target, given)
    assert not isinstance(column, Initialiser)
    if field.name == "position" and space is not None:
        Occupancy(space).enter(where, len(column), [(field, column)], 0)
    return stored_column(field, column)


def field_named(where: str, name: str, known: Iterable[Field]) -> Field:
    """The field that a keyword means: `age`, or `Bird.age`."""
    fields = list(known)
    meant = [field for field in fields if name in (field.name, field.full_name)]
    if not meant:
        raise UserError(f"{where}: there is no field '{name}'{nearest_names(name, {f.name for f in fields})}")
    if len(meant) > 1:
        options = " or ".join(f'**{{"{field.full_name}": ...}}' for field in meant)
        raise UserError(f"{where}: '{name}' is a field of several components; write {options}")
    return meant[0]


def component_columns(
    schema: Schema, space: Space | None, component: type, rows: int, fields: Mapping[str, Any]
) -> list[tuple[Field, NDArray[Any]]]:
    """The columns that attaching a component needs: what is given; the engine has the defaults."""
    name = component.__name__
    schema.number(component)
    if is_cell(component):
        raise UserError(f"{name} belongs to cells; entities cannot have it")
    known = fields_of_component(component)
    columns = []
    for key, value in fields.items():
        field = field_named(name, key, known.values())
        columns.append((field, read_values(name, field, space, rows, value)))
    given = {field.name for field, _ in columns}
    if "position" in known and space is not None and not {"position"} <= given:
        raise UserError(f"{name}: {name}.position is missing; give position=...")
    return columns


def cells_of(space: Grid, places: NDArray[Any]) -> NDArray[np.int64]:
    """The numbers of the cells of places on a grid."""
    steps = np.cumprod([1, *space.size[:-1]])
    cells: NDArray[np.int64] = places.astype(np.int64) @ steps
    return cells


def cell_text(space: Grid, cell: int) -> str:
    """The coordinates of a cell, as in (3, 4)."""
    place = []
    for count in space.size:
        place.append(cell % count)
        cell //= count
    return f"({', '.join(map(str, place))})"


def places_of(gathered: Gathered, schema: Schema, space: Grid) -> tuple[Ids, NDArray[Any]]:
    """The ids of all entities with a position, and their places, in no particular order."""
    ids: list[Ids] = []
    places: list[NDArray[Any]] = []
    for component in schema.components:
        fields = fields_of_component(component)
        if not is_cell(component) and "position" in fields:
            field = fields["position"]
            known, values = gathered.rows(*schema.field_number(field), field.dtype, field.length)
            ids.append(known)
            places.append(values)
    if not ids:
        return np.empty(0, np.uint64), np.empty((0, len(space.size)), np.int32)
    return np.concatenate(ids), np.concatenate(places)


def check_free(
    where: str, space: Grid, known: Ids, places: NDArray[Any], movers: Ids, cells: NDArray[np.int64]
) -> None:
    """Refuses cells that are taken, on a grid with at most one agent a cell.

    Args:
        where: for messages.
        space: the grid.
        known: the entities that have a place.
        places: theirs.
        movers: those of them that leave their cells.
        cells: that will be taken.
    """
    stay = ~np.isin(known, movers)
    taken, by = cells_of(space, places[stay]), known[stay]
    clash = np.flatnonzero(np.isin(cells, taken))
    if len(clash):
        cell = int(cells[clash[0]])
        entity = int(by[np.flatnonzero(taken == cell)[0]])
        raise UserError(
            f"{where}: cell {cell_text(space, cell)} is taken by entity {entity}; it holds at most one agent"
        )
    values, counts = np.unique(cells, return_counts=True)
    if bool((counts > 1).any()):
        cell = int(values[np.flatnonzero(counts > 1)[0]])
        raise UserError(f"{where}: cell {cell_text(space, cell)} is given twice; it holds at most one agent")


def _free_cells(
    seed: int,
    space: Space | None,
    first_id: int,
    taken: Callable[[], NDArray[np.int64]],
    where: str,
    rows: int,
    wanted: Initialiser,
) -> NDArray[Any]:
    """Distinct random cells for new entities: empty ones where a cell holds at most one agent."""
    assert isinstance(space, Grid)
    total = math.prod(space.size)
    free = np.arange(total)
    if space.max_per_cell == 1:
        free = np.setdiff1d(free, taken(), assume_unique=True)
    if rows > len(free):
        raise UserError(f"{where}: {rows} distinct random cells, but {len(free)} of the grid's are free")
    key = stream_key(seed, f"outside/random_cells/{first_id}")
    cells = free[permuted(key, np.arange(rows, dtype=np.uint64), max(len(free), 1)).astype(np.intp)]
    places = []
    for count in space.size:
        places.append(cells % count)
        cells = cells // count
    return np.stack(places, axis=1).astype(np.int32)
