"""Prefabs: values win over defaults and lose to what a spawn gives, wherever entities are spawned."""

from __future__ import annotations

import numpy as np
import pytest

import bigworlds as bw


class Animal(bw.Component):
    position: bw.vec2
    energy: float = 1.0
    legs: bw.i16 = 4
    home: bw.vec2 = bw.vec2(1.0, 2.0)
    name: bw.string[6]


class Horned(bw.Component):
    points: int


class Herbivore(bw.Component):
    pass


class Grass(bw.CellComponent):
    grown: bool


deer = bw.Prefab(Animal(energy=3.0, name="deer"), Herbivore)
stag = bw.Prefab(deer, Horned(points=8), Animal(energy=4.0, home=bw.vec2(5.0, 6.0)))


@bw.behavior
def bear(animal: Animal, herbivore: Herbivore, fawn: bw.Spawn[deer], son: bw.Spawn[stag]) -> None:
    if animal.energy == 3.0:
        fawn(position=animal.position, energy=0.5)
        fawn(position=animal.position)
    if animal.energy == 4.0:
        son(position=animal.position, points=1)
        son(position=animal.position)


@bw.input
def settle(world: bw.Edits) -> None:
    world.spawn(stag, n=2, position=bw.uniform(), legs=3)


@bw.model()
def forest(world):
    world.space = bw.Continuous((10.0, 10.0))
    world.spawn(deer, n=2, position=bw.uniform())
    world.spawn(stag, position=(1.0, 1.0), points=[5, 6], name=["x", "y"])
    world.behaviors(bear)
    world.inputs(settle)


def test_a_call_wins_over_a_prefab_and_a_prefab_over_defaults():
    sim = forest.simulate(rng=1)
    animals = sim.table(Animal)
    assert animals["energy"].tolist() == [3.0, 3.0, 4.0, 4.0]
    assert animals["legs"].tolist() == [4] * 4
    assert animals["home"].tolist() == [[1.0, 2.0]] * 2 + [[5.0, 6.0]] * 2
    assert animals["name"].tolist() == ["deer", "deer", "x", "y"]
    assert sim.table(Horned)["points"].tolist() == [5, 6]
    assert sim.count(Herbivore) == 4
    ids = sim.spawn(stag, n=1, position=(2.0, 2.0), energy=9.0)
    one = sim.entity(int(ids[0]))
    assert (one[Animal].energy, one[Animal].name, one[Horned].points) == (9.0, "deer", 8)


@pytest.mark.parametrize("interpret", [False, True])
def test_behaviors_and_inputs_spawn_prefabs_alike_on_any_ranks(interpret):
    digests = set()
    for ranks, threads in ((1, 1), (1, 2), (2, 1), (3, 2)):
        sim = forest.simulate(rng=1, ranks=ranks, threads=threads, interpret=interpret)
        sim.submit(settle)
        sim.step()
        digests.add(sim.digest())
    assert len(digests) == 1
    animals = sim.table(Animal)
    born = animals["id"] > 1000
    assert sorted(animals["energy"][born].tolist()) == [0.5, 0.5, 3.0, 3.0] + [4.0] * 8
    assert set(animals["name"][born].tolist()) == {"deer"}
    horned = sim.table(Horned)
    assert sorted(horned["points"][horned["id"] > 1000].tolist()) == [1] * 4 + [8] * 4
    assert animals["legs"].tolist().count(3) == 2


@pytest.mark.parametrize(("before", "after"), [(1, 1), (1, 3), (3, 2)])
@pytest.mark.parametrize("interpret", [False, True])
def test_a_restart_goes_on_as_if_unbroken(interpret, before, after, tmp_path):
    def go_on(sim):
        sim.submit(settle)
        sim.run(2)
        sim.spawn(stag, n=2, position=bw.uniform(), name="late")
        sim.run(1)
        return sim

    whole = forest.simulate(rng=2)
    whole.submit(settle)
    whole.run(1)
    other = forest.simulate(rng=2, ranks=before, interpret=interpret)
    other.submit(settle)
    other.run(1)
    other.snapshot(tmp_path / "half.h5")
    again = forest.resume(tmp_path / "half.h5", ranks=after, interpret=interpret)
    assert go_on(again).digest() == go_on(whole).digest()
    horned, names = again.table(Horned), again.table(Animal)["name"]
    assert horned["points"].tolist().count(8) > 20
    assert np.sum(names == "late") == 2


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((), "takes components"),
        ((7,), "found 7"),
        ((Animal, Animal(energy=2.0)), "Animal is named twice"),
        ((Grass,), "belongs to cells"),
        ((Animal(energy="x"),), "Animal.energy: expected a number"),
        ((Animal(name="too long a name"),), "at most 6 bytes"),
    ],
)
def test_wrong_prefabs_are_refused(parts, message):
    with pytest.raises(bw.ModelError, match=message):
        bw.Prefab(*parts)


def test_what_a_prefab_gives_is_checked_like_any_value():
    sim = forest.simulate(rng=1)
    with pytest.raises(bw.UserError, match="position is missing"):
        sim.spawn(deer)
    with pytest.raises(bw.UserError, match="a component is named twice"):
        sim.spawn(deer, Animal, position=(1.0, 1.0))
    with pytest.raises(bw.UserError, match="no field 'enrgy'; did you mean 'energy'"):
        sim.spawn(deer, position=(1.0, 1.0), enrgy=2.0)
    with pytest.raises(bw.UserError, match="outside the space"):
        sim.spawn(bw.Prefab(Animal(position=bw.vec2(11.0, 0.0))))


def test_a_prefab_does_not_change():
    values = deer.values
    values.clear()
    assert deer.values
    shown = "Prefab(Animal(energy=4.0, name='deer', home=vec2(5.0, 6.0)), Herbivore, Horned(points=8))"
    assert repr(stag) == shown
