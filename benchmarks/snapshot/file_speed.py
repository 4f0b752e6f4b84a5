"""How fast snapshots are written and read, next to plain files of the same bytes.

    python benchmarks/snapshot/file_speed.py [FOLDER] [--mb 64 512] [--rounds 7]

In every round both sides write the same arrays into new files, sync them, and read them back, in
alternating order. A plain file is written by `os.pwrite` and read by `readinto` into fresh memory,
both in pieces of 1 MiB and of 8 MiB; the faster of the two counts, and so does the faster of two
snapshots. Printed are medians over the rounds of the ratio plain time / snapshot time: 1 is as fast
as the plain file, the bar is 0.8.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bigworlds.snapshot import Section, read, write

PIECES = (1 << 20, 8 << 20)


def world(nbytes: int) -> list[Section]:
    """Four kinds of entities with ids and six columns of numbers without a pattern: 80 bytes a
    row."""
    rows = nbytes // 80 // 4
    random = np.random.default_rng(1)
    return [
        Section(
            "ecs",
            f"Kind{kind}",
            np.arange(rows, dtype="u8"),
            {
                "position": random.random((rows, 2)),
                "velocity": random.random((rows, 2)),
                **{name: random.random(rows) for name in ("age", "energy", "size", "speed")},
            },
        )
        for kind in range(4)
    ]


def write_plain(path: Path, sections: list[Section], piece: int) -> None:
    """The same bytes, one after the other, and a sync."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    at = 0
    for section in sections:
        for array in (section.keys, *section.columns.values()):
            content = array.reshape(-1).view("u1").data
            for start in range(0, len(content), piece):
                at += os.pwrite(descriptor, content[start : start + piece], at)
    os.fsync(descriptor)
    os.close(descriptor)


def read_plain(path: Path, piece: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """All bytes into fresh memory."""
    content = np.empty(path.stat().st_size, dtype=np.uint8)
    with open(path, "rb", buffering=0) as file:
        for start in range(0, len(content), piece):
            file.readinto(content[start : start + piece].data)
    return content


def forget(path: Path) -> None:
    """Drops a file from the page cache, so that the next read comes from the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def seconds(work: Callable[[], object]) -> float:
    """Wall time; the result is dropped within it, as is fresh memory on both sides."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def round_of(folder: Path, sections: list[Section], number: int) -> dict[str, float]:
    """One round: ratios of plain time to snapshot time."""
    plain, snapshot = folder / "plain", folder / "snapshot.h5"
    plain.unlink(missing_ok=True)
    snapshot.unlink(missing_ok=True)
    os.sync()
    sides: dict[str, list[tuple[str, Callable[[], object]]]] = {
        "write": [("plain", lambda p=p: write_plain(plain, sections, p)) for p in PIECES]  # type: ignore[misc]
        + [("snapshot", lambda: write(snapshot, sections, {"tick": 1}))] * len(PIECES),
    }
    for kind in ("read from cache", "read from disk"):
        sides[kind] = [("plain", lambda p=p: read_plain(plain, p)) for p in PIECES]  # type: ignore[misc]
        sides[kind] += [("snapshot", lambda: read(snapshot))] * len(PIECES)
    ratios = {}
    for kind, runs in sides.items():
        best: dict[str, float] = {}
        for side, work in runs[:: 1 if number % 2 else -1]:
            if kind == "write":
                (plain if side == "plain" else snapshot).unlink(missing_ok=True)
                os.sync()
            if kind == "read from disk":
                forget(plain)
                forget(snapshot)
            best[side] = min(best.get(side, float("inf")), seconds(work))
        ratios[kind] = best["plain"] / best["snapshot"]
        ratios[f"{kind}, GB/s"] = sum(s.nbytes for s in sections) / best["snapshot"] / 1e9
    return ratios


def main() -> None:
    """Runs the rounds and prints their medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "folder", nargs="?", default=None, help="where to write; by default a temporary folder"
    )
    parser.add_argument("--mb", type=int, nargs="+", default=[16, 64, 256, 1024], help="sizes")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        for megabytes in given.mb:
            sections = world(megabytes << 20)
            rounds = [round_of(Path(name), sections, number) for number in range(given.rounds)]
            print(f"{megabytes} MB", end="")
            for kind in rounds[0]:
                print(f"  {kind} {statistics.median(one[kind] for one in rounds):.2f}", end="")
            print(flush=True)


if __name__ == "__main__":
    main()
