"""Channels: the types of events of a world by the numbers under which the engine knows them, and records of
single events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.behavior.uses import record_offsets, record_size
from bigworlds.data import Event
from bigworlds.data.fields import zero_of
from bigworlds.errors import ModelError, UserError, nearest_names
from bigworlds.event.plain import checked_elements
from bigworlds.simulation.schema import initial_bytes, storage_code

_SENDER_BYTES = 8


class Channels:
    """Types of events in the order of their names, however a model's file is arranged."""

    def __init__(self, events: Iterable[type[Event]]) -> None:
        self.events = sorted(set(events), key=lambda event: event.__name__)
        self._numbers = {event: number for number, event in enumerate(self.events)}
        names = [event.__name__ for event in self.events]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ModelError(f"two event classes are called '{twice}'; rename one of them")

    def add_to(self, spec: _core.ModelSpec) -> None:
        """Adds all channels to the engine's description of the model, in order."""
        for event in self.events:
            fields = [(f.name, *storage_code(f), initial_bytes(f)) for f in event.__bw_fields__.values()]
            spec.add_channel(event.__name__, fields)

    def number(self, event: Any) -> int:
        """The engine's number of an event's type.

        Raises:
            UserError: it is no event, or none that a behavior of this world sends or receives.
        """
        if not (isinstance(event, type) and issubclass(event, Event)):
            raise UserError(f"expected a class of events (bw.Event) or one event; found {event!r}")
        if event not in self._numbers:
            known = nearest_names(event.__name__, [e.__name__ for e in self.events])
            raise UserError(f"no behavior of this world sends or receives '{event.__name__}'{known}")
        return self._numbers[event]

    def record(self, event: type[Event], values: dict[str, Any]) -> bytes:
        """The record of one event; fields that are not given have their defaults.

        Raises:
            UserError: an unknown field, or a value that does not fit.
        """
        fields = event.__bw_fields__
        for name in values:
            if name not in fields:
                known = nearest_names(name, fields)
                raise UserError(f"event '{event.__name__}' has no field '{name}'{known}")
        ordered = tuple(fields.values())
        record = bytearray(record_size(ordered, _SENDER_BYTES))
        for field, offset in zip(ordered, record_offsets(ordered, _SENDER_BYTES), strict=True):
            given = values.get(field.name, field.default)
            value = zero_of(field.type) if given is None else given
            raw = np.array(checked_elements(field.type, value, field.full_name), dtype=field.dtype).tobytes()
            record[offset : offset + len(raw)] = raw
        return bytes(record)


def channels_of(behaviors: Iterable[Any]) -> Channels:
    """The channels that behaviors send to, receive from or run on."""
    found: list[type[Event]] = []
    for behavior in behaviors:
        found += [use.event for use in (*behavior.sends, *behavior.inboxes)]
        if behavior.trigger.on is not None:
            found.append(behavior.trigger.on)
    return Channels(found)


def event_parts(event: Any, fields: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The class and the values of an event that was given as a class with fields, or as one event."""
    if not isinstance(event, Event):
        return event, fields
    if fields:
        raise UserError(f"fields belong to the event: {type(event).__name__}({next(iter(fields))}=...)")
    return type(event), {name: getattr(event, name) for name in type(event).__bw_fields__}


def targets(to: Any) -> NDArray[np.uint64]:
    """Entity ids of events; 0 stands for all who listen."""
    if to is None:
        return np.zeros(1, dtype=np.uint64)
    ids = np.atleast_1d(np.asarray(to))
    if ids.ndim != 1 or (ids.size and (ids.dtype.kind not in "iu" or bool((ids < 1).any()))):
        raise UserError(
            f"to= takes entity ids (whole numbers from 1 up), or None for all who listen; found {to!r}"
        )
    return ids.astype(np.uint64)
