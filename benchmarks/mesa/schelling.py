"""Schelling's segregation model in Mesa: agents on a grid that act one after another in random order."""

from __future__ import annotations

from mesa import Model
from mesa.discrete_space import Cell, CellAgent, OrthogonalMooreGrid

SIZES = {
    "small": {"side": 40, "people": 1000, "radius": 1, "need": 3},
    "large": {"side": 100, "people": 8000, "radius": 2, "need": 8},
}
STEPS = 20
UNIT = "activation"


class Person(CellAgent):
    """Someone of one of two groups."""

    def __init__(self, model: Schelling, group: int, cell: Cell) -> None:
        super().__init__(model)
        self.group = group
        self.happy = False
        self.cell = cell

    def step(self) -> None:
        """Stays among enough of the own group, else moves to a random empty cell."""
        model, group = self.model, self.group
        alike = 0
        for other in self.cell.get_neighborhood(radius=model.radius).agents:
            if other.group == group:
                alike += 1
        self.happy = alike >= model.need
        if not self.happy:
            self.cell = model.grid.select_random_empty_cell()
            model.moves += 1


class Schelling(Model):
    """A bounded town, at most one person a cell."""

    def __init__(self, *, side: int, people: int, radius: int, need: int, seed: int) -> None:
        super().__init__(rng=seed)
        self.radius, self.need = radius, need
        self.moves = 0
        self.grid = OrthogonalMooreGrid((side, side), torus=False, capacity=1, random=self.random)
        cells = self.random.sample(list(self.grid.all_cells), people)
        groups = [1 if i < people // 2 else 2 for i in range(people)]
        Person.create_agents(self, people, groups, cells)

    def step(self) -> None:
        """All people, in random order."""
        self.agents.shuffle_do("step")

    def units(self) -> int:
        """Activations done."""
        return len(self.agents) * self.steps

    def metrics(self) -> dict[str, float]:
        """What shows that the same model was computed."""
        happy = sum(person.happy for person in self.agents)
        return {"happy_share": happy / len(self.agents), "moves": self.moves}


MODEL = Schelling
