"""LocalEngine: makes simulations that run in this process, from models and from snapshots."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from bigworlds import _core, snapshot
from bigworlds.cluster import DryRun, OneProcess, Processes, launcher, processes_for
from bigworlds.cluster.processes import broadcast_plain
from bigworlds.data.parameters import Parameters
from bigworlds.errors import SnapshotError, UserError
from bigworlds.model import Model
from bigworlds.model.recipe import RunOptions
from bigworlds.simulation.build import build
from bigworlds.simulation.row_check import check_rows
from bigworlds.simulation.schema import schema_of
from bigworlds.simulation.seed import seed_of
from bigworlds.simulation.simulation import Simulation


def available_threads(processes: Processes) -> int:
    """How many cores this process may use: those of its affinity mask, shared with the ranks of its host that
    may use them too."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if processes.ranks > 1:
        return max(1, cores // processes.sharing)
    started = launcher()  # of processes that run a world each
    return max(1, cores // (1 if started is None else started.local_ranks or started.ranks))


def _whole(name: str, value: Any, default: int) -> int:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UserError(f"{name} is a whole number from 1 up; found {value!r}")
    return value


class LocalEngine:
    """Runs worlds in this process, on one or several ranks."""

    def simulate(self, model: Model, parameters: Parameters | None, options: RunOptions) -> Simulation:
        """A simulation at tick 0, with the entities that the model declares."""
        processes = processes_for(options.comm) or OneProcess()
        seed = seed_of(options.rng) if processes.rank == 0 or processes.pretends else 0
        seed = broadcast_plain(processes, "seed", seed)
        simulation = self._empty(model, parameters, seed, options, processes)
        simulation.populate()
        return simulation

    def check(self, model: Model, parameters: Parameters | None, seed: Any, ticks: int) -> list[str]:
        """The names of the vectorised and native behaviors, all of which go row by row."""
        return check_rows(lambda: self.simulate(model, parameters, RunOptions(rng=seed_of(seed))), ticks)

    def resume(
        self, model: Model, path: str | os.PathLike[str], given: Mapping[str, Any], options: RunOptions
    ) -> Simulation:
        """A simulation at the tick of a snapshot."""
        processes = processes_for(options.comm) or OneProcess()
        path = broadcast_plain(processes, "snapshot to resume", os.fspath(path))
        sections, meta = snapshot.read(path)
        stored = meta.get("parameters") or {}
        _require_same_names(path, meta, model)
        parameters = model.resumed(stored, given, branch=options.branch)
        seed = int(meta["seed"])
        if options.rng is not None and seed_of(options.rng) != seed:
            if not options.branch:
                raise UserError(
                    f"the snapshot's seed is {seed}; found {seed_of(options.rng)}; leave it out, "
                    "or ask for a branch "
                    "(branch=True, --branch) to go on with the new seed"
                )
            seed = seed_of(options.rng)
        simulation = self._empty(model, parameters, seed, options, processes)
        of_model = {"model": model.name, "schema": simulation.layout(), "parameters": stored}
        snapshot.require_same_model(path, meta, of_model)
        simulation.load(sections)
        if options.branch and parameters is not None:
            simulation.set_parameters(**parameters.as_dict())
        return simulation

    def _empty(
        self,
        model: Model,
        parameters: Parameters | None,
        seed: int,
        options: RunOptions,
        processes: Processes,
    ) -> Simulation:
        description = model.describe(parameters)
        built = build(description, seed, interpret=options.interpret)
        if isinstance(processes, DryRun) and description.cells:
            raise UserError(
                "a dry run knows nothing of the cells that other ranks ask for; leave world.cells out of its "
                "model"
            )
        ranks = _whole("ranks", options.ranks, 1)
        if processes.ranks > 1 and ranks > 1:
            raise UserError(
                f"ranks={ranks} runs so many ranks in one process, but there are {processes.ranks} processes "
                "with a rank each; leave ranks out"
            )
        core = _core.Simulation(
            built.spec,
            ranks=ranks,
            processes=processes if processes.ranks > 1 else None,
            threads=_whole("threads", options.threads, available_threads(processes)),
            check_values=options.check_values,
            sharing=options.partition.terms(),
        )
        simulation = Simulation(model, description, built, core, parameters, processes)
        simulation.apply_triggers()
        return simulation


def _require_same_names(path: str | os.PathLike[str], meta: snapshot.Meta, model: Model) -> None:
    """Refuses the snapshot of a model of another name or with other parameters; says all that differs, the
    fields too."""
    defaults = model.settings()
    ours: dict[str, Any] = {
        "model": model.name,
        "parameters": defaults.as_dict() if defaults is not None else {},
        "schema": meta.get("schema"),
    }
    try:
        snapshot.require_same_model(path, meta, ours)
    except SnapshotError:
        ours["schema"] = schema_of(model.describe(defaults)).layout()
        snapshot.require_same_model(path, meta, ours)
