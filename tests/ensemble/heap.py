"""A model for the tests of sweeps: heaps of stones that grow; some fail, some end their process."""

import os
import signal
import time
from typing import Any

import bigworlds as bw


class Params(bw.Parameters):
    n: int = bw.param(3, min=0, help="stones at the start")
    seed_weight: float = bw.param(1.5, help="weight of a stone")
    weight: float = bw.param(0.0, help="has the name of a metric")
    kind: str = bw.param("round", choices=("round", "flat", "broken", "deadly", "slow"), help="what it does")
    place: bw.vec2 = bw.param((1.0, 2.0), help="where it lies")


class Stone(bw.Component):
    weight: float = 0.0
    extra: float = 0.0


@bw.model(Params, presets={"small": {"n": 1}, "large": {"n": 10}}, ticks=4)
def heap(world: bw.World, p: Params) -> None:
    """Stones that gain weight."""
    world.spawn(Stone, n=p.n, weight=p.seed_weight, extra=bw.uniform())

    @bw.behavior(kind=bw.Vectorised)
    def grow(stones: Stone) -> None:
        stones.weight += 1.0

    world.behaviors(grow)

    def act(sim: Any) -> bool:
        if p.kind == "broken" and sim.tick == 2:
            raise RuntimeError("the heap\nhas slid")
        if p.kind == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        if p.kind == "slow":
            time.sleep(0.4)
        return p.kind == "flat" and sim.tick == 3

    world.stop_when(act)


@heap.metric
def weight(sim: bw.Simulation) -> float:
    """Of all stones."""
    print("LOUD")
    return float(sim.sum("Stone.weight"))


@heap.metric
def chance(sim: bw.Simulation) -> float:
    return float(sim.sum("Stone.extra"))
