"""Changes of entities from outside: many in one call, as a whole or not at all, the same on any number of
ranks and threads; by hand they end what a journal can replay, by inputs they replay."""

from __future__ import annotations

import enum
import random

import numpy as np
import pandas as pd
import pytest

import bigworlds as bw


class Mood(enum.IntEnum):
    calm = 1
    cross = 2


class Sheep(bw.Component):
    position: bw.ivec2
    energy: float = 2.5
    name: bw.string[8]
    friends: bw.short_list[bw.i32, 3]
    mood: Mood = Mood.calm


class Bell(bw.Component):
    tone: int = 3
    pull: bw.vec2


class Hut(bw.Component):
    position: bw.ivec2


class Tag(bw.Component):
    pass


class Grass(bw.CellComponent):
    grown: bool


@bw.behavior
def wander(sheep: Sheep, rng: bw.Rng) -> None:
    sheep.energy += rng.uniform()
    sheep.position = bw.ivec2(int(rng.integers(0, 12)), int(rng.integers(0, 10)))


@bw.behavior
def ring(bell: Bell, rng: bw.Rng) -> None:
    bell.tone += int(rng.integers(0, 5))


@bw.input
def restock(world: bw.Edits, n: int) -> list[int]:
    new = world.spawn(Sheep, n=n, position=bw.random_cells(), energy=bw.uniform(1.0, 2.0))
    world.attach(new[:2], Bell, tone=[5, 6])
    world.detach(new[:1], Bell)
    world.set(new, Sheep, energy=np.arange(n) * 0.5, name="new")
    world.despawn(world.table(Sheep)["id"][:2])
    return new.tolist()


@bw.model()
def farm(world):
    world.space = bw.Grid((12, 10), max_per_cell=1)
    world.spawn(Sheep, n=30, position=bw.random_cells())
    world.spawn(Bell, Tag, n=5)
    world.cells(Grass)
    world.behaviors(wander, ring)
    world.inputs(restock, components=[Hut])


def some_change(sim: bw.Simulation, draw: random.Random) -> None:
    """One random change, the same for equal worlds."""
    sheep = sim.table(Sheep)["id"]
    picked = sorted(draw.sample(sheep.tolist(), min(4, len(sheep))))
    match draw.randrange(5):
        case 0:
            sim.spawn(Sheep, n=draw.randrange(4), position=bw.random_cells(), energy=bw.normal())
        case 1:
            sim.despawn(picked[:2])
        case 2:
            belled = set(sim.table(Bell)["id"].tolist())
            new = [one for one in picked if one not in belled]
            sim.attach(new, Bell, tone=np.arange(len(new)), pull=(1.0, 2.0))
        case 3:
            belled = set(sim.table(Bell)["id"].tolist())
            sim.detach([one for one in picked if one in belled], Bell)
        case 4:
            sim.set(picked, "Sheep.energy", np.arange(len(picked)) * 0.25)
            free = [c for c in range(120) if c not in cells_of(sim)]
            sim.set(picked, Sheep.position, [(c % 12, c // 12) for c in free[: len(picked)]])


def cells_of(sim: bw.Simulation) -> set[int]:
    places = sim.table(Sheep)["position"]
    return set((places[:, 0] + 12 * places[:, 1]).tolist())


@pytest.mark.parametrize("interpret", [False, True])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_changes_by_hand_give_one_world_on_any_ranks_and_threads(seed, interpret):
    digests = set()
    shapes = [(1, 1), (2, 1), (3, 2)] if not interpret else [(2, 1)]
    for ranks, threads in [(1, 2), *shapes]:
        sim = farm.simulate(rng=seed, ranks=ranks, threads=threads, interpret=interpret)
        draw = random.Random(seed)
        seen = []
        for step in range(12):
            some_change(sim, draw)
            if step == 6:  # the rest in another simulation
                other = farm.simulate(rng=seed, ranks=4 - ranks, interpret=interpret)
                other.load(sim.sections())
                sim = other
            seen.append(sim.digest())
            sim.step()
        digests.add((*seen, sim.digest()))
    assert len(digests) == 1


def test_spawn_takes_what_a_model_takes():
    sim = farm.simulate(rng=1)
    frame = pd.DataFrame({"tone": [1, 2], "pull.x": [0.5, 1.5], "pull.y": [2.5, 3.5]})
    assert sim.spawn(Bell, frame).tolist() == [36, 37]
    assert sim.spawn(Bell, Tag, n=3, tone=[7, 8, 9]).tolist() == [38, 39, 40]
    assert sim.spawn(Tag).tolist() == [41]
    assert sim.spawn(Tag, n=0).tolist() == []
    bells = sim.table(Bell)
    assert bells["tone"][-5:].tolist() == [1, 2, 7, 8, 9]
    assert bells["pull"][-5:-3].tolist() == [[0.5, 2.5], [1.5, 3.5]]
    assert sim.count(Tag) == 9
    ids = sim.spawn(Sheep, n=80, position=bw.random_cells(), energy=bw.uniform(), name="Bo")
    assert len(cells_of(sim)) == 110
    assert len(np.unique(sim.table(Sheep)["energy"][-80:])) == 80
    assert sim.entity(int(ids[0]))[Sheep].name == "Bo"
    assert sim.edited_by_hand


def test_one_entity_is_read_as_a_copy():
    sim = farm.simulate(rng=1, ranks=2)
    sim.set(3, "Sheep.friends", [4, 5])
    sim.set([3], Sheep.mood, "cross")
    sim.set(3, "Sheep.name", "Dolly")
    sim.attach(3, Bell, pull=(1.0, 2.0))
    one = sim.entity(3)
    assert (one.id, one.components) == (3, (Bell, Sheep))
    assert Sheep in one
    assert Tag not in one
    assert (one[Sheep].friends, one[Sheep].mood, one[Sheep].name) == ([4, 5], Mood.cross, "Dolly")
    assert one[Bell].pull == bw.vec2(1.0, 2.0)
    assert one[Bell].tone == 3
    assert "entity 3: Bell(tone=3" in repr(one)
    with pytest.raises(bw.UserError, match="entity 3 has no Tag; it has Bell, Sheep"):
        one[Tag]
    for wrong in (99, [1, 2], "x", 0, 1.5):
        with pytest.raises(bw.UserError, match=r"no entity 99|one entity id|expected entity ids"):
            sim.entity(wrong)


def test_tables_show_texts_and_lists():
    sim = farm.simulate(rng=1)
    sim.set([2, 3], Sheep.name, ["Ünal", "x"])
    sim.set([1, 2], Sheep.friends, [[], [7, 8, 9]])
    table = sim.table(Sheep)
    assert table["name"][:3].tolist() == ["", "Ünal", "x"]
    assert table["friends"][:3].tolist() == [[], [7, 8, 9], []]


CELL = (0, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda sim: sim.despawn([1, 99, 98]), r"there are no entities 99, 98; they have ended"),
        (lambda sim: sim.despawn(range(90, 99)), r"90, 91, 92, 93, 94 and 4 more"),
        (lambda sim: sim.despawn([1, 2, 1]), "entity 1 is named twice"),
        (lambda sim: sim.despawn("all"), "expected entity ids"),
        (lambda sim: sim.despawn([0]), "expected entity ids"),
        (lambda sim: sim.attach([1, 99], Bell), "there is no entity 99"),
        (lambda sim: sim.attach([1, 32], Bell), "entity 32 has Bell already"),
        (lambda sim: sim.attach([1, 1], Bell), "entity 1 is named twice"),
        (lambda sim: sim.attach([1], Bell, tune=3), "no field 'tune'; did you mean 'tone'"),
        (lambda sim: sim.attach([1], Bell, tone=1.5), "whole number"),
        (lambda sim: sim.attach([1, 2], Bell, tone=[1, 2, 3]), "one value or 2 of them"),
        (lambda sim: sim.attach([1], Bell, tone=bw.integers(3)), "for new entities"),
        (lambda sim: sim.attach([1], Grass), "belongs to cells"),
        (lambda sim: sim.attach([1], Hut, position=CELL), "both have a position"),
        (lambda sim: sim.attach([32], Hut), r"Hut.position is missing"),
        (lambda sim: sim.attach([32], Hut, position=(12, 0)), "outside the space"),
        (lambda sim: sim.attach([31, 32], Hut, position=CELL), "given twice|is taken by"),
        (lambda sim: sim.detach([1, 32], Bell), "entity 1 has no Bell"),
        (lambda sim: sim.detach([1], Sheep), "is all that entity 1 has"),
        (lambda sim: sim.set([1, 32], "Sheep.energy", 1.0), "entity 32 has no Sheep"),
        (lambda sim: sim.set([1, 99], "Sheep.energy", 1.0), "there is no entity 99"),
        (lambda sim: sim.set(1, "Sheep.enrgy", 1.0), "did you mean 'energy'"),
        (lambda sim: sim.set(1, "Shep.energy", 1.0), "did you mean 'Sheep'"),
        (lambda sim: sim.set(1, "Sheep.energy", "x"), "expected a number"),
        (lambda sim: sim.set([1, 2], "Sheep.position", CELL), "given twice|is taken by"),
        (lambda sim: sim.set(1, "Sheep.position", sim.table(Sheep)["position"][1]), "taken by entity 2"),
        (lambda sim: sim.set(1, "Sheep.position", (-1, 0)), "outside the space"),
        (lambda sim: sim.spawn(Sheep, n=2), "position is missing"),
        (lambda sim: sim.spawn(Sheep, n=2, position=CELL), "both in cell"),
        (lambda sim: sim.spawn(Sheep, position=sim.table(Sheep)["position"][0]), "taken by entity 1"),
        (lambda sim: sim.spawn(Sheep, position=bw.each_cell()), "is taken by"),
        (lambda sim: sim.spawn(Sheep, n=91, position=bw.random_cells()), "but 90 of the grid's are free"),
        (lambda sim: sim.spawn(Bell, tone=[1, 2], n=3), "same number of rows"),
        (lambda sim: sim.spawn(), "at least one component"),
        (lambda sim: sim.spawn(Grass), "belongs to cells"),
    ],
)
@pytest.mark.parametrize("ranks", [1, 3])
def test_what_is_wrong_changes_nothing_and_leaves_no_mark(change, message, ranks, tmp_path):
    sim = farm.simulate(rng=1, ranks=ranks)
    before = sim.digest()
    with pytest.raises(bw.UserError, match=message):
        change(sim)
    sim.journal(tmp_path / "journal")
    with pytest.raises(bw.UserError, match=message):
        change(sim)
    assert not sim.edited_by_hand
    assert sim.digest() == before
    sim.close_journal()
    farm.simulate(rng=1).replay(tmp_path / "journal")


def test_a_component_that_no_model_names_is_unknown():
    class Bel(bw.Component):
        tone: int

    sim = farm.simulate(rng=1)
    for change in (lambda: sim.spawn(Bel), lambda: sim.attach([1], Bel), lambda: sim.detach([1], Bel)):
        with pytest.raises(bw.UserError, match="no component 'Bel'; did you mean 'Bell'"):
            change()


@pytest.mark.parametrize(
    "change",
    [
        lambda sim: sim.spawn(Tag),
        lambda sim: sim.despawn(1),
        lambda sim: sim.attach(1, Bell),
        lambda sim: sim.detach(32, Bell),
        lambda sim: sim.set(1, "Sheep.energy", 1.0),
    ],
)
def test_a_run_that_was_changed_by_hand_says_so_in_its_replay(change, tmp_path):
    sim = farm.simulate(rng=1)
    sim.journal(tmp_path / "journal")
    sim.step()
    change(sim)
    assert sim.edited_by_hand
    sim.close_journal()
    with pytest.raises(bw.JournalError, match="tick 1 the run was edited by hand"):
        farm.simulate(rng=1).replay(tmp_path / "journal")


def test_views_from_before_a_change_are_stale():
    sim = farm.simulate(rng=1)
    held = sim.columns(Sheep)
    assert sim.columns(Sheep) is held
    assert sim.columns("Sheep").energy is not None
    assert sim.columns(Sheep).energy is held.energy
    sim.spawn(Sheep, position=bw.random_cells())
    with pytest.raises(bw.UserError, match="from before the last tick or structural change"):
        held.energy  # noqa: B018
    assert len(sim.columns(Sheep).energy) == 31


@pytest.mark.parametrize("interpret", [False, True])
def test_inputs_change_many_at_once_and_replay(interpret, tmp_path):
    sim = farm.simulate(rng=5, interpret=interpret)
    sim.journal(tmp_path / "journal")
    ticket = sim.submit(restock, n=6)
    sim.run(2)
    late = sim.submit(restock, n=3)
    sim.run(2)
    sim.close_journal()
    assert ticket.result.value == [36, 37, 38, 39, 40, 41]
    assert late.result.error is None
    assert not sim.edited_by_hand
    table = sim.table(Sheep)
    assert len(table["id"]) == 30 + 9 - 4
    assert sorted(sim.table(Bell)["id"].tolist())[-2:] == [37, 43]
    for ranks in (1, 2, 3):
        again = farm.simulate(rng=5, ranks=ranks)
        again.replay(tmp_path / "journal")
        assert again.digest() == sim.digest()


@bw.input
def swap(world: bw.Edits, a: bw.Ref, b: bw.Ref) -> None:
    there, here = world.get(b, Sheep).position, world.get(a, Sheep).position
    world.set([a, b], Sheep, position=[tuple(there), tuple(here)])


@bw.input
def confuse(world: bw.Edits, what: str) -> None:
    match what:
        case "twice":
            world.despawn([1, 2, 1])
        case "unknown":
            world.set([1, 99], Sheep, energy=1.0)
        case "one cell":
            world.set([1, 2], Sheep, position=world.get(3, Sheep).position)
        case "inside":
            sim_of[0].despawn(1)


sim_of: list[bw.Simulation] = []


@bw.model()
def pen(world):
    world.space = bw.Grid((4, 4), max_per_cell=1)
    world.spawn(Sheep, n=4, position=bw.random_cells())
    world.inputs(swap, confuse)


def test_agents_of_an_exclusive_grid_can_change_places():
    sim = pen.simulate(rng=1)
    before = sim.table(Sheep)["position"].tolist()
    ticket = sim.submit(swap, a=1, b=3)
    sim.step()
    assert ticket.result.error is None
    assert sim.table(Sheep)["position"].tolist() == [before[k] for k in (2, 1, 0, 3)]
    sim.set([1, 3], Sheep.position, [before[0], before[2]])
    assert sim.table(Sheep)["position"].tolist() == before


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("twice", "entity 1 is named twice"),
        ("unknown", "there is no entity 99"),
        ("one cell", "is taken by entity 3"),
        ("inside", "the world runs"),
    ],
)
def test_mistakes_of_inputs_are_their_results(what, message):
    sim = pen.simulate(rng=1)
    sim_of[:] = [sim]
    ticket = sim.submit(confuse, what=what)
    sim.step()
    with pytest.raises(bw.UserError, match=message):
        raise ticket.result.error
    assert sim.count(Sheep) == 4
    sim_of.clear()
