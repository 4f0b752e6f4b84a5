"""Early: a signal that asks a run to end while its world is not there yet, remembered until it is.

Batch systems do not ask whether a program has come so far. By default SIGUSR1 and SIGTERM would kill it, with
nothing kept. Only the standard library is imported here: this holds from the first moment on.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# What batch systems send before a job's time is over.
SIGNALS = (signal.SIGTERM, signal.SIGUSR1)


class Early:
    """Remembers the first of the signals.

    Attributes:
        number: the signal, None as long as none came.
    """

    def __init__(self) -> None:
        self.number: int | None = None

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """Catches the signals; does nothing outside the main thread."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._catch) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _catch(self, number: int, frame: FrameType | None) -> None:
        self.number = number if self.number is None else self.number

    def pass_on(self) -> None:
        """Ends this process by the signal that came, if one did: where another program takes its place,
        which would not know of it."""
        if self.number is not None:
            signal.signal(self.number, signal.SIG_DFL)
            os.kill(os.getpid(), self.number)
