"""Reference of the foraging ants: one ant after another in a fresh random order, on the live state.

The rules of Wilensky's NetLogo model Ants (1997): an ant without food takes one from its cell and turns
round, else it follows scent between 0.05 and 2; an ant with food leaves 60 of scent and follows the
nest's, and puts its food down in the nest. Then it wavers and goes a step; at the edge it turns round
first. After all ants half of the scent of each cell spreads to the eight around it, and a tenth of it all
is lost. Beyond the edge nothing is smelt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HALF = 35
SIDE = 2 * HALF + 1


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How many ants, and what becomes of scent."""

    ants: int = 125
    diffusion: float = 0.5
    evaporation: float = 0.1
    drop: float = 60.0


class Colony:
    """A world of ants; coordinates are NetLogo's, from -35.5 to 35.5, with the nest at 0."""

    def __init__(self, settings: Settings, rng: np.random.Generator) -> None:
        self.settings, self.rng = settings, rng
        y, x = np.mgrid[-HALF : HALF + 1, -HALF : HALF + 1]
        from_nest = np.hypot(x, y)
        self.nest: NDArray[np.bool_] = from_nest < 5
        self.home = 200.0 - from_nest
        self.scent = np.zeros((SIDE, SIDE))
        self.food = np.zeros((SIDE, SIDE), dtype=int)
        for px, py in ((0.6 * HALF, 0.0), (-0.6 * HALF, -0.6 * HALF), (-0.8 * HALF, 0.8 * HALF)):
            pile = np.hypot(x - px, y - py) < 5
            self.food[pile] = rng.integers(1, 3, int(pile.sum()))
        self.x, self.y = np.zeros(settings.ants), np.zeros(settings.ants)
        self.heading = rng.uniform(0.0, math.tau, settings.ants)
        self.carrying = np.zeros(settings.ants, dtype=bool)
        self.delivered = 0
        self.tick = 0

    @staticmethod
    def cell(x: float, y: float) -> tuple[int, int] | None:
        """The cell at a place, or None beyond the edge."""
        column, row = math.floor(x + HALF + 0.5), math.floor(y + HALF + 0.5)
        return (row, column) if 0 <= row < SIDE and 0 <= column < SIDE else None

    def smell(self, field: NDArray[np.float64], ant: int, angle: float) -> float:
        """What is smelt one step away."""
        direction = self.heading[ant] + angle
        there = self.cell(self.x[ant] + math.cos(direction), self.y[ant] + math.sin(direction))
        return 0.0 if there is None else float(field[there])

    def follow(self, field: NDArray[np.float64], ant: int) -> None:
        """Turns towards what smells strongest."""
        front, left, right = (self.smell(field, ant, angle) for angle in (0.0, math.pi / 4, -math.pi / 4))
        if right > front or left > front:
            self.heading[ant] += -math.pi / 4 if right > left else math.pi / 4

    def act(self, ant: int) -> None:
        """One ant's turn."""
        here = self.cell(self.x[ant], self.y[ant])
        assert here is not None
        if not self.carrying[ant]:
            if self.food[here] > 0:
                self.food[here] -= 1
                self.carrying[ant] = True
                self.heading[ant] += math.pi
            elif 0.05 <= self.scent[here] < 2.0:
                self.follow(self.scent, ant)
        elif self.nest[here]:
            self.carrying[ant] = False
            self.delivered += 1
            self.heading[ant] += math.pi
        else:
            self.scent[here] += self.settings.drop
            self.follow(self.home, ant)
        self.heading[ant] += math.radians(self.rng.uniform(0.0, 40.0) - self.rng.uniform(0.0, 40.0))
        for _ in range(2):
            x = self.x[ant] + math.cos(self.heading[ant])
            y = self.y[ant] + math.sin(self.heading[ant])
            if self.cell(x, y) is not None:
                self.x[ant], self.y[ant] = x, y
                return
            self.heading[ant] += math.pi

    def step(self) -> None:
        """One tick."""
        for ant in self.rng.permutation(self.settings.ants):
            if ant <= self.tick:
                self.act(int(ant))
        part = self.settings.diffusion * self.scent / 8
        after = self.scent.copy()
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                if dx or dy:
                    given = (slice(max(0, -dy), SIDE - max(0, dy)), slice(max(0, -dx), SIDE - max(0, dx)))
                    taken = (slice(max(0, dy), SIDE + min(0, dy)), slice(max(0, dx), SIDE + min(0, dx)))
                    after[given] -= part[given]
                    after[taken] += part[given]
        self.scent = after * (1.0 - self.settings.evaporation)
        self.tick += 1


def run(seed: int, settings: Settings, *, at: tuple[int, ...] = (100, 300)) -> dict[str, float]:
    """Food brought home by the ticks of ``at``, as ``food_collected_100`` ...; ``food`` at the start."""
    colony = Colony(settings, np.random.default_rng(seed))
    outcome = {"food": float(colony.food.sum())}
    for tick in at:
        while colony.tick < tick:
            colony.step()
        outcome[f"food_collected_{tick}"] = float(colony.delivered)
    return outcome
