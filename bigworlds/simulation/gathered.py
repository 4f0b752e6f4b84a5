"""The whole world's rows and sums, of the processes that its ranks live in. Every call is collective.

Where all ranks live in this process nothing is copied that need not be.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.cluster import Processes
from bigworlds.cluster.processes import gather, gather_rows
from bigworlds.data.fields import FieldType, value_of_contents
from bigworlds.record.sums import exact_sum
from bigworlds.snapshot import Section

Array = NDArray[Any]
_Part = tuple[NDArray[np.uint64], dict[str, Array]]


class Gathered:
    """What a simulation reads of its core, brought together from all processes."""

    def __init__(self, core: _core.Simulation, processes: Processes) -> None:
        self._core = core
        self._processes = processes

    def ids(self, component: int) -> Array:
        """The ids of all entities with a component, in no particular order."""
        mine = np.asarray(self._core.ids(component), dtype=np.uint64)
        return gather_rows(self._processes, "ids", mine)

    def rows(self, component: int, field: int, dtype: Any, length: int) -> tuple[Array, Array]:
        """(ids, values) of a field of all entities with its component, in the same order; copies."""
        parts = self._core.views(component, field)
        ids = joined([part[0] for part in parts], np.uint64)
        values = joined([part[1] for part in parts], dtype, length)
        if self._processes.ranks > 1:
            ids = gather_rows(self._processes, "ids", ids)
            values = gather_rows(self._processes, "column", values)
        return ids, values

    def contents(self, component: int, field: int, kind: FieldType) -> tuple[Array, Array]:
        """(ids, values) of a field of any length, values as objects; copies."""
        ids, sizes, stored = _core.open_values.of_simulation(self._core, component, field)
        if self._processes.ranks > 1:
            ids = gather_rows(self._processes, "ids", np.asarray(ids))
            sizes = gather_rows(self._processes, "sizes", np.asarray(sizes))
            stored = gather_rows(self._processes, "contents", np.frombuffer(stored, np.uint8)).tobytes()
        ends = np.cumsum(sizes).tolist()
        values = np.empty(len(ids), object)
        for row, (begin, end) in enumerate(zip([0, *ends], ends, strict=False)):
            values[row] = value_of_contents(kind, stored[begin:end])
        return np.asarray(ids), values

    def cells(self, component: int, field: int) -> Array:
        """A field of all cells, in the order of cells; a copy."""
        values = np.asarray(self._core.cell_values(component, field))
        if self._processes.ranks > 1:
            owned = np.asarray(self._core.owned_cells())
            order = gather_rows(self._processes, "cells", owned)
            values[order] = gather_rows(self._processes, "cell column", values[owned])
        return values

    def sum(self, mine: Array) -> int | float:
        """The exact sum of the values that the processes hand in, shape (n,), rounded once."""
        if self._processes.ranks == 1:
            return exact_sum(mine)
        if mine.dtype.kind == "f":
            part = _core.ExactSum()
            part.add(mine.astype(np.float64, copy=False))
            total = _core.ExactSum()
            for other in gather(self._processes, "sum", part.to_bytes()):
                total.merge(_core.ExactSum.from_bytes(bytes(other)))
            return total.value()
        parts = gather(self._processes, "sum", json.dumps(exact_sum(mine)).encode())
        return sum(int(json.loads(bytes(part))) for part in parts)

    def extreme(self, mine: Array, reduce: Callable[[Array], Any]) -> Any:
        """The smallest or largest of the values that the processes hand in; None where there are none."""
        found = np.array([reduce(mine)], dtype=mine.dtype) if len(mine) else mine[:0]
        every = gather_rows(self._processes, "extreme", found)
        return reduce(every) if len(every) else None

    def sections(self) -> list[Section]:
        """The whole state as named arrays, their rows in the order of keys; copies."""
        mine = self.own_sections()
        return mine if self._processes.ranks == 1 else [self._whole(section) for section in mine]

    def own_sections(self) -> list[Section]:
        """This process's part of the state: on all processes the same sections with the same columns."""
        parts: dict[tuple[str, str], list[_Part]] = {}
        for room, name, keys, columns in self._core.sections():
            parts.setdefault((room, name), []).append((keys, columns))
        mine = {names: whole_section(*names, parts[names]) for names in sorted(parts)}
        return list(mine.values()) if self._processes.ranks == 1 else self._aligned(mine)

    def _aligned(self, mine: dict[tuple[str, str], Section]) -> list[Section]:
        """All sections that any process has; those that this one has nothing of are empty."""
        forms = [
            (
                room,
                name,
                [(label, values.dtype.str, values.shape[1:]) for label, values in section.columns.items()],
            )
            for (room, name), section in mine.items()
        ]
        every = {}
        for told in gather(self._processes, "sections", json.dumps(forms).encode()):
            every.update({(room, name): columns for room, name, columns in json.loads(bytes(told))})
        return [mine.get(names) or _empty(*names, every[names]) for names in sorted(every)]

    def _whole(self, mine: Section) -> Section:
        """A section of which each process has a part."""
        keys = gather_rows(self._processes, "keys", mine.keys)
        values = {label: gather_rows(self._processes, label, part) for label, part in mine.columns.items()}
        return whole_section(mine.room, mine.name, [(keys, values)])


def _empty(room: str, name: str, columns: list[tuple[str, str, list[int]]]) -> Section:
    none = {label: np.empty((0, *shape), dtype=dtype) for label, dtype, shape in columns}
    return Section(room, name, np.empty(0, dtype=np.uint64), none)


def whole_section(room: str, name: str, parts: list[_Part]) -> Section:
    """One section of the parts of several tables, tiles or ranks, in the order of keys."""
    keys = _one([part[0] for part in parts])
    columns = {label: _one([part[1][label] for part in parts]) for label in parts[0][1]}
    if np.any(keys[1:] < keys[:-1]):
        order = np.argsort(keys, kind="stable")
        keys, columns = keys[order], {label: values[order] for label, values in columns.items()}
    return Section(room, name, keys, columns)


def _one(parts: list[Array]) -> Array:
    """Parts one after the other; a single one is not copied again."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def joined(parts: list[Array], dtype: Any = None, length: int = 1) -> Array:
    """One array of the rows of several tables; a copy."""
    if parts:
        return np.concatenate(parts)
    return np.empty(0 if length == 1 else (0, length), dtype=dtype)
