"""Reference of the forest fire: whole-array steps in NumPy.

A cell holds a tree with probability ``density``; the trees of the left column burn at the start. Each
step a burning tree lights its green neighbours (up, down, left, right) and is burnt out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EMPTY, GREEN, BURNING, BURNT = 0, 1, 2, 3


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Side of the grid and share of cells with a tree."""

    side: int
    density: float


SIZES = {
    "small": Settings(side=100, density=0.7),
    "large": Settings(side=500, density=0.9),
}


def start(settings: Settings, rng: np.random.Generator) -> NDArray[np.int8]:
    """The forest before the first step, ``forest[y, x]``."""
    trees = rng.random((settings.side, settings.side)) < settings.density
    forest = np.where(trees, GREEN, EMPTY).astype(np.int8)
    forest[trees[:, 0], 0] = BURNING
    return forest


def step(forest: NDArray[np.int8]) -> NDArray[np.int8]:
    """The forest one step later."""
    burning = np.pad(forest == BURNING, 1)
    near = burning[:-2, 1:-1] | burning[2:, 1:-1] | burning[1:-1, :-2] | burning[1:-1, 2:]
    after = np.where((forest == GREEN) & near, BURNING, forest)
    after[forest == BURNING] = BURNT
    return after.astype(np.int8)


def run(seed: int, settings: Settings = SIZES["small"], *, ticks: int | None = 100) -> dict[str, float]:
    """Share of the trees that burn or are burnt after ``ticks`` steps, or (None) when the fire is out."""
    forest = start(settings, np.random.default_rng(seed))
    taken = 0
    while (ticks is None or taken < ticks) and (forest == BURNING).any():
        forest = step(forest)
        taken += 1
    trees = int((forest != EMPTY).sum())
    burnt = int((forest >= BURNING).sum())
    return {
        "burnt_share": burnt / max(trees, 1),
        "steps": float(taken),
        "crossed": float((forest[:, -1] >= BURNING).any()),
    }
