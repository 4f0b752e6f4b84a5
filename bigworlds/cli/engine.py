"""The seam to the simulation: the only file of the command line that says how a run is made and asked.

Everything else in this room works with `Simulation` as it stands here, a part of what the simulation room
offers.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from bigworlds import snapshot
from bigworlds.data.parameters import Parameters
from bigworlds.model import Model, WorldDescription
from bigworlds.view import Look, Source


class Simulation(Protocol):
    """What the command line needs of a run; the names and meanings are those of `bw.Simulation`."""

    ended: str | None
    seconds: float
    cpu_seconds: float
    model: Model
    description: WorldDescription

    @property
    def tick(self) -> int: ...
    @property
    def seed(self) -> int: ...
    @property
    def ranks(self) -> int: ...
    @property
    def threads(self) -> int: ...
    @property
    def entities(self) -> int: ...
    @property
    def parameters(self) -> Parameters | None: ...
    def run(self, ticks: int) -> int: ...
    def run_until(self, predicate: Callable[[Any], bool], at_most: int | None = None) -> int: ...
    def pause(self) -> None: ...
    def digest(self) -> str: ...
    def metrics(self) -> Mapping[str, float | int]: ...
    def sections(self) -> list[snapshot.Section]: ...
    def layout(self) -> dict[str, Any]: ...


def start(model: Model, settings: Mapping[str, Any], options: Mapping[str, Any]) -> Simulation:
    """A run from tick 0."""
    return cast("Simulation", model.simulate(**options, **settings))


def resume(
    model: Model, path: Path, settings: Mapping[str, Any], options: Mapping[str, Any], *, branch: bool
) -> Simulation:
    """A run from a snapshot's tick."""
    return cast("Simulation", model.resume(path, branch=branch, **options, **settings))


def save(simulation: Simulation, path: Path) -> None:
    """Writes a snapshot."""
    snapshot.write(path, simulation.sections(), about(simulation) | {"schema": simulation.layout()})


def about(simulation: Simulation) -> dict[str, Any]:
    """What a snapshot or a manifest says about a run: model, version, seed, tick, parameters."""
    return {
        "model": simulation.model.name,
        "model_hash": model_hash(simulation.model),
        "version": version(),
        "seed": simulation.seed,
        "tick": simulation.tick,
        "parameters": plain(simulation.parameters),
    }


def model_hash(model: Model) -> str | None:
    """SHA-256 of the model's file, None where there is none."""
    return None if model.source is None else hashlib.sha256(model.source.read_bytes()).hexdigest()


def components_of(simulation: Simulation) -> dict[str, type]:
    """All components of the world by name, those of cells and of agents that are yet to be born too."""
    description = simulation.description
    born = [c for b in description.behaviors for use in b.spawns for c in use.components]
    of_cells = [cells.component for cells in description.cells]
    return {component.__name__: component for component in (*description.components, *born, *of_cells)}


def looks_of(simulation: Simulation) -> Sequence[Any]:
    """How the model wants to be drawn."""
    return [Look(*look.subjects, **look.options) for look in simulation.description.looks]


class Seen:
    """A simulation as views see it: with the lists of its components."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        of_cells = [cells.component for cells in simulation.description.cells]
        self.components = [c for c in components_of(simulation).values() if c not in of_cells]
        self.cell_components = of_cells

    def __getattr__(self, name: str) -> Any:
        return getattr(self._simulation, name)


def source_of(simulation: Simulation) -> Source:
    """What views and movies draw from."""
    return cast("Source", Seen(simulation))


def version() -> str:
    """The version of bigworlds; of a source tree that is not installed only that it is one."""
    try:
        return importlib.metadata.version("bigworlds")
    except importlib.metadata.PackageNotFoundError:
        return "source"


def plain(parameters: Parameters | None) -> dict[str, Any]:
    """A run's parameters as JSON has them."""
    return {} if parameters is None else parameters.as_dict()
