"""`bw.sweep`: runs the missing runs of a sweep, several at a time, and adds each to the table as it ends."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bigworlds.cluster import launcher
from bigworlds.ensemble.crew import Crew, Rows, in_this_process
from bigworlds.ensemble.plan import MANIFEST, Plan, Run, claim
from bigworlds.ensemble.points import (
    Point,
    points_of_file,
    points_of_table,
    points_of_varied,
    values_of_text,
)
from bigworlds.ensemble.table import FILE_NAME, SHARES, SweepTable, TableFile, files_in, whole_rows
from bigworlds.ensemble.worker import MARK
from bigworlds.errors import BigworldsError, UserError
from bigworlds.model import Model
from bigworlds.simulation import model_hash

KEEP_GOING, STOP = "keep-going", "stop"

_LOCK = "lock"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the runs of a sweep are run; nothing here changes what comes out.

    Attributes:
        jobs: how many runs at a time, None for as many as the cores allow.
        threads: of each rank of a run.
        ranks: of each run, started by mpirun.
        on_error: "keep-going", or "stop": no further run begins when one has failed.
        retry: whether runs that failed are run again.
        share: (which, of how many): only every so manieth run, into a file of its own; or None for all.
    """

    jobs: int | None = None
    threads: int = 1
    ranks: int = 1
    on_error: str = KEEP_GOING
    retry: bool = False
    share: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        for name in ("jobs", "threads", "ranks"):
            value = getattr(self, name)
            if value is None and name == "jobs":
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise UserError(f"{name} is a whole number from 1 up; found {value!r}")
        if self.on_error not in (KEEP_GOING, STOP):
            raise UserError(f"on_error is '{KEEP_GOING}' or '{STOP}'; found {self.on_error!r}")
        if self.share is not None and not 0 <= self.share[0] < self.share[1]:
            raise UserError(f"a share is K/N with K from 0 to N - 1; found {self.share[0]}/{self.share[1]}")

    @property
    def jobs_at_a_time(self) -> int:
        """How many runs at a time."""
        if self.jobs is not None:
            return self.jobs
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return max(1, cores // (self.threads * self.ranks))


@dataclass
class Progress:
    """How far a sweep is.

    Attributes:
        runs: how many it has (of its share).
        there: how many of them had been run before.
        ran: how many have ended now, failed ones too.
        failed: what went wrong, by the ids of the runs that failed now.
        removed: how many damaged lines were found in the table and removed.
    """

    runs: int = 0
    there: int = 0
    ran: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    removed: int = 0


class Sweeping:
    """A sweep in its folder: `missing` runs, and `run()`, which runs them. Use it as a context manager.

    Raises:
        UserError: the folder holds something else, or another process sweeps into it.
    """

    def __init__(self, plan: Plan, out: Path, settings: Settings) -> None:
        if os.environ.get(MARK):
            raise UserError(
                "a model file starts a sweep while a worker of the sweep loads it; put what is to run only "
                "once under `if __name__ == '__main__':`"
            )
        started = launcher()
        if started is not None and started.ranks > 1:
            raise UserError(
                f"a sweep starts its runs itself, and {started.name} has started {started.ranks} of it; "
                "start it alone, with -n RANKS (ranks=) for runs on several ranks"
            )
        self._plan, self._out, self._settings = plan, out, settings
        self._stack = contextlib.ExitStack()
        self.progress = Progress()

    def __enter__(self) -> Sweeping:
        claim(self._out, self._plan)
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def _open(self) -> None:
        share = self._settings.share
        self._stack.enter_context(_locked(self._out / _LOCK, shared=share is not None))
        columns = self._plan.columns
        if share is None:
            self._table = TableFile(self._out / FILE_NAME, columns)
            self._join_shares()
        else:
            path = self._out / SHARES / f"{share[0]:06d}-of-{share[1]:06d}.csv"
            path.parent.mkdir(exist_ok=True)
            self._stack.enter_context(_locked(path.with_suffix(".lock"), shared=False))
            self._table = TableFile(path, columns)
        self.progress.removed += self._table.removed
        if self._settings.retry:
            self._forget_failed()
        self.missing = self._find_missing()

    def __exit__(self, *reason: object) -> None:
        self._stack.close()

    def run(self, watch: Callable[[Progress], None] | None = None) -> Progress:
        """Runs what is missing.

        Args:
            watch: called when a run has ended.

        Raises:
            KeyboardInterrupt: on Ctrl-C; what had ended is in the table, what was under way is ended.
            BigworldsError: the runs' processes cannot be started.
        """
        tasks = [self._task(run) for run in self.missing]
        if not tasks:
            return self.progress
        stop = self._settings.on_error == STOP
        if self._plan.model.source is None or not self._plan.model.source.is_file():
            if self._settings.jobs not in (None, 1) or self._settings.ranks > 1:
                raise UserError(
                    f"model {self._plan.model.name} is in no file, so other processes cannot load it; put it "
                    "into one, or leave jobs and ranks out"
                )
            self._take_in(in_this_process(self._plan.model, tasks, stop_on_error=stop), watch)
            return self.progress
        about = {
            "source": str(self._plan.model.source),
            "module": self._plan.model.__module__,
            "folders": sys.path,
            "model": self._plan.model.name,
            "model_hash": model_hash(self._plan.model),
        }
        jobs, ranks = self._settings.jobs_at_a_time, self._settings.ranks
        with Crew(about, tasks, jobs, ranks, stop_on_error=stop) as crew:
            self._take_in(crew.results(), watch)
        return self.progress

    def _take_in(self, results: Iterator[tuple[int, Rows]], watch: Callable[[Progress], None] | None) -> None:
        for number, rows in results:
            if number < 0:
                raise BigworldsError(f"a process of the sweep cannot run anything: {rows[-1]['error']}")
            run = self.missing[number]
            self._table.add(
                self._plan.row(run, row["tick"], row["metrics"], row["ended"], row["error"]) for row in rows
            )
            self.progress.ran += 1
            error = rows[-1]["error"]
            if error:
                self.progress.failed[run.id] = error
            if watch is not None:
                watch(self.progress)

    def _task(self, run: Run) -> dict[str, Any]:
        return {
            "given": dict(run.given),
            "seed": run.seed,
            "threads": self._settings.threads,
            "ticks": self._plan.ticks,
            "every": self._plan.every,
        }

    def _find_missing(self) -> list[Run]:
        share, runs = self._settings.share, list(self._plan.runs)
        if share is not None:
            runs = runs[share[0] :: share[1]]
        there = {
            row["run"] for path in files_in(self._out) for row in whole_rows(path, self._plan.columns)[0]
        }
        missing = [run for run in runs if run.id not in there]
        self.progress.runs, self.progress.there = len(runs), len(runs) - len(missing)
        return missing

    def _join_shares(self) -> None:
        """Moves what the shares of an array of jobs have run into the one table."""
        shares = [path for path in files_in(self._out) if path.parent.name == SHARES]
        if not shares:
            return
        rows = self._table.rows()
        there = {row["run"] for row in rows}
        for path in shares:
            found, removed = whole_rows(path, self._plan.columns)
            rows += [row for row in found if row["run"] not in there]
            there |= {row["run"] for row in found}
            self.progress.removed += removed
        self._table.replace(rows)
        for path in shares:
            path.unlink()

    def _forget_failed(self) -> None:
        rows = self._table.rows()
        failed = {row["run"] for row in rows if row["error"]}
        if failed:
            self._table.replace(row for row in rows if row["run"] not in failed)


def sweep(
    model: Model,
    vary: Mapping[str, Any] | None = None,
    *,
    out: str | os.PathLike[str],
    seeds: int | Iterable[int] = 1,
    combine: str = "product",
    points: Any = None,
    ticks: int | None = None,
    every: int | None = None,
    jobs: int | None = None,
    threads: int = 1,
    ranks: int = 1,
    on_error: str = KEEP_GOING,
    retry: bool = False,
    **fixed: Any,
) -> SweepTable:
    """Runs a model for many parameters and seeds, and gives the table of what came out.

    Runs that the folder has already are not run again: a sweep that was stopped goes on, and one with more
    values or seeds runs what is new. The runs are shared out to processes that load the model's file anew,
    so in a script the call stands under `if __name__ == "__main__":`. A model that is in no file is run here,
    one run after another.

    Args:
        model: the model.
        vary: for each parameter (`size` for presets) its values: a list, an array, or a text as on the
            command line, "1,2,3" or "0:1:0.1" (1 included).
        out: the folder of the sweep, made where it is not there.
        seeds: of each point: so many, from 1 up, or the seeds themselves.
        combine: "product" for all combinations of what varies, or "zip" for the first values together, then
            the second ones, and so on.
        points: instead of `vary` a frame, a list of dicts, or the path of a CSV file, with one point a row; a
            column `seed` gives each its own seed.
        ticks: how long each run is; None for the model's own length.
        every: ticks between rows of a run; None for one row at its end.
        jobs, threads, ranks: how many runs at a time (None for as many as there are cores for); of each run.
        on_error: "keep-going": a run that fails is a row with its `error`; or "stop": no more begin.
        retry: whether runs that failed before are run again.
        fixed: parameters of all runs, `size` among them.

    Returns:
        The table, with all that is in the folder. See it for an example.

    Raises:
        UserError: a parameter or value that cannot be, a folder of another sweep, no end to the runs.
    """
    plan = Plan.of(
        model,
        _points(model, vary, points, combine),
        seeds_of(seeds),
        fixed=fixed,
        ticks=_whole("ticks", ticks, 0),
        every=_whole("every", every, 1),
    )
    settings = Settings(jobs=jobs, threads=threads, ranks=ranks, on_error=on_error, retry=retry)
    with Sweeping(plan, Path(out), settings) as sweeping:
        sweeping.run()
    return SweepTable(out)


def _points(model: Model, vary: Mapping[str, Any] | None, points: Any, combine: str) -> list[Point]:
    if points is not None:
        if vary:
            raise UserError("a sweep takes vary or points; found both")
        by_path = isinstance(points, str | os.PathLike)
        return points_of_file(model, points) if by_path else points_of_table(points)
    varied: dict[str, Sequence[Any]] = {}
    for name, values in (vary or {}).items():
        if isinstance(values, str):
            varied[name] = values_of_text(model, name, values)
        elif isinstance(values, Iterable):
            varied[name] = list(values)
        else:
            raise UserError(f"'{name}' varies over a list of values; found {values!r}")
    return points_of_varied(varied, combine)


def seeds_of(seeds: int | Iterable[int]) -> list[int]:
    """Seeds from their number, 1 to N, or as they are.

    Raises:
        UserError: they are no whole numbers from 0 up, or none.
    """
    if isinstance(seeds, int) and not isinstance(seeds, bool) and seeds > 0:
        return list(range(1, seeds + 1))
    if isinstance(seeds, Iterable):
        found = [int(seed) if hasattr(seed, "__index__") else -1 for seed in seeds]
        if found and all(0 <= seed < 2**63 for seed in found):
            return found
    raise UserError(f"seeds are how many, from 1 up, or a list of whole numbers from 0 up; found {seeds!r}")


def _whole(name: str, value: int | None, least: int) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= least):
        return value
    raise UserError(f"{name} is a whole number from {least} up; found {value!r}")


@contextmanager
def _locked(path: Path, *, shared: bool) -> Iterator[None]:
    """Holds a file's lock; a file system without locks goes without."""
    with open(path, "ab") as file:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as problem:
            if problem.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise UserError(
                    f"another process sweeps into {path.parent} now; wait for it, or name another folder"
                ) from None
        yield


def is_sweep(folder: Path) -> bool:
    """Whether a folder holds a sweep."""
    return (folder / MANIFEST).is_file()
