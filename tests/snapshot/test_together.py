"""A snapshot that several processes write: the same content as that of one, checked to the last byte."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from bigworlds.errors import SnapshotError
from bigworlds.snapshot import Section, WriteError, check, read, write, write_together
from bigworlds.snapshot.user_block import BLOCK_BYTES


class Threads:
    """Ranks that are threads of this process."""

    def __init__(self, ranks: int) -> None:
        self.count = ranks
        self.barrier = threading.Barrier(ranks)
        self.mail: list[Sequence[Any]] = [()] * ranks

    def run(self, act: Callable[[Rank], Any]) -> list[Any]:
        with ThreadPoolExecutor(self.count) as pool:
            futures = [pool.submit(act, Rank(self, rank)) for rank in range(self.count)]
            return [future.result() for future in futures]


class Rank:
    def __init__(self, threads: Threads, rank: int) -> None:
        self.threads, self.rank, self.ranks = threads, rank, threads.count

    def exchange(self, call: str, messages: Sequence[Any]) -> list[Any]:
        self.threads.mail[self.rank] = messages
        self.threads.barrier.wait(10)
        received = [messages[self.rank] for messages in self.threads.mail]
        self.threads.barrier.wait(10)
        return received

    def write_at(self, path: str, pieces: Sequence[tuple[int, Any]]) -> None:
        descriptor = os.open(path, os.O_WRONLY)
        for offset, content in pieces:
            os.pwrite(descriptor, content, offset)
        os.close(descriptor)
        self.threads.barrier.wait(10)


def rows_of(rank: int, n: int) -> list[Section]:
    """Some rows of each kind; a rank may have none."""
    keys = np.arange(n, dtype="u8") * 7 + rank
    generator = np.random.default_rng(rank)
    places = generator.random((n, 2))
    clock = keys[: 1 if rank == 0 else 0]
    return [
        Section("ecs", "Bird", keys, {"place": places, "age": keys.astype("i4"), "tag": keys.astype("S5")}),
        Section("ecs", "Nest", keys[: n // 100], {}),
        Section("engine", "clock", clock, {"tick": np.full(len(clock), 9)}),
    ]


def joined(parts: list[list[Section]]) -> list[Section]:
    return [
        Section(
            first.room,
            first.name,
            np.concatenate([part[k].keys for part in parts]),
            {label: np.concatenate([part[k].columns[label] for part in parts]) for label in first.columns},
        )
        for k, first in enumerate(parts[0])
    ]


@pytest.mark.parametrize("sizes", [(5,), (100, 0, 3), (0, 0), (70_001, 30_007, 1, 55_555)])
def test_it_holds_the_rows_of_all_ranks_in_their_order(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    parts = [rows_of(rank, n) for rank, n in enumerate(sizes)]
    together, alone = tmp_path / "together.h5", tmp_path / "alone.h5"
    Threads(len(sizes)).run(lambda rank: write_together(rank, together, parts[rank.rank], {"tick": 9}))
    write(alone, joined(parts), {"tick": 9})
    assert together.read_bytes() == alone.read_bytes()
    sections, meta = read(together)
    assert meta == {"tick": 9}
    for found, expected in zip(sections, joined(parts), strict=True):
        assert np.array_equal(found.keys, expected.keys)
        for label in expected.columns:
            assert np.array_equal(found.columns[label], expected.columns[label])
    with h5py.File(together) as file:
        assert file["sections/ecs/Bird/keys"].shape == (sum(sizes),)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["alone.h5", "together.h5"]


def test_a_flipped_bit_is_seen_in_every_block(tmp_path: Path) -> None:
    parts = [rows_of(rank, 40_000) for rank in range(3)]
    path = tmp_path / "w.h5"
    Threads(3).run(lambda rank: write_together(rank, path, parts[rank.rank], {}))
    whole = bytearray(path.read_bytes())
    assert len(whole) > 3 * BLOCK_BYTES
    for at in range(700, len(whole), BLOCK_BYTES // 2):
        whole[at] ^= 16
        path.write_bytes(whole)
        with pytest.raises(SnapshotError, match="damaged"):
            check(path)
        whole[at] ^= 16


def test_a_folder_that_is_not_there_is_told_by_the_rank_that_looked(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="cannot be written"):
        Threads(1).run(lambda rank: write_together(rank, tmp_path / "no" / "w.h5", rows_of(0, 3), {}))
