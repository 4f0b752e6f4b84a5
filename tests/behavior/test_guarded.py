"""Sums under conditions in loops over neighbours: as a branch gives them, bit by bit, signs of zeros too."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import pytest

import bigworlds as bw
from bigworlds.behavior.compiled import guarded
from bigworlds.behavior.compiled.compile import compilable_function
from bigworlds.data import Component, vec2, vec3

from .engine_stand_in import StandIn, both

ROWS = 60


class Params:
    __bw_layout__: ClassVar = {"near": ("f8", 0, 1)}
    near: float


class Thing(Component):
    position: vec2
    push: vec2
    weight: float
    apart: vec2
    away: vec2
    sums: vec2
    heavy: float
    count: float


@bw.behavior(neighbors=2.0)
def add_up(thing: Thing, others: bw.Neighbors[Thing], p: Params) -> None:
    apart = bw.vec2(-0.0, 0.0)
    away = bw.vec2(-0.0, -0.0)
    sums = bw.vec2(-0.0, 0.0)
    heavy = -0.0
    count = 0.0
    for other in others:
        if other.distance < p.near:
            apart -= other.offset
            heavy += other.weight
        if other.distance <= 1.5:
            away += other.offset
        if other.weight > 0.25 and other.push.x < 0.5:
            sums -= other.push
            count = count + other.weight * 2.0
    thing.apart, thing.away, thing.sums = apart, away, sums
    thing.heavy, thing.count = heavy, count


def world(position: np.ndarray | None = None) -> StandIn:
    random = np.random.default_rng(3)
    weights = random.choice([-0.0, 0.0, 0.1, 0.5, math.inf, 1e300], ROWS)
    push = random.choice([-0.0, 0.0, 0.3, -7.0, 1e-300, math.inf], (ROWS, 2))
    placed = random.uniform(0, 10, (ROWS, 2)) if position is None else position
    values = {Thing.position: placed, Thing.push: push, Thing.weight: weights}
    return StandIn(add_up, ROWS, values, radius=2.0, parameters=np.float64(1.0).tobytes())


def test_conditions_select_steps_and_bits_stay():
    found = both(add_up, world, Params)
    assert found.status == 0
    assert np.signbit(found.columns[Thing.apart][:, 0]).any()  # somebody has nobody near


def test_all_at_one_place():
    crowd = np.tile([5.0, 5.0], (ROWS, 1))
    found = both(add_up, lambda: world(crowd), Params)
    assert found.status == 0


def selections(behavior: bw.Behavior) -> list[str]:
    """The selections that a behavior's compiled code names."""
    names = compilable_function(behavior.program).__code__.co_names
    return sorted(n for n in names if n in guarded.NAMES)


def test_what_is_rewritten():
    assert selections(add_up) == [
        "bw__nearer_step_or_less",
        "bw__nearer_step_or_none",
        "bw__step_or_less",
        "bw__step_or_none",
        "bw__within_step_or_less",
    ]


class Solid(Component):
    position: vec3
    total: vec3
    far: float


@bw.behavior(neighbors=2.0)
def in_space(solid: Solid, others: bw.Neighbors[Solid]) -> None:
    total = bw.vec3(0.0, 0.0, 0.0)
    far = 0.0
    for other in others:
        if other.distance < 1.0:
            total -= other.offset
        far += other.distance
    solid.total, solid.far = total, far


def test_three_axes():
    def make() -> StandIn:
        places = np.random.default_rng(5).uniform(0, 4, (ROWS, 3))
        return StandIn(in_space, ROWS, {Solid.position: places}, radius=2.0, extent=(4.0, 4.0, 4.0))

    assert both(in_space, make).status == 0


@bw.behavior(neighbors=2.0)
def tangled(thing: Thing, others: bw.Neighbors[Thing]) -> None:
    one = 0.0
    two = 0.0
    many = 0
    for other in others:
        if other.weight > 0.0:
            one += other.weight
            two += one
        if other.weight > 0.25:
            many += 1
        if other.push.x > 0.0:
            two -= other.push.x
        else:
            two += 1.0
    thing.heavy, thing.count = one, two + many


def test_what_is_left_alone():
    """Steps that see other sums of the same branch, whole sums, branches with an else."""
    assert selections(tangled) == []
    weights = np.random.default_rng(7).uniform(-1, 1, ROWS)
    places = np.random.default_rng(8).uniform(0, 10, (ROWS, 2))
    values = {Thing.position: places, Thing.weight: weights}
    assert both(tangled, lambda: StandIn(tangled, ROWS, values, radius=2.0)).status == 0


@pytest.mark.parametrize("value", [0.0, -0.0, 1.5, math.inf, -math.inf, 5e-324])
def test_nothing_changes_no_number(value):
    assert math.copysign(1.0, value + -0.0) == math.copysign(1.0, value)
    assert math.copysign(1.0, value - 0.0) == math.copysign(1.0, value)
    assert value + -0.0 == value - 0.0 == value
