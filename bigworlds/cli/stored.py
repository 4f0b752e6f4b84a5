"""`bigworlds inspect`: what is in the files that runs leave."""

from __future__ import annotations

from pathlib import Path

from bigworlds import snapshot
from bigworlds.cli.keeping import latest_in
from bigworlds.errors import UserError


def inspected(path: Path) -> str:
    """A text on a snapshot, or on the latest one of a run's folder; every byte of it has been checked.

    Raises:
        UserError: there is no such file, or no snapshot in the folder.
        SnapshotError: it is damaged or no snapshot.
    """
    if path.is_dir():
        path = latest_in(path)
    elif not path.exists():
        raise UserError(f"there is no file {path}")
    return str(snapshot.inspect(path))
