"""The journal: an append-only file of all that came into a run from outside, from which, with the seed, it
can be replayed.

A line is an entry: 8 hexadecimal digits, a blank, and JSON; the digits are the CRC-32C of the JSON,
    continued from that of
the entry before, so that entries can neither be changed nor left out. The first entry is the header. What
is appended is on disk before `append` returns. A last line that was torn (by `kill -9`, a full disk, a
power cut) is cut off; damage anywhere else is an error.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from bigworlds import _core
from bigworlds.errors import UserError
from bigworlds.event.plain import canonical

FORMAT = "bigworlds journal"
VERSION = 1

Entry = dict[str, Any]
"""One entry: `kind` ("begin", "input", "event", "parameters", "resource", "hand", "end"), `tick`, and what
belongs to the kind."""


class JournalError(UserError):
    """A journal cannot be used: damaged, foreign, of another run, or it cannot be written."""


def _line(entry: Entry, before: int) -> tuple[bytes, int]:
    text = canonical(entry).encode()
    check = _core.checksum(text, before)
    return b"%08x %s\n" % (check, text), check


def _parsed(line: bytes, before: int) -> tuple[Entry, int] | None:
    """The entry of a line and its checksum, None where the line is damaged."""
    text = line[9:]
    try:
        check = _core.checksum(text, before)
        if line[:9] != b"%08x " % check:
            return None
        entry = json.loads(text)
    except ValueError:
        return None
    return (entry, check) if isinstance(entry, dict) else None


def _is_whole(rest: bytes, before: int) -> bool:
    """Whether a bad last line begins with a whole entry that goes on: then it is damaged, not torn."""
    try:
        text = rest[9:].decode(errors="surrogateescape")
        _, length = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return False
    entry = text[:length].encode(errors="surrogateescape")
    return len(entry) + 9 < len(rest) and rest[:8] == b"%08x" % _core.checksum(entry, before)


def _scan(path: Path) -> tuple[list[Entry], int, int]:
    """The whole entries of a file, how many bytes they take, and the checksum of the last."""
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise JournalError(f"{path} cannot be read: {problem.strerror}") from None
    entries: list[Entry] = []
    check = good = 0
    while good < len(content):
        end = content.find(b"\n", good)
        parsed = _parsed(content[good:end], check) if end >= 0 else None
        if parsed is None:
            more = 0 <= end < len(content) - 1 or _is_whole(content[good:], check)
            if entries and more:
                number = len(entries) + 1
                raise JournalError(
                    f"{path} is damaged at entry {number} (byte {good}): its checksum is wrong"
                )
            break
        entry, check = parsed
        entries.append(entry)
        good = end + 1
    if entries and entries[0].get("format") != FORMAT:
        raise JournalError(f"{path} is no journal: expected '{FORMAT}' in its first line")
    if not entries and content:
        raise JournalError(f"{path} is no journal, or its first entry is torn")
    if entries and entries[0].get("version") != VERSION:
        found = entries[0].get("version")
        raise JournalError(f"{path} has version {found} of the format; expected version {VERSION}")
    return entries, good, check


def read_journal(path: str | os.PathLike[str]) -> tuple[Entry, list[Entry]]:
    """The header and the entries of a journal; a torn last entry is left out.

    Raises:
        JournalError: it cannot be read, is damaged, or is no journal.
    """
    entries, _, _ = _scan(Path(path))
    if not entries:
        raise JournalError(f"{path} is empty: expected a journal")
    return entries[0], entries[1:]


class Journal:
    """A journal that is written to. Use it as a context manager, or `close` it.

    Args:
        path: the file. One that is there is gone on with, after its torn last entry, if it has one, has
            been cut off.
        header: of a new file.

    Attributes:
        path: the file.
        entries: those that the file had already, without the header.
        header: the header of the file.

    Raises:
        JournalError: the file is damaged, no journal, or cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str], header: Entry) -> None:
        self.path = Path(path)
        self.header: Entry = {"format": FORMAT, "version": VERSION, "kind": "begin", **header}
        self.entries: list[Entry] = []
        self._check = 0
        known: list[Entry] = []
        size = 0
        if self.path.exists():
            known, size, self._check = _scan(self.path)
        try:
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
            os.ftruncate(self._descriptor, size)
            os.lseek(self._descriptor, size, os.SEEK_SET)
        except OSError as problem:
            raise self._failed(problem) from None
        self._size = size
        if known:
            self.header, self.entries = known[0], known[1:]
        else:
            self.append([self.header])

    def append(self, entries: Iterable[Entry]) -> None:
        """Writes entries at the end; they are on disk when it returns.

        Raises:
            JournalError: they cannot be written; the file is as it was before.
        """
        lines = []
        check = self._check
        for entry in entries:
            line, check = _line(entry, check)
            lines.append(line)
        content = b"".join(lines)
        try:
            _write_all(self._descriptor, content)
            os.fsync(self._descriptor)
        except OSError as problem:
            self._take_back()
            raise self._failed(problem) from None
        self._check = check
        self._size += len(content)

    def _take_back(self) -> None:
        """Cuts off what a failed write has left."""
        try:
            os.ftruncate(self._descriptor, self._size)
            os.lseek(self._descriptor, self._size, os.SEEK_SET)
        except OSError:
            pass  # the torn entry is cut off when the file is next opened

    def _failed(self, problem: OSError) -> JournalError:
        return JournalError(f"{self.path} cannot be written: {problem.strerror}")

    def close(self) -> None:
        """Closes the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
