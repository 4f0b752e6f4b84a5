"""Which snapshots a run writes and when; and which one it begins from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bigworlds.cli.engine import Simulation, save
from bigworlds.cli.failures import short_path
from bigworlds.errors import UserError
from bigworlds.snapshot import file_name, latest, prune

DEFAULT_KEEP = 3


@dataclass
class Keeper:
    """Writes snapshots while a run goes on and at its end.

    Attributes:
        file: one file that is replaced each time, or None.
        folder: a folder that gets one file per snapshot, or None.
        every: ticks between snapshots, None for the end only.
        keep: how many files stay in the folder.
    """

    file: Path | None = None
    folder: Path | None = None
    every: int | None = None
    keep: int = DEFAULT_KEEP
    kept_at: int | None = None

    @property
    def keeps(self) -> bool:
        """Whether it writes anything."""
        return self.file is not None or self.folder is not None

    def due(self, tick: int) -> int | None:
        """The next tick of a snapshot: a multiple of `every`."""
        return None if self.every is None else (tick // self.every + 1) * self.every

    def look(self, simulation: Simulation) -> bool:
        """Writes where a snapshot is due."""
        if self.every is not None and simulation.tick % self.every == 0:
            self.keep_now(simulation)
        return True

    def keep_now(self, simulation: Simulation) -> None:
        """Writes a snapshot of the present tick, if there is none yet."""
        if self.kept_at == simulation.tick:
            return
        if self.file is not None:
            save(simulation, self.file)
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            save(simulation, self.folder / file_name(simulation.tick))
            prune(self.folder, self.keep)
        self.kept_at = simulation.tick


def snapshots_in(run_folder: Path) -> Path:
    """Where a run's folder has its snapshots."""
    return run_folder / "snapshots"


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
        found = latest(snapshots_in(out)) if out is not None else None
        return found if found is not None else (file if file is not None and file.is_file() else None)
    path = Path(named).expanduser()
    if path.is_dir():
        found = latest(snapshots_in(path)) or latest(path)
        if found is None:
            raise UserError(f"--resume {named}: the folder has no good snapshot")
        return found
    if not path.is_file():
        raise UserError(f"--resume {named}: there is no such file or folder")
    return path


def check_file_can_be_made(option: str, path: Path) -> None:
    """Finds out before the run, not after it, that a file has nowhere to go.

    Raises:
        UserError: its folder is not there, or it is itself a folder.
    """
    if path.is_dir():
        raise UserError(f"{option} {short_path(path)}: expected a file, found a folder")
    if not path.absolute().parent.is_dir():
        raise UserError(f"{option} {short_path(path)}: there is no folder {short_path(path.parent)}")
