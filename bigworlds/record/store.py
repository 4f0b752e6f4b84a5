"""Where recorded rows go: a file (`snapshot.TableWriter`), or memory, with the same methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bigworlds.errors import UserError, nearest_names
from bigworlds.snapshot import held_bytes

Array = NDArray[Any]
Rows = Mapping[str, Array]

MEMORY_LIMIT_BYTES = 1 << 30
"""What a run without a folder may keep of its records in memory."""

MOST_PARTS = 1024
"""Appended rows are joined when there are so many parts of a table."""


class Store(Protocol):
    """Tables that take rows; see `snapshot.TableWriter` for what each method promises."""

    pending_bytes: int

    @property
    def names(self) -> list[str]: ...

    def add(self, name: str, about: Mapping[str, Any]) -> None: ...

    def about(self, name: str) -> dict[str, Any]: ...

    def append(self, name: str, rows: Rows) -> None: ...

    def commit(self, **numbers: int) -> None: ...

    def number(self, name: str) -> int | None: ...

    def read(self, name: str) -> dict[str, Array]: ...

    def keep_up_to(self, column: str, last: int) -> None: ...

    def last(self, name: str, column: str) -> int | None: ...

    def close(self) -> None: ...


class MemoryTables:
    """Tables in memory, for a run that has no folder.

    Example:
        >>> tables = MemoryTables()
        >>> tables.add("sheep", {"kind": "count"})
        >>> tables.append("sheep", {"tick": np.array([0]), "value": np.array([7])})
        >>> tables.read("sheep")["value"].tolist()
        [7]
    """

    def __init__(self) -> None:
        self.pending_bytes = 0  # nothing waits for a commit here
        self._about: dict[str, dict[str, Any]] = {}
        self._parts: dict[str, list[Rows]] = {}
        self._numbers: dict[str, int] = {}
        self._nbytes = 0

    @property
    def names(self) -> list[str]:
        """All tables, in the order in which they were added."""
        return list(self._about)

    def add(self, name: str, about: Mapping[str, Any]) -> None:
        """Adds a table without columns; they come with the first rows."""
        self._about[name] = dict(about)
        self._parts[name] = []

    def about(self, name: str) -> dict[str, Any]:
        """What was said about a table when it was added."""
        return self._about[_known(name, self.names)]

    def append(self, name: str, rows: Rows) -> None:
        """Adds rows to a table.

        Raises:
            UserError: there would be more than `MEMORY_LIMIT_BYTES` of them.
        """
        self._nbytes += sum(map(held_bytes, rows.values()))
        if self._nbytes > MEMORY_LIMIT_BYTES:
            raise UserError(
                f"the records have filled {MEMORY_LIMIT_BYTES >> 10} KiB of memory; give the run a "
                "folder (--out DIR) or a file (sim.record_to(path)), or record less often (every=)."
            )
        parts = self._parts[name]
        parts.append(dict(rows))
        if len(parts) >= MOST_PARTS:
            # Small parts are joined by themselves, so that each row is copied a few times only.
            joined = _joined(parts[len(parts) // 2 :])
            del parts[len(parts) // 2 :]
            parts.append(joined)

    def commit(self, **numbers: int) -> None:
        """Keeps the numbers."""
        self._numbers.update(numbers)

    def number(self, name: str) -> int | None:
        """A number that a commit kept."""
        return self._numbers.get(name)

    def read(self, name: str) -> dict[str, Array]:
        """All rows of a table by column, as copies."""
        parts = self._parts[_known(name, self.names)]
        return _joined(parts) if parts else {}

    def keep_up_to(self, column: str, last: int) -> None:
        """Drops the rows whose entry in an ascending column is above a number."""
        for name, parts in self._parts.items():
            if parts:
                whole = _joined(parts)
                rows = int(np.searchsorted(whole[column], last, side="right"))
                self._parts[name] = [{key: array[:rows].copy() for key, array in whole.items()}]
        self._nbytes = sum(held_bytes(a) for ps in self._parts.values() for p in ps for a in p.values())

    def last(self, name: str, column: str) -> int | None:
        """A column's entry in the last row of a table, None where there are no rows."""
        for part in reversed(self._parts[_known(name, self.names)]):
            if len(part[column]):
                return int(part[column][-1])
        return None

    def close(self) -> None:
        """Nothing to do: the rows stay readable."""


class NoTables(MemoryTables):
    """Tables of which nothing is kept."""

    def append(self, name: str, rows: Rows) -> None:
        """Forgets the rows."""


def _joined(parts: list[Rows]) -> dict[str, Array]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _known(name: str, names: list[str]) -> str:
    if name not in names:
        raise UserError(f"nothing is recorded as {name!r}{nearest_names(name, names)}")
    return name
