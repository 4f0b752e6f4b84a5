"""Wolf, sheep and grass: numbers of hunters and hunted that rise and fall (Wilensky 1997)."""

import bigworlds as bw


class Params(bw.Parameters):
    side: int = bw.param(100, min=1, help="cells along each side of the meadow")
    sheep: float = bw.param(0.1, min=0.0, help="sheep per cell at the start")
    wolves: float = bw.param(0.05, min=0.0, help="wolves per cell at the start")
    regrowth: int = bw.param(10, min=0, help="ticks until eaten grass has grown again")
    sheep_gain: float = bw.param(5.0, min=0.5, help="energy from a cell of grass")
    wolf_gain: float = bw.param(13.0, min=0.5, help="energy from a sheep")
    sheep_birth: float = bw.param(0.4, min=0.0, max=1.0, help="chance of a lamb in a tick")
    wolf_birth: float = bw.param(0.2, min=0.0, max=1.0, help="chance of a cub in a tick")
    periodic: bool = bw.param(False, help="whether the edges of the meadow are joined")
    activation: str = bw.param("synchronous", choices=("synchronous", "sequential"), help="how animals eat")


class Sheep(bw.Component):
    position: bw.ivec2
    energy: float
    fed: int = 0


class Wolf(bw.Component):
    position: bw.ivec2
    energy: float
    caught: int = 0


class Grass(bw.CellComponent):
    grown: bool
    countdown: int


SMALL = {"side": 25, "sheep": 0.096, "wolves": 0.064, "regrowth": 20, "sheep_birth": 0.2, "wolf_birth": 0.1}


@bw.model(Params, presets={"small": SMALL, "large": {}}, ticks=100)
def wolf_sheep(world: bw.World, p: Params) -> None:
    """Sheep that eat grass and wolves that eat sheep, on a grid with any number of animals in a cell."""
    world.space = bw.Grid((p.side, p.side), periodic=p.periodic)
    for kind, share, gain in ((Sheep, p.sheep, p.sheep_gain), (Wolf, p.wolves, p.wolf_gain)):
        n, energy = round(share * p.side**2), bw.integers(round(2 * gain))
        world.spawn(kind, n=n, position=bw.uniform(), energy=energy)
    grown = bw.bernoulli(0.5)
    world.cells(Grass, grown=grown, countdown=bw.where(grown, p.regrowth, bw.integers(max(p.regrowth, 1))))
    world.behaviors(graze, activation=p.activation)
    world.behaviors(live_as_sheep)
    world.behaviors(hunt, activation=p.activation)
    world.behaviors(live_as_wolf, grow)
    world.look(Grass, color="grown", colormap=("#6b4f2a", "#2f6b2f"))
    world.look(Sheep, color="white")
    world.look(Wolf, color="tomato")


@bw.behavior(claim=(Grass.grown, Sheep.fed), reach=1)
def graze(sheep: Sheep, grass: bw.Claim[Grass], p: Params, space: bw.Space, rng: bw.Rng) -> None:
    """Walks one step and wants the grass there."""
    place = sheep.position + bw.moore(rng.integers(8))
    sheep.position = space.wrap(place) if p.periodic else space.clamp(place)
    sheep.energy -= 1.0
    grass.ask(sheep.position)


@bw.behavior
def live_as_sheep(sheep: Sheep, lamb: bw.Spawn[Sheep], me: bw.Entity, p: Params, rng: bw.Rng) -> None:
    """Gains what it ate; then starves, or perhaps shares its energy with a lamb."""
    sheep.energy += p.sheep_gain * sheep.fed
    if sheep.energy < 0.0:
        me.despawn()
    elif rng.bernoulli(p.sheep_birth):
        sheep.energy /= 2.0
        lamb(position=sheep.position, energy=sheep.energy)


@bw.behavior(claim=(Sheep, Wolf.caught), reach=1)
def hunt(wolf: Wolf, prey: bw.Claim[Sheep], p: Params, space: bw.Space, rng: bw.Rng) -> None:
    """Walks one step and wants a sheep there."""
    place = wolf.position + bw.moore(rng.integers(8))
    wolf.position = space.wrap(place) if p.periodic else space.clamp(place)
    wolf.energy -= 1.0
    prey.ask(wolf.position)


@bw.behavior
def live_as_wolf(wolf: Wolf, cub: bw.Spawn[Wolf], me: bw.Entity, p: Params, rng: bw.Rng) -> None:
    """Gains what it caught; then starves, or perhaps shares its energy with a cub."""
    wolf.energy += p.wolf_gain * wolf.caught
    if wolf.energy < 0.0:
        me.despawn()
    elif rng.bernoulli(p.wolf_birth):
        wolf.energy /= 2.0
        cub(position=wolf.position, energy=wolf.energy)


@bw.behavior
def grow(grass: Grass, p: Params) -> None:
    """Counts down while eaten, and grows again."""
    if not grass.grown:
        if grass.countdown <= 0:
            grass.grown = True
            grass.countdown = p.regrowth
        else:
            grass.countdown -= 1


@wolf_sheep.metric
def sheep(sim: bw.Simulation) -> int:
    """How many sheep there are."""
    return int(sim.count(Sheep))


@wolf_sheep.metric
def wolves(sim: bw.Simulation) -> int:
    """How many wolves there are."""
    return int(sim.count(Wolf))


@wolf_sheep.metric
def grass_share(sim: bw.Simulation) -> float:
    """The share of cells with grown grass."""
    return float(sim.mean("Grass.grown"))


if __name__ == "__main__":
    sim = wolf_sheep.simulate("small", rng=1)
    sim.run(100)
    print(sim.metrics())
