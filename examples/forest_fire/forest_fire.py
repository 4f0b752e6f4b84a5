"""Forest fire: a fire crosses the forest only where trees stand densely enough (percolation)."""

from enum import IntEnum

import numpy as np

import bigworlds as bw


class State(IntEnum):
    EMPTY = 0
    GREEN = 1
    BURNING = 2
    BURNT = 3


class Params(bw.Parameters):
    side: int = bw.param(100, min=2, help="cells along each side of the forest")
    density: float = bw.param(0.7, min=0.0, max=1.0, help="share of cells with a tree")


class Plot(bw.CellComponent):
    state: State


@bw.model(Params, presets={"small": {}, "large": {"side": 500, "density": 0.9}}, ticks=100)
def forest_fire(world: bw.World, p: Params) -> None:
    """A bounded forest whose left column burns at the start."""
    world.space = bw.Grid((p.side, p.side), neighbors=4)
    trees = np.full((p.side, p.side), State.GREEN)
    trees[:, 0] = State.BURNING
    world.cells(Plot, state=bw.where(bw.bernoulli(p.density), trees, State.EMPTY))
    world.behaviors(burn)
    world.stop_when(lambda sim: sim.count(Plot, state=State.BURNING) == 0)
    world.look(Plot, color="state", colormap=("#2b2117", "#2f6b2f", "#ff6a00", "#6b6b6b"))


@bw.behavior(neighbors=1)
def burn(plot: Plot, around: bw.Neighbors[Plot]) -> None:
    """A burning tree is burnt out; a green one catches fire from those beside it."""
    if plot.state == State.BURNING:
        plot.state = State.BURNT
    elif plot.state == State.GREEN:
        for other in around:
            if other.state == State.BURNING:
                plot.state = State.BURNING


@forest_fire.metric
def burnt_share(sim: bw.Simulation) -> float:
    """The share of trees that burn or are burnt."""
    states = sim.cells(Plot)["state"]
    return float(np.sum(states >= State.BURNING) / max(np.sum(states != State.EMPTY), 1))


if __name__ == "__main__":
    sim = forest_fire.simulate("small", rng=1)
    sim.run(100)
    print(sim.metrics())
