"""Writing and reading a snapshot file: whole or not at all.

A snapshot gets its final name only when all its bytes are on the disk; whatever happens before,
what stood under that name stays. Nothing of a file is used before the checksums of all its bytes
have been found right, and HDF5 does not open it at all: the index says where the arrays stand.
"""

from __future__ import annotations

import json
import math
import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.errors import SnapshotError
from bigworlds.snapshot import user_block
from bigworlds.snapshot.contents import Buffer, array_pieces, header_of, laid_out, planned
from bigworlds.snapshot.layout import Dataset
from bigworlds.snapshot.partial import PartialFile
from bigworlds.snapshot.section import STORED_KINDS, Array, Section
from bigworlds.snapshot.user_block import BLOCK_BYTES, UnreadableError, UserBlock

READERS = 2
"""Threads that read and check one file; more gain nothing on a disk or in the page cache."""

READ_BYTES = 4 * BLOCK_BYTES
"""What a reader takes at a time."""

MOST_PIECES = 512
"""Pieces handed to the system in one write; Linux takes at most 1024."""

Meta = dict[str, Any]


def write(path: str | os.PathLike[str], sections: Sequence[Section], meta: Mapping[str, Any]) -> int:
    """Writes a snapshot: the sections, and what there is to say about them.

    Args:
        path: the file's final name. Its folder must exist; a file of that name is replaced when the
            new one is whole.
        sections: in the order in which they shall be read back; (room, name) names one of them.
            Rows stay in order.
        meta: anything that JSON can hold, with text as keys.

    Returns:
        Length of the file in bytes.

    Raises:
        ValueError: two sections of one name, or a meta that JSON cannot hold.
        WriteError: the disk is full or the folder cannot be written; an earlier file of that name
            is as it was.

    *Rank 0*. The file and the folder are synced before it returns. Arrays that are contiguous and
    little-endian are written from where they are.

    Example:
        >>> import tempfile
        >>> keys = np.arange(3, dtype="u8")
        >>> path = Path(tempfile.mkdtemp()) / "world.h5"
        >>> birds = Section("ecs", "Bird", keys, {"age": np.array([4, 5, 6])})
        >>> _ = write(path, [birds], {"tick": 7})
        >>> sections, meta = read(path)
        >>> sections[0].columns["age"].tolist(), meta["tick"]
        ([4, 5, 6], 7)
    """
    arrays, index_of = planned(sections, meta)
    layout, user_block_bytes = laid_out([Dataset(place, a.dtype, a.shape) for place, a in arrays], index_of)
    pieces = sorted(
        [*layout.pieces, (layout.index_offset, layout.index), *array_pieces(layout.offsets, arrays)],
        key=lambda piece: piece[0],
    )
    with PartialFile(Path(path)) as partial:
        checksums = tuple(_write_blocks(partial, pieces, user_block_bytes, layout.file_bytes))
        partial.write([header_of(layout, user_block_bytes, checksums).pack()], 0)
        partial.finish()
    return layout.file_bytes


def read(path: str | os.PathLike[str]) -> tuple[list[Section], Meta]:
    """Reads a snapshot back, after checking every byte of it.

    Args:
        path: the file.

    Returns:
        The sections, in the order and with the rows and types in which they were written, and the
        meta. The arrays are writable, belong to the caller and share one block of memory, as large
        as the file.

    Raises:
        SnapshotError: no snapshot, another format, truncated, damaged, or unreadable; nothing has
            been loaded.

    *Local*. Reads the file once.
    """
    with _Opened(Path(path)) as file:
        content = _aligned_bytes(file.header.file_bytes)
        file.load(content)
        index = file.index(content)
        try:
            return _sections(index["sections"], content), index["meta"]
        except (KeyError, TypeError, ValueError) as error:
            raise file.refused(f"its index is not one of format {user_block.FORMAT} ({error!r})") from error


def check(path: str | os.PathLike[str]) -> tuple[Meta, list[dict[str, Any]], int]:
    """Checks every byte of a snapshot without loading its arrays.

    Returns:
        The meta, the index's list of sections, and the file's length in bytes.

    Raises:
        SnapshotError: as for `read`.

    *Local*. Reads the file once, in little memory.
    """
    with _Opened(Path(path)) as file:
        index = file.index(file.load(None))
        return index["meta"], index["sections"], file.header.file_bytes


def peek(path: str | os.PathLike[str]) -> Meta:
    """The meta of a snapshot whose header, length and index are right; the arrays are not looked
    at.

    Raises:
        SnapshotError: as for `read`, as far as it can be seen.
    """
    with _Opened(Path(path)) as file:
        meta: Meta = file.index(None)["meta"]
        return meta


# --- writing ---


def _blocks(pieces: Sequence[tuple[int, Buffer]], start: int, end: int) -> Iterator[tuple[int, list[Buffer]]]:
    """Cuts start..end into blocks: (offset, the bytes in it as a list of buffers, zeros between
    pieces included)."""
    number = 0
    for block in range(start, end, BLOCK_BYTES):
        block_end = min(block + BLOCK_BYTES, end)
        parts: list[Buffer] = []
        at = block
        while at < block_end:
            offset, content = pieces[number] if number < len(pieces) else (end, b"")
            if at < offset:
                parts.append(bytes(min(offset, block_end) - at))
            elif at < offset + len(content):
                parts.append(memoryview(content)[at - offset : block_end - offset])
            else:
                number += 1
                continue
            at += len(parts[-1])
        yield block, parts


def _write_blocks(
    partial: PartialFile, pieces: Sequence[tuple[int, Buffer]], start: int, end: int
) -> Iterator[int]:
    """Writes all blocks in order; gives their checksums. Checking first leaves the bytes in the
    cache for writing."""
    for offset, parts in _blocks(pieces, start, end):
        checksum = 0
        for part in parts:
            checksum = _core.checksum(part, checksum)
        for first in range(0, len(parts), MOST_PIECES):
            some = parts[first : first + MOST_PIECES]
            partial.write(some, offset)
            offset += sum(map(len, some))
        yield checksum


# --- reading ---


class _Opened:
    """A snapshot file open for reading, whose user block has been checked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            # A named pipe must not make us wait for a writer.
            self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise self.refused(f"it cannot be opened: {error.strerror}") from error
        try:
            self.header = self._read_header()
        except BaseException:
            os.close(self._descriptor)
            raise

    def __enter__(self) -> _Opened:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def refused(self, why: str) -> SnapshotError:
        """The error to raise about this file."""
        return SnapshotError(f"{self._path} cannot be read as a snapshot: {why}.")

    def _read_header(self) -> UserBlock:
        status = os.fstat(self._descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise self.refused("it is not a file")
        try:
            start = self._bytes(0, min(user_block.START_BYTES, status.st_size))
            length = user_block.announced_bytes(start, status.st_size)
            return user_block.unpack(self._bytes(0, length), status.st_size)
        except UnreadableError as error:
            raise self.refused(str(error)) from None

    def _bytes(self, offset: int, length: int) -> bytes:
        content = bytearray(length)
        self._fill(memoryview(content), offset)
        return bytes(content)

    def _fill(self, target: memoryview, offset: int) -> None:
        """Fills a buffer from the file; what another process cut off meanwhile is an error, not a
        short buffer."""
        done = 0
        while done < len(target):
            try:
                count = os.preadv(self._descriptor, [target[done:]], offset + done)
            except OSError as error:
                raise self.refused(f"reading failed at byte {offset + done}: {error.strerror}") from error
            if count == 0:
                raise self.refused(f"it ended at byte {offset + done} while it was read")
            done += count

    def load(self, content: NDArray[np.uint8] | None) -> NDArray[np.uint8] | None:
        """Reads and checks every block, into `content` (which is as long as the file) or, with
        None, into thin air."""
        header = self.header
        starts = range(header.user_block_bytes, header.file_bytes, READ_BYTES)

        def load_some(start: int) -> list[int]:
            end = min(start + READ_BYTES, header.file_bytes)
            scratch = np.empty(BLOCK_BYTES, dtype=np.uint8) if content is None else content[:0]
            found = []
            for at in range(start, end, BLOCK_BYTES):
                length = min(BLOCK_BYTES, end - at)
                target = (scratch[:length] if content is None else content[at : at + length]).data
                self._fill(target, at)
                found.append(_core.checksum(target))
            return found

        if len(starts) < 2:
            loaded = list(map(load_some, starts))
        else:
            with ThreadPoolExecutor(READERS) as pool:
                loaded = list(pool.map(load_some, starts))
        found = [checksum for some in loaded for checksum in some]
        damaged = user_block.damaged_blocks(header.checksums, found)
        if damaged:
            first = header.user_block_bytes + damaged[0] * BLOCK_BYTES
            raise self.refused(
                f"{len(damaged)} of its {len(found)} blocks are damaged, the first from byte "
                f"{first} on. {user_block.DAMAGED}"
            )
        return content

    def index(self, content: NDArray[np.uint8] | None) -> dict[str, Any]:
        """The index: from the checked content, or where there is none, from the file."""
        start, length = self.header.index_offset, self.header.index_bytes
        text = self._bytes(start, length) if content is None else content[start : start + length].tobytes()
        try:
            index = json.loads(text)
            if isinstance(index["meta"], dict) and isinstance(index["sections"], list):
                return dict(index)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise self.refused(f"its index cannot be read ({error}). {user_block.DAMAGED}") from error
        raise self.refused(f"its index holds no list of sections. {user_block.DAMAGED}")


def _aligned_bytes(length: int) -> NDArray[np.uint8]:
    """Memory that starts at a multiple of 64 bytes, as the arrays do in the file."""
    raw = np.empty(length + 63, dtype=np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + length]


def _sections(listed: Sequence[Mapping[str, Any]], content: NDArray[np.uint8]) -> list[Section]:
    return [
        Section(
            entry["room"],
            entry["name"],
            _array(entry["keys"], content),
            {name: _array(place, content) for name, place in entry["columns"].items()},
        )
        for entry in listed
    ]


def _array(place: Mapping[str, Any], content: NDArray[np.uint8]) -> Array:
    """One array as a view of the content, in this machine's byte order."""
    dtype = np.dtype(str(place["type"]))
    shape = tuple(int(length) for length in place["shape"])
    start = int(place["offset"])
    length = math.prod(shape) * dtype.itemsize
    if (
        dtype.kind not in STORED_KINDS
        or min(shape, default=0) < 0
        or not 0 <= start <= start + length <= len(content)
    ):
        raise ValueError(f"an array of type {dtype.str} and shape {shape} at byte {start}")
    array = content[start : start + length].view(dtype).reshape(shape)
    return array if sys.byteorder == "little" else array.astype(dtype.newbyteorder("="))
