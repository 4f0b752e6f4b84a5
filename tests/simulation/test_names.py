"""Names: one entity each, found on any number of ranks, kept over snapshots, refused where they are taken."""

from __future__ import annotations

from pathlib import Path

import pytest

import bigworlds as bw


class Person(bw.Component):
    position: bw.vec2
    age: int = 0


@bw.input
def welcome(world: bw.Edits, name: str) -> int:
    return int(world.spawn(Person, names=[name], position=(5.0, 5.0)))


@bw.model()
def town(world: bw.World) -> None:
    world.space = bw.Continuous((10.0, 10.0), periodic=True)
    world.spawn(Person, names=["ann", "bob", "Zoë"], position=bw.uniform(), age=[1, 2, 3])
    world.spawn(Person, n=5, position=bw.uniform())
    world.behaviors(age)
    world.inputs(welcome)


@bw.behavior
def age(person: Person, space: bw.Space, rng: bw.Rng) -> None:
    person.age += 1
    person.position = space.wrap(person.position + bw.vec2(rng.uniform(-4.0, 4.0), 0.0))


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_a_name_leads_to_its_entity_wherever_it_lives(ranks: int, tmp_path: Path) -> None:
    sim = town.simulate(rng=3, ranks=ranks)
    sim.run(6)
    assert [sim.entity(sim.named(name))[Person].age for name in ("ann", "bob", "Zoë")] == [7, 8, 9]
    again = town.resume(sim.snapshot(tmp_path / "t.h5"), ranks=4 - ranks)
    again.run(2)
    sim.run(2)
    assert again.named("Zoë") == sim.named("Zoë")
    assert again.digest() == sim.digest()


def test_newcomers_are_named_by_hand_and_by_inputs() -> None:
    sim = town.simulate(rng=3)
    ids = sim.spawn(Person, names=["cem", "dora"], position=bw.uniform())
    assert sim.named("dora") == ids[1]
    ticket = sim.submit(welcome, name="eve")
    sim.step()
    assert ticket.wait(0).value == sim.named("eve")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["ann"], "found 'ann' more than once"),
        (["x", "x"], "found 'x' more than once"),
        ([""], "texts that are not empty; found ''"),
        ([3], "texts that are not empty; found 3"),
        (["n" * 65], "64"),
    ],
)
def test_names_that_cannot_be_are_refused(names: list[str], said: str) -> None:
    sim = town.simulate(rng=3)
    with pytest.raises(bw.UserError, match=said):
        sim.spawn(Person, names=names, position=(1.0, 1.0))
    assert sim.entities == 8


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(bw.UserError, match="no entity has the name 'bop'; did you mean 'bob'"):
        town.simulate(rng=3).named("bop")


def test_a_taken_name_is_the_result_of_the_input() -> None:
    sim = town.simulate(rng=3)
    ticket = sim.submit(welcome, name="bob")
    sim.step()
    assert "more than once" in str(ticket.wait(0).error)
    assert sim.entities == 8


def test_as_many_names_as_entities() -> None:
    @bw.model()
    def wrong(world: bw.World) -> None:
        world.spawn(Person, n=3, names="ann", position=bw.uniform())

    with pytest.raises(bw.ModelError, match=r"same number of rows|expected a name for each of 3"):
        wrong.describe()
