"""A simulation as views and recorders see it, and what files say about it: model, version, parameters."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds.data.fields import Field
from bigworlds.data.parameters import Parameters
from bigworlds.model import Model, WorldDescription
from bigworlds.organism import Organism
from bigworlds.record import Spec, checked
from bigworlds.view import Memory


class Seen:
    """A simulation as views and recorders see it: they ask for components by name too, and for lists of
    them."""

    def __init__(self, simulation: Any) -> None:
        self._simulation = simulation
        description = simulation.description
        self.cell_components = [cells.component for cells in description.cells]
        every = every_component(description)
        self.components = [component for component in every if component not in self.cell_components]

    @property
    def memory(self) -> Memory | None:
        """How large the memory of its soups is; None for a world without soups."""
        soup = self._simulation.description.soup
        return None if soup is None else Memory(Organism, soup.cells_of_tile, soup.tiles)

    def table(self, component: type | str) -> Mapping[str, Any]:
        """The rows of a component; of cells one a cell, in their order, without ids."""
        named = {cells.__name__: cells for cells in self.cell_components}
        name = component if isinstance(component, str) else component.__name__
        if name not in named:
            table: Mapping[str, Any] = self._simulation.table(component)
            lists = [field for field in self._fields(name) if field.kind == "numbers"]
            return {**table, **{field.name: _as_arrays(field, table[field.name]) for field in lists}}
        shape = self._simulation.cells(named[name])
        axes = self._simulation.description.space.dimensions if self._simulation.description.space else 0
        return {field: values.reshape(-1, *values.shape[axes:]) for field, values in shape.items()}

    def _fields(self, component: str) -> Sequence[Field]:
        found = next((one for one in self.components if one.__name__ == component), None)
        return list(found.__bw_fields__.values()) if found is not None else []  # type: ignore[attr-defined]

    def exact_sum(self, label: str) -> Any:
        """The exact sum of a field."""
        return self._simulation.sum(label)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._simulation, name)


def _as_arrays(field: Field, lists: NDArray[Any]) -> NDArray[Any]:
    """Lists of any length as arrays of the field's type: empty ones have one too."""
    arrays = np.empty(len(lists), dtype=object)
    arrays[:] = [np.array(values, dtype=field.dtype) for values in lists]
    return arrays


def every_component(description: WorldDescription) -> list[type]:
    """All components of a world, each once: those of cells and of agents that are yet to be born too."""
    born = [c for b in description.behaviors for use in b.spawns for c in use.components]
    of_cells = [cells.component for cells in description.cells]
    inputs = description.input_components
    return list({c.__name__: c for c in (*description.components, *born, *inputs, *of_cells)}.values())


def records_of(simulation: Any) -> tuple[Spec, ...]:
    """What the model records; where it says nothing, how many there are of each kind of agents."""
    description: WorldDescription = simulation.description
    return description.records or checked(description.components)


def about(simulation: Any) -> dict[str, Any]:
    """What a snapshot says about its run, as plain data."""
    model: Model = simulation.model
    return {
        "model": model.name,
        "source": None if model.source is None else str(model.source),
        "model_hash": model_hash(model),
        "version": version(),
        "seed": simulation.seed,
        "tick": simulation.tick,
        "parameters": plain(simulation.parameters),
        "schema": simulation.layout(),
    }


def model_hash(model: Model) -> str:
    """SHA-256 of the model's file, an empty text where there is none."""
    return "" if model.source is None else file_hash(model.source)


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def version() -> str:
    """The version of bigworlds; of a source tree that is not installed only that it is one."""
    try:
        return importlib.metadata.version("bigworlds")
    except importlib.metadata.PackageNotFoundError:
        return "source"


def plain(parameters: Parameters | None) -> dict[str, Any]:
    """A run's parameters as JSON has them."""
    return {} if parameters is None else parameters.as_dict()
