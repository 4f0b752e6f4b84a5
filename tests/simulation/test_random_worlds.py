"""Random worlds against a plain Python model of the order rules: what each tick must make of a world.

One model holds every kind of change: agents move, claim, are born, end, get and lose components, deposit and
send events. Hypothesis draws its sizes and numbers; each tick of the engine, on one to four ranks and up to
three threads, is compared with what the rules say of the state before it. The reference knows ids only: no
ranks, tiles, rows or threads.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bigworlds as bw
from bigworlds import _core


class Params(bw.Parameters):
    width: int = bw.param(8, min=1)
    height: int = bw.param(8, min=1)
    n: int = bw.param(30, min=0)
    bite: int = bw.param(2, min=0)
    cost: int = bw.param(1)
    fertile: int = bw.param(8)
    stock: int = bw.param(3, min=0)
    delay: int = bw.param(0, min=0)


class Ping(bw.Event):
    coins: int


class Mote(bw.Component):
    position: bw.ivec2
    energy: int = 4
    got: int = 0
    heard: int = 0
    mother: bw.u64 = 0


class Mark(bw.Component):
    since: int = -1


class Ground(bw.CellComponent):
    stock: int
    scent: float


@bw.behavior
def wander(mote: Mote, space: bw.Space, rng: bw.Rng) -> None:
    mote.position = space.wrap(mote.position + bw.moore(rng.integers(8)))


@bw.behavior(claim=(Ground.stock, Mote.got))
def eat(mote: Mote, food: bw.Claim[Ground], p: Params) -> None:
    food.ask(mote.position, p.bite)


@bw.behavior
def live(mote: Mote, child: bw.Spawn[Mote], me: bw.Entity, p: Params) -> None:
    mote.energy += mote.got - p.cost
    if mote.energy < 0:
        me.despawn()
    elif mote.energy > p.fertile:
        mote.energy //= 2
        child(position=mote.position, energy=mote.energy, mother=me.id)


@bw.behavior
def change(mote: Mote, mark: bw.Attach[Mark], unmark: bw.Detach[Mark], clock: bw.Clock) -> None:
    if mote.energy % 3 == 0:
        mark(since=clock.tick)
    elif mote.energy % 3 == 1:
        unmark()


@bw.behavior(deposit=Ground.scent)
def smell(mote: Mote, scent: bw.Deposit[Ground], me: bw.Entity) -> None:
    scent.add(mote.position, 0.1 * (me.id % 7))


@bw.behavior
def tell(mote: Mote, send: bw.Send[Ping], p: Params) -> None:
    if mote.mother != 0:
        send(mote.mother, after=p.delay, coins=mote.energy)


@bw.behavior
def hear(mote: Mote, inbox: bw.Inbox[Ping]) -> None:
    for ping in inbox:
        mote.heard = 3 * mote.heard + ping.coins


@bw.model(Params)
def motes(world: bw.World, p: Params) -> None:
    world.space = bw.Grid((p.width, p.height), periodic=True)
    world.spawn(Mote, n=p.n, position=bw.uniform(), energy=bw.integers(9))
    world.cells(Ground, stock=p.stock, scent=0.0)
    for behavior in (wander, eat, live, change, smell, tell, hear):
        world.behaviors(behavior)


@dataclass
class Row:
    """One mote."""

    position: tuple[int, int]
    energy: int
    got: int
    heard: int
    mother: int
    since: int | None = None


@dataclass
class State:
    """A world as the rules see it."""

    motes: dict[int, Row]
    stock: np.ndarray[Any, Any]
    scent: np.ndarray[Any, Any]
    waiting: list[tuple[int, int, int, int]] = field(default_factory=list)  # due, sender, target, coins


def state_of(sim: bw.Simulation) -> State:
    table, marks = sim.table(Mote), sim.table(Mark)
    since = dict(zip(marks["id"].tolist(), marks["since"].tolist(), strict=True))
    columns = [table[name].tolist() for name in ("id", "position", "energy", "got", "heard", "mother")]
    motes = {i: Row(tuple(place), *rest, since.get(i)) for i, place, *rest in zip(*columns, strict=True)}
    cells = sim.cells(Ground)
    return State(motes, cells["stock"], cells["scent"])


MOORE = [bw.moore(k) for k in range(8)]


class Rules:
    """What a tick makes of a state."""

    def __init__(self, sim: bw.Simulation, p: Params) -> None:
        self.p = p
        self.size = (p.width, p.height)
        self.step_key = _core.rng_key(sim.seed, "wander/0")
        self.claim_key = _core.rng_key(_core.rng_key(sim.seed, "eat/0"), "claims")

    def tick(self, state: State, now: int) -> list[tuple[int, int, Row]]:
        """Changes the state in place; returns the births: (mother, ordinal, row)."""
        motes = state.motes
        for i, row in motes.items():
            word = int(_core.random_words(self.step_key, now, np.array([i], dtype=np.uint64), 0, 1)[0, 0])
            step, (x, y) = MOORE[((word >> 32) * 8) >> 32], row.position
            row.position = ((x + int(step[0])) % self.size[0], (y + int(step[1])) % self.size[1])
        self.grant(state, now)
        return self.live(motes)

    def grant(self, state: State, now: int) -> None:
        asking = defaultdict(list)
        for i, row in state.motes.items():
            row.got = 0
            word = int(_core.random_words(self.claim_key, now, np.array([i], dtype=np.uint64), 0, 1)[0, 0])
            asking[row.position].append((word, i))
        for (x, y), claimants in asking.items():
            for _, i in sorted(claimants):
                granted = min(self.p.bite, int(state.stock[y, x]))
                state.motes[i].got = granted
                state.stock[y, x] -= granted

    def live(self, motes: dict[int, Row]) -> list[tuple[int, int, Row]]:
        births = []
        for i, row in list(motes.items()):
            row.energy += row.got - self.p.cost
            if row.energy < 0:
                del motes[i]
            elif row.energy > self.p.fertile:
                row.energy //= 2
                births.append((i, 0, Row(row.position, row.energy, 0, 0, i)))
        return births

    def after_births(self, state: State, now: int) -> None:
        """The phases after births, with the newborn's ids known."""
        added: Counter[tuple[int, int]] = Counter()
        for i, row in state.motes.items():
            if row.energy % 3 == 0:
                row.since = now
            elif row.energy % 3 == 1:
                row.since = None
            # Whole multiples of 2^-32, rounded to the nearest, so that their order cannot matter.
            added[row.position] += round(0.1 * (i % 7) * 2**32)
            if row.mother != 0:
                state.waiting.append((now + self.p.delay, i, row.mother, row.energy))
        for (x, y), amount in added.items():
            state.scent[y, x] += amount / 2**32
        due = sorted(event for event in state.waiting if event[0] <= now)
        state.waiting = [event for event in state.waiting if event[0] > now]
        for _, _, target, coins in sorted(due, key=lambda event: event[1]):
            if target in state.motes:
                state.motes[target].heard = 3 * state.motes[target].heard + coins


def compare(found: State, expected: State) -> None:
    assert found.motes == expected.motes
    assert np.array_equal(found.stock, expected.stock)
    assert np.array_equal(found.scent, expected.scent)


WORLDS = st.fixed_dictionaries(
    {
        "width": st.integers(1, 12),
        "height": st.integers(1, 12),
        "n": st.integers(0, 60),
        "bite": st.integers(0, 4),
        "cost": st.integers(-1, 3),
        "fertile": st.integers(1, 9),
        "stock": st.integers(0, 6),
        "delay": st.integers(0, 3),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=WORLDS, seed=st.integers(0, 2**62), ranks=st.integers(1, 4), threads=st.integers(1, 3))
def test_each_tick_is_what_the_rules_say(world: dict[str, int], seed: int, ranks: int, threads: int) -> None:
    sim = motes.simulate(rng=seed, ranks=ranks, threads=threads, **world)
    rules = Rules(sim, Params(**world))
    expected = state_of(sim)
    for now in range(5):
        births = rules.tick(expected, now)
        sim.step()
        found = state_of(sim)
        newborn = {(row.mother, 0): i for i, row in found.motes.items() if i not in expected.motes}
        assert set(newborn) == {(mother, ordinal) for mother, ordinal, _ in births}
        for mother, ordinal, row in births:
            expected.motes[newborn[mother, ordinal]] = row
        rules.after_births(expected, now)
        compare(found, expected)


@pytest.mark.parametrize("ranks", [2, 3, 4])
def test_the_digest_is_that_of_one_rank(ranks: int) -> None:
    alone = motes.simulate(rng=11, n=200, width=15, height=9, stock=90)
    split = motes.simulate(rng=11, n=200, width=15, height=9, stock=90, ranks=ranks, threads=2)
    for sim in (alone, split):
        sim.run(12)
    assert alone.entities > 0
    assert split.digest() == alone.digest()
