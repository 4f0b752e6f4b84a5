"""Single keys from a terminal: raw input while a view is open, always restored after it."""

from __future__ import annotations

import os
import select
import time
from typing import Any, TextIO

try:
    import termios
except ImportError:  # Windows has no termios: views there have no keys.
    termios = None  # type: ignore[assignment]

MAX_KEYS_PER_READ = 64


class Keyboard:
    """Reads keys as they are typed, without echo; Ctrl-C and Ctrl-Z keep their meaning.

    Args:
        stream: where keys come from; None, a pipe or a process in the background gives no keys.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._descriptor = _descriptor_of(stream)
        self._saved: list[Any] | None = None

    @property
    def open(self) -> bool:
        """Whether keys are read."""
        return self._saved is not None

    def start(self) -> None:
        """Begins to read single keys, if this process has the terminal's foreground."""
        if self._descriptor is None or self.open or not _in_foreground(self._descriptor):
            return
        try:
            saved = termios.tcgetattr(self._descriptor)
            raw = [*saved[:6], list(saved[6])]
            raw[3] &= ~(termios.ICANON | termios.ECHO)
            raw[6][termios.VMIN], raw[6][termios.VTIME] = 0, 0
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, raw)
        except (OSError, termios.error):
            return
        self._saved = saved

    def stop(self) -> None:
        """Restores the terminal's input as it was before `start`. Does nothing a second time."""
        if self._saved is None or self._descriptor is None:
            return
        saved, self._saved = self._saved, None
        try:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, saved)
        except (OSError, termios.error):
            # The terminal is gone (a closed window): there is nothing to restore.
            return

    def read(self, timeout_seconds: float = 0.0) -> str:
        """The keys typed so far; waits at most so long for the first one.

        Args:
            timeout_seconds: 0 returns at once.
        """
        if not self.open or self._descriptor is None:
            if timeout_seconds > 0:
                time.sleep(timeout_seconds)
            return ""
        try:
            ready, _, _ = select.select([self._descriptor], [], [], timeout_seconds)
            keys = os.read(self._descriptor, MAX_KEYS_PER_READ) if ready else b""
        except OSError:
            self._saved = None
            return ""
        if ready and not keys:
            # End of input: a terminal that hung up would be ready for ever.
            self.stop()
        return keys.decode("ascii", "ignore")


def _descriptor_of(stream: TextIO | None) -> int | None:
    if stream is None or termios is None:
        return None
    try:
        return stream.fileno() if stream.isatty() else None
    except (OSError, ValueError):
        return None


def _in_foreground(descriptor: int) -> bool:
    """A process in the background that changes the terminal is stopped by the kernel: it must not try."""
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return False
