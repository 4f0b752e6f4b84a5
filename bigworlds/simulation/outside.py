"""The part of a simulation that the outside talks to: events, inputs, parameters, the journal of them, and
its replay."""

from __future__ import annotations

import os
import threading
from typing import Any, TypeVar, cast

import numpy as np

from bigworlds import _core
from bigworlds.data import Event, Resource
from bigworlds.data.parameters import Parameters
from bigworlds.errors import UserError
from bigworlds.event import Entry, Input, Journal, JournalError, Ticket, read_journal
from bigworlds.event.plain import fields_from_plain, fields_to_plain
from bigworlds.model import Model
from bigworlds.simulation.build import BuiltModel
from bigworlds.simulation.channels import event_parts, targets
from bigworlds.simulation.inputs import Inputs

R = TypeVar("R", bound=Resource)


class Outside:
    """Events and inputs from outside, and the journal: what `Simulation` adds to a world that runs by
    itself."""

    model: Model
    edited_by_hand: bool
    _core: _core.Simulation
    _built: BuiltModel
    _inputs: Inputs
    _parameters: Parameters | None
    _resources: dict[type[Resource], Resource]
    _paused: threading.Event

    def send(self, event: Event | type[Event], /, *, to: Any = None, after: int = 0, **fields: Any) -> None:
        """Sends an event from outside, from sender 0. Collective.

        It is received from the first phase of the next tick on, or `after` ticks later: by each behavior that
        has an inbox of its type, in that behavior's first run from then on. Those to an entity that has ended
        by then are dropped and counted (`sim.dropped_events`).

        Args:
            event: its class, with fields by keyword, or an event: `sim.send(Alarm(level=2))`.
            to: an entity id, several (a list or an array: one event each), or None for all who listen.
            after: ticks to wait beyond the next one, from 0 up.
            fields: values by name; fields that are not given have their defaults.

        Raises:
            UserError: an event that no behavior of this world knows, or a value that does not fit.

        Example:
            >>> import bigworlds as bw
            >>> class Post(bw.Event):
            ...     coins: int
            >>> class Purse(bw.Component):
            ...     coins: int
            >>> @bw.behavior
            ... def receive(purse: Purse, post: bw.Inbox[Post]) -> None:
            ...     for letter in post:
            ...         purse.coins += letter.coins
            >>> @bw.model()
            ... def bank(world):
            ...     world.spawn(Purse, n=3)
            ...     world.behaviors(receive)
            >>> sim = bank.simulate(rng=1)
            >>> sim.send(Post, to=2, coins=5)
            >>> sim.send(Post, coins=1)
            >>> sim.step()
            >>> sim.table(Purse)["coins"].tolist()
            [1, 6, 1]
        """
        kind, values = event_parts(event, fields)
        self._send(kind, values, to, ticks_of("after", after))

    def _send(self, kind: type[Event], values: dict[str, Any], to: Any, after: int) -> None:
        channel = self._built.channels.number(kind)
        record = self._built.channels.record(kind, values)
        ids = targets(to)
        if self._inputs.journal is not None:
            entry: Entry = {
                "kind": "event",
                "tick": self._core.tick,
                "first": self._core.events_from_outside,
                "event": kind.__name__,
                "to": None if to is None else ids.tolist(),
                "after": after,
                "fields": fields_to_plain(kind.__bw_fields__, values),
            }
            self._inputs.write([entry])
        self._core.send(channel, ids, record, after)

    def at(self, tick: int, what: Any, /, *, to: Any = None, sender: str = "", **given: Any) -> Ticket | None:
        """Schedules an event or an input for a tick: `sim.at(100, Alarm, level=2)`. Collective.

        Args:
            tick: from the present one (`sim.tick`) up: when the event can first be received, or at whose
                start the input is applied.
            what: an event, as in `send`, or an input, as in `submit`.
            to: of events, as in `send`.
            sender: of inputs, as in `submit`.
            given: fields, or arguments.

        Returns:
            The ticket of an input, None for an event.
        """
        if ticks_of("tick", tick) < self._core.tick:
            raise UserError(f"at takes a tick from {self._core.tick} (the present one) up; found {tick}")
        if isinstance(what, Input):
            if to is not None:
                raise UserError("to= belongs to events; an input is told by its arguments whom it is about")
            return self._inputs.submit(what, given, sender, int(tick))
        kind, values = event_parts(what, given)
        self._send(kind, values, to, int(tick) - self._core.tick)
        return None

    def submit(self, what: Input, /, *, sender: str = "", **arguments: Any) -> Ticket:
        """Submits an input: it gets a number and is applied at the start of the next tick. From any thread.

        Inputs of a tick are applied in the order of their numbers, before its first phase. Each has a
        result; an exception becomes the result and changes nothing.

        Args:
            what: an input that the model has (`world.inputs`).
            sender: who asks.
            arguments: its arguments by name.

        Returns:
            A ticket; its `result` is there once the input has been applied.

        Raises:
            UserError: an input that the model does not have, or arguments that do not fit.
            JournalError: it could not be written to the journal; it is not applied then.

        Example:
            see `bw.input`.
        """
        return self._inputs.submit(what, arguments, sender, None)

    def waiting_events(self, event: type[Event]) -> int:
        """How many events of a type were sent and have not been received by all behaviors that do.
        Collective."""
        return self._core.waiting_events(self._built.channels.number(event))

    @property
    def dropped_events(self) -> int:
        """How many events found no receiver since this simulation was made. Collective.

        Their entity had ended when the first behavior that receives their type ran, or no behavior receives
        it.
        """
        return self._core.dropped_events

    def set_parameters(self, **values: Any) -> None:
        """Changes parameters of the running world from the next tick on; nothing is compiled again.
        Collective.

        Raises:
            UserError: an unknown parameter, or a value that it cannot take.
        """
        if self._parameters is None:
            raise UserError(f"model {self.model.name} has no parameters; found {', '.join(values)}")
        after = self._parameters.replace(**values)
        if self._inputs.journal is not None:
            plain = {name: value for name, value in after.as_dict().items() if name in values}
            self._inputs.write([{"kind": "parameters", "tick": self._core.tick, "values": plain}])
        self._take_parameters(values)

    def resource(self, kind: type[R] | str) -> R:
        """The values of a resource, as they are now: `sim.resource(Weather).rain`.

        Raises:
            UserError: the world has none like that.
        """
        return cast("R", self._resources[self._built.schema.resource(kind)])

    def set_resource(self, kind: type[Resource] | str, **values: Any) -> None:
        """Changes values of a resource from the next tick on. Collective. It replays from a journal.

        Args:
            kind: its class, or the class's name.
            values: by name; others stay.

        Raises:
            UserError: the world has none like that, or a value that it cannot take.
        """
        found = self._built.schema.resource(kind)
        if self._inputs.are_running:
            raise UserError("the world runs: change resources between ticks, or by an input (bw.input)")
        after = self._resources[found].replace(**values)
        if self._inputs.journal is not None:
            plain = {name: value for name, value in after.as_dict().items() if name in values}
            self._inputs.write(
                [
                    {
                        "kind": "resource",
                        "tick": self._core.tick,
                        "resource": found.__name__,
                        "values": plain,
                    }
                ]
            )
        self._take_resource(found, values)

    def _take_resource(self, kind: type[Resource], values: dict[str, Any]) -> None:
        """Puts values of a resource in force, which have been checked."""
        raise NotImplementedError

    def _take_parameters(self, values: dict[str, Any]) -> None:
        """Puts values of parameters in force, which have been checked."""
        raise NotImplementedError

    def _advance(self, ticks: int) -> int:
        """Runs ticks without asking for reasons to stop, except for `pause`; returns how many."""
        raise NotImplementedError

    def digest(self) -> str:
        """The digest of the whole state."""
        raise NotImplementedError

    def _mark_edited(self) -> None:
        """Notes that the state was written by hand, which no journal can replay."""
        self._inputs.write([{"kind": "hand", "tick": self._core.tick}])
        self.edited_by_hand = True

    def journal(self, path: str | os.PathLike[str]) -> None:
        """Writes all that comes from outside from now on to a journal: events, inputs, changes of parameters.

        With the model and the seed the run can be replayed from it (`replay`). An entry is on disk before
        it takes effect. A journal that is there already is gone on with, if it ends where this simulation
        stands.

        Args:
            path: the file.

        Raises:
            JournalError: the file is damaged, no journal, of another run, or cannot be written.
        """
        if self._inputs.journal is not None:
            raise UserError(
                f"a journal is written already, to {self._inputs.journal.path}; close_journal() ends it"
            )
        journal = Journal(path, self._header())
        try:
            self._check_header(journal.path, journal.header)
            for entry in journal.entries:
                beyond = entry["tick"] > self._core.tick and entry["kind"] != "end"
                if beyond or self._is_missing(entry):
                    raise JournalError(
                        f"{path} goes on to an entry of tick {entry['tick']} that this simulation, at tick "
                        f"{self._core.tick}, does not have; replay it first, or name another file"
                    )
        except JournalError:
            journal.close()
            raise
        self._inputs.journal = journal

    def close_journal(self) -> None:
        """Ends the journal with the tick and the digest, by which a replay is checked. Collective."""
        if self._inputs.journal is not None:
            self._inputs.write([{"kind": "end", "tick": self._core.tick, "digest": self.digest()}])
            self._inputs.journal.close()
            self._inputs.journal = None

    def replay(self, path: str | os.PathLike[str]) -> None:
        """Runs the world as a journal says, to its last tick. Collective.

        The simulation is one of the journal's model, parameters and seed, at the journal's first tick, or
        at a later one resumed from a snapshot of the run: entries that it has in it already are passed
        over.

        Args:
            path: the journal.

        Raises:
            JournalError: the journal is damaged, of another run, of one that was edited by hand, or the
                replay ended in another state than the run did.

        Example:
            `sim = farm.simulate(rng=1); sim.replay("out/journal")`
        """
        header, written = read_journal(path)
        self._check_header(path, header)
        entries = _without_void_ends(written)
        past = [k for k, entry in enumerate(entries) if self._is_past(entry)]
        begin = past[-1] + 1 if past else 0
        for k, entry in enumerate(entries):
            if self._is_missing(entry) and (k < begin or entry["tick"] < self._core.tick):
                raise JournalError(
                    f"{path} has an entry of tick {entry['tick']} that this simulation, at tick "
                    f"{self._core.tick}, does not have in it: it is of another run"
                )
        for entry in entries[begin:]:
            ticks = max(0, entry["tick"] - self._core.tick)
            if ticks > 0 and self._advance(ticks) < ticks:
                self._paused.clear()  # another replay goes on from here
                return
            self._replay_entry(path, entry)

    def _replay_entry(self, path: str | os.PathLike[str], entry: Entry) -> None:
        match entry["kind"]:
            case "input":
                if entry["number"] != self._core.next_input_number:
                    expected = self._core.next_input_number
                    raise JournalError(f"{path}: expected input {expected}; found {entry['number']}")
                self._inputs.write([entry])
                self._inputs.admit(entry)
            case "event":
                kinds = {kind.__name__: kind for kind in self._built.channels.events}
                if entry["event"] not in kinds:
                    name = entry["event"]
                    raise JournalError(f"{path} has an event '{name}' that this model does not have")
                kind = kinds[entry["event"]]
                self._send(
                    kind, fields_from_plain(kind.__bw_fields__, entry["fields"]), entry["to"], entry["after"]
                )
            case "parameters":
                self.set_parameters(**entry["values"])
            case "resource":
                self.set_resource(entry["resource"], **entry["values"])
            case "hand":
                raise JournalError(
                    f"{path}: at tick {entry['tick']} the run was edited by hand: it cannot be replayed"
                )
            case "end":
                if entry["digest"] != self.digest():
                    raise JournalError(
                        f"the replay of {path} came to another state at tick {entry['tick']} than the run "
                        f"did: expected digest {entry['digest']}; found {self.digest()}"
                    )
            case kind_name:
                raise JournalError(
                    f"{path} has an entry of kind '{kind_name}' that this version does not know"
                )

    def _is_missing(self, entry: Entry) -> bool:
        """Whether an entry's number says that this simulation does not have it in its state."""
        return entry["kind"] in ("input", "event") and not self._is_past(entry)

    def _is_past(self, entry: Entry) -> bool:
        """Whether this simulation has an entry in its state already."""
        match entry["kind"]:
            case "input":
                return bool(entry["number"] < self._core.next_input_number)
            case "event":
                return bool(entry["first"] < self._core.events_from_outside)
        return bool(entry["tick"] < self._core.tick)

    def _header(self) -> Entry:
        return {
            "model": self.model.name,
            "seed": self._core.seed,
            "parameters": None if self._parameters is None else self._parameters.as_dict(),
            "tick": self._core.tick,
            "inputs": self._core.next_input_number,
            "events": self._core.events_from_outside,
            "digest": self.digest(),
        }

    def _check_header(self, path: str | os.PathLike[str], header: Entry) -> None:
        """Refuses the journal of another run, as far as its beginning tells."""
        mine = self._header()
        for name in ("model", "seed"):
            if header[name] != mine[name]:
                raise JournalError(
                    f"{path} is a journal of {name} {header[name]!r}; this simulation has {mine[name]!r}"
                )
        if header["tick"] > mine["tick"]:
            raise JournalError(
                f"{path} begins at tick {header['tick']}, from a snapshot; this simulation is at tick "
                f"{mine['tick']}: resume that snapshot"
            )
        if all(header[name] == mine[name] for name in ("tick", "inputs", "events")):
            for name in ("parameters", "digest"):
                if header[name] != mine[name]:
                    raise JournalError(
                        f"{path} begins with {name} {header[name]!r}; this simulation has {mine[name]!r}"
                    )


def _without_void_ends(entries: list[Entry]) -> list[Entry]:
    """The entries without the ends of runs that were gone on with from before their end."""
    kept: list[Entry] = []
    for entry in reversed(entries):
        if entry["kind"] != "end" or not kept or kept[-1]["tick"] >= entry["tick"]:
            kept.append(entry)
    return kept[::-1]


def ticks_of(name: str, given: Any) -> int:
    """A checked number of ticks."""
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < 0:
        raise UserError(f"{name} is a number of ticks from 0 up; found {given!r}")
    return int(given)
