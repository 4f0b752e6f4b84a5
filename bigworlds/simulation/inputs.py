"""Inputs on their way into a simulation: arrivals from any thread get numbers at tick boundaries, are
written to the journal and then to the engine's queue, and are applied at the start of the tick in which
they are due."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bigworlds import _core
from bigworlds.errors import BigworldsError, UserError, nearest_names
from bigworlds.event import Entry, Input, InputResult, Journal, Ticket
from bigworlds.simulation.build import BuiltModel
from bigworlds.simulation.edits import Edits, commit

_NOT_NUMBERED = 0


@dataclass(frozen=True)
class _Arrival:
    name: str
    arguments: str
    sender: str
    due: int | None  # None: the next tick
    ticket: Ticket


class Inputs:
    """The inputs of one simulation.

    Args:
        simulation: whose.
        take_parameters: puts values of parameters in force.
        core: its engine.
        built: its components and channels.
        declared: the inputs that its model has.

    Attributes:
        journal: where all that comes from outside is written, None for nowhere.
    """

    def __init__(
        self,
        simulation: Any,
        take_parameters: Callable[[dict[str, Any]], None],
        core: _core.Simulation,
        built: BuiltModel,
        declared: Iterable[Input],
    ) -> None:
        self._simulation, self._take_parameters = simulation, take_parameters
        self._core, self._built = core, built
        self._declared = {declared_input.name: declared_input for declared_input in declared}
        self._arrivals: deque[_Arrival] = deque()
        self._tickets: dict[int, Ticket] = {}
        self._lock = threading.RLock()
        self._runs = False
        self.journal: Journal | None = None

    def submit(self, given: Any, arguments: dict[str, Any], sender: str, due: int | None) -> Ticket:
        """Takes an input; in a simulation that does not run it gets its number at once.

        Raises:
            UserError: an input that the model does not have, arguments that do not fit, or a limit.
            JournalError: it could not be written down.
        """
        if not isinstance(given, Input) or self._declared.get(given.name) is not given:
            name = getattr(given, "name", None) or repr(given)
            raise UserError(f"this model has no input '{name}'{nearest_names(name, self._declared)}")
        if not isinstance(sender, str) or "\0" in sender:
            raise UserError(f"sender is a text without zero bytes; found {sender!r}")
        arrival = _Arrival(given.name, given.encode(arguments), sender, due, Ticket(given.name))
        size = sum(len(text.encode()) for text in (arrival.sender, arrival.name, arrival.arguments))
        if size > _core.MOST_INPUT_BYTES:
            raise UserError(
                f"input '{given.name}' has {size} bytes of sender, name and arguments; at most "
                f"{_core.MOST_INPUT_BYTES} may be"
            )
        with self._lock:
            if len(self._arrivals) + self._core.waiting_inputs >= _core.MOST_INPUTS:
                raise UserError(
                    f"{_core.MOST_INPUTS} inputs wait to be applied, the most that may; run ticks first"
                )
            if self._runs:
                self._arrivals.append(arrival)
            else:
                self._accept([arrival])
        return arrival.ticket

    @property
    def arrived(self) -> bool:
        """Whether inputs wait for a tick boundary."""
        return bool(self._arrivals)

    @property
    def are_running(self) -> bool:
        """Whether ticks run, inputs and behaviors among them."""
        return self._runs

    @contextmanager
    def running(self) -> Iterator[None]:
        """While ticks run, arrivals wait for a tick boundary."""
        with self._lock:
            self._runs = True
        try:
            yield
        finally:
            with self._lock:
                self._runs = False
                self.accept()

    def accept(self) -> None:
        """Numbers what has arrived. What cannot be written down has that as its result."""
        with self._lock:
            arrivals = list(self._arrivals)
            self._arrivals.clear()
        if not arrivals:
            return
        try:
            self._accept(arrivals)
        except BigworldsError as error:
            for arrival in arrivals:
                arrival.ticket.finish(
                    InputResult(_NOT_NUMBERED, self._core.tick, arrival.sender, arrival.name, None, error)
                )

    def _accept(self, arrivals: list[_Arrival]) -> None:
        tick, number = self._core.tick, self._core.next_input_number
        entries: list[Entry] = []
        for k, arrival in enumerate(arrivals):
            entries.append(
                {
                    "kind": "input",
                    "tick": tick,
                    "number": number + k,
                    "due": tick if arrival.due is None else max(tick, arrival.due),
                    "sender": arrival.sender,
                    "name": arrival.name,
                    "arguments": arrival.arguments,
                }
            )
        self.write(entries)
        for entry, arrival in zip(entries, arrivals, strict=True):
            arrival.ticket.number = self.admit(entry)
            self._tickets[arrival.ticket.number] = arrival.ticket

    def admit(self, entry: Entry) -> int:
        """Puts the input of a journal's entry into the queue; returns its number."""
        return self._core.add_input(entry["due"], entry["sender"], entry["name"], entry["arguments"])

    def write(self, entries: list[Entry]) -> None:
        """Writes entries to the journal, if there is one; they are on disk before anything of them happens.

        Raises:
            JournalError: they cannot be written.
        """
        if self.journal is not None:
            self.journal.append(entries)

    def apply_due(self) -> None:
        """Applies the inputs of the present tick, in the order of their numbers."""
        while (found := self._core.first_due_input()) is not None:
            number, sender, name, arguments = found
            result = self._applied(number, sender, name, arguments)
            self._core.remove_first_input()
            ticket = self._tickets.pop(number, None)
            if ticket is not None:
                ticket.number = number
                ticket.finish(result)

    def _applied(self, number: int, sender: str, name: str, arguments: str) -> InputResult:
        tick = self._core.tick
        edits = Edits(self._simulation, self._take_parameters, self._core, self._built, number, sender)
        value: Any = None
        try:
            if name not in self._declared:
                raise UserError(f"this model has no input '{name}'{nearest_names(name, self._declared)}")
            declared = self._declared[name]
            value = declared.function(edits, **declared.decode(arguments))
        except Exception as error:
            return InputResult(number, tick, sender, name, None, error)
        commit(edits)
        return InputResult(number, tick, sender, name, value, None)
