"""A dry run: one process that pretends to be rank r of N, and counts what it would send.

Nothing comes from the others, and what is summed over all is taken to be the same on each. So a dry run tells
what one rank of a very large job sends in its first ticks; it is no simulation of the world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from bigworlds.cluster.processes import Message, write_alone
from bigworlds.errors import UserError


@dataclass
class Counted:
    """What was sent in calls of one name.

    Attributes:
        calls: how often the ranks met.
        messages: how many messages went to other ranks: in an exchange one to each neighbour, empty or not,
            and those to ranks that are no neighbours.
        filled: how many of them were not empty.
        bytes: what was in them.
    """

    calls: int = 0
    messages: int = 0
    filled: int = 0
    bytes: int = 0


class DryRun:
    """Pretends to be one rank of many: `model.simulate(comm=bw.DryRun(5, 64))`.

    Args:
        rank: which rank, from 0.
        ranks: of how many.
        load: None: the start is drawn for the whole world, and the rank keeps what is its own, as real ranks
            do. A number: only the rank's share is drawn, within its tiles; 2.0 stands for twice as many
            agents as an equal share.

    Attributes:
        counted: by the name of the call, what the rank has sent.
        neighbors: the ranks that it exchanges with in every meeting.

    Raises:
        UserError: there is no such rank, or the load is no number from 0.

    Example:
        >>> dry = DryRun(2, 4)
        >>> dry.meet("ghosts", {1: b"abc", 2: b"own"}, [10, 1])
        ({2: b'own'}, [40, 4])
        >>> dry.counted["ghosts"]
        Counted(calls=1, messages=1, filled=1, bytes=3)
    """

    pretends = True
    sharing = 1

    def __init__(self, rank: int, ranks: int, *, load: float | None = None) -> None:
        if not 0 <= rank < ranks:
            raise UserError(f"a dry run is of a rank from 0 to {ranks - 1}, of {ranks}; found {rank}")
        if load is not None and not 0.0 <= load < float("inf"):
            raise UserError(f"a dry run's load is a share of agents, a finite number from 0; found {load!r}")
        self.rank = rank
        self.ranks = ranks
        self.load = load
        self.neighbors: tuple[int, ...] = ()
        self.counted: dict[str, Counted] = {}
        self.explain: Callable[[BaseException], BaseException] | None = None
        self.running = False
        self.interrupted = False

    def forget(self) -> None:
        """Counts from here on."""
        self.counted.clear()

    def total(self) -> Counted:
        """All that was sent."""
        found = self.counted.values()
        return Counted(
            sum(one.calls for one in found),
            sum(one.messages for one in found),
            sum(one.filled for one in found),
            sum(one.bytes for one in found),
        )

    def meet(
        self, call: str, messages: Mapping[int, Message], values: Sequence[int]
    ) -> tuple[dict[int, Message], list[int]]:
        """Counts; what the rank sent to itself comes back, and the values times the number of ranks."""
        others = {rank: len(message) for rank, message in messages.items() if rank != self.rank}
        one = self.counted.setdefault(call, Counted())
        one.calls += 1
        one.messages += len(set(self.neighbors).union(others))
        one.filled += len(others)
        one.bytes += sum(others.values())
        own: dict[int, Message] = {self.rank: bytes(messages[self.rank])} if self.rank in messages else {}
        return own, self._summed(values)

    def exchange(self, call: str, messages: Sequence[Message]) -> list[Message]:
        """Counts; nothing comes from others."""
        filled = {rank: message for rank, message in enumerate(messages) if len(message)}
        own = self.meet(call, filled, ())[0].get(self.rank, b"")
        received: list[Message] = [b""] * self.ranks
        received[self.rank] = own
        return received

    def sum(self, call: str, values: Sequence[int]) -> list[int]:
        """The values times the number of ranks."""
        self.counted.setdefault(call, Counted()).calls += 1
        return self._summed(values)

    def _summed(self, values: Sequence[int]) -> list[int]:
        return [int(value) * self.ranks % 2**64 for value in values]

    def set_neighbors(self, ranks: Iterable[int]) -> None:
        """Who is met in every exchange."""
        self.neighbors = tuple(sorted(set(ranks) - {self.rank}))

    def write_at(self, path: str, pieces: Sequence[tuple[int, bytes | memoryview]]) -> None:
        """Writes its own pieces."""
        write_alone(path, pieces)

    def fail(self, error: BaseException) -> NoReturn:
        """Raises the error."""
        raise error

    def close(self) -> None:
        """Nothing to give back."""
