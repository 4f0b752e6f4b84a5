"""A stand-in for a simulation: tables of arrays at a tick, with exact sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bigworlds.record.sums import exact_sum


@dataclass
class World:
    """What a recorder sees; counts how often each table was asked for."""

    tables: Mapping[str, Mapping[str, np.ndarray]]
    tick: int = 0
    asked: list[str] = field(default_factory=list)

    def table(self, component: str) -> Mapping[str, np.ndarray]:
        self.asked.append(component)
        return self.tables[component]

    def count(self, component: str) -> int:
        return len(next(iter(self.tables[component].values())))

    def exact_sum(self, field: str) -> Any:
        component, _, name = field.partition(".")
        column = self.tables[component][name]
        if column.ndim == 1:
            return exact_sum(column)
        return np.array([exact_sum(np.ascontiguousarray(part)) for part in column.T])


def sheep(rows: int, seed: int = 1) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {
        "id": np.arange(rows, dtype="u8") * 7,
        "energy": random.normal(size=rows) * 10.0 ** random.integers(-8, 8, rows),
        "age": random.integers(0, 50, rows),
        "alive": random.random(rows) < 0.5,
        "small": random.integers(0, 200, rows).astype("u1"),
        "velocity": random.normal(size=(rows, 2)),
        "label": random.choice(np.array([b"a", b"bc", b"def"]), rows),
    }


def at_tick(tick: int) -> World:
    """A world whose tables are a function of the tick, as a simulation's are of its state."""
    return World({"Sheep": sheep(tick % 7 + 3, tick), "Wolf": {"id": np.arange(tick, dtype="u8")}}, tick)
