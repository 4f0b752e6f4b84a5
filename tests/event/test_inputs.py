"""Numbered inputs: their order, their results, what they may ask of a world, and what of a failed one is in
it: nothing."""

from __future__ import annotations

import enum
import threading

import numpy as np
import pytest

import bigworlds as bw


class Mood(enum.IntEnum):
    calm = 1
    cross = 2


class Params(bw.Parameters):
    gain: float = bw.param(0.5, min=0.0)


class Sheep(bw.Component):
    position: bw.ivec2
    energy: float
    name: bw.string[8]
    mood: Mood = Mood.calm
    heard: int


class Bell(bw.Component):
    tone: int = 3


class Grass(bw.CellComponent):
    grown: bool


class Call(bw.Event):
    loud: int


@bw.behavior
def live(sheep: Sheep, calls: bw.Inbox[Call], p: Params) -> None:
    sheep.energy += p.gain
    for call in calls:
        sheep.heard += call.loud


@bw.input
def buy(world: bw.Edits, place: bw.ivec2, name: str, mood: Mood = Mood.cross) -> int:
    return world.spawn(Sheep, position=place, name=name, mood=mood, energy=1.0)


@bw.input
def feed(world: bw.Edits, sheep: list[int], amount: float) -> float:
    for one in sheep:
        world.set(one, Sheep, energy=world.get(one, Sheep).energy + amount)
    return amount * len(sheep)


@bw.input
def much(world: bw.Edits, sheep: bw.Ref, place: bw.ivec2, fail: bool) -> str:
    world.attach(sheep, Bell, tone=7)
    world.set(sheep, Sheep, position=place)
    world.set_cell(Grass, place, grown=True)
    world.send(Call, to=sheep, loud=int(world.rng.integers(5, 10)))
    world.set_parameters(gain=2.0)
    new = world.spawn(Sheep, Bell, position=(0, 0), tone=1)
    world.set(new, Bell, tone=2)
    world.despawn(1)
    if world.has(1) or not world.has(new, Bell):
        raise AssertionError("what was asked is seen by has")
    if fail:
        world.get(1, Sheep)
    return world.sender


@bw.input
def detach(world: bw.Edits, sheep: bw.Ref) -> None:
    world.detach(sheep, Bell)


@bw.model(Params)
def farm(world, p):
    world.space = bw.Grid((6, 5), max_per_cell=1)
    world.spawn(Sheep, n=3, position=[(1, 1), (2, 2), (3, 3)], energy=1.0)
    world.cells(Grass)
    world.behaviors(live)
    world.inputs(buy, feed, much, detach, components=[Bell])


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_inputs_are_applied_at_the_start_of_the_next_tick_in_order(ranks):
    sim = farm.simulate(rng=3, ranks=ranks)
    first = sim.submit(buy, place=(0, 4), name="Dolly", sender="ann")
    second = sim.submit(feed, sheep=[2, 4], amount=0.25, sender="bob")
    assert (first.number, second.number) == (1, 2)
    assert first.result is None
    assert sim.count(Sheep) == 3
    sim.step()
    assert (first.result.value, first.result.tick, first.result.sender) == (4, 0, "ann")
    assert second.wait(1.0).value == 0.5
    table = sim.table(Sheep)
    assert table["energy"].tolist() == [1.5, 1.75, 1.5, 1.75]
    assert table["mood"].tolist() == [1, 1, 1, 2]
    assert table["position"].tolist()[3] == [0, 4]


@pytest.mark.parametrize("ranks", [1, 3])
def test_an_input_may_ask_for_everything_and_all_of_it_happens(ranks):
    sim = farm.simulate(rng=3, ranks=ranks)
    ticket = sim.submit(much, sheep=2, place=(5, 4), fail=False, sender="eve")
    sim.step()
    assert ticket.result.error is None
    assert ticket.result.value == "eve"
    assert sim.table(Bell)["tone"].tolist() == [7, 2]
    table = sim.table(Sheep)
    assert table["id"].tolist() == [2, 3, 4]
    assert table["position"].tolist() == [[5, 4], [3, 3], [0, 0]]
    assert 5 <= table["heard"][0] < 10
    assert np.argwhere(sim.cells(Grass)["grown"]).tolist() == [[4, 5]]
    assert sim.parameters.gain == 2.0
    assert table["energy"].tolist() == [3.0, 3.0, 2.0]
    ticket = sim.submit(detach, sheep=2)
    sim.step()
    assert ticket.result.ok
    assert sim.table(Bell)["id"].tolist() == [4]


def test_an_exception_is_the_result_and_changes_nothing():
    sim = farm.simulate(rng=3)
    untouched = farm.simulate(rng=3)
    ticket = sim.submit(much, sheep=2, place=(5, 4), fail=True)
    untouched.submit(feed, sheep=[], amount=0.0)
    sim.step()
    untouched.step()
    assert not ticket.result.ok
    assert str(ticket.result.error) == "there is no entity 1; it has ended, or was never there"
    assert sim.digest() == untouched.digest()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"place": (9, 0), "name": "x"}, "outside the space"),
        ({"place": (2, 2), "name": "x"}, r"cell \(2, 2\) is taken by entity 2"),
        ({"place": (0, 0), "name": "a name that is too long"}, "at most 8 bytes"),
    ],
)
def test_what_cannot_be_is_the_result_of_the_input(given, message):
    sim = farm.simulate(rng=3)
    ticket = sim.submit(buy, **given)
    sim.step()
    with pytest.raises(bw.UserError, match=message):
        raise ticket.result.error
    assert sim.count(Sheep) == 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"place": (1, 1)}, "the argument 'name' is missing"),
        ({"place": (1, 1), "name": "x", "nam": 1}, "has no argument 'nam'; did you mean 'name'"),
        ({"place": (1.5, 1), "name": "x"}, "expected a whole number"),
        ({"place": (1, 1), "name": 7}, "expected a text"),
        ({"place": (1, 1), "name": "x" * 70000}, "at most 65536"),
        ({"place": (1, 1), "name": "x", "mood": 7}, "Mood"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_at_once(given, message):
    sim = farm.simulate(rng=3)
    with pytest.raises(bw.UserError, match=message):
        sim.submit(buy, **given)


def test_only_declared_inputs_are_taken():
    @bw.input
    def bye(world: bw.Edits) -> None:
        world.despawn(1)

    sim = farm.simulate(rng=3)
    with pytest.raises(bw.UserError, match="no input 'bye'; did you mean 'buy'"):
        sim.submit(bye)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def f(world, a): ...", "a has no type"),
        ("def f(): ...", "takes the world first"),
        ("def f(world, sender: str): ...", "the name is taken"),
        ("def f(world, *a: int): ...", "given by name"),
        ("def f(world, a: dict): ...", "expected a field type"),
        ("def f(world, a: list[list[int]]): ...", "list of lists"),
        ("def f(world, a: int = 'x'): ...", "default"),
    ],
)
def test_wrong_declarations_say_what_is_wrong(source, message):
    scope = {}
    exec(source, scope)
    with pytest.raises(bw.UserError, match=message):
        bw.input(scope["f"])


def test_scheduled_inputs_wait_for_their_tick_and_are_state():
    sim = farm.simulate(rng=3)
    late = sim.at(4, buy, place=(0, 0), name="late")
    soon = sim.at(2, feed, sheep=[1], amount=10.0, sender="Ünal")
    sim.run(3)
    assert late.result is None
    assert soon.result.tick == 2
    again = farm.simulate(rng=3, ranks=2)
    again.load(sim.sections())
    assert again.digest() == sim.digest()
    again.run(3)
    sim.run(3)
    assert late.result.value == 4
    assert again.digest() == sim.digest()
    with pytest.raises(bw.UserError, match="from 6"):
        sim.at(5, buy, place=(0, 0), name="x")


def test_inputs_from_other_threads_are_applied_while_it_runs():
    sim = farm.simulate(rng=3, threads=1)
    results = []

    def ask():
        for k in range(20):
            results.append(sim.submit(feed, sheep=[1], amount=1.0, sender=str(k)).wait(60.0))
        sim.pause()

    asking = threading.Thread(target=ask)
    asking.start()
    sim.run(1 << 40)
    asking.join()
    assert [result.number for result in results] == list(range(1, 21))
    assert all(result.ok for result in results)
    ticks = [result.tick for result in results]
    assert ticks == sorted(ticks)
    energy = 1.0 + 20.0 + 0.5 * sim.tick
    assert sim.table(Sheep)["energy"][0] == energy


def test_values_keep_their_types_on_the_way():
    seen = []

    @bw.input
    def look(
        world: bw.Edits,
        a: bool,
        b: bw.vec2,
        c: Mood,
        d: list[float],
        e: bw.array[bw.f64, 2],
        f: bw.short_list[bw.i32, 4],
        g: float,
    ) -> None:
        seen.append((a, b, c, d, e, f, g))

    given = (True, bw.vec2(0.1, 2.0), Mood.cross, [1.0, float("inf")], [0.5, 1.0], [3], float("-inf"))
    text = look.encode(dict(zip("abcdefg", given, strict=True)))
    look.function(None, **look.decode(text))
    assert seen[0] == given
    assert isinstance(seen[0][2], Mood)
