"""The seam to the simulation: the only file of the command line that says how a run is made and asked.

Everything else in this room works with `Simulation` as it stands here, a part of what the simulation room
offers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from bigworlds.data.parameters import Parameters
from bigworlds.model import Model, WorldDescription
from bigworlds.query import Result
from bigworlds.record import Manifest, Recorder
from bigworlds.record import Source as RecordSource
from bigworlds.simulation import (
    PARTS,
    Seen,
    counted_value,
    every_component,
    file_hash,
    model_hash,
    plain,
    records_of,
    version,
)
from bigworlds.view import Source as ViewSource

__all__ = [
    "PARTS", "Simulation", "components_of", "counted_value", "file_hash", "manifest_of", "model_hash",
    "picture_of", "plain", "records_of", "resume", "rows_of", "save", "start", "version",
]  # fmt: skip


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
    def rank(self) -> int: ...
    @property
    def threads(self) -> int: ...
    @property
    def entities(self) -> int: ...
    @property
    def parameters(self) -> Parameters | None: ...
    def run(self, ticks: int) -> int: ...
    def run_until(self, predicate: Callable[[Any], bool], at_most: int | None = None) -> int: ...
    def pause(self) -> None: ...
    def measure(self, on: bool = True) -> None: ...
    def profile(self) -> dict[str, Any]: ...
    def agreed(self, value: Any) -> Any: ...
    def ranks_where(self, *conditions: bool) -> list[int]: ...
    def digest(self) -> str: ...
    def metrics(self) -> Mapping[str, float | int]: ...
    def sum(self, label: str) -> Any: ...
    def query(self, query: str, /) -> Result: ...
    def table(self, component: type | str) -> Mapping[str, Any]: ...
    def cells(self, component: type | str) -> Mapping[str, Any]: ...
    def snapshot(self, path: Path, /) -> Path: ...
    def record_with(self, recorder: Recorder, /) -> None: ...


def start(model: Model, settings: Mapping[str, Any], options: Mapping[str, Any]) -> Simulation:
    """A run from tick 0."""
    return cast("Simulation", model.simulate(**options, **settings))


def resume(
    model: Model, path: Path, settings: Mapping[str, Any], options: Mapping[str, Any], *, branch: bool
) -> Simulation:
    """A run from a snapshot's tick."""
    return cast("Simulation", model.resume(path, branch=branch, **options, **settings))


def save(simulation: Simulation, path: Path) -> None:
    """Writes a snapshot. Collective."""
    simulation.snapshot(path)


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


def picture_of(simulation: Simulation) -> ViewSource:
    """What views and movies draw from."""
    return cast("ViewSource", Seen(simulation))


def rows_of(simulation: Simulation) -> RecordSource:
    """What recorders read."""
    return cast("RecordSource", Seen(simulation))


def components_of(simulation: Simulation) -> dict[str, type]:
    """All components of the world by name, those of cells and of agents that are yet to be born too."""
    return {component.__name__: component for component in every_component(simulation.description)}
