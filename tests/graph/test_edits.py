"""Edges changed from outside, by hand and by inputs: against a plain dict of edges, on any ranks; what is
wrong changes nothing; replays and marks."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bigworlds as bw


class Person(bw.Component):
    position: bw.vec2
    weight: float = 0.0
    owed: int = 0


class Tie(bw.EdgeComponent):
    weight: float = 1.0
    place: bw.vec2


class Debt(bw.EdgeComponent):
    amount: int = 3


@bw.behavior(neighbors={"friends": Tie, "debtors": Debt})
def look(me: Person, friends: bw.Neighbors[Person], debtors: bw.Neighbors[Person]) -> None:
    me.weight = 0.0
    for friend in friends:
        me.weight += friend.edge.weight + friend.edge.place.x
    me.owed = 0
    for debtor in debtors:
        me.owed += debtor.edge.amount


@bw.behavior
def walk(me: Person, space: bw.Space, rng: bw.Rng) -> None:
    me.position = space.wrap(me.position + bw.vec2(rng.normal(0.0, 3.0), rng.normal(0.0, 3.0)))


@bw.input
def befriend(world: bw.Edits, one: bw.Ref, other: bw.Ref) -> int:
    """A new person gets to know two others, who forget each other."""
    new = world.spawn(Person, position=(1.0, 2.0))
    world.link(Tie, new, [one, other], weight=[2.0, 3.0])
    world.unlink(Tie, other, one)
    world.link(Tie, one, other)
    world.set_edges(Tie, new, one, weight=5.0)
    world.link(Debt, [one, other], [other, one], amount=4)
    return len(world.edges(Tie)["source"])


@bw.input
def mistake(world: bw.Edits, kind: int) -> None:
    world.link(Debt, 5, 6, amount=9)
    if kind == 0:
        world.link(Debt, 5, 6)
    elif kind == 1:
        world.unlink(Debt, 6, 5)
    elif kind == 2:
        world.link(Tie, 4, 4)
    elif kind == 3:
        world.despawn(7)
        world.link(Tie, 7, 8)
    elif kind == 4:
        world.link(Tie, [5, 6], [6, 5])
    elif kind == 5:
        world.set_edges(Tie, 5, 7)


@bw.model()
def town(world: bw.World) -> None:
    world.space = bw.Continuous((20.0, 20.0))
    world.tiles = 9
    world.spawn(Person, n=12, position=bw.uniform())
    world.graph(Tie, [(0, 1), (2, 3)], of=Person, directed=False, weight=0.5)
    world.graph(Debt, None, of=Person, directed=True)
    world.behaviors(look, walk)
    world.inputs(befriend, mistake)


def pairs_of(sim: bw.Simulation, graph: type) -> dict[tuple[int, int], Any]:
    edges = sim.edges(graph)
    values = edges["weight" if graph is Tie else "amount"].tolist()
    return dict(
        zip(zip(edges["source"].tolist(), edges["target"].tolist(), strict=True), values, strict=True)
    )


ids = st.integers(1, 14)
operations = st.lists(
    st.tuples(
        st.sampled_from(["link", "unlink", "set_edges"]),
        st.sampled_from([Tie, Debt]),
        st.lists(st.tuples(ids, ids), min_size=1, max_size=5),
        st.integers(1, 99),
    ),
    min_size=1,
    max_size=12,
)


def expected_after(
    known: dict[tuple[int, int], Any], what: str, graph: type, pairs: list[tuple[int, int]], value: int
) -> dict[tuple[int, int], Any] | None:
    """The edges after an operation, or None where it must be refused: nothing has changed then."""
    named = pairs if graph is Debt else [(min(pair), max(pair)) for pair in pairs]
    if len(set(named)) < len(named) or any(max(a, b) > 12 or a == b for a, b in named):
        return None
    if any((pair in known) == (what == "link") for pair in named):
        return None
    if what == "unlink":
        return {pair: kept for pair, kept in known.items() if pair not in named}
    return known | {pair: value + k for k, pair in enumerate(named)}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(operations, st.integers(1, 4))
def test_edges_are_what_was_done_to_them(done: list[Any], ranks: int) -> None:
    sim = town.simulate(rng=3, ranks=ranks)
    known: dict[type, dict[tuple[int, int], Any]] = {Tie: {(1, 2): 0.5, (3, 4): 0.5}, Debt: {}}
    for what, graph, pairs, value in done:
        after = expected_after(known[graph], what, graph, pairs, value)
        values = {"weight" if graph is Tie else "amount": value + np.arange(len(pairs))}
        arguments = (graph, [a for a, _ in pairs], [b for _, b in pairs])
        fields = {} if what == "unlink" else values
        if after is None:
            before = sim.digest()
            with pytest.raises(bw.UserError, match="Nothing was changed"):
                getattr(sim, what)(*arguments, **fields)
            assert sim.digest() == before
        else:
            getattr(sim, what)(*arguments, **fields)
            known[graph] = after
        assert pairs_of(sim, graph) == known[graph]
    sim.run(1)
    table = sim.table(Person)
    for person, weight, owed in zip(table["id"], table["weight"], table["owed"], strict=True):
        assert weight == sum(w for pair, w in known[Tie].items() if person in pair)
        assert owed == sum(amount for (a, _), amount in known[Debt].items() if a == person)


@pytest.mark.parametrize("interpret", [False, True])
def test_changes_of_edges_give_one_world_on_any_ranks_threads_and_restarts(
    interpret: bool, tmp_path: Any
) -> None:
    digests = set()
    for ranks, threads in ((1, 1), (1, 2), (2, 1), (3, 2), (4, 1)):
        sim = town.simulate(rng=3, ranks=ranks, threads=threads, interpret=interpret)
        sim.run(2)
        sim.link(Tie, 5, [6, 7, 8], weight=[1.0, 2.0, 3.0], place=(0.5, 0.0))
        sim.link(Debt, [9, 10], 5, amount=7)
        ticket = sim.submit(befriend, one=5, other=6)
        sim.run(2)
        assert ticket.result.value == 5
        sim.despawn(7)
        sim.set_edges(Tie, 8, 5, place=(2.0, 1.0))
        sim.unlink(Debt, 9, 5)
        sim.snapshot(tmp_path / "s.h5")
        sim = town.resume(tmp_path / "s.h5", ranks=4 - ranks if ranks < 4 else 1)
        sim.run(3)
        digests.add(sim.digest())
        assert pairs_of(sim, Debt) == {(5, 6): 4, (6, 5): 4, (10, 5): 7}
        assert pairs_of(sim, Tie) == {
            (1, 2): 0.5, (3, 4): 0.5, (5, 6): 1.0, (5, 8): 3.0, (5, 13): 5.0, (6, 13): 3.0,
        }  # fmt: skip
    assert len(digests) == 1


def test_new_edges_have_the_defaults_of_their_fields() -> None:
    sim = town.simulate(rng=1)
    sim.link(Tie, 7, 9)
    edges = sim.edges(Tie)
    found = (edges["source"] == 7) & (edges["target"] == 9)
    assert edges["weight"][found].tolist() == [1.0]
    assert edges["place"][found].tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda sim: sim.link(Tie, 3, 4), r"graph Tie: the edge from 3 to 4 is there already"),
        (lambda sim: sim.link(Tie, 3, 30), "graph Tie: there is no entity 30; it has ended"),
        (lambda sim: sim.link(Tie, 5, 5), "the edge from 5 to 5 leads to its own agent"),
        (lambda sim: sim.link(Tie, [5, 6], [6, 5]), "the edge from 5 to 6 is given twice"),
        (lambda sim: sim.unlink(Debt, 5, 6), "graph Debt: the edge from 5 to 6 is not there"),
        (lambda sim: sim.set_edges(Tie, 1, 3, weight=2.0), "the edge from 1 to 3 is not there"),
        (lambda sim: sim.set_edges(Tie, 1, 2), "Tie: say what to write"),
        (lambda sim: sim.link(Tie, [1, 2, 3], [4, 5]), "found 3 sources and 2 targets"),
        (lambda sim: sim.link(Tie, 5, 6, wait=1.0), "there is no field 'wait'; did you mean 'weight'"),
        (lambda sim: sim.link(Person, 5, 6), "this world has no graph 'Person'"),
        (lambda sim: sim.link(Tie, 5, [6, 7], weight=[1.0, 2.0, 3.0]), "weight"),
        (lambda sim: sim.link(Tie, "ann", 6), "expected entity ids"),
    ],
)
@pytest.mark.parametrize("ranks", [1, 3])
def test_what_is_wrong_changes_nothing_and_leaves_no_mark(
    change: Any, message: str, ranks: int, tmp_path: Any
) -> None:
    sim = town.simulate(rng=1, ranks=ranks)
    sim.journal(tmp_path / "journal")
    before = sim.digest()
    with pytest.raises(bw.UserError, match=message):
        change(sim)
    assert sim.digest() == before
    assert not sim.edited_by_hand
    sim.link(Tie, 5, 6)
    assert sim.edited_by_hand


def test_inputs_change_edges_and_replay(tmp_path: Any) -> None:
    sim = town.simulate(rng=3)
    sim.journal(tmp_path / "journal")
    for one, other in ((1, 2), (3, 4)):
        sim.submit(befriend, one=one, other=other)
        sim.run(2)
    sim.close_journal()
    assert not sim.edited_by_hand
    again = town.simulate(rng=3, ranks=3)
    again.replay(tmp_path / "journal")
    assert again.digest() == sim.digest()
    assert pairs_of(again, Tie)[1, 13] == 5.0


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (0, "the edge from 5 to 6 is there already"),
        (1, "the edge from 6 to 5 is not there"),
        (2, "the edge from 4 to 4 leads to its own agent"),
        (3, "there is no entity 7"),
        (4, "the edge from 6 to 5 is given twice"),
        (5, "say what to write"),
    ],
)
def test_mistakes_of_inputs_are_their_results(kind: int, message: str) -> None:
    sim = town.simulate(rng=3)
    alone = town.simulate(rng=3)
    ticket = sim.submit(mistake, kind=kind)
    sim.run(1)
    alone.run(1)
    assert isinstance(ticket.result.error, bw.UserError)
    assert re.search(message, str(ticket.result.error))
    assert sim.count(Debt) == 0
    assert sim.count(Person) == 12
