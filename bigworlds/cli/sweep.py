"""`bigworlds sweep`: many runs of one model, here or shared out to the jobs of a Slurm array."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from bigworlds.cli.failures import ExitCode, short_path
from bigworlds.cli.submit import JOB, own_command
from bigworlds.cluster import slurm
from bigworlds.data.parameters import split_assignment
from bigworlds.ensemble import (
    Plan,
    Progress,
    Settings,
    Sweeping,
    points_of_file,
    points_of_varied,
    seeds_of,
    values_of_text,
)
from bigworlds.ensemble.plan import claim
from bigworlds.ensemble.points import Point, seed_of_text
from bigworlds.ensemble.table import FILE_NAME
from bigworlds.errors import UserError
from bigworlds.model import Model

SCRIPT = "sweep.sbatch"

# The most messages of failed runs that are shown; the table has all.
_SHOWN_FAILURES = 5


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was asked for on the command line of `bigworlds sweep`."""

    named: str
    model: Model
    out: Path
    vary: Sequence[str] = ()
    points: Path | None = None
    zipped: bool = False
    seeds: str = "1"
    assignments: Sequence[str] = ()
    ticks: int | None = None
    every: int | None = None
    as_json: bool = False


def plan_of(asked: Asked) -> Plan:
    """The runs that were asked for.

    Raises:
        UserError: something cannot be as it was asked for.
    """
    return Plan.of(
        asked.model,
        _points(asked),
        _seeds(asked.seeds),
        fixed=asked.model.parse(list(asked.assignments)),
        ticks=asked.ticks,
        every=asked.every,
    )


def _points(asked: Asked) -> list[Point]:
    if asked.points is not None:
        if asked.vary:
            raise UserError("a sweep takes --vary or --points FILE; found both")
        return points_of_file(asked.model, asked.points)
    varied: dict[str, list[Any]] = {}
    for text in asked.vary:
        name, values = split_assignment(text)
        if name in varied:
            raise UserError(f"--vary {text}: '{name}' varies twice; give all its values at once")
        varied[name] = values_of_text(asked.model, name, values)
    return points_of_varied(varied, "zip" if asked.zipped else "product")


def _seeds(text: str) -> list[int]:
    """Seeds from a text: how many, or FIRST:LAST."""
    first, colon, last = text.partition(":")
    try:
        if not colon:
            return seeds_of(int(text))
        if seed_of_text(last) < seed_of_text(first):
            raise ValueError
        return list(range(int(first), int(last) + 1))
    except (ValueError, UserError):
        raise UserError(
            f"--seeds takes how many there are, from 1 up, or FIRST:LAST; found {text!r}"
        ) from None


def execute(asked: Asked, settings: Settings) -> ExitCode:
    """Runs what is missing, and says what came out."""
    stop = Terminated()
    with stop.watching(), Sweeping(plan_of(asked), asked.out, settings) as sweeping:
        progress = sweeping.progress
        if progress.removed:
            print(f"{progress.removed} damaged lines were removed from the table", file=sys.stderr)
        code, ended = ExitCode.FINE, "done"
        try:
            with _bar(progress) as watch:
                sweeping.run(watch)
        except KeyboardInterrupt:
            code = ExitCode.STOPPED_EARLY if stop.came else ExitCode.INTERRUPTED
            ended = "terminated" if stop.came else "interrupt"
    if code is ExitCode.FINE and progress.failed:
        code, ended = ExitCode.FAILED, "failed"
    if asked.as_json:
        counts = {"runs": progress.runs, "there": progress.there, "ran": progress.ran}
        table = str(asked.out / FILE_NAME)
        print(json.dumps({**counts, "failed": progress.failed, "ended": ended, "table": table}))
    else:
        _say(progress, asked, code)
    return code


class Terminated:
    """SIGTERM ends a sweep as Ctrl-C does; remembers which it was."""

    came = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Catches the signal meanwhile."""

        def catch(number: int, frame: FrameType | None) -> None:
            self.came = True
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGTERM, catch)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)


@contextmanager
def _bar(progress: Progress) -> Iterator[Any]:
    """A bar over all runs, on a terminal only; gives what moves it."""
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        yield None
        return
    columns = (
        BarColumn(), MofNCompleteColumn(), TextColumn("runs"), TextColumn("{task.fields[failed]}"),
        TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=progress.runs, completed=progress.there, failed="")

        def watch(now: Progress) -> None:
            failed = f"[red]{len(now.failed)} failed[/red]" if now.failed else ""
            bars.update(task, completed=now.there + now.ran, failed=failed)

        yield watch


def _say(progress: Progress, asked: Asked, code: ExitCode) -> None:
    left = progress.runs - progress.there - progress.ran
    parts = [f"{progress.runs:,} runs", f"{progress.there:,} were there", f"{progress.ran:,} ran"]
    if progress.failed:
        parts.append(f"{len(progress.failed):,} of them failed")
    if left:
        parts.append(f"{left:,} are left: the same command goes on")
    print(f"{asked.model.name}: {', '.join(parts)}; {short_path((asked.out / FILE_NAME).absolute())}")
    for name, error in list(progress.failed.items())[:_SHOWN_FAILURES]:
        print(f"run {name} failed: {error}", file=sys.stderr)
    if len(progress.failed) > _SHOWN_FAILURES:
        more = len(progress.failed) - _SHOWN_FAILURES
        print(f"and {more:,} more; the column error has all", file=sys.stderr)
    if code is ExitCode.INTERRUPTED:
        print("interrupted", file=sys.stderr)


def to_slurm(
    asked: Asked, settings: Settings, resources: slurm.Resources, shares: int | None, *, dry_run: bool
) -> None:
    """Writes the batch script of an array of jobs and submits it; a dry run prints it.

    Args:
        asked: the sweep.
        settings: how each job runs its share.
        resources: of each job.
        shares: how many jobs; None for one a run, up to DEFAULT_SHARES.
        dry_run: whether it is only printed.
    """
    plan = plan_of(asked)
    count = min(len(plan.runs), DEFAULT_SHARES if shares is None else shares)
    command = own_command(_arguments(asked, settings))
    text = slurm.array_script(resources, command, shares=count, folder=Path.cwd())
    if dry_run:
        print(text, end="")
        return
    claim(asked.out, plan)
    script = asked.out.absolute() / SCRIPT
    script.write_text(text, encoding="utf-8")
    os.chmod(script, 0o755)
    number = slurm.submitted(script)
    (asked.out / JOB).write_text(json.dumps({"job": number}) + "\n", encoding="utf-8")
    print(f"job {number}: {len(plan.runs):,} runs in {count} shares; {short_path(script)}")


def _arguments(asked: Asked, settings: Settings) -> list[str]:
    """The command of one share, but for which it is."""
    words = ["sweep", asked.named, "--out", str(asked.out.absolute()), "--seeds", asked.seeds]
    for text in asked.vary:
        words += ["--vary", text]
    if asked.points is not None:
        words += ["--points", str(asked.points.absolute())]
    for text in asked.assignments:
        words += ["--set", text]
    for option, value in (("--ticks", asked.ticks), ("--every", asked.every)):
        words += [] if value is None else [option, str(value)]
    words += ["--zip"] if asked.zipped else []
    words += ["--retry"] if settings.retry else []
    words += ["--jobs", str(settings.jobs_at_a_time), "--threads", str(settings.threads)]
    return [*words, "-n", str(settings.ranks), "--on-error", settings.on_error]


# So many jobs an array has at most where it is not said.
DEFAULT_SHARES = 32
