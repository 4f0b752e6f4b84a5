"""`bigworlds query`: of snapshots, folders of runs and models, as a table and as JSON; what is wrong with the
text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bigworlds.cli.locate import find_model

Cli = Callable[..., tuple[int, str, str]]

HEAVY = "Stone where id > 4 select id, position, weight order by id desc limit 2"


@pytest.fixture
def run(cli: Cli, folder: Path) -> Path:
    """The folder of a run of three ticks."""
    assert cli("run", "meadow.py", "--seed", "5", "--ticks", "3", "--out", "out")[0] == 0
    return folder / "out"


def test_a_run_and_its_snapshot_answer_as_the_simulation_does(cli: Cli, run: Path) -> None:
    path = run / "snapshots" / "tick-000000000003.h5"
    expected = find_model("meadow.py").resume(path).query(HEAVY).to_plain()
    assert expected["rows"] == 2
    before = path.read_bytes()
    for named in ("out", str(path)):
        code, out, err = cli("query", named, HEAVY, "--json")
        assert (code, err) == (0, "")
        assert json.loads(out) == expected
        assert len(out.splitlines()) == 1
    assert path.read_bytes() == before


def test_a_table_is_printed(cli: Cli, run: Path) -> None:
    code, out, _ = cli("query", "out", HEAVY)
    assert code == 0
    lines = [line.split() for line in out.splitlines() if line.strip()]
    assert lines[0] == ["id", "position", "weight"]
    assert [line[0] for line in lines[2:4]] == ["10", "9"]
    assert lines[2][-1] == "2"
    assert lines[-2] == ["2", "rows", "at", "tick", "3"]
    assert lines[-1][:2] == ["more:", "after"]
    code, out, _ = cli("query", "out", "Stone select count, sum(weight) as all")
    assert code == 0
    assert "10" in out
    assert "20" in out
    assert "1 row at tick 3" in out


def test_a_model_is_asked_at_its_start(cli: Cli, folder: Path) -> None:
    for seed in (0, 7):
        given = ["meadow.py", "Stone select position", "--set", "n=4", "--seed", str(seed), "--json"]
        code, out, _ = cli("query", *given)
        assert code == 0
        sim = find_model("meadow.py").simulate(rng=seed, n=4)
        assert json.loads(out) == sim.query("Stone select position").to_plain()
    code, out, _ = cli("query", "boids", "Bird select count", "--set", "n=30", "--json")
    assert (code, json.loads(out)["columns"]) == (0, {"count": [30]})


def test_what_is_wrong_with_a_text_is_pointed_at(cli: Cli, run: Path) -> None:
    for named in ("out", "meadow.py"):
        code, out, err = cli("query", named, "Stone where wieght > 1")
        assert (code, out) == (2, "")
        lines = err.splitlines()
        assert lines[0] == "error: Stone has no 'wieght'; did you mean 'weight'?"
        assert lines[1:] == ["  Stone where wieght > 1", "              ^"]


def test_wrong_sources_are_said(cli: Cli, run: Path) -> None:
    for arguments, message in (
        (["gone", "Stone"], "there is no file gone"),
        (["gone.py", "Stone"], "there is no file gone.py"),
        (["out", "Stone", "--set", "n=3"], "--set is of a model"),
        (["meadow.py", "Stone", "--model", "meadow.py"], "--model is of a snapshot"),
    ):
        code, out, err = cli("query", *arguments)
        assert (code, out) == (2, "")
        assert message in err
    (run.parent / "meadow.py").rename(run.parent / "moved.py")
    code, _, err = cli("query", "out", "Stone")
    assert code == 2
    assert "whose file is not found or has changed since" in err
    code, out, _ = cli("query", "out", "Stone select count", "--model", "moved.py", "--json")
    assert json.loads(out)["columns"] == {"count": [10]}


def test_a_long_table_is_cut_and_says_so(cli: Cli, folder: Path) -> None:
    code, out, _ = cli("query", "meadow.py", "Stone select id", "--set", "n=1200")
    assert code == 0
    assert "1200 rows at tick 0, the first 1000 of them shown; --json has all" in out
    assert " 1000 " in out
    assert " 1001 " not in out
