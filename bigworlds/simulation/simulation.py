"""Simulation: a world that runs. Plain names are global (the same answer on any number of ranks)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any
from weakref import WeakMethod

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.cluster import DryRun, Processes
from bigworlds.cluster.errors import is_told
from bigworlds.cluster.processes import broadcast_plain
from bigworlds.data.component import EdgeComponent
from bigworlds.data.parameters import Parameters
from bigworlds.data.resource import Resource, size_of
from bigworlds.errors import BehaviorError, UserError
from bigworlds.model import Model
from bigworlds.model.declarations import SpawnDeclaration, WorldDescription
from bigworlds.record import Recorder
from bigworlds.simulation.build import BehaviorPlace, BuiltModel, block_of, number_of
from bigworlds.simulation.by_hand import ByHand
from bigworlds.simulation.entities import readable
from bigworlds.simulation.gathered import Gathered
from bigworlds.simulation.graphs import Graphs
from bigworlds.simulation.inputs import Inputs
from bigworlds.simulation.outside import Outside
from bigworlds.simulation.per_tick import cause_in_words, set_acts
from bigworlds.simulation.profile import Profiled
from bigworlds.simulation.queries import Asked
from bigworlds.simulation.schema import is_cell, is_edge, stored_column, stored_columns
from bigworlds.simulation.share import start_share
from bigworlds.simulation.shown import Shown, Table
from bigworlds.simulation.soups import Living
from bigworlds.simulation.summed import Summed
from bigworlds.simulation.views import Columns, Generations, Local
from bigworlds.snapshot import Section
from bigworlds.space import Continuous, Grid

# So many ticks are run between two looks at stop conditions where nothing has to be looked at every tick.
_STRIDE = 1 << 30

# So many entities of a spawn are drawn at a time: what is drawn takes memory beside what is kept.
_START_ROWS = 1 << 20


class Simulation(Shown, Summed, Asked, Outside, ByHand, Profiled, Living):
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
        processes: Processes,
    ) -> None:
        self.model = model
        self.description = description
        self._built = built
        self._schema = built.schema
        self._core = core
        self._processes = processes
        processes.explain = self._explain
        self._gathered = Gathered(core, processes)
        self._parameters = parameters
        self._graphs = Graphs(core, processes, description.graphs)
        self._resources = {type(resource): resource for resource in description.resources}
        self._inputs = Inputs(self, self._take_parameters, core, built, description.inputs)
        self._generations = Generations()
        self._editing = WeakMethod(self._mark_edited)
        self._columns: dict[type | str, Columns] = {}
        self._paused = threading.Event()
        self.seconds = 0.0
        self.cpu_seconds = 0.0
        self._cpu_nanoseconds = 0  # of this process
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
    def rank(self) -> int:
        """Which of the ranks this process is: 0 where all of them live in it."""
        return self._processes.rank

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
        names = [phase.name for phase in self.description.phases]
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
        self._generations.now += 1
        done = 0
        self._observe()
        try:
            with self._inputs.running():
                self._processes.running = True
                while done < ticks:
                    done += self._run_stretch(ticks - done)
                    self._observe()
                    if self._agree_on_pause():
                        break
            return done
        except BehaviorError as error:
            if is_told(error):
                raise
            explained = self._explain(error)
            raise explained from explained.__cause__
        finally:
            self._processes.running = False

    def _run_stretch(self, ticks: int) -> int:
        """Applies the inputs of the present tick, and runs up to the next that begins with some, or at which
        something is recorded; counts the time, that of recording left out."""
        began, cpu_began = time.perf_counter(), time.process_time_ns()
        try:
            self._inputs.accept()
            self._inputs.apply_due()
            due = self._core.next_input_due
            recorded = None if self._recorder is None else self._recorder.next_due(self.tick + 1)
            ends = [end - self.tick for end in (due, recorded) if end is not None]
            return self._core.run(min([ticks, *ends]), self._may_go_on)
        finally:
            self.seconds += time.perf_counter() - began
            self._cpu_nanoseconds += time.process_time_ns() - cpu_began

    def _may_go_on(self) -> bool:
        if self._processes.interrupted:
            self._processes.interrupted = False
            raise KeyboardInterrupt
        return not (self._paused.is_set() or self._inputs.arrived)

    def _agree_on_pause(self) -> bool:
        """Whether a rank was paused: then all are. The processor's time of all ranks is summed on the way."""
        paused, spent = self._processes.sum("pause", [int(self._paused.is_set()), self._cpu_nanoseconds])
        self.cpu_seconds = spent * 1e-9
        if paused:
            self._paused.set()
        return self._paused.is_set()

    def agreed(self, value: Any) -> Any:
        """A value of rank 0 on all ranks. Collective.

        What ranks do must not depend on what only one of them sees, such as its clock or its terminal: let
        rank 0 decide, and all follow.

        Args:
            value: of JSON's types; only that of rank 0 counts.
        """
        return broadcast_plain(self._processes, "agreed", value)

    def ranks_where(self, *conditions: bool) -> list[int]:
        """On how many ranks each of some conditions holds. Collective."""
        return self._processes.sum("conditions", [int(condition) for condition in conditions])

    def _explain(self, error: BaseException) -> BaseException:
        """A behavior's error with the cause that running the failed row again as Python gave."""
        if not isinstance(error, BehaviorError):
            return error
        found: list[tuple[BehaviorPlace, BaseException]] = []
        for place in self._built.behaviors:
            for kernel in (place.kernel, place.explain):
                cause = kernel.pending_error() if kernel is not None else None
                if isinstance(cause, KeyboardInterrupt | SystemExit):
                    return cause
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

    def table(self, component: type | str) -> Table:
        """All fields of the entities that have a component, as copies in the order of ids. Collective.

        Returns:
            A dict: "id" (uint64) and each field by name; vectors have the shape (n, 2) or (n, 3), `bw.string`
            fields are arrays of str, `bw.short_list` fields arrays of lists; `str`, `bytes` and `list[...]`
            fields arrays of such objects.
        """
        found = self._schema.component(component)
        if is_cell(found):
            raise UserError(f"{found.__name__} belongs to cells; use sim.cells({found.__name__})")
        if is_edge(found):
            raise UserError(f"{found.__name__} belongs to edges; use sim.edges({found.__name__})")
        number = self._schema.number(found)
        columns: dict[str, NDArray[Any]] = {}
        order: NDArray[Any] | None = None
        for position, field in enumerate(found.__bw_fields__.values()):  # type: ignore[attr-defined]
            if field.is_open:
                ids, values = self._gathered.contents(number, position, field.type)
            else:
                ids, values = self._gathered.rows(number, position, field.dtype, field.length)
            if order is None:
                order = np.argsort(ids)
                columns["id"] = ids[order]
            columns[field.name] = readable(field.type, values[order])
        if order is None:
            columns["id"] = np.sort(self._gathered.ids(number))
        return Table(found.__name__, columns)

    def columns(self, component: type | str) -> Columns:
        """Views of the columns of a component, without a copy, valid until the next tick or structural
        change. One rank.

        Raises:
            UserError: on several ranks (use `sim.table`, or `sim.local.columns` for the rows of this one), or
                where several archetypes have the component.
        """
        known = self._columns.get(component)
        if known is not None and known._made == self._generations.now and self.ranks == 1:
            return known
        found = self._schema.component(component)
        if self.ranks > 1:
            raise UserError(
                f"sim.columns({found.__name__}) is for one rank; found {self.ranks}. Use "
                f"sim.table({found.__name__}) for the rows of all ranks, sim.local.columns({found.__name__}) "
                "for those of this one"
            )
        return self._columns_here(component)

    @property
    def local(self) -> Local:
        """What this rank has of the world: `sim.local.columns(Bird)`. Local.

        Raises:
            UserError: several ranks live in this process.
        """
        if self._processes.ranks == 1 and self.ranks > 1:
            raise UserError(
                f"sim.local is of one rank a process; {self.ranks} live in this one. Use sim.table(...)"
            )
        return Local(self._columns_here, self._query_here)

    def _columns_here(self, component: type | str) -> Columns:
        """Views of the rows of this process."""
        found = self._schema.component(component)
        known = self._columns.get(found)
        if known is None or known._made != self._generations.now:
            known = Columns(self._core, self._schema.number(found), found, self._generations, self._editing)
        self._columns[component] = self._columns[found] = known
        return known

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
            flat = self._gathered.cells(self._schema.number(found), position)
            values[field.name] = flat.reshape(*shape, *flat.shape[1:])
        return values

    def edges(self, graph: type[EdgeComponent] | str) -> dict[str, NDArray[Any]]:
        """All edges of a graph, as copies in the order of (source, target). Collective.

        Args:
            graph: the component of its edges.

        Returns:
            "source" and "target" (uint64, ids of agents) and each field by name. An undirected edge is there
            once, with the smaller id as its source.

        Raises:
            UserError: the world has no such graph.

        Example:
            With networkx: `networkx.from_pandas_edgelist(pandas.DataFrame(sim.edges(Contact)))`
        """
        return self._graphs.edges(graph)

    @property
    def dropped_links(self) -> int:
        """How many orders for edges were not carried out so far: an end had ended, or there was no edge to
        change."""
        return _core.graph.dropped_orders(self._core)

    def metrics(self) -> dict[str, float | int]:
        """The model's metrics (`@model.metric`) of the present state. Collective."""
        return self.model.measure(self)

    def _take_parameters(self, values: dict[str, Any]) -> None:
        """Puts values of parameters in force. Part of `set_parameters`, which checks and writes them down."""
        assert self._parameters is not None
        self._parameters = self._parameters.replace(**values)
        self._core.set_parameters(block_of(self._parameters, self._resources.values()))
        self.apply_triggers()

    def _take_resource(self, kind: type[Resource], values: dict[str, Any]) -> None:
        """Puts values of a resource in force. Part of `set_resource`, which checks and writes them down."""
        self._resources[kind] = self._resources[kind].replace(**values)
        self._core.set_parameters(block_of(self._parameters, self._resources.values()))

    def _read_resources(self) -> None:
        """Brings the resources from the engine, which has loaded another state."""
        block = self._core.parameter_block
        end = len(block)
        for kind in reversed(self._schema.resources):
            end -= size_of(kind.__bw_layout__)
            self._resources[kind] = kind.unpack(block[end:])

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
        return self._gathered.sections()

    def load(self, sections: list[Section]) -> None:
        """Takes in the state of another simulation of the same model. Collective."""
        self._generations.now += 1
        if self._inputs.journal is not None:
            self._mark_edited()
        listed = [(s.room, s.name, s.keys, dict(s.columns)) for s in sections]
        self._taking_in(lambda: self._core.load(listed))
        self._read_resources()

    def populate(self) -> None:
        """Makes the entities and cells that the model declares. Called once, before the first tick."""
        spawned = []
        if isinstance(self._processes, DryRun) and self._processes.load is not None:
            start_share(self._core, self._schema, self.description, self.seed, self._processes)
            return
        for spawn in self.description.spawns:
            first = self._core.next_id
            for begin in range(0, spawn.n, _START_ROWS):
                self._start(spawn, begin, min(spawn.n, begin + _START_ROWS))
            # Only graphs ask for the ids.
            nodes = spawn.n if self.description.graphs else 0
            spawned.append(first + np.arange(nodes, dtype=np.uint64))
        self._graphs.populate(self.seed, spawned)
        self._core.start_rooms()
        for cells in self.description.cells:
            columns = cells.columns(self.seed)
            for field in cells.component.__bw_fields__.values():  # type: ignore[attr-defined]
                component, position = self._schema.field_number(field)
                self._core.set_cells(
                    component, position, stored_column(field, columns[field.owner, field.name])
                )

    def _start(self, spawn: SpawnDeclaration, begin: int, end: int) -> None:
        """Makes some rows of a spawn; of several processes each draws and makes those that it owns."""
        rows = np.arange(begin, end, dtype=np.uint64)
        ids = self._core.next_id + np.arange(end - begin, dtype=np.uint64)
        numbers = [self._schema.number(component) for component in spawn.components]
        self._generations.now += 1
        if self._processes.ranks == 1:
            self._core.spawn(
                numbers, len(rows), stored_columns(self._schema, spawn.columns(self.seed, ids, rows))
            )
            return
        places = stored_columns(self._schema, spawn.places(self.seed, ids, rows))
        own = self._core.own_rows(len(rows), places)
        self._core.spawn_own(
            numbers,
            len(rows),
            own,
            stored_columns(self._schema, spawn.columns(self.seed, ids[own], rows[own])),
        )

    def layout(self) -> dict[str, Any]:
        """Components, resources and their fields with their types, as plain data for snapshots."""
        return self._schema.layout()

    def __repr__(self) -> str:
        ranks = f", {self.ranks} ranks" if self.ranks > 1 else ""
        where = f"tick {self.tick}, {self.entities} entities, seed {self.seed}{ranks}"
        return f"<simulation of {self.model.name}: {where}>"
