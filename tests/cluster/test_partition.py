"""Partitions: what can be asked for, what moves while a world runs, over MPI too, and pymetis."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import bigworlds as bw
from tests.cluster.conftest import PROGRAMS, Start
from tests.cluster.test_mpi import finished

KINDS = ["blocks", "bisection", "curve", "graph"]


class Member(bw.Component):
    """One of a group whose members write to each other."""

    friend: bw.Ref
    heard: int = 0


class Hello(bw.Event):
    """What members send."""

    words: int = 1


class Ball(bw.Component):
    """Something that stands in a corner."""

    position: bw.vec2
    seen: int = 0


class Knows(bw.EdgeComponent):
    """Who knows whom."""

    since: int = 0


@bw.behavior
def greet(member: Member, send: bw.Send[Hello]) -> None:
    send(member.friend, words=2)


@bw.behavior
def listen(member: Member, hellos: bw.Inbox[Hello]) -> None:
    for hello in hellos:
        member.heard += hello.words


@bw.behavior(neighbors=1.0)
def look(ball: Ball, others: bw.Neighbors[Ball]) -> None:
    for _ in others:
        ball.seen += 1


# Runs of 4096 births are one tile: four runs that are written in turn belong together.
RUN, GROUPS, TILES = 4096, 4, 16


def friend_of(i: int) -> int:
    """Members of run r write to run r + 4: groups are spread over all tiles."""
    return (i + GROUPS * RUN) % (TILES * RUN)


@bw.model()
def groups(world: bw.World) -> None:
    world.tiles = TILES
    n = TILES * RUN
    world.spawn(Member, n=n, friend=bw.cycle([friend_of(i) + 1 for i in range(n)]))
    world.behaviors(greet, listen)


@bw.model()
def corner(world: bw.World) -> None:
    world.tiles = 64
    world.space = bw.Continuous((32.0, 32.0))
    world.spawn(Ball, n=2000, position=bw.uniform((0.0, 0.0), (12.0, 12.0)))
    world.behaviors(look)


def loads(simulation: Any, component: type) -> list[int]:
    """How many agents each rank has, by their places."""
    owners = simulation._core.tile_owners
    positions = np.minimum(simulation.table(component)["position"] // 4.0, 7).astype(int)
    return np.bincount(owners[positions[:, 1] * 8 + positions[:, 0]], minlength=simulation.ranks).tolist()


@pytest.mark.parametrize("kind", KINDS[1:])
def test_what_stands_in_the_tiles_is_shared_out_before_the_first_tick(kind: str) -> None:
    simulation = corner.simulate(rng=1, ranks=3, partition=kind)
    simulation.run(1)
    assert max(loads(simulation, Ball)) < 1.5 * 2000 / 3
    assert simulation._core.tiles_moved > 0


def test_blocks_stay_without_balance_and_move_with_it() -> None:
    still, moving = (
        corner.simulate(rng=1, ranks=3, partition=bw.Partition(balance=balance)) for balance in (None, 2)
    )
    still.run(4)
    moving.run(4)
    assert still._core.tiles_moved == 0
    assert max(loads(moving, Ball)) < max(loads(still, Ball))
    assert still.digest() == moving.digest()


def test_a_tolerance_that_nothing_exceeds_moves_nothing() -> None:
    simulation = corner.simulate(rng=1, ranks=3, partition=bw.Partition(balance=1, tolerance=50.0))
    simulation.run(3)
    assert simulation._core.tiles_moved == 0


def crossing(simulation: Any) -> int:
    """How many members have a friend on another rank."""
    owners = simulation._core.tile_owners
    ids = simulation.table(Member)["id"]
    tile = (ids.astype(np.int64) >> 12) % TILES  # counters are the low bits of the world's ids
    return int(np.count_nonzero(owners[tile] != owners[(tile + GROUPS) % TILES]))


@pytest.mark.parametrize("library", ["ours", "pymetis"])
def test_entities_that_write_to_each_other_come_to_live_together(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if library == "pymetis":
        pytest.importorskip("pymetis", reason="needs pymetis: pip install 'bigworlds[partition]'")
    else:
        monkeypatch.setitem(sys.modules, "pymetis", None)
    alone = groups.simulate(rng=1)
    alone.run(4)
    simulation = groups.simulate(rng=1, ranks=2, partition=bw.Partition("graph", balance=2, tolerance=0.5))
    before = crossing(simulation)
    simulation.run(4)
    # Costs are measured, and vary on a busy machine; the tolerance leaves room for that.
    assert crossing(simulation) < before / 4
    assert simulation.digest() == alone.digest()


def test_agents_with_edges_come_to_live_together() -> None:
    @bw.model()
    def circle(world: bw.World) -> None:
        world.tiles = 8
        world.spawn(Member, n=8 * RUN, friend=bw.cycle([0]))
        # Run r knows run r + 4 and nobody else.
        pairs = [(i, i + 4 * RUN) for i in range(0, 4 * RUN - 1, 7)]
        world.graph(Knows, pairs, of=Member, directed=False)
        world.behaviors(listen)

    simulation = circle.simulate(rng=1, ranks=4, partition="graph")
    simulation.run(1)
    owners = simulation._core.tile_owners
    assert [owners[t] == owners[(t + 4) % 8] for t in range(8)] == [True] * 8
    assert len(set(owners.tolist())) == 4


def test_pymetis_is_asked_where_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def part_graph(parts: int, *, xadj: Any, adjncy: Any, vweights: Any, eweights: Any, options: Any) -> Any:
        asked.append(parts)
        assert options == {"ufactor": 250}
        assert len(xadj) == 65
        assert len(adjncy) == len(eweights) == xadj[-1] == 4 * 64
        assert len(vweights) == 64
        return 0, [tile % parts for tile in range(64)]

    monkeypatch.setitem(sys.modules, "pymetis", SimpleNamespace(part_graph=part_graph, Options=dict))
    simulation = corner.simulate(rng=1, ranks=3, partition=bw.Partition("graph", tolerance=0.25))
    simulation.run(1)
    assert asked == [3]
    # The pieces are as the library made them; which rank has which is ours.
    assert len({(tile % 3, owner) for tile, owner in enumerate(simulation._core.tile_owners)}) == 3


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("curv", "a partition is one of blocks, bisection, curve, graph; found 'curv'.*curve"),
        (3, "partition is a bw.Partition"),
    ],
)
def test_other_partitions_are_refused(wrong: Any, message: str) -> None:
    with pytest.raises(bw.UserError, match=message):
        corner.simulate(rng=1, partition=wrong)


@pytest.mark.parametrize("terms", [{"balance": 0}, {"balance": 1.5}, {"tolerance": -0.1}, {"tolerance": "x"}])
def test_wrong_terms_are_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(bw.UserError, match=r"from [01] up"):
        bw.Partition("blocks", **terms)


@pytest.mark.parametrize("kind", ["bisection", "curve"])
def test_a_world_without_a_space_is_not_cut_in_space(kind: str) -> None:
    with pytest.raises(bw.UserError, match="'blocks' shares its entities out by their ids"):
        groups.simulate(rng=1, ranks=2, partition=kind)


def test_owners_that_are_no_ranks_are_refused() -> None:
    simulation = corner.simulate(rng=1, ranks=2)
    with pytest.raises(bw.UserError, match="the world has 64 tiles; found owners of 3"):
        simulation._core.place_tiles([0, 1, 0])
    with pytest.raises(bw.UserError, match="rank 2; ranks are 0 to 1"):
        simulation._core.place_tiles([2] * 64)


@pytest.mark.parametrize(("name", "kind"), [("wolf_sheep", "bisection"), ("town", "graph")])
def test_tiles_move_between_processes(start: Start, name: str, kind: str) -> None:
    model = str(PROGRAMS / "town.py") if name == "town" else name
    seeded = (model, "--ticks", "9", "--seed", "7")
    seeded += ("--set", "side=40") if name == "wolf_sheep" else ()
    alone = finished(start, 1, *seeded)
    together = finished(start, 3, *seeded, "--threads", "2", "--partition", kind, "--balance", "1")
    assert together["digest"] == alone["digest"]
    assert together["metrics"] == alone["metrics"]
