"""Processes: what a simulation needs of the processes that its ranks live in.

Every method but the attributes is collective: all processes make the same calls in the same order. Only bytes
and whole numbers travel; nothing is pickled.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn, Protocol

import numpy as np
from numpy.typing import NDArray

# The most values that are summed in one call.
MOST_VALUES = 8

# Linux takes no more at once.
MOST_BYTES_OF_A_WRITE = 1 << 30

Array = NDArray[Any]
Message = bytes | bytearray | memoryview


class Processes(Protocol):
    """The processes of one simulation.

    Attributes:
        explain: what makes of an error in this process the one that all are told of.
        pretends: whether there are no others: a dry run.
        running: while it is set, Ctrl-C waits for the next tick boundary; then `interrupted` says that it
            came.
    """

    pretends: bool
    explain: Callable[[BaseException], BaseException] | None
    running: bool
    interrupted: bool

    @property
    def rank(self) -> int:
        """The number of this process, from 0."""

    @property
    def ranks(self) -> int:
        """How many there are."""

    @property
    def sharing(self) -> int:
        """How many of them, this one included, may run on cores that this one may run on."""

    def meet(
        self, call: str, messages: Mapping[int, Message], values: Sequence[int]
    ) -> tuple[dict[int, Message], list[int]]:
        """Sends messages[r] to process r. Returns what came, by sender, and the sums of values over all
        processes, modulo 2^64; they are at most MOST_VALUES."""

    def exchange(self, call: str, messages: Sequence[Message]) -> list[Message]:
        """Sends messages[r] to process r; returns what came from each."""

    def sum(self, call: str, values: Sequence[int]) -> list[int]:
        """The sums of values over all processes, modulo 2^64."""

    def set_neighbors(self, ranks: Iterable[int]) -> None:
        """Says with whom this process exchanges often; to others messages take longer."""

    def write_at(self, path: str, pieces: Sequence[tuple[int, bytes | memoryview]]) -> None:
        """Writes each (offset, bytes) into a file that is there; all processes give equally many."""

    def fail(self, error: BaseException) -> NoReturn:
        """Tells the others that this process failed; all raise the same error."""

    def close(self) -> None:
        """Gives the means of communication back."""


class OneProcess:
    """A simulation that is alone in its process: nobody to talk to."""

    pretends = False
    rank = 0
    ranks = 1
    sharing = 1

    def __init__(self) -> None:
        self.explain: Callable[[BaseException], BaseException] | None = None
        self.running = False
        self.interrupted = False

    def meet(
        self, call: str, messages: Mapping[int, Message], values: Sequence[int]
    ) -> tuple[dict[int, Message], list[int]]:
        """What this process sent to itself, and the values."""
        return dict(messages), list(values)

    def exchange(self, call: str, messages: Sequence[Message]) -> list[Message]:
        """What this process sent to itself."""
        return list(messages)

    def sum(self, call: str, values: Sequence[int]) -> list[int]:
        """The values."""
        return list(values)

    def set_neighbors(self, ranks: Iterable[int]) -> None:
        """Nobody is near."""

    def write_at(self, path: str, pieces: Sequence[tuple[int, bytes | memoryview]]) -> None:
        """Writes the pieces."""
        write_alone(path, pieces)

    def fail(self, error: BaseException) -> NoReturn:
        """Raises the error."""
        raise error

    def close(self) -> None:
        """Nothing to give back."""


def write_alone(path: str, pieces: Sequence[tuple[int, bytes | memoryview]]) -> None:
    """Writes each (offset, bytes) into a file that is there, and syncs it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        for offset, content in pieces:
            view = memoryview(content)
            while len(view):
                done = os.pwrite(descriptor, view[:MOST_BYTES_OF_A_WRITE], offset)
                offset, view = offset + done, view[done:]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def gather(processes: Processes, call: str, message: Message) -> list[Message]:
    """What every process hands in, in the order of ranks, on all of them. Collective."""
    return processes.exchange(call, [message] * processes.ranks)


def broadcast(processes: Processes, call: str, message: Message) -> Message:
    """What process 0 hands in. Collective."""
    first = processes.rank == 0
    return processes.exchange(call, [message if first else b""] * processes.ranks)[0]


def broadcast_plain(processes: Processes, call: str, value: Any) -> Any:
    """A value of JSON's types of process 0, on all of them. Collective."""
    if processes.ranks == 1 or processes.pretends:
        return value
    return json.loads(bytes(broadcast(processes, call, json.dumps(value).encode())))


def gather_rows(processes: Processes, call: str, rows: Array) -> Array:
    """The rows of all processes, in the order of ranks. Collective.

    The arrays may differ in the length of their first axis, in nothing else.
    """
    if processes.ranks == 1:
        return rows
    parts = gather(processes, call, np.ascontiguousarray(rows).tobytes())
    arrays = [np.frombuffer(part, dtype=rows.dtype).reshape(-1, *rows.shape[1:]) for part in parts]
    return np.concatenate(arrays)
