"""Events and inputs that wait, through the file of a snapshot."""

from __future__ import annotations

import pytest

import bigworlds as bw
from bigworlds import snapshot


class Clerk(bw.Component):
    read: int
    stamp: bw.string[6]


class Letter(bw.Event):
    text: bw.string[6]
    pages: bw.short_list[bw.i16, 3]
    urgent: bool


@bw.behavior
def work(clerk: Clerk, letters: bw.Inbox[Letter], write: bw.Send[Letter], me: bw.Entity, rng: bw.Rng) -> None:
    for letter in letters:
        clerk.read += 1
        if letter.urgent:
            clerk.stamp = letter.text
    write(1 + rng.integers(30), after=rng.integers(4), text="hello", urgent=rng.bernoulli(0.3))
    if me.id == 7:
        write.all(after=2)


@bw.input
def hire(world: bw.Edits, stamp: str) -> int:
    return world.spawn(Clerk, stamp=stamp)


@bw.model()
def office(world):
    world.spawn(Clerk, n=30)
    world.behaviors(work)
    world.inputs(hire)


def begun(ranks=1):
    sim = office.simulate(rng=8, ranks=ranks)
    sim.at(9, hire, stamp="nine")
    sim.at(8, hire, stamp="too long a stamp", sender="ann")
    sim.at(7, Letter, text="seven", pages=[1, 2], urgent=True)
    return sim


@pytest.mark.parametrize(("ranks", "later"), [(1, 1), (1, 3), (2, 1)])
def test_a_resumed_run_ends_as_the_unbroken_one(tmp_path, ranks, later):
    whole = begun()
    whole.run(12)
    assert whole.count(Clerk) == 31
    part = begun(ranks)
    part.run(5)
    about = {
        "model": "office",
        "seed": part.seed,
        "tick": part.tick,
        "parameters": {},
        "schema": part.layout(),
    }
    snapshot.write(tmp_path / "office.h5", part.sections(), about)
    again = office.resume(tmp_path / "office.h5", ranks=later)
    assert again.digest() == part.digest()
    again.run(7)
    assert again.digest() == whole.digest()
