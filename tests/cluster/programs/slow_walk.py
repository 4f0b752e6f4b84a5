"""Run as a batch job by test_slurm.py: walkers that are slow as long as there is a file called slow."""

import time
from pathlib import Path

import bigworlds as bw


class Walker(bw.Component):
    position: bw.vec2


class Params(bw.Parameters):
    n: int = bw.param(100, min=1, help="walkers")


@bw.model(Params)
def slow_walk(world: bw.World, p: Params) -> None:
    """Walkers on a plane."""
    world.space = bw.Continuous((100.0, 100.0), periodic=True)
    world.spawn(Walker, n=p.n, position=bw.uniform())
    world.behaviors(step)
    world.stop_when(wait)


def wait(sim: bw.Simulation) -> bool:
    """Takes its time; never stops the world."""
    if Path("slow").exists():
        time.sleep(0.1)
    return False


@bw.behavior
def step(me: Walker, space: bw.Space, rng: bw.Rng) -> None:
    """Walks."""
    me.position = space.wrap(me.position + bw.vec2(rng.uniform(-1.0, 1.0), 0.5))


@slow_walk.metric
def north(sim: bw.Simulation) -> float:
    """Mean of y."""
    return float(sim.mean("Walker.position")[1])
