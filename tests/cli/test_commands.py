"""The smaller commands: examples, new, describe, doctor, inspect, plot, help."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import bigworlds.cli.doctor as doctor
from bigworlds.cli.locate import examples, find_model

Cli = Callable[..., tuple[int, str, str]]

COMMANDS = ["run", "examples", "new", "check", "describe", "doctor", "inspect", "plot", "query", "organism"]


def test_help_lists_every_command(cli: Cli) -> None:
    code, out, _ = cli("--help")
    assert code == 0
    assert all(re.search(rf"\b{command}\b", out) for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_has_an_example(cli: Cli, command: str) -> None:
    code, out, _ = cli(command, "--help")
    assert code == 0
    assert f"Example: bigworlds {'run' if command == 'plot' else command}" in out


def test_version(cli: Cli) -> None:
    code, out, _ = cli("--version")
    assert code == 0
    assert out.startswith("bigworlds ")


def test_an_unknown_command_is_code_2(cli: Cli) -> None:
    code, _, err = cli("rum", "boids")
    assert code == 2
    assert "No such command 'rum'" in err


def test_examples_are_listed_with_their_folder(cli: Cli) -> None:
    code, out, _ = cli("examples")
    assert code == 0
    for name, path in examples().items():
        assert name in out
        assert str(path.parent.parent) in out


def test_new_writes_a_model_that_runs_and_a_test_that_passes(cli: Cli, folder: Path) -> None:
    code, out, err = cli("new", "rabbits")
    assert code == 0, err
    assert "bigworlds run rabbits/rabbits.py --view" in out
    assert find_model("rabbits/rabbits.py").name == "rabbits"
    code, out, err = cli("run", "rabbits/rabbits.py", "--set", "size=small", "--ticks", "3", "--seed", "1")
    assert code == 0, err
    assert "rabbits: 3 ticks" in out
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "rabbits"],
        cwd=folder, env={"PYTHONPATH": f"{root}:{folder / 'rabbits'}", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "2 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("c++") is None, reason="no C++ compiler (Debian package g++)")
def test_new_native_writes_a_project_that_builds_runs_and_passes_its_test(cli: Cli, folder: Path) -> None:
    code, out, err = cli("new", "dunes", "--native")
    assert code == 0, err
    assert "python dunes/build.py" in out
    assert {path.name for path in (folder / "dunes").iterdir()} == {
        "dunes.py", "dunes.cpp", "build.py", "test_dunes.py",
    }  # fmt: skip
    code, _, err = cli("run", "dunes/dunes.py", "--ticks", "3")
    assert code == 2
    assert "there is no file" in err
    assert "build the library first" in err
    root = Path(__file__).parents[2]
    env = {"PYTHONPATH": str(root), "PATH": os.environ["PATH"], "HOME": str(folder)}
    for words in (("dunes/build.py",), ("-m", "pytest", "-q", "-p", "no:cacheprovider", "dunes")):
        done = subprocess.run(
            [sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
    code, out, err = cli("run", "dunes/dunes.py", "--set", "size=small", "--ticks", "3", "--seed", "1")
    assert code == 0, err
    assert "dunes: 3 ticks" in out


@pytest.mark.parametrize("name", ["Rabbits", "2rabbits", "wild-rabbits", "class", "bw", "../x", ""])
def test_new_refuses_names_that_python_cannot_have(cli: Cli, folder: Path, name: str) -> None:
    code, _, err = cli("new", name)
    assert code == 2
    assert "expected a Python name in lower case, as in: bigworlds new rabbits" in err
    assert sorted(path.name for path in folder.iterdir()) == ["meadow.py"]


def test_new_overwrites_nothing(cli: Cli, folder: Path) -> None:
    (folder / "rabbits").mkdir()
    code, _, err = cli("new", "rabbits")
    assert code == 2
    assert "is there already, and nothing is ever overwritten" in err
    assert list((folder / "rabbits").iterdir()) == []


def test_describe_fills_in_what_the_model_says(cli: Cli) -> None:
    code, out, err = cli("describe", "wolf_sheep", "--set", "size=small", "--set", "activation=sequential")
    assert code == 0, err
    headings = [line for line in out.splitlines() if line.startswith("## ")]
    assert [heading.split()[1] for heading in headings] == list("1234567")
    for part in (
        "### Sheep (agents)",
        "### Grass (cells)",
        "| energy | float64 | (...) |",
        "Space: bounded grid of 25 x 25 cells, 8 neighbours each, any number of agents in a cell.",
        "1. *graze* (each Sheep): one after another, in a fresh random order, on the live state.",
        "4. *live_as_wolf* (each Wolf): all at once, on the state at the start of the phase.",
        "*hunt* competes for Sheep; what one gets is in Wolf.caught.",
        "the start of Sheep.position, Sheep.energy (60 x Sheep)",
        "who wins the claims of *graze* is random",
        "- 40 x Wolf: position uniform(0); energy integers(0, 26); caught 0",
        "countdown by a condition 20 or integers(0, 20)",
        "| sheep_birth | 0.2 | 0.0 to 1.0 | chance of a lamb in a tick |",
        "### live_as_wolf",
        "May bear Wolf.",
        "May end the agent's life.",
    ):
        assert part in out


def test_describe_knows_continuous_worlds_and_presets(cli: Cli) -> None:
    code, out, _ = cli("describe", "boids", "--set", "size=large")
    assert code == 0
    assert "Space: continuous, periodic, 150 x 150 units." in out
    assert "*flock* sees velocity of Bird within radius." in out
    assert "order (The length of the mean velocity" in out
    code, _, err = cli("describe", "boids", "--set", "size=larg")
    assert code == 2
    assert "did you mean 'large'" in err


def test_describe_knows_hexagons(cli: Cli) -> None:
    hive = Path(__file__).parents[1] / "cluster" / "programs" / "hive.py"
    code, out, err = cli("describe", str(hive))
    assert code == 0, err
    assert "periodic hexagonal grid of 13 x 10 cells, 6 neighbours each, at most one agent in a cell." in out


def test_describe_knows_graphs(cli: Cli) -> None:
    code, out, err = cli("describe", "germs", "--set", "n=50")
    assert code == 0, err
    assert "### Contact (edges)" in out
    assert "Graph: Contact, undirected, over 50 agents; edges by SmallWorld(k=8, rewire=0.1)." in out
    assert "*catch* sees state of Person along the edges Contact." in out
    assert "the edges Contact" in out


def test_doctor_finds_what_is_there(cli: Cli) -> None:
    code, out, _ = cli("doctor")
    assert code == 0
    for part in (
        "python",
        "engine",
        "numpy",
        "numba",
        "h5py",
        "mpi4py",
        "matplotlib",
        "ffmpeg",
        "Ready to run.",
    ):
        assert part in out


def test_doctor_says_what_is_missing_and_what_to_type(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = {"matplotlib", "h5py"}
    found = doctor.importlib.util.find_spec
    monkeypatch.setattr(
        doctor.importlib.util, "find_spec", lambda name: None if name in lacking else found(name)
    )
    code, out, _ = cli("doctor")
    assert code == 1
    assert (
        "Not working:\n  h5py is missing (needed), for snapshots and records: pip install bigworlds\n" in out
    )
    assert "  matplotlib is missing (optional), for plots with axes: bigworlds plot: " in out
    lacking.remove("h5py")
    code, out, _ = cli("doctor")
    assert code == 0
    assert "Ready to run." in out
    assert "pip install 'bigworlds[plot]'" in out


def test_inspect_tells_what_is_in_a_snapshot(cli: Cli, folder: Path) -> None:
    assert cli("run", "meadow.py", "--seed", "5", "--ticks", "2", "--out", "out")[0] == 0
    code, out, _ = cli("inspect", "out")
    assert code == 0
    assert re.search(r"model\s+meadow", out)
    assert re.search(r"tick\s+2", out)
    assert "n = 10" in out
    path = folder / "out" / "snapshots" / "tick-000000000002.h5"
    assert cli("inspect", str(path))[1].splitlines()[1:] == out.splitlines()[1:]
    damaged = bytearray(path.read_bytes())
    damaged[-20] ^= 4
    path.write_bytes(damaged)
    code, out, err = cli("inspect", str(path))
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert cli("inspect", "out")[0] == 2
    assert "there is no file gone.h5" in cli("inspect", "gone.h5")[2]


def test_plot_draws_series_and_world(cli: Cli, folder: Path) -> None:
    assert cli("run", "meadow.py", "--seed", "5", "--ticks", "4", "--out", "out")[0] == 0
    code, out, err = cli("plot", "out")
    assert code == 0, err
    assert out.split() == ["out/series.png", "out/world.png"]
    for name in out.split():
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
    (folder / "pictures").mkdir()
    snapshot = "out/snapshots/tick-000000000004.h5"
    assert cli("plot", snapshot, "--into", "pictures")[1].split() == [
        "pictures/series.png",
        "pictures/world.png",
    ]
    (folder / "meadow.py").rename(folder / "moved.py")
    code, _, err = cli("plot", "out")
    assert code == 2
    assert "is of model 'meadow', whose file is not found or has changed since" in err
    assert cli("plot", "out", "--model", "moved.py")[0] == 0
    assert cli("plot", "gone")[0] == 2
