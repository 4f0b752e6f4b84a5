"""`bigworlds sweep` and `submit`: what is run, what goes on, what is said, what is refused."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bigworlds.ensemble import SweepTable

Cli = Callable[..., tuple[int, str, str]]

Terminal = Callable[..., str]

ROOT = Path(__file__).parents[2]


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "runs.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_same_command_runs_only_what_is_missing(cli: Cli, folder: Path) -> None:
    command = ("sweep", "meadow.py", "--vary", "n=2,3,4", "--set", "kind=flat", "--ticks", "2", "--out", "s")
    code, out, err = cli(*command, "--seeds", "5", "--jobs", "2")
    assert (code, err) == (0, "")
    assert out == "meadow: 15 runs, 0 were there, 15 ran; s/runs.csv\n"
    code, out, _ = cli(*command, "--seeds", "6", "--json")
    assert code == 0
    assert json.loads(out) == {
        "runs": 18, "there": 15, "ran": 3, "failed": {}, "ended": "done", "table": "s/runs.csv",
    }  # fmt: skip
    table = rows(folder / "s")
    assert {(row["n"], row["seed"]) for row in table} == {
        (str(n), str(s)) for n in (2, 3, 4) for s in range(1, 7)
    }
    assert all(row["stones"] == row["n"] and row["kind"] == "flat" and row["tick"] == "2" for row in table)
    assert len({row["run"] for row in table}) == 18


def test_zip_points_seeds_and_rows_over_time(cli: Cli, folder: Path) -> None:
    (folder / "p.csv").write_text("n,kind\n2,flat\n5,round\n")
    zipped = ("--vary", "n=2,5", "--vary", "kind=flat,round", "--zip")
    for number, given in enumerate((zipped, ("--points", "p.csv"))):
        out = f"s{number}"
        code, _, err = cli("sweep", "meadow.py", *given, "--seeds", "4:5", "--every", "3", "--out", out)
        assert code == 0, err
        found = [(row["n"], row["kind"], row["seed"], row["tick"]) for row in rows(folder / out)]
        assert sorted(found) == sorted(
            (n, kind, seed, tick)
            for n, kind in (("2", "flat"), ("5", "round"))
            for seed in ("4", "5")
            for tick in ("0", "3", "6", "7")
        )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--vary", "m=1"), "model meadow has no parameter 'm'"),
        (("--vary", "pauze=1"), "did you mean 'pause'?"),
        (("--vary", "n=1:x"), "a range is START:STOP or START:STOP:STEP, as in n=0:1:0.1; found n=1:x"),
        (("--vary", "n"), "expected name=value; found 'n'"),
        (("--vary", "n=0,1"), "found 0"),
        (("--vary", "n=1", "--vary", "n=2"), "'n' varies twice"),
        (("--vary", "n=1", "--points", "p.csv"), "--vary or --points FILE"),
        (("--vary", "n=1", "--set", "n=2"), "'n' is set and varied"),
        (("--vary", "n=1,2", "--vary", "stop=3", "--zip"), "n has 2, stop has 1"),
        (("--seeds", "0"), "--seeds takes how many"),
        (("--seeds", "5:2"), "--seeds takes how many"),
        (("--on-error", "weep"), "'keep-going' or 'stop'; found 'weep'"),
        (("--dry-run",), "--slurm-array; give both"),
        (("--points", "none.csv"), "none.csv: the table of points cannot be read"),
    ],
)
def test_wrong_input_is_code_2_and_makes_nothing(
    cli: Cli, folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = cli("sweep", "meadow.py", *arguments, "--out", "s")
    assert (code, out) == (2, "")
    assert said in err
    assert not (folder / "s").exists()


def test_a_folder_of_another_sweep_is_code_2(cli: Cli) -> None:
    assert cli("sweep", "meadow.py", "--vary", "n=1", "--out", "s")[0] == 0
    code, _, err = cli("sweep", "meadow.py", "--vary", "stop=1", "--out", "s")
    assert code == 2
    assert "s holds another sweep" in err


def test_failed_runs_are_code_1_and_rows(cli: Cli, folder: Path) -> None:
    with (folder / "meadow.py").open("a") as file:
        file.write("\n@meadow.metric\ndef odd(sim):\n    return 1 // (sim.count(Stone) % 2)\n")
    code, out, err = cli("sweep", "meadow.py", "--vary", "n=2,3", "--out", "s")
    assert code == 1
    assert "2 ran, 1 of them failed" in out
    assert "failed: ZeroDivisionError" in err
    assert sorted((row["n"], row["ended"], row["odd"]) for row in rows(folder / "s")) == [
        ("2", "", ""),
        ("3", "ticks", "1"),
    ]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 75)])
def test_a_signal_ends_all_and_keeps_what_had_ended(folder: Path, number: int, code: int) -> None:
    command = ["sweep", "meadow.py", "--vary", "pause=0,0.001,600", "--out", "s", "--jobs", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "bigworlds.cli", *command],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    for _ in range(600):
        if (folder / "s" / "sweep.json").exists() and len(SweepTable(folder / "s").runs) == 2:
            break
        time.sleep(0.05)
    workers = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
    assert workers
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    assert "3 runs, 0 were there, 2 ran, 1 are left: the same command goes on" in out
    assert [row["error"] for row in rows(folder / "s")] == ["", ""]
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


def test_a_killed_sweep_leaves_no_workers(folder: Path) -> None:
    command = ["sweep", "meadow.py", "--vary", "pause=600", "--out", "s"]
    process = subprocess.Popen(
        [sys.executable, "-m", "bigworlds.cli", *command],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    workers: list[str] = []
    for _ in range(600):
        found = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True)
        workers = found.stdout.split()
        if workers:
            break
        time.sleep(0.05)
    time.sleep(0.5)
    process.kill()
    process.wait()
    for _ in range(200):
        if not any(Path(f"/proc/{worker}").exists() for worker in workers):
            return
        time.sleep(0.05)
    raise AssertionError("a worker goes on")


def test_the_script_of_an_array(cli: Cli, folder: Path) -> None:
    code, out, err = cli(
        "sweep", "meadow.py", "--vary", "n=1:9", "--seeds", "3", "--out", "s", "--threads", "2",
        "--slurm-array", "--shares", "4", "--time", "00:20:00", "--setup", "module load openmpi",
        "--sbatch=--mem=2G", "--dry-run",
    )  # fmt: skip
    assert code == 0, err
    assert not (folder / "s").exists()
    for line in (
        "#!/bin/bash", "#SBATCH --array=0-3", "#SBATCH --cpus-per-task=2", "#SBATCH --time=00:20:00",
        "#SBATCH --mem=2G", "module load openmpi", f"cd {folder} || exit 1",
    ):  # fmt: skip
        assert line in out.splitlines()
    assert (
        '--vary n=1:9 --jobs 1 --threads 2 -n 1 --on-error keep-going --share "$SLURM_ARRAY_TASK_ID/4"' in out
    )


def test_an_array_script_runs_its_shares_and_again_only_what_is_missing(cli: Cli, folder: Path) -> None:
    command = ("sweep", "meadow.py", "--vary", "n=1,2,3", "--seeds", "2", "--ticks", "1", "--out", "s")
    script = cli(*command, "--slurm-array", "--shares", "2", "--dry-run")[1]
    for share in (0, 1, 0):
        done = subprocess.run(
            ["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False, timeout=60,
            env=os.environ | {"PYTHONPATH": str(ROOT), "SLURM_ARRAY_TASK_ID": str(share)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert "3 runs, 3 were there, 0 ran" in done.stdout
    assert len(SweepTable(folder / "s").runs) == 6
    code, out, _ = cli(*command)
    assert code == 0
    assert "6 runs, 6 were there, 0 ran" in out
    assert len(rows(folder / "s")) == 6


def test_a_terminal_gets_a_bar_over_all_runs(terminal: Terminal) -> None:
    seen = terminal("sweep", "meadow.py", "--vary", "n=1:6", "--ticks", "1", "--out", "s", "--jobs", "1")
    assert "6/6" in seen
    assert "6 runs, 0 were there, 6 ran" in seen
