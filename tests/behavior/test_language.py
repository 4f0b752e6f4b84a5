"""Control flow, names, tuples, helpers, vecs and constants: compiled and interpreted runs agree, and do
what Python does."""

from __future__ import annotations

import enum
import math

import numpy as np
import pytest

import bigworlds as bw
from bigworlds.data import ivec2, ivec3, vec2, vec3

from .engine_stand_in import StandIn, both

GRAVITY = vec2(0.0, -9.81)
STEPS = (1, 2, 4)
WEIGHTS = (0.5, 1.5, 2)
LIMIT = 7


class Mood(enum.IntEnum):
    CALM = 3
    ANGRY = 5


class Body(bw.Component):
    position: vec2
    velocity: vec2
    cell: ivec2
    place: vec3
    block: ivec3
    count: int
    total: float
    mood: Mood
    alive: bool


def world_of(behavior, rows=6):
    rng = np.random.default_rng(3)
    values = {
        Body.position: rng.normal(0, 3, (rows, 2)),
        Body.velocity: rng.normal(0, 1, (rows, 2)),
        Body.cell: rng.integers(-9, 9, (rows, 2)),
        Body.place: rng.normal(0, 3, (rows, 3)),
        Body.block: rng.integers(-9, 9, (rows, 3)),
        Body.count: np.arange(rows) - 1,
        Body.total: rng.normal(0, 2, rows),
        Body.mood: np.full(rows, 3),
    }
    return lambda: StandIn(behavior, rows, values)


def run(behavior, rows=6):
    world = both(behavior, world_of(behavior, rows))
    assert world.status == 0, world.error
    return world


@bw.behavior
def loops(b: Body) -> None:
    """A docstring is allowed."""
    total = 0.0
    for i in range(3):
        for j in range(i, 10, 2):
            if j == 5:
                continue
            if j > 7:
                break
            total += i * j
        else:
            total += 100.0
    n = b.count
    while n > 0:
        n -= 1
        if n == 2:
            break
    for step in STEPS:
        total += step
    for weight in WEIGHTS:
        total *= weight
    for k in (n, 2, 3):
        total += k
    while True:
        total += 1
        if total > 50.0:
            break
    b.total = total
    b.count = n


def test_loops():
    world = run(loops)
    outer = 0.0
    for i in range(3):
        for j in range(i, 10, 2):
            if j == 5:
                continue
            if j > 7:
                break
            outer += i * j
        else:
            outer += 100.0
    expected = []
    for n in range(-1, 5):
        while n > 0:
            n -= 1
            if n == 2:
                break
        total = (outer + 7) * 0.5 * 1.5 * 2 + n + 5
        expected.append(max(total + 1, 51 + (total - math.floor(total)) if total < 50 else total + 1))
    np.testing.assert_allclose(world.columns[Body.total], expected)


@bw.behavior
def early_return(b: Body) -> None:
    b.count = 1
    if b.total < 0.0:
        return
    b.count = 2
    if b.alive:
        return
    b.count = 3


def test_what_was_assigned_before_a_return_is_stored():
    world = run(early_return)
    totals = world_of(early_return)().columns[Body.total]
    assert world.columns[Body.count].tolist() == [1 if t < 0 else 3 for t in totals]


@bw.behavior
def choices(b: Body) -> None:
    low, high = (b.total, 1.5) if b.total < 1.5 else (1.5, b.total)
    a = c = high - low
    b.total = a + c
    (x, y), z = (b.count, 2), 3
    x, y = y, x
    b.count = x * 100 + y * 10 + z
    pair = (b.count, 0.5)
    b.total += pair[0] + pair[-1]
    b.alive = 0 < b.count <= 250 and not (b.count in (203, 213) or b.mood == Mood.ANGRY)
    if (n := b.count) > 220:
        b.mood = Mood.ANGRY
        b.count = n - LIMIT
    b.cell = STEPS[b.count & 1] * b.cell


def test_choices_tuples_and_enums():
    world = run(choices)
    assert world.columns[Body.mood].tolist() == [3, 3, 3, 5, 5, 5]


@bw.behavior
def vectors(b: Body) -> None:
    b.velocity += GRAVITY * 0.1
    b.position = b.position + b.velocity * 0.5 - vec2(y=0.25, x=-1)
    b.total = (
        b.position.dot(b.velocity) + b.velocity.length() / b.velocity.length2() - b.position.x * b.position[1]
    )
    turned = vec2(-b.velocity.y, b.velocity.x).normalized()
    b.velocity = -turned * b.position / 3 + 2 * turned
    b.cell = (b.cell + ivec2(1, -1)) * 3 - b.cell // 2 + b.cell % ivec2(4, 3)
    b.count = b.cell.dot(b.cell) + int(b.cell == ivec2(1, 1)) - int(b.cell != -b.cell)
    b.position += b.cell
    b.place = b.place * vec3(1, 2, 3) + b.block
    b.block = b.block * 2 + ivec3(1, 2, int(b.cell.length() + b.block.length2()))
    b.place += b.block / 4
    b.alive = b.place.normalized().length2() > 0.99


def test_vectors():
    world = run(vectors, 40)
    assert world.columns[Body.alive].all()


@bw.behavior
def zero_vector(b: Body) -> None:
    b.velocity = (b.position - b.position).normalized()
    b.total = b.velocity.length()


def test_a_zero_vector_normalised_stays_zero():
    world = run(zero_vector)
    assert not world.columns[Body.velocity].any()


def clipped(value: float, low: float = 0.0, *, high: float = 1.0):
    """A helper with defaults and keywords."""
    if value < low:
        return low
    if value > high:
        return high
    return value


def pushed(body, by: float):
    body.velocity = body.velocity * clipped(by, high=2)
    body.count += 1


def norm(v):
    return v.length()


def both_sides(x):
    return x, -x


@bw.behavior
def with_helpers(b: Body) -> None:
    b.total = clipped(b.total) + clipped(b.count, -1, high=3) + defined_below(b.count)
    pushed(b, b.total)
    plus, minus = both_sides(b.total)
    b.position = vec2(norm(b.position), norm(b.place)) * plus - vec2(minus, 0.0)


def defined_below(n):
    return n * 2 + LIMIT


def test_helpers_are_translated_for_the_kinds_they_are_called_with():
    world = run(with_helpers)
    assert world.columns[Body.count].tolist() == [0, 1, 2, 3, 4, 5]
    written = {c.field.name for c in with_helpers.columns if c.writes}
    assert written == {"position", "velocity", "count", "total"}


def make_behavior(factor):
    offset = vec2(1.0, factor)

    @bw.behavior
    def local(b: Body) -> None:
        b.position = offset * factor

    return local


def test_closures_are_frozen_and_told_apart():
    one, two = make_behavior(2.0), make_behavior(3.0)
    assert run(one).columns[Body.position][0].tolist() == [2.0, 4.0]
    assert run(two).columns[Body.position][0].tolist() == [3.0, 9.0]


def test_a_behavior_may_be_called_by_hand():
    body = Body(position=vec2(1.0, 2.0))
    make_behavior(2.0)(body)
    assert body.position == vec2(2.0, 4.0)


@bw.behavior
def moves(b: Body, rng: bw.Rng) -> None:
    b.cell += bw.moore(rng.integers(8))
    b.position += rng.choice((GRAVITY, vec2(1.0, 0.0)))
    b.count = STEPS[b.count % 3] + rng.choice(STEPS)


def test_moore_and_choices():
    run(moves, 30)


@bw.behavior
def walks_on_hexagons(b: Body, rng: bw.Rng) -> None:
    for k in range(6):
        there = bw.hex_step(b.cell, k)
        b.total += there.x * (k + 1) - 0.5 * there.y
    b.cell = bw.hex_step(bw.hex_step(b.cell, rng.integers(6)), b.count - 2)


def test_steps_on_hexagons_and_a_direction_that_there_is_not():
    def make():
        cells = np.array([[0, 0], [3, 5], [-2, -3], [4, 4], [7, 7]])
        return StandIn(walks_on_hexagons, 5, {Body.cell: cells, Body.count: np.array([2, 4, 7, 3, 8])})

    world = both(walks_on_hexagons, make)
    assert (world.status, world.failed_row) == (1, 4)
    assert str(world.error) == "hex_step(place, k): expected k from 0 to 5, found 6"


@bw.behavior
def bad_index(b: Body) -> None:
    b.total = 1.0
    b.count = STEPS[b.count]


def test_an_index_outside_ends_the_row():
    world = both(bad_index, world_of(bad_index))
    assert (world.status, world.failed_row) == (1, 4)
    assert isinstance(world.error, IndexError)
    assert world.columns[Body.total].tolist()[:4] == [1.0] * 4


@bw.behavior
def raising(b: Body) -> None:
    b.total = 5.0
    assert b.count < 3, f"count is {b.count}"
    if b.count == 2:
        raise ValueError(f"too many: {b.count}")


@pytest.mark.parametrize(("start", "message"), [(2, "too many: 2"), (3, "count is 3")])
def test_raise_and_assert_end_the_row_with_their_message(start, message):
    def make():
        return StandIn(raising, 3, {Body.count: np.array([1, start, 1])})

    world = both(raising, make)
    assert (world.status, world.failed_row) == (1, 1)
    assert world.columns[Body.total].tolist() == [5.0, 0.0, 0.0]
    assert str(world.error) == message
    lines = [frame.tb_lineno for frame in frames(world.error)]
    assert (
        raising.function.__code__.co_firstlineno < lines[-1] <= raising.function.__code__.co_firstlineno + 6
    )


def frames(error):
    trace, found = error.__traceback__, []
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == __file__:
            found.append(trace)
        trace = trace.tb_next
    return found
