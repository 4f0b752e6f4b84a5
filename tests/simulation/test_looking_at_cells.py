"""Behaviors that look at the cells of a grid themselves see what a list of neighbours tells.

Digests are equal either way, on any number of ranks and threads, interpreted or compiled.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

import bigworlds as bw
from bigworlds.behavior.behavior import Behavior
from bigworlds.behavior.translate.by_cell import over_cells


class Settings(bw.Parameters):
    radius: int = bw.param(1, min=0)


class Person(bw.Component):
    position: bw.ivec2
    group: bw.u8
    mood: float = 0.0
    seen: int = 0


class Cube(bw.Component):
    position: bw.ivec3
    group: int
    seen: int = 0


class Charge(bw.Component):
    position: bw.ivec2
    sign: bw.i8
    seen: int = 0


class Badge(bw.Component):
    number: bw.i16 = -3


@bw.behavior(neighbors=Settings.radius)
def tally(me: Person, others: bw.Neighbors[Person], p: Settings, space: bw.Space, rng: bw.Rng) -> None:
    """Counts by tests of several forms."""
    alike = 0
    for other in others:
        alike += other.group == me.group
    rich = 0
    for other in others:
        rich += other.mood > me.mood and not (other.group == 2 or other.group < p.radius)
    me.seen = me.seen * 3 + alike + 100 * rich + 10000 * len(others)
    me.mood += 0.25 * alike
    if alike < 2:
        me.position = space.random_empty(rng)


@bw.behavior(neighbors=Settings.radius)
def compare(me: Person, others: bw.Neighbors[Person], p: Settings, space: bw.Space, rng: bw.Rng) -> None:
    """Compares bytes alone, also with what no byte is."""
    other_kind = 0
    for other in others:
        other_kind += other.group != me.group or not (me.seen % 300 == other.group or other.group == 1)
    beyond = 0
    for other in others:
        beyond += other.group == me.group + 256
    negative = 0
    for other in others:
        negative += other.group != -1 - me.group
    me.seen = me.seen * 3 + other_kind + 100 * beyond + 10000 * negative
    if other_kind < 3:
        me.position = space.random_empty(rng)


@bw.behavior(neighbors=Settings.radius)
def visit(me: Person, others: bw.Neighbors[Person], space: bw.Space, rng: bw.Rng) -> None:
    """Depends on the order of neighbours: sums of reals, the first that fits, who was last."""
    total = 0.1 * me.mood
    for other in others:
        total = total * 0.7 + other.mood / 3.0
    for other in others:
        if other.group == me.group:
            me.seen += int(other.mood * 8.0)
            break
    else:
        me.position = space.random_empty(rng)
    share = 0.1
    for other in others:
        share += other.group == 1
    total += share
    last = 0
    for other in others:
        if other.group == 1:
            continue
        last = last * 5 + other.group
    me.mood = total + 0.01 * (last % 7)


@bw.behavior(neighbors=Settings.radius)
def crowd(me: Person, others: bw.Neighbors[Person], who: bw.Entity, child: bw.Spawn[Person], rng: bw.Rng,
          space: bw.Space) -> None:  # fmt: skip
    """Some die of the crowd, some bear."""
    n = 0
    for other in others:
        n += other.mood >= 0.0
    me.seen += n
    if n > 6:
        who.despawn()
    elif n == 2:
        child(position=space.random_empty(rng), group=me.group)


@bw.behavior(neighbors=Settings.radius)
def stack(me: Cube, others: bw.Neighbors[Cube], space: bw.Space, rng: bw.Rng) -> None:
    """In three axes."""
    alike = 0
    for other in others:
        alike += other.group != me.group
    me.seen = me.seen * 7 + alike
    if alike > 5:
        me.position = space.random_empty(rng)


@bw.behavior(neighbors=Settings.radius)
def attract(me: Charge, others: bw.Neighbors[Charge], space: bw.Space, rng: bw.Rng) -> None:
    """Bytes with a sign."""
    alike = 0
    for other in others:
        alike += other.sign == me.sign
    lacking = 0
    for other in others:
        lacking += other.sign != -1
    beyond = 0
    for other in others:
        beyond += other.sign == 255 or other.sign == 254
    me.seen = me.seen * 7 + alike + 10 * lacking + 100 * beyond
    if alike < 2:
        me.position = space.random_empty(rng)


def town(behavior: Any, *, activation: str, radius: int = 1, size: tuple[int, ...] = (19, 14),
         n: int = 150, badges: bool = False, kinds: tuple[int, ...] = (0, 1, 2),
         **space: Any) -> Any:  # fmt: skip
    """A model of one behavior on an exclusive grid; people with badges are a table of their own."""

    @bw.model(Settings, ticks=4)
    def made(world: bw.World, p: Settings) -> None:
        world.space = bw.Grid(size, max_per_cell=1, **space)
        world.tiles = 12
        if len(size) == 3:
            world.spawn(Cube, n=n, position=bw.random_cells(), group=bw.cycle(kinds))
        elif behavior is attract:
            world.spawn(Charge, n=n, position=bw.random_cells(), sign=bw.cycle(kinds))
        elif badges:
            places = [(x, y) for x in range(size[0]) for y in range(size[1]) if (5 * x + 3 * y) % 7 > 2]
            plain, other = places[::2], places[1::2]
            world.spawn(Person, n=len(plain), position=plain, group=bw.cycle([0, 1, 2]), mood=bw.uniform())
            world.spawn(Person, Badge, n=len(other), position=other, group=1, mood=bw.uniform())
        else:
            world.spawn(Person, n=n, position=bw.random_cells(), group=bw.cycle(kinds), mood=bw.uniform())
        world.behaviors(behavior, activation=activation)

    return functools.partial(made.simulate, radius=radius)


FORMS: dict[str, dict[str, Any]] = {
    "tally": {"behavior": tally},
    "tally of two tables": {"behavior": tally, "badges": True},
    "tally wide": {"behavior": tally, "radius": 5},
    "tally alone": {"behavior": tally, "radius": 0},
    "tally along axes": {"behavior": tally, "neighbors": 4, "radius": 3},
    "tally periodic": {"behavior": tally, "periodic": True, "radius": 2},
    "tally all around": {"behavior": tally, "periodic": True, "radius": 3, "size": (7, 9), "n": 40},
    "tally of bytes that have a code": {"behavior": tally, "kinds": (0, 128, 254)},
    "tally of the byte that has none": {"behavior": tally, "kinds": (0, 254, 255)},
    "signs": {"behavior": attract, "kinds": (-128, -2, 0, 127), "radius": 2},
    "signs of which one has no code": {"behavior": attract, "kinds": (-1, 0, 127), "periodic": True},
    "compare": {"behavior": compare},
    "compare 5 x 5": {"behavior": compare, "radius": 2, "periodic": True},
    "compare 7 x 7": {"behavior": compare, "radius": 3},
    "compare wide": {"behavior": compare, "radius": 4},
    "compare along axes": {"behavior": compare, "neighbors": 4, "radius": 2},
    "visit": {"behavior": visit},
    "visit wide": {"behavior": visit, "radius": 4},
    "visit periodic": {"behavior": visit, "periodic": True, "radius": 2},
    "visit all around": {"behavior": visit, "periodic": True, "radius": 3, "size": (7, 9), "n": 40},
    "visit along axes": {"behavior": visit, "periodic": True, "neighbors": 4, "radius": 2},
    "crowd": {"behavior": crowd, "n": 90},
    "volume": {"behavior": stack, "size": (8, 6, 5), "n": 120},
    "volume periodic": {"behavior": stack, "size": (8, 6, 5), "n": 120, "periodic": True, "neighbors": 6},
}


def digest(start: Callable[..., Any], ticks: int = 4, **options: Any) -> str:
    """The digest after some ticks."""
    simulation = start(rng=5, **options)
    simulation.run(ticks)
    return str(simulation.digest())


@pytest.mark.parametrize("activation", ["synchronous", "sequential"])
@pytest.mark.parametrize("form", FORMS)
def test_cells_tell_what_lists_tell(form: str, activation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without lists, interpreted, on ranks and threads."""
    if activation == "sequential" and "badges" in FORMS[form]:
        return  # agents of several tables do not act one after another
    given = dict(FORMS[form])
    behavior = given.pop("behavior")
    assert behavior.can_look_at_cells()
    start = town(behavior, activation=activation, **given)
    found = digest(start)
    assert found != digest(start, ticks=3)
    assert digest(start, interpret=True) == found
    if activation == "synchronous":
        for ranks, threads in ((1, 2), (2, 1), (3, 2)):
            assert digest(start, ranks=ranks, threads=threads) == found
    monkeypatch.setattr(Behavior, "can_look_at_cells", lambda self: False)
    assert digest(start) == found


@pytest.mark.parametrize("form", [form for form in FORMS if "badges" not in FORMS[form]])
def test_what_lasts_from_tick_to_tick_is_what_would_be_made_anew(form: str) -> None:
    """Within a run the cells are kept while only one sequential behavior acts; each run begins anew."""
    given = dict(FORMS[form])
    start = town(given.pop("behavior"), activation="sequential", **given)
    stepped = start(rng=5)
    for _ in range(20):
        stepped.run(1)
    assert digest(start, ticks=20) == str(stepped.digest())


def test_what_asks_for_more_than_cells_can_tell_takes_lists() -> None:
    """Offsets, distances, ids, the nearest and single neighbours."""

    @bw.behavior(neighbors=1)
    def far(me: Person, others: bw.Neighbors[Person]) -> None:
        for other in others:
            me.mood += other.distance

    @bw.behavior(neighbors=1)
    def known(me: Person, others: bw.Neighbors[Person]) -> None:
        for other in others:
            me.seen += other.id

    @bw.behavior(neighbors=1)
    def closest(me: Person, others: bw.Neighbors[Person]) -> None:
        other = others.nearest()
        if other is not None:
            me.seen += other.group

    assert not any(behavior.can_look_at_cells() for behavior in (far, known, closest))


def test_a_loop_that_counts_is_one_call() -> None:
    """And one that does more is not."""
    _, tallies = over_cells(tally.program.main.tree)
    assert len(tallies) == 2
    assert over_cells(visit.program.main.tree)[1] == {}


def test_two_in_one_cell_are_refused() -> None:
    """The cells of an exclusive grid tell of one agent each."""

    simulation = town(tally, activation="synchronous")(rng=1)
    simulation.run(1)
    simulation.columns(Person).writable("position")[:2] = (3, 1)
    with pytest.raises(bw.UserError, match=r"two agents stand in the cell \(3, 1\)"):
        simulation.run(1)


def test_an_error_tells_line_and_entity() -> None:
    """The failed row is run again with a list made of the cells."""

    @bw.behavior(neighbors=1)
    def refuse(me: Person, others: bw.Neighbors[Person]) -> None:
        if len(others) > 2:
            raise ValueError(f"crowded: {len(others)}")
        me.seen += 1

    start = town(refuse, activation="synchronous")
    with pytest.raises(bw.BehaviorError, match=r"crowded: [3-8]"):
        digest(start)


@bw.behavior(neighbors=Settings.radius)
def settle(me: Person, others: bw.Neighbors[Person], space: bw.Space, rng: bw.Rng) -> None:
    """Reads of others what nobody writes: who stands where is kept from tick to tick."""
    alike = 0
    for other in others:
        alike += other.group == me.group
    me.seen = me.seen * 5 + alike + 100 * len(others)
    if alike < 2:
        me.position = space.random_empty(rng)


def changed_from_outside(start: Callable[..., Any], **options: Any) -> list[str]:
    """Digests of a town in which something changes from outside before each tick."""
    sim = start(rng=9, **options)
    digests = []

    def empty_cell() -> tuple[int, int]:
        taken = {tuple(place) for place in sim.table(Person)["position"].tolist()}
        return next((x, y) for y in range(14) for x in range(19) if (x, y) not in taken)

    changes: list[Callable[[], Any]] = [
        lambda: None,
        lambda: sim.set(3, "Person.position", empty_cell()),
        lambda: sim.set([5, 8], "Person.group", [7, 7]),
        lambda: sim.spawn(Person, n=1, position=[empty_cell()], group=2),
        lambda: sim.despawn([11, 12]),
        lambda: sim.attach([20], Badge, number=4),
        lambda: sim.set_parameters(radius=2),
        lambda: sim.detach([20], Badge),
        lambda: None,
    ]
    for change in changes:
        change()
        sim.run(1)
        digests.append(str(sim.digest()))
    return digests


def test_what_is_kept_of_cells_follows_changes_from_outside() -> None:
    """One rank keeps who stands where, several find it anew in each phase."""
    start = town(settle, activation="synchronous", badges=True)
    found = changed_from_outside(start)
    assert len(set(found)) == len(found)
    assert changed_from_outside(start, ranks=3) == found
    assert changed_from_outside(start, threads=2, interpret=True) == found
