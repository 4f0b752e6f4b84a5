"""The summary of a snapshot says what is in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bigworlds.snapshot import Section, inspect, write


def test_the_summary_lists_what_the_snapshot_holds(tmp_path: Path) -> None:
    path = tmp_path / "world.h5"
    keys = np.arange(2000, dtype="u8")
    columns = {
        "at": np.zeros((2000, 2)),
        "alive": np.ones(2000, "?"),
        "label": np.zeros(2000, "S16"),
    }
    meta = {
        "model": "boids",
        "model_hash": "abc",
        "version": "0.1.0",
        "tick": 40,
        "seed": 7,
        "parameters": {"n": 2000},
    }
    length = write(
        path,
        [Section("ecs", "Bird", keys, columns), Section("engine", "clock", keys[:1], {})],
        meta,
    )
    summary = inspect(path)
    assert summary.meta == meta
    assert summary.file_bytes == length == path.stat().st_size
    assert [(s.room, s.name, s.rows, s.nbytes) for s in summary.sections] == [
        ("ecs", "Bird", 2000, 2000 * (8 + 16 + 1 + 16)),
        ("engine", "clock", 1, 8),
    ]
    text = str(summary)
    for expected in (
        "boids",
        "abc",
        "tick        40",
        "seed        7",
        "n = 2000",
        "ecs/Bird: 2,000 rows, 82.0 kB",
    ):
        assert expected in text
    for expected in ("at: float64 x 2", "alive: bool", "label: bytes[16]"):
        assert expected in text


def test_a_snapshot_without_any_meta_has_a_summary(tmp_path: Path) -> None:
    write(tmp_path / "world.h5", [], {})
    assert "a whole snapshot" in str(inspect(tmp_path / "world.h5"))
