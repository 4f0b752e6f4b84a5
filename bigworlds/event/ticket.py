"""Tickets: what one holds of an input until it has been applied, and its result."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from bigworlds.errors import UserError


@dataclass(frozen=True)
class InputResult:
    """What became of an input.

    Attributes:
        number: of the input; numbers count up from 1.
        tick: at whose start it was applied.
        sender: who asked.
        name: of the input.
        value: what its function returned; None where it failed.
        error: the exception that ended it, None where it was carried out. Nothing of a failed input is in
            the world.
    """

    number: int
    tick: int
    sender: str
    name: str
    value: Any
    error: Exception | None

    @property
    def ok(self) -> bool:
        """Whether it was carried out."""
        return self.error is None


class Ticket:
    """An input on its way. `result` is None until it has been applied; `wait` waits for that from another
    thread."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.number: int | None = None
        self.result: InputResult | None = None
        self._done = threading.Event()

    def wait(self, timeout: float | None = None) -> InputResult:
        """The result, once there is one.

        Args:
            timeout: seconds to wait at most; None waits as long as it takes.

        Raises:
            UserError: there is none by then.
        """
        if not self._done.wait(timeout) or self.result is None:
            raise UserError(f"input '{self.name}' was not applied within {timeout} s; does the world run?")
        return self.result

    def finish(self, result: InputResult) -> None:
        """Hands over the result."""
        self.result = result
        self._done.set()

    def __repr__(self) -> str:
        state = "waiting" if self.result is None else "done" if self.result.ok else "failed"
        return f"<ticket of input {self.name!r}, number {self.number}, {state}>"
