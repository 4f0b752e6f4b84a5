"""Agents that act one after another on several ranks: the same world as on one, whatever they see, claim,
kill or bear, how ever wide they reach; the same errors; and refusals where a reach has no end."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest

import bigworlds as bw

RANKS = [2, 3, 4]


class Far(bw.Parameters):
    sight: float = bw.param(3.0, min=0.0)
    step: float = bw.param(1.5, min=0.0)
    strays: int = bw.param(-1)
    joined: bool = bw.param(True)


class Fish(bw.Component):
    position: bw.vec2
    weight: float = 1.0
    caught: int = 0
    eaten: int = 0
    seen: float = 0.0
    mood: bw.u8 = 0


class Weed(bw.CellComponent):
    leaves: bw.u8


class Call(bw.Event):
    loud: float


@bw.behavior(
    neighbors=Far.sight,
    claim={"prey": (Fish, Fish.caught), "weed": (Weed.leaves, Fish.eaten)},
    reach=Far.step,
)
def hunt(
    me: Fish,
    others: bw.Neighbors[Fish],
    prey: bw.Claim[Fish],
    weed: bw.Claim[Weed],
    here: bw.Here[Weed],
    who: bw.Entity,
    p: Far,
    space: bw.Space,
    rng: bw.Rng,
) -> None:
    """Swims on, away from the others; eats a fish or a leaf there; starves."""
    me.seen = 0.1 * me.seen
    for other in others:
        me.seen += other.distance * other.weight + 0.3 * other.seen
    way = bw.vec2(rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0)) * p.step
    me.weight += 0.01 * here.leaves - 0.05 + 1e-3 * me.seen
    me.position = space.wrap(me.position + way) if p.joined else space.clamp(me.position + way)
    if me.caught + me.eaten < 2:
        if rng.bernoulli(0.1):
            prey.ask(me.position)
        else:
            weed.ask(me.position, 2)
    if me.weight < 0.6:
        who.despawn()


@bw.behavior(neighbors=Far.sight, reach=(Far.step, 0.25))
def swim(
    me: Fish, others: bw.Neighbors[Fish], call: bw.Send[Call], young: bw.Spawn[Fish], p: Far, space: bw.Space,
    who: bw.Entity, rng: bw.Rng,
) -> None:  # fmt: skip
    """Sums in the order of the neighbours; bears, and calls those behind it."""
    for other in others:
        me.seen = 0.7 * me.seen + other.distance + 1e-3 * other.weight
    place = me.position + bw.vec2(p.step * math.sin(me.seen), 0.5 * p.step)
    me.position = space.wrap(place) if p.joined else space.clamp(place)
    call(who.id, loud=me.seen)
    if rng.bernoulli(0.02):
        young(position=me.position, weight=0.5 * me.weight)


@bw.behavior(on=Call, reach=0)
def listen(me: Fish, calls: bw.Inbox[Call]) -> None:
    """Hears what it called."""
    for call in calls:
        me.weight += 1e-4 * call.loud


def sea(*behaviors: Any, periodic: bool, n: int = 120, side: float = 30.0, shuffle: bool = True) -> bw.Model:
    """A model in the plane."""

    @bw.model(Far, ticks=6)
    def made(world: bw.World, p: Far) -> None:
        world.space = bw.Continuous((side, 0.8 * side), periodic=periodic, cells=(15, 12))
        world.cells(Weed, leaves=bw.integers(4))
        world.spawn(Fish, n=n, position=bw.uniform(), weight=bw.uniform(0.5, 1.5))
        for behavior in behaviors:
            world.behaviors(behavior, activation=bw.Sequential(shuffle=shuffle))

    return made


def outcome(model: bw.Model, ranks: int, ticks: int = 6, **options: Any) -> str:
    """The digest after some ticks, or the error that ended them."""
    sim = model.simulate(rng=3, ranks=ranks, **options)
    try:
        sim.run(ticks)
    except bw.BigworldsError as error:
        return f"{type(error).__name__}: {error}"
    return str(sim.digest())


def check_all_ranks(model: bw.Model, ticks: int = 6, **options: Any) -> str:
    """The outcome, which is the same on any number of ranks."""
    plain = outcome(model, 1, ticks, **options)
    for ranks in RANKS:
        assert outcome(model, ranks, ticks, **options) == plain, f"{ranks} ranks"
    return plain


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("step", [0.0, 0.4, 1.5, 9.0])
@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("behavior", [hunt, swim], ids=lambda behavior: behavior.name)
def test_any_number_of_ranks_gives_the_world_of_one(
    behavior: Any, periodic: bool, step: float, shuffle: bool
) -> None:
    model = sea(behavior, periodic=periodic, shuffle=shuffle)
    assert "Error" not in check_all_ranks(model, step=step, joined=periodic)


@pytest.mark.parametrize("sight", [0.5, 3.0, 11.0])
@pytest.mark.parametrize("n", [1, 7, 600])
def test_few_and_many_and_how_ever_far_they_see(n: int, sight: float) -> None:
    assert "Error" not in check_all_ranks(sea(swim, listen, hunt, periodic=True, n=n), sight=sight)


def test_partitions_and_moving_tiles_do_not_matter() -> None:
    model = sea(hunt, swim, periodic=True)
    plain = outcome(model, 1)
    assert "Error" not in plain
    for kind in ("blocks", "bisection", "curve", "graph"):
        partition = bw.Partition(kind, balance=1, tolerance=0.0)
        assert outcome(model, 3, partition=partition) == plain, kind


def test_interpreted_runs_have_the_digest_of_compiled_ones() -> None:
    model = sea(hunt, swim, periodic=False, n=60)
    assert outcome(model, 3, 3, interpret=True, joined=False) == outcome(model, 1, 3, joined=False)


class Ant(bw.Component):
    position: bw.ivec2
    kind: bw.u8
    alike: int = 0


@bw.behavior(neighbors=2, reach=1)
def crawl(me: Ant, others: bw.Neighbors[Ant], space: bw.Space, rng: bw.Rng) -> None:
    """To a cell beside it, where nobody stands there."""
    step = bw.ivec2(rng.integers(-1, 2), rng.integers(-1, 2))
    free = True
    me.alike = 0
    for other in others:
        me.alike = 3 * me.alike + other.kind
        if other.offset.x == step.x and other.offset.y == step.y:
            free = False
    if free:
        me.position = space.wrap(me.position + step)


@bw.behavior(neighbors=1, reach=1)
def shy(me: Ant, others: bw.Neighbors[Ant], space: bw.Space, rng: bw.Rng) -> None:
    """Away, but only where nobody is near; a kernel that looks at cells."""
    around = 0
    for other in others:
        around += 1 + other.kind
    me.alike += around
    if around == 0:
        me.position = space.wrap(me.position + bw.ivec2(rng.integers(-1, 2), rng.integers(-1, 2)))
    else:
        me.kind = (me.kind + around) % 7


@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("share", [0.1, 0.5])
@pytest.mark.parametrize("behavior", [crawl, shy], ids=lambda behavior: behavior.name)
def test_cells_that_hold_one_agent(behavior: Any, share: float, periodic: bool) -> None:
    @bw.model(ticks=6)
    def hill(world: bw.World) -> None:
        world.space = bw.Grid((18, 14), periodic=True, max_per_cell=1)
        world.spawn(Ant, n=round(share * 18 * 14), position=bw.random_cells(), kind=bw.integers(5))
        world.behaviors(behavior, activation=bw.Sequential())

    assert "Error" not in check_all_ranks(hill)


class Bee(bw.Component):
    position: bw.ivec2
    sum: bw.i64 = 1


@bw.behavior(neighbors=2, reach=1)
def buzz(me: Bee, others: bw.Neighbors[Bee], space: bw.Space, rng: bw.Rng) -> None:
    """Over hexagons, any number in one; who comes when decides the order in which they are seen."""
    for other in others:
        me.sum = (31 * me.sum + other.sum) % 1000003
    me.position = space.wrap(bw.hex_step(me.position, rng.integers(6)))


def test_hexagons_with_many_in_one() -> None:
    @bw.model(ticks=6)
    def comb(world: bw.World) -> None:
        world.space = bw.HexGrid((16, 12), periodic=True)
        world.spawn(Bee, n=150, position=bw.uniform())
        world.behaviors(buzz, activation="sequential")

    assert "Error" not in check_all_ranks(comb)


class Star(bw.Component):
    position: bw.vec3
    pull: float = 1.0


@bw.behavior(neighbors=3.0, reach=0.8)
def drift(me: Star, others: bw.Neighbors[Star], space: bw.Space) -> None:
    """In three dimensions."""
    way = bw.vec3(0.1, 0.0, 0.0)
    for other in others:
        way += other.offset * (0.1 * other.pull)
        me.pull = 0.5 * (me.pull + other.pull + 0.01 * other.distance)
    if way.length2() > 0.0:
        me.position = space.wrap(me.position + way.normalized() * 0.8)


def test_three_dimensions() -> None:
    @bw.model(ticks=6)
    def sky(world: bw.World) -> None:
        world.space = bw.Continuous((12.0, 10.0, 8.0), periodic=True)
        world.spawn(Star, n=200, position=bw.uniform(), pull=bw.uniform())
        world.behaviors(drift, activation="sequential")

    assert "Error" not in check_all_ranks(sky)


@bw.behavior(reach=Far.step)
def leap(me: Fish, who: bw.Entity, p: Far, space: bw.Space) -> None:
    """Some go further than they said."""
    far = 2.5 if p.strays >= 0 and who.id % 7 == p.strays else 0.9
    me.position = space.wrap(me.position + bw.vec2(far * p.step, 0.0))


@bw.behavior(neighbors=Far.sight, claim=(Weed.leaves, Fish.eaten), reach=Far.step)
def grab(me: Fish, others: bw.Neighbors[Fish], weed: bw.Claim[Weed], who: bw.Entity, p: Far) -> None:
    """Some claim further away than they said."""
    for other in others:
        me.seen += other.distance
    far = 2.5 if p.strays >= 0 and who.id % 7 == p.strays else 0.9
    weed.ask(me.position + bw.vec2(0.0, far * p.step))


@bw.behavior(neighbors=Far.sight, reach=Far.step)
def stumble(me: Fish, others: bw.Neighbors[Fish], p: Far, space: bw.Space, who: bw.Entity) -> None:
    """What some feel is too much for its field, once they have seen enough."""
    for other in others:
        me.seen += other.distance
    me.position = space.wrap(me.position + bw.vec2(p.step, 0.0))
    if who.id % 7 == p.strays and me.seen > 10.0:
        me.mood += 100


@pytest.mark.parametrize(
    ("behavior", "message"),
    [
        (leap, r"^BehaviorError: behavior 'leap' failed at entity \d+, tick 0: it went further than its "),
        (grab, r"^BehaviorError: behavior 'grab' failed at entity \d+, tick 0: it claimed further than its "),
        (stumble, r"^BehaviorError: behavior 'stumble' failed at entity \d+, tick \d"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_errors_are_those_of_one_rank(behavior: Any, message: str) -> None:
    for strays in range(7):
        assert re.search(message, check_all_ranks(sea(behavior, periodic=True), strays=strays))
    assert not re.search("Error", check_all_ranks(sea(behavior, periodic=True), strays=-1))


@bw.behavior
def anywhere(me: Fish, p: Far) -> None:
    """Says nothing of its reach."""
    me.weight += 1.0


@bw.behavior(claim=(Weed.leaves, Fish.eaten), reach=1.0)
def reads_anywhere(me: Fish, weed: bw.Claim[Weed], cells: bw.Cells[Weed]) -> None:
    """Looks at what others claim, far away."""
    me.weight += cells.at(bw.vec2(1.0, 1.0)).leaves
    weed.ask(me.position)


@pytest.mark.parametrize(
    ("behavior", "why"),
    [(anywhere, "declares no reach"), (reads_anywhere, "reads what it claims at any place")],
    ids=lambda value: getattr(value, "name", ""),
)
def test_refusals_on_several_ranks(behavior: Any, why: str) -> None:
    model = sea(behavior, periodic=True)
    model.simulate(rng=1, ranks=1).run(1)
    with pytest.raises(bw.UserError, match=f"sequential behavior '{behavior.name}' {why}.*found 2 ranks"):
        model.simulate(rng=1, ranks=2)


def test_agents_of_several_archetypes_have_no_order_on_any_number_of_ranks() -> None:
    class Tag(bw.Component):
        marked: bool = True

    @bw.model(Far)
    def mixed(world: bw.World, p: Far) -> None:
        world.space = bw.Continuous((30.0, 30.0))
        world.spawn(Fish, n=1, position=(1.0, 1.0))
        world.spawn(Fish, Tag, n=1, position=(29.0, 29.0))
        world.behaviors(swim, activation="sequential")

    assert "several archetypes" in check_all_ranks(mixed)


@pytest.mark.parametrize(
    "make",
    [
        lambda: bw.behavior(reach=-1.0),
        lambda: bw.behavior(reach=Fish.weight),
        lambda: bw.behavior(reach="far"),
    ],
)
def test_a_reach_that_is_none_is_refused(make: Callable[[], Any]) -> None:
    def still(me: Fish) -> None:
        me.weight += 1.0

    with pytest.raises(bw.ModelError, match="reach= is how far an agent goes and claims"):
        make()(still)


class Step(bw.Parameters):
    far: float = bw.param(1.0)


def test_a_reach_that_becomes_none_is_refused() -> None:
    @bw.behavior(reach=Step.far)
    def still(me: Fish) -> None:
        me.weight += 1.0

    @bw.model(Step)
    def pond(world: bw.World, p: Step) -> None:
        world.space = bw.Continuous((30.0, 30.0))
        world.spawn(Fish, n=10, position=bw.uniform())
        world.behaviors(still, activation="sequential")

    sim = pond.simulate(rng=1)
    with pytest.raises(bw.UserError, match="declares a reach of"):
        sim.set_parameters(far=-1.0)
