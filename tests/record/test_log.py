"""The log is one JSON event a line, bounded in size, and never stops a run."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from bigworlds.record import EventLog, event

LOGGER = logging.getLogger("bigworlds.engine")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_an_event_is_a_line_with_its_fields(tmp_path: Path) -> None:
    with EventLog(tmp_path / "log.jsonl"):
        event(LOGGER, "snapshot written", tick=7, path=Path("a/b"), names=["x", "ä\n"])
        LOGGER.warning("skipped: %s", "a.h5")
        LOGGER.debug("too much detail")
    LOGGER.warning("after the end")
    first, second = lines(tmp_path / "log.jsonl")
    assert first.pop("time").endswith("Z")
    assert first == {
        "level": "info",
        "logger": "bigworlds.engine",
        "event": "snapshot written",
        "tick": 7,
        "path": "a/b",
        "names": ["x", "ä\n"],
    }
    assert (second["level"], second["event"]) == ("warning", "skipped: a.h5")


def test_an_error_brings_its_trace(tmp_path: Path) -> None:
    with EventLog(tmp_path / "log.jsonl"):
        try:
            raise ValueError("no")
        except ValueError:
            LOGGER.exception("failed")
    assert "ValueError: no" in lines(tmp_path / "log.jsonl")[0]["error"]


def test_fields_cannot_hide_what_every_line_has(tmp_path: Path) -> None:
    with EventLog(tmp_path / "log.jsonl"):
        event(LOGGER, "named", logger_="x", time="noon")
    line = lines(tmp_path / "log.jsonl")[0]
    assert line["time_"] == "noon"
    assert line["time"] != "noon"


def test_a_log_is_added_to_and_set_aside_at_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    for _ in range(3):
        with EventLog(path, max_bytes=2000, files=2):
            for number in range(20):
                event(LOGGER, "tick", number=number)
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "log.jsonl",
        "log.jsonl.1",
        "log.jsonl.2",
    ]
    for one in tmp_path.iterdir():
        assert one.stat().st_size <= 2000
        assert lines(one)
    assert lines(path)[-1]["number"] == 19


def test_lines_that_the_disk_does_not_take_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log.jsonl"
    with EventLog(path) as log:
        event(LOGGER, "before")

        def full(_: str) -> int:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(log._handler.stream, "write", full)
            for _ in range(3):
                event(LOGGER, "lost")
        event(LOGGER, "after")
    assert [line["event"] for line in lines(path)] == ["before", "after", "log events lost"]
    assert lines(path)[-1]["count"] == 3
    assert capfd.readouterr().err == ""


def test_two_logs_at_once_both_get_everything(tmp_path: Path) -> None:
    with EventLog(tmp_path / "a.jsonl"):
        with EventLog(tmp_path / "b.jsonl"):
            event(LOGGER, "both")
        event(LOGGER, "one")
    assert [line["event"] for line in lines(tmp_path / "a.jsonl")] == ["both", "one"]
    assert [line["event"] for line in lines(tmp_path / "b.jsonl")] == ["both"]
