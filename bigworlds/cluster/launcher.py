"""Launchers: what has started this process, and as which of how many, told by the environment alone.

Recognised are those of Open MPI (and PRRTE), MPICH and Intel MPI (Hydra), Cray PALS, Flux and Slurm. A single
process under `srun --pty`, or in a Slurm batch script, is not a rank.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Launcher:
    """What started this process.

    Attributes:
        name: as people call it.
        ranks: how many processes it started.
        rank: which of them this one is.
        local_ranks: how many of them are on this host, None where it does not say.
    """

    name: str
    ranks: int
    rank: int
    local_ranks: int | None = None


# (name, how many, which, how many on this host): the first whose first two variables are set is taken.
_SIGNS = (
    ("Open MPI", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"),
    ("Cray PALS", "PALS_SIZE", "PALS_RANKID", "PALS_LOCAL_SIZE"),
    ("Flux", "FLUX_JOB_SIZE", "FLUX_TASK_RANK", "FLUX_TASK_LOCAL_SIZE"),
    ("Hydra (MPICH or Intel MPI)", "PMI_SIZE", "PMI_RANK", "MPI_LOCALNRANKS"),
    ("Slurm", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_STEP_TASKS_PER_NODE"),
)


def launcher(environment: Mapping[str, str] | None = None) -> Launcher | None:
    """The launcher of this process; None where it was started alone.

    Args:
        environment: the variables to look at; None for those of this process.

    Example:
        >>> launcher({"OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "2"})
        Launcher(name='Open MPI', ranks=4, rank=2, local_ranks=None)
        >>> launcher({"SLURM_JOB_ID": "17", "SLURM_NTASKS": "4"}) is None
        True
    """
    found = os.environ if environment is None else environment
    for name, size, number, local in _SIGNS:
        ranks, rank = _whole(found.get(size)), _whole(found.get(number))
        if ranks is None or rank is None:
            continue
        if name == "Slurm" and (
            ranks == 1 or found.get("SLURM_STEP_ID") in (None, "batch", "interactive", "extern")
        ):
            continue
        return Launcher(name=name, ranks=ranks, rank=rank, local_ranks=_whole(found.get(local)))
    return None


def _whole(text: str | None) -> int | None:
    if text is None:
        return None
    digits = text.split("(")[0].split(",")[0]  # Slurm writes 2(x3),1
    return int(digits) if digits.isdecimal() else None
