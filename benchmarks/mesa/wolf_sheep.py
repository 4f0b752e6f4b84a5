"""Wolves, sheep and grass in Mesa: sheep, then wolves, one after another in random order, then grass.

The grass is a pair of property layers, Mesa's fastest way to keep a field of cells; wolf_sheep_patches.py
keeps it as agents.
"""

from __future__ import annotations

import numpy as np
from mesa import Model
from mesa.discrete_space import Cell, CellAgent, OrthogonalMooreGrid

SHEEP_GAIN, WOLF_GAIN = 5, 13
SIZES = {
    "small": {
        "side": 25,
        "sheep": 60,
        "wolves": 40,
        "regrowth": 20,
        "sheep_birth": 0.2,
        "wolf_birth": 0.1,
    },
    "large": {
        "side": 100,
        "sheep": 1000,
        "wolves": 500,
        "regrowth": 10,
        "sheep_birth": 0.4,
        "wolf_birth": 0.2,
    },
}
STEPS = 100
UNIT = "activation"
DIRECTIONS = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if (dx, dy) != (0, 0)]


class Animal(CellAgent):
    """What sheep and wolves have in common."""

    birth = 0.0

    def __init__(self, model: WolfSheep, energy: float, cell: Cell) -> None:
        super().__init__(model)
        self.energy = energy
        self.cell = cell

    def walk(self) -> None:
        """To one of the 8 neighbours, or not as far where the border is."""
        model = self.model
        dx, dy = model.random.choice(DIRECTIONS)
        x, y = self.cell.coordinate
        last = model.last
        self.cell = model.grid[min(max(x + dx, 0), last), min(max(y + dy, 0), last)]
        self.energy -= 1

    def live_or_die(self) -> None:
        """Starves, or perhaps shares its energy with a child."""
        if self.energy < 0:
            self.remove()
        elif self.model.random.random() < self.model.birth[type(self)]:
            self.energy /= 2
            type(self)(self.model, self.energy, self.cell)


class Sheep(Animal):
    """Eats grass."""

    def step(self) -> None:
        """Walks, eats the grass of its cell if it is grown, lives on or not."""
        self.walk()
        if self.model.graze(self.cell):
            self.energy += SHEEP_GAIN
        self.live_or_die()


class Wolf(Animal):
    """Eats sheep."""

    def step(self) -> None:
        """Walks, eats a random sheep of its cell if there is one, lives on or not."""
        self.walk()
        flock = [animal for animal in self.cell.agents if type(animal) is Sheep]
        if flock:
            self.model.random.choice(flock).remove()
            self.energy += WOLF_GAIN
        self.live_or_die()


class WolfSheep(Model):
    """A bounded meadow, any number of animals a cell."""

    def __init__(
        self,
        *,
        side: int,
        sheep: int,
        wolves: int,
        regrowth: int,
        sheep_birth: float,
        wolf_birth: float,
        seed: int,
    ) -> None:
        super().__init__(rng=seed)
        self.last = side - 1
        self.regrowth = regrowth
        self.birth = {Sheep: sheep_birth, Wolf: wolf_birth}
        self.activations = 0
        self.grid = OrthogonalMooreGrid((side, side), torus=False, random=self.random)
        self.plant(side)
        cells = list(self.grid.all_cells)
        for kind, count, gain in ((Sheep, sheep, SHEEP_GAIN), (Wolf, wolves, WOLF_GAIN)):
            energies = self.rng.integers(2 * gain, size=count).tolist()
            kind.create_agents(self, count, energies, self.random.choices(cells, k=count))

    def plant(self, side: int) -> None:
        """Half of the cells grown, the others with a countdown uniform in 0..regrowth-1."""
        grown = self.rng.random((side, side)) < 0.5
        countdown = np.where(grown, self.regrowth, self.rng.integers(self.regrowth, size=(side, side)))
        self.grown = self.grid.create_property_layer("grown", default_value=False, dtype=bool)
        self.countdown = self.grid.create_property_layer("countdown", default_value=0, dtype=int)
        self.grown.data[:] = grown
        self.countdown.data[:] = countdown

    def graze(self, cell: Cell) -> bool:
        """Whether the grass of a cell was grown; it is eaten then."""
        grown = cell.grown
        if grown:
            cell.grown = False
        return grown

    def grow(self) -> None:
        """Counts down where grass is not grown; at 0 it grows and the countdown starts anew."""
        bare = ~self.grown.data
        done = bare & (self.countdown.data <= 0)
        self.countdown.data[bare] -= 1
        self.countdown.data[done] = self.regrowth
        self.grown.data |= done

    def step(self) -> None:
        """Sheep, then wolves, each kind in random order, then grass."""
        for kind in (Sheep, Wolf):
            herd = self.agents_by_type[kind]
            self.activations += len(herd)
            herd.shuffle_do("step")
        self.grow()

    def grass_share(self) -> float:
        """Share of cells with grown grass."""
        return float(self.grown.data.mean())

    def units(self) -> int:
        """Activations done."""
        return self.activations

    def metrics(self) -> dict[str, float]:
        """What shows that the same model was computed."""
        return {
            "sheep": len(self.agents_by_type[Sheep]),
            "wolves": len(self.agents_by_type[Wolf]),
            "grass_share": self.grass_share(),
        }


MODEL = WolfSheep
