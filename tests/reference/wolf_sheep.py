"""Reference of wolves, sheep and grass on a bounded grid, any number of animals a cell.

Each step sheep act, then wolves, then the grass. An animal walks to one of the 8 neighbouring cells
(clamped at the border), loses 1 energy and eats if it can; below 0 it dies, else with some probability it
halves its energy and bears a child with that energy. Sequentially a kind's animals act one after another
in a fresh random order; synchronously all walk, those who want the same thing are served in the order
of (random priority, id), then all gain, die or reproduce.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SHEEP_GAIN, WOLF_GAIN = 5, 13

Cell = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Side of the grid, animals at the start, the grass's countdown, chances to reproduce."""

    side: int
    sheep: int
    wolves: int
    regrowth: int
    sheep_reproduce: float
    wolf_reproduce: float


SIZES = {
    "small": Settings(side=25, sheep=60, wolves=40, regrowth=20, sheep_reproduce=0.2, wolf_reproduce=0.1),
    "large": Settings(side=100, sheep=1000, wolves=500, regrowth=10, sheep_reproduce=0.4, wolf_reproduce=0.2),
}


@dataclass(eq=False)
class Animal:
    """A sheep or a wolf. A herd is a list in the order of ids."""

    cell: Cell
    energy: float


class WolfSheep:
    """One world; ``grown`` and ``countdown`` are the grass of every cell."""

    def __init__(self, settings: Settings, rng: np.random.Generator) -> None:
        self.settings = settings
        self.rng = rng
        self.sheep = self.random_herd(settings.sheep, 2 * SHEEP_GAIN)
        self.wolves = self.random_herd(settings.wolves, 2 * WOLF_GAIN)
        shape = (settings.side, settings.side)
        self.grown = rng.random(shape) < 0.5
        self.countdown = np.where(self.grown, settings.regrowth, rng.integers(settings.regrowth, size=shape))

    def random_herd(self, count: int, energies: int) -> list[Animal]:
        """Uniform places, energies uniform in 0..energies-1."""
        cells = self.rng.integers(self.settings.side, size=(count, 2)).tolist()
        energy = self.rng.integers(energies, size=count).tolist()
        return [Animal((y, x), e) for (y, x), e in zip(cells, energy, strict=True)]

    def shuffled(self, herd: list[Animal]) -> list[Animal]:
        """The herd in random order."""
        return [herd[i] for i in self.rng.permutation(len(herd))]

    def walk(self, animal: Animal) -> None:
        """To one of the 8 neighbours, or not as far where the border is."""
        direction = int(self.rng.integers(8))
        dy, dx = divmod(direction + (direction >= 4), 3)
        last = self.settings.side - 1
        y, x = animal.cell
        animal.cell = min(max(y + dy - 1, 0), last), min(max(x + dx - 1, 0), last)
        animal.energy -= 1

    def offspring(self, animal: Animal, chance: float) -> list[Animal]:
        """What is left of an animal at the end of its turn: nothing, itself, or itself and a child."""
        if animal.energy < 0:
            return []
        if self.rng.random() >= chance:
            return [animal]
        animal.energy /= 2
        return [animal, Animal(animal.cell, animal.energy)]

    def live_on(self, herd: list[Animal], chance: float) -> list[Animal]:
        """The survivors, and behind them their children."""
        families = [self.offspring(animal, chance) for animal in herd]
        return [a for f in families for a in f[:1]] + [a for f in families for a in f[1:]]

    def grow_grass(self) -> None:
        """Counts down where grass is not grown; at 0 it grows and the countdown starts anew."""
        done = ~self.grown & (self.countdown <= 0)
        self.countdown = np.where(done, self.settings.regrowth, self.countdown - (~self.grown & ~done))
        self.grown |= done

    # --- one after another -------------------------------------------------------------------------

    def act(self, herd: list[Animal], feed: Callable[[Animal], None], chance: float) -> list[Animal]:
        """All animals of a herd take their turns in random order; the herd afterwards."""
        families = []
        for animal in self.shuffled(herd):
            self.walk(animal)
            feed(animal)
            families.append(self.offspring(animal, chance))
        return [animal for family in families for animal in family]

    def graze(self, sheep: Animal) -> None:
        """Eats the grass of its cell if it is grown."""
        if self.grown[sheep.cell]:
            self.grown[sheep.cell] = False
            sheep.energy += SHEEP_GAIN

    def step_sequential(self) -> None:
        """Sheep, then wolves, then grass."""
        self.sheep = self.act(self.sheep, self.graze, self.settings.sheep_reproduce)
        flocks: dict[Cell, list[Animal]] = defaultdict(list)
        for sheep in self.sheep:
            flocks[sheep.cell].append(sheep)

        def hunt(wolf: Animal) -> None:
            if flock := flocks[wolf.cell]:
                flock.pop(int(self.rng.integers(len(flock))))
                wolf.energy += WOLF_GAIN

        self.wolves = self.act(self.wolves, hunt, self.settings.wolf_reproduce)
        self.sheep = [sheep for flock in flocks.values() for sheep in flock]
        self.grow_grass()

    # --- all at once -------------------------------------------------------------------------------

    def by_cell(self, herd: list[Animal]) -> dict[Cell, list[int]]:
        """The ids (places in the herd) of the animals of each cell, rising."""
        cells: dict[Cell, list[int]] = defaultdict(list)
        for i, animal in enumerate(herd):
            cells[animal.cell].append(i)
        return cells

    def served(self, claimants: list[int], stock: int) -> list[int]:
        """The first ``stock`` claimants in the order of (random priority, id)."""
        order = sorted((self.rng.random(), claimant) for claimant in claimants)
        return [claimant for _, claimant in order[:stock]]

    def step_synchronous(self) -> None:
        """All sheep walk and graze and live on, then all wolves, then the grass grows."""
        for sheep in self.sheep:
            self.walk(sheep)
        for cell, claimants in self.by_cell(self.sheep).items():
            for winner in self.served(claimants, int(self.grown[cell])):
                self.graze(self.sheep[winner])
        self.sheep = self.live_on(self.sheep, self.settings.sheep_reproduce)
        for wolf in self.wolves:
            self.walk(wolf)
        flocks = self.by_cell(self.sheep)
        eaten: set[int] = set()
        for cell, claimants in self.by_cell(self.wolves).items():
            flock = flocks[cell]
            winners = self.served(claimants, len(flock))
            for winner in winners:
                self.wolves[winner].energy += WOLF_GAIN
            eaten.update(flock[: len(winners)])
        self.sheep = [sheep for i, sheep in enumerate(self.sheep) if i not in eaten]
        self.wolves = self.live_on(self.wolves, self.settings.wolf_reproduce)
        self.grow_grass()


def run(
    seed: int,
    settings: Settings = SIZES["small"],
    *,
    ticks: int = 100,
    activation: str = "sequential",
) -> dict[str, float]:
    """Number of sheep and wolves and share of cells with grown grass at the end."""
    world = WolfSheep(settings, np.random.default_rng(seed))
    for _ in range(ticks):
        if activation == "sequential":
            world.step_sequential()
        else:
            world.step_synchronous()
    return {
        "sheep": float(len(world.sheep)),
        "wolves": float(len(world.wolves)),
        "grass_share": float(world.grown.mean()),
    }
