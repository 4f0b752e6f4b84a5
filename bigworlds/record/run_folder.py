"""A run's folder, as `--out DIR` makes it: records.h5, snapshots/, journal, log.jsonl,
manifest.json.

A folder holds one run, and no run is ever written over: a new one starts only where none of these
names exists, and of two that start at once in one folder one is refused.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bigworlds.errors import UserError
from bigworlds.record.records import FILE_NAME as RECORDS
from bigworlds.snapshot import file_name, latest

MANIFEST = "manifest.json"
SNAPSHOTS = "snapshots"
JOURNAL = "journal"
LOG = "log.jsonl"
NAMES = (MANIFEST, RECORDS, SNAPSHOTS, JOURNAL, LOG)
"""All that a run puts into its folder."""

_RESUME = "Give another folder, or go on with this run: --resume"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a run is, written when it starts.

    Attributes:
        version: of bigworlds.
        model: its name.
        model_hash: of its source.
        parameters: values by name.
        seed: of the run.
        ranks, threads: how many.
        machine: host, system, processor and number of cores.
        python: version of the interpreter.
        started: UTC, ISO 8601.
    """

    version: str
    model: str
    model_hash: str
    parameters: Mapping[str, Any]
    seed: int
    ranks: int
    threads: int
    machine: Mapping[str, Any] = field(default_factory=lambda: machine())
    python: str = field(default_factory=platform.python_version)
    started: str = field(default_factory=lambda: now())


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run.

    Use `create` for a new run, `open` or `containing` for one that was started.

    Attributes:
        path: the folder.
        manifest: what the run is.
    """

    path: Path
    manifest: Manifest

    @classmethod
    def create(cls, path: str | os.PathLike[str], manifest: Manifest) -> RunFolder:
        """Makes the folder of a new run.

        Args:
            path: a folder, made if it does not exist. Other files may be in it, those of a run not.
            manifest: what the run is.

        Raises:
            UserError: it holds a run already, or it cannot be made.

        *Rank 0*.
        """
        folder = Path(path)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            taken = [name for name in NAMES if os.path.lexists(folder / name)]
            if taken:
                raise UserError(_holds_a_run(folder, taken))
            _write_new(folder / MANIFEST, dataclasses.asdict(manifest))
            (folder / SNAPSHOTS).mkdir()
        except FileExistsError as error:
            if folder.is_dir():  # another process was faster
                raise UserError(_holds_a_run(folder, [MANIFEST])) from None
            raise UserError(f"{folder} is no folder; give the name of one.") from error
        except OSError as error:
            raise UserError(f"{folder} cannot be made: {error.strerror}. Give another one.") from error
        return cls(folder, manifest)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> RunFolder:
        """The folder of a run that was started.

        Raises:
            UserError: there is no run in it.
        """
        folder = Path(path)
        try:
            content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            names = [one.name for one in dataclasses.fields(Manifest)]
            return cls(folder, Manifest(**{name: content[name] for name in names}))
        except OSError as error:
            raise UserError(
                f"{folder} holds no run: {MANIFEST} cannot be read ({error.strerror}). Give a "
                "folder that --out made."
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{folder / MANIFEST} is damaged: {error!r}.") from error

    @classmethod
    def containing(cls, path: str | os.PathLike[str]) -> RunFolder | None:
        """The run that a path belongs to: its folder, or a file or snapshot in it; None if there is
        none."""
        given = Path(path)
        for folder in (given, given.parent, given.parent.parent):
            if (folder / MANIFEST).is_file():
                return cls.open(folder)
        return None

    @property
    def records(self) -> Path:
        """The file of the records."""
        return self.path / RECORDS

    @property
    def snapshots(self) -> Path:
        """The folder of the snapshots."""
        return self.path / SNAPSHOTS

    @property
    def journal(self) -> Path:
        """The file of the numbered inputs."""
        return self.path / JOURNAL

    @property
    def log(self) -> Path:
        """The file of the events."""
        return self.path / LOG

    def snapshot(self, tick: int) -> Path:
        """The file of a tick's snapshot."""
        return self.snapshots / file_name(tick)

    def latest_snapshot(self) -> Path | None:
        """The newest whole snapshot; damaged ones are skipped with a warning."""
        return latest(self.snapshots)


def machine() -> dict[str, Any]:
    """The machine that this process runs on: host, system, processor, cores."""
    return {
        "host": platform.node(),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
    }


def now() -> str:
    """The time, UTC, ISO 8601, to the second."""
    moment = datetime.datetime.now(datetime.UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _processor() -> str:
    """The processor's name; Linux keeps it where `platform` does not look."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _write_new(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a file that must not exist, so that of two runs at once one is refused."""
    text = json.dumps(content, indent=2, default=str) + "\n"
    with open(path, "x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _holds_a_run(folder: Path, taken: list[str]) -> str:
    """What to say about a folder with a run in it."""
    try:
        run = RunFolder.open(folder).manifest
    except UserError:
        return (
            f"{folder} holds {', '.join(taken)} of another run, which is not written over. "
            "Give another folder."
        )
    return (
        f"{folder} holds a run already: model {run.model}, seed {run.seed}, started {run.started}. "
        f"It is not written over. {_RESUME} {folder}."
    )
