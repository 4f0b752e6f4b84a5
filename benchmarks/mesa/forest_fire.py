"""The forest fire in Mesa: trees are agents; those that burn at the start of a step act in it."""

from __future__ import annotations

from mesa import Model
from mesa.discrete_space import Cell, FixedAgent, OrthogonalVonNeumannGrid

GREEN, BURNING, BURNT = 1, 2, 3
SIZES = {
    "small": {"side": 100, "density": 0.7},
    "large": {"side": 500, "density": 0.9},
}
STEPS = 100
UNIT = "cell-step"


class Tree(FixedAgent):
    """Green, burning or burnt out."""

    def __init__(self, model: ForestFire, cell: Cell) -> None:
        super().__init__(model)
        self.cell = cell
        self.state = BURNING if cell.coordinate[0] == 0 else GREEN

    def burn(self) -> None:
        """Lights the green neighbours and is burnt out."""
        for tree in self.cell.neighborhood.agents:
            if tree.state == GREEN:
                tree.state = BURNING
        self.state = BURNT


class ForestFire(Model):
    """A bounded forest whose left column burns at the start."""

    def __init__(self, *, side: int, density: float, seed: int) -> None:
        super().__init__(rng=seed)
        self.side = side
        self.grid = OrthogonalVonNeumannGrid((side, side), torus=False, capacity=1, random=self.random)
        cells = [cell for cell in self.grid.all_cells if self.random.random() < density]
        Tree.create_agents(self, len(cells), cells)

    def step(self) -> None:
        """All trees that burn now; the run ends when none does afterwards."""
        self.agents.select(lambda tree: tree.state == BURNING).do("burn")
        self.running = any(tree.state == BURNING for tree in self.agents)

    def units(self) -> int:
        """Cells times steps."""
        return self.side**2 * self.steps

    def metrics(self) -> dict[str, float]:
        """What shows that the same model was computed."""
        fire = sum(tree.state != GREEN for tree in self.agents)
        return {"burnt_share": fire / max(len(self.agents), 1), "steps": self.steps}


MODEL = ForestFire
