"""Reference of Schelling's segregation model on a bounded grid, at most one agent a cell.

An agent is happy if at least ``need`` agents of its group stand within Chebyshev distance ``radius``;
the unhappy move to uniformly random empty cells. Sequentially they do so one after another in a fresh
random order; synchronously all decide on the state at the start of the step, and ``settle`` shares out
the cells that are empty then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EMPTY = 0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Side of the grid, number of agents, radius, least number of like neighbours, further draws."""

    side: int
    agents: int
    radius: int
    need: int
    rounds: int = 3


SIZES = {
    "small": Settings(side=40, agents=1000, radius=1, need=3),
    "large": Settings(side=100, agents=8000, radius=2, need=8),
}


class Schelling:
    """One world: ``grid[y, x]`` is the group of the agent there (1 or 2) or ``EMPTY``."""

    def __init__(self, settings: Settings, rng: np.random.Generator) -> None:
        self.settings = settings
        self.rng = rng
        cells = rng.permutation(settings.side**2)
        self.place = cells[: settings.agents].copy()  # of each agent: y * side + x
        self.group = np.where(np.arange(settings.agents) < settings.agents // 2, 1, 2)
        self.happy = np.zeros(settings.agents, dtype=bool)
        self.empty: list[int] = cells[settings.agents :].tolist()
        self.grid: NDArray[np.int8] = np.zeros((settings.side, settings.side), dtype=np.int8)
        self.grid.flat[self.place] = self.group
        self.moves = 0

    def is_happy(self, agent: int) -> bool:
        """Whether enough agents of its group are near."""
        y, x = divmod(int(self.place[agent]), self.settings.side)
        reach = self.settings.radius
        near = self.grid[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1]
        alike = int((near == self.group[agent]).sum()) - 1
        return alike >= self.settings.need

    def move(self, agent: int, cell: int) -> None:
        """Moves an agent to a cell; the caller keeps the list of empty ones."""
        self.grid.flat[self.place[agent]] = EMPTY
        self.grid.flat[cell] = self.group[agent]
        self.place[agent] = cell
        self.moves += 1

    def step_sequential(self) -> None:
        """Agents act one after another, in random order."""
        for agent in self.rng.permutation(self.settings.agents):
            self.happy[agent] = self.is_happy(agent)
            if not self.happy[agent] and self.empty:
                slot = int(self.rng.integers(len(self.empty)))
                cell, self.empty[slot] = self.empty[slot], int(self.place[agent])
                self.move(agent, cell)

    def step_synchronous(self) -> None:
        """All agents decide on the state at the start of the step; then claims are settled."""
        agents = range(self.settings.agents)
        self.happy[:] = [self.is_happy(agent) for agent in agents]
        self.settle([agent for agent in agents if not self.happy[agent]])

    def settle(self, claimants: list[int]) -> None:
        """Each draws an empty cell; the smallest (random priority, id) gets it, the others draw again."""
        left: list[int] = []
        for _ in range(1 + self.settings.rounds):
            if not claimants or not self.empty:
                break
            slots = self.rng.integers(len(self.empty), size=len(claimants)).tolist()
            priorities = self.rng.random(len(claimants)).tolist()
            winners: dict[int, tuple[float, int]] = {}
            for agent, slot, priority in zip(claimants, slots, priorities, strict=True):
                winners[slot] = min(winners.get(slot, (2.0, 0)), (priority, agent))
            for slot, (_, agent) in winners.items():
                left.append(int(self.place[agent]))
                self.move(agent, self.empty[slot])
            moved = {agent for _, agent in winners.values()}
            claimants = [agent for agent in claimants if agent not in moved]
            self.empty = [cell for slot, cell in enumerate(self.empty) if slot not in winners]
        self.empty += left


def run(
    seed: int,
    settings: Settings = SIZES["small"],
    *,
    ticks: int = 20,
    activation: str = "sequential",
) -> dict[str, float]:
    """Share of agents that were happy when they last looked, and moves of the whole run."""
    world = Schelling(settings, np.random.default_rng(seed))
    for _ in range(ticks):
        if activation == "sequential":
            world.step_sequential()
        else:
            world.step_synchronous()
    return {"happy_share": float(world.happy.mean()), "moves": float(world.moves)}
