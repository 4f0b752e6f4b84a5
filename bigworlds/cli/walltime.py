"""`--walltime`: how long the process may live, and when it has to stop so that its snapshot is still written.

The time counts from the process's start. On several ranks any rank's clock can end the run for all.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

from bigworlds.errors import UserError

# As long as no snapshot has been written, so much of the time is left for it, but no more seconds than this.
FIRST_SHARE = 0.05
FIRST_MARGIN_SECONDS = 60.0

# Afterwards so many times what the last one took, and this for what comes around it.
SNAPSHOTS = 2.0
MARGIN_SECONDS = 1.0

_FORM = re.compile(r"(?:(?:(?P<days>\d+)-)?(?P<hours>\d+):)?(?P<minutes>\d+):(?P<seconds>\d\d(?:\.\d*)?)")


def seconds_of(text: str) -> float:
    """The seconds that a text means: a number of them, MM:SS, HH:MM:SS, or D-HH:MM:SS as Slurm writes it.

    Raises:
        UserError: it is none of these, or no time at all.

    Example:
        >>> seconds_of("01:30:00"), seconds_of("90"), seconds_of("2-00:00:10")
        (5400.0, 90.0, 172810.0)
    """
    found = _FORM.fullmatch(text.strip())
    try:
        if found is None:
            seconds = float(text)
        else:
            parts = {name: float(part or 0) for name, part in found.groupdict().items()}
            hours = 24 * parts["days"] + parts["hours"]
            seconds = 3600 * hours + 60 * parts["minutes"] + parts["seconds"]
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds < float("inf"):
        raise UserError(f"a time is HH:MM:SS, D-HH:MM:SS or a number of seconds above 0; found {text!r}")
    return seconds


class Walltime:
    """Says when a run has to stop.

    Args:
        seconds: how long the process may live; None for ever.
        snapshot_seconds: tells how long the last snapshot took, None where there was none yet.
        age_seconds: how old the process is.
    """

    def __init__(
        self,
        seconds: float | None,
        snapshot_seconds: Callable[[], float | None],
        age_seconds: Callable[[], float] | None = None,
    ) -> None:
        self._seconds = seconds
        self._snapshot_seconds = snapshot_seconds
        self._age = process_age if age_seconds is None else age_seconds

    def is_up(self, step_seconds: float) -> bool:
        """Whether another step of this length would leave too little time for a snapshot."""
        if self._seconds is None:
            return False
        return self._age() + step_seconds + self._margin(self._seconds) >= self._seconds

    def _margin(self, seconds: float) -> float:
        last = self._snapshot_seconds()
        if last is None:
            return min(FIRST_SHARE * seconds, FIRST_MARGIN_SECONDS)
        return SNAPSHOTS * last + min(MARGIN_SECONDS, FIRST_SHARE * seconds)


_loaded = time.monotonic()


def process_age() -> float:
    """How long this process has been there, in seconds; where the system does not tell, since its imports."""
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")  # since the machine's start
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started
    except (OSError, IndexError, ValueError, AttributeError):
        return time.monotonic() - _loaded
