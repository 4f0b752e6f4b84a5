"""A stand-in for the engine: a bw_call made with ctypes, its services as Python callbacks. One table, small
worlds.

It finds neighbours by trying all pairs in row order, keeps spawned, sent and other records in lists, and
takes mathematics from Python's math module (the same callbacks serve compiled and interpreted kernels, so
bits can be compared).
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from ctypes import POINTER, c_char_p, c_double, c_int64, c_uint32, c_uint64, c_void_p, cast
from typing import Any

import numpy as np

from bigworlds.behavior import Behavior, Kernel, abi
from bigworlds.behavior.uses import record_offsets, record_size
from bigworlds.data import Field


def normal_of(word: int) -> float:
    """Any monotone function of the word serves here."""
    return ((word >> 12) + 0.5) * 2.0**-52 * 4.0 - 2.0


def exponential_of(word: int) -> float:
    return -math.log(((word >> 12) + 0.5) * 2.0**-52)


def _ieee(function: Callable[..., float]) -> Callable[..., float]:
    def safe(*values: float) -> float:
        try:
            return function(*values)
        except (ValueError, OverflowError, ZeroDivisionError):
            return math.nan

    return safe


class StandIn:
    """A world for one behavior: `columns` by field, `run(kernel)` calls it on all rows.

    Args:
        behavior: what will be run.
        rows: how many agents.
        values: start values by Field; missing ones are 0.
        others: values by Field of those in reach; by default copies of the own columns.
        parameters: (bytes of) the parameter block.
        radius: how far gather sees.
        cells: values by Field of a grid of cells, rows counted y * width + x.
    """

    def __init__(
        self,
        behavior: Behavior,
        rows: int,
        values: dict[Field, Any] | None = None,
        *,
        parameters: bytes = b"",
        radius: float = 1.0,
        extent: tuple[float, ...] = (10.0, 10.0),
        cells: dict[Field, Any] | None = None,
        key: int = 0x0123456789ABCDEF,
        tick: int = 7,
        ids: Any = None,
        events: dict[int, list[bytes]] | None = None,
        births: int = 1000,
        empty: tuple[float, ...] | None = (1.0, 2.0, 0.0),
        strides: int = 1,
    ) -> None:
        self.behavior, self.rows, self.radius = behavior, rows, radius
        self.keep: list[Any] = []
        self.log: list[tuple[Any, ...]] = []
        self.columns: dict[Field, np.ndarray] = {}
        self.births = births
        self.empty = empty
        self.events = events or {}
        values = values or {}
        for use in behavior.columns:
            self.columns[use.field] = self._column(use.field, rows, values.get(use.field), strides)
        others: dict[Field, np.ndarray] = {}
        for reach in behavior.reaches:
            for field in reach.fields:
                given = values.get(field, self.columns.get(field))
                others[field] = self._column(field, rows, given, 1)
        self.positions = np.array(values.get(self._position(), np.zeros((rows, 2))), dtype=float)
        self.cells = {f: self._column(f, len(v), v, 1) for f, v in (cells or {}).items()}
        self.width = int(extent[0])
        self.extent = extent
        self.ids = np.array(ids if ids is not None else np.arange(rows) + 100, dtype=np.uint64)
        self.parameters = ctypes.create_string_buffer(parameters, max(len(parameters), 1))
        self.services = self._services()
        self.call = abi.Call(
            version=abi.ABI_VERSION,
            struct_size=ctypes.sizeof(abi.Call),
            tick=tick,
            rng_key=key,
            ids=cast(self.ids.ctypes.data, POINTER(c_uint64)),
            columns=self._column_table([self.columns[u.field] for u in behavior.columns]),
            parameters=cast(self.parameters, c_void_p),
            services=ctypes.pointer(self.services),
            failed_row=-1,
        )
        for axis, size in enumerate(extent):
            self.call.extent[axis] = size
        self.others = others
        self._reaches(others)
        tables = [
            abi.Cells(self._column_table([self.cells[f] for f in use.fields])) for use in behavior.cells
        ]
        self.call.cells = self._kept((abi.Cells * max(len(tables), 1))(*tables))

    def _position(self) -> Field | None:
        for component in (*self.behavior.components, *(r.component for r in self.behavior.reaches)):
            if "position" in component.__bw_fields__:
                return component.__bw_fields__["position"]
        return None

    def _kept(self, thing: Any) -> Any:
        self.keep.append(thing)
        return thing

    @staticmethod
    def _column(field: Field, rows: int, given: Any, strides: int) -> np.ndarray:
        shape = (rows, field.length) if field.length > 1 else (rows,)
        whole = np.zeros((rows * strides, *shape[1:]), dtype=field.dtype)
        column = whole[::strides]
        if given is not None:
            column[...] = np.asarray(given).reshape(shape)
        return column

    def _column_table(self, arrays: list[np.ndarray]) -> Any:
        table = (abi.Column * max(len(arrays), 1))()
        for entry, array in zip(table, arrays, strict=False):
            entry.data, entry.stride = array.ctypes.data, array.strides[0]
        return self._kept(table)

    def _reaches(self, others: dict[Field, np.ndarray]) -> None:
        uses = self.behavior.reaches
        table = (abi.Reach * max(len(uses), 1))()
        self.places: list[np.ndarray] = []
        for entry, use in zip(table, uses, strict=False):
            entry.columns = self._column_table([others[f] for f in use.fields])
            entry.ids = cast(self.ids.ctypes.data, POINTER(c_uint64))
            entry.slot_count = self.rows
            self.places.append(np.zeros(self.positions.shape))
            entry.places = cast(self.places[-1].ctypes.data, POINTER(c_double))
            weights = [self._column(f, 1000, np.arange(1000), 1) for f in use.edge_fields]
            self.keep += weights
            entry.edge_columns = self._column_table(weights)
        self.call.reaches = self._kept(table)

    # Services

    def _services(self) -> abi.Services:
        made: dict[str, Any] = {
            "gather": self._gather,
            "gather_rows": self._gather_rows,
            "gather_slots": self._gather_slots,
            "spawn": lambda c, e, r: self._record("spawn", self.behavior.spawns[e].fields, e, r),
            "attach": lambda c, e, r: self._record("attach", self.behavior.attaches[e].fields, e, r),
            "despawn": lambda c, r: self.log.append(("despawn", r)),
            "detach": lambda c, e, r: self.log.append(("detach", e, r)),
            "claim": self._claim,
            "deposit": lambda c, e, r, p, a: self.log.append(("deposit", e, r, p[0], p[1], p[2], a)),
            "send": lambda c, e, r, t, d: self._record("send", self.behavior.sends[e].fields, e, r, t, d),
            "link": lambda c, e, r, t, f: self._record("link", self.behavior.links[e].fields, e, r, t, f),
            "unlink": lambda c, e, r, t: self.log.append(("unlink", e, r, t)),
            "cell_at": self._cell_at,
            "gradient": lambda c, u, k, place, to: 0,
            "random_empty": self._random_empty,
            "commit": self._commit,
            "normal": normal_of,
            "exponential": exponential_of,
            "cbrt": _ieee(math.cbrt),
        }
        for name in (*abi.MATH_ONE, *abi.MATH_TWO):
            made.setdefault(name, _ieee(getattr(math, name)))
        services = abi.Services()
        for name, kind in abi.Services._fields_:
            if name != "inbox":
                setattr(services, name, self._kept(kind(made[name])))
        # ctypes makes no callback that returns a structure: on x86-64 that is a hidden pointer, which is
        # returned.
        hidden = ctypes.CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_int64, c_int64)
        callback = self._kept(hidden(self._inbox))
        offset = abi.LAYOUT["bw_services.inbox"]
        ctypes.memmove(ctypes.addressof(services) + offset, ctypes.byref(cast(callback, c_void_p)), 8)
        return services

    def _found(self, row: int) -> list[np.ndarray]:
        """Slots, edges, squared distances and offsets per axis of a row's neighbours."""
        size = np.array(self.extent[: self.positions.shape[1]])
        steps = self.positions - self.positions[row]
        steps -= size * np.round(steps / size)
        squared = (steps**2).sum(axis=1)
        inside = np.flatnonzero((squared <= self.radius**2) & (np.arange(self.rows) != row))
        slots, edges = inside.astype(np.uint32), (inside * 2 + row).astype(np.uint32)
        return [slots, edges, squared[inside], *steps[inside].T]

    def _publish(self, hits: Any, columns: list[np.ndarray]) -> list[np.ndarray]:
        columns = [np.ascontiguousarray(c) for c in columns]
        slots, edges, squared, *steps = columns
        hits.count = len(slots)
        hits.slots = cast(slots.ctypes.data, POINTER(c_uint32))
        hits.edges = cast(edges.ctypes.data, POINTER(c_uint32))
        hits.distance2 = cast(squared.ctypes.data, POINTER(c_double))
        for axis, steps_of_axis in enumerate(steps):
            hits.offset[axis] = cast(steps_of_axis.ctypes.data, POINTER(c_double))
        return columns

    def _gather(self, call: Any, reach: int, row: int) -> int:
        self.hits = self._publish(call.contents.hits, self._found(row))
        self.log.append(("gather", reach, row))
        return int(call.contents.hits.count)

    def _gather_rows(self, call: Any, reach: int, first: int, count: int) -> int:
        """Those of three rows at most, so that kernels have to ask again."""
        found = [self._found(row) for row in range(first, first + min(count, 3))]
        columns = [np.concatenate(parts) for parts in zip(*found, strict=True)]
        self.rows_hits = self._publish(call.contents.rows_hits, columns)
        self.hit_starts = np.cumsum([0, *(len(f[0]) for f in found)]).astype(np.uint32)
        call.contents.hit_starts = cast(self.hit_starts.ctypes.data, POINTER(c_uint32))
        self.log += [("gather", reach, first + i) for i in range(len(found))]
        return len(found)

    def _gather_slots(self, call: Any, reach: int, first: int, count: int) -> int:
        """Those of one row, from which all others are seen: it stands at 0, so that offsets are exact."""
        slots, _, _, *steps = self._found(first)
        self.places[reach][slots] = np.transpose(steps)
        self.centers = np.zeros(3)
        call.contents.hit_centers = cast(self.centers.ctypes.data, POINTER(c_double))
        return self._gather_rows(call, reach, first, 1)

    def _record(self, what: str, fields: tuple[Field, ...], *numbers: int) -> int | None:
        if what == "spawn" and self.births == 0:
            return None
        self.births -= what == "spawn"
        buffer = self._kept(ctypes.create_string_buffer(max(record_size(fields), 1)))
        self.log.append((what, *numbers, fields, buffer))
        return ctypes.addressof(buffer)

    def _claim(self, call: Any, effect: int, row: int, place: Any, count: int) -> None:
        self.log.append(("claim", effect, row, place[0], place[1], place[2], count))
        if call.contents.order:
            self.columns[self.behavior.claims[effect].result.field][row] = count + 1

    def _cell_at(self, call: Any, cells: int, place: Any) -> int:
        x, y = math.floor(place[0]), math.floor(place[1])
        if 0 <= x < self.extent[0] and 0 <= y < self.extent[1]:
            return y * self.width + x
        return -1

    def _random_empty(self, call: Any, word: int) -> int:
        self.log.append(("random_empty", word))
        if self.empty is None:
            return -1
        for axis in range(3):
            call.contents.place[axis] = self.empty[axis]
        return 0

    def _commit(self, call: Any, row: int) -> int:
        self.log.append(("commit", row, *(c[row].tolist() for c in self.columns.values())))
        return 0

    def _inbox(self, result: int, call: int, effect: int, row: int) -> int:
        fields = self.behavior.inboxes[effect].fields
        records = self.events.get(row, [])
        joined = self._kept(c_char_p(b"".join(records) or b"\0"))
        found = abi.Inbox.from_address(result)
        found.count, found.stride = len(records), record_size(fields, 8)
        found.records = cast(joined, c_void_p).value
        return result

    # Running and looking

    def run(self, kernel: Kernel, begin: int = 0, end: int | None = None, order: Any = None) -> int:
        """Calls the kernel; returns its status."""
        if order is not None:
            numbers = self._kept(np.array(order, dtype=np.uint32))
            self.call.order = cast(numbers.ctypes.data, POINTER(c_uint32))
        function = abi.KERNEL(kernel.address)
        status = function(ctypes.byref(self.call), begin, self.rows if end is None else end)
        return int(status)

    def records(self, what: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        """What was spawned, attached or sent: the numbers of the service call and the fields' stored
        elements."""
        found = []
        for entry in self.log:
            if entry[0] == what:
                fields, buffer = entry[-2], entry[-1]
                values = {}
                for field, offset in zip(fields, record_offsets(fields), strict=True):
                    array = np.frombuffer(buffer, field.dtype, field.length, offset)
                    values[field.name] = array[0].item() if field.length == 1 else array.tolist()
                found.append((entry[1:-2], values))
        return found

    def seen(self) -> list[Any]:
        """The log with the contents of records, for comparing two runs; without gathering, which changes
        nothing and may be done ahead, and without commits, which a row that has not moved may leave out."""
        log = [e for e in self.log if e[0] not in ("gather", "commit")]
        filled = ("spawn", "attach", "send", "link")
        return [(*e[:-2], bytes(e[-1].raw)) if e[0] in filled else e for e in log]


def bits(array: np.ndarray) -> list[Any]:
    """The stored bits, all NaNs taken as one."""
    if array.dtype.kind == "f":
        array = np.where(np.isnan(array), np.array(np.nan, array.dtype), array)
    return np.ascontiguousarray(array).view(f"u{array.dtype.itemsize}").tolist()


def both(
    behavior: Behavior,
    make: Callable[[], StandIn],
    parameters: type | None = None,
    order: Any = None,
) -> StandIn:
    """Runs a behavior compiled and interpreted on equal worlds and compares all that can be seen.

    Returns:
        The world of the compiled run; `status` and `failed_row` tell how it ended, `error` is the
        interpreted exception.
    """
    worlds = []
    for interpret in (False, True):
        world = make()
        kernel = behavior.kernel(parameters, sequential=order is not None, interpret=interpret)
        world.status = world.run(kernel, order=order)
        world.failed_row = world.call.failed_row
        world.error = kernel.pending_error()
        worlds.append(world)
    compiled, interpreted = worlds
    assert (compiled.status, compiled.failed_row) == (interpreted.status, interpreted.failed_row), (
        interpreted.error
    )
    for field, column in compiled.columns.items():
        assert bits(column) == bits(interpreted.columns[field]), field
    assert compiled.seen() == interpreted.seen()
    compiled.error = interpreted.error
    return compiled
