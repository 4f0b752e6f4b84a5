"""Jobs that are killed while they write snapshots, or whose disk is full, go on from the last good one, to
the world of a clean run. Fifty kills where BIGWORLDS_LONG is set (.ci/run --system), else a few."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bigworlds.cluster.start import mpirun, mpirun_environment
from tests.cluster.conftest import PROGRAMS, ROOT

LONG = bool(os.environ.get("BIGWORLDS_LONG"))
KILLS = 50 if LONG else 4
LIMIT_SECONDS = 240
# A file may become so large where the disk is full.
FULL_BYTES = 150_000


def begin(ranks: int, folder: Path, *arguments: str, full: bool = False) -> subprocess.Popen[str]:
    """Starts the command line on some ranks, without MPI on one."""
    launcher = [str(mpirun()), "-n", str(ranks)] if ranks > 1 else []
    return subprocess.Popen(
        [*launcher, sys.executable, "-m", "bigworlds.cli", "run", *arguments, "--threads", "1"],
        cwd=folder,
        env={
            **mpirun_environment(mpirun()),
            "PYTHONPATH": str(ROOT),
            "FULL_BYTES": str(FULL_BYTES if full else 0),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> dict[str, object]:
    out, err = process.communicate(timeout=LIMIT_SECONDS)
    assert process.returncode == 0, err
    result: dict[str, object] = json.loads(out)
    return result


def family(pid: int) -> list[int]:
    """A process and all that it started, and they."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def kill_all(process: subprocess.Popen[str]) -> None:
    """kill -9 of the launcher and of all ranks."""
    for pid in family(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.communicate(timeout=LIMIT_SECONDS)


def newest(folder: Path) -> float:
    """When the last file among the snapshots, finished or not, was written."""
    times = [0.0]
    for path in folder.glob("*"):
        with contextlib.suppress(OSError):
            times.append(path.stat().st_mtime_ns)
    return max(times)


def test_a_job_killed_at_any_instant_goes_on_to_the_world_of_a_clean_run(tmp_path: Path) -> None:
    draw = random.Random(7)
    world = ("boids", "--set", "n=20000", "--seed", "3", "--json")
    kept = ("--out", "birds", "--resume", "latest", "--snapshot-every", "1", "--keep", "3")
    for turn in range(KILLS):
        before = newest(tmp_path / "birds" / "snapshots")
        process = begin(1 + turn % 2, tmp_path, *world, *kept, "--until-tick", "1000000")
        deadline = time.monotonic() + LIMIT_SECONDS
        while newest(tmp_path / "birds" / "snapshots") == before:
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.002)
        time.sleep(draw.uniform(0.0, 0.4))
        assert process.poll() is None, process.communicate()[1]
        kill_all(process)
    ended = finished(begin(2, tmp_path, *world, *kept, "--ticks", "3"))
    clean = finished(begin(1, tmp_path, *world, "--until-tick", str(ended["tick"])))
    assert int(str(ended["tick"])) > 3
    assert ended["digest"] == clean["digest"]


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_full_disk_leaves_the_last_good_snapshot(ranks: int, tmp_path: Path) -> None:
    shutil.copy(PROGRAMS / "growing.py", tmp_path)
    world = ("growing.py", "--seed", "5", "--json")
    kept = ("--out", "dish", "--resume", "latest", "--snapshot-every", "1", "--keep", "2")
    finished(begin(1, tmp_path, *world, "--ticks", "1"))  # compiles, which may write more than the limit
    process = begin(ranks, tmp_path, *world, *kept, "--until-tick", "25", full=True)
    _, err = process.communicate(timeout=LIMIT_SECONDS)
    assert process.returncode == 1, err
    assert "File too large" in err
    kept_snapshots = sorted((tmp_path / "dish" / "snapshots").glob("*.h5"))
    assert kept_snapshots
    assert all(path.stat().st_size <= FULL_BYTES for path in kept_snapshots)
    ended = finished(begin(3 - ranks, tmp_path, *world, *kept, "--until-tick", "25"))
    assert ended["ticks"] != 25  # it went on, and did not begin anew
    assert ended["digest"] == finished(begin(1, tmp_path, *world, "--until-tick", "25"))["digest"]
