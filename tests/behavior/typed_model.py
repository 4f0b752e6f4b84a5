"""A model that uses every kind of argument, for the type checker: users' files pass mypy --strict."""

import bigworlds as bw


class Params(bw.Parameters):
    n: int = bw.param(10_000, min=1, help="birds")
    radius: float = bw.param(10.0, min=0.0, help="how far a bird sees")


class Bird(bw.Component):
    position: bw.vec2
    velocity: bw.vec2
    age: int = 0
    tag: bw.u8 = 3
    fed: bw.i32 = 0


class Grass(bw.CellComponent):
    grown: bool
    height: bw.f32


class Call(bw.Event):
    loudness: float


@bw.model(Params, presets={"small": {"n": 200}})
def boids(world: bw.World, p: Params) -> None:
    world.space = bw.Continuous((1000.0, 1000.0), periodic=True)
    world.spawn(Bird, n=p.n, position=bw.uniform(), velocity=bw.unit_vector())
    world.behaviors(flock)


@bw.behavior(neighbors=Params.radius, claim=(Grass.grown, Bird.fed))
def flock(
    bird: Bird,
    others: bw.Neighbors[Bird],
    p: Params,
    rng: bw.Rng,
    grass: bw.Claim[Grass],
    here: bw.Here[Grass],
    cells: bw.Cells[Grass],
    chick: bw.Spawn[Bird],
    tell: bw.Send[Call],
    mail: bw.Inbox[Call],
    me: bw.Entity,
    clock: bw.Clock,
    space: bw.Space,
) -> None:
    total = bw.vec2(0, 0)
    for other in others:
        total += (
            other.offset / other.distance + 2 * other.velocity * p.radius - other.velocity.dot(total) * total
        )
        tell(other.id, loudness=1.0)
    nearest = others.nearest()
    if nearest is not None:
        total += nearest.velocity
    grass.ask(bird.position, n=2)
    if here.grown and cells.at(bird.position).height > 1.0:
        bird.age += 1
    chick(position=bird.position, age=2)
    for call in mail:
        bird.age += int(call.loudness) + call.sender
    bird.velocity = (total + bw.vec2(rng.uniform(), rng.normal())).normalized()
    bird.position = space.wrap(bird.position)
    if me.id == clock.tick:
        me.despawn()


@bw.behavior
def simple(bird: Bird) -> None:
    bird.position += bird.velocity * 0.1


if __name__ == "__main__":
    sim = boids.simulate(n=500, rng=7)
    sim.run(1000)
    print(sim.mean("Bird.position"))
