"""A model on hexagons with all that agents and cells can do there: bees look around, count and measure
their neighbours, follow a gradient, walk, claim, deposit, are born and end; cells look at cells and spread
scent."""

import math

import bigworlds as bw


class Params(bw.Parameters):
    columns: int = bw.param(13, min=1)
    lines: int = bw.param(10, min=1)
    n: int = bw.param(40, min=0)
    radius: int = bw.param(2, min=0, max=4)
    periodic: bool = bw.param(True)
    crowded: bool = bw.param(False, help="any number of bees in a cell")
    activation: str = bw.param("synchronous", choices=("synchronous", "sequential"))


class Comb(bw.CellComponent):
    honey: int
    scent: float
    near: float
    around: int


class Bee(bw.Component):
    position: bw.ivec2
    heading: int
    energy: int = 6
    got: int = 0
    crowd: int = 0
    rich: int = 0
    weight: int = 0
    far: float = 0.0
    drift: bw.ivec2
    nearest: int = 0


@bw.behavior(neighbors=Params.radius)
def count(bee: Bee, others: bw.Neighbors[Bee]) -> None:
    """Asks for no distances: on crowded worlds a list, else a look at the cells."""
    bee.crowd = len(others)
    bee.rich = 0
    for other in others:
        bee.rich += other.energy > bee.energy
    bee.weight = 0
    for other in others:
        bee.weight = 3 * bee.weight + other.energy + other.heading


@bw.behavior(neighbors=Params.radius)
def measure(bee: Bee, others: bw.Neighbors[Bee]) -> None:
    """Asks for distances and offsets."""
    bee.far = 0.0
    bee.drift = bw.ivec2(0, 0)
    for other in others:
        bee.far += other.distance * other.heading
        bee.drift += other.offset
    found = others.nearest()
    bee.nearest = found.id if found is not None else 0


@bw.behavior
def turn(bee: Bee, comb: bw.Cells[Comb], here: bw.Here[Comb], rng: bw.Rng) -> None:
    """To where there is more scent, or anywhere."""
    slope = comb.gradient(bee.position, Comb.scent)
    if slope.length2() > 0.0 and rng.bernoulli(0.7):
        bee.heading = round(math.atan2(slope.y, slope.x) / (math.pi / 3)) % 6
    else:
        bee.heading = rng.integers(6)
    if here.honey == 0:
        bee.energy -= 1


@bw.behavior(neighbors=1)
def walk(
    bee: Bee, others: bw.Neighbors[Bee], comb: bw.Cells[Comb], space: bw.Space, p: Params, rng: bw.Rng
) -> None:
    """One step ahead where there is room, or far away where that has nothing."""
    ahead = bw.hex_step(bee.position, bee.heading)
    if not p.periodic:
        ahead = space.clamp(ahead)
    blocked = False
    for other in others:
        if other.offset == ahead - bee.position:
            blocked = True
    if p.crowded or not blocked:
        bee.position = space.wrap(ahead)
    elif comb.at(space.wrap(ahead)).honey == 0 and rng.bernoulli(0.3):
        bee.position = space.random_empty(rng)


@bw.behavior(claim=(Comb.honey, Bee.got), deposit=Comb.scent)
def feed(bee: Bee, honey: bw.Claim[Comb], scent: bw.Deposit[Comb]) -> None:
    honey.ask(bee.position)
    scent.add(bw.hex_step(bee.position, 4), 0.5)


@bw.behavior
def live(bee: Bee, me: bw.Entity, young: bw.Spawn[Bee], space: bw.Space, rng: bw.Rng) -> None:
    bee.energy += 2 * bee.got - 1
    if bee.energy < 0:
        me.despawn()
    elif bee.energy > 9:
        bee.energy -= 5
        young(position=space.random_empty(rng), heading=(bee.heading + 1) % 6)


@bw.behavior(neighbors=Params.radius)
def ripen(comb: Comb, around: bw.Neighbors[Comb], clock: bw.Clock, rng: bw.Rng) -> None:
    comb.around = len(around)
    comb.near = 0.0
    for other in around:
        comb.near += other.scent * other.distance + 0.25 * other.offset.x
    if rng.bernoulli(0.25):
        comb.honey += 1


@bw.model(Params, ticks=20)
def hive(world: bw.World, p: Params) -> None:
    world.space = bw.HexGrid((p.columns, p.lines), periodic=p.periodic, max_per_cell=None if p.crowded else 1)
    world.tiles = 9
    world.cells(Comb, honey=bw.integers(0, 6), scent=bw.uniform())
    world.spawn(Bee, n=p.n, position=bw.random_cells(), heading=bw.integers(6))
    order = bw.Sequential() if p.activation == "sequential" else bw.Synchronous()
    for behavior in (count, measure, turn, walk, feed, live):
        world.behaviors(behavior, activation=order)
    world.behaviors(ripen)
    world.field(Comb.scent, diffuse=0.4, decay=0.05)
