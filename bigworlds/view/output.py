"""Files that are whole or absent: written under a temporary name beside the final one, then renamed."""

from __future__ import annotations

import os
from pathlib import Path

from bigworlds.errors import UserError


class WholeFile:
    """A file in the making.

    `part` is where to write; `keep` puts it under its final name (an older file of that name is
    replaced in one step), `discard` removes it.

    Args:
        path: the final name; its folder must exist.

    Raises:
        UserError: the folder does not exist or cannot be written, or the name is a folder's.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        folder = self.path.parent
        if not folder.is_dir():
            raise UserError(f"cannot write {self.path}: there is no folder {folder}; make it first")
        if self.path.is_dir():
            raise UserError(f"cannot write {self.path}: it is a folder; give a file name in it")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise UserError(f"cannot write {self.path}: no permission to write in {folder}")
        # The suffix stays at the end: encoders choose the format by it.
        self.part = folder / f".{self.path.stem}.{os.getpid()}.part{self.path.suffix}"

    def keep(self) -> Path:
        """Puts what was written under the final name and returns that."""
        os.replace(self.part, self.path)
        return self.path

    def discard(self) -> None:
        """Removes what was written."""
        self.part.unlink(missing_ok=True)
