"""Law 1 and 11 for worlds with graphs: equal digests over ranks, threads, interpretation and restarts; what
always holds of edges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bigworlds as bw
from bigworlds.cli import engine as seam

from .worlds import MODELS, Debt, Peer, Person, Shop, Tie

TICKS = 9
SYNCHRONOUS = ["town", "votes"]
_plain: dict[tuple[str, int], str] = {}


def run(name: str, ticks: int = TICKS, **options: Any) -> bw.Simulation:
    sim: bw.Simulation = MODELS[name].simulate(rng=4, **options)
    sim.run(ticks)
    return sim


def plain_digest(name: str, ticks: int = TICKS) -> str:
    if (name, ticks) not in _plain:
        _plain[name, ticks] = run(name, ticks, ranks=1, threads=1).digest()
    return _plain[name, ticks]


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("ranks", [1, 2, 3])
@pytest.mark.parametrize("name", SYNCHRONOUS)
def test_digest_is_equal_on_any_ranks_and_threads(name: str, ranks: int, threads: int) -> None:
    assert run(name, ranks=ranks, threads=threads).digest() == plain_digest(name)


@pytest.mark.parametrize("ranks", [1, 2, 3])
@pytest.mark.parametrize("name", SYNCHRONOUS)
def test_every_tick_and_the_start_are_equal(name: str, ranks: int) -> None:
    one, many = (MODELS[name].simulate(rng=9, ranks=r) for r in (1, ranks))
    for _ in range(5):
        assert one.digest() == many.digest()
        one.step()
        many.step()


@pytest.mark.parametrize("name", MODELS)
def test_interpreted_is_compiled(name: str) -> None:
    assert run(name, interpret=True).digest() == plain_digest(name)


def test_interpreted_on_ranks() -> None:
    assert run("town", interpret=True, ranks=3).digest() == plain_digest("town")


def test_sequential_runs_on_any_threads() -> None:
    assert run("queue", threads=3).digest() == plain_digest("queue")
    assert plain_digest("queue") != plain_digest("town")


@pytest.mark.parametrize(("before", "after"), [(1, 1), (1, 3), (3, 2), (2, 1)])
@pytest.mark.parametrize("name", SYNCHRONOUS)
def test_restart_goes_on_as_if_unbroken(name: str, before: int, after: int, tmp_path: Path) -> None:
    first = run(name, 4, ranks=before)
    seam.save(first, tmp_path / "s.h5")
    second = MODELS[name].resume(tmp_path / "s.h5", ranks=after)
    assert second.digest() == first.digest()
    second.run(TICKS - 4)
    assert second.digest() == plain_digest(name)


@pytest.mark.parametrize("ranks", [1, 3])
def test_what_always_holds_of_edges(ranks: int) -> None:
    sim = MODELS["town"].simulate(rng=2, ranks=ranks)
    met_shops = changed = False
    for _ in range(12):
        sim.step()
        living = set(sim.table(Person)["id"].tolist()) | set(sim.table(Shop)["id"].tolist())
        for kind in (Tie, Debt):
            edges = sim.edges(kind)
            pairs = list(zip(edges["source"].tolist(), edges["target"].tolist(), strict=True))
            assert pairs == sorted(pairs)
            assert len(set(pairs)) == len(pairs) == sim.count(kind)
            assert {end for pair in pairs for end in pair} <= living
            assert all(a < b if kind is Tie else a != b for a, b in pairs)
        met_shops = met_shops or bool((sim.edges(Tie)["weight"] == 3.0).any())
        changed = changed or bool((sim.edges(Tie)["since"] >= 0).any())
    assert met_shops
    assert changed
    assert sim.dropped_links > 0


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_graph_counts_its_neighbours(ranks: int) -> None:
    """After a phase that only looks, degrees are those of the edges there were."""
    sim = MODELS["votes"].simulate(rng=3, ranks=ranks)
    for _ in range(4):
        edges = sim.edges(Peer)
        degree = np.bincount(np.concatenate([edges["source"], edges["target"]]).astype(int), minlength=200)
        before = sim.table("Voter")["id"]
        sim.step()
        after = sim.table("Voter")
        assert set(after["id"].tolist()) <= set(before.tolist())
        assert np.array_equal(after["seen"], degree[after["id"].astype(int)])


def test_edges_from_outside_follow_a_despawn() -> None:
    sim = MODELS["votes"].simulate(rng=3, ranks=2)
    assert (sim.edges(Peer)["source"] == 1).any()
    sim._core.despawn(np.array([1], np.uint64))
    edges = sim.edges(Peer)
    assert not np.isin(1, np.concatenate([edges["source"], edges["target"]]))


def test_sections_list_every_edge_once() -> None:
    sim = run("town", 3, ranks=3)
    (tie,) = [s for s in sim.sections() if (s.room, s.name) == ("graph", "Tie")]
    assert len(tie.keys) == sim.count(Tie)
    assert sorted(tie.columns) == ["Tie.place", "Tie.since", "Tie.weight", "source", "target"]
    assert sim.mean("Tie.weight") == pytest.approx(float(np.mean(sim.edges(Tie)["weight"])))
