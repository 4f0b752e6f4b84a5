"""Law 1 for every shipped example: equal digests over ranks, threads, interpretation, and across snapshot
and restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bigworlds as bw
from bigworlds import Model, Simulation, SnapshotError
from bigworlds.cli import engine as seam
from bigworlds.cli.locate import examples, load_model

TICKS = 12

# Small settings of each example, in each activation that it offers.
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "boids": ("boids", {"n": 150}),
    "boids dense": ("boids", {"n": 150, "density": "dense"}),
    "boids sequential": ("boids", {"n": 100, "activation": "sequential"}),
    "schelling": ("schelling", {"side": 20}),
    "schelling wide": ("schelling", {"side": 20, "radius": 2, "need": 8}),
    "schelling sequential": ("schelling", {"side": 20, "activation": "sequential"}),
    "wolf_sheep": ("wolf_sheep", {"side": 20}),
    "wolf_sheep periodic": ("wolf_sheep", {"side": 20, "periodic": True}),
    "wolf_sheep sequential": ("wolf_sheep", {"side": 20, "activation": "sequential"}),
    "wolf_sheep sequential periodic": (
        "wolf_sheep",
        {"side": 20, "periodic": True, "activation": "sequential"},
    ),
    "forest_fire": ("forest_fire", {"side": 25}),
    "ants": ("ants", {"side": 25, "ants": 40}),
    "germs": ("germs", {"n": 200}),
    "germs scale-free": ("germs", {"n": 150, "network": "scale_free", "airborne": 0.0, "transmission": 0.1}),
    "germs random": ("germs", {"n": 150, "network": "random", "step": 3.0, "recovery": 0.3}),
    "germs sequential": ("germs", {"n": 200, "activation": "sequential"}),
    "snowflake": ("snowflake", {"side": 24, "moisture": 0.7, "noise": 0.2}),
    "native_behavior": ("native_behavior", {"n": 150}),
    "primordial": ("primordial", {"cells": 20_000, "instructions": 60_000, "copy": 4.0}),
    "primordial islands": ("primordial", {"size": "islands", "instructions": 40_000, "migration": 4.0}),
}
# Agents that act one after another, and whose reach has no end: they draw empty cells anywhere, or look along
# edges.
ON_ONE_RANK = ["schelling sequential", "germs sequential"]
ON_RANKS = [name for name in CASES if name not in ON_ONE_RANK]
# Tiles with soups stay on their rank.
MOVING = [name for name in ON_RANKS if "primordial" not in name]


def start(case: str, **options: Any) -> Simulation:
    """A run of a case with seed 5."""
    name, settings = CASES[case]
    simulation: Simulation = model_of(name).simulate(rng=5, **settings, **options)
    return simulation


def model_of(name: str) -> Model:
    """A shipped example, loaded once."""
    if name not in _loaded:
        _loaded[name] = load_model(examples()[name])
    return _loaded[name]


_loaded: dict[str, Model] = {}
_plain: dict[str, str] = {}


def plain_digest(case: str) -> str:
    """The digest of the unbroken run on one rank and one thread."""
    if case not in _plain:
        simulation = start(case, ranks=1, threads=1)
        simulation.run(TICKS)
        _plain[case] = simulation.digest()
    return _plain[case]


def test_every_shipped_example_is_in_the_matrix() -> None:
    assert {name for name, _ in CASES.values()} == set(examples())


@pytest.mark.parametrize("case", CASES)
def test_the_world_moves(case: str) -> None:
    assert plain_digest(case) != start(case, ranks=1, threads=1).digest()


@pytest.mark.parametrize("case", CASES)
def test_another_seed_gives_another_world(case: str) -> None:
    name, settings = CASES[case]
    other = model_of(name).simulate(rng=6, **settings)
    other.run(TICKS)
    assert other.digest() != plain_digest(case)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("ranks", [1, 2, 3])
@pytest.mark.parametrize("case", ON_RANKS)
def test_digest_is_equal_on_any_number_of_ranks_and_threads(case: str, ranks: int, threads: int) -> None:
    simulation = start(case, ranks=ranks, threads=threads)
    simulation.run(TICKS)
    assert simulation.digest() == plain_digest(case)


@pytest.mark.parametrize("kind", ["blocks", "bisection", "curve", "graph"])
@pytest.mark.parametrize("case", MOVING)
def test_digest_is_equal_wherever_tiles_live_and_while_they_move(case: str, kind: str) -> None:
    # All of 2, 3, 4 ranks with 1 and 2 threads over cases and kinds; a look at the loads in each tick.
    turn = MOVING.index(case) + len(kind)
    partition = bw.Partition(kind, balance=1, tolerance=0.0)
    simulation = start(case, ranks=2 + turn % 3, threads=1 + turn // 3 % 2, partition=partition)
    simulation.run(TICKS)
    assert simulation.digest() == plain_digest(case)


@pytest.mark.parametrize("case", MOVING)
def test_tiles_may_go_to_any_rank_after_any_tick(case: str) -> None:
    simulation = start(case, ranks=4, threads=2)
    draw = np.random.default_rng(MOVING.index(case))
    for _ in range(TICKS):
        simulation._core.place_tiles(draw.integers(4, size=len(simulation._core.tile_owners)).tolist())
        simulation.step()
    assert simulation._core.tiles_moved > 4 * TICKS
    assert simulation.digest() == plain_digest(case)


@pytest.mark.parametrize("case", ON_ONE_RANK)
def test_a_reach_without_end_is_refused_on_several_ranks(case: str) -> None:
    with pytest.raises(bw.UserError, match=r"sequential behavior .* found 2 ranks"):
        start(case, ranks=2)


@pytest.mark.parametrize("case", ON_ONE_RANK)
def test_digest_of_sequential_runs_is_equal_on_any_number_of_threads(case: str) -> None:
    simulation = start(case, threads=2)
    simulation.run(TICKS)
    assert simulation.digest() == plain_digest(case)


@pytest.mark.parametrize("case", CASES)
def test_interpreted_run_has_the_digest_of_the_compiled_one(case: str) -> None:
    simulation = start(case, interpret=True)
    simulation.run(TICKS)
    assert simulation.digest() == plain_digest(case)


@pytest.mark.parametrize(("before", "after"), [(1, 1), (1, 3), (3, 2)])
@pytest.mark.parametrize("case", ON_RANKS)
def test_restart_from_a_snapshot_goes_on_as_if_unbroken(
    case: str, before: int, after: int, tmp_path: Path
) -> None:
    check_restart(case, before, after, tmp_path)


@pytest.mark.parametrize("case", ON_ONE_RANK)
def test_restart_of_a_sequential_run_goes_on_as_if_unbroken(case: str, tmp_path: Path) -> None:
    check_restart(case, 1, 1, tmp_path)


def check_restart(case: str, before: int, after: int, folder: Path) -> None:
    """Runs a third of the ticks, writes the state, loads it into another simulation, and runs the rest."""
    first = start(case, ranks=before, threads=1)
    first.run(TICKS // 3)
    path = folder / "state.h5"
    seam.save(first, path)
    second = model_of(CASES[case][0]).resume(path, ranks=after, threads=1)
    assert second.digest() == first.digest()
    second.run(TICKS - TICKS // 3)
    assert second.digest() == plain_digest(case)


@pytest.mark.parametrize("case", ON_RANKS)
def test_looking_never_changes_anything(case: str) -> None:
    simulation = start(case)
    for _ in range(TICKS):
        simulation.step()
        simulation.metrics()
        simulation.sections()
        simulation.digest()
    assert simulation.digest() == plain_digest(case)


def test_simulations_in_one_process_do_not_know_of_each_other() -> None:
    together = [start(case) for case in CASES]
    for _ in range(TICKS):
        for simulation in together:
            simulation.step()
    assert [simulation.digest() for simulation in together] == [plain_digest(case) for case in CASES]


def test_a_snapshot_of_another_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.h5"
    seam.save(start("boids"), path)
    with pytest.raises(SnapshotError, match="boids"):
        model_of("schelling").resume(path)
