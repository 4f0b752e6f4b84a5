"""Result: what a query found, as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bigworlds.errors import UserError, nearest_names

if TYPE_CHECKING:
    import pandas
    import polars

Array = NDArray[Any]


class Result(Mapping[str, Array]):
    """Columns by name, all of the same number of rows. Copies: they stay as they are while the world goes on.

    Attributes:
        tick: at which the query was asked.
        rows: how many rows there are.
        cursor: for the next page where the rows were cut at a limit, else None.

    Example:
        >>> found = Result({"id": np.array([1, 2]), "speed": np.array([0.5, 2.0])}, tick=3)
        >>> found["speed"].tolist(), found.rows
        ([0.5, 2.0], 2)
        >>> found.row(0)
        {'id': 1, 'speed': 0.5}
    """

    def __init__(self, columns: Mapping[str, Array], tick: int, cursor: str | None = None) -> None:
        self._columns = dict(columns)
        self.tick = tick
        self.cursor = cursor
        self.rows = len(next(iter(self._columns.values()), ()))

    def __getitem__(self, name: str) -> Array:
        if name not in self._columns:
            raise UserError(f"the result has no column {name!r}{nearest_names(name, self._columns)}")
        return self._columns[name]

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def row(self, number: int = 0) -> dict[str, Any]:
        """One row as plain Python values: numbers, texts, and lists for vectors.

        Raises:
            UserError: there are not so many rows.
        """
        if not 0 <= number < self.rows:
            raise UserError(f"there is no row {number}: the result has {self.rows}")
        return {
            name: column[number].tolist() if hasattr(column[number], "tolist") else column[number]
            for name, column in self._columns.items()
        }

    def to_plain(self) -> dict[str, Any]:
        """The result as data that JSON has: tick, cursor, columns as lists; NaN and infinities are None."""
        return {
            "tick": self.tick,
            "rows": self.rows,
            "cursor": self.cursor,
            "columns": {name: _plain(column) for name, column in self._columns.items()},
        }

    def to_pandas(self) -> pandas.DataFrame:
        """A pandas frame; vectors of two or three parts make columns `.x`, `.y`, `.z`, others `[0]` and so
        on.

        Raises:
            UserError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise _missing("pandas") from None
        return pandas.DataFrame(dict(self._flat()))

    def to_polars(self) -> polars.DataFrame:
        """A polars frame; else as `to_pandas`.

        Raises:
            UserError: polars is not installed.
        """
        try:
            import polars
        except ImportError:
            raise _missing("polars") from None
        return polars.DataFrame(dict(self._flat()))

    def to_arrow(self) -> Any:
        """An Arrow table; else as `to_pandas`.

        Raises:
            UserError: pyarrow is not installed.
        """
        try:
            import pyarrow  # type: ignore[import-not-found, unused-ignore]
        except ImportError:
            raise _missing("pyarrow") from None
        return pyarrow.table(dict(self._flat()))

    def _flat(self) -> Iterator[tuple[str, Array]]:
        """Columns of one dimension each."""
        for name, column in self._columns.items():
            if column.ndim == 1:
                yield name, column
                continue
            parts = column.shape[1]
            for part in range(parts):
                suffix = f".{'xyz'[part]}" if parts in (2, 3) else f"[{part}]"
                yield name + suffix, np.ascontiguousarray(column[:, part])

    def __repr__(self) -> str:
        return f"<result at tick {self.tick}: {self.rows} rows of {', '.join(self._columns)}>"


def _plain(column: Array) -> list[Any]:
    if column.dtype.kind != "f" or bool(np.isfinite(column).all()):
        return list(column.tolist())
    found = column.astype(object)
    found[~np.isfinite(column)] = None
    return list(found.tolist())


def _missing(library: str) -> UserError:
    return UserError(f"to_{library} needs {library}, which is not installed; the columns are NumPy arrays")
