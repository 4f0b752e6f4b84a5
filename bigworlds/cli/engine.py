"""The seam to the simulation: the only file of the command line that says how a run is made and asked.

Everything else in this room works with `Simulation` as it stands here, a part of what the simulation room
offers.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from bigworlds import snapshot
from bigworlds.data.parameters import Parameters
from bigworlds.model import Model, WorldDescription
from bigworlds.record import Manifest, Spec, checked
from bigworlds.record import Source as RecordSource
from bigworlds.view import Source as ViewSource


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
    def sum(self, label: str) -> Any: ...
    def table(self, component: type | str) -> Mapping[str, Any]: ...
    def cells(self, component: type | str) -> Mapping[str, Any]: ...
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
    about = {
        "model": simulation.model.name,
        "source": None if simulation.model.source is None else str(simulation.model.source),
        "model_hash": model_hash(simulation.model),
        "version": version(),
        "seed": simulation.seed,
        "tick": simulation.tick,
        "parameters": plain(simulation.parameters),
        "schema": simulation.layout(),
    }
    snapshot.write(path, simulation.sections(), about)


def manifest_of(simulation: Simulation) -> Manifest:
    """What a run's folder says about it."""
    return Manifest(
        version=version(),
        model=simulation.model.name,
        model_hash=model_hash(simulation.model),
        parameters=plain(simulation.parameters),
        seed=simulation.seed,
        ranks=simulation.ranks,
        threads=simulation.threads,
    )


def model_hash(model: Model) -> str:
    """SHA-256 of the model's file, an empty text where there is none."""
    return "" if model.source is None else file_hash(model.source)


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def components_of(simulation: Simulation) -> dict[str, type]:
    """All components of the world by name, those of cells and of agents that are yet to be born too."""
    description = simulation.description
    born = [c for b in description.behaviors for use in b.spawns for c in use.components]
    of_cells = [cells.component for cells in description.cells]
    return {component.__name__: component for component in (*description.components, *born, *of_cells)}


class Seen:
    """A simulation as views and recorders see it: they ask for components by name too, and for lists of
    them."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.cell_components = [cells.component for cells in simulation.description.cells]
        every = components_of(simulation).values()
        self.components = [component for component in every if component not in self.cell_components]

    def table(self, component: type | str) -> Mapping[str, Any]:
        """The rows of a component; of cells one a cell, in their order, without ids."""
        named = {cells.__name__: cells for cells in self.cell_components}
        name = component if isinstance(component, str) else component.__name__
        if name not in named:
            return self._simulation.table(component)
        shape = self._simulation.cells(named[name])
        axes = self._simulation.description.space.dimensions if self._simulation.description.space else 0
        return {field: values.reshape(-1, *values.shape[axes:]) for field, values in shape.items()}

    def exact_sum(self, label: str) -> Any:
        """The exact sum of a field."""
        return self._simulation.sum(label)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._simulation, name)


def picture_of(simulation: Simulation) -> ViewSource:
    """What views and movies draw from."""
    return cast("ViewSource", Seen(simulation))


def rows_of(simulation: Simulation) -> RecordSource:
    """What recorders read."""
    return cast("RecordSource", Seen(simulation))


def records_of(simulation: Simulation) -> tuple[Spec, ...]:
    """What the model records; where it says nothing, how many there are of each kind of agents."""
    return simulation.description.records or checked(simulation.description.components)


def version() -> str:
    """The version of bigworlds; of a source tree that is not installed only that it is one."""
    try:
        return importlib.metadata.version("bigworlds")
    except importlib.metadata.PackageNotFoundError:
        return "source"


def plain(parameters: Parameters | None) -> dict[str, Any]:
    """A run's parameters as JSON has them."""
    return {} if parameters is None else parameters.as_dict()
