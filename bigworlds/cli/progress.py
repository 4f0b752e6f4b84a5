"""The progress bar of a run: ticks, ticks per second, agents and time left, on a terminal only."""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from bigworlds.cli.engine import Simulation

_SECONDS_BETWEEN_COUNTS = 0.5


class ProgressBar:
    """A watcher that shows how far a run is. Use it as a context manager.

    Args:
        simulation: before the run.
        end: the clock at which the run ends, or None.
        console: where to draw.
    """

    def __init__(self, simulation: Simulation, end: int | None, console: Console) -> None:
        self._first = simulation.tick
        self._began = time.perf_counter()
        self._next_count = 0.0
        columns = [SpinnerColumn(), TextColumn("{task.description}")]
        if end is not None:
            columns += [BarColumn(), MofNCompleteColumn()]
        columns += [TextColumn("{task.fields[speed]} ticks/s"), TextColumn("{task.fields[agents]} agents")]
        if end is not None:
            columns += [TimeRemainingColumn()]
        self._progress = Progress(*columns, console=console, transient=True)
        total = None if end is None else end - self._first
        self._task = self._progress.add_task("", total=total, speed="", agents="")

    def __enter__(self) -> ProgressBar:
        self._progress.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._progress.stop()

    def due(self, tick: int) -> int | None:
        """It has no ticks of its own."""
        return None

    def look(self, simulation: Simulation) -> bool:
        """Moves the bar."""
        now = time.perf_counter()
        done = simulation.tick - self._first
        self._progress.update(
            self._task,
            completed=done,
            description=f"tick {simulation.tick:,}",
            speed=f"{done / max(now - self._began, 1e-9):,.0f}",
        )
        if now >= self._next_count:
            self._progress.update(self._task, agents=f"{simulation.entities:,}")
            self._next_count = now + _SECONDS_BETWEEN_COUNTS
        return True
