"""A run's folder of snapshots: what the files are called, which is the latest good one, and which
may go."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path

from bigworlds.errors import SnapshotError
from bigworlds.snapshot import file

_logger = logging.getLogger("bigworlds.snapshot")
_NAME = re.compile(r"tick-(\d{12,})\.h5")


def file_name(tick: int) -> str:
    """The name of the snapshot of a tick; names sort as ticks do.

    Example:
        >>> file_name(1200)
        'tick-000000001200.h5'
    """
    return f"tick-{tick:012d}.h5"


def latest(folder: str | os.PathLike[str]) -> Path | None:
    """The snapshot of the highest tick in a folder of which every byte is right.

    Damaged files and files that are no snapshots are skipped, each with a warning to the logger
    `bigworlds.snapshot`; of two files of one tick the one whose name sorts last is taken.

    Args:
        folder: looked through for `*.h5`, not deeper. One that does not exist has no snapshot.

    *Local*. Reads the file that it returns, and little of the others.
    """
    found: list[tuple[int, str, Path]] = []
    for path in Path(folder).glob("*.h5"):
        try:
            found.append((_tick(file.peek(path)), path.name, path))
        except SnapshotError as error:
            _logger.warning("skipped: %s", error)
    for _, _, path in sorted(found, reverse=True):
        try:
            file.check(path)
        except SnapshotError as error:
            _logger.warning("skipped: %s", error)
        else:
            return path
    return None


def prune(folder: str | os.PathLike[str], keep: int) -> list[Path]:
    """Removes the oldest snapshots of a folder.

    Args:
        folder: only files named as `file_name` does are looked at.
        keep: so many whole ones stay, at least 1. Damaged ones do not count and are not removed.

    Returns:
        The files removed.

    *Rank 0*. Call it after a snapshot has been written.
    """
    if keep < 1:
        raise ValueError(f"at least one snapshot must be kept, not {keep}")
    whole: list[tuple[int, Path]] = []
    for path in Path(folder).glob("tick-*.h5"):
        named = _NAME.fullmatch(path.name)
        if named is None:
            continue
        try:
            file.peek(path)
        except SnapshotError as error:
            _logger.warning("not counted: %s", error)
        else:
            whole.append((int(named[1]), path))
    old = [path for _, path in sorted(whole)[:-keep]]
    for path in old:
        path.unlink(missing_ok=True)
    return old


def _tick(meta: file.Meta) -> int:
    """The tick that a snapshot says it is of; one that says none comes before all others."""
    tick = meta.get("tick")
    return tick if isinstance(tick, int) else -1
