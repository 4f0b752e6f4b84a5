"""Tables that grow while a run goes on, in one HDF5 file that is whole at every moment.

A table is a group; its columns are chunked datasets with one entry, or one line of k entries, per
row; values of any length (see open_columns.py) are entries of variable length. Rows are gathered in
memory, appended, and made part of the file by a commit; a writer that dies, is interrupted or finds
the disk full leaves the rows of the last commit, all columns of a table equally long, in a file that
stock h5py opens (see journaled.py).
"""

from __future__ import annotations

import bisect
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from bigworlds.errors import UserError, nearest_names
from bigworlds.snapshot.journaled import (
    USER_BLOCK_BYTES,
    JournaledFile,
    JournaledReader,
)
from bigworlds.snapshot.open_columns import (
    can_be_written,
    held_bytes,
    is_open,
    mark_open,
    open_dtype,
    read_column,
    write_open,
)
from bigworlds.snapshot.partial import WriteError
from bigworlds.snapshot.section import STORED_KINDS

Array = NDArray[Any]
About = Mapping[str, str | int | float | Sequence[float]]
Rows = Mapping[str, Array]
Layout = dict[str, tuple[np.dtype[Any], tuple[int, ...]]]

SMALLEST_CHUNK_BYTES = 8 << 10
"""A column that gets single rows is stored in pieces of this many bytes."""

LARGEST_CHUNK_BYTES = 1 << 20
"""A column that gets many rows at a time is stored in pieces of up to this many bytes."""

APPEND_BYTES = 512
"""What Python keeps for appended rows besides their numbers, while they wait; more than single rows
have."""


class TableWriter:
    """Writes tables of rows that come with time.

    Use `create` or `resume`; `close` it, or use it as a context.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "records.h5"
        >>> with TableWriter.create(path) as tables:
        ...     tables.add("sheep", {"kind": "count"})
        ...     for tick in range(3):
        ...         row = {"tick": np.array([tick]), "value": np.array([tick * 2.0])}
        ...         tables.append("sheep", row)
        ...     tables.commit()
        >>> with TableReader(path) as tables:
        ...     tables.about("sheep"), tables.read("sheep")["value"].tolist()
        ({'kind': 'count'}, [0.0, 2.0, 4.0])
    """

    def __init__(self, file: JournaledFile, hdf5: h5py.File) -> None:
        self._file = file
        self._hdf5 = hdf5
        self._pending: dict[str, list[Rows]] = {}
        self._layouts = {name: _stored_layout(hdf5, name) for name in _names(hdf5)}
        self._broken = False
        self.pending_bytes = 0

    @classmethod
    def create(cls, path: str | os.PathLike[str]) -> TableWriter:
        """A new file without tables.

        Raises:
            UserError: the file exists.
            WriteError: it cannot be written.
        """
        try:
            file = JournaledFile(Path(path), create=True)
        except FileExistsError:
            raise UserError(f"{path} exists already; give another name or remove it.") from None
        except OSError as error:
            raise WriteError(f"{path} cannot be written: {error.strerror}.") from error
        hdf5 = h5py.File(file, "w", userblock_size=USER_BLOCK_BYTES, libver=("earliest", "v110"))
        writer = cls(file, hdf5)
        try:
            writer.commit()
        except BaseException:
            writer.close()
            file.remove()  # else an empty file would be in the way of the next run
            raise
        return writer

    @classmethod
    def resume(cls, path: str | os.PathLike[str]) -> TableWriter:
        """The file as its last commit left it, to be written on.

        Raises:
            UserError: no such file, none of tables, or one that another process writes.
        """
        try:
            file = JournaledFile(Path(path), create=False)
        except OSError as error:
            raise UserError(f"{path} cannot be opened: {error.strerror}.") from error
        try:
            return cls(file, _open_hdf5(file, "r+"))
        except BaseException:
            file.release(keep_journal=True)
            raise

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def names(self) -> list[str]:
        """All tables, in the order in which they were added."""
        return list(self._layouts)

    def add(self, name: str, about: About) -> None:
        """Adds a table without columns; they come with the first rows.

        Args:
            name: any text but the empty one.
            about: texts, numbers and lists of numbers that stay with the table.
        """
        if not name or name in self._layouts:
            raise ValueError(f"the table {name!r} exists already" if name else "a table needs a name")
        group = self._hdf5.create_group(_link(name))
        group.attrs["name"] = name
        group.attrs["place"] = len(self._hdf5)
        group.attrs["about"] = json.dumps(dict(about))
        self._layouts[name] = {}

    def about(self, name: str) -> dict[str, Any]:
        """What was said about a table when it was added."""
        return _about(self._hdf5, name)

    def append(self, name: str, rows: Rows) -> None:
        """Adds rows to a table; they are in the file after the next commit.

        Args:
            name: the table.
            rows: by column; shape (n,) or (n, k), the same n for all, bool, number or `S`, or objects
                (n,): str, bytes, or arrays of one type. Later rows have the columns, types and k of
                the first ones. The arrays are kept until the next commit: do not change them.

        Raises:
            ValueError: columns, types or shapes other than those of the rows before.
        """
        self._check(name, rows)
        self._pending.setdefault(name, []).append(dict(rows))
        self.pending_bytes += _waiting_bytes(rows)

    def commit(self, **numbers: int) -> None:
        """Makes all appended rows part of the file, or, if that fails, none of them.

        Args:
            numbers: whole numbers about all tables together, kept in the file with the rows.

        Raises:
            WriteError: the disk is full or fails; the file is as the last commit left it, and this
                writer can only be closed.
        """
        with self._whole():
            for name in list(self._pending):
                self._write_pending(name)
            for name, number in numbers.items():
                self._hdf5.attrs[name] = np.int64(number)
            self._hdf5.flush()
            self._file.commit()

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Whatever interrupts what is done in here, Ctrl-C too, leaves tables that must not be
        committed."""
        if self._broken:
            raise WriteError(f"{self._file.path}: nothing more can be written after a failure.")
        self._broken = True
        try:
            yield
        except OSError:
            self._file.raise_failure()  # HDF5 stumbles over what the disk did before
            raise
        self._broken = False

    def number(self, name: str) -> int | None:
        """A number that a commit kept."""
        return int(self._hdf5.attrs[name]) if name in self._hdf5.attrs else None

    def read(self, name: str) -> dict[str, Array]:
        """All rows of a table, those not committed yet included, as copies."""
        with self._whole():
            self._write_pending(name)
        return _read(self._hdf5, name)

    def keep_up_to(self, column: str, last: int) -> None:
        """Drops the rows of all tables whose entry in an ascending column is above a number.

        Args:
            column: a column of whole numbers that never descends, such as the tick.
            last: rows up to this number stay.
        """
        with self._whole():
            for name in self.names:
                self._write_pending(name)
                group = self._hdf5[_link(name)]
                if column in group:
                    rows = bisect.bisect_right(group[column], last)
                    for dataset in group.values():
                        dataset.resize(rows, axis=0)

    def last(self, name: str, column: str) -> int | None:
        """A column's entry in the last row of a table, None where there are no rows."""
        pending = self._pending.get(name)
        if pending:
            return int(pending[-1][column][-1])
        group = self._hdf5[_link(name)]
        return int(group[column][-1]) if column in group and len(group[column]) else None

    def close(self) -> None:
        """Commits, unless a commit has failed, and lets go of the file."""
        if not self._hdf5:
            return
        whole = False
        try:
            if not self._broken:
                self.commit()
                whole = True
        finally:
            self._hdf5.close()
            if whole:
                self._file.commit()  # what HDF5 tidied up while closing
            self._file.release(keep_journal=not whole)

    def _check(self, name: str, rows: Rows) -> None:
        """Refuses rows that do not fit each other or the rows before."""
        expected = self._layouts.get(name)
        if expected is None:
            raise ValueError(f"there is no table {name!r}{nearest_names(name, self.names)}")
        lengths = {len(column) for column in rows.values()}
        if len(lengths) != 1:
            raise ValueError(f"table {name!r}: columns of different lengths: {sorted(lengths)}")
        found = {column: (array.dtype, array.shape[1:]) for column, array in rows.items()}
        if not expected:
            _check_columns(name, rows)
        elif found != expected:
            raise ValueError(f"table {name!r}: expected columns {expected}, found {found}")
        self._layouts[name] = found

    def _write_pending(self, name: str) -> None:
        """Hands a table's pending rows to HDF5."""
        rows = self._pending.pop(name, None)
        if not rows:
            return
        group = self._hdf5[_link(name)]
        for column in rows[0]:
            parts = [some[column] for some in rows]
            array = parts[0] if len(parts) == 1 else np.concatenate(parts)
            if column not in group:
                _create_column(group, column, array)
            dataset = group[column]
            before = len(dataset)
            dataset.resize(before + len(array), axis=0)
            if is_open(array):
                write_open(dataset, before, array)
            elif len(array):
                dataset[before:] = array
        self.pending_bytes -= sum(map(_waiting_bytes, rows))


class TableReader:
    """Reads tables, also while another process writes them, as the last commit left them.

    Args:
        path: the file.

    Raises:
        UserError: no such file, or none of tables.

    A writer's next commit waits until this is closed, so do not keep it open.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            self._file = JournaledReader(Path(path))
        except OSError as error:
            raise UserError(f"{path} cannot be opened: {error.strerror}.") from error
        try:
            self._file.refuse_foreign()
            self._hdf5 = _open_hdf5(self._file, "r")
        except BaseException:
            self._file.release()
            raise

    def __enter__(self) -> TableReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hdf5.close()
        self._file.release()

    @property
    def names(self) -> list[str]:
        """All tables, in the order in which they were added."""
        return _names(self._hdf5)

    def about(self, name: str) -> dict[str, Any]:
        """What was said about a table when it was added."""
        return _about(self._hdf5, name)

    def number(self, name: str) -> int | None:
        """A number that a commit kept."""
        return int(self._hdf5.attrs[name]) if name in self._hdf5.attrs else None

    def read(self, name: str) -> dict[str, Array]:
        """All rows of a table by column, as copies."""
        return _read(self._hdf5, name)


def _open_hdf5(file: JournaledFile | JournaledReader, mode: str) -> h5py.File:
    try:
        return h5py.File(file, mode)
    except OSError as error:
        raise UserError(f"{file.path} holds no tables that can be read: {error}.") from error


def _waiting_bytes(rows: Rows) -> int:
    """Memory that appended rows take until they are written."""
    return APPEND_BYTES + sum(map(held_bytes, rows.values()))


def _check_columns(table: str, rows: Rows) -> None:
    """Refuses columns that HDF5 would take for something else."""
    for name, column in rows.items():
        if not name or name == "." or "/" in name:
            raise ValueError(f"table {table!r}: {name!r} cannot be the name of a column")
        if is_open(column) and can_be_written(column):
            continue
        if column.dtype.kind not in STORED_KINDS or column.ndim > 2 or 0 in column.shape[1:]:
            raise ValueError(
                f"table {table!r}: column {name!r} cannot be of type {column.dtype} and shape {column.shape}"
            )


def _create_column(group: h5py.Group, name: str, first: Array) -> None:
    """A column whose pieces suit the number of rows that it gets at a time."""
    dtype = open_dtype(first) if is_open(first) else first.dtype
    row_bytes = max(1, first.nbytes // max(1, len(first)))
    wanted = min(max(first.nbytes, SMALLEST_CHUNK_BYTES), LARGEST_CHUNK_BYTES)
    group.create_dataset(
        name,
        shape=(0, *first.shape[1:]),
        maxshape=(None, *first.shape[1:]),
        chunks=(max(1, wanted // row_bytes), *first.shape[1:]),
        dtype=dtype,
        track_times=False,
    )
    if is_open(first):
        mark_open(group[name], first)
    group.attrs["columns"] = json.dumps([*json.loads(group.attrs.get("columns", "[]")), name])


def _link(name: str) -> str:
    """The name of a table's group: HDF5 takes `/` for a path and `.` for the group itself."""
    escaped = name.replace("%", "%25").replace("/", "%2F")
    return "%2E" if escaped == "." else escaped


def _names(hdf5: h5py.File) -> list[str]:
    groups = sorted(hdf5.values(), key=lambda group: int(group.attrs["place"]))
    return [str(group.attrs["name"]) for group in groups]


def _stored_layout(hdf5: h5py.File, name: str) -> Layout:
    """Types and shapes of a table's columns as the file has them; none before the first rows."""
    group = hdf5[_link(name)]
    columns = json.loads(group.attrs.get("columns", "[]"))
    return {column: (group[column].dtype, group[column].shape[1:]) for column in columns}


def _known(hdf5: h5py.File, name: str) -> str:
    if _link(name) not in hdf5:
        raise UserError(f"there is no table {name!r}{nearest_names(name, _names(hdf5))}")
    return name


def _about(hdf5: h5py.File, name: str) -> dict[str, Any]:
    about: dict[str, Any] = json.loads(hdf5[_link(_known(hdf5, name))].attrs["about"])
    return about


def _read(hdf5: h5py.File, name: str) -> dict[str, Array]:
    group = hdf5[_link(_known(hdf5, name))]
    return {column: read_column(group[column]) for column in json.loads(group.attrs.get("columns", "[]"))}
