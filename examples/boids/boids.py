"""Boids: birds that keep together, keep apart and fly in line form flocks (Reynolds 1987)."""

import math

import bigworlds as bw


class Params(bw.Parameters):
    n: int = bw.param(1000, min=1, help="birds")
    density: str = bw.param("sparse", choices=("sparse", "dense"), help="birds per area: 0.02 or 0.0178")
    radius: float = bw.param(
        lambda p: 5.0 if p.density == "sparse" else 15.0, min=0.0, help="how far a bird sees"
    )
    speed: float = bw.param(1.0, min=0.0, help="way per tick")
    cohere: float = bw.param(0.03, help="weight of the way to the others' centre")
    separation: float = bw.param(1.0, min=0.0, help="distance within which birds avoid each other")
    separate: float = bw.param(0.015, help="weight of avoiding")
    match: float = bw.param(0.05, help="weight of the others' velocity")
    activation: str = bw.param("synchronous", choices=("synchronous", "sequential"), help="how birds act")


class Bird(bw.Component):
    position: bw.vec2
    velocity: bw.vec2
    seen: int = 0


@bw.model(Params, presets={"small": {"n": 200}, "large": {"n": 400, "density": "dense"}}, ticks=100)
def boids(world: bw.World, p: Params) -> None:
    """Birds over a periodic plane that follow their neighbours."""
    side = math.sqrt(p.n * (50.0 if p.density == "sparse" else 56.25))
    world.space = bw.Continuous((side, side), periodic=True)
    world.spawn(Bird, n=p.n, position=bw.uniform(), velocity=bw.uniform(-1, 1))
    world.behaviors(flock, activation=p.activation)
    world.look(Bird, color="velocity angle")


@bw.behavior(neighbors=Params.radius, reach=Params.speed)
def flock(bird: Bird, others: bw.Neighbors[Bird], p: Params, space: bw.Space) -> None:
    """Turns towards the others' centre and heading, and away from those that are too near; then flies on."""
    together = bw.vec2(0.0, 0.0)
    apart = bw.vec2(0.0, 0.0)
    along = bw.vec2(0.0, 0.0)
    for other in others:
        together += other.offset
        along += other.velocity
        if other.distance < p.separation:
            apart -= other.offset
    bird.seen = len(others)
    turn = p.cohere * together + p.separate * apart + p.match * along
    velocity = bird.velocity + turn / max(bird.seen, 1)
    if velocity.length2() > 0.0:
        bird.velocity = velocity.normalized()
    bird.position = space.wrap(bird.position + p.speed * bird.velocity)


@boids.metric
def order(sim: bw.Simulation) -> float:
    """The length of the mean velocity: near 0 where birds fly anyhow, 1 where all fly alike."""
    return float(math.hypot(*sim.mean("Bird.velocity")))


@boids.metric
def mean_neighbors(sim: bw.Simulation) -> float:
    """How many others a bird saw in the last tick, on average."""
    return float(sim.mean("Bird.seen"))


if __name__ == "__main__":
    sim = boids.simulate("small", rng=1)
    sim.run(100)
    print(sim.metrics())
