"""Germs on a contact graph alone: what benchmarks/cpp/germs.cpp computes by hand."""

from enum import IntEnum

import bigworlds as bw


class State(IntEnum):
    SUSCEPTIBLE = 0
    ILL = 1
    RECOVERED = 2


class Params(bw.Parameters):
    n: int = bw.param(1000, min=20, help="people")
    infected: int = bw.param(10, min=0, help="people who are ill at the start")
    network: str = bw.param("random", choices=("random", "small_world"), help="who knows whom")
    contacts: int = bw.param(8, min=0, help="contacts of a person on average, an even number")
    transmission: float = bw.param(0.03, min=0.0, max=1.0, help="chance to infect a contact in a tick")
    recovery: float = bw.param(0.1, min=0.0, max=1.0, help="chance to recover in a tick")
    activation: str = bw.param("synchronous", choices=("synchronous", "sequential"), help="how people act")


class Person(bw.Component):
    state: State


class Contact(bw.EdgeComponent):
    """Two people who know each other."""


@bw.behavior(neighbors=Contact)
def catch(me: Person, friends: bw.Neighbors[Person], p: Params, rng: bw.Rng) -> None:
    """Who is susceptible catches it from its ill contacts, who is ill recovers."""
    if me.state == State.SUSCEPTIBLE:
        ill = 0
        for friend in friends:
            if friend.state == State.ILL:
                ill += 1
        if ill > 0 and rng.uniform() >= (1.0 - p.transmission) ** ill:
            me.state = State.ILL
    elif me.state == State.ILL and rng.bernoulli(p.recovery):
        me.state = State.RECOVERED


@bw.model(Params, ticks=100)
def germs(world: bw.World, p: Params) -> None:
    world.spawn(Person, n=p.infected, state=State.ILL)
    world.spawn(Person, n=p.n - p.infected)
    edges = bw.small_world(k=p.contacts, rewire=0.1) if p.network == "small_world" else None
    world.graph(Contact, edges or bw.random_graph(mean_degree=p.contacts), of=Person)
    world.behaviors(catch, activation=p.activation)


@germs.metric
def attack_rate(sim: bw.Simulation) -> float:
    """The share of people who are or were ill."""
    return float((sim.table(Person)["state"] != State.SUSCEPTIBLE).mean())


@germs.metric
def ill_share(sim: bw.Simulation) -> float:
    """The share of people who are ill now."""
    return float((sim.table(Person)["state"] == State.ILL).mean())
