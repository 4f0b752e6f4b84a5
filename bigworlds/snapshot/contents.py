"""What goes into a snapshot file and where: the arrays in file order, the layout, the index, the header.

The same for a file that one process writes and for one that many write together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bigworlds.snapshot import user_block
from bigworlds.snapshot.layout import Dataset, Layout, lay_out
from bigworlds.snapshot.section import Array, Section
from bigworlds.snapshot.user_block import UserBlock

Buffer = bytes | memoryview


def planned(
    sections: Sequence[Section], meta: Mapping[str, Any], rows: Sequence[int] | None = None
) -> tuple[list[tuple[str, Array]], Any]:
    """The arrays in file order with their paths, and the function that makes the index from their
    offsets; `rows` says how many each section has in the file, where that is more than here."""
    arrays: list[tuple[str, Array]] = []
    entries: list[dict[str, Any]] = []
    for section in sections:
        group = f"sections/{section.title}"
        arrays.append((f"{group}/keys", _storable(section.keys)))
        arrays += [(f"{group}/columns/{name}", _storable(column)) for name, column in section.columns.items()]
        entries.append({"room": section.room, "name": section.name, "columns": list(section.columns)})
    titles = [section.title for section in sections]
    if len(set(titles)) < len(titles):
        twice = sorted({title for title in titles if titles.count(title) > 1})
        raise ValueError(f"two sections have the same name: {', '.join(twice)}")
    meta_text = _json(meta)
    of_section = [len(section.keys) for section in sections] if rows is None else rows
    totals = [
        total
        for section, total in zip(sections, of_section, strict=True)
        for _ in range(1 + len(section.columns))
    ]

    def index_of(offsets: Sequence[int]) -> bytes:
        places = iter(
            {"type": array.dtype.str, "shape": (total, *array.shape[1:]), "offset": offset}
            for (_, array), total, offset in zip(arrays, totals, offsets, strict=True)
        )
        listed = [
            {
                **entry,
                "keys": next(places),
                "columns": {name: next(places) for name in entry["columns"]},
            }
            for entry in entries
        ]
        return f'{{"sections": {json.dumps(listed)}, "meta": {meta_text}}}'.encode()

    return arrays, index_of


def _json(meta: Mapping[str, Any]) -> str:
    """The meta's text; refuses what would read back as something else."""
    _check_keys(meta)
    try:
        return json.dumps(dict(meta))
    except (TypeError, ValueError) as error:
        raise ValueError(f"the snapshot's meta cannot be written as JSON: {error}") from error


def _check_keys(value: object) -> None:
    """JSON makes text of any key, so that 1 would come back as '1'."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            if not isinstance(key, str):
                raise ValueError(f"the snapshot's meta has the key {key!r}: expected text")
            _check_keys(below)
    elif isinstance(value, list | tuple):
        for below in value:
            _check_keys(below)


def _storable(array: Array) -> Array:
    """The array itself where it is contiguous and little-endian, else a copy that is."""
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))


def laid_out(datasets: Sequence[Dataset], index_of: Callable[[Sequence[int]], bytes]) -> tuple[Layout, int]:
    """The layout of a file and the length of its user block, which has room for all checksums."""
    user_block_bytes = user_block.bytes_for(sum(dataset.nbytes for dataset in datasets))
    layout = lay_out(datasets, user_block_bytes, index_of)
    while user_block.bytes_for(layout.file_bytes - user_block_bytes) > user_block_bytes:
        user_block_bytes *= 2  # HDF5's own bytes passed the edge
        layout = lay_out(datasets, user_block_bytes, index_of)
    return layout, user_block_bytes


def header_of(layout: Layout, user_block_bytes: int, checksums: tuple[int, ...]) -> UserBlock:
    """The user block of a file whose blocks have these checksums."""
    return UserBlock(layout.file_bytes, user_block_bytes, layout.index_offset, len(layout.index), checksums)


def array_pieces(offsets: Sequence[int], arrays: Sequence[tuple[str, Array]]) -> list[tuple[int, Buffer]]:
    """The bytes of arrays and where they stand in the file; empty ones stand nowhere."""
    return [
        (offset, array.reshape(-1).view(np.uint8).data)
        for offset, (_, array) in zip(offsets, arrays, strict=True)
        if array.nbytes
    ]
