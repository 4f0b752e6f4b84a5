"""`bigworlds doctor`: what is installed, what is missing, for which feature, and what to type to get it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bigworlds.cli.engine import version
from bigworlds.cluster.examine import examine as examine_together

OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        part: what was looked for.
        state: what was found; empty where it is missing.
        use: what it is for.
        cure: what to type where it is missing.
        needed: whether nothing works without it.
    """

    part: str
    state: str
    use: str
    cure: str = ""
    needed: bool = False


# Distribution, module, what it is for, what to type where it is missing, needed.
_LIBRARIES = (
    ("numpy", "numpy", "arrays", "pip install bigworlds", True),
    ("numba", "numba", "compiled behaviors", "pip install bigworlds", True),
    ("h5py", "h5py", "snapshots and records", "pip install bigworlds", True),
    ("pillow", "PIL", "pictures, .gif movies", "pip install bigworlds", True),
    ("typer", "typer", "the command line", "pip install bigworlds", True),
    ("rich", "rich", "tables, progress", "pip install bigworlds", True),
    ("mpi4py", "mpi4py", "runs on many ranks", "pip install bigworlds", False),
    ("matplotlib", "matplotlib", "plots with axes: bigworlds plot", "pip install 'bigworlds[plot]'", False),
    ("pandas", "pandas", "data frames in and out", "pip install pandas", False),
    ("polars", "polars", "data frames in and out", "pip install polars", False),
    ("networkx", "networkx", "graphs from networkx", "pip install networkx", False),
    ("scipy", "scipy", "graphs from sparse matrices", "pip install scipy", False),
)


def findings() -> list[Finding]:
    """Looks at everything; imports nothing heavy and changes nothing."""
    found = [_python(), _core()]
    found += [
        Finding(name, _version(name, module), use, cure, needed)
        for name, module, use, cure, needed in _LIBRARIES
    ]
    found += [_ffmpeg(), _compiler()]
    return found


def examine() -> bool:
    """Prints the report.

    Returns:
        Whether all that is needed is there.
    """
    table = Table(box=box.SIMPLE, pad_edge=False)
    for heading in ("", "part", "found", "for"):
        table.add_column(heading, overflow="fold")
    report = findings()
    for finding in report:
        missing = "[red]no[/red]" if finding.needed else "[yellow]-[/yellow]"
        mark = "[green]ok[/green]" if finding.state else missing
        table.add_row(mark, finding.part, finding.state or "missing", finding.use)
    console = Console(highlight=False)
    console.print(table)
    lacking = [finding for finding in report if finding.needed and not finding.state]
    optional = [finding for finding in report if not finding.needed and not finding.state]
    console.print("Not working:" if lacking else "Ready to run.")
    for finding in (*lacking, *optional):
        need = "needed" if finding.needed else "optional"
        text = f"  {finding.part} is missing ({need}), for {finding.use}: {finding.cure}"
        console.print(text, markup=False, soft_wrap=True)
    return not lacking


def examine_mpi(folder: Path) -> bool:
    """Prints what several processes found together; rank 0 does. Collective.

    Args:
        folder: where files are tried out.

    Returns:
        Whether they can run a world.

    Raises:
        UserError: there is no such folder.
    """
    rank, lines = examine_together(folder)
    wrong = [line.part for line in lines if not line.good]
    if rank == 0:
        table = Table(box=box.SIMPLE, pad_edge=False, show_header=False)
        for line in lines:
            mark = "[green]ok[/green]" if line.good else "[red]no[/red]"
            table.add_row(mark, line.part, Text(line.found))
        console = Console(highlight=False)
        console.print(table)
        console.print(f"Not working: {', '.join(wrong)}" if wrong else "Ready to run on these ranks.")
    return not wrong


def _python() -> Finding:
    good = sys.version_info >= OLDEST_PYTHON
    system = f"{platform.python_version()}, {platform.system()} {platform.machine()}, {_cores()} cores"
    oldest = ".".join(map(str, OLDEST_PYTHON))
    return Finding(
        "python", system if good else "", f"everything; {oldest} or newer", f"install Python {oldest}", True
    )


def _core() -> Finding:
    try:
        from bigworlds import _core
    except ImportError:
        return Finding("engine", "", "everything", "pip install --force-reinstall bigworlds", True)
    state = f"{version()}, behavior ABI {_core.ABI_VERSION}, vectors: {_core.simd()}"
    return Finding("engine", state, "everything", needed=True)


def _version(distribution: str, module: str) -> str:
    if importlib.util.find_spec(module) is None:
        return ""
    return importlib.metadata.version(distribution) if _installed(distribution) else "there"


def _installed(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _ffmpeg() -> Finding:
    bundled = _version("imageio-ffmpeg", "imageio_ffmpeg")
    own = shutil.which("ffmpeg")
    state = f"imageio-ffmpeg {bundled}" if bundled else (own or "")
    return Finding("ffmpeg", state, ".mp4 movies: --movie FILE.mp4", "pip install 'bigworlds[movie]'")


def _compiler() -> Finding:
    found = next((path for name in ("c++", "g++", "clang++") if (path := shutil.which(name))), "")
    return Finding("C++ compiler", found, "behaviors in C, C++ or Cython", "install GCC 11 or Clang 14")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
