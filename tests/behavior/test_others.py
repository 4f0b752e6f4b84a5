"""What behaviors see of others: neighbours, edges, cells, inboxes, and their random numbers, clock and
parameters."""

from __future__ import annotations

import struct
from typing import ClassVar

import numpy as np
import pytest

import bigworlds as bw
from bigworlds.behavior.interpreted.random import Stream, philox
from bigworlds.data import f32, i16, ivec2, vec2, vec3

from .engine_stand_in import StandIn, both, normal_of


class Fish(bw.Component):
    position: vec2
    size: f32
    kind: i16
    crowd: int
    target: bw.Ref
    sum: vec2
    near: float


class Settings:
    __bw_layout__: ClassVar = {
        "limit": ("i8", 0, 1),
        "scale": ("f8", 8, 1),
        "active": ("b1", 16, 1),
        "wind": ("f8", 24, 2),
        "step": ("i8", 40, 3),
    }


SETTINGS = struct.pack("qd?7xddqqq", 3, 0.5, True, 1.0, -2.0, 4, 5, 6)


def shoal(behavior, rows=40, radius=2.5, **more):
    rng = np.random.default_rng(5)
    values = {
        Fish.position: rng.uniform(0, 10, (rows, 2)),
        Fish.size: rng.uniform(0, 2, rows).astype("f4"),
        Fish.kind: rng.integers(0, 3, rows),
    }
    more.setdefault("parameters", SETTINGS)
    return lambda: StandIn(behavior, rows, values, radius=radius, **more)


@bw.behavior(neighbors=2.5)
def look(fish: Fish, others: bw.Neighbors[Fish], p: Settings) -> None:
    fish.crowd = len(others)
    best = None
    for other in others:
        if other.kind == fish.kind:
            fish.sum += other.offset * other.size
            if best is None or other.size > best.size:
                best = other
    if best is not None and p.active:
        fish.target = best.id
        fish.near = best.distance
    nearest = others.nearest()
    if nearest is not None and nearest.distance < p.scale * p.limit:
        fish.sum -= nearest.offset


def test_neighbours():
    world = both(look, shoal(look), Settings)
    assert world.status == 0
    position = world.positions
    steps = position[None] - position[:, None]
    steps -= 10 * np.round(steps / 10)
    inside = (steps**2).sum(-1) <= 2.5**2
    np.testing.assert_array_equal(world.columns[Fish.crowd], inside.sum(1) - 1)
    assert world.columns[Fish.target].max() >= 100
    assert sum(entry[0] == "gather" for entry in world.log) == 40


def test_what_is_read_of_others_is_found():
    (reach,) = look.reaches
    assert [f.name for f in reach.fields] == ["size", "kind"]
    assert set(reach.geometry) == {"offset", "distance"}
    assert reach.radius == 2.5


@bw.behavior(neighbors=2.5)
def no_neighbour_at_all(fish: Fish, others: bw.Neighbors[Fish]) -> None:
    fish.near = others.nearest().distance


def test_using_a_missing_nearest_ends_the_row():
    world = both(no_neighbour_at_all, shoal(no_neighbour_at_all, rows=2, radius=0.001))
    assert (world.status, world.failed_row) == (1, 0)


class Shark(bw.Component):
    position: vec2
    hunger: float


@bw.behavior(neighbors={"mates": 1.0, "sharks": 2.0})
def nested(fish: Fish, mates: bw.Neighbors[Fish], sharks: bw.Neighbors[Shark]) -> None:
    for mate in mates:
        for shark in sharks:
            fish.near += shark.hunger * mate.distance
            fish.sum += mate.offset - shark.offset
        fish.crowd += len(sharks) - len(mates)
        fish.sum += mate.offset


def test_loops_over_two_arguments_may_be_nested():
    rng = np.random.default_rng(8)

    def make():
        values = {Fish.position: rng.uniform(0, 10, (12, 2)), Shark.hunger: np.arange(12.0)}
        return StandIn(nested, 12, values, radius=4.0)

    state = rng.bit_generator.state

    def again():
        rng.bit_generator.state = state
        return make()

    world = both(nested, again)
    assert [r.radius for r in nested.reaches] == [1.0, 2.0]
    assert world.columns[Fish.near].any()


class Road(bw.EdgeComponent):
    length: float
    lanes: i16


@bw.behavior(neighbors=Road)
def travel(fish: Fish, others: bw.Neighbors[Fish]) -> None:
    for other in others:
        fish.near += other.edge.length / other.size
        fish.crowd += other.edge.lanes


def test_edges_of_graphs():
    world = both(travel, shoal(travel))
    (reach,) = travel.reaches
    assert (reach.edge, [f.name for f in reach.edge_fields], reach.radius) == (
        Road,
        ["length", "lanes"],
        None,
    )
    assert world.columns[Fish.crowd].any()


class Grass(bw.CellComponent):
    grown: bool
    height: f32


class Walker(bw.Component):
    position: ivec2
    seen: float
    grown: bool


@bw.behavior
def graze(walker: Walker, here: bw.Here[Grass], cells: bw.Cells[Grass], space: bw.Space) -> None:
    old = walker.position
    walker.position = space.clamp(walker.position + ivec2(3, -3))
    walker.grown = here.grown
    walker.seen = cells.at(walker.position).height - here.height
    there = cells.at(space.wrap(old - space.size * 5 - ivec2(1, 1)))
    walker.seen += there.height * 100


def test_cells():
    heights = np.arange(60).astype("f4")

    def make():
        values = {Walker.position: [[0, 0], [9, 5], [4, 2]]}
        cells = {Grass.grown: heights % 2 == 0, Grass.height: heights}
        return StandIn(graze, 3, values, extent=(10.0, 6.0), cells=cells)

    world = both(graze, make)
    assert world.status == 0
    assert world.columns[Walker.position].tolist() == [[3, 0], [9, 2], [7, 0]]
    assert world.columns[Walker.grown].tolist() == [True, False, True]
    assert world.columns[Walker.seen].tolist() == [3 - 0 + 5900, 29 - 59 + 4800, 7 - 24 + 1300]
    assert [(c.argument, [f.name for f in c.fields]) for c in graze.cells] == [
        ("here", ["grown", "height"]),
        ("cells", ["height"]),
    ]


def test_a_place_outside_the_world_ends_the_row():
    def make():
        return StandIn(
            graze,
            2,
            {Walker.position: [[0, 0], [10, 0]]},
            cells={Grass.grown: np.zeros(100), Grass.height: np.zeros(100)},
        )

    world = both(graze, make)
    assert (world.status, world.failed_row) == (1, 1)
    assert "outside the world" in str(world.error)


@bw.behavior
def bounded(fish: Fish, space: bw.Space) -> None:
    fish.sum = space.wrap(fish.position)
    fish.position = space.clamp(fish.position)
    fish.near = space.size.x * space.size.y


def test_wrap_and_clamp():
    places = [
        [0.0, -0.0],
        [10.0, 3.0],
        [-1e-30, 12.5],
        [29.999, -30.0],
        [1e9, -1e9],
        [9.999, -4.0],
        [-10.0, 20.0],
    ]
    world = both(bounded, lambda: StandIn(bounded, len(places), {Fish.position: places}, extent=(10.0, 5.0)))
    wrapped, clamped = world.columns[Fish.sum], world.columns[Fish.position]
    assert (wrapped >= 0).all()
    assert (wrapped < [10.0, 5.0]).all()
    np.testing.assert_allclose(wrapped, np.mod(places, [10.0, 5.0]) * (np.abs(places) > 1e-20), atol=1e-6)
    assert (clamped >= 0).all()
    assert (clamped < [10.0, 5.0]).all()


class Told(bw.Event):
    strength: f32
    where: vec3


class Ear(bw.Component):
    heard: float
    who: int
    place: vec3


@bw.behavior(on=Told)
def listen(ear: Ear, mail: bw.Inbox[Told]) -> None:
    for event in mail:
        ear.heard = ear.heard * 10 + event.strength
        ear.who = event.sender
        ear.place += event.where
    if len(mail) == 0:
        ear.who = -1


def test_events_are_read_in_order():
    def event(sender, strength, *place):
        return struct.pack("<Qf4xddd", sender, strength, *place)

    events = {0: [event(7, 1.5, 1, 2, 3), event(9, 2.0, 1, 0, 0)], 2: [event(2**63 + 1, 3.0, 0, 0, 1)]}
    world = both(listen, lambda: StandIn(listen, 3, events=events))
    assert world.columns[Ear.heard].tolist() == [17.0, 0.0, 3.0]
    assert world.columns[Ear.who].tolist() == [9, -1, 1 - 2**63]
    assert world.columns[Ear.place].tolist() == [[2, 2, 3], [0, 0, 0], [0, 0, 1]]
    assert (listen.trigger.on, [i.event for i in listen.inboxes]) == (Told, [Told])


class Dice(bw.Component):
    a: float
    b: float
    c: float
    d: int
    e: int
    f: bool
    g: float


@bw.behavior
def roll(dice: Dice, rng: bw.Rng, clock: bw.Clock, me: bw.Entity) -> None:
    dice.a = rng.uniform()
    dice.b = rng.uniform(-2, high=3.5)
    dice.c = rng.normal(std=2) + rng.exponential()
    dice.d = rng.integers(6) + rng.integers(-5, 5) + rng.integers(2**40, 2**41)
    dice.e = clock.tick * 1000 + me.id
    dice.f = rng.bernoulli(0.5)
    n = 0
    while n < 4 and rng.bernoulli(p=0.7):
        n += 1
    dice.g = rng.choice((1, 2.5, 4)) + n + rng.normal(1.0)


def test_random_numbers_are_those_of_the_law():
    ids = np.array([1, 2**44 + 5, 2**63 + 9], dtype=np.uint64)
    world = both(roll, lambda: StandIn(roll, 3, ids=ids, key=0xFEDCBA9876543210, tick=12))
    for row in range(3):
        words = []
        for block in range(2):
            words += philox(0xFEDCBA9876543210, int(ids[row]), 12 << 24 | block)
        assert world.columns[Dice.a][row] == (words[0] >> 11) * 2.0**-53
        assert world.columns[Dice.b][row] == -2 + 5.5 * ((words[1] >> 11) * 2.0**-53)
        assert world.columns[Dice.c][row] == pytest.approx(
            2 * normal_of(words[2]) - np.log(((words[3] >> 12) + 0.5) * 2.0**-52)
        )
    assert roll.uses_rng
    assert not look.uses_rng


@bw.behavior
def draw_below(dice: Dice, rng: bw.Rng) -> None:
    dice.d = rng.integers(dice.e)


@pytest.mark.parametrize(
    "n", [1, 2, 3, 6, 2**31, 3 * 2**30, 2**32 - 1, 2**32, 2**32 + 1, 2**62 + 3, 2**63 - 1]
)
def test_integers_below(n):
    world = both(draw_below, lambda: StandIn(draw_below, 200, {Dice.e: np.full(200, n)}))
    drawn = world.columns[Dice.d]
    assert world.status == 0
    assert drawn.min() >= 0
    assert drawn.max() < n
    if n > 1000:
        assert abs(drawn.mean() / n - 0.5) < 0.1
    stream = Stream(0x0123456789ABCDEF, 100, 7, float, float)
    assert stream.integers(n) == drawn[0]


def test_an_empty_range_ends_the_row():
    world = both(draw_below, lambda: StandIn(draw_below, 2, {Dice.e: np.array([1, 0])}))
    assert (world.status, world.failed_row) == (1, 1)
    assert "the range is empty" in str(world.error)


@bw.behavior
def read_parameters(dice: Dice, p: Settings) -> None:
    dice.a = p.scale + p.wind.x - p.wind.length()
    dice.d = p.limit * p.step.z
    dice.f = p.active


def test_parameters():
    world = both(read_parameters, lambda: StandIn(read_parameters, 1, parameters=SETTINGS), Settings)
    assert world.columns[Dice.d].tolist() == [18]
    assert world.columns[Dice.f].tolist() == [True]
    assert world.columns[Dice.a][0] == 1.5 - np.sqrt(5.0)


class Star(bw.Component):
    position: vec3
    pull: vec3
    range: int


@bw.behavior(neighbors=4.0)
def attract(star: Star, others: bw.Neighbors[Star], space: bw.Space) -> None:
    range = 0
    for other in others:
        range += 1
        star.pull += other.offset / other.distance**3
    star.range = range
    star.position = space.wrap(star.position + star.pull * space.size.z)


def test_three_dimensions():
    rng = np.random.default_rng(4)
    places = rng.uniform(0, 10, (30, 3))

    def make():
        return StandIn(attract, 30, {Star.position: places}, radius=4.0, extent=(10.0, 10.0, 10.0))

    world = both(attract, make)
    assert world.status == 0
    assert world.columns[Star.range].any()
    assert (world.columns[Star.position] < 10.0).all()
    assert attract.position is not None
    assert attract.position.size == 3
