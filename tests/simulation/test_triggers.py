"""When behaviors run: every n ticks, at ticks, from a tick on, on events, while something holds."""

from __future__ import annotations

import pytest

import bigworlds as bw

TICKS = 12


class Settings(bw.Parameters):
    often: int = bw.param(3, min=1)
    begin: int = bw.param(5, min=0)
    active: bool = bw.param(True)


class Bell(bw.Event):
    loud: int = 1


class Clockwork(bw.Component):
    position: bw.ivec2
    every: int = 0
    at: int = 0
    after: int = 0
    on: int = 0
    while_active: int = 0
    rule: int = 0
    both: int = 0


def bit(tick: int) -> int:
    return 1 << tick


@bw.behavior(every=Settings.often)
def every(c: Clockwork, clock: bw.Clock) -> None:
    c.every |= bit(clock.tick)


@bw.behavior(at=(0, 4, 11, 400))
def at(c: Clockwork, clock: bw.Clock) -> None:
    c.at |= bit(clock.tick)


@bw.behavior(after=Settings.begin)
def after(c: Clockwork, clock: bw.Clock) -> None:
    c.after |= bit(clock.tick)


@bw.behavior(at=(2, 7))
def ring(c: Clockwork, me: bw.Entity, tell: bw.Send[Bell]) -> None:
    if me.id % 2 == 1:
        tell(me.id)


@bw.behavior(on=Bell)
def on(c: Clockwork, clock: bw.Clock) -> None:
    c.on |= bit(clock.tick)


@bw.behavior(when=Settings.active)
def while_active(c: Clockwork, clock: bw.Clock) -> None:
    c.while_active |= bit(clock.tick)


@bw.behavior(when=lambda p: p.often > 3)
def rule(c: Clockwork, clock: bw.Clock) -> None:
    c.rule |= bit(clock.tick)


@bw.behavior(every=2, after=4)
def both(c: Clockwork, clock: bw.Clock) -> None:
    c.both |= bit(clock.tick)


@bw.model(Settings)
def clockworks(world: bw.World, p: Settings) -> None:
    world.space = bw.Grid((6, 6))
    world.spawn(Clockwork, n=8, position=bw.random_cells())
    world.behaviors(every, at, after, ring, on, while_active, rule, both)


def ticks_of(sim: bw.Simulation, name: str) -> list[list[int]]:
    return [
        [tick for tick in range(TICKS) if value >> tick & 1] for value in sim.table(Clockwork)[name].tolist()
    ]


@pytest.mark.parametrize(("ranks", "interpret"), [(1, False), (2, False), (3, False), (1, True)])
def test_each_trigger_runs_in_its_ticks_and_no_others(ranks: int, interpret: bool) -> None:
    sim = clockworks.simulate(rng=1, ranks=ranks, interpret=interpret)
    sim.run(6)
    sim.set_parameters(active=False, often=4)
    sim.run(TICKS - 6)
    everyone = {
        "every": [0, 3, 8],
        "at": [0, 4, 11],
        "after": [5, 6, 7, 8, 9, 10, 11],
        "while_active": [0, 1, 2, 3, 4, 5],
        "rule": [6, 7, 8, 9, 10, 11],
        "both": [4, 6, 8, 10],
    }
    for name, expected in everyone.items():
        assert ticks_of(sim, name) == [expected] * 8, name
    assert ticks_of(sim, "on") == [[2, 7] if entity % 2 == 1 else [] for entity in range(1, 9)]
