"""Reference of the flocking model: every pair of birds is looked at, in plain NumPy.

Each bird sums over the others within ``radius`` (shortest way around the periodic square, at most
``radius`` away): c the offsets to them, s minus the offsets to those nearer than ``SEPARATION``, m their
velocities. velocity += (0.03 c + 0.015 s + 0.05 m) / max(N, 1), made a unit vector; position += velocity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COHERE, SEPARATE, MATCH = 0.03, 0.015, 0.05
SEPARATION, SPEED = 1.0, 1.0

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Side of the square, number of birds, how far a bird sees."""

    side: float
    birds: int
    radius: float


SIZES = {
    "small": Settings(side=100.0, birds=200, radius=5.0),
    "large": Settings(side=150.0, birds=400, radius=15.0),
}


def start(settings: Settings, rng: np.random.Generator) -> tuple[Array, Array]:
    """Positions uniform in the square; velocity components uniform in [-1, 1]."""
    positions = rng.uniform(0.0, settings.side, (settings.birds, 2))
    velocities = rng.uniform(-1.0, 1.0, (settings.birds, 2))
    return positions, velocities


def steer(bird: int, positions: Array, velocities: Array, settings: Settings) -> tuple[Array, int]:
    """The new velocity of one bird, and how many neighbours it has."""
    offset = positions - positions[bird]
    offset -= settings.side * np.round(offset / settings.side)
    distance = np.hypot(offset[:, 0], offset[:, 1])
    near = distance <= settings.radius
    near[bird] = False
    close = near & (distance < SEPARATION)
    count = int(near.sum())
    pull = COHERE * offset[near].sum(axis=0) + MATCH * velocities[near].sum(axis=0)
    pull -= SEPARATE * offset[close].sum(axis=0)
    velocity = velocities[bird] + pull / max(count, 1)
    length = np.hypot(*velocity)
    return (velocity / length if length > 0 else velocities[bird]), count


def step_synchronous(positions: Array, velocities: Array, settings: Settings) -> tuple[Array, Array, int]:
    """One step in which all birds see the others as they were: positions, velocities, neighbours."""
    steered = [steer(bird, positions, velocities, settings) for bird in range(settings.birds)]
    moved = np.array([velocity for velocity, _ in steered])
    return (positions + SPEED * moved) % settings.side, moved, sum(count for _, count in steered)


def step_sequential(positions: Array, velocities: Array, settings: Settings, rng: np.random.Generator) -> int:
    """One step in which the birds act one after another in random order, in place: neighbours."""
    found = 0
    for bird in rng.permutation(settings.birds):
        velocities[bird], count = steer(bird, positions, velocities, settings)
        positions[bird] = (positions[bird] + SPEED * velocities[bird]) % settings.side
        found += count
    return found


def run(
    seed: int,
    settings: Settings = SIZES["small"],
    *,
    ticks: int = 100,
    activation: str = "sequential",
) -> dict[str, float]:
    """Length of the mean velocity at the end; neighbours per bird in the last step, all steps, the first."""
    rng = np.random.default_rng(seed)
    positions, velocities = start(settings, rng)
    neighbors: list[float] = []
    for _ in range(ticks):
        if activation == "sequential":
            found = step_sequential(positions, velocities, settings, rng)
        else:
            positions, velocities, found = step_synchronous(positions, velocities, settings)
        neighbors.append(found / settings.birds)
    return {
        "order": float(np.hypot(*velocities.mean(axis=0))),
        "mean_neighbors": neighbors[-1],
        "run_neighbors": float(np.mean(neighbors)),
        "first_neighbors": neighbors[0],
    }
