"""Records: what a run has recorded, read as NumPy arrays, pandas or polars frames."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bigworlds.errors import UserError, nearest_names
from bigworlds.record.specs import COUNTS, TICK, VALUE, histogram_edges
from bigworlds.snapshot import TableReader

if TYPE_CHECKING:
    import pandas
    import polars

Array = NDArray[Any]

FILE_NAME = "records.h5"
"""What the file is called in a run's folder."""


class Readable(Protocol):
    """Tables that can be read."""

    @property
    def names(self) -> list[str]: ...

    def about(self, name: str) -> dict[str, Any]: ...

    def read(self, name: str) -> dict[str, Array]: ...


class Records:
    """The tables of a run; looking at them changes nothing.

    A series is a record with one value per tick (count, sum, mean, min, max); all series together
    make one table by tick. Histograms, groups and columns are tables by themselves.

    Example:
        >>> from bigworlds.record.store import MemoryTables
        >>> tables = MemoryTables()
        >>> tables.add("sheep", {"kind": "count"})
        >>> tables.append("sheep", {"tick": np.array([0, 1]), "value": np.array([7, 9])})
        >>> records = Records(tables)
        >>> records.names
        ['sheep']
        >>> records.to_numpy()["sheep"].tolist()
        [7, 9]
    """

    def __init__(self, tables: Readable | Callable[[], AbstractContextManager[Readable]]) -> None:
        self._tables = tables

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Records:
        """The records of a run that has ended, was stopped, or is still running.

        Args:
            path: a run's folder, or the file `records.h5` in it.

        Raises:
            UserError: there is no such file, or it holds no records.
        """
        file = Path(path) / FILE_NAME if Path(path).is_dir() else Path(path)
        records = cls(lambda: TableReader(file))
        _ = records.names  # says at once what is wrong
        return records

    def _read(self) -> AbstractContextManager[Readable]:
        """The tables, open as long as the context lasts: a writer's next commit waits for that."""
        return self._tables() if callable(self._tables) else nullcontext(self._tables)

    @property
    def names(self) -> list[str]:
        """What has been recorded, in the order of declaration."""
        with self._read() as tables:
            return tables.names

    def about(self, name: str) -> dict[str, Any]:
        """How a record was declared: its kind, `every`, and what it is of.

        Raises:
            UserError: nothing is recorded under this name.
        """
        with self._read() as tables:
            return tables.about(_known(name, tables.names))

    def edges(self, name: str) -> Array:
        """The bins + 1 edges of a histogram's bins.

        Raises:
            UserError: this is no histogram.
        """
        about = self.about(name)
        about = about.get("inner", about)
        if about.get("kind") != "histogram":
            raise UserError(f"{name!r} is a {about.get('kind')}, not a histogram; it has no bins.")
        low, high = about["range"]
        return histogram_edges(about["bins"], (low, high))

    def to_numpy(self, name: str | None = None) -> dict[str, Array]:
        """Recorded rows as arrays.

        Args:
            name: of a record; without one, all series together.

        Returns:
            With a name its columns, `"tick"` first, as they were recorded. Without, `"tick"` (all
            ticks at which any series has a value) and one array per series, (n,) or (n, k), with
            NaN (and so float64) where a series has no value at a tick. Copies.

        Raises:
            UserError: nothing is recorded under this name.
        """
        with self._read() as tables:
            if name is not None:
                return tables.read(_known(name, tables.names))
            series = {one: tables.read(one) for one in tables.names if _is_series(tables.about(one))}
        ticks = [np.asarray(rows[TICK]) for rows in series.values() if rows]
        all_ticks = reduce(np.union1d, ticks, np.zeros(0, dtype=np.int64))
        return {TICK: all_ticks, **{one: _filled(rows, all_ticks) for one, rows in series.items()}}

    def to_pandas(self, name: str | None = None) -> pandas.DataFrame:
        """Recorded rows as a pandas frame.

        Args:
            name: of a record; without one, all series together.

        Returns:
            A frame by tick. A vector of two or three parts makes columns `.x`, `.y` and `.z`, other
            lines of k entries `[0]` to `[k-1]`; text is text, and lists of any length are lists. Copies.

        Raises:
            UserError: pandas is not installed, or nothing is recorded under this name.
        """
        try:
            import pandas
        except ImportError:
            raise _missing("pandas") from None
        return pandas.DataFrame(dict(self._flat(name))).set_index(TICK)

    def to_polars(self, name: str | None = None) -> polars.DataFrame:
        """Recorded rows as a polars frame, with `"tick"` as its first column; else as `to_pandas`.

        Raises:
            UserError: polars is not installed, or nothing is recorded under this name.
        """
        try:
            import polars
        except ImportError:
            raise _missing("polars") from None
        return polars.DataFrame(dict(self._flat(name)))

    def _flat(self, name: str | None) -> Iterator[tuple[str, Array | list[Any]]]:
        """Columns of one dimension each, text decoded; values of any length as Python has them."""
        rows = self.to_numpy(name)
        if not rows:
            yield TICK, np.zeros(0, dtype=np.int64)
        for column, array in rows.items():
            if array.dtype.kind == "O":
                yield column, [value.tolist() if isinstance(value, np.ndarray) else value for value in array]
                continue
            if array.dtype.kind == "S":
                array = np.char.decode(array, "utf-8", "replace")
            if array.ndim == 1:
                yield column, array
                continue
            parts = array.shape[1]
            is_vector = parts in (2, 3) and column != COUNTS
            ends = (".x", ".y", ".z") if is_vector else [f"[{i}]" for i in range(parts)]
            for part, end in zip(range(parts), ends, strict=False):
                yield column + end, np.ascontiguousarray(array[:, part])

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> dict[str, Array]:
        return self.to_numpy(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        return f"Records({', '.join(self.names) or 'nothing recorded'})"


def _is_series(about: Mapping[str, Any]) -> bool:
    return about.get("kind") in ("count", "sum", "mean", "min", "max")


def _filled(rows: Mapping[str, Array], ticks: Array) -> Array:
    """A series' values at all ticks, NaN where it has none."""
    if not rows:
        return np.full(len(ticks), np.nan)
    value = rows[VALUE]
    if len(value) == len(ticks):
        return value
    filled = np.full((len(ticks), *value.shape[1:]), np.nan)
    filled[np.searchsorted(ticks, rows[TICK])] = value
    return filled


def _known(name: str, names: list[str]) -> str:
    if name not in names:
        raise UserError(f"nothing is recorded as {name!r}{nearest_names(name, names)}")
    return name


def _missing(library: str) -> UserError:
    return UserError(
        f"to_{library} needs {library}, which is not installed: pip install {library}, or use to_numpy()."
    )
