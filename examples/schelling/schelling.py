"""Schelling: mild wishes about one's neighbours divide a town (Schelling 1971)."""

import bigworlds as bw


class Params(bw.Parameters):
    side: int = bw.param(100, min=2, help="cells along each side of the town")
    occupied: float = bw.param(0.8, min=0.0, max=1.0, help="share of cells that are lived in")
    radius: int = bw.param(1, min=1, help="how many cells away a neighbour may live")
    need: int = bw.param(3, min=0, help="neighbours of the own group that make one stay")
    activation: str = bw.param("synchronous", choices=("synchronous", "sequential"), help="how people act")


class Person(bw.Component):
    position: bw.ivec2
    group: bw.u8
    happy: bool = False
    moves: int = 0


SMALL = {"side": 40, "occupied": 0.625, "radius": 1, "need": 3}
LARGE = {"side": 100, "occupied": 0.8, "radius": 2, "need": 8}


@bw.model(Params, presets={"small": SMALL, "large": LARGE}, ticks=20)
def schelling(world: bw.World, p: Params) -> None:
    """People of two groups on a bounded grid, one at most in a cell."""
    world.space = bw.Grid((p.side, p.side), max_per_cell=1)
    world.spawn(Person, n=round(p.occupied * p.side**2), position=bw.random_cells(), group=bw.cycle([0, 1]))
    world.behaviors(settle, activation=p.activation)
    world.look(Person, color="group")


@bw.behavior(neighbors=Params.radius)
def settle(me: Person, others: bw.Neighbors[Person], p: Params, space: bw.Space, rng: bw.Rng) -> None:
    """Stays among enough of the own group, else moves to an empty cell anywhere in the town."""
    alike = 0
    for other in others:
        alike += other.group == me.group
    me.happy = alike >= p.need
    if not me.happy:
        me.position = space.random_empty(rng)
        me.moves += 1


@schelling.metric
def happy_share(sim: bw.Simulation) -> float:
    """The share of people who were happy where they were in the last tick."""
    return float(sim.mean("Person.happy"))


@schelling.metric
def moves(sim: bw.Simulation) -> int:
    """How often people set out for another cell, in the whole run."""
    return int(sim.sum("Person.moves"))


if __name__ == "__main__":
    sim = schelling.simulate("small", rng=1)
    sim.run(20)
    print(sim.metrics())
