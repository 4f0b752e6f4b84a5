"""A file that HDF5 changes in place and that is nevertheless always whole on the disk: commits
through a journal.

HDF5 rewrites its own structures as a file grows; a process that dies meanwhile leaves them half
written. So HDF5 is given one of these files instead. What it writes behind the end of the last
commit goes to the disk at once, for nothing refers to it yet. What it writes before that end stays
in memory until `commit`, which first writes it to a journal beside the file, syncs, and only then
puts it in its place. Whoever opens the file next finds it as the last commit left it: with the
journal's pages over it where the journal is whole, without them where it is not.

The journal of commit k stays until commit k + 1 has synced what k put in its place. The first 512
bytes of the file, which HDF5 leaves free, hold the commit's number, so that a journal that was
overtaken is known.

    file     MAGIC (8 bytes), u32 FORMAT, u32 zero, u64 number of the commit; zeros up to byte 512
    journal  MAGIC (8 bytes), u64 number of the commit, u64 length of the file, u64 number of pages,
             u32 CRC-32C of all behind it, u32 zero; then per page u64 place in pages, and the page
"""

from __future__ import annotations

import errno
import fcntl
import io
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from bigworlds import _core
from bigworlds.errors import UserError
from bigworlds.snapshot.partial import WriteError

MAGIC = b"\x89BWRECS\n"
"""Start of a file that grows by commits."""

JOURNAL_MAGIC = b"\x89BWJRNL\n"
"""Start of its journal."""

FORMAT = 1
"""Number of this format; every change of it raises it."""

USER_BLOCK_BYTES = 512
"""What HDF5 leaves free at the start."""

PAGE_BYTES = 4096
"""The unit of what is kept in memory and journaled."""

_HEADER = struct.Struct("<8sI4xQ")
_JOURNAL_HEADER = struct.Struct("<8sQQQI4x")
_PLACE = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class _Journal:
    """A whole journal: number of the commit, length of the file, pages by place."""

    number: int
    file_bytes: int
    pages: dict[int, bytearray]


class _PagedFile(io.RawIOBase):
    """What HDF5 reads from: the file on the disk with pages in memory over it."""

    def __init__(self, path: Path, flags: int) -> None:
        super().__init__()
        self.path = path
        self._descriptor = os.open(path, flags | os.O_CLOEXEC, 0o666)
        self._pages: dict[int, bytearray] = {}
        self._size = os.fstat(self._descriptor).st_size
        self._position = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves to an offset from the start, from here, or from the end."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        """Where the next read or write starts."""
        return self._position

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        """Fills a buffer; zeros stand for what was never written."""
        end = self._position + len(target)
        target[:] = self._from_disk(self._position, len(target))
        for place in range(self._position // PAGE_BYTES, -(-end // PAGE_BYTES)):
            page = self._pages.get(place)
            if page is not None:
                start = place * PAGE_BYTES
                first, last = max(start, self._position), min(start + PAGE_BYTES, end)
                target[first - self._position : last - self._position] = page[first - start : last - start]
        self._position = end
        return len(target)

    def _from_disk(self, offset: int, length: int) -> bytes:
        content = bytearray()
        while len(content) < length:
            some = os.pread(self._descriptor, length - len(content), offset + len(content))
            if not some:
                break
            content += some
        return bytes(content.ljust(length, b"\0"))

    def header(self) -> tuple[bytes, int, int]:
        """Magic, format and number of the last commit, as the file on the disk says."""
        magic, version, number = _HEADER.unpack(self._from_disk(0, _HEADER.size))
        return magic, version, number

    def _lay_over(self, journal: _Journal | None) -> None:
        """Puts the journal's pages over the file, unless a later commit has overtaken it."""
        magic, _, number = self.header()
        is_ours = magic == MAGIC or magic == bytes(len(MAGIC))  # zeros until the first commit
        if journal is not None and is_ours and journal.number in (number, number + 1):
            self._pages = journal.pages
            self._size = journal.file_bytes

    def refuse_foreign(self) -> None:
        """Raises unless the file, with its journal, is one of this kind and format."""
        first = bytes(self._pages.get(0, b"")) or self._from_disk(0, _HEADER.size)
        magic, version, _ = _HEADER.unpack_from(first)
        if magic != MAGIC:
            found = "other bytes" if any(first) else "nothing: the run ended before it wrote any"
            raise UserError(f"{self.path} holds no records: expected {MAGIC!r} at its start, found {found}.")
        if version != FORMAT:
            raise UserError(
                f"{self.path} has the records format {version}, this bigworlds reads format "
                f"{FORMAT}. Use the bigworlds that wrote it."
            )


class JournaledReader(_PagedFile):
    """The file as the last commit left it; a living writer waits with its next commit until
    `release`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, os.O_RDONLY)
        _lock(self._descriptor, fcntl.LOCK_SH)
        self._size = os.fstat(self._descriptor).st_size
        self._lay_over(_read_journal(journal_path(path)))

    def release(self) -> None:
        """Lets go of the file."""
        os.close(self._descriptor)


class JournaledFile(_PagedFile):
    """A file that changes by commits alone.

    Args:
        path: the file.
        create: make a new one; it must not exist. Else open the one there is, as its last commit
            left it.

    Raises:
        UserError: another process writes this file.
        WriteError: from `commit`, when the disk is full or fails. The file stays as the commit
            before left it.
    """

    def __init__(self, path: Path, *, create: bool) -> None:
        super().__init__(path, os.O_RDWR | (os.O_CREAT | os.O_EXCL if create else 0))
        self._journal = os.open(journal_path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        if not _lock(self._journal, fcntl.LOCK_EX | fcntl.LOCK_NB):
            os.close(self._journal)
            os.close(self._descriptor)
            raise UserError(f"{path} is being written by another process; wait for it to end.")
        self._failure: OSError | None = None
        self._number = 0
        if create:
            os.ftruncate(self._journal, 0)  # one that a file of this name left when it was removed
        else:
            self._lay_over(_read_journal(journal_path(path)))
            self.refuse_foreign()
            self._put_pages()
            os.fsync(self._descriptor)
            self._number = self.header()[2]
        self._committed = self._size

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        """Takes the bytes: to the disk behind the last commit's end, to memory before it."""
        content = memoryview(data).cast("B")
        # Page 0 is never written directly: a first commit that is cut short leaves zeros there.
        border = max(-(-self._committed // PAGE_BYTES), 1) * PAGE_BYTES
        before = max(0, min(len(content), border - self._position))
        self._write_to_pages(content[:before], self._position)
        self._write_to_disk(content[before:], self._position + before)
        self._position += len(content)
        self._size = max(self._size, self._position)
        return len(content)

    def _write_to_pages(self, content: memoryview, offset: int) -> None:
        while content:
            place, start = divmod(offset, PAGE_BYTES)
            page = self._pages.get(place)
            if page is None:
                page = bytearray(self._from_disk(place * PAGE_BYTES, PAGE_BYTES))
                self._pages[place] = page
            some = content[: PAGE_BYTES - start]
            page[start : start + len(some)] = some
            content, offset = content[len(some) :], offset + len(some)

    def _write_to_disk(self, content: memoryview, offset: int) -> None:
        """HDF5 must not see a full disk, which it cannot undo; `commit` raises what happened."""
        if self._failure is None:
            try:
                _write_all(self._descriptor, content, offset)
            except OSError as error:
                self._failure = error

    def truncate(self, size: int | None = None) -> int:
        """Sets the length that the file will have after the next commit."""
        self._size = self._position if size is None else size
        return self._size

    def commit(self) -> None:
        """Makes all that was written since the last commit part of the file, or nothing of it."""
        try:
            if self._failure is not None:
                raise self._failure
            self._number += 1
            header = _HEADER.pack(MAGIC, FORMAT, self._number)
            self._write_to_pages(memoryview(header), 0)
            os.fsync(self._descriptor)
            self._write_journal()
            self._put_pages()
        except OSError as error:
            self._failure = error
            raise _failed(self.path, error) from error
        self._committed = self._size

    def raise_failure(self) -> None:
        """Raises what the disk did, if anything went wrong with it."""
        if self._failure is not None:
            raise _failed(self.path, self._failure) from self._failure

    def release(self, *, keep_journal: bool = False) -> None:
        """Lets go of the file; without a commit before it, what was written since the last one is
        lost."""
        if self._failure is None and not keep_journal:
            os.fsync(self._descriptor)
            journal_path(self.path).unlink(missing_ok=True)
        os.close(self._journal)
        os.close(self._descriptor)

    def remove(self) -> None:
        """Removes the file and its journal; for one that never had its first commit."""
        journal_path(self.path).unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    def _write_journal(self) -> None:
        places = sorted(self._pages)
        body = b"".join(_PLACE.pack(place) + bytes(self._pages[place]) for place in places)
        header = _JOURNAL_HEADER.pack(
            JOURNAL_MAGIC, self._number, self._size, len(places), _core.checksum(body)
        )
        _write_all(self._journal, memoryview(header + body), 0)
        os.fsync(self._journal)

    def _put_pages(self) -> None:
        """Puts the pages in their places, while no reader looks."""
        _lock(self._descriptor, fcntl.LOCK_EX)
        try:
            for place, page in sorted(self._pages.items()):
                _write_all(self._descriptor, memoryview(page), place * PAGE_BYTES)
            os.ftruncate(self._descriptor, self._size)
        finally:
            _lock(self._descriptor, fcntl.LOCK_UN)
        self._pages = {}


def journal_path(path: Path) -> Path:
    """Where the journal of a file stands: hidden beside it, and gone when the file was closed
    well."""
    return path.with_name(f".{path.name}.journal")


def _read_journal(path: Path) -> _Journal | None:
    """The journal if it is whole, else None."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if len(content) < _JOURNAL_HEADER.size:
        return None
    magic, number, file_bytes, count, checksum = _JOURNAL_HEADER.unpack_from(content)
    record = _PLACE.size + PAGE_BYTES
    body = memoryview(content)[_JOURNAL_HEADER.size :][: count * record]
    if magic != JOURNAL_MAGIC or len(body) != count * record or _core.checksum(body) != checksum:
        return None
    pages = {
        _PLACE.unpack_from(body, at)[0]: bytearray(body[at + _PLACE.size : at + record])
        for at in range(0, len(body), record)
    }
    return _Journal(number, file_bytes, pages)


def _write_all(descriptor: int, content: memoryview, offset: int) -> None:
    while content:
        done = os.pwrite(descriptor, content, offset)
        content, offset = content[done:], offset + done


def _lock(descriptor: int, operation: int) -> bool:
    """False where another process holds the lock; a file system without locks has none to hold."""
    try:
        fcntl.flock(descriptor, operation)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _failed(path: Path, error: OSError) -> WriteError:
    todo = "Make room"
    if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        todo = "Look after the disk"
    return WriteError(
        f"{path} cannot be written: {error.strerror}. {todo}; the file is as its last commit left it."
    )
