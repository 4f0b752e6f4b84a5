"""Ranks over MPI: the same digests as on one rank, snapshots across numbers of ranks, the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bigworlds.record import Records
from tests.cluster.conftest import PROGRAMS, Start

EXAMPLES = {
    "boids": ("--set", "n=400", "--ticks", "8"),
    "boids in turn": ("--set", "n=400", "--set", "activation=sequential", "--ticks", "8"),
    "wolf_sheep in turn": ("--set", "side=30", "--set", "activation=sequential", "--ticks", "10"),
    "schelling": ("--set", "size=small", "--ticks", "6"),
    "wolf_sheep": ("--set", "side=40", "--ticks", "10"),
    "forest_fire": ("--ticks", "12"),
    "germs": ("--set", "n=300", "--ticks", "12"),
    "primordial": ("--set", "size=islands", "--set", "migration=4", "--ticks", "5"),
    str(PROGRAMS / "town.py"): ("--ticks", "9"),
    str(PROGRAMS / "hive.py"): ("--ticks", "9"),
}


def finished(start: Start, ranks: int, *arguments: str, folder: Path | None = None) -> dict[str, object]:
    process = start(ranks, None, "run", *arguments, "--json", folder=folder)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    result: dict[str, object] = json.loads(out)
    metrics = result["metrics"]
    assert isinstance(metrics, dict)
    metrics.pop("instructions_per_second", None)  # no seed determines it
    return result


def test_messages_sums_and_rows_arrive(start: Start) -> None:
    process = start(3, "meetings")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert out == "all arrived\n"


def test_each_rank_sees_its_own_rows(start: Start) -> None:
    process = start(3, "local_rows")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert out == "the rows of all ranks are the table\n"


def test_edges_changed_from_outside_are_the_same_on_several_ranks(start: Start) -> None:
    digests = []
    for ranks in (1, 3):
        out, err = start(ranks, "edges").communicate(timeout=120)
        assert len(out) == 33, err
        digests.append(out)
    assert digests[0] == digests[1]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_the_same_world_on_three_ranks_with_two_threads(start: Start, name: str) -> None:
    seeded = (name.removesuffix(" in turn"), *EXAMPLES[name], "--seed", "7")
    alone, together = finished(start, 1, *seeded), finished(start, 3, *seeded, "--threads", "2")
    assert together["ranks"] == 3
    assert together["threads"] == 2
    for same in ("digest", "metrics", "entities", "tick", "ended", "seed"):
        assert together[same] == alone[same]


@pytest.mark.parametrize(
    "begun", [("wolf_sheep", "--set", "side=40"), ("primordial", "--set", "size=islands")]
)
def test_a_world_goes_on_from_its_snapshot_on_another_number_of_ranks(
    start: Start, tmp_path: Path, begun: tuple[str, ...]
) -> None:
    begun = (*begun, "--seed", "2")
    finished(start, 3, *begun, "--ticks", "7", "--snapshot", "w.h5", folder=tmp_path)
    on = finished(start, 2, begun[0], "--resume", "w.h5", "--ticks", "7", folder=tmp_path)
    assert on["tick"] == 14
    assert on["digest"] == finished(start, 1, *begun, "--ticks", "14")["digest"]


def test_edges_go_on_from_a_snapshot_on_another_number_of_ranks(start: Start, tmp_path: Path) -> None:
    begun = (str(PROGRAMS / "town.py"), "--seed", "2")
    finished(start, 3, *begun, "--ticks", "4", "--snapshot", "t.h5", folder=tmp_path)
    on = finished(start, 2, begun[0], "--resume", "t.h5", "--ticks", "5", folder=tmp_path)
    assert on["digest"] == finished(start, 1, *begun, "--ticks", "9")["digest"]


def test_a_run_folder_has_the_records_of_one_rank(start: Start, tmp_path: Path) -> None:
    for ranks in (1, 3):
        finished(start, ranks, "boids", "--set", "n=90", "--seed", "5", "--ticks", "4", "--out", f"on{ranks}",
                 folder=tmp_path)  # fmt: skip
    one, three = (Records.open(tmp_path / f"on{ranks}" / "records.h5") for ranks in (1, 3))
    assert list(one) == list(three)
    for name in one:
        assert list(one[name]) == list(three[name])
        for column, values in one[name].items():
            assert np.array_equal(values, three[name][column])
    log = [json.loads(line) for line in (tmp_path / "on3" / "log.jsonl").read_text().splitlines()]
    assert [line["event"] for line in log].count("run started") == 1


def test_a_fresh_seed_is_drawn_once_for_all(start: Start) -> None:
    first = finished(start, 2, "boids", "--set", "n=50", "--ticks", "2")
    again = finished(start, 1, "boids", "--set", "n=50", "--ticks", "2", "--seed", str(first["seed"]))
    assert first["digest"] == again["digest"]


def test_a_users_mistake_is_said_once(start: Start) -> None:
    process = start(2, None, "run", "boids", "--set", "n=-1")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.count("error:") == 1


def test_behaviors_of_the_whole_world_see_and_change_the_same_on_all_ranks(start: Start) -> None:
    model = f"{Path(__file__).parents[1] / 'simulation' / 'test_per_tick.py'}:swarm"
    alone, together = (finished(start, ranks, model, "--ticks", "7", "--seed", "5") for ranks in (1, 3))
    assert together["ranks"] == 3
    assert together["digest"] == alone["digest"]
