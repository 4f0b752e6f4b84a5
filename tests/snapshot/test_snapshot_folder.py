"""The latest snapshot of a folder is the newest whole one; old ones go, damaged ones neither count
nor go."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from bigworlds.snapshot import file_name, latest, prune, write


def snapshots(folder: Path, *ticks: int) -> list[Path]:
    paths = [folder / file_name(tick) for tick in ticks]
    for tick, path in zip(ticks, paths, strict=True):
        write(path, [], {"tick": tick})
    return paths


def damage(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_no_folder_and_an_empty_folder_have_no_latest(tmp_path: Path) -> None:
    assert latest(tmp_path) is None
    assert latest(tmp_path / "none") is None


def test_the_highest_tick_is_the_latest_whatever_the_files_are_called(tmp_path: Path) -> None:
    snapshots(tmp_path, 10, 9, 1000)
    assert latest(tmp_path) == tmp_path / file_name(1000)
    write(tmp_path / "a.h5", [], {"tick": 2000})
    assert latest(tmp_path) == tmp_path / "a.h5"


@pytest.mark.parametrize("at", [20, -1, 600])
def test_damaged_and_foreign_files_are_skipped_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, at: int
) -> None:
    good, bad = snapshots(tmp_path, 1, 2)
    damage(bad, at)
    (tmp_path / "notes.h5").write_text("no snapshot")
    with caplog.at_level(logging.WARNING, "bigworlds"):
        assert latest(tmp_path) == good
    assert sorted(record.getMessage().split()[1] for record in caplog.records) == [
        str(tmp_path / "notes.h5"),
        str(bad),
    ]


def test_prune_keeps_the_newest(tmp_path: Path) -> None:
    paths = snapshots(tmp_path, 5, 1, 3, 2, 4)
    (tmp_path / "mine.h5").write_bytes(paths[0].read_bytes())
    assert sorted(prune(tmp_path, 2)) == sorted(paths[i] for i in (1, 2, 3))
    assert sorted(tmp_path.iterdir()) == sorted([paths[0], paths[4], tmp_path / "mine.h5"])
    assert prune(tmp_path, 2) == []


def test_prune_counts_whole_ones_only(tmp_path: Path) -> None:
    paths = snapshots(tmp_path, 1, 2, 3)
    paths[2].write_bytes(paths[2].read_bytes()[:700])
    assert prune(tmp_path, 2) == []
    assert prune(tmp_path, 1) == [paths[0]]
    with pytest.raises(ValueError, match="at least one"):
        prune(tmp_path, 0)


def test_names_sort_as_ticks_do() -> None:
    ticks = [0, 9, 10, 99, 100, 123456789012]
    assert [file_name(tick) for tick in ticks] == sorted(file_name(tick) for tick in ticks)
