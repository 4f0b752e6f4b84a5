"""What a spawn, or cells, begin with: keywords, arrays, data frames and initialisers, checked against the
fields of the components.

Models and running simulations read spawns alike: what is wrong is a `ModelError` that names call and field.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from bigworlds.data.component import CellComponent, Component, EdgeComponent
from bigworlds.data.fields import Field, zero_of
from bigworlds.data.name import Name, check_names
from bigworlds.data.prefab import expanded
from bigworlds.errors import ModelError, nearest_names
from bigworlds.model.initialisers import Cells, Initialiser, bind
from bigworlds.model.values import Column, Target, column_of
from bigworlds.space import Grid, Space

FieldKey: TypeAlias = tuple[type, str]
Value: TypeAlias = Initialiser | Column
Given: TypeAlias = dict[FieldKey, tuple[Field, Any]]

_MAX_ROWS = 2**40


@dataclass(frozen=True, eq=False)
class ReadSpawn:
    """A spawn as it was asked for, checked.

    Attributes:
        where: the call, for error messages, as in "spawn(Bird)".
        components: what each of the entities has.
        rows: how many entities.
        values: the first values of all fields, in declared order.
        names: those of the entities, where they have some.
    """

    where: str
    components: tuple[type, ...]
    rows: int
    values: list[tuple[Field, Value]]
    names: tuple[str, ...] = ()


def read_spawn(
    space: Space | None, parts: Iterable[Any], n: int | None, fields: Mapping[str, Any]
) -> ReadSpawn:
    """Reads what `spawn` was given: component classes, prefabs and data frames, a number, fields by name.

    Raises:
        ModelError: an unknown field, a wrong type, shape or number of rows, or no position in a space.
    """
    given_parts, usual = expanded(tuple(parts))
    frames = [part for part in given_parts if _is_frame(part)]
    kinds = tuple(part for part in given_parts if not _is_frame(part))
    where = f"spawn({', '.join(getattr(kind, '__name__', repr(kind)) for kind in kinds)})"
    check_components(where, kinds)
    names: tuple[str, ...] = ()
    if "names" in fields and not any(field.name == "names" for field in fields_of(kinds)):
        fields = dict(fields)
        given_names = fields.pop("names")
        names = tuple(check_names(where, [given_names] if isinstance(given_names, str) else given_names))
        kinds = (*kinds, *([] if Name in kinds else [Name]))
        fields["Name.text"] = list(names)
    known = fields_of(kinds)
    given = given_fields(where, known, [*(_from_frame(where, frame, known) for frame in frames), fields])
    for field, value in usual.items():
        given.setdefault((field.owner, field.name), (field, value))
    columns = _columns(where, space, n, given)
    rows = _rows(where, space, n, given, columns)
    if names and rows != len(names):
        raise ModelError(f"{where}: expected a name for each of {rows} entities; found {len(names)}")
    return ReadSpawn(where, kinds, rows, first_values(where, space, known, given, rows, columns), names)


def _columns(where: str, space: Space | None, n: int | None, given: Given) -> dict[FieldKey, Column]:
    """The columns of those given values that are no initialisers."""
    return {
        key: column_of(Target(where, field, space, n), value)
        for key, (field, value) in given.items()
        if not isinstance(value, Initialiser)
    }


def _rows(
    where: str, space: Space | None, n: int | None, given: Given, columns: Mapping[FieldKey, Column]
) -> int:
    """How many entities a spawn makes: said by n, its arrays or the number of cells, which must
    agree."""
    said: dict[str, int] = {} if n is None else {"n": whole_number(f"{where}: n", n, 0, _MAX_ROWS)}
    for key, (field, value) in given.items():
        if key in columns and len(columns[key]) != 1:
            said[field.full_name] = len(columns[key])
        elif isinstance(value, Cells) and not value.random and isinstance(space, Grid):
            said[f"{field.full_name} (each cell)"] = math.prod(space.size)
    if len(set(said.values())) > 1:
        counts = ", ".join(f"{name} {count}" for name, count in said.items())
        raise ModelError(f"{where}: expected the same number of rows everywhere; found {counts}")
    return next(iter(said.values()), 1)


def first_values(
    where: str,
    space: Space | None,
    known: tuple[Field, ...],
    given: Given,
    rows: int,
    columns: Mapping[FieldKey, Column],
    shape: tuple[int, ...] | None = None,
) -> list[tuple[Field, Value]]:
    """The checked first values of all fields, in declared order; `columns` are checked already."""
    values: list[tuple[Field, Value]] = []
    for field in known:
        target = Target(where, field, space, rows, shape)
        key = field.owner, field.name
        if key in columns:
            values.append((field, columns[key]))
        elif key in given:
            values.append((field, bind(target, given[key][1])))
        else:
            _check_place_not_missing(target)
            default = zero_of(field.type) if field.default is None else field.default
            values.append((field, column_of(target, default)))
    return values


def _check_place_not_missing(target: Target) -> None:
    is_place = target.shape is None and target.space is not None and target.field.name == "position"
    if is_place and target.field.default is None:
        hint = "bw.random_cells()" if isinstance(target.space, Grid) else "bw.uniform()"
        missing = f"{target.field.full_name} is missing"
        raise ModelError(f"{target.where}: {missing}; give position=..., for example {hint}")


def whole_number(what: str, given: Any, low: int, high: int) -> int:
    if isinstance(given, bool) or not hasattr(given, "__index__") or not low <= given.__index__() <= high:
        raise ModelError(f"{what} is a whole number from {low} to {high}; found {given!r}")
    return int(given.__index__())


def check_components(where: str, kinds: tuple[Any, ...]) -> None:
    if not kinds:
        raise ModelError("spawn() needs at least one component class, as in world.spawn(Bird, n=100)")
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, CellComponent):
            raise ModelError(
                f"{where}: {kind.__name__} belongs to cells; declare it by world.cells({kind.__name__}, ...)"
            )
        if isinstance(kind, type) and issubclass(kind, EdgeComponent):
            raise ModelError(
                f"{where}: {kind.__name__} belongs to edges; declare it by world.graph({kind.__name__}, ...)"
            )
        if not (isinstance(kind, type) and issubclass(kind, Component)):
            hint = ""
            if isinstance(kind, Component):
                name = type(kind).__name__
                hint = f"; give its values by name, as in world.spawn({name}, n=3, ...), or as a bw.Prefab"
            raise ModelError(f"{where}: expected bw.Component classes; found {kind!r}{hint}")
    if len(set(kinds)) != len(kinds):
        raise ModelError(f"{where}: a component is named twice")
    with_place = [kind.__name__ for kind in kinds if "position" in kind.__bw_fields__]
    if len(with_place) > 1:
        raise ModelError(f"{where}: {' and '.join(with_place)} both have a position; an entity has one place")


def fields_of(kinds: tuple[Any, ...]) -> tuple[Field, ...]:
    """The fields of the components, in declared order."""
    return tuple(field for kind in kinds for field in kind.__bw_fields__.values())


def _find(where: str, name: str, known: tuple[Field, ...]) -> Field:
    """The field that a keyword or column name means: `age`, or `Bird.age`."""
    meant = [field for field in known if name in (field.name, field.full_name)]
    if not meant:
        raise ModelError(f"{where}: there is no field '{name}'{nearest_names(name, {f.name for f in known})}")
    if len(meant) > 1:
        options = " or ".join(f'**{{"{field.full_name}": ...}}' for field in meant)
        raise ModelError(f"{where}: '{name}' is a field of several components; write {options}")
    return meant[0]


def given_fields(where: str, known: tuple[Field, ...], sources: Iterable[Mapping[str, Any]]) -> Given:
    """The fields that keywords and data frames give, each once."""
    given: Given = {}
    for source in sources:
        for name, value in source.items():
            field = _find(where, name, known)
            if (field.owner, field.name) in given:
                raise ModelError(f"{where}: {field.full_name} is given twice")
            given[field.owner, field.name] = field, value
    return given


def _is_frame(part: Any) -> bool:
    """Whether it is a pandas or polars data frame, told by what it can do: neither is needed here."""
    return not isinstance(part, type) and hasattr(part, "columns") and hasattr(part, "to_numpy")


def _from_frame(where: str, frame: Any, known: tuple[Field, ...]) -> dict[str, Any]:
    """Values by field name from a data frame's columns; `position.x`, `position.y` together give one
    vector."""
    values: dict[str, Any] = {}
    axes: dict[str, dict[str, Any]] = {}
    for name in map(str, frame.columns):
        stem, dot, axis = name.rpartition(".")
        if dot and axis in ("x", "y", "z"):
            axes.setdefault(stem, {})[axis] = frame[name].to_numpy()
        else:
            values[name] = frame[name].to_numpy()
    for stem, parts in axes.items():
        field = _find(where, stem, known)
        wanted = "xyz"[: field.length]
        if not field.kind.removeprefix("i").startswith("vec") or sorted(parts) != list(wanted):
            expected = (
                ", ".join(f"{stem}.{axis}" for axis in wanted) if "vec" in field.kind else f"a column {stem}"
            )
            found = ", ".join(f"{stem}.{axis}" for axis in sorted(parts))
            raise ModelError(f"{where}: {field.full_name}: expected {expected}; found {found}")
        values[stem] = np.stack([parts[axis] for axis in wanted], axis=1)
    return values
