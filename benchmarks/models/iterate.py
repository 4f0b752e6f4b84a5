"""Iteration: the loops of benchmarks/cpp/iterate.cpp as behaviors, in a world without a space."""

import bigworlds as bw


class Params(bw.Parameters):
    n: int = bw.param(1_000_000, min=1, help="entities")
    components: str = bw.param("2", choices=("1", "2"), help="components that the loop goes over")
    work: str = bw.param("memory", choices=("memory", "compute"), help="one step, or a map 64 times")
    dt: float = bw.param(0.01, help="time of a tick")


class Place(bw.Component):
    position: bw.vec2


class Motion(bw.Component):
    velocity: bw.vec2


@bw.model(Params, ticks=100)
def iterate(world: bw.World, p: Params) -> None:
    """Entities of one or two components and one behavior over them."""
    loops = {"memory": (add_constant, add_velocity), "compute": (iterate_map, iterate_map_of_velocity)}
    one, two = loops[p.work]
    if p.components == "1":
        world.spawn(Place, n=p.n, position=bw.uniform(0.0, 1.0))
        world.behaviors(one)
    else:
        world.spawn(Place, Motion, n=p.n, position=bw.uniform(0.0, 1.0), velocity=bw.uniform(0.0, 1.0))
        world.behaviors(two)


@bw.behavior
def add_constant(place: Place, p: Params) -> None:
    """A step that is the same for all."""
    place.position += bw.vec2(p.dt, 2.0 * p.dt)


@bw.behavior
def add_velocity(place: Place, motion: Motion, p: Params) -> None:
    """A step along the own velocity."""
    place.position += motion.velocity * p.dt


@bw.behavior
def iterate_map(place: Place) -> None:
    """The logistic map 64 times: arithmetic alone."""
    x = place.position.x
    y = place.position.y
    for _ in range(64):
        x = 3.9 * x * (1.0 - x)
        y = 3.9 * y * (1.0 - y)
    place.position = bw.vec2(x, y)


@bw.behavior
def iterate_map_of_velocity(place: Place, motion: Motion, p: Params) -> None:
    """The same with the velocity mixed in."""
    x = place.position.x
    y = place.position.y
    for _ in range(64):
        x = 3.8 * x * (1.0 - x) + motion.velocity.x * p.dt
        y = 3.8 * y * (1.0 - y) + motion.velocity.y * p.dt
    place.position = bw.vec2(x, y)


@iterate.metric
def mean(sim: bw.Simulation) -> float:
    """The mean of all coordinates."""
    return float(sim.mean("Place.position").mean())
