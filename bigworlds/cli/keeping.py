"""Which snapshots a run writes and when; and which one it begins from."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from bigworlds.cli.engine import Simulation, save
from bigworlds.cli.failures import short_path
from bigworlds.errors import UserError
from bigworlds.record import RunFolder, event
from bigworlds.record.run_folder import SNAPSHOTS
from bigworlds.snapshot import latest, prune

DEFAULT_KEEP = 3

_logger = logging.getLogger("bigworlds.cli")


class Keeper:
    """Writes snapshots while a run goes on and at its end; a watcher.

    Args:
        file: one file that is replaced each time, or None.
        folder: the folder of a run, which gets one file per snapshot, or None.
        every: ticks between snapshots, None for the end only.
        keep: how many files stay in the folder.

    Attributes:
        seconds: how long it took to keep the last tick that was kept; None before.
    """

    def __init__(
        self,
        file: Path | None,
        folder: RunFolder | None,
        every: int | None = None,
        keep: int | None = None,
    ) -> None:
        self._file = file
        self._folder = folder
        self._every = every
        self._keep = DEFAULT_KEEP if keep is None else keep
        self._kept_at: int | None = None
        self.seconds: float | None = None

    @property
    def keeps(self) -> bool:
        """Whether it writes anything."""
        return self._file is not None or self._folder is not None

    def due(self, tick: int) -> int | None:
        """The next tick of a snapshot: a multiple of `every`."""
        return None if self._every is None else (tick // self._every + 1) * self._every

    def look(self, simulation: Simulation) -> bool:
        """Writes where a snapshot is due."""
        if self._every is not None and simulation.tick % self._every == 0:
            self.keep_now(simulation)
        return True

    def keep_now(self, simulation: Simulation) -> None:
        """Writes a snapshot of the present tick, if there is none yet."""
        if self._kept_at == simulation.tick:
            return
        began = time.perf_counter()
        if self._file is not None:
            save(simulation, self._file)
        if self._folder is not None:
            path = self._folder.snapshot(simulation.tick)
            save(simulation, path)
            if simulation.rank == 0:
                prune(self._folder.snapshots, self._keep)
                event(_logger, "snapshot written", tick=simulation.tick, path=path.name)
        self._kept_at = simulation.tick
        if self.keeps:
            self.seconds = time.perf_counter() - began


def snapshot_to_resume(named: str, out: Path | None, file: Path | None) -> Path | None:
    """The snapshot that `--resume` means.

    Args:
        named: a snapshot, a run's folder, a folder of snapshots, or `latest`.
        out: the folder of `--out`.
        file: the file of `--snapshot`.

    Returns:
        The file; None where `latest` finds no snapshot yet: the run then starts afresh.

    Raises:
        UserError: there is no such file, or no good snapshot in the folder.
    """
    if named == "latest":
        if out is None and file is None:
            raise UserError("--resume latest needs --out DIR or --snapshot FILE, to know where to look")
        found = latest(out / SNAPSHOTS) if out is not None else None
        return found if found is not None else (file if file is not None and file.is_file() else None)
    path = Path(named).expanduser()
    if path.is_dir():
        return latest_in(path)
    if not path.is_file():
        raise UserError(f"--resume {named}: there is no such file or folder")
    return path


def latest_in(folder: Path) -> Path:
    """The latest good snapshot of a run's folder, or of a folder of snapshots.

    Raises:
        UserError: there is none.
    """
    found = latest(folder / SNAPSHOTS) or latest(folder)
    if found is None:
        raise UserError(f"{short_path(folder)}: the folder has no good snapshot")
    return found


def check_file_can_be_made(option: str, path: Path) -> None:
    """Finds out before the run, not after it, that a file has nowhere to go.

    Raises:
        UserError: its folder is not there, or it is itself a folder.
    """
    if path.is_dir():
        raise UserError(f"{option} {short_path(path)}: expected a file, found a folder")
    if not path.absolute().parent.is_dir():
        raise UserError(f"{option} {short_path(path)}: there is no folder {short_path(path.parent)}")
