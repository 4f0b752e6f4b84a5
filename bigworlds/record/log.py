"""log.jsonl: what happened in a run, one JSON event a line, in files of a limited size.

Rooms log to `bigworlds.<room>` as Python does; `event` adds fields to a message. A run's log takes
what all `bigworlds.*` loggers say while it is open. A line that cannot be written does not stop the
run: the next one that can says how many were lost.
"""

from __future__ import annotations

import datetime
import json
import logging
import logging.handlers
import os
from types import TracebackType
from typing import Any

LOG_BYTES = 16 << 20
"""A log file of this size is set aside as `log.jsonl.1`, ..."""

LOG_FILES = 3
"""... and so many of those are kept."""

ROOT = "bigworlds"
"""The logger above all loggers of the package."""

_FIELDS = "bigworlds_fields"


def event(logger: logging.Logger, message: str, /, level: int = logging.INFO, **fields: Any) -> None:
    """Logs something that happened, with what belongs to it.

    Args:
        logger: of the room, such as `logging.getLogger("bigworlds.engine")`.
        message: in a few words, the same for all events of its kind.
        level: as in `logging`.
        fields: numbers, texts or whatever has a text: tick, entities, path.

    Example:
        >>> event(logging.getLogger("bigworlds.snapshot"), "snapshot written", tick=100)
    """
    logger.log(level, message, extra={_FIELDS: fields})


class JsonLines(logging.Formatter):
    """Makes one line of JSON of a log record: time, level, logger, event, its fields, and an
    error's trace."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        when = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        line: dict[str, Any] = {
            "time": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        for name, value in getattr(record, _FIELDS, {}).items():
            line[name if name not in line else f"{name}_"] = value
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class _Handler(logging.handlers.RotatingFileHandler):
    """Writes lines; counts those that the disk does not take, and says so in the next one that it
    does."""

    def __init__(self, path: str | os.PathLike[str], max_bytes: int, files: int) -> None:
        super().__init__(path, maxBytes=max_bytes, backupCount=files, encoding="utf-8")
        self.setFormatter(JsonLines())
        self.setLevel(logging.INFO)
        self._lost = 0
        self._failing = False

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one line."""
        self._failing = False
        super().emit(record)
        if self._lost and not self._failing:
            lost, self._lost = self._lost, 0
            note = logging.LogRecord(
                f"{ROOT}.record", logging.WARNING, __file__, 0, "log events lost", None, None
            )
            setattr(note, _FIELDS, {"count": lost})
            super().emit(note)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """A full disk costs lines, not the run."""
        self._failing = True
        self._lost += 1


class EventLog:
    """A run's log, open until `close`.

    Args:
        path: the file; lines are added to it if it exists.
        max_bytes: size at which it is set aside.
        files: how many set-aside files are kept.

    Raises:
        OSError: the file cannot be opened.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "log.jsonl"
        >>> with EventLog(path):
        ...     event(logging.getLogger("bigworlds.engine"), "started", ranks=1)
        >>> json.loads(path.read_text())["ranks"]
        1
    """

    def __init__(
        self, path: str | os.PathLike[str], *, max_bytes: int = LOG_BYTES, files: int = LOG_FILES
    ) -> None:
        self._handler = _Handler(path, max_bytes, files)
        logger = logging.getLogger(ROOT)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)  # the default would let warnings through only
        logger.addHandler(self._handler)

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Takes no more events and closes the file."""
        logging.getLogger(ROOT).removeHandler(self._handler)
        self._handler.close()
