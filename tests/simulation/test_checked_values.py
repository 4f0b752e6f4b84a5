"""check_values: the first number that is not finite is told in whatever a behavior writes, at the same entity
on any ranks and threads, compiled and interpreted."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

import bigworlds as bw


class Soil(bw.CellComponent):
    water: float


class Plant(bw.Component):
    position: bw.ivec2
    number: int
    size: float = 1.0


class Seed(bw.Component):
    weight: bw.f32 = 1.0


class Ill(bw.Component):
    fever: bw.vec3


class Scent(bw.Event):
    strength: float


class Root(bw.EdgeComponent):
    depth: float = 1.0
    width: float = 1.0


class Params(bw.Parameters):
    what: int = bw.param(0, min=0, max=2, help="what is written: 3, NaN or minus infinity")


def bad(p: Params) -> float:
    infinite = 1e308 * 10.0 * p.what
    if p.what == 0:
        return 3.0
    return infinite - infinite if p.what == 1 else -infinite


@bw.behavior
def grow(plant: Plant, p: Params, clock: bw.Clock) -> None:
    if clock.tick == 2 and plant.number % 40 >= 17:
        plant.size = bad(p)


@bw.behavior
def bear(plant: Plant, p: Params, clock: bw.Clock, seed: bw.Spawn[Plant, Seed]) -> None:
    if clock.tick == 2:
        seed(position=plant.position, weight=1.0)
        if plant.number % 40 >= 17:
            seed(position=plant.position, weight=bad(p))


@bw.behavior
def catch(plant: Plant, p: Params, clock: bw.Clock, ill: bw.Attach[Ill]) -> None:
    if clock.tick == 2:
        if plant.number % 40 >= 17:
            ill(fever=bw.vec3(0.0, 0.0, bad(p)))
        else:
            ill(fever=bw.vec3(0.0, 0.0, 40.0))


@bw.behavior
def smell(plant: Plant, p: Params, clock: bw.Clock, send: bw.Send[Scent], me: bw.Entity) -> None:
    if clock.tick == 2:
        send(me.id, strength=1.0)
        if plant.number % 40 >= 17:
            send.all(strength=bad(p))


@bw.behavior
def listen(plant: Plant, scents: bw.Inbox[Scent]) -> None:
    for scent in scents:
        plant.number += int(scent.strength > 2.0)


@bw.behavior(neighbors=Root)
def root(plant: Plant, others: bw.Neighbors[Plant], p: Params, clock: bw.Clock, link: bw.Link[Root]) -> None:
    if clock.tick == 2:
        for other in others:
            if plant.number % 40 >= 17:
                link.set(other.id, width=bad(p))
            else:
                link.set(other.id, width=2.0)


@bw.behavior(deposit=Soil.water)
def drip(plant: Plant, p: Params, clock: bw.Clock, soil: bw.Deposit[Soil]) -> None:
    if clock.tick == 2:
        soil.add(plant.position, 1.0)
        if plant.number % 40 >= 17:
            soil.add(plant.position, bad(p))


@bw.model(Params)
def garden(world: bw.World, p: Params) -> None:
    world.space = bw.Grid((16, 16))
    world.cells(Soil)
    world.spawn(Plant, n=80, position=bw.random_cells(), number=bw.cycle(range(80)))
    world.graph(Root, bw.ring(2), of=Plant)


def garden_with(behavior: Any, activation: Any) -> bw.Model:
    @bw.model(Params)
    def one(world: bw.World, p: Params) -> None:
        garden.function(world, p)
        phases = [listen] if behavior is smell else []
        if activation is None:
            world.behaviors(behavior, *phases)
        else:
            world.behaviors(behavior, activation=activation)
            for phase in phases:
                world.behaviors(phase)

    return one


def failures(model: bw.Model, ranks_of: tuple[int, ...], *, check_values: bool, what: int) -> set[str]:
    told = set()
    for ranks, threads, interpret in product(ranks_of, (1, 2), (False, True)):
        sim = model.simulate(
            rng=1, ranks=ranks, threads=threads, interpret=interpret, check_values=check_values, what=what
        )
        try:
            sim.run(3)
            told.add("nothing")
        except bw.BehaviorError as problem:
            told.add(str(problem))
    return told


CASES = {
    grow: "it wrote {} to Plant.size",
    bear: "it wrote {} to Seed.weight of an entity that it spawned",
    catch: "it wrote {} to Ill.fever, which it attached",
    smell: "it sent {} as Scent.strength",
    root: "it wrote {} to Root.width of an edge",
    drip: "it deposited {}; an amount is a finite number below 2^31 in size",
}


@pytest.mark.parametrize("activation", [None, bw.Sequential(shuffle=False)], ids=["at once", "in turns"])
@pytest.mark.parametrize("behavior", CASES, ids=lambda behavior: behavior.name)
def test_the_first_entity_that_writes_no_number_is_named(behavior: Any, activation: Any) -> None:
    model = garden_with(behavior, activation)
    ranks = (1,) if activation else (1, 3)
    for what, shown in ((1, "nan"), (2, "-inf")):
        text = f"behavior '{behavior.name}' failed at entity 18, tick 2: {CASES[behavior].format(shown)}"
        assert failures(model, ranks, check_values=True, what=what) == {text}
    assert failures(model, ranks, check_values=True, what=0) == {"nothing"}
    if behavior is not drip:
        assert failures(model, ranks, check_values=False, what=1) == {"nothing"}


@pytest.mark.parametrize("behavior", CASES, ids=lambda behavior: behavior.name)
def test_in_random_turns_the_first_in_turn_is_named(behavior: Any) -> None:
    told = failures(garden_with(behavior, bw.Sequential()), (1,), check_values=True, what=1)
    assert len(told) == 1
    assert f"tick 2: {CASES[behavior].format('nan')}" in told.pop()
