"""World: what a model function fills in. It describes a world and checks the description; it holds no
agents.

The space comes first, since what a spawn may say depends on it. Everything that is wrong is a `ModelError`
raised by the call that said it, so that its line in the model file can be shown; only what depends on the
whole (conflicts of behaviors, cells that nobody declared) is found at the end.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from bigworlds.data.component import CellComponent, Component
from bigworlds.data.fields import Field, zero_of
from bigworlds.data.parameters import Parameters
from bigworlds.errors import ModelError, nearest_names
from bigworlds.model.activation import Activation, activation_of
from bigworlds.model.declarations import (
    CellsDeclaration,
    FieldKey,
    PhaseDeclaration,
    SpawnDeclaration,
    StartValues,
    WorldDescription,
)
from bigworlds.model.initialisers import Cells, Initialiser, bind
from bigworlds.model.phases import behaviors_of, check_phases
from bigworlds.model.places import Occupancy
from bigworlds.model.values import Column, Target, column_of
from bigworlds.record import Spec, checked
from bigworlds.space import Continuous, Grid, Space
from bigworlds.view import Look

Value: TypeAlias = Initialiser | Column
Given: TypeAlias = dict[FieldKey, tuple[Field, Any]]

_MAX_ROWS = 2**40
_MAX_TILES = 2**20 - 1


class World:
    """The world under description, as a model function gets it.

    Example:
        `world.space = bw.Continuous((100.0, 100.0))`,
        `world.spawn(Bird, n=p.n, position=bw.uniform(), velocity=bw.unit_vector())`,
        `world.behaviors(flock)`
    """

    def __init__(self, parameters: Parameters | None = None) -> None:
        self._parameters = parameters
        self._space: Space | None = None
        self._tiles: int | None = None
        self._spawns: list[SpawnDeclaration] = []
        self._cells: list[CellsDeclaration] = []
        self._phases: list[PhaseDeclaration] = []
        self._stops: list[Callable[[Any], bool]] = []
        self._looks: list[Look] = []
        self._records: list[Spec] = []
        self._inputs: dict[str, Any] = {}
        self._input_components: list[type] = []
        self._occupancy: Occupancy | None = None

    @property
    def space(self) -> Space | None:
        """Where agents are: `bw.Continuous(...)` or `bw.Grid(...)`, set once, before the first spawn."""
        return self._space

    @space.setter
    def space(self, space: Space) -> None:
        if not isinstance(space, Continuous | Grid):
            raise ModelError(f"world.space is a bw.Continuous(...) or a bw.Grid(...); found {space!r}")
        if self._space is not None:
            raise ModelError(f"world.space is set once; it is {self._space!r} already")
        if self._spawns:
            raise ModelError("world.space is set before the first world.spawn(...)")
        self._space = space
        self._occupancy = Occupancy(space)

    @property
    def tiles(self) -> int | None:
        """Into how many tiles the world is cut, the pieces that ranks own; None lets the engine choose.

        The number belongs to the model: it is the same on any number of ranks and threads.
        """
        return self._tiles

    @tiles.setter
    def tiles(self, count: int) -> None:
        self._tiles = _whole("world.tiles", count, 1, _MAX_TILES)

    def spawn(self, *components: Any, n: int | None = None, **fields: Any) -> None:
        """Declares entities that are there when the world starts.

        Args:
            components: the component classes that each of them has; a pandas or polars data frame among
                them gives fields by column, vectors as `position.x`, `position.y`.
            n: how many; by default as many as the arrays have rows, else 1.
            fields: by name, one value for all, an array with a row for each, or an initialiser such as
                `bw.uniform()`. A field that two of the components have is given as `**{"Bird.age": 3}`.
                Fields that are not given have their default, else zero; `position` must be given in a world
                with a space.

        Raises:
            ModelError: an unknown field, a wrong type, shape or number of rows, or a position outside the
                space.
        """
        frames = [part for part in components if _is_frame(part)]
        kinds = tuple(part for part in components if not _is_frame(part))
        where = f"spawn({', '.join(getattr(kind, '__name__', repr(kind)) for kind in kinds)})"
        _check_components(where, kinds)
        known = _fields_of(kinds)
        given = _given(where, known, [*(_from_frame(where, frame, known) for frame in frames), fields])
        columns = self._columns(where, n, given)
        rows = self._rows(where, n, given, columns)
        values = self._start(where, known, given, rows, columns)
        taken = sum(spawn.n for spawn in self._spawns if spawn.start.takes_random_cells)
        if self._occupancy is not None:
            self._occupancy.enter(where, rows, values, taken)
        start = self._start_values(f"start/spawn/{len(self._spawns)}", values, taken)
        self._spawns.append(SpawnDeclaration(len(self._spawns), kinds, rows, start))

    def cells(self, component: type[CellComponent], **fields: Any) -> None:
        """Declares fields that every cell of the world has, and what they begin with.

        Args:
            component: a `bw.CellComponent` class.
            fields: by name, one value for all cells, an array shaped like the grid, [y, x], or flat in the
                order of cells, or an initialiser. Fields that are not given have their default, else zero.

        Raises:
            ModelError: no cells in this world, a component declared twice, or a field as in `spawn`.
        """
        where = f"cells({getattr(component, '__name__', repr(component))})"
        if not (isinstance(component, type) and issubclass(component, CellComponent)):
            raise ModelError(f"{where}: expected a bw.CellComponent class; found {component!r}")
        counts = self._space.cell_counts if self._space is not None else None
        if counts is None:
            raise ModelError(
                f"{where}: the world has no cells; set world.space to a bw.Grid(...) first, "
                "or to a bw.Continuous(..., cells=(nx, ny))"
            )
        if any(declared.component is component for declared in self._cells):
            raise ModelError(f"{where}: {component.__name__} is declared twice")
        count, shape = math.prod(counts), tuple(reversed(counts))
        known = _fields_of((component,))
        values = self._start(where, known, _given(where, known, [fields]), count, {}, shape)
        start = self._start_values(f"start/cells/{component.__name__}", values)
        self._cells.append(CellsDeclaration(component, count, start))

    def behaviors(self, *phases: Any, activation: Activation | str | None = None) -> None:
        """Adds phases to the tick, in the given order, behind those of earlier calls.

        Args:
            phases: each a behavior, or a tuple of behaviors that run in one phase with no order among them.
            activation: for all phases of this call `bw.Synchronous()` (the default) or `bw.Sequential()`,
                or their names in lower case, as a parameter gives them.

        Raises:
            ModelError: something that is no behavior, or an unknown activation.
        """
        acting = activation_of(activation)
        self._phases.extend(PhaseDeclaration(behaviors_of(phase), acting) for phase in phases)

    def stop_when(self, predicate: Callable[[Any], bool]) -> None:
        """Ends runs without a number of ticks after the first tick at which the predicate holds.

        Args:
            predicate: takes the simulation, as in `lambda sim: sim.count(Sheep) == 0`.
        """
        if not callable(predicate):
            raise ModelError(f"world.stop_when takes a function of the simulation; found {predicate!r}")
        self._stops.append(predicate)

    def look(self, target: type, **options: Any) -> None:
        """Declares how a kind of agents, or cells, is drawn by `--view`, `--movie` and `sim.plot()`.

        Args:
            target: the component that is drawn; without a look it is drawn in a default way.
            options: color, colormap, size, range, heading, symbol, as `bw.view.Look` explains them.

        Raises:
            ModelError: an unknown option, field or colour, or a second look of one kind.

        Example:
            `world.look(Bird, color="velocity angle")`
        """
        known = [field.name for field in dataclasses.fields(Look) if field.name != "target"]
        for name in options:
            if name not in known:
                raise ModelError(f"world.look has no option '{name}'{nearest_names(name, known)}")
        if not (isinstance(target, type) and issubclass(target, Component)):
            raise ModelError(f"world.look takes a component class; found {target!r}")
        if any(look.target is target for look in self._looks):
            raise ModelError(f"world.look({target.__name__}) is declared twice")
        self._looks.append(Look(target, **options))

    def record(self, *specs: Any) -> None:
        """Declares what is recorded while the world runs.

        Args:
            specs: made by `bw.record.mean("Bird.velocity", every=10)` and its sisters; a component class
                stands for its count.

        Raises:
            UserError: something else, or two records of one name.
        """
        self._records = list(checked([*self._records, *specs]))

    def inputs(self, *inputs: Any, components: Iterable[type] = ()) -> None:
        """Declares what may come into the world from outside while it runs (`sim.submit`).

        Args:
            inputs: functions that `@bw.input` made inputs of.
            components: components of agents that they use and neither spawns nor behaviors name.

        Raises:
            ModelError: something else, or two inputs of one name.
        """
        for given in inputs:
            if not (hasattr(given, "encode") and hasattr(given, "decode")):
                name = getattr(given, "__name__", None)
                hint = f"decorate {name} with @bw.input" if name else f"found {given!r}"
                raise ModelError(f"world.inputs takes inputs: {hint}")
            if self._inputs.setdefault(given.name, given) is not given:
                raise ModelError(f"world.inputs: two inputs are called '{given.name}'; rename one of them")
        for kind in components:
            _check_components("world.inputs(components=...)", (kind,))
            self._input_components.append(kind)

    def description(self) -> WorldDescription:
        """The frozen description, checked as a whole.

        Raises:
            ModelError: behaviors of one phase in conflict, or one that needs cells or a space that the
                world has not.
        """
        check_phases(self._phases, self._space, {declared.component for declared in self._cells})
        return WorldDescription(
            self._parameters,
            self._space,
            self._tiles,
            tuple(self._spawns),
            tuple(self._cells),
            tuple(self._phases),
            tuple(self._stops),
            tuple(self._looks),
            tuple(self._records),
            tuple(self._inputs.values()),
            tuple(self._input_components),
        )

    def _columns(self, where: str, n: int | None, given: Given) -> dict[FieldKey, Column]:
        """The columns of those given values that are no initialisers."""
        return {
            key: column_of(Target(where, field, self._space, n), value)
            for key, (field, value) in given.items()
            if not isinstance(value, Initialiser)
        }

    def _rows(self, where: str, n: int | None, given: Given, columns: Mapping[FieldKey, Column]) -> int:
        """How many entities a spawn makes: said by n, its arrays or the number of cells, which must
        agree."""
        said: dict[str, int] = {} if n is None else {"n": _whole(f"{where}: n", n, 0, _MAX_ROWS)}
        for key, (field, value) in given.items():
            if key in columns and len(columns[key]) != 1:
                said[field.full_name] = len(columns[key])
            elif isinstance(value, Cells) and not value.random and isinstance(self._space, Grid):
                said[f"{field.full_name} (each cell)"] = math.prod(self._space.size)
        if len(set(said.values())) > 1:
            counts = ", ".join(f"{name} {count}" for name, count in said.items())
            raise ModelError(f"{where}: expected the same number of rows everywhere; found {counts}")
        return next(iter(said.values()), 1)

    def _start(
        self,
        where: str,
        known: tuple[Field, ...],
        given: Given,
        rows: int,
        columns: Mapping[FieldKey, Column],
        shape: tuple[int, ...] | None = None,
    ) -> list[tuple[Field, Value]]:
        """The checked first values of all fields, in declared order; `columns` are checked already."""
        values: list[tuple[Field, Value]] = []
        for field in known:
            target = Target(where, field, self._space, rows, shape)
            key = field.owner, field.name
            if key in columns:
                values.append((field, columns[key]))
            elif key in given:
                values.append((field, bind(target, given[key][1])))
            else:
                self._check_place_not_missing(target)
                default = zero_of(field.type) if field.default is None else field.default
                values.append((field, column_of(target, default)))
        return values

    def _check_place_not_missing(self, target: Target) -> None:
        is_place = target.shape is None and self._space is not None and target.field.name == "position"
        if is_place and target.field.default is None:
            hint = "bw.random_cells()" if isinstance(self._space, Grid) else "bw.uniform()"
            missing = f"{target.field.full_name} is missing"
            raise ModelError(f"{target.where}: {missing}; give position=..., for example {hint}")

    def _start_values(
        self, stream: str, values: list[tuple[Field, Value]], random_cells: int = 0
    ) -> StartValues:
        fields, starts = tuple(zip(*values, strict=True)) or ((), ())
        return StartValues(stream, fields, starts, self._space, random_cells)


def _whole(what: str, given: Any, low: int, high: int) -> int:
    if isinstance(given, bool) or not hasattr(given, "__index__") or not low <= given.__index__() <= high:
        raise ModelError(f"{what} is a whole number from {low} to {high}; found {given!r}")
    return int(given.__index__())


def _check_components(where: str, kinds: tuple[Any, ...]) -> None:
    if not kinds:
        raise ModelError("spawn() needs at least one component class, as in world.spawn(Bird, n=100)")
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, CellComponent):
            raise ModelError(
                f"{where}: {kind.__name__} belongs to cells; declare it by world.cells({kind.__name__}, ...)"
            )
        if not (isinstance(kind, type) and issubclass(kind, Component)):
            raise ModelError(f"{where}: expected bw.Component classes; found {kind!r}")
    if len(set(kinds)) != len(kinds):
        raise ModelError(f"{where}: a component is named twice")
    with_place = [kind.__name__ for kind in kinds if "position" in kind.__bw_fields__]
    if len(with_place) > 1:
        raise ModelError(f"{where}: {' and '.join(with_place)} both have a position; an entity has one place")


def _fields_of(kinds: tuple[Any, ...]) -> tuple[Field, ...]:
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


def _given(where: str, known: tuple[Field, ...], sources: Iterable[Mapping[str, Any]]) -> Given:
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
