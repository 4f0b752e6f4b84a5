"""PartialFile: a file on its way to its name, which it gets whole or not at all.

The bytes go to a hidden file beside the final one, are synced, and then renamed; a writer that dies
leaves the final name as it was. While a writer lives it holds a lock on its hidden file, so the
next writer in the folder knows the leftovers of dead ones and removes them.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from bigworlds.errors import BigworldsError

SUFFIX = ".bigworlds-partial"
"""Hidden files of writers end so and start with a dot."""

WRITEBACK_BYTES = 4 << 20
"""After this many bytes the disk is told to start on them, so that it works while the next ones are
prepared."""

MOST_TRIES = 100
"""How often a new hidden file may be taken away by a cleaning neighbour before the writer gives
up."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


# Not os.posix_fallocate: where the file system cannot, that writes into every block.
_fallocate = getattr(ctypes.CDLL(None, use_errno=True), "fallocate64", None)
if _fallocate is not None:
    _fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)


class WriteError(BigworldsError):
    """A file could not be written: the disk is full, or the folder is missing or closed to us. What
    was there stays."""


class PartialFile:
    """A file that appears under its name when `finish` has been called, and else leaves nothing.

    Args:
        path: the final name; the folder must exist.

    Raises:
        WriteError: from every method, about anything that goes wrong with the disk.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "notes"
        >>> with PartialFile(path) as partial:
        ...     partial.write([b"all ", b"of it"], 0)
        ...     partial.finish()
        >>> path.read_bytes()
        b'all of it'
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written = 0
        self._handed_over = 0
        self._finished = False
        if path.is_dir():
            raise WriteError(f"{path} cannot be written: it is a folder; give the name of a file.")
        try:
            remove_leftovers(path.parent)
            self._hidden, self._descriptor = _locked_file(path)
        except OSError as error:
            raise self._failed(error) from error

    def __enter__(self) -> PartialFile:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._finished:
            self._hidden.unlink(missing_ok=True)
        os.close(self._descriptor)

    @property
    def hidden(self) -> Path:
        """Where its bytes are until it is finished."""
        return self._hidden

    def lengthen(self, size: int) -> None:
        """Makes it at least so many bytes long; zeros are added."""
        try:
            if os.fstat(self._descriptor).st_size < size:
                os.ftruncate(self._descriptor, size)
        except OSError as error:
            raise self._failed(error) from error

    def reserve(self, size: int) -> None:
        """Takes the room for so many bytes, where the file system can: what is written then by others, who
        could not say so, does not find the disk full."""
        ctypes.set_errno(0)
        if _fallocate is not None and _fallocate(self._descriptor, 0, 0, size) != 0:
            number = ctypes.get_errno()
            if number in _FULL:
                raise self._failed(OSError(number, os.strerror(number)))

    def write(self, parts: Sequence[bytes | memoryview], offset: int) -> None:
        """Writes the parts one after the other from an offset on; at most 1024 of them."""
        try:
            done = os.pwritev(self._descriptor, parts, offset)
            if done < sum(map(len, parts)):  # a signal or a full disk came in between: the rest tells which
                rest = memoryview(b"".join(parts))[done:]
                while rest:
                    count = os.pwrite(self._descriptor, rest, offset + done)
                    done, rest = done + count, rest[count:]
        except OSError as error:
            raise self._failed(error) from error
        self._written += done
        self._start_writeback(offset)

    def _start_writeback(self, end: int) -> None:
        """Tells the system that the bytes up to here will not be needed again, on which Linux
        starts to write them out."""
        length = end - self._handed_over
        if length >= WRITEBACK_BYTES and hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._descriptor, self._handed_over, length, os.POSIX_FADV_DONTNEED)
            self._handed_over = end

    def finish(self) -> None:
        """Syncs the bytes, gives the file its name, syncs the folder."""
        try:
            os.fsync(self._descriptor)
            os.replace(self._hidden, self._path)
            self._finished = True
            sync_folder(self._path.parent)
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> WriteError:
        if error.errno in _FULL:
            return WriteError(
                f"{self._path} cannot be written: {error.strerror} after {self._written} bytes. "
                "Make room and write again; a file that had this name before is as it was."
            )
        return WriteError(
            f"{self._path} cannot be written: {error.strerror or error}. Give a folder that can be written."
        )


def remove_leftovers(folder: Path) -> list[Path]:
    """Removes the hidden files whose writers are dead; those of living writers are locked and stay.

    Returns:
        The files removed.
    """
    removed = []
    for hidden in folder.glob(f".*{SUFFIX}"):
        try:
            descriptor = os.open(hidden, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:  # gone meanwhile, or not ours
            continue
        try:
            if _try_lock(descriptor):
                hidden.unlink(missing_ok=True)
                removed.append(hidden)
        finally:
            os.close(descriptor)
    return removed


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder last: without it a rename may be lost with the power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _locked_file(path: Path) -> tuple[Path, int]:
    """A new hidden file with this process's lock on it."""
    for _ in range(MOST_TRIES):
        hidden = path.parent / f".{path.name}.{secrets.token_hex(4)}{SUFFIX}"
        descriptor = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                os.close(descriptor)
                hidden.unlink(missing_ok=True)
                raise
        # A neighbour may have taken the new file for a leftover before the lock was ours.
        if os.fstat(descriptor).st_nlink:
            return hidden, descriptor
        os.close(descriptor)
    raise OSError(errno.EBUSY, f"{MOST_TRIES} new files were removed by other writers")


def _try_lock(descriptor: int) -> bool:
    """True where nobody else holds the lock; false also where the file system has no locks to
    tell."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
