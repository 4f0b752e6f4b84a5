"""Agents that act one after another: fields that they look at now and then only, places that nobody sees,
births and deaths in between."""

from __future__ import annotations

import functools
import re
from typing import Any

import numpy as np
import pytest

import bigworlds as bw


class Settings(bw.Parameters):
    step: int = bw.param(1)


class Walker(bw.Component):
    position: bw.ivec2
    energy: float = 1.0
    food: int = 0
    steps: bw.u8 = 0
    luck: bw.vec2 = (0.5, 0.25)
    tired: bool = False
    home: bw.i16 = -1


class Soil(bw.CellComponent):
    grass: bw.u8


@bw.behavior
def stroll(me: Walker, p: Settings, space: bw.Space, rng: bw.Rng) -> None:
    """Reads before it writes, writes and reads again, writes twice, on some paths only."""
    draw = rng.integers(5)
    if draw == 0:
        before = me.steps
        me.steps = before + 1
        me.steps += 1
        me.home = me.steps - 2 * before
    elif draw == 1:
        me.luck = me.luck * 0.5
        if me.luck.x < 0.1:
            me.luck = bw.vec2(me.energy, me.luck.y + 1.0)
            me.tired = not me.tired
    elif draw == 2:
        me.position = space.wrap(me.position + bw.moore(rng.integers(8)) * p.step)
    me.energy += me.luck.x if draw == 3 else 0.125


@bw.behavior(claim=(Soil.grass, Walker.food))
def forage(me: Walker, soil: bw.Claim[Soil], young: bw.Spawn[Walker], who: bw.Entity, p: Settings,
           rng: bw.Rng) -> None:  # fmt: skip
    """Walks without anybody seeing it, perhaps beyond the edge, and eats there."""
    me.position = me.position + bw.moore(rng.integers(8)) * p.step
    soil.ask(me.position, 2)
    if me.food == 0:
        me.energy -= 0.5
        if me.energy < 0.0:
            who.despawn()
    elif rng.bernoulli(0.3):
        young(position=me.position, energy=me.energy)


@bw.behavior
def grow(soil: Soil) -> None:
    """Grass grows."""
    soil.grass = min(soil.grass + 1, 9)


def meadow(*behaviors: Any, n: int = 90, periodic: bool = True, **fields: Any) -> Any:
    """A model on a small grid."""

    @bw.model(Settings, ticks=4)
    def made(world: bw.World, p: Settings) -> None:
        world.space = bw.Grid((11, 8), periodic=periodic)
        world.cells(Soil, grass=1)
        world.spawn(Walker, n=n, position=bw.uniform(), **fields)
        for behavior in behaviors:
            world.behaviors(behavior, activation=bw.Sequential() if behavior is not grow else None)

    return functools.partial(made.simulate, rng=3)


@pytest.mark.parametrize(
    "behaviors",
    [(stroll,), (forage, grow), (stroll, forage, grow)],
    ids=lambda b: "+".join(x.name for x in b),
)
@pytest.mark.parametrize("step", [1, 3])
def test_compiled_and_interpreted_are_alike(behaviors: tuple[Any, ...], step: int) -> None:
    """To the bit, over ticks that are run at once or one by one."""
    start = meadow(*behaviors)
    compiled, interpreted, stepped = start(step=step), start(step=step, interpret=True), start(step=step)
    compiled.run(12)
    interpreted.run(12)
    for _ in range(12):
        stepped.run(1)
    assert compiled.digest() == interpreted.digest() == stepped.digest()


class Prey(bw.Component):
    position: bw.ivec2


class Game(bw.Component):
    weight: int = 1


def feeders() -> dict[str, Any]:
    """Behaviors that claim, and do nothing with what they are granted."""

    @bw.behavior(claim=(Soil.grass, Walker.food))
    def graze(me: Walker, soil: bw.Claim[Soil], young: bw.Spawn[Walker], space: bw.Space,
              rng: bw.Rng) -> None:  # fmt: skip
        """Walks, and asks for some of what grows there."""
        me.position = space.wrap(me.position + bw.moore(rng.integers(8)))
        soil.ask(me.position, rng.integers(3) + 1)
        if rng.bernoulli(0.05):
            young(position=me.position)

    @bw.behavior(claim=(Prey, Walker.food))
    def hunt(me: Walker, prey: bw.Claim[Prey], young: bw.Spawn[Walker], space: bw.Space,
             rng: bw.Rng) -> None:  # fmt: skip
        """Walks, and asks for some of those who are there."""
        me.position = space.wrap(me.position + bw.moore(rng.integers(8)))
        prey.ask(me.position, rng.integers(3) + 1)
        if rng.bernoulli(0.05):
            young(position=me.position)

    @bw.behavior(claim=(Game, Walker.food))
    def fight(me: Walker, other: bw.Claim[Game], space: bw.Space, rng: bw.Rng) -> None:
        """Walks, and asks for one of its own kind."""
        me.position = space.wrap(me.position + bw.moore(rng.integers(8)))
        other.ask(me.position, rng.integers(2))

    return {"stock": graze, "agents": hunt, "each other": fight}


def watchful_feeders() -> dict[str, Any]:
    """The same, with a look at what they are granted that changes nothing."""

    @bw.behavior(claim=(Soil.grass, Walker.food))
    def graze(me: Walker, soil: bw.Claim[Soil], young: bw.Spawn[Walker], space: bw.Space,
              rng: bw.Rng) -> None:  # fmt: skip
        """Walks, and asks for some of what grows there."""
        me.position = space.wrap(me.position + bw.moore(rng.integers(8)))
        soil.ask(me.position, rng.integers(3) + 1)
        if rng.bernoulli(0.05) and me.food >= 0:
            young(position=me.position)

    @bw.behavior(claim=(Prey, Walker.food))
    def hunt(me: Walker, prey: bw.Claim[Prey], young: bw.Spawn[Walker], space: bw.Space,
             rng: bw.Rng) -> None:  # fmt: skip
        """Walks, and asks for some of those who are there."""
        me.position = space.wrap(me.position + bw.moore(rng.integers(8)))
        prey.ask(me.position, rng.integers(3) + 1)
        if rng.bernoulli(0.05) and me.food >= 0:
            young(position=me.position)

    @bw.behavior(claim=(Game, Walker.food))
    def fight(me: Walker, other: bw.Claim[Game], space: bw.Space, rng: bw.Rng) -> None:
        """Walks, and asks for one of its own kind."""
        me.position = space.wrap(me.position + bw.moore(rng.integers(8)))
        other.ask(me.position, rng.integers(2))
        if me.food < 0:
            me.energy = 0.0

    return {"stock": graze, "agents": hunt, "each other": fight}


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("what", ["stock", "agents", "each other"])
def test_turns_that_only_claims_can_tell_are_those_of_the_live_state(what: str, shuffle: bool) -> None:
    """Agents that do nothing with what they are granted act at once, and claims are settled by their turns.

    To the bit it is what happens where they look at it, and act one after another.
    """

    def digests(feed: Any, **how: Any) -> list[str]:
        @bw.model(Settings, ticks=4)
        def made(world: bw.World, p: Settings) -> None:
            world.space = bw.Grid((9, 7), periodic=True)
            world.cells(Soil, grass=bw.integers(4))
            world.spawn(*((Walker, Game) if what == "each other" else (Walker,)), n=80, position=bw.uniform())
            world.spawn(Prey, n=150, position=bw.uniform())
            world.behaviors(feed, activation=bw.Sequential(shuffle=shuffle))
            world.behaviors(grow)

        simulation = made.simulate(rng=5, **how)
        found = []
        for _ in range(4):
            simulation.run(2)
            found.append(simulation.digest())
        return found

    blind, watchful = feeders()[what], watchful_feeders()[what]
    assert blind.turns_in_claims_only
    assert not watchful.turns_in_claims_only
    wanted = digests(watchful)
    assert len(set(wanted)) == 4
    assert digests(blind) == digests(blind, threads=2) == digests(blind, interpret=True) == wanted


def test_a_rare_field_that_does_not_fit_is_an_error_of_its_agent() -> None:
    """The same agent and tick in both ways; nothing of it was written."""

    @bw.behavior
    def count(me: Walker, rng: bw.Rng) -> None:
        """Adds to a byte, on some paths."""
        if rng.bernoulli(0.5):
            me.steps += 100

    told = []
    for interpret in (False, True):
        simulation = meadow(count)(interpret=interpret)
        with pytest.raises(bw.BehaviorError, match="entity") as caught:
            simulation.run(50)
        told.append(re.sub(r".*(entity \d+, tick \d+).*", r"\1", str(caught.value), flags=re.DOTALL))
    assert told[0] == told[1]
    assert not told[0].endswith("tick 0")


def test_of_places_beyond_the_edge_the_first_in_turn_is_named() -> None:
    """Whether nobody sees the walkers, or they are looked for."""

    @bw.behavior
    def fall(me: Walker, p: Settings) -> None:
        """One step to the right."""
        me.position = me.position + bw.ivec2(1, 0)

    @bw.behavior(neighbors=1)
    def seen(me: Walker, others: bw.Neighbors[Walker], p: Settings) -> None:
        """The same, and looks around."""
        me.food += len(others)
        me.position = me.position + bw.ivec2(1, 0)

    for behavior in (fall, seen):
        told = []
        for interpret in (False, True):
            simulation = meadow(behavior, periodic=False)(interpret=interpret)
            with pytest.raises(bw.BehaviorError, match="left the bounded world") as caught:
                simulation.run(20)
            told.append(re.sub(r".*(entity \d+, tick \d+).*", r"\1", str(caught.value), flags=re.DOTALL))
        assert told[0] == told[1]


class Fly(bw.Component):
    position: bw.vec2
    heard: float = 0.0


def test_in_continuous_space_those_who_look_at_nobody_move() -> None:
    """Places are compared as reals, and wrapped behind the kernel."""

    @bw.behavior
    def fly(me: Fly, space: bw.Space, rng: bw.Rng) -> None:
        """Some stay."""
        if rng.bernoulli(0.7):
            me.position = me.position + bw.vec2(rng.uniform(-2.0, 2.0), 0.25)
        me.heard += me.position.x

    @bw.model(Settings, ticks=4)
    def air(world: bw.World, p: Settings) -> None:
        world.space = bw.Continuous((10.0, 6.0), periodic=True)
        world.spawn(Fly, n=50, position=bw.uniform())
        world.behaviors(fly, activation=bw.Sequential())

    digests = []
    for interpret in (False, True):
        simulation = air.simulate(rng=2, interpret=interpret)
        simulation.run(9)
        digests.append(simulation.digest())
        places = np.asarray(simulation.columns(Fly).position)
        assert (places >= 0.0).all()
        assert (places < [10.0, 6.0]).all()
    assert digests[0] == digests[1]
