"""Simulation: a world that runs. Plain names are global (the same answer on any number of ranks)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.data.parameters import Parameters
from bigworlds.errors import BehaviorError, UserError
from bigworlds.model import Model
from bigworlds.model.declarations import WorldDescription
from bigworlds.record import Recorder
from bigworlds.record.sums import exact_sum
from bigworlds.simulation.build import BehaviorPlace, BuiltModel, number_of
from bigworlds.simulation.inputs import Inputs
from bigworlds.simulation.outside import Outside
from bigworlds.simulation.per_tick import cause_in_words, set_acts
from bigworlds.simulation.schema import is_cell, stored_column
from bigworlds.simulation.shown import Shown, Table
from bigworlds.simulation.views import Columns
from bigworlds.snapshot import Section
from bigworlds.space import Continuous, Grid

_Part = tuple[NDArray[np.uint64], dict[str, NDArray[Any]]]

# So many ticks are run between two looks at stop conditions where nothing has to be looked at every tick.
_STRIDE = 1 << 30


class Simulation(Shown, Outside):
    """A running world, made by `model.simulate(...)`.

    All its state is in here: two simulations in one process do not know of each other.
    """

    def __init__(
        self,
        model: Model,
        description: WorldDescription,
        built: BuiltModel,
        core: _core.Simulation,
        parameters: Parameters | None,
    ) -> None:
        self.model = model
        self.description = description
        self._built = built
        self._schema = built.schema
        self._core = core
        self._parameters = parameters
        self._inputs = Inputs(self, self._take_parameters, core, built, description.inputs)
        self._generation = 0
        self._paused = threading.Event()
        self.seconds = 0.0
        self.cpu_seconds = 0.0
        self.ended: str | None = None
        self.edited_by_hand = False
        set_acts(self, core, built)
        if description.records:
            self.record_with(Recorder.in_memory(description.records))

    @property
    def tick(self) -> int:
        """How many ticks have passed since the start of the world."""
        return self._core.tick

    @property
    def seed(self) -> int:
        """The seed of all its random streams, from 0 to 2^63 - 1."""
        return self._core.seed

    @property
    def ranks(self) -> int:
        """How many ranks it runs on."""
        return self._core.ranks

    @property
    def threads(self) -> int:
        """How many threads each rank uses."""
        return self._core.threads

    @property
    def space(self) -> Continuous | Grid | None:
        """The space of its world, if it has one."""
        return self.description.space

    @property
    def parameters(self) -> Parameters | None:
        """The parameters in force. They are changed by `set_parameters`."""
        return self._parameters

    @property
    def entities(self) -> int:
        """How many entities there are."""
        return self._core.population

    @property
    def phase_seconds(self) -> dict[str, float]:
        """Wall time of each phase so far, by the names of its behaviors."""
        names = [" + ".join(b.name for b in phase.behaviors) for phase in self.description.phases]
        return dict(zip(names, self._core.phase_seconds, strict=True))

    def run(self, ticks: int) -> int:
        """Runs some ticks. Collective.

        It ends early at a tick boundary where `pause()` was called, where a `world.stop_when` condition
        holds, or with a KeyboardInterrupt on Ctrl-C. A world that has stopped stays so, also after a restart
        from a snapshot: further calls run nothing as long as the condition holds. At tick 0 none is asked.

        Args:
            ticks: how many, from 0 up.

        Returns:
            How many were run.

        Raises:
            BehaviorError: a behavior failed; the message names it, the entity and the tick.
        """
        if isinstance(ticks, bool) or not isinstance(ticks, int | np.integer) or ticks < 0:
            raise UserError(f"run takes a number of ticks from 0 up; found {ticks!r}")
        if self._has_stopped():
            self.ended = "stop"
            return 0
        return self._run(int(ticks))

    def _has_stopped(self) -> bool:
        """Whether the model's own condition holds after a tick: asked of the state, so that a restart knows
        it too."""
        return self.tick > 0 and any(stop(self) for stop in self.description.stops)

    def _run(self, ticks: int) -> int:
        """Runs ticks of a world that has not stopped; `ended` says why it returned."""
        self.ended = "ticks"
        done = 0
        while done < ticks:
            step = min(ticks - done, 1 if self.description.stops else _STRIDE)
            ran = self._advance(step)
            done += ran
            if ran < step or self._paused.is_set():
                self._paused.clear()
                self.ended = "paused"
                break
            if self._has_stopped():
                self.ended = "stop"
                break
        return done

    def step(self) -> None:
        """Runs one tick. Collective."""
        self.run(1)

    def run_until(self, predicate: Callable[[Simulation], bool], at_most: int | None = None) -> int:
        """Runs tick by tick until a predicate of the simulation holds. Collective.

        Args:
            predicate: asked after each tick.
            at_most: the most ticks to run, None for no limit.

        Returns:
            How many ticks were run.
        """
        if self._has_stopped():
            self.ended = "stop"
            return 0
        done = 0
        while at_most is None or done < at_most:
            ran = self._run(1)
            done += ran
            if ran == 0 or self.ended == "stop":
                break
            if predicate(self):
                self.ended = "until"
                break
        return done

    def pause(self) -> None:
        """Makes a `run` that goes on in another thread return at the next tick boundary."""
        self._paused.set()

    def _advance(self, ticks: int) -> int:
        """Runs ticks without asking for reasons to stop, except for `pause`; returns how many."""
        self._generation += 1
        done = 0
        self._observe()
        try:
            with self._inputs.running():
                while done < ticks and not (done > 0 and self._paused.is_set()):
                    done += self._run_stretch(ticks - done)
                    self._observe()
            return done
        except BehaviorError as error:
            explained = self._explained(error)
            raise explained from explained.__cause__

    def _run_stretch(self, ticks: int) -> int:
        """Applies the inputs of the present tick, and runs up to the next that begins with some, or at which
        something is recorded; counts the time, that of recording left out."""
        began, cpu_began = time.perf_counter(), time.process_time()
        try:
            self._inputs.accept()
            self._inputs.apply_due()
            due = self._core.next_input_due
            recorded = None if self._recorder is None else self._recorder.next_due(self.tick + 1)
            ends = [end - self.tick for end in (due, recorded) if end is not None]
            return self._core.run(min([ticks, *ends]), self._may_go_on)
        finally:
            self.seconds += time.perf_counter() - began
            self.cpu_seconds += time.process_time() - cpu_began

    def _may_go_on(self) -> bool:
        return not (self._paused.is_set() or self._inputs.arrived)

    def _explained(self, error: BehaviorError) -> BehaviorError:
        """The error with the cause that running the failed row again as Python gave."""
        found: list[tuple[BehaviorPlace, BaseException]] = []
        for place in self._built.behaviors:
            for kernel in (place.kernel, place.explain):
                cause = kernel.pending_error() if kernel is not None else None
                if isinstance(cause, KeyboardInterrupt | SystemExit):
                    raise cause
                if cause is not None and place.behavior.name == getattr(error, "behavior", None):
                    found.append((place, cause))
        if not found:
            return error
        # Others of the phase may have failed too; the engine named the first.
        place, cause = found[0]
        explained = BehaviorError(f"{error}: {cause_in_words(place.behavior, cause)}")
        explained.__dict__.update(error.__dict__)
        explained.__cause__ = cause
        return explained

    def digest(self) -> str:
        """The digest of the whole state, 32 hexadecimal digits: equal for equal worlds on any number of
        ranks and threads.

        Collective. Costs a few nanoseconds per stored value.
        """
        return self._core.digest()

    def count(self, component: type | str) -> int:
        """How many entities (or cells) have a component. Collective."""
        return self._core.count(self._schema.number(self._schema.component(component)))

    def sum(self, label: str) -> Any:
        """The exact sum of a field over all entities or cells, rounded once: a number, or an array for
        vectors.

        Collective. The same bits on any number of ranks: it does not depend on the order of rows.

        Args:
            label: the field, as in "Bird.velocity".
        """
        columns = self._values(label)
        return _each_element(columns, exact_sum)

    def mean(self, label: str) -> Any:
        """The mean of a field over all entities or cells: its exact sum divided by their number; NaN where
        there are none."""
        count = self.count(self._schema.field(label).owner)
        total = self.sum(label)
        return total / count if count else total * np.nan

    def min(self, label: str) -> Any:
        """The smallest value of a field over all entities or cells.

        Raises:
            UserError: there are none.
        """
        return _each_element(self._some_values(label), np.min)

    def max(self, label: str) -> Any:
        """The largest value of a field over all entities or cells.

        Raises:
            UserError: there are none.
        """
        return _each_element(self._some_values(label), np.max)

    def table(self, component: type | str) -> Table:
        """All fields of the entities that have a component, as copies in the order of ids. Collective.

        Returns:
            A dict: "id" (uint64) and each field by name; vectors have the shape (n, 2) or (n, 3).
        """
        found = self._schema.component(component)
        if is_cell(found):
            raise UserError(f"{found.__name__} belongs to cells; use sim.cells({found.__name__})")
        number = self._schema.number(found)
        columns: dict[str, NDArray[Any]] = {}
        order: NDArray[Any] | None = None
        for position, name in enumerate(found.__bw_fields__):  # type: ignore[attr-defined]
            parts = self._core.views(number, position)
            if order is None:
                ids = _joined([part[0] for part in parts], np.uint64)
                order = np.argsort(ids)
                columns["id"] = ids[order]
            columns[name] = _joined([part[1] for part in parts])[order]
        if order is None:
            columns["id"] = np.sort(np.asarray(self._core.ids(number), dtype=np.uint64))
        return Table(found.__name__, columns)

    def columns(self, component: type | str) -> Columns:
        """Views of the columns of a component, without a copy, valid until the next tick or structural
        change. One rank.

        Raises:
            UserError: on several ranks (use `sim.table`), or where several archetypes have the component.
        """
        found = self._schema.component(component)
        if self.ranks > 1:
            raise UserError(
                f"sim.columns({found.__name__}) is for one rank; found {self.ranks}. "
                f"Use sim.table({found.__name__}) for the "
                "rows of all ranks"
            )
        return Columns(
            self._core, self._schema.number(found), found, lambda: self._generation, self._mark_edited
        )

    def cells(self, component: type | str) -> dict[str, NDArray[Any]]:
        """All fields of a component of cells, as copies shaped like the world: [y, x] or [z, y, x].
        Collective."""
        found = self._schema.component(component)
        space = self.space
        if not is_cell(found) or space is None or space.cell_counts is None:
            raise UserError(f"{found.__name__} belongs to entities; use sim.table({found.__name__})")
        shape = tuple(reversed(space.cell_counts))
        values = {}
        for position, field in enumerate(found.__bw_fields__.values()):  # type: ignore[attr-defined]
            flat = self._core.cell_values(self._schema.number(found), position)
            values[field.name] = flat.reshape(*shape, *flat.shape[1:])
        return values

    def _values(self, label: str) -> NDArray[Any]:
        field = self._schema.field(label)
        component, position = self._schema.field_number(field)
        if is_cell(field.owner):
            return np.asarray(self._core.cell_values(component, position))
        return _joined([part[1] for part in self._core.views(component, position)], field.dtype, field.length)

    def _some_values(self, label: str) -> NDArray[Any]:
        values = self._values(label)
        if len(values) == 0:
            raise UserError(
                f"there is no {label.partition('.')[0]}, so {label} has no smallest or largest value"
            )
        return values

    def metrics(self) -> dict[str, float | int]:
        """The model's metrics (`@model.metric`) of the present state. Collective."""
        return self.model.measure(self)

    def _take_parameters(self, values: dict[str, Any]) -> None:
        """Puts values of parameters in force. Part of `set_parameters`, which checks and writes them down."""
        assert self._parameters is not None
        self._parameters = self._parameters.replace(**values)
        self._core.set_parameters(self._parameters.pack())
        self.apply_triggers()

    def apply_triggers(self) -> None:
        """Hands the engine the triggers of all behaviors under the present parameters."""
        for place in self._built.behaviors:
            trigger = place.behavior.trigger
            when = number_of(trigger.when, self._parameters)
            enabled = True if when is None else bool(when(self._parameters) if callable(when) else when)
            every, after = (
                number_of(trigger.every, self._parameters),
                number_of(trigger.after, self._parameters),
            )
            self._core.set_trigger(place.phase, place.number, every, after, list(trigger.at), enabled)

    def sections(self) -> list[Section]:
        """The whole state as named arrays: what digest and snapshots read. Copies. Collective.

        Rows come in the order of their keys, so that equal worlds give equal bytes on any number of ranks.
        """
        parts: dict[tuple[str, str], list[_Part]] = {}
        for room, name, keys, columns in self._core.sections():
            parts.setdefault((room, name), []).append((keys, columns))
        return [_whole_section(room, name, parts[room, name]) for room, name in sorted(parts)]

    def load(self, sections: list[Section]) -> None:
        """Takes in the state of another simulation of the same model. Collective."""
        self._generation += 1
        if self._inputs.journal is not None:
            self._mark_edited()
        self._core.load([(s.room, s.name, s.keys, dict(s.columns)) for s in sections])

    def populate(self) -> None:
        """Makes the entities and cells that the model declares. Called once, before the first tick."""
        for spawn in self.description.spawns:
            ids = self._core.next_id + np.arange(spawn.n, dtype=np.uint64)
            self._spawn(spawn.components, spawn.n, spawn.columns(self.seed, ids))
        for cells in self.description.cells:
            columns = cells.columns(self.seed)
            for field in cells.component.__bw_fields__.values():  # type: ignore[attr-defined]
                component, position = self._schema.field_number(field)
                self._core.set_cells(
                    component, position, stored_column(field, columns[field.owner, field.name])
                )

    def _spawn(
        self, components: tuple[type, ...], n: int, columns: Mapping[tuple[type, str], NDArray[Any]]
    ) -> None:
        given = []
        for (owner, name), values in columns.items():
            field = owner.__bw_fields__[name]  # type: ignore[attr-defined]
            given.append((self._schema.field_number(field), stored_column(field, values)))
        self._generation += 1
        self._core.spawn([self._schema.number(component) for component in components], n, given)

    def layout(self) -> dict[str, Any]:
        """Components and fields with their types, as plain data for snapshots."""
        return self._schema.layout()

    def __repr__(self) -> str:
        ranks = f", {self.ranks} ranks" if self.ranks > 1 else ""
        where = f"tick {self.tick}, {self.entities} entities, seed {self.seed}{ranks}"
        return f"<simulation of {self.model.name}: {where}>"


def _whole_section(room: str, name: str, parts: list[_Part]) -> Section:
    """One section of the rows that several tables, ranks or runs of cells have, in the order of keys."""
    keys = np.concatenate([part[0] for part in parts])
    columns = {label: np.concatenate([part[1][label] for part in parts]) for label in parts[0][1]}
    if np.any(keys[1:] < keys[:-1]):
        order = np.argsort(keys)
        keys, columns = keys[order], {label: values[order] for label, values in columns.items()}
    return Section(room, name, keys, columns)


def _joined(parts: list[NDArray[Any]], dtype: Any = None, length: int = 1) -> NDArray[Any]:
    """One array of the rows of several tables; a copy."""
    if parts:
        return np.concatenate(parts)
    return np.empty(0 if length == 1 else (0, length), dtype=dtype)


def _each_element(columns: NDArray[Any], reduce: Callable[[NDArray[Any]], Any]) -> Any:
    """A reduction of scalars to a number, and of vectors to an array."""
    if columns.ndim == 1:
        result = reduce(columns)
        return result.item() if isinstance(result, np.generic) else result
    return np.array([reduce(np.ascontiguousarray(columns[:, k])) for k in range(columns.shape[1])])
