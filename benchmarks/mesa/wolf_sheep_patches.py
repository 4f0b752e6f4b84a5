"""wolf_sheep with the grass kept as agents, one a cell, as in the example that Mesa ships."""

from __future__ import annotations

from mesa.discrete_space import Cell, FixedAgent
from wolf_sheep import SIZES, STEPS, UNIT, WolfSheep

__all__ = ["MODEL", "SIZES", "STEPS", "UNIT"]


class Grass(FixedAgent):
    """The grass of one cell."""

    def __init__(self, model: GrassPatches, grown: bool, countdown: int, cell: Cell) -> None:
        super().__init__(model)
        self.grown = grown
        self.countdown = countdown
        self.cell = cell

    def step(self) -> None:
        """Counts down while not grown; at 0 it grows and the countdown starts anew."""
        if not self.grown:
            if self.countdown <= 0:
                self.grown = True
                self.countdown = self.model.regrowth
            else:
                self.countdown -= 1


class GrassPatches(WolfSheep):
    """The same meadow, made of patches."""

    def plant(self, side: int) -> None:
        """Half of the cells grown, the others with a countdown uniform in 0..regrowth-1."""
        grown = [self.random.random() < 0.5 for _ in range(side**2)]
        countdown = [self.regrowth if ready else self.random.randrange(self.regrowth) for ready in grown]
        Grass.create_agents(self, side**2, grown, countdown, list(self.grid.all_cells))

    def graze(self, cell: Cell) -> bool:
        """Whether the grass of a cell was grown; it is eaten then."""
        patch = next(agent for agent in cell.agents if type(agent) is Grass)
        grown = patch.grown
        patch.grown = False
        return grown

    def grow(self) -> None:
        """Activates every patch."""
        self.agents_by_type[Grass].do("step")

    def grass_share(self) -> float:
        """Share of cells with grown grass."""
        patches = self.agents_by_type[Grass]
        return sum(patch.grown for patch in patches) / len(patches)


MODEL = GrassPatches
