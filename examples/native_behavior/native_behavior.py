"""Fireflies that fall into step: one behavior in Python, in C++ and in Cython.

Each has a phase that turns at its own speed, and is pulled towards those of the others within sight
(Kuramoto 1975, doi:10.1007/BFb0013365).
"""

import math
from typing import Any

import bigworlds as bw

TURN = 2.0 * math.pi


class Params(bw.Parameters):
    n: int = bw.param(400, min=1, help="fireflies")
    radius: float = bw.param(3.0, min=0.0, help="how far a firefly sees")
    coupling: float = bw.param(0.4, min=0.0, help="how strongly one pulls another")
    dt: float = bw.param(0.1, min=0.0, help="time of a tick")


class Firefly(bw.Component):
    position: bw.vec2
    phase: float
    speed: float


def meadow(world: bw.World, p: Params, rule: Any) -> None:
    """The world, whatever the rule is written in."""
    world.space = bw.Continuous((30.0, 30.0), periodic=True)
    phase, speed = bw.uniform(0.0, TURN), bw.normal(1.0, 0.1)
    world.spawn(Firefly, n=p.n, position=bw.uniform(), phase=phase, speed=speed)
    world.behaviors(rule)
    world.look(Firefly, color="phase", range=(0.0, TURN), size=0.6)


@bw.behavior(neighbors=Params.radius)
def couple(firefly: Firefly, others: bw.Neighbors[Firefly], p: Params) -> None:
    """Turns on, a little faster or slower than by itself."""
    pull = 0.0
    for other in others:
        pull += math.sin(other.phase - firefly.phase)
    firefly.phase += p.dt * (firefly.speed + p.coupling * pull)
    if firefly.phase >= TURN:
        firefly.phase -= TURN


@bw.model(Params, presets={"small": {"n": 100}}, ticks=600)
def native_behavior(world: bw.World, p: Params) -> None:
    """Fireflies that fall into step with those they see."""
    meadow(world, p, couple)


@native_behavior.metric
def order(sim: bw.Simulation) -> float:
    """How much they are in step: the length of the mean of their directions, 0 to 1 (Kuramoto 1975)."""
    phases = sim.table(Firefly)["phase"]
    x, y = (sum(f(phase) for phase in phases.tolist()) for f in (math.cos, math.sin))
    return math.hypot(x, y) / max(1, len(phases))
