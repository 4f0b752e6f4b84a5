"""Runs a simulation to its end, in slices short enough that signals, progress and snapshots get their turn.

The slices change nothing in the world: only where it is looked at.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from types import FrameType
from typing import Any, Protocol

from bigworlds.cli.early import Early
from bigworlds.cli.engine import Simulation
from bigworlds.cli.walltime import Walltime

# A slice of ticks lasts about so long: Ctrl-C waits for it, and the progress bar moves with it.
SLICE_SECONDS = 0.1

# One slice grows to at most so many times the one before, so that a slow tick after fast ones is noticed.
_GROWTH = 4


class Ended(StrEnum):
    """Why a run ended."""

    TICKS = "ticks"
    UNTIL = "until"
    STOP = "stop"
    WALLTIME = "walltime"
    INTERRUPT = "interrupt"


@dataclass(frozen=True)
class Goal:
    """When a run is over, apart from the model's own `stop_when`; without any goal it goes on until it is
    stopped.

    Attributes:
        tick: the clock at which it ends, None for none.
        until: the condition of `--until`, asked after each tick, or None.
    """

    tick: int | None = None
    until: Callable[[Any], bool] | None = None


class Watcher(Protocol):
    """Something that looks at the run now and then: a view, a movie, a progress bar, a keeper of
    snapshots."""

    def due(self, tick: int) -> int | None:
        """The next tick after this one at which it must look; None where it does not mind."""

    def look(self, simulation: Simulation) -> bool:
        """Looks, between two ticks; False ends the run."""


# What asks for an end: Ctrl-C, and what batch systems send before a job's time is over.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


class Interrupts:
    """Remembers the first SIGINT, SIGTERM or SIGUSR1; a second SIGINT ends the process at once.

    Args:
        early: what came before there was a simulation.

    Attributes:
        ended: why the run is to end; None as long as nothing asks for it.
        cause: what asked for it, in words.
    """

    def __init__(self, early: Early | None = None) -> None:
        self.ended: Ended | None = None
        self.cause = "another rank"
        self._early = early
        self._simulation: Simulation | None = None

    @contextmanager
    def watching(self, simulation: Simulation) -> Iterator[None]:
        """Catches the signals while a simulation runs; does nothing outside the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._simulation = simulation
        before = {number: signal.signal(number, self._catch) for number in _SIGNALS}
        if self._early is not None and self._early.number is not None:
            self._catch(self._early.number, None)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _catch(self, number: int, frame: FrameType | None) -> None:
        self.ended = Ended.INTERRUPT if number == signal.SIGINT else Ended.WALLTIME
        self.cause = signal.Signals(number).name
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if self._simulation is not None:
            self._simulation.pause()


def run_to(
    simulation: Simulation,
    goal: Goal,
    watchers: Sequence[Watcher] = (),
    interrupts: Interrupts | None = None,
    walltime: Walltime | None = None,
) -> Ended:
    """Runs until the goal is reached, the model or a watcher says stop, or a signal arrives.

    Args:
        simulation: at any tick; where the goal's tick is reached already nothing runs.
        goal: when it is over.
        watchers: each gets its look at the ticks it asks for, and about every tenth of a second otherwise.
        interrupts: remembers signals.
        walltime: ends the run before the process's time is over.

    Returns:
        Why it ended.
    """
    caught = interrupts if interrupts is not None else Interrupts()
    slice_ticks = 1
    if goal.tick is not None and simulation.tick >= goal.tick:
        return Ended.TICKS
    if _asked_to_end(simulation, caught):  # before the first tick: the world took long to build
        assert caught.ended is not None
        return caught.ended
    while goal.tick is None or simulation.tick < goal.tick:
        began, before = time.perf_counter(), simulation.tick
        # How long a slice is comes from a clock: rank 0's counts.
        wanted = simulation.agreed(min([slice_ticks, *_distances(before, goal, watchers)]))
        if goal.until is None:
            simulation.run(wanted)
        else:
            simulation.run_until(goal.until, at_most=wanted)
        ran = time.perf_counter() - began
        # All of them look: one that wants to stop must not keep a snapshot from being written.
        looked = [watcher.look(simulation) for watcher in watchers]
        if simulation.ended in (Ended.STOP, Ended.UNTIL):
            return Ended(simulation.ended)
        if caught.ended is None and walltime is not None and walltime.is_up(ran):
            caught.ended, caught.cause = Ended.WALLTIME, "--walltime"
        if _asked_to_end(simulation, caught):
            assert caught.ended is not None
            return caught.ended
        if any(simulation.ranks_where(not all(looked))):
            return Ended.STOP
        spent = time.perf_counter() - began
        done = max(simulation.tick - before, 1)
        slice_ticks = max(1, min(int(done * SLICE_SECONDS / max(spent, 1e-9)), done * _GROWTH))
    return Ended.TICKS


def _asked_to_end(simulation: Simulation, caught: Interrupts) -> bool:
    """Whether a signal, or the time, ends the run on any rank: then on all. Collective."""
    interrupted, terminated = simulation.ranks_where(
        caught.ended is Ended.INTERRUPT, caught.ended is Ended.WALLTIME
    )
    if interrupted or terminated:
        caught.ended = Ended.INTERRUPT if interrupted else Ended.WALLTIME
    return bool(interrupted or terminated)


def _distances(tick: int, goal: Goal, watchers: Sequence[Watcher]) -> Iterator[int]:
    """How many ticks until something must happen."""
    if goal.tick is not None:
        yield goal.tick - tick
    for watcher in watchers:
        due = watcher.due(tick)
        if due is not None:
            yield due - tick
