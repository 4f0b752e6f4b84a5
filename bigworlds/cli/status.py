"""`bigworlds status`: how far a run or a sweep is, by what is in its folder and what Slurm says about its
job."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bigworlds.cli.failures import short_path
from bigworlds.cli.submit import JOB
from bigworlds.cluster import slurm
from bigworlds.ensemble import SweepTable, is_sweep
from bigworlds.ensemble.plan import manifest_in
from bigworlds.errors import UserError
from bigworlds.record import RunFolder
from bigworlds.record.log import LOG_FILES

# How often `--follow` looks, in seconds.
FOLLOW_SECONDS = 5.0

_TURNS = ("run started", "run ended", "run failed")

_OVER = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "BOOT_FAIL")


@dataclass
class Status:
    """What is known.

    Attributes:
        lines: what and how it is, for people.
        over: whether nothing more will come.
    """

    lines: dict[str, str] = field(default_factory=dict)
    over: bool = False


def show(named: str, *, follow: bool) -> None:
    """Prints the status of a job or folder, once or until it is over.

    Raises:
        UserError: there is no such job, no such folder, or nothing in it.
    """
    while True:
        status = status_of(named)
        print("\n".join(f"{name:10}{said}" for name, said in status.lines.items()), flush=True)
        if not follow or status.over:
            return
        print()
        time.sleep(FOLLOW_SECONDS)


def status_of(named: str) -> Status:
    """The status of a job, by its number, or of a folder."""
    if named.isdecimal():
        job = slurm.job(int(named))
        if job is None:
            raise UserError(
                f"Slurm knows no job {named} (any more); give the folder of the run: bigworlds status DIR"
            )
        folder = None if job.script is None else job.script.parent
        return _status(int(named), job, folder)
    folder = Path(named)
    if not folder.is_dir():
        raise UserError(f"there is no folder {named}; status takes the number of a job, or a folder of --out")
    number = _job_of(folder)
    return _status(number, None if number is None else slurm.job(number), folder)


def _status(number: int | None, job: slurm.QueuedJob | None, folder: Path | None) -> Status:
    status = Status()
    if number is not None and job is not None:
        restarts = f", queued again {job.restarts} times" if job.restarts else ""
        status.lines["job"] = f"{number}: {job.state}, {job.used} of {job.limit}, {job.nodes}{restarts}"
        status.over = job.state.split()[0] in _OVER
    if folder is None:
        return status
    status.lines["folder"] = short_path(folder.absolute())
    if is_sweep(folder):
        _add_sweep(status, folder)
    elif (run := RunFolder.containing(folder)) is not None:
        _add_run(status, run)
    elif job is None:
        raise UserError(f"{folder} holds neither a run nor a sweep; give a folder that --out made")
    else:
        status.lines["run"] = "not started yet"
    return status


def _add_sweep(status: Status, folder: Path) -> None:
    table = SweepTable(folder)
    runs, failed, planned = len(table.runs), len(table.failed), manifest_in(folder).get("runs")
    of = f" of {planned:,}" if isinstance(planned, int) else ""
    status.lines["sweep"] = f"{runs:,}{of} runs have ended" + (f", {failed:,} failed" if failed else "")
    if runs == planned and "job" not in status.lines:
        status.over = True


def _add_run(status: Status, run: RunFolder) -> None:
    events = _events(run.log)
    status.lines["model"] = f"{run.manifest.model}, seed {run.manifest.seed}, {run.manifest.ranks} ranks"
    starts = [event for event in events if event["event"] == "run started"]
    ticks = [event for event in events if isinstance(event.get("tick"), int)]
    if not ticks:
        status.lines["run"] = "no tick is known yet"
        return
    last = ticks[-1]
    turn = next((event for event in reversed(events) if event["event"] in _TURNS), last)
    ended = turn["event"] == "run ended"
    state = f"ended ({turn.get('ended')})" if ended else "failed" if turn["event"] == "run failed" else "runs"
    status.lines["run"] = f"{state} at tick {last['tick']:,}, {_age(last)} ago{_speed(starts, last)}"
    if len(starts) > 1:
        status.lines["started"] = f"{len(starts)} times, last at tick {starts[-1]['tick']:,}"
    kept = [event for event in ticks if event["event"] == "snapshot written"]
    if kept:
        status.lines["snapshot"] = f"tick {kept[-1]['tick']:,}, {_age(kept[-1])} ago"
    if turn["event"] in ("run ended", "run failed") and "job" not in status.lines:
        status.over = True


def _speed(starts: list[dict[str, Any]], last: Mapping[str, Any]) -> str:
    if not starts:
        return ""
    seconds = (_time(last) - _time(starts[-1])).total_seconds()
    ticks = last["tick"] - starts[-1]["tick"]
    return f", {ticks / seconds:,.3g} ticks/s" if seconds > 0 and ticks > 0 else ""


def _events(log: Path) -> list[dict[str, Any]]:
    """The events of a log and of the files that were set aside, oldest first; half-written lines are left
    out."""
    found: list[dict[str, Any]] = []
    aside = [log.with_name(f"{log.name}.{number}") for number in range(LOG_FILES, 0, -1)]
    for path in (*aside, log):
        if not path.is_file():
            continue
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and "event" in event and "time" in event:
                found.append(event)
    return found


def _time(event: Mapping[str, Any]) -> datetime.datetime:
    return datetime.datetime.fromisoformat(str(event["time"]).replace("Z", "+00:00"))


def _age(event: Mapping[str, Any]) -> str:
    seconds = max(0.0, (datetime.datetime.now(datetime.UTC) - _time(event)).total_seconds())
    return str(datetime.timedelta(seconds=int(seconds)))


def _job_of(folder: Path) -> int | None:
    try:
        return int(json.loads((folder / JOB).read_text(encoding="utf-8"))["job"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
