"""Germs: an epidemic among people who know each other, and who meet strangers (SIR)."""

from enum import IntEnum

import bigworlds as bw


class State(IntEnum):
    SUSCEPTIBLE = 0
    INFECTED = 1
    RECOVERED = 2


class Params(bw.Parameters):
    n: int = bw.param(2000, min=1, help="people, one on each unit of area")
    infected: int = bw.param(10, min=0, help="people who are ill at the start; they know each other")
    network: str = bw.param(
        "small_world", choices=("small_world", "scale_free", "random"), help="who knows whom"
    )
    contacts: int = bw.param(8, min=0, help="contacts of a person on average, an even number")
    transmission: float = bw.param(0.02, min=0.0, max=1.0, help="chance to infect a contact in a tick")
    airborne: float = bw.param(0.02, min=0.0, max=1.0, help="chance to infect someone near by in a tick")
    radius: float = bw.param(1.0, min=0.0, max=4.0, help="how near that is")
    step: float = bw.param(0.2, min=0.0, help="how far people walk in a tick, on each axis")
    recovery: float = bw.param(0.1, min=0.0, max=1.0, help="chance to recover in a tick")
    activation: str = bw.param("synchronous", choices=("synchronous", "sequential"), help="how people act")


class Person(bw.Component):
    position: bw.vec2
    state: State


class Contact(bw.EdgeComponent):
    """Two people who know each other; wherever they are."""


@bw.model(Params, presets={"small": {"n": 500}, "large": {"n": 200_000, "infected": 200}}, ticks=200)
def germs(world: bw.World, p: Params) -> None:
    """A few ill people among many who are not, on a plane and on a graph."""
    side = max(p.n, 100) ** 0.5
    ill = min(p.infected, p.n)
    world.space = bw.Continuous((side, side))
    world.spawn(Person, n=ill, position=bw.uniform(), state=State.INFECTED)
    world.spawn(Person, n=p.n - ill, position=bw.uniform(), state=State.SUSCEPTIBLE)
    if p.network == "small_world":
        world.graph(Contact, bw.small_world(k=p.contacts, rewire=0.1), of=Person)
    elif p.network == "scale_free":
        world.graph(Contact, bw.scale_free(m=p.contacts // 2), of=Person)
    else:
        world.graph(Contact, bw.random_graph(mean_degree=p.contacts), of=Person)
    world.behaviors(catch, activation=p.activation)
    world.behaviors(walk)
    world.record(bw.record.group(Person.state, of=bw.record.count(Person)))
    world.look(Person, color="state", colormap=("#4c72b0", "#e8412c", "#8c8c8c"))


@bw.behavior(neighbors={"friends": Contact, "strangers": Params.radius})
def catch(
    me: Person, friends: bw.Neighbors[Person], strangers: bw.Neighbors[Person], p: Params, rng: bw.Rng
) -> None:
    """Everyone ill whom I know, and everyone ill near me, infects me with some chance; the ill recover."""
    if me.state == State.SUSCEPTIBLE:
        escape = 1.0
        for friend in friends:
            if friend.state == State.INFECTED:
                escape *= 1.0 - p.transmission
        for stranger in strangers:
            if stranger.state == State.INFECTED:
                escape *= 1.0 - p.airborne
        if rng.uniform() >= escape:
            me.state = State.INFECTED
    elif me.state == State.INFECTED and rng.bernoulli(p.recovery):
        me.state = State.RECOVERED


@bw.behavior
def walk(me: Person, p: Params, space: bw.Space, rng: bw.Rng) -> None:
    """People stroll about."""
    me.position = space.wrap(me.position + bw.vec2(rng.normal(0.0, p.step), rng.normal(0.0, p.step)))


@germs.metric
def attack_rate(sim: bw.Simulation) -> float:
    """The share of people who are or were ill."""
    return float((sim.table(Person)["state"] != State.SUSCEPTIBLE).mean())


@germs.metric
def ill_share(sim: bw.Simulation) -> float:
    """The share of people who are ill now."""
    return float((sim.table(Person)["state"] == State.INFECTED).mean())


if __name__ == "__main__":
    sim = germs.simulate("small", rng=1)
    sim.run(200)
    print(sim.metrics())
