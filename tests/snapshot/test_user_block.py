"""The user block: packing and unpacking are inverse, and its length fits what it describes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigworlds import _core
from bigworlds.snapshot import user_block
from bigworlds.snapshot.user_block import BLOCK_BYTES, UnreadableError, UserBlock


def make(content_bytes: int) -> UserBlock:
    length = user_block.bytes_for(content_bytes)
    checksums = tuple(range(user_block.block_count(content_bytes)))
    return UserBlock(
        length + content_bytes, length, length + content_bytes // 2, content_bytes // 2, checksums
    )


@given(st.integers(1, 3000 * BLOCK_BYTES))
def test_what_is_packed_is_unpacked(content_bytes: int) -> None:
    block = make(content_bytes)
    packed = block.pack()
    assert len(packed) == block.user_block_bytes == user_block.announced_bytes(packed[:64], block.file_bytes)
    assert user_block.unpack(packed, block.file_bytes) == block


@given(st.integers(0, 1 << 45))
def test_the_block_is_a_power_of_two_that_holds_all_checksums(content_bytes: int) -> None:
    length = user_block.bytes_for(content_bytes)
    assert length >= 512
    assert length & (length - 1) == 0
    assert 64 + 4 * user_block.block_count(content_bytes) <= length


def test_checksums_are_crc_32c() -> None:
    assert _core.checksum(b"123456789") == 0xE3069283
    assert _core.checksum(b"6789", _core.checksum(b"12345")) == 0xE3069283


def test_a_checksum_needs_contiguous_bytes() -> None:
    with pytest.raises(BufferError):
        _core.checksum(memoryview(b"abcdef")[::2])
    with pytest.raises(TypeError):
        _core.checksum("text")


@pytest.mark.parametrize("field", ["count", "block_bytes"])
def test_a_table_that_does_not_fit_is_refused(field: str) -> None:
    packed = bytearray(make(5 * BLOCK_BYTES).pack())
    at = {"block_bytes": 48, "count": 52}[field]
    packed[at : at + 4] = (1_000_000).to_bytes(4, "little")
    packed[12:16] = bytes(4)
    packed[12:16] = _core.checksum(bytes(packed)).to_bytes(4, "little")
    with pytest.raises(UnreadableError, match="contradicts itself"):
        user_block.unpack(bytes(packed), 512 + 5 * BLOCK_BYTES)
