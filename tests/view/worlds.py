"""Small worlds for the tests of the view: sources without an engine, flocks, grids and fields."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds.data import CellComponent, Component, vec2


def component(name: str, **fields: Any) -> type[Any]:
    """An agents' component with fields of these types, such as `position=vec2`, `grown=bool`."""
    return types.new_class(name, (Component,), exec_body=lambda body: body.update(__annotations__=fields))


def cell_component(name: str, **fields: Any) -> type[Any]:
    """A cells' component with fields of these types."""
    return types.new_class(name, (CellComponent,), exec_body=lambda body: body.update(__annotations__=fields))


@dataclass
class Box:
    """A space with a size."""

    size: tuple[float, ...]


@dataclass
class World:
    """A source made of tables; `asked` counts how often each table was fetched."""

    space: Any = None
    tables: dict[type[Any], dict[str, NDArray[Any]]] = field(default_factory=dict)
    lattice: dict[type[Any], dict[str, NDArray[Any]]] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    tick: int = 0
    asked: dict[str, int] = field(default_factory=dict)

    @property
    def components(self) -> Sequence[type[Any]]:
        return list(self.tables)

    @property
    def cell_components(self) -> Sequence[type[Any]]:
        return list(self.lattice)

    def count(self, component: type[Any]) -> int:
        return len(self.tables[component]["id"])

    def table(self, component: type[Any]) -> Mapping[str, NDArray[Any]]:
        self.asked[component.__name__] = self.asked.get(component.__name__, 0) + 1
        return self.tables[component]

    def cells(self, component: type[Any]) -> Mapping[str, NDArray[Any]]:
        self.asked[component.__name__] = self.asked.get(component.__name__, 0) + 1
        return self.lattice[component]

    def metrics(self) -> Mapping[str, float]:
        return self.figures


def rows(**columns: object) -> dict[str, NDArray[Any]]:
    """A table with ids 1, 2, ... unless they are given."""
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    if "id" not in arrays:
        arrays = {"id": np.arange(1, len(next(iter(arrays.values()))) + 1, dtype=np.uint64), **arrays}
    return arrays


Bird = component("Bird", position=vec2, velocity=vec2, age=int, kin=bool)


def flock(count: int, side: float = 100.0, seed: int = 7) -> World:
    """Birds that fly roughly alike in swarms."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0, side, (max(2, count // 100), 2))
    directions = rng.uniform(-np.pi, np.pi, len(centres))
    swarm = rng.integers(0, len(centres), count)
    place = (centres[swarm] + rng.normal(0, side / 18, (count, 2))) % side
    angle = directions[swarm] + rng.normal(0, 0.3, count)
    velocity = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return World(
        space=Box((side, side)),
        tables={Bird: rows(position=place, velocity=velocity, age=np.arange(count), kin=swarm == 0)},
        figures={"order": float(np.linalg.norm(velocity.mean(axis=0)))},
    )


def fly(world: World, ticks: int = 1) -> None:
    """Moves the birds along their velocity."""
    table = world.tables[Bird]
    table["position"] = (table["position"] + ticks * table["velocity"]) % world.space.size[0]
    world.tick += ticks
