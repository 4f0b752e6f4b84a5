"""Worlds that queries are asked of."""

from __future__ import annotations

import enum
from typing import Any

import bigworlds as bw


class Mood(enum.IntEnum):
    CALM = 1
    CROSS = 4


class Params(bw.Parameters):
    n: int = bw.param(500, min=0)
    fast: float = bw.param(0.5)


class Bird(bw.Component):
    position: bw.vec2
    velocity: bw.vec2
    speed: float
    weight: bw.f32
    age: int
    seen: bw.u16
    lost: bool
    mood: Mood = Mood.CALM
    name: bw.string[8]


class Hungry(bw.Component):
    level: bw.i16


class Plot(bw.CellComponent):
    grass: float


class Walker(bw.Component):
    position: bw.ivec2
    steps: int


@bw.behavior
def live(bird: Bird, rng: bw.Rng) -> None:
    bird.position += bird.velocity
    bird.speed = rng.uniform(0.0, 1.0)


@bw.model(Params)
def birds(world: bw.World, p: Params) -> None:
    world.space = bw.Continuous((100.0, 60.0), periodic=True, cells=(20, 12))
    start: dict[str, Any] = dict(  # noqa: C408 (as they are written in spawn)
        position=bw.uniform(),
        velocity=bw.unit_vector(),
        speed=bw.uniform(-1.0, 1.0),
        weight=bw.uniform(0.0, 3.0),
        age=bw.integers(-5, 20),
        seen=bw.integers(0, 500),
        lost=bw.bernoulli(0.3),
        mood=bw.choice([Mood.CALM, Mood.CROSS]),
        name=bw.choice(["ada", "bob", "bo", "\u00e4rger"]),
    )
    world.spawn(Bird, n=p.n, **start)
    world.spawn(Bird, Hungry, n=p.n // 3, level=bw.integers(-3, 4), **start)
    world.cells(Plot, grass=bw.uniform(0.0, 1.0))
    world.behaviors(live)


@bw.model(Params)
def walkers(world: bw.World, p: Params) -> None:
    world.space = bw.Grid((40, 30), neighbors=4, periodic=True)
    world.spawn(Walker, n=p.n, position=bw.random_cells(), steps=bw.integers(0, 9))
