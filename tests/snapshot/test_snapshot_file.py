"""A snapshot comes back bit by bit, or is refused; it is never loaded wrong."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from bigworlds import _core
from bigworlds.errors import SnapshotError
from bigworlds.snapshot import Section, check, peek, read, user_block, write
from bigworlds.snapshot.user_block import BLOCK_BYTES

DTYPES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "S1", "S7"]


def birds(rows: int = 5, **columns: np.ndarray) -> Section:
    keys = np.arange(rows, dtype="u8") * 3
    return Section("ecs", "Bird", keys, columns or {"age": np.arange(rows), "at": np.ones((rows, 2))})


def assert_same(found: list[Section], expected: list[Section]) -> None:
    assert [(s.room, s.name) for s in found] == [(s.room, s.name) for s in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.keys.dtype == np.uint64
        assert one.keys.tobytes() == other.keys.tobytes()
        assert list(one.columns) == list(other.columns)
        for name, column in one.columns.items():
            want = other.columns[name]
            assert column.dtype == want.dtype.newbyteorder("=")
            assert column.shape == want.shape
            assert column.tobytes() == want.astype(column.dtype).tobytes()  # NaNs and -0.0 included


@st.composite
def sections_of_any_kind(draw: st.DrawFn) -> list[Section]:
    names = st.text(
        st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12
    )
    names = names.filter(lambda name: name != ".")
    titles = draw(st.lists(st.tuples(names, names), max_size=4, unique=True))
    sections = []
    for room, name in titles:
        rows = draw(st.integers(0, 20))
        columns = {}
        for column in draw(st.lists(names, max_size=4, unique=True)):
            shape = draw(st.sampled_from([(rows,), (rows, 1), (rows, 3), (rows, 0)]))
            dtype = np.dtype(draw(st.sampled_from(DTYPES)))
            raw = draw(st.binary(min_size=1, max_size=64))
            count = math.prod(shape) * dtype.itemsize
            array = np.frombuffer((raw * (count // len(raw) + 1))[:count], dtype="u1")
            columns[column] = (array % 2 if dtype == "?" else array).view(dtype).reshape(shape)
        keys = draw(npst.arrays("u8", rows))
        sections.append(Section(room, name, keys, columns))
    return sections


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(), below, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(sections=sections_of_any_kind(), meta=st.dictionaries(st.text(), json_values, max_size=4))
def test_any_state_comes_back_bit_by_bit(
    tmp_path_factory: pytest.TempPathFactory, sections: list[Section], meta: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("any") / "world.h5"
    assert write(path, sections, meta) == path.stat().st_size
    found, found_meta = read(path)
    assert_same(found, sections)
    assert found_meta == meta
    assert peek(path) == meta
    assert check(path)[0] == meta


@settings(max_examples=20, deadline=None)
@given(sections=sections_of_any_kind())
def test_stock_h5py_reads_the_same(tmp_path_factory: pytest.TempPathFactory, sections: list[Section]) -> None:
    path = tmp_path_factory.mktemp("stock") / "world.h5"
    write(path, sections, {"tick": 3})
    with h5py.File(path) as hdf5:
        assert json.loads(hdf5["index"][()])["meta"] == {"tick": 3}
        for section in sections:
            group = hdf5[f"sections/{section.title}"]
            assert group["keys"][()].tobytes() == section.keys.tobytes()
            assert (
                len(group["columns"]) == len(section.columns) if "columns" in group else not section.columns
            )
            for name, column in section.columns.items():
                assert group["columns"][name].dtype == column.dtype
                assert group["columns"][name].shape == column.shape
                assert group["columns"][name][()].tobytes() == column.tobytes()


def test_strided_and_big_endian_columns_are_stored_as_plain_ones(tmp_path: Path) -> None:
    table = np.arange(40.0).reshape(10, 4)
    section = birds(10, strided=table[:, 1], some=table[:, :2], big=np.arange(10, dtype=">i4"))
    write(tmp_path / "world.h5", [section], {})
    assert_same(read(tmp_path / "world.h5")[0], [section])


def test_arrays_come_back_writable_and_aligned(tmp_path: Path) -> None:
    write(tmp_path / "world.h5", [birds(7, flag=np.ones(7, "?"), at=np.ones((7, 3)))], {})
    for section in read(tmp_path / "world.h5")[0]:
        for array in (section.keys, *section.columns.values()):
            assert array.flags.writeable
            assert array.ctypes.data % 64 == 0


def test_the_same_state_gives_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "a.h5", [birds()], {"tick": 1})
    write(tmp_path / "b.h5", [birds()], {"tick": 1})
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_hundreds_of_small_sections_in_one_block(tmp_path: Path) -> None:
    sections = [Section("ecs", f"T{i}", np.arange(2, dtype="u8"), {"x": np.full(2, i)}) for i in range(400)]
    write(tmp_path / "world.h5", sections, {})
    assert_same(read(tmp_path / "world.h5")[0], sections)


def test_a_state_whose_checksums_need_a_larger_user_block(tmp_path: Path) -> None:
    rows = 112 * BLOCK_BYTES // 8  # with HDF5's own bytes just above what 512 bytes can describe
    section = birds(rows, x=np.zeros(rows, "?"))
    assert user_block.bytes_for(rows * 8) == 512
    path = tmp_path / "world.h5"
    write(path, [Section("ecs", "Bird", section.keys, {})], {})
    assert user_block.announced_bytes(path.read_bytes()[:64], path.stat().st_size) == 1024
    assert np.array_equal(read(path)[0][0].keys, section.keys)


@pytest.mark.parametrize(
    ("meta", "complaint"),
    [({1: 2}, "has the key 1"), ({"a": [{2: 3}]}, "has the key 2"), ({"a": np.int64(3)}, "int64")],
)
def test_a_meta_that_would_come_back_changed_is_refused(tmp_path: Path, meta: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        write(tmp_path / "world.h5", [], meta)
    assert list(tmp_path.iterdir()) == []


def test_two_sections_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="same name: ecs/Bird"):
        write(tmp_path / "world.h5", [birds(), birds()], {})


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: Section("ecs", "a/b", np.zeros(0, "u8"), {}), "'a/b' cannot be the name"),
        (lambda: Section("", "a", np.zeros(0, "u8"), {}), "'' cannot be the name"),
        (lambda: Section("ecs", "a", np.zeros(2, "i8"), {}), "keys must be uint64"),
        (lambda: birds(3, x=np.zeros(2)), r"expected shape \(3,\)"),
        (lambda: birds(3, x=np.zeros((3, 2, 2))), r"expected shape \(3,\)"),
        (lambda: birds(3, x=np.zeros(3, "O")), "type object cannot be stored"),
        (lambda: birds(3, x=np.zeros(3, "U4")), "cannot be stored"),
        (lambda: birds(3, x=np.zeros(3, "g")), "differs from machine to machine"),
    ],
)
def test_a_section_that_cannot_be_stored_is_refused(make: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        make()


# --- damage ---


@pytest.fixture(scope="module")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "world.h5"
    write(path, [birds()], {"tick": 7, "model": "boids"})
    return path


@pytest.fixture(scope="module")
def large_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten blocks: more than one thread reads it."""
    path = tmp_path_factory.mktemp("large") / "world.h5"
    rows = 10 * BLOCK_BYTES // 32
    write(path, [birds(rows), Section("space", "Grass", np.arange(3, dtype="u8"), {})], {"tick": 7})
    return path


def assert_refused(path: Path, *expected: str) -> None:
    for look in (read, check):
        with pytest.raises(SnapshotError) as caught:
            look(path)
        for text in (str(path), *expected):
            assert text in str(caught.value)


def test_every_flipped_bit_of_the_user_block_is_seen(small_file: Path, tmp_path: Path) -> None:
    good = small_file.read_bytes()
    path = tmp_path / "flipped.h5"
    path.write_bytes(good)
    with open(path, "r+b", buffering=0) as file:
        for bit in range(512 * 8):
            byte = bit // 8
            os.pwrite(file.fileno(), bytes([good[byte] ^ 1 << bit % 8]), byte)
            with pytest.raises(SnapshotError):
                read(path)
            os.pwrite(file.fileno(), good[byte : byte + 1], byte)
    read(path)


@settings(max_examples=150, deadline=10_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_flipped_bits_anywhere_are_seen(small_file: Path, tmp_path: Path, data: st.DataObject) -> None:
    bad = bytearray(small_file.read_bytes())
    bits = data.draw(st.sets(st.integers(0, len(bad) * 8 - 1), min_size=1, max_size=5))
    for bit in bits:
        bad[bit // 8] ^= 1 << bit % 8
    (tmp_path / "flipped.h5").write_bytes(bad)
    assert_refused(tmp_path / "flipped.h5")


@settings(max_examples=15, deadline=10_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_flipped_bits_in_a_large_file_are_seen(large_file: Path, tmp_path: Path, data: st.DataObject) -> None:
    good = large_file.read_bytes()
    byte = data.draw(st.integers(0, len(good) - 1))
    (tmp_path / "flipped.h5").write_bytes(good[:byte] + bytes([good[byte] ^ 64]) + good[byte + 1 :])
    assert_refused(tmp_path / "flipped.h5")


def test_a_damaged_block_is_named(large_file: Path, tmp_path: Path) -> None:
    bad = bytearray(large_file.read_bytes())
    bad[512 + 3 * BLOCK_BYTES + 5] ^= 1
    (tmp_path / "bad.h5").write_bytes(bad)
    assert_refused(
        tmp_path / "bad.h5",
        "1 of its 11 blocks",
        f"from byte {512 + 3 * BLOCK_BYTES} on",
        "earlier snapshot",
    )


@settings(max_examples=60, deadline=10_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_cut_off_anywhere_is_refused(small_file: Path, tmp_path: Path, data: st.DataObject) -> None:
    good = small_file.read_bytes()
    length = data.draw(st.integers(0, len(good) - 1) | st.integers(0, 70))
    (tmp_path / "short.h5").write_bytes(good[:length])
    assert_refused(tmp_path / "short.h5")


def test_a_truncated_file_says_what_was_expected(small_file: Path, tmp_path: Path) -> None:
    good = small_file.read_bytes()
    (tmp_path / "short.h5").write_bytes(good[:-100])
    assert_refused(tmp_path / "short.h5", "truncated", f"expected {len(good)} bytes, found {len(good) - 100}")
    with pytest.raises(SnapshotError, match="truncated"):
        peek(tmp_path / "short.h5")


def test_a_file_with_something_behind_it_is_refused(small_file: Path, tmp_path: Path) -> None:
    (tmp_path / "long.h5").write_bytes(small_file.read_bytes() + b"x")
    assert_refused(tmp_path / "long.h5", "longer than written")


def test_swapped_blocks_are_seen(large_file: Path, tmp_path: Path) -> None:
    good = large_file.read_bytes()
    first, second, third = 512, 512 + BLOCK_BYTES, 512 + 2 * BLOCK_BYTES
    (tmp_path / "swapped.h5").write_bytes(
        good[:first] + good[second:third] + good[first:second] + good[third:]
    )
    assert_refused(tmp_path / "swapped.h5", "2 of its 11 blocks")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is empty"),
        (b"\x89BWSNAP\n" + bytes(10), "middle of its header"),
        (b"PK\x03\x04" + bytes(600), "expected a file that starts with"),
        (b"hello", "found b'hello'"),
    ],
)
def test_foreign_files_are_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "foreign.h5").write_bytes(content)
    assert_refused(tmp_path / "foreign.h5", expected)


def test_another_hdf5_file_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as hdf5:
        hdf5["x"] = [1, 2, 3]
    assert_refused(tmp_path / "other.h5", "an HDF5 file, but no snapshot")


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    assert_refused(tmp_path / "none.h5", "cannot be opened: No such file")
    assert_refused(tmp_path, "it is not a file")
    os.mkfifo(tmp_path / "pipe.h5")
    assert_refused(tmp_path / "pipe.h5", "it is not a file")


# --- files that somebody made wrong, with right checksums ---


def forge(good: Path, path: Path, index: Any = None, **fields: int) -> None:
    """Writes `good` again with another index or other header fields, and checksums that fit."""
    content = bytearray(good.read_bytes())
    header = user_block.unpack(bytes(content[:512]), len(content))
    start = header.index_offset
    if index is not None:
        text = json.dumps(index).encode()
        assert len(text) <= header.index_bytes
        content[start : start + header.index_bytes] = text.ljust(header.index_bytes)
    blocks = range(512, len(content), BLOCK_BYTES)
    checksums = tuple(_core.checksum(bytes(content[at : at + BLOCK_BYTES])) for at in blocks)
    changed = dataclasses.replace(header, checksums=checksums, **fields)
    path.write_bytes(changed.pack()[:512].ljust(512, b"\0") + content[512:])


def test_forging_without_a_change_reads_fine(small_file: Path, tmp_path: Path) -> None:
    forge(small_file, tmp_path / "same.h5")
    assert (tmp_path / "same.h5").read_bytes() == small_file.read_bytes()


@pytest.mark.parametrize(
    "fields",
    [
        {"file_bytes": 1 << 60},
        {"user_block_bytes": 0},
        {"user_block_bytes": 256},
        {"user_block_bytes": 1024},
        {"index_offset": 1 << 62},
        {"index_offset": 8},
        {"index_bytes": 1 << 62},
        {"index_bytes": 3},
    ],
)
def test_a_header_that_contradicts_the_file_is_refused(
    small_file: Path, tmp_path: Path, fields: dict[str, int]
) -> None:
    forge(small_file, tmp_path / "forged.h5", **fields)
    assert_refused(tmp_path / "forged.h5")


@pytest.mark.parametrize("version", [0, 2, 4_000_000_000])
def test_other_formats_are_refused_by_number(small_file: Path, tmp_path: Path, version: int) -> None:
    content = bytearray(small_file.read_bytes())
    content[8:12] = version.to_bytes(4, "little")
    (tmp_path / "other.h5").write_bytes(content)
    age = "newer" if version else "older"
    assert_refused(
        tmp_path / "other.h5", f"the {age} snapshot format {version}, this bigworlds reads format 1"
    )


KEYS = {"type": "<u8", "shape": [5], "offset": 512}


@pytest.mark.parametrize(
    "index",
    [
        [],
        {"meta": {}},
        {"meta": [], "sections": []},
        {"meta": {}, "sections": 7},
        {"meta": {}, "sections": [7]},
        {"meta": {}, "sections": [{"room": "a", "name": "b", "columns": {}}]},
        {
            "meta": {},
            "sections": [{"room": "a", "name": "b", "columns": {}, "keys": {**KEYS, "offset": 1 << 60}}],
        },
        {
            "meta": {},
            "sections": [{"room": "a", "name": "b", "columns": {}, "keys": {**KEYS, "offset": -8}}],
        },
        {
            "meta": {},
            "sections": [{"room": "a", "name": "b", "columns": {}, "keys": {**KEYS, "shape": [-5]}}],
        },
        {
            "meta": {},
            "sections": [{"room": "a", "name": "b", "columns": {}, "keys": {**KEYS, "shape": [1 << 62]}}],
        },
        {
            "meta": {},
            "sections": [{"room": "a", "name": "b", "columns": {}, "keys": {**KEYS, "type": "O"}}],
        },
        {
            "meta": {},
            "sections": [{"room": "a", "name": "b", "columns": {}, "keys": {**KEYS, "type": "zz"}}],
        },
        {"meta": {}, "sections": [{"room": "a/b", "name": "b", "columns": {}, "keys": KEYS}]},
    ],
)
def test_an_index_that_makes_no_sense_is_refused(small_file: Path, tmp_path: Path, index: Any) -> None:
    forge(small_file, tmp_path / "forged.h5", index)
    with pytest.raises(SnapshotError):
        read(tmp_path / "forged.h5")
