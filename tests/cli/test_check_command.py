"""`bigworlds check`: what is wrong with a model is told by name and exit code, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., tuple[int, str, str]]

COINS = """
import bigworlds as bw


class Params(bw.Parameters):
    n: int = bw.param(9, min=0)
    wrong: str = bw.param("no", choices=("no", "mean", "raise", "conflict", "python"))


class Coin(bw.Component):
    worth: float = 1.0
    age: int = 0


@bw.behavior(kind=bw.Vectorised)
def tarnish(coin: Coin) -> None:
    coin.worth = 0.9 * coin.worth


@bw.behavior(kind=bw.Vectorised)
def level(coin: Coin) -> None:
    coin.worth = coin.worth - 0.1 * coin.age.mean()


@bw.behavior
def age(coin: Coin, me: bw.Entity) -> None:
    coin.age += me.id


@bw.behavior
def reset(coin: Coin) -> None:
    coin.age = 0


@bw.behavior
def burst(coin: Coin, clock: bw.Clock) -> None:
    if clock.tick == 1:
        raise ValueError("too old")


@bw.model(Params)
def coins(world, p):
    world.spawn(Coin, n=p.n)
    world.behaviors(tarnish, age)
    if p.wrong == "mean":
        world.behaviors(tarnish, level, age)
    elif p.wrong == "raise":
        world.behaviors(tarnish, burst)
    elif p.wrong == "conflict":
        world.behaviors((age, reset))
    elif p.wrong == "python":
        world.spawn(Coin, n=p.n // 0)
"""


@pytest.fixture
def coins(folder: Path) -> str:
    (folder / "coins.py").write_text(COINS)
    return "coins.py"


def test_a_model_that_is_right(cli: Cli, coins: str) -> None:
    code, out, err = cli("check", coins)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "coins: 2 behaviors in 2 phases, no conflicts",
        "3 ticks ran without an error",
        "with rows cut at random the same bits came out: tarnish",
    ]
    code, out, _ = cli("check", coins, "--ticks", "1", "--seed", "4", "--set", "n=2", "--json")
    assert code == 0
    assert json.loads(out) == {
        "model": "coins", "ok": True, "error": None, "ticks": 1, "seed": 4, "row_by_row": ["tarnish"],
        "behaviors": [
            {"name": "tarnish", "kind": "vectorised", "phase": 1},
            {"name": "age", "kind": "compiled", "phase": 2},
        ],
    }  # fmt: skip


def test_a_model_without_behaviors_runs_too(cli: Cli) -> None:
    code, out, _ = cli("check", "meadow.py")
    assert code == 0
    assert "no vectorised or native behaviors" in out


@pytest.mark.parametrize(
    ("wrong", "code", "message"),
    [
        ("mean", 2, "behavior 'level' does not go row by row"),
        ("conflict", 2, "age and reset are in one phase, but age writes Coin.age"),
        ("raise", 1, "behavior 'burst' failed at entity 1, tick 1: ValueError: too old"),
        ("python", 2, "coins.py:52: ZeroDivisionError"),
    ],
)
def test_what_is_wrong_is_told(cli: Cli, coins: str, wrong: str, code: int, message: str) -> None:
    found, out, err = cli("check", coins, "--set", f"wrong={wrong}")
    assert (found, out) == (code, "")
    assert message in err
    assert "Traceback" not in err
    found, out, _ = cli("check", coins, "--set", f"wrong={wrong}", "--json")
    told = json.loads(out)
    assert (found, told["model"], told["ok"]) == (code, "coins", False)
    assert message in told["error"]


def test_a_failure_behind_the_last_tick_is_not_looked_for(cli: Cli, coins: str) -> None:
    assert cli("check", coins, "--set", "wrong=raise", "--ticks", "1")[0] == 0


def test_wrong_options_are_told(cli: Cli, coins: str) -> None:
    code, _, err = cli("check", coins, "--set", "m=2")
    assert code == 2
    assert "no parameter 'm'; known: n, size, wrong" in err
    assert cli("check", coins, "--ticks", "0")[0] == 2


def test_describe_names_the_line_of_the_model_that_fails(cli: Cli, coins: str) -> None:
    code, _, err = cli("describe", coins, "--set", "wrong=python")
    assert code == 2
    assert err.startswith("error: coins.py:52: ZeroDivisionError")
