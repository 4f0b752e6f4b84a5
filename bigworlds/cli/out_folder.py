"""The folder of `--out`: records, snapshots, log and manifest of one run, begun or gone on with."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from bigworlds.cli.engine import Simulation, manifest_of, records_of, rows_of
from bigworlds.cli.failures import short_path
from bigworlds.errors import UserError
from bigworlds.record import EventLog, Manifest, Recorder, RunFolder, event
from bigworlds.record.run_folder import MANIFEST, NAMES

# A line about the tick is logged so often, in seconds.
LINE_SECONDS = 10.0

_logger = logging.getLogger("bigworlds.cli")


def check_out(path: Path, *, going_on: bool) -> None:
    """Finds out before anything is built whether the folder can take the run.

    Args:
        path: the folder of `--out`.
        going_on: whether it may hold this run already (`--resume latest`).

    Raises:
        UserError: it is no folder, or it holds a run.
    """
    if path.exists() and not path.is_dir():
        raise UserError(f"--out {short_path(path)}: expected a folder, found a file")
    taken = [name for name in NAMES if (path / name).exists()]
    if taken and not going_on:
        raise UserError(
            f"--out {short_path(path)} holds a run already ({', '.join(taken)}), and a run is never "
            "overwritten; name another folder, or go on with --resume latest"
        )


def manifest_in(path: Path) -> Manifest | None:
    """The manifest of the run that a folder holds, None where it holds none.

    Raises:
        UserError: the manifest is damaged.
    """
    return RunFolder.open(path).manifest if (path / MANIFEST).is_file() else None


class OutFolder:
    """The open folder of a run, into which the simulation records. Use it as a context manager.

    Collective; rank 0 writes.

    Attributes:
        recorder: of the records in it.

    Args:
        path: the folder, made where it is not there.
        simulation: before its first tick here.
    """

    def __init__(self, path: Path, simulation: Simulation) -> None:
        self._stack = ExitStack()
        self._rows = rows_of(simulation)
        self._next_line = 0.0
        if simulation.rank > 0:
            self.folder = RunFolder(path, manifest_of(simulation))
            self.recorder = Recorder.unkept(records_of(simulation), simulation.agreed(None))
            simulation.record_with(self.recorder)
            return
        if manifest_in(path) is None:
            self.folder = RunFolder.create(path, manifest_of(simulation))
        else:
            self.folder = RunFolder.open(path)
        self._stack.enter_context(EventLog(self.folder.log))
        specs = records_of(simulation)
        if self.folder.records.exists():
            # Where no tick has been kept yet, nothing that was recorded is.
            last = simulation.tick if simulation.tick > 0 else -1
            self.recorder = Recorder.resume(specs, self.folder.records, last)
        else:
            self.recorder = Recorder.create(specs, self.folder.records)
        self._stack.callback(self.recorder.close)
        simulation.agreed(self.recorder.last_tick)
        simulation.record_with(self.recorder)
        event(_logger, "run started", tick=simulation.tick, seed=simulation.seed, model=simulation.model.name)

    def __enter__(self) -> Self:
        self.recorder.observe(self._rows)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            event(_logger, "run failed", level=logging.ERROR, reason=str(error))
        self._stack.close()

    def due(self, tick: int) -> int | None:
        """As a watcher it has no ticks of its own."""
        return None

    def look(self, simulation: Simulation) -> bool:
        """Logs now and then how far the run is, for `bigworlds status`."""
        now = time.monotonic()
        if now >= self._next_line:
            self._next_line = now + LINE_SECONDS
            event(_logger, "running", tick=simulation.tick)
        return True

    def ended(self, simulation: Simulation, why: str) -> None:
        """Logs the end of the run."""
        event(_logger, "run ended", tick=simulation.tick, ended=why, seconds=round(simulation.seconds, 6))
