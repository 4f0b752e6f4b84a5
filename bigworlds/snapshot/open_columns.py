"""Columns whose values have any length, in tables: texts, bytes, and lists of numbers, as HDF5's entries of
variable length.

In memory such a column is an array of objects: str, bytes, or arrays of one type. In the file texts are
UTF-8 without zeros, at which they would end; bytes are lists of u8, which an attribute tells apart.
"""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

HOLDS = "holds"
"""The attribute of a dataset that says what its entries are: "text", "bytes" or "numbers"."""

OBJECT_BYTES = 64
"""What Python keeps for an object besides its contents, roughly."""

_BYTES = np.dtype(np.uint8)


def is_open(column: Array) -> bool:
    """Whether a column has values of any length."""
    return column.dtype.kind == "O"


def can_be_written(column: Array) -> bool:
    """Whether all values are of one kind that tables know; of none at all it cannot be told."""
    kinds = {_kind_of(value) for value in column}
    return column.ndim == 1 and len(kinds) == 1 and None not in kinds


def held_bytes(column: Array) -> int:
    """Memory that a column's values take."""
    if not is_open(column):
        return column.nbytes
    sizes = (value.nbytes if isinstance(value, np.ndarray) else len(value) for value in column)
    return column.nbytes + OBJECT_BYTES * len(column) + sum(sizes)


def open_dtype(column: Array) -> np.dtype[Any]:
    """The type of the dataset for a column whose first values these are."""
    kind = _kind_of(column[0])
    numbers = _BYTES if kind in ("text", "bytes") else column[0].dtype
    dtype: np.dtype[Any] = h5py.string_dtype() if kind == "text" else h5py.vlen_dtype(numbers)
    return dtype


def mark_open(dataset: h5py.Dataset, column: Array) -> None:
    """Says in the file what the entries are."""
    dataset.attrs[HOLDS] = str(_kind_of(column[0]))


def write_open(dataset: h5py.Dataset, before: int, column: Array) -> None:
    """Writes values behind the first `before` entries of a dataset that has room for them."""
    if len(column) == 0:
        return
    if dataset.attrs[HOLDS] == "text":
        dataset[before:] = column
        return
    entries = np.empty(len(column), dtype=dataset.dtype)
    for row, value in enumerate(column):
        entries[row] = np.frombuffer(value, _BYTES) if isinstance(value, bytes) else np.asarray(value)
    # h5py's assignment takes lists of one number each for one list of numbers.
    space = dataset.id.get_space()
    space.select_hyperslab((before,), (len(column),))
    dataset.id.write(h5py.h5s.create_simple((len(column),)), space, entries)


def read_column(dataset: h5py.Dataset) -> Array:
    """All values of a column, of any kind, as copies."""
    holds = dataset.attrs.get(HOLDS)
    if holds == "text":
        texts: Array = dataset.asstr()[()]
        return texts
    values: Array = dataset[()]
    if holds == "bytes":
        values[:] = [value.tobytes() for value in values]
    return values if holds is None else values.astype(object)


def _kind_of(value: object) -> str | None:
    if isinstance(value, str):
        return "text"
    if isinstance(value, bytes):
        return "bytes"
    is_list = isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "biuf"
    return "numbers" if is_list else None
