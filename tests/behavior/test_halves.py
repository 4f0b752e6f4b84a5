"""Behaviors in two halves: the bits of the whole, also where rows fail or leave the world by far."""

from __future__ import annotations

import struct
from typing import ClassVar

import numpy as np
import pytest

import bigworlds as bw
from bigworlds.behavior.compiled.halves import halves_of
from bigworlds.data import Component, vec2

from .engine_stand_in import StandIn, both


class Params:
    __bw_layout__: ClassVar = {"speed": ("f8", 0, 1)}


class Bird(Component):
    position: vec2
    velocity: vec2
    seen: int
    small: bw.i8
    limit: int


@bw.behavior(neighbors=3.0)
def fly(bird: Bird, others: bw.Neighbors[Bird], p: Params, space: bw.Space) -> None:
    total = vec2(0.0, 0.0)
    weight = 0
    for other in others:
        total += other.velocity
        weight += 2
    bird.seen = len(others)
    if bird.seen > bird.limit:
        raise ValueError("too many")
    velocity = bird.velocity + (total + other_weight(weight)) / max(weight, 1)
    if velocity.length2() > 0.0:
        bird.velocity = velocity.normalized()
    bird.position = space.wrap(bird.position + p.speed * bird.velocity)


def other_weight(weight: int) -> vec2:
    return vec2(weight, -weight) * 0.01


@bw.behavior(neighbors=3.0)
def turn(bird: Bird, others: bw.Neighbors[Bird], p: Params, space: bw.Space) -> None:
    total = vec2(0.0, 0.0)
    weight = 0
    for other in others:
        total += other.velocity
        weight += 2
    bird.seen = len(others)
    if bird.seen > bird.limit:
        raise ValueError("too many")
    velocity = bird.velocity + total / max(weight, 1)
    if velocity.length2() > 0.0:
        bird.velocity = velocity.normalized()
    bird.position = space.wrap(bird.position + p.speed * bird.velocity)


@bw.behavior(neighbors=3.0)
def count(bird: Bird, others: bw.Neighbors[Bird], p: Params) -> None:
    found = len(others)
    bird.small = found * 9
    bird.velocity = bird.velocity * found


@bw.behavior(neighbors=3.0)
def ends_early(bird: Bird, others: bw.Neighbors[Bird]) -> None:
    found = len(others)
    if found == 0:
        return
    bird.seen = found + 1


@bw.behavior(neighbors=3.0)
def draws_last(bird: Bird, others: bw.Neighbors[Bird], rng: bw.Rng) -> None:
    bird.seen = len(others)
    bird.velocity = bird.velocity * rng.uniform()


def run(behavior, *, rows=75, speed=1.0, limit=1000, strides=1, place=None):
    """Both ways on equal worlds, compared bit by bit."""
    rng = np.random.default_rng(3)
    values = {
        Bird.position: rng.uniform(0, 10, (rows, 2)) if place is None else place,
        Bird.velocity: rng.uniform(-1, 1, (rows, 2)),
        Bird.limit: np.full(rows, limit),
    }
    given = struct.pack("d", speed)
    return both(
        behavior,
        lambda: StandIn(behavior, rows, values, parameters=given, radius=3.0, strides=strides),
        Params,
    )


@pytest.mark.parametrize("behavior", [turn, fly])
@pytest.mark.parametrize("speed", [1.0, 0.0, 9.9, 25.0, 1e9])
@pytest.mark.parametrize("strides", [1, 3])
def test_halves_give_the_bits_of_the_whole(behavior, speed, strides):
    world = run(behavior, speed=speed, strides=strides)
    assert world.status == 0
    moved = world.columns[Bird.position]
    assert ((moved >= 0) & (moved < 10)).all()


@pytest.mark.parametrize("limit", [0, 8, 14, 17, 20, 24])
def test_rows_before_one_that_fails_are_done(limit):
    world = run(turn, limit=limit)
    assert world.status == 0 or world.failed_row >= 0


def test_a_row_whose_value_does_not_fit_is_left_as_it_was():
    assert run(count).status != 0


def test_alone_in_the_world():
    run(turn, rows=40, place=np.arange(80.0).reshape(40, 2) * 10 % 10)
    assert run(turn, rows=1).columns[Bird.seen].tolist() == [0]


def test_where_behaviors_are_cut():
    halves = halves_of(turn.program.main, turn.arguments)
    assert halves is not None
    assert halves.kept == 4  # total, weight, seen
    assert halves.near is not halves.second
    assert halves_of(ends_early.program.main, ends_early.arguments) is None
    assert halves_of(draws_last.program.main, draws_last.arguments) is None
