"""`bigworlds doctor --mpi`: one table, said once, and code 1 with the name of the line that is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bigworlds.cluster.examine import _agreement, _hosts_and_cores
from tests.cluster.conftest import ROOT, Start

PARTS = (
    "MPI library", "launcher", "thread level", "ranks per host", "cores per rank", "processors", "versions",
    "all-to-all", "write together", "read back", "rename",
)  # fmt: skip


def test_all_is_well_on_three_ranks_and_nothing_is_left(start: Start, tmp_path: Path) -> None:
    process = start(3, None, "doctor", "--mpi", "--dir", str(tmp_path), COLUMNS="200")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    for part in PARTS:
        (line,) = [line for line in out.splitlines() if f" {part} " in line]
        assert "ok" in line
    assert "Open MPI, 3 ranks" in out or "MPICH" in out
    assert out.count("Ready to run on these ranks.") == 1
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_named(start: Start) -> None:
    process = start(2, None, "doctor", "--mpi", "--dir", "/proc", COLUMNS="200")
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "Not working: write together" in out
    assert "MPI-IO cannot open a file in /proc" in out


def test_processes_that_do_not_see_each_other_are_named(start: Start) -> None:
    process = start(2, None, "doctor", "--mpi", COLUMNS="200", OMPI_COMM_WORLD_SIZE="3", PMI_SIZE="3")
    out, _ = process.communicate(timeout=120)
    if "started 3, but MPI sees 2" not in out:  # this launcher sets its own variables last
        alone = os.environ | {
            "PYTHONPATH": str(ROOT),
            "OMPI_COMM_WORLD_SIZE": "3",
            "OMPI_COMM_WORLD_RANK": "0",
        }
        done = subprocess.run(
            [sys.executable, "-m", "bigworlds.cli", "doctor", "--mpi"], env=alone | {"COLUMNS": "200"},
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 1
        out = done.stdout
    assert "Not working: launcher" in out
    assert "started 3, but MPI sees" in out


def test_a_folder_that_is_not_there_is_wrong_input() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bigworlds.cli", "doctor", "--mpi", "--dir", "/nowhere"],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2
    assert "--dir /nowhere: there is no such folder" in done.stderr


@pytest.mark.parametrize("name", ["numpy", "bigworlds"])
def test_versions_that_differ_are_wrong_and_processors_are_not(name: str) -> None:
    def fact(processor: str, version: str) -> dict[str, object]:
        return {"processor": processor, "versions": {"python": "3.11.7", name: version}}

    processors, versions = _agreement([fact("A", "1.0"), fact("B", "1.0"), fact("A", "1.1")])
    assert processors.good
    assert processors.found.startswith("2 kinds (A; B)")
    assert not versions.good
    assert versions.found == f"{name}: 1.0, 1.1; install the same on all hosts"
    assert all(line.good for line in _agreement([fact("A", "1.0")] * 2))


def test_hosts_with_more_ranks_than_cores_are_named() -> None:
    facts = [{"host": host, "cores": [0, 1]} for host in ("a", "a", "a", "b")]
    hosts, cores = _hosts_and_cores(facts)
    assert hosts.found == "a 3, b 1"
    assert cores.found == "2; more ranks than cores on a: it works, slowly"
