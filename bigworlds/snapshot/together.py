"""A snapshot that several processes write together: one file, each its own rows.

Rank 0 lays the file out; then every rank writes its rows at the datasets' offsets, all at once. A block's
checksum is joined from those of the parts that different ranks have of it, so nothing is read back. The file
gets its name when all its bytes are on the disk, as that of one process does. Rows come in the order of
ranks, and of keys in each.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.snapshot.contents import Buffer, array_pieces, header_of, laid_out, planned
from bigworlds.snapshot.layout import Dataset
from bigworlds.snapshot.partial import PartialFile
from bigworlds.snapshot.section import Section
from bigworlds.snapshot.user_block import BLOCK_BYTES

PartRows = NDArray[np.uint64]  # (start in the file, length, checksum)


class Ranks(Protocol):
    """What is needed of the processes."""

    @property
    def rank(self) -> int: ...
    @property
    def ranks(self) -> int: ...
    def exchange(self, call: str, messages: Sequence[Any]) -> list[Any]: ...
    def write_at(self, path: str, pieces: Sequence[tuple[int, Buffer]]) -> None:
        """Collective: all write their pieces, of which all have equally many, into a file that is there."""


def write_together(
    ranks: Ranks, path: str | os.PathLike[str], sections: Sequence[Section], meta: Mapping[str, Any]
) -> int:
    """Writes a snapshot of which every process has a part. Collective.

    Args:
        ranks: the processes.
        path: the file's final name, on a file system that all of them see.
        sections: this process's rows; all have the same sections with the same columns, in the same order.
        meta: as for `write`; that of rank 0 counts.

    Returns:
        Length of the file in bytes.

    Raises:
        WriteError: as for `write`; on the process where it went wrong: whoever calls tells the others.
    """
    counts = _gathered(ranks, "rows of sections", np.array([len(s.keys) for s in sections], dtype=np.uint64))
    total = counts.sum(axis=0).astype(int).tolist()
    before = counts[: ranks.rank].sum(axis=0).astype(int).tolist()
    arrays, index_of = planned(sections, meta, total)
    per_array = [k for k, section in enumerate(sections) for _ in range(1 + len(section.columns))]
    with ExitStack() as stack:
        partial = stack.enter_context(PartialFile(Path(path))) if ranks.rank == 0 else None
        plan: dict[str, Any] = {}
        if partial is not None:
            shapes = [(total[k], *array.shape[1:]) for k, (_, array) in zip(per_array, arrays, strict=True)]
            datasets = [
                Dataset(place, array.dtype, shape)
                for (place, array), shape in zip(arrays, shapes, strict=True)
            ]
            layout, user_block_bytes = laid_out(datasets, index_of)
            partial.reserve(layout.file_bytes)
            plan = {
                "path": str(partial.hidden),
                "offsets": layout.offsets,
                "user_block_bytes": user_block_bytes,
            }
        told = ranks.exchange("layout of a snapshot", [json.dumps(plan).encode()] * ranks.ranks)[0]
        plan = json.loads(bytes(told))
        starts = [
            offset + before[k] * array[:1].nbytes if len(array) else 0
            for k, offset, (_, array) in zip(per_array, plan["offsets"], arrays, strict=True)
        ]
        parts = _checksums(array_pieces(starts, arrays), plan["user_block_bytes"])
        ranks.write_at(plan["path"], list(_every(starts, arrays)))
        told_parts = ranks.exchange("checksums of a snapshot", [parts.tobytes()] * ranks.ranks)
        if partial is None:
            return 0
        own = [*layout.pieces, (layout.index_offset, layout.index)]
        for offset, content in own:
            partial.write([content], offset)
        every = [_checksums(own, user_block_bytes), *(_parts(told) for told in told_parts)]
        checksums = _joined(np.concatenate(every), user_block_bytes, layout.file_bytes)
        partial.lengthen(layout.file_bytes)
        partial.write([header_of(layout, user_block_bytes, checksums).pack()], 0)
        partial.finish()
        return layout.file_bytes


def _every(starts: Sequence[int], arrays: Sequence[tuple[str, Any]]) -> Iterator[tuple[int, Buffer]]:
    """(offset, bytes) of all arrays, empty ones too: all processes write equally often."""
    for start, (_, array) in zip(starts, arrays, strict=True):
        yield start, array.reshape(-1).view(np.uint8).data if array.nbytes else b""


def _checksums(pieces: Sequence[tuple[int, Buffer]], user_block_bytes: int) -> PartRows:
    """The checksums of pieces, cut where blocks of the file end."""
    parts = []
    for offset, content in pieces:
        view = memoryview(content)
        at = 0
        while at < len(view):
            end = min(len(view), at + BLOCK_BYTES - (offset + at - user_block_bytes) % BLOCK_BYTES)
            parts.append((offset + at, end - at, _core.checksum(view[at:end])))
            at = end
    return np.array(parts, dtype=np.uint64).reshape(-1, 3)


def _joined(parts: PartRows, start: int, end: int) -> tuple[int, ...]:
    """The checksums of all blocks from `start` to `end`, of those of their parts; between them are zeros."""
    found = []
    ordered = parts[np.argsort(parts[:, 0], kind="stable")].tolist()
    number = 0
    for block in range(start, end, BLOCK_BYTES):
        block_end = min(block + BLOCK_BYTES, end)
        checksum, at = 0, block
        while at < block_end:
            offset, length, part = ordered[number] if number < len(ordered) else (block_end, 0, 0)
            gap = min(offset, block_end) - at
            if gap > 0:
                checksum = _core.checksum(bytes(gap), checksum)
                at += gap
            elif length:
                checksum = _core.joined_checksum(checksum, part, length)
                at += length
                number += 1
            else:
                number += 1
        found.append(checksum)
    return tuple(found)


def _gathered(ranks: Ranks, call: str, row: NDArray[np.uint64]) -> NDArray[np.uint64]:
    told = ranks.exchange(call, [row.tobytes()] * ranks.ranks)
    return np.array([np.frombuffer(bytes(part), dtype=np.uint64) for part in told])


def _parts(told: Any) -> PartRows:
    return np.frombuffer(bytes(told), dtype=np.uint64).reshape(-1, 3)
