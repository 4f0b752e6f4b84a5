"""The flocking model in Mesa: birds in a continuous space that act one after another in random order."""

from __future__ import annotations

import numpy as np
from mesa import Model
from mesa.experimental.continuous_space import ContinuousSpace, ContinuousSpaceAgent

COHERE, SEPARATE, MATCH, SEPARATION, SPEED = 0.03, 0.015, 0.05, 1.0, 1.0
SIZES = {
    "small": {"side": 100.0, "birds": 200, "radius": 5.0},
    "large": {"side": 150.0, "birds": 400, "radius": 15.0},
}
STEPS = 100
UNIT = "agent-step"


class Bird(ContinuousSpaceAgent):
    """A bird that flies at constant speed."""

    def __init__(self, model: Boids, position: np.ndarray, velocity: np.ndarray) -> None:
        super().__init__(model.space, model)
        self.position = position
        self.velocity = velocity

    def step(self) -> None:
        """Turns towards the others' centre and heading, away from those that are too near; flies on."""
        others, distances = self.get_neighbors_in_radius(self.model.radius)
        if others:
            offsets = self.space.calculate_difference_vector(self.position, agents=others)
            turn = COHERE * offsets.sum(axis=0)
            turn -= SEPARATE * offsets[distances < SEPARATION].sum(axis=0)
            turn += MATCH * np.sum([other.velocity for other in others], axis=0)
            self.velocity = self.velocity + turn / len(others)
        length = np.hypot(self.velocity[0], self.velocity[1])
        if length > 0:
            self.velocity = self.velocity / length
        self.position += SPEED * self.velocity
        self.model.found += len(others)


class Boids(Model):
    """Birds over a periodic square."""

    def __init__(self, *, side: float, birds: int, radius: float, seed: int) -> None:
        super().__init__(rng=seed)
        self.radius = radius
        self.found = 0
        self.history: list[int] = []
        self.space = ContinuousSpace([[0, side], [0, side]], torus=True, random=self.random, n_agents=birds)
        positions = self.rng.uniform(0, side, (birds, 2))
        velocities = self.rng.uniform(-1, 1, (birds, 2))
        Bird.create_agents(self, birds, list(positions), list(velocities))

    def step(self) -> None:
        """All birds, in random order."""
        self.found = 0
        self.agents.shuffle_do("step")
        self.history.append(self.found)

    def units(self) -> int:
        """Bird-steps done."""
        return len(self.agents) * len(self.history)

    def metrics(self) -> dict[str, float]:
        """What shows that the same model was computed."""
        birds = len(self.agents)
        return {
            "order": float(np.hypot(*np.mean([bird.velocity for bird in self.agents], axis=0))),
            "mean_neighbors": self.history[-1] / birds,
            "run_neighbors": float(np.mean(self.history)) / birds,
        }


MODEL = Boids
