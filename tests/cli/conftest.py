"""What the tests of the command line share: models without behaviors, and a way to run it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from bigworlds.cli import main

MEADOW = '''
"""A meadow: stones that lie about."""

import time

from bigworlds.data.component import Component
from bigworlds.data.parameters import Parameters, param
from bigworlds.data.vectors import vec2
from bigworlds.model import model, uniform
from bigworlds.space import Continuous


class Params(Parameters):
    n: int = param(10, min=1, help="stones")
    stop: int = param(0, min=0, help="tick at which the model stops, 0 for none")
    pause: float = param(0.0, min=0.0, help="seconds that a tick lasts at least")
    kind: str = param("round", choices=("round", "flat"), help="shape")


class Stone(Component):
    position: vec2
    weight: float = 2.0


@model(Params, presets={"small": {"n": 3}}, ticks=7)
def meadow(world, p):
    """Stones that lie about."""
    world.space = Continuous((10.0, 10.0))
    world.spawn(Stone, n=p.n, position=uniform())

    def stop(sim):
        time.sleep(p.pause)
        return bool(p.stop) and sim.tick >= p.stop

    if p.stop or p.pause:
        world.stop_when(stop)


@meadow.metric
def stones(sim):
    """How many there are."""
    return sim.count(Stone)


@meadow.metric
def weight(sim):
    return sim.mean("Stone.weight")
'''


class Result(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


Cli = Callable[..., Result]
Terminal = Callable[..., str]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the model file meadow.py."""
    (tmp_path / "meadow.py").write_text(MEADOW)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


@pytest.fixture
def cli(folder: Path, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command in this process; gives its exit code and what it printed."""

    def run(*arguments: str) -> Result:
        capfd.readouterr()
        code = main(list(arguments))
        out, err = capfd.readouterr()
        return Result(code, out, err)

    return run


@pytest.fixture
def terminal(folder: Path) -> Terminal:
    """Runs a command on a terminal of its own; gives what that has been sent."""
    pty = pytest.importorskip("pty")

    def run(*arguments: str) -> str:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "bigworlds.cli", *arguments],
            cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color"},
            stdin=theirs, stdout=theirs, stderr=theirs,
        )  # fmt: skip
        os.close(theirs)
        seen = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            seen += piece
        os.close(ours)
        assert process.wait(timeout=60) == 0, seen.decode()
        return seen.decode()

    return run
