"""Herd: animals with two numbers each, that stand still: what queries are asked of."""

import bigworlds as bw


class Params(bw.Parameters):
    n: int = bw.param(10_000_000, min=1, help="animals")


class Animal(bw.Component):
    speed: float
    weight: float


@bw.model(Params)
def herd(world: bw.World, p: Params) -> None:
    """Animals without a space or behaviors."""
    world.spawn(Animal, n=p.n, speed=bw.uniform(0.0, 1.0), weight=bw.uniform(0.0, 2.0))
