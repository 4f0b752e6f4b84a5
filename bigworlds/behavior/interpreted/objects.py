"""The arguments of a behavior that runs as plain Python: what bigworlds.behavior.arguments describes, over
a bw_call."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from typing import Any

from bigworlds.behavior import arguments as public
from bigworlds.behavior.abi import NEW_EDGE
from bigworlds.behavior.interpreted import memory
from bigworlds.behavior.interpreted.random import Stream
from bigworlds.behavior.translate.kinds import Vector
from bigworlds.behavior.uses import (
    AttachUse,
    ClaimUse,
    InboxUse,
    LinkUse,
    ReachUse,
    SendUse,
    SpawnUse,
    record_offsets,
)
from bigworlds.data import Field
from bigworlds.data.vectors import divide, ivec2, ivec3, square_root, vec2, vec3, wrap64
from bigworlds.errors import nearest_names

_VECTORS = {Vector(False, 2): vec2, Vector(False, 3): vec3, Vector(True, 2): ivec2, Vector(True, 3): ivec3}

_RecordUse = SpawnUse | AttachUse | SendUse | LinkUse


class State:
    """One row's run: the call, the row, what was gathered, the random stream and the place at the start."""

    def __init__(self, call: Any, row: int, *, plain: bool, position: Vector | None) -> None:
        self.call = call
        self.row = row
        self.plain = plain
        self.position = position
        self.gathered = -1
        self.hits: list[tuple[int, tuple[float, ...], float, int]] = []
        self.place: tuple[float, ...] | None = None
        self.id = int(call.ids[row]) if call.ids else row
        self.own: dict[type, Own] = {}
        self._stream: Stream | None = None

    @property
    def services(self) -> Any:
        """The engine's table of services."""
        return self.call.services.contents

    @property
    def pointer(self) -> Any:
        """The call as services take it."""
        return ctypes.pointer(self.call)

    def stream(self) -> Stream:
        """The row's random stream; one, so that draws go on where they stopped."""
        if self._stream is None:
            services = self.services
            key = int(self.call.rng_key)
            self._stream = Stream(key, self.id, int(self.call.tick), services.normal, services.exponential)
        return self._stream

    def vector(self, values: Any) -> Any:
        """A place in this world's kind of vector."""
        assert self.position is not None
        numbers = list(values)[: self.position.size]
        return _VECTORS[self.position](*((int(v) for v in numbers) if self.position.whole else numbers))


def place_of(place: Any) -> Any:
    """A place as the services take it."""
    numbers = [float(v) for v in place]
    return (ctypes.c_double * 3)(*numbers, *[0.0] * (3 - len(numbers)))


class Own:
    """An own component: the row's fields, changed freely and stored after the behavior returned."""

    __slots__ = ("__dict__", "_component")
    _component: type

    def __init__(self, component: type, values: dict[str, Any]) -> None:
        object.__setattr__(self, "_component", component)
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        fields = self._component.__bw_fields__  # type: ignore[attr-defined]
        if name in fields:
            raise AttributeError(f"the behavior was not declared to use {self._component.__name__}.{name}")
        raise AttributeError(f"{self._component.__name__} has no field {name!r}{nearest_names(name, fields)}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.__dict__:
            self.__getattr__(name)
        self.__dict__[name] = value

    def __repr__(self) -> str:
        return f"{self._component.__name__}({', '.join(f'{k}={v!r}' for k, v in self.__dict__.items())})"


class Readable:
    """Fields of somebody else, read from columns when they are asked for; read only."""

    __slots__ = ("_columns", "_fields", "_row", "_state", "_what")

    def __init__(self, state: State, what: str, fields: tuple[Field, ...], columns: Any, row: int) -> None:
        set_ = object.__setattr__
        set_(self, "_state", state)
        set_(self, "_what", what)
        set_(self, "_fields", fields)
        set_(self, "_columns", columns)
        set_(self, "_row", row)

    def __getattr__(self, name: str) -> Any:
        for column, field in enumerate(self._fields):
            if field.name == name:
                entry = self._columns[column]
                address = (entry.data or 0) + self._row * entry.stride
                return memory.read(
                    field.type, address, field.full_name, plain=self._state.plain, writable=False
                )
        names = [f.name for f in self._fields]
        raise AttributeError(f"{self._what} gives no {name!r}{nearest_names(name, names)}")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{self._what} is read only; a behavior writes its own agent only")


class Neighbor(Readable):
    """One item of a Neighbors argument."""

    __slots__ = ("_hit", "_use", "distance", "edge", "id", "offset")

    def __init__(
        self, state: State, use: ReachUse, reach: Any, hit: tuple[int, tuple[float, ...], float, int]
    ) -> None:
        slot, steps, squared, edge = hit
        super().__init__(state, "a neighbour", use.fields, reach.columns, slot)
        set_ = object.__setattr__
        set_(self, "id", wrap64(int(reach.ids[slot])) if reach.ids else slot)
        if use.edge is not None:
            set_(self, "edge", Readable(state, "an edge", use.edge_fields, reach.edge_columns, edge))
        else:
            set_(self, "distance", square_root(squared))
            if state.position is not None:
                set_(self, "offset", state.vector(steps))


class Neighbors(public.Neighbors[Any]):
    """A Neighbors argument: gathers once, and again only after another argument's loop has been in
    between."""

    def __init__(self, state: State, index: int, use: ReachUse) -> None:
        self._state, self._index, self._use = state, index, use

    def _gather(self) -> list[tuple[int, tuple[float, ...], float, int]]:
        state = self._state
        if state.gathered != self._index:
            count = state.services.gather(state.pointer, self._index, state.row)
            hits = state.call.hits
            state.gathered = self._index
            axes = [hits.offset[a] for a in range(3) if hits.offset[a]]
            state.hits = [
                (
                    int(hits.slots[k]),
                    tuple(axis[k] for axis in axes),
                    hits.distance2[k] if hits.distance2 else 0.0,
                    int(hits.edges[k]) if hits.edges else 0,
                )
                for k in range(count)
            ]
        return state.hits

    def item(self, k: int) -> Neighbor:
        """The k-th neighbour."""
        hit = self._gather()[k]
        return Neighbor(self._state, self._use, self._state.call.reaches[self._index], hit)

    def __iter__(self) -> Iterator[Any]:
        for k in range(len(self)):
            yield self.item(k)

    def __len__(self) -> int:
        return len(self._gather())

    def __getitem__(self, k: int) -> Neighbor:
        return self.item(k)

    def nearest(self) -> Any:
        hits = self._gather()
        if not hits:
            return None
        best, least = 0, math.inf
        for k, hit in enumerate(hits):
            if hit[2] < least:
                best, least = k, hit[2]
        return self.item(best)


class Clock(public.Clock):
    """The clock."""

    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def tick(self) -> int:
        return int(self._state.call.tick)


class Entity(public.Entity):
    """The agent itself."""

    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def id(self) -> int:
        return wrap64(self._state.id)

    def despawn(self) -> None:
        self._state.services.despawn(self._state.pointer, self._state.row)


class _Records:
    """What fills records: spawn, attach, send and link."""

    def __init__(self, state: State, index: int, what: str, use: _RecordUse) -> None:
        self._state, self._index, self._what, self._use = state, index, what, use

    def fill(self, fields: dict[str, Any], *numbers: int) -> None:
        """Checks the values, asks the engine for a record and fills it."""
        known = {
            f.name: (f, o) for f, o in zip(self._use.fields, record_offsets(self._use.fields), strict=True)
        }
        ready: list[tuple[int, bytes]] = []
        for name, value in fields.items():
            if name not in known:
                raise TypeError(f"{self._use.argument} has no field {name!r}{nearest_names(name, known)}")
            field, offset = known[name]
            stored = memory.elements(field.type, value, field.full_name)
            ready.append((offset, memory.packed(field.type, stored)))
        service = getattr(self._state.services, self._what)
        record = service(self._state.pointer, self._index, self._state.row, *numbers)
        if not record:
            raise RuntimeError(f"the engine gave no record for {self._use.argument!r}: a limit is reached")
        for offset, raw in ready:
            ctypes.memmove(record + offset, raw, len(raw))


class Spawn(_Records):
    """A Spawn argument."""

    def __call__(self, **fields: Any) -> None:
        self.fill(fields)


class Attach(_Records):
    """An Attach argument."""

    def __call__(self, **fields: Any) -> None:
        self.fill(fields)


class Detach:
    """A Detach argument."""

    def __init__(self, state: State, index: int) -> None:
        self._state, self._index = state, index

    def __call__(self) -> None:
        self._state.services.detach(self._state.pointer, self._index, self._state.row)


def addressee(target: int) -> int:
    """The target of an event; 0 is nobody and an error, since the engine takes it for everybody."""
    if target == 0:
        raise ValueError(
            "an event is sent to entity 0, which is nobody; to send to all who listen: .all(...)"
        )
    return target


class Send(_Records):
    """A Send argument."""

    def __call__(self, target: int, *, after: int = 0, **fields: Any) -> None:
        self.fill(fields, addressee(target) & (2**64 - 1), after)

    def all(self, *, after: int = 0, **fields: Any) -> None:
        """Sends to all who listen."""
        self.fill(fields, 0, after)


class Link(_Records):
    """A Link argument."""

    def target(self, target: int) -> int:
        """The id of the other end; the agent's own is an error."""
        if wrap64(target) == wrap64(self._state.id):
            raise ValueError(f"entity {self._state.id} has no edge to itself; an edge leads to another agent")
        return target

    def add(self, target: int, **fields: Any) -> None:
        """Orders an edge."""
        self.fill(fields, self.target(target) & (2**64 - 1), NEW_EDGE)

    def set(self, target: int, **fields: Any) -> None:
        """Orders new values of fields of an edge."""
        written = sum(1 << k for k, f in enumerate(self._use.fields) if f.name in fields)
        self.fill(fields, self.target(target) & (2**64 - 1), written)

    def remove(self, target: int) -> None:
        """Orders the end of an edge."""
        state = self._state
        state.services.unlink(state.pointer, self._index, state.row, self.target(target) & (2**64 - 1))


class Claim:
    """A Claim argument. In a sequential run the result field is read again: it is granted at once."""

    def __init__(self, state: State, index: int, use: ClaimUse, column: int) -> None:
        self._state, self._index, self._use, self._column = state, index, use, column

    def ask(self, place: Any, n: int = 1) -> None:
        """Asks for up to n of the things at a place."""
        state = self._state
        state.services.claim(state.pointer, self._index, state.row, place_of(place), n)
        if state.call.order:
            entry = state.call.columns[self._column]
            field = self._use.result.field
            value = memory.read(
                field.type,
                entry.data + state.row * entry.stride,
                field.full_name,
                plain=state.plain,
                writable=True,
            )
            setattr(state.own[field.owner], field.name, value)


class Cells(public.Cells[Any]):
    """A Cells argument, and what finds the cell of Here."""

    def __init__(self, state: State, index: int, fields: tuple[Field, ...]) -> None:
        self._state, self._index, self._fields = state, index, fields

    def at(self, place: Any) -> Any:
        state = self._state
        row = state.services.cell_at(state.pointer, self._index, place_of(place))
        if row < 0:
            raise IndexError(f"there is no cell at {place!r}: it is outside the world")
        return Readable(state, "a cell", self._fields, state.call.cells[self._index].columns, row)

    def gradient(self, place: Any, field: Any) -> Any:
        names = [f.name for f in self._fields]
        column = names.index(field if isinstance(field, str) else field.name)
        found = (ctypes.c_double * 3)()
        services, pointer = self._state.services, self._state.pointer
        if services.gradient(pointer, self._index, column, place_of(place), found) != 0:
            raise IndexError(f"there is no cell at {place!r}: it is outside the world")
        return vec2(*found[:2]) if len(list(place)) == 2 else vec3(*found[:3])

    def here(self) -> Any:
        """The cell at the row's place when its run began."""
        assert self._state.place is not None
        return self.at(self._state.place)


class Deposit:
    """A Deposit argument."""

    def __init__(self, state: State, index: int) -> None:
        self._state, self._index = state, index

    def add(self, place: Any, amount: float) -> None:
        """Adds an amount to the cell at a place."""
        state = self._state
        state.services.deposit(state.pointer, self._index, state.row, place_of(place), amount)


class Space(public.Space):
    """The world's size."""

    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def size(self) -> Any:
        return self._state.vector(self._state.call.extent)

    def clamp(self, place: Any) -> Any:
        sizes = self._state.call.extent
        return type(place)(*(_clamp(p, sizes[i]) for i, p in enumerate(place)))

    def wrap(self, place: Any) -> Any:
        sizes = self._state.call.extent
        return type(place)(*(_wrap(p, sizes[i]) for i, p in enumerate(place)))

    def random_empty(self, rng: Any) -> Any:
        state = self._state
        if state.services.random_empty(state.pointer, rng.word()) < 0:
            raise RuntimeError("space.random_empty: no cell is empty")
        return state.vector(state.call.place)


def _clamp(place: Any, size: float) -> Any:
    if isinstance(place, int):
        low, largest = (0 if place < 0 else place), int(size) - 1
        return largest if low > largest else low
    low_place = 0.0 if place < 0.0 else place
    below = math.nextafter(size, 0.0)
    return below if low_place > below else low_place


def _wrap(place: Any, size: float) -> Any:
    if isinstance(place, int):
        return place % int(size)
    if 0.0 <= place < size:
        wrapped = place
    elif -size <= place < size + size:
        wrapped = place + size if place < 0.0 else place - size
    else:
        wrapped = place % size if size != 0.0 and math.isfinite(place) else divide(0.0, 0.0)
    return 0.0 if wrapped == size else wrapped


class Inbox(public.Inbox[Any]):
    """An Inbox argument."""

    def __init__(self, state: State, index: int, use: InboxUse) -> None:
        self._state, self._index, self._use = state, index, use

    def _found(self) -> Any:
        return self._state.services.inbox(self._state.pointer, self._index, self._state.row)

    def item(self, k: int) -> Received:
        """The k-th event."""
        found = self._found()
        return Received(self._state, self._use, found.records + k * found.stride)

    def __iter__(self) -> Iterator[Any]:
        for k in range(len(self)):
            yield self.item(k)

    def __len__(self) -> int:
        return int(self._found().count)


class Received:
    """One event of an inbox: its fields and `sender`; read only."""

    __slots__ = ("__dict__",)

    def __init__(self, state: State, use: InboxUse, address: int) -> None:
        values: dict[str, Any] = {"sender": wrap64(ctypes.c_uint64.from_address(address).value)}
        for field, offset in zip(use.fields, record_offsets(use.fields, 8), strict=True):
            values[field.name] = memory.read(
                field.type, address + offset, field.full_name, plain=state.plain, writable=False
            )
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("events are read only")
