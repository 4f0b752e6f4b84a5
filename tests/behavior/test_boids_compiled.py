"""The flocking rule through the compiled kernel, against the same rule in NumPy."""

from __future__ import annotations

import struct
from typing import ClassVar

import numpy as np
import pytest

import bigworlds as bw
from bigworlds.data import Component, vec2

from .engine_stand_in import StandIn


class Params:
    __bw_layout__: ClassVar = {
        "cohere": ("f8", 0, 1),
        "separate": ("f8", 8, 1),
        "match": ("f8", 16, 1),
        "separation": ("f8", 24, 1),
    }


PARAMETERS = struct.pack("4d", 0.03, 0.015, 0.05, 1.0)


class Bird(Component):
    position: vec2
    velocity: vec2


@bw.behavior(neighbors=3.0)
def flock(bird: Bird, others: bw.Neighbors[Bird], p: Params) -> None:
    c, s, m = vec2(0, 0), vec2(0, 0), vec2(0, 0)
    for other in others:
        c += other.offset
        m += other.velocity
        if other.distance < p.separation:
            s -= other.offset
    n = max(len(others), 1)
    bird.velocity += (c * p.cohere + s * p.separate + m * p.match) / n
    bird.velocity = bird.velocity.normalized()
    bird.position += bird.velocity


def reference(position, velocity, radius, size):
    """The published rule, vector by vector, in the order in which the behavior adds."""
    new_position, new_velocity = position.copy(), velocity.copy()
    for i in range(len(position)):
        c, s, m, n = np.zeros(2), np.zeros(2), np.zeros(2), 0
        for j in range(len(position)):
            step = position[j] - position[i]
            step = step - size * np.round(step / size)
            squared = (step**2).sum()
            if j == i or squared > radius**2:
                continue
            n += 1
            c += step
            m += velocity[j]
            if np.sqrt(squared) < 1.0:
                s -= step
        v = velocity[i] + (c * 0.03 + s * 0.015 + m * 0.05) / max(n, 1)
        length = np.sqrt(v[0] * v[0] + v[1] * v[1])
        new_velocity[i] = v / length if length else v
        new_position[i] = position[i] + new_velocity[i]
    return new_position, new_velocity


@pytest.mark.parametrize("interpret", [False, True])
@pytest.mark.parametrize("strides", [1, 3])
def test_flock_gives_the_bits_of_the_rule(strides, interpret):
    rng = np.random.default_rng(1)
    position, velocity = rng.uniform(0, 10, (60, 2)), rng.uniform(-1, 1, (60, 2))
    world = StandIn(
        flock,
        60,
        {Bird.position: position, Bird.velocity: velocity},
        parameters=PARAMETERS,
        radius=3.0,
        strides=strides,
    )
    assert world.run(flock.kernel(Params, interpret=interpret)) == 0
    expected = reference(position, velocity, 3.0, 10.0)
    np.testing.assert_array_equal(world.columns[Bird.position], expected[0])
    np.testing.assert_array_equal(world.columns[Bird.velocity], expected[1])


def test_neighbours_are_gathered_once_a_row():
    world = StandIn(flock, 5, parameters=PARAMETERS)
    world.run(flock.kernel(Params))
    assert [entry for entry in world.log if entry[0] == "gather"] == [("gather", 0, row) for row in range(5)]


def test_ranges_of_rows_are_kept_to():
    velocity = np.ones((9, 2))
    world = StandIn(flock, 9, {Bird.velocity: velocity}, parameters=PARAMETERS, radius=0.0)
    world.run(flock.kernel(Params), 3, 5)
    moved = world.columns[Bird.position].any(axis=1)
    assert moved.tolist() == [False] * 3 + [True] * 2 + [False] * 4


def test_uses_are_found_in_the_body():
    assert [(c.field.name, c.reads, c.writes) for c in flock.columns] == [
        ("position", True, True),
        ("velocity", True, True),
    ]
    (reach,) = flock.reaches
    assert (reach.component, reach.radius, [f.name for f in reach.fields]) == (Bird, 3.0, ["velocity"])
