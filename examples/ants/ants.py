"""Ants: foragers that leave scent where they carry food find and empty one food pile after the other."""

import math

import numpy as np

import bigworlds as bw


class Params(bw.Parameters):
    side: int = bw.param(71, min=21, help="cells along each side of the field")
    ants: int = bw.param(125, min=1, help="ants in the nest")
    diffusion: float = bw.param(0.5, min=0.0, max=1.0, help="share of scent that spreads in a tick")
    evaporation: float = bw.param(0.1, min=0.0, max=1.0, help="share of scent that is lost in a tick")
    drop: float = bw.param(60.0, min=0.0, help="scent that an ant with food leaves in a tick")


class Ground(bw.CellComponent):
    food: int
    scent: float
    home: float  # grows towards the nest; cells above 195 are the nest


class Ant(bw.Component):
    position: bw.vec2
    heading: float
    leaves: int  # the tick in which it sets out
    found: int
    carrying: bool
    delivered: int


@bw.model(Params, ticks=1000)
def ants(world: bw.World, p: Params) -> None:
    """A bounded field with a nest in the middle and three piles of food."""
    world.space = bw.Continuous((p.side, p.side), periodic=False, cells=(p.side, p.side))
    half = p.side // 2
    y, x = np.mgrid[: p.side, : p.side] - half
    piles = [(0.6 * half, 0.0), (-0.6 * half, -0.6 * half), (-0.8 * half, 0.8 * half)]
    pile = np.any([np.hypot(x - px, y - py) < 5 for px, py in piles], axis=0)
    food = bw.where(pile, bw.integers(1, 3), 0)
    world.cells(Ground, food=food, home=200.0 - np.hypot(x, y))
    middle, heading = bw.vec2(half + 0.5, half + 0.5), bw.uniform(0.0, math.tau)
    world.spawn(Ant, n=p.ants, position=middle, heading=heading, leaves=np.arange(p.ants))
    world.behaviors(steer, walk)
    world.field(Ground.scent, diffuse=Params.diffusion, decay=Params.evaporation)
    world.look(Ground, color="scent", range=(0.0, 30.0))
    world.look(Ant, color="carrying", colormap=("#c0392b", "#f39c12"))


def ahead(ant: Ant, angle: float) -> bw.vec2:
    """The place one step away, in the direction of the heading plus an angle."""
    return ant.position + bw.vec2(math.cos(ant.heading + angle), math.sin(ant.heading + angle))


def turn(left: float, front: float, right: float) -> float:
    """How far to turn towards the largest of three values."""
    if left <= front and right <= front:
        return 0.0
    return -math.pi / 4 if right > left else math.pi / 4


@bw.behavior(deposit=Ground.scent)
def steer(
    ant: Ant, ground: bw.Cells[Ground], scent: bw.Deposit[Ground], space: bw.Space, clock: bw.Clock, p: Params
) -> None:
    """With food an ant goes home and leaves scent; without, it follows scent that is not too strong."""
    if clock.tick < ant.leaves:
        return
    here = ground.at(ant.position)
    left = ground.at(space.clamp(ahead(ant, math.pi / 4)))
    front = ground.at(space.clamp(ahead(ant, 0.0)))
    right = ground.at(space.clamp(ahead(ant, -math.pi / 4)))
    if ant.found > 0:
        ant.carrying = True
        ant.heading += math.pi
    elif ant.carrying and here.home > 195.0:
        ant.carrying = False
        ant.delivered += 1
        ant.heading += math.pi
    elif ant.carrying:
        scent.add(ant.position, p.drop)
        ant.heading += turn(left.home, front.home, right.home)
    elif 0.05 <= here.scent < 2.0:
        ant.heading += turn(left.scent, front.scent, right.scent)


@bw.behavior(claim=(Ground.food, Ant.found))
def walk(
    ant: Ant, ground: bw.Cells[Ground], food: bw.Claim[Ground], space: bw.Space, clock: bw.Clock, rng: bw.Rng
) -> None:
    """An ant wavers, goes a step, turns round at the edge, and picks up food where it comes upon some."""
    if clock.tick < ant.leaves:
        return
    ant.heading += math.radians(rng.uniform(0.0, 40.0) - rng.uniform(0.0, 40.0))
    if space.clamp(ahead(ant, 0.0)) != ahead(ant, 0.0):
        ant.heading += math.pi
    ant.position = space.clamp(ahead(ant, 0.0))
    if not ant.carrying and ground.at(ant.position).food > 0:
        food.ask(ant.position)


@ants.metric
def food_collected(sim: bw.Simulation) -> int:
    """How much food has been brought to the nest."""
    return int(sim.sum("Ant.delivered"))


if __name__ == "__main__":
    sim = ants.simulate(rng=1)
    sim.run(500)
    print(sim.metrics())
