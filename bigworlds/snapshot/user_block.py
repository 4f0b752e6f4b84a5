"""The user block: what a snapshot's first bytes say about all bytes behind them, so that damage is
seen before any use.

HDF5 leaves the block alone. Little-endian, from the file's first byte:

    0   8 bytes   MAGIC
    8   u32       FORMAT
    12  u32       checksum of the user block, with zeros in place of this number
    16  u64       length of the file
    24  u64       length of the user block, a power of two from 512 on
    32  u64       offset of the index
    40  u64       length of the index
    48  u32       BLOCK_BYTES
    52  u32       number of blocks, from the end of the user block on; the last may be shorter
    56  8 bytes   zero
    64  u32 each  the blocks' checksums; zeros up to the end of the user block

Every checksum is a CRC-32C.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from bigworlds import _core

MAGIC = b"\x89BWSNAP\n"
"""The first byte is not text, the last is a line's end: a transfer as text damages both and is
noticed."""

FORMAT = 1
"""Number of the snapshot format; every change of the layout raises it."""

BLOCK_BYTES = 1 << 20
"""Each checksum stands for this many bytes."""

SMALLEST_BYTES = 512
"""The smallest user block that HDF5 knows."""

_FIXED = struct.Struct("<8sIIQQQQII8x")
_HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"


class UnreadableError(Exception):
    """The bytes are no snapshot of this format; the text says what was found and what to do,
    without the file's name."""


@dataclass(frozen=True, slots=True)
class UserBlock:
    """The content of a user block: lengths, where the index stands, and the checksums of all
    blocks."""

    file_bytes: int
    user_block_bytes: int
    index_offset: int
    index_bytes: int
    checksums: tuple[int, ...]

    def pack(self) -> bytes:
        """The user block's bytes."""
        table = struct.pack(f"<{len(self.checksums)}I", *self.checksums)

        def with_checksum(checksum: int) -> bytes:
            fixed = _FIXED.pack(
                MAGIC,
                FORMAT,
                checksum,
                self.file_bytes,
                self.user_block_bytes,
                self.index_offset,
                self.index_bytes,
                BLOCK_BYTES,
                len(self.checksums),
            )
            return (fixed + table).ljust(self.user_block_bytes, b"\0")

        return with_checksum(_core.checksum(with_checksum(0)))


def bytes_for(content_bytes: int) -> int:
    """Length of the user block for this many bytes behind it: the smallest power of two that holds
    their checksums.

    Example:
        >>> bytes_for(1000), bytes_for(1 << 30)
        (512, 8192)
    """
    needed = _FIXED.size + 4 * block_count(content_bytes)
    return max(SMALLEST_BYTES, 1 << (needed - 1).bit_length())


def block_count(content_bytes: int) -> int:
    """Number of blocks that this many bytes make."""
    return -(-content_bytes // BLOCK_BYTES)


def announced_bytes(start: bytes, file_bytes: int) -> int:
    """Reads the first 64 bytes of a file and tells how long its user block is.

    Args:
        start: the first `START_BYTES` bytes, or all where there are fewer.
        file_bytes: length of the file.

    Raises:
        UnreadableError: another kind of file, another format, or a length that cannot be.
    """
    if start[: len(MAGIC)] != MAGIC:
        raise UnreadableError(_foreign(start, file_bytes))
    if len(start) < _FIXED.size:
        raise UnreadableError(
            f"the file ends after {file_bytes} bytes, in the middle of its header. {DAMAGED}"
        )
    _, version, _, _, user_block_bytes, *_ = _FIXED.unpack(start)
    if version != FORMAT:
        age = "newer" if version > FORMAT else "older"
        raise UnreadableError(
            f"it has the {age} snapshot format {version}, this bigworlds reads format {FORMAT}. "
            "Use the bigworlds that wrote it; if it was this one, the file is damaged"
        )
    is_power_of_two = user_block_bytes & (user_block_bytes - 1) == 0
    if user_block_bytes < SMALLEST_BYTES or not is_power_of_two or user_block_bytes > file_bytes:
        raise UnreadableError(
            f"its header is damaged: a user block of {user_block_bytes} bytes cannot be. {DAMAGED}"
        )
    return int(user_block_bytes)


START_BYTES = _FIXED.size
"""What `announced_bytes` wants to see of a file."""

DAMAGED = "Take an earlier snapshot of the run, or copy this one again from where it came"
"""What to do about a damaged file."""


def unpack(block: bytes, file_bytes: int) -> UserBlock:
    """Reads and checks a whole user block.

    Args:
        block: as many bytes as `announced_bytes` said.
        file_bytes: length of the file.

    Raises:
        UnreadableError: the block is damaged, or the file is shorter or longer than it says.
    """
    _, _, checksum, length, user_block_bytes, index_offset, index_bytes, block_bytes, count = (
        _FIXED.unpack_from(block)
    )
    blank = block[:12] + bytes(4) + block[16:]
    found = _core.checksum(blank)
    if found != checksum:
        raise UnreadableError(
            f"its header is damaged: expected checksum {checksum:08x}, found {found:08x}. {DAMAGED}"
        )
    if length != file_bytes:
        kind = "truncated" if file_bytes < length else "longer than written"
        raise UnreadableError(f"the file is {kind}: expected {length} bytes, found {file_bytes}. {DAMAGED}")
    content = length - user_block_bytes
    fits = _FIXED.size + 4 * count <= len(block)
    if block_bytes != BLOCK_BYTES or content < 0 or count != block_count(content) or not fits:
        raise UnreadableError(f"its header contradicts itself. {DAMAGED}")
    if not user_block_bytes <= index_offset <= index_offset + index_bytes <= length:
        raise UnreadableError(f"its header places the index outside the file. {DAMAGED}")
    checksums = struct.unpack_from(f"<{count}I", block, _FIXED.size)
    return UserBlock(length, user_block_bytes, index_offset, index_bytes, checksums)


def damaged_blocks(expected: Sequence[int], found: Sequence[int]) -> list[int]:
    """Numbers of the blocks whose checksums differ."""
    return [i for i, (want, got) in enumerate(zip(expected, found, strict=True)) if want != got]


def _foreign(start: bytes, file_bytes: int) -> str:
    """What to say about a file that does not start as a snapshot does."""
    if file_bytes == 0:
        return "the file is empty. " + DAMAGED
    if start[: len(_HDF5_MAGIC)] == _HDF5_MAGIC:
        return (
            "it is an HDF5 file, but no snapshot: expected a file that bigworlds wrote as a "
            "snapshot (a run's records.h5 is none; its snapshots are in the folder snapshots/)"
        )
    return (
        f"it is no snapshot: expected a file that starts with {MAGIC!r}, found "
        f"{start[: len(MAGIC)]!r}. Give a file that bigworlds wrote as a snapshot; if it is one, "
        "it is damaged"
    )
