"""The recorder: asks the specs that are due, puts their rows into tables, and commits now and then.

What holds: a table has rows of ascending ticks, each tick at most once; after a stop at any moment
the file holds the rows of all tables up to one tick; a resumed run goes on behind the tick of its
snapshot without gap or repetition, since every snapshot is preceded by a commit.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bigworlds.errors import UserError
from bigworlds.record.records import Records
from bigworlds.record.source import Source, TickView, row_count
from bigworlds.record.specs import TICK, Spec
from bigworlds.record.store import MemoryTables, NoTables, Store
from bigworlds.snapshot import TableWriter

COMMIT_BYTES = 8 << 20
"""Rows wait in memory until there are so many bytes of them, ..."""

COMMIT_SECONDS = 5.0
"""... or until so much time has passed since the last commit."""

LAST_TICK = "last_tick"
"""The number in the file that says up to which tick it is complete."""

_logger = logging.getLogger("bigworlds.record")


class Recorder:
    """Records one run.

    Use `in_memory`, `create` or `resume`. Call `observe` in every tick that `next_due` names, at
    tick 0 and at the tick of a resumed snapshot too (a tick that is there already is passed over),
    `commit` before a snapshot is written, and `close` at the end.
    """

    def __init__(self, specs: Sequence[Spec], store: Store, path: Path | None, last_tick: int = -1) -> None:
        self._specs = tuple(specs)
        self._store = store
        self._path = path
        self._closed = False
        self._last_tick = last_tick
        self._committed = time.monotonic()

    @classmethod
    def in_memory(cls, specs: Sequence[Spec]) -> Recorder:
        """A recorder that keeps the rows in memory, up to a limit."""
        return cls._begun(specs, MemoryTables(), None)

    @classmethod
    def unkept(cls, specs: Sequence[Spec], last_tick: int) -> Recorder:
        """A recorder that keeps nothing: it takes part where another rank records.

        Args:
            specs: those of the other.
            last_tick: that of the other.
        """
        return cls(specs, NoTables(), None, last_tick)

    @classmethod
    def create(cls, specs: Sequence[Spec], path: str | os.PathLike[str]) -> Recorder:
        """A recorder into a new file.

        Raises:
            UserError: the file exists.
            WriteError: it cannot be written.
        """
        recorder = cls._begun(specs, TableWriter.create(path), Path(path))
        recorder.commit()
        return recorder

    @classmethod
    def _begun(cls, specs: Sequence[Spec], store: Store, path: Path | None) -> Recorder:
        for spec in specs:
            store.add(spec.name, spec.about())
        return cls(specs, store, path)

    @classmethod
    def resume(cls, specs: Sequence[Spec], path: str | os.PathLike[str], tick: int) -> Recorder:
        """A recorder that goes on in the file of a run that stopped.

        Args:
            specs: those of the run; new ones get tables of their own from here on.
            path: the file.
            tick: of the snapshot from which the run goes on; rows of later ticks are dropped.

        Raises:
            UserError: no such file, or a table of the same name that records something else.

        Where rows between the file's end and the tick are missing, a warning says which.
        """
        store = TableWriter.resume(path)
        try:
            for spec in specs:
                _resume_table(spec, store, Path(path))
            store.keep_up_to(TICK, tick)
            known = store.number(LAST_TICK)
            last_tick = tick if known is None else min(known, tick)
            recorder = cls(specs, store, Path(path), last_tick)
            recorder._warn_of_gaps(tick)
            recorder.commit()
        except BaseException:
            store.close()
            raise
        return recorder

    @property
    def last_tick(self) -> int:
        """The last tick that was recorded, -1 for none."""
        return self._last_tick

    @property
    def records(self) -> Records:
        """What has been recorded up to now, with what waits for its commit."""
        if self._closed and self._path is not None:
            return Records.open(self._path)
        return Records(self._store)

    def next_due(self, tick: int) -> int | None:
        """The first tick from `tick` on at which something is to be recorded, None where never."""
        return min((-(-tick // spec.every) * spec.every for spec in self._specs), default=None)

    def observe(self, source: Source) -> None:
        """Records what is due at the source's tick; nothing where the tick has been recorded.

        *Collective*: the tables, counts and sums that it asks for are global.

        Raises:
            UserError: an expression that does not fit the world: an unknown field, a text to be
                summed, an integer divided by zero.
            WriteError: the rows could not be committed; the file is as the last commit left it.
        """
        tick = source.tick
        due = [spec for spec in self._specs if spec.due(tick)]
        if tick <= self._last_tick or not due:
            return
        view = TickView(source)
        found = [(spec.name, spec.rows(view)) for spec in due]
        for name, rows in found:
            if rows is not None:
                ticks = np.full(row_count(rows), tick, dtype=np.int64)
                self._store.append(name, {TICK: ticks, **rows})
        self._last_tick = tick
        waited = time.monotonic() - self._committed
        if self._store.pending_bytes > COMMIT_BYTES or waited > COMMIT_SECONDS:
            self.commit()

    def note(self, name: str, tick: int, row: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Records something about the run itself, not about its world; `Records` has it in no series.

        *Rank 0*; elsewhere nothing is kept.

        Args:
            name: of a table of its own, made where it is missing.
            tick: at which it is noted; nothing where it, or a later one, has been noted.
            row: one row by column, (1,) or (1, k); where the table has rows with another k, from another
                number of ranks, the row is left out.
        """
        if name not in self._store.names:
            self._store.add(name, {"kind": "note"})
        last = self._store.last(name, TICK)
        if last is not None and last >= tick:
            return
        rows = {TICK: np.array([tick], dtype=np.int64), **row}
        try:
            self._store.append(name, rows)
        except ValueError:
            _logger.warning("%s at tick %d has another form than before and is left out", name, tick)

    def commit(self) -> None:
        """Makes all recorded rows part of the file.

        *Rank 0*. Call it before a snapshot is written: then a run that resumes from the snapshot
        finds the rows before it.

        Raises:
            WriteError: the disk is full or fails; the file is as the last commit left it.
        """
        self._store.commit(**{LAST_TICK: self._last_tick})
        self._committed = time.monotonic()

    def close(self) -> None:
        """Commits and closes the file; `records` stays readable."""
        if self._closed:
            return
        self._closed = True
        try:
            self.commit()
        finally:
            self._store.close()

    def _warn_of_gaps(self, tick: int) -> None:
        """Says which due ticks before `tick` are missing; the tick itself can still be observed."""
        for spec in self._specs:
            missing = range((self._last_tick // spec.every + 1) * spec.every, tick, spec.every)
            if missing:
                _logger.warning(
                    "%s: the records end at tick %d, the run goes on at tick %d; "
                    "those of %d ticks are missing",
                    spec.name,
                    self._last_tick,
                    tick,
                    len(missing),
                )


def _resume_table(spec: Spec, store: Store, path: Path) -> None:
    if spec.name not in store.names:
        store.add(spec.name, spec.about())
        return
    found, expected = store.about(spec.name), spec.about()
    if found != expected:
        raise UserError(
            f"{path}: the table {spec.name!r} records {_words(found)}, the model now asks for "
            f"{_words(expected)}. Give the record another name=, or go on in another folder."
        )


def _words(about: object) -> str:
    """A table's description in words."""
    if isinstance(about, dict):
        return ", ".join(f"{key} {_words(value)}" for key, value in about.items())
    return str(about)
