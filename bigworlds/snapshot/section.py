"""Section: one room's share of the world's state, as named arrays in rows; snapshots store nothing
else.

A section has passed its checks when it exists: keys are 64-bit, every column has one entry per key,
and names and types are such that any HDF5 reader can show them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

STORED_KINDS = "biufS"
"""Kinds of NumPy types that a snapshot stores: bool, integers, floats, and text or bytes of a fixed
length."""

LARGEST_WIDTH = 1 << 30
"""Limit of the bytes that one row of one column takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """Named arrays of one room, one row per key.

    Attributes:
        room: the room that holds the state, such as `"ecs"`.
        name: what the room calls this part, unique in the room.
        keys: uint64, shape (n,): entity ids, cells, or whatever names a row for good.
        columns: by name; shape (n,) or (n, k), of bool, integers, floats or `S` (bytes of a fixed
            length).

    Raises:
        ValueError: a name, a type or a shape that cannot be stored.

    The arrays are kept, not copied.

    Example:
        >>> keys = np.arange(3, dtype="u8")
        >>> birds = Section("ecs", "Bird", keys, {"age": np.zeros(3, dtype="i8")})
        >>> birds.rows, birds.nbytes
        (3, 48)
    """

    room: str
    name: str
    keys: NDArray[np.uint64]
    columns: Mapping[str, Array]

    def __post_init__(self) -> None:
        for name in (self.room, self.name, *self.columns):
            _check_name(name, self.title)
        if self.keys.dtype != np.uint64 or self.keys.ndim != 1:
            raise ValueError(
                f"section {self.title}: keys must be uint64 of shape (n,), not {self.keys.dtype} "
                f"of shape {self.keys.shape}"
            )
        for name, column in self.columns.items():
            _check_column(f"section {self.title}, column {name!r}", column, len(self.keys))
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))

    @property
    def title(self) -> str:
        """Room and name, as one word for messages."""
        return f"{self.room}/{self.name}"

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.keys)

    @property
    def nbytes(self) -> int:
        """Bytes of the keys and of all columns."""
        return self.keys.nbytes + sum(column.nbytes for column in self.columns.values())


def _check_name(name: str, title: str) -> None:
    """HDF5 takes `/` for a path and `.` for the group itself."""
    if not name or name == "." or "/" in name or "\0" in name:
        raise ValueError(
            f"section {title}: {name!r} cannot be the name of a room, section or column: expected "
            "a text that is not empty, not '.', and has no '/' in it"
        )


def _check_column(what: str, column: Array, rows: int) -> None:
    if column.dtype.kind not in STORED_KINDS or column.dtype.itemsize == 0:
        raise ValueError(
            f"{what}: type {column.dtype} cannot be stored; expected bool, an integer, a float or "
            "bytes of a fixed length (S)"
        )
    if column.dtype.kind == "f" and column.dtype.itemsize > 8:
        raise ValueError(
            f"{what}: type {column.dtype} differs from machine to machine; expected at most float64"
        )
    if column.ndim not in (1, 2) or column.shape[0] != rows:
        raise ValueError(f"{what}: expected shape ({rows},) or ({rows}, k), found {column.shape}")
    if column.dtype.itemsize * (column.shape[1] if column.ndim == 2 else 1) > LARGEST_WIDTH:
        raise ValueError(f"{what}: a row takes more than {LARGEST_WIDTH} bytes")
