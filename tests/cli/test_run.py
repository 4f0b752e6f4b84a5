"""`bigworlds run`: where runs end, what they print, what they keep, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bigworlds.record import Records
from bigworlds.snapshot import inspect

Cli = Callable[..., tuple[int, str, str]]

FIELDS = {
    "ticks", "entities", "seconds", "cpu_seconds", "tick", "digest", "ranks", "threads", "seed", "parameters",
    "version", "ended", "metrics",
}  # fmt: skip


def run_json(cli: Cli, *arguments: str) -> dict[str, Any]:
    code, out, err = cli("run", "meadow.py", "--json", *arguments)
    assert code == 0, err
    assert out.count("\n") == 1
    result: dict[str, Any] = json.loads(out)
    return result


def test_json_has_every_field_and_nothing_else_is_on_stdout(cli: Cli) -> None:
    result = run_json(cli, "--seed", "5", "--ticks", "3", "--threads", "2", "--set", "n=4")
    assert set(result) == FIELDS
    assert (result["ticks"], result["tick"], result["ended"]) == (3, 3, "ticks")
    assert (result["entities"], result["seed"], result["ranks"], result["threads"]) == (4, 5, 1, 2)
    assert result["parameters"] == {"n": 4, "stop": 0, "pause": 0.0, "kind": "round"}
    assert result["metrics"] == {"stones": 4, "weight": 2.0}
    assert len(result["digest"]) == 32
    assert result["seconds"] >= 0


def test_the_summary_for_people(cli: Cli) -> None:
    code, out, err = cli("run", "meadow.py", "--seed", "5", "--ticks", "3")
    assert code == 0
    assert out.startswith("meadow: 3 ticks in ")
    for part in ("entities  10", "stones  10", "weight  2", "seed      5", "digest    "):
        assert part in out
    assert err == ""


def test_a_fresh_seed_is_drawn_said_and_used(cli: Cli) -> None:
    code, out, err = cli("run", "meadow.py", "--json", "--ticks", "1")
    assert code == 0
    seed = json.loads(out)["seed"]
    assert err == f"seed {seed}\n"
    again = run_json(cli, "--ticks", "1", "--seed", str(seed))
    assert again["digest"] == json.loads(out)["digest"]
    other = run_json(cli, "--ticks", "1")
    assert other["seed"] != seed
    assert other["digest"] != again["digest"]


@pytest.mark.parametrize(
    ("arguments", "ticks", "ended"),
    [
        ((), 7, "ticks"),
        (("--ticks", "0"), 0, "ticks"),
        (("--ticks", "12"), 12, "ticks"),
        (("--until-tick", "9"), 9, "ticks"),
        (("--until", "tick >= 11"), 11, "until"),
        (("--until", "stones > 100", "--ticks", "5"), 5, "ticks"),
        (("--until", "count(Stone) == 10 and 2 * weight < 5"), 1, "until"),
        (("--set", "stop=4"), 4, "stop"),
        (("--set", "stop=4", "--until", "tick == 9"), 4, "stop"),
    ],
)
def test_where_runs_end(cli: Cli, arguments: tuple[str, ...], ticks: int, ended: str) -> None:
    result = run_json(cli, *arguments)
    assert (result["ticks"], result["tick"], result["ended"]) == (ticks, ticks, ended)


def test_size_is_a_preset_and_values_win_over_it(cli: Cli) -> None:
    assert run_json(cli, "--set", "size=small", "--ticks", "1")["entities"] == 3
    assert run_json(cli, "--set", "n=5", "--set", "size=small", "--ticks", "1")["entities"] == 5


def test_ranks_inside_the_process_change_nothing(cli: Cli) -> None:
    one = run_json(cli, "--seed", "1", "--ticks", "2")
    two = run_json(cli, "--seed", "1", "--ticks", "2", "--local-ranks", "2")
    assert two["ranks"] == 2
    assert two["digest"] == one["digest"]


def test_a_snapshot_goes_on_where_it_was(cli: Cli, folder: Path) -> None:
    whole = run_json(cli, "--seed", "5", "--ticks", "6", "--set", "kind=flat")
    run_json(cli, "--seed", "5", "--ticks", "2", "--set", "kind=flat", "--snapshot", "half.h5")
    assert inspect(folder / "half.h5").meta["tick"] == 2
    result = run_json(cli, "--resume", "half.h5", "--ticks", "4")
    assert (result["ticks"], result["tick"], result["seed"]) == (4, 6, 5)
    assert result["parameters"]["kind"] == "flat"
    assert result["digest"] == whole["digest"]
    assert (
        run_json(cli, "--resume", "half.h5", "--until-tick", "6", "--set", "kind=flat", "--seed", "5")[
            "ticks"
        ]
        == 4
    )
    assert run_json(cli, "--resume", "half.h5", "--until-tick", "1")["ticks"] == 0


def test_another_seed_or_parameter_needs_a_branch(cli: Cli) -> None:
    run_json(cli, "--seed", "5", "--ticks", "2", "--snapshot", "half.h5")
    code, out, err = cli("run", "meadow.py", "--resume", "half.h5", "--seed", "6", "--json")
    assert (code, out) == (2, "")
    assert "the snapshot's seed is 5; found 6" in err
    assert "--branch" in err
    code, out, err = cli("run", "meadow.py", "--resume", "half.h5", "--set", "kind=flat")
    assert (code, out) == (2, "")
    assert "parameter 'kind' is 'round' in the snapshot; found 'flat'" in err
    result = run_json(
        cli, "--resume", "half.h5", "--branch", "--seed", "6", "--set", "kind=flat", "--ticks", "1"
    )
    assert (result["seed"], result["tick"], result["parameters"]["kind"]) == (6, 3, "flat")


def test_out_keeps_the_latest_snapshots_and_latest_goes_on(cli: Cli, folder: Path) -> None:
    first = ("--out", "out", "--resume", "latest", "--seed", "5", "--snapshot-every", "3", "--keep", "2")
    assert run_json(cli, *first, "--until-tick", "10")["ticks"] == 10
    names = sorted(path.name for path in (folder / "out" / "snapshots").iterdir())
    assert names == ["tick-000000000009.h5", "tick-000000000010.h5"]
    result = run_json(cli, "--out", "out", "--resume", "latest", "--until-tick", "12")
    assert (result["ticks"], result["tick"], result["seed"]) == (2, 12, 5)
    assert run_json(cli, "--resume", "out", "--ticks", "0")["tick"] == 12
    code, out, err = cli("run", "meadow.py", "--out", "out")
    assert (code, out) == (2, "")
    assert "--out out holds a run already (manifest.json, records.h5, snapshots, log.jsonl)" in err
    manifest = json.loads((folder / "out" / "manifest.json").read_text())
    assert (manifest["model"], manifest["seed"], manifest["parameters"]["n"]) == ("meadow", 5, 10)
    events = [json.loads(line) for line in (folder / "out" / "log.jsonl").read_text().splitlines()]
    assert [e["event"] for e in events if e["event"] not in ("snapshot written", "running")] == [
        "run started",
        "run ended",
    ] * 2
    counted = Records.open(folder / "out" / "records.h5")["count(Stone)"]
    assert counted["tick"].tolist() == list(range(13))
    assert set(counted["value"].tolist()) == {10}


def test_a_run_that_kept_nothing_begins_again(cli: Cli, folder: Path) -> None:
    first = run_json(cli, "--out", "out", "--seed", "5", "--set", "n=4", "--ticks", "4")
    for path in (folder / "out" / "snapshots").iterdir():
        path.unlink()
    again = run_json(cli, "--out", "out", "--resume", "latest", "--ticks", "4")
    assert (again["seed"], again["entities"], again["tick"]) == (5, 4, 4)
    assert again["digest"] == first["digest"]
    counted = Records.open(folder / "out" / "records.h5")["count(Stone)"]
    assert counted["tick"].tolist() == list(range(5))
    for path in (folder / "out" / "snapshots").iterdir():
        path.unlink()
    code, _, err = cli("run", "meadow.py", "--out", "out", "--resume", "latest", "--seed", "6")
    assert code == 2
    assert "the run in out has seed 5; found 6; leave it out" in err


def test_snapshot_every_replaces_the_one_file(cli: Cli, folder: Path) -> None:
    run_json(cli, "--ticks", "5", "--snapshot", "one.h5", "--snapshot-every", "2")
    assert inspect(folder / "one.h5").meta["tick"] == 5
    assert run_json(cli, "--resume", "latest", "--snapshot", "one.h5", "--ticks", "1")["tick"] == 6
    assert run_json(cli, "--resume", "latest", "--snapshot", "none.h5", "--ticks", "1")["tick"] == 1


def test_a_movie_is_made(cli: Cli, folder: Path) -> None:
    code, _, err = cli("run", "meadow.py", "--seed", "1", "--ticks", "3", "--movie", "world.gif")
    assert code == 0, err
    assert (folder / "world.gif").read_bytes()[:6] == b"GIF89a"


def test_view_without_a_terminal_prints_one_picture(cli: Cli) -> None:
    code, out, _ = cli("run", "meadow.py", "--seed", "1", "--ticks", "3", "--view")
    assert code == 0
    assert "meadow" in out
    assert "\x1b" not in out
    code, out, err = cli("run", "meadow.py", "--seed", "1", "--ticks", "3", "--view", "--json")
    assert code == 0
    assert json.loads(out)["ticks"] == 3
    assert "meadow" in err


WRONG: list[tuple[tuple[str, ...], str]] = [
    ((), "run needs a MODEL: a Python file or a shipped example, as in: bigworlds run boids --view"),
    (("meadwo",), "there is no model 'meadwo': neither a Python file nor a shipped example"),
    (("boid",), "did you mean 'boids'?"),
    (("meadow.py", "--set", "m=3"), "model meadow has no parameter 'm'"),
    (("meadow.py", "--set", "kid=flat"), "model meadow has no parameter 'kid'; did you mean 'kind'?"),
    (("meadow.py", "--set", "kind=flad"), "found 'flad'; did you mean 'flat'?"),
    (("meadow.py", "--set", "n=many"), "parameter 'n': expected a whole number >= 1; found 'many'"),
    (("meadow.py", "--set", "n=0"), "parameter 'n': expected a whole number >= 1; found 0"),
    (("meadow.py", "--set", "n"), "expected name=value; found 'n'"),
    (("meadow.py", "--set", "size=tiny"), "model meadow has no size 'tiny'"),
    (("meadow.py", "--tick", "3"), "No such option: --tick"),
    (("meadow.py", "--ticks", "few"), "--ticks"),
    (("meadow.py", "--ticks", "-1"), "--ticks"),
    (("meadow.py", "--ticks", "1", "--until-tick", "2"), "found both, give one"),
    (("meadow.py", "--until", "tick >"), "--until 'tick >' is no expression"),
    (("meadow.py", "--until", "stone > 3"), "there is no metric 'stone'; did you mean 'stones'?"),
    (("meadow.py", "--snapshot-every", "5"), "--snapshot-every needs --out DIR or --snapshot FILE"),
    (("meadow.py", "--keep", "5", "--snapshot", "a.h5"), "--keep needs --out DIR"),
    (("meadow.py", "--branch"), "--branch needs --resume"),
    (("meadow.py", "--resume", "latest"), "--resume latest needs --out DIR or --snapshot FILE"),
    (("meadow.py", "--resume", "gone.h5"), "--resume gone.h5: there is no such file or folder"),
    (("meadow.py", "--resume", "."), ".: the folder has no good snapshot"),
    (("meadow.py", "--resume", "meadow.py"), "meadow.py"),
    (("meadow.py", "--snapshot", "gone/a.h5"), "--snapshot gone/a.h5: there is no folder gone"),
    (("meadow.py", "--snapshot", "."), "expected a file, found a folder"),
    (("meadow.py", "--movie", "world.avi"), ".gif"),
    (("meadow.py", "--out", "meadow.py"), "--out meadow.py: expected a folder, found a file"),
    (("meadow.py", "--seed", str(2**70)), "seed"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_wrong_input_is_one_message_and_code_2(cli: Cli, arguments: tuple[str, ...], message: str) -> None:
    code, out, err = cli("run", *arguments)
    assert message in err
    assert "Traceback" not in err
    assert out == ""
    assert code == 2


def test_a_failing_metric_names_its_line_and_is_code_1(cli: Cli, folder: Path) -> None:
    lines = (folder / "meadow.py").read_text().count("\n")
    with (folder / "meadow.py").open("a") as file:
        file.write("\n@meadow.metric\ndef broken(sim):\n    return 1 / 0\n")
    code, out, err = cli("run", "meadow.py", "--ticks", "1", "--seed", "1")
    assert (code, out) == (1, "")
    assert err == f"error: meadow.py:{lines + 4}: ZeroDivisionError: division by zero\n"


def test_an_error_in_the_world_names_its_line(cli: Cli, folder: Path) -> None:
    text = (
        (folder / "meadow.py")
        .read_text()
        .replace("world.spawn(Stone, n=p.n", "world.spawn(Stone, n=p.n, wight=3")
    )
    (folder / "meadow.py").write_text(text)
    line = 1 + text.splitlines().index("    world.spawn(Stone, n=p.n, wight=3, position=uniform())")
    code, _, err = cli("run", "meadow.py")
    assert code == 2
    assert (
        err == f"error: meadow.py:{line}: spawn(Stone): there is no field 'wight'; did you mean 'weight'?\n"
    )


def test_a_mistake_in_the_model_function_names_its_line(cli: Cli, folder: Path) -> None:
    text = (folder / "meadow.py").read_text().replace("position=uniform())", "position=unifrom())")
    (folder / "meadow.py").write_text(text)
    line = 1 + text.splitlines().index("    world.spawn(Stone, n=p.n, position=unifrom())")
    code, _, err = cli("run", "meadow.py")
    assert code == 2
    assert err.startswith(f"error: meadow.py:{line}: NameError: name 'unifrom' is not defined")


BEHAVIOR = """
from bigworlds.behavior import behavior
from bigworlds.data import Component
from bigworlds.model import model


class Stone(Component):
    age: int = 3


@behavior
def weather(stone: Stone) -> None:
    stone.age = STATEMENT


@model(ticks=2)
def rocks(world):
    world.spawn(Stone, n=2)
    world.behaviors(weather)
"""


@pytest.mark.parametrize(
    ("statement", "code", "message"),
    [
        ("stone.agee", 2, "rocks.py:13: behavior 'weather': Stone has no field 'agee'; did you mean 'age'?"),
        ("1 // (stone.age - 3)", 1, "behavior 'weather' failed at entity 1, tick 0: ZeroDivisionError"),
    ],
)
def test_mistakes_in_behaviors_name_their_line_once(
    cli: Cli, folder: Path, statement: str, code: int, message: str
) -> None:
    (folder / "rocks.py").write_text(BEHAVIOR.replace("STATEMENT", statement))
    found, out, err = cli("run", "rocks.py", "--seed", "1")
    assert (found, out) == (code, "")
    assert message in err
    assert err.count("rocks.py:") == 1
    assert "Traceback" not in err


def test_help_of_a_model_shows_its_parameters(cli: Cli) -> None:
    code, out, _ = cli("run", "meadow.py", "--help")
    assert code == 0
    for part in (
        "--until-tick",
        "Model meadow: Stones that lie about.",
        "Runs 7 ticks",
        "seconds that a tick lasts",
        "round | flat",
        "--set size=small: n=3",
        "stones: How many there are.",
    ):
        assert part in out
    code, out, _ = cli("run", "--help")
    assert code == 0
    assert "Example: bigworlds run" in out
