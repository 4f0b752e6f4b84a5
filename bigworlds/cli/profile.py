"""`--profile`: what ranks spend their ticks on, as records while the world runs and as a table at its end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bigworlds.cli.engine import PARTS, Simulation
from bigworlds.errors import UserError
from bigworlds.record import Recorder, Records

NAME = "profile"
"""The record that holds profiles."""

TICKS = "ticks"
"""The column that says how many ticks a row of it is about."""

Columns = dict[str, NDArray[np.float64]]


class Profile:
    """Measures a run. A watcher: at each look it notes what has been spent since the look before.

    Collective; rank 0 records and prints.

    Args:
        simulation: before its first tick here.
        recorder: of the run's folder, where it has one.
    """

    def __init__(self, simulation: Simulation, recorder: Recorder | None) -> None:
        simulation.measure()
        self._recorder = recorder
        self._first = self._last = simulation.profile()
        self._tick = simulation.tick

    def due(self, tick: int) -> int | None:
        """It has no ticks of its own."""
        return None

    def look(self, simulation: Simulation) -> bool:
        """Notes what was spent and sent since the last look."""
        now = simulation.profile()
        if self._recorder is not None and simulation.tick > self._tick:
            rows = {name: (values - self._last[name])[np.newaxis] for name, values in now.items()}
            ticks = np.array([simulation.tick - self._tick])
            self._recorder.note(NAME, simulation.tick, {TICKS: ticks, **rows})
        self._last, self._tick = now, simulation.tick
        return True

    def print(self, console: Console) -> None:
        """The table of all that was spent."""
        spent = {name: values - self._first[name] for name, values in self._last.items()}
        table = Table("rank", *PARTS, "sent", "MB", title="seconds by part of the tick; messages")
        for column in table.columns:
            column.justify = "right"
        for rank in range(len(spent["wait"])):
            seconds = (f"{spent[part][rank]:.3f}" for part in PARTS)
            sent = f"{spent['messages'][rank]:,.0f}", f"{spent['bytes'][rank] / 1e6:,.2f}"
            table.add_row(str(rank), *seconds, *sent)
        console.print(table)
        console.print(
            f"imbalance {imbalance(spent):.3f}: the busiest rank's work over the mean, waiting left out"
        )


def imbalance(spent: Columns) -> float:
    """How much longer the busiest rank works than all do on average: 1 where all have as much to do.

    Example:
        >>> parts = {part: np.zeros(2) for part in PARTS}
        >>> imbalance({**parts, "compute": np.array([1.0, 3.0]), "wait": np.array([2.0, 0.0])})
        1.5
    """
    work = np.sum([spent[part] for part in PARTS if part != "wait"], axis=0)
    return float(work.max() / work.mean()) if work.sum() > 0 else 1.0


def profile_of(records: Path) -> Columns:
    """The profile that a run recorded: "tick" (n,), and what each rank spent and sent per tick (n, ranks).

    Raises:
        UserError: it recorded none.
    """
    found = Records.open(records)
    if NAME not in found:
        raise UserError(f"{records} holds no profile: run it with --profile --out DIR")
    rows = found.to_numpy(NAME)
    ticks = rows.pop(TICKS)[:, np.newaxis]
    return {name: values if name == "tick" else values / ticks for name, values in rows.items()}
