"""The table of a sweep: a CSV file to which the rows of each run are added when it has ended.

One row is one line. A run's rows are added by one write, its last row says why it ended or what went wrong;
a run without such a row does not count. What a crash left half written is found and removed before more is
added.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bigworlds.ensemble.plan import ENDINGS, LAST, manifest_in
from bigworlds.errors import UserError

if TYPE_CHECKING:
    import pandas
    import polars

FILE_NAME = "runs.csv"
SHARES = "shares"

Row = dict[str, str]


class TableFile:
    """The file of a table, open for adding to.

    Args:
        path: made where it is not there.
        columns: their names, in order.

    Attributes:
        removed: how many damaged or incomplete lines were found in it and removed.

    Raises:
        UserError: the file has other columns.
        OSError: it cannot be made or written.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._path = path
        self._columns = list(columns)
        self.removed = 0
        if path.exists():
            rows, self.removed = whole_rows(path, self._columns)
            if self.removed:
                self.replace(rows)
        else:
            self.replace([])

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Adds the rows of one run; when this returns they are on the disk."""
        text = _text(self._columns, rows)
        with open(self._path, "ab", buffering=0) as file:
            file.write(text)
            os.fsync(file.fileno())

    def rows(self) -> list[Row]:
        """What is in it, as texts."""
        return whole_rows(self._path, self._columns)[0]

    def replace(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Puts other rows in the place of all, by a new file and a rename."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        with open(temporary, "wb") as file:
            file.write(_text(self._columns, [dict(zip(self._columns, self._columns, strict=True)), *rows]))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)


def whole_rows(path: Path, columns: Sequence[str]) -> tuple[list[Row], int]:
    """The rows of all runs that have ended, and how many other lines there are.

    Raises:
        UserError: it is no table with these columns.
    """
    data = path.read_bytes()
    lines = data.decode("utf-8", errors="replace").split("\n")
    torn = lines.pop()  # empty where the last line is whole
    if not lines or _cells(lines[0]) != list(columns):
        raise UserError(
            f"{path} has other columns than this sweep ({', '.join(columns)}); move it away, or name another "
            "folder"
        )
    rows: list[Row] = []
    waiting: list[Row] = []
    for line in lines[1:]:
        row = _row(line, columns)
        if row is None:
            waiting = []
            continue
        if waiting and waiting[-1]["run"] != row["run"]:
            waiting = []
        waiting.append(row)
        if has_ended(row):
            rows += waiting
            waiting = []
    return rows, len(lines) - 1 - len(rows) + bool(torn)


def has_ended(row: Mapping[str, str]) -> bool:
    """Whether a row is the last one of its run."""
    return any(row[name] for name in LAST)


def _row(line: str, columns: Sequence[str]) -> Row | None:
    """A line by its columns; None where no run wrote it so."""
    cells = _cells(line)
    if cells is None or len(cells) != len(columns):
        return None
    row = dict(zip(columns, cells, strict=True))
    return row if row["ended"] in ("", *ENDINGS) else None


def _cells(line: str) -> list[str] | None:
    """The cells of a line; None where a crash or a bad disk made it."""
    if "\0" in line or "\ufffd" in line:
        return None
    try:
        (cells,) = csv.reader([line], strict=True)
    except (csv.Error, ValueError):
        return None
    return cells


def _text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in columns])
    return file.getvalue().encode()


def _cell(value: Any) -> str:
    """A value as it stands in the file: numbers as Python writes them, so that they are read back alike."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return json.dumps(value)
    return " ".join(str(value).split()) if isinstance(value, str) else repr(value)


class SweepTable:
    """The table of a sweep, as it is in its folder now: one row for each tick of a run that was asked for.

    Columns are `run`, one for each parameter, `seed`, `tick`, one for each metric, `ended` and `error`. A
    parameter with the name of a metric, or of another column, stands under `set.NAME`. The last row of a run
    says in `ended` why it ended (`ticks`, `stop`), or in `error` what went wrong.

    Attributes:
        path: the folder.

    Example:
        >>> import tempfile, bigworlds as bw
        >>> class Params(bw.Parameters):
        ...     n: int = bw.param(3)
        >>> class Stone(bw.Component):
        ...     weight: float = 2.0
        >>> @bw.model(Params, ticks=2)
        ... def heap(world, p):
        ...     world.spawn(Stone, n=p.n)
        >>> @heap.metric
        ... def weight(sim):
        ...     return sim.sum("Stone.weight")
        >>> table = bw.sweep(heap, {"n": [1, 5]}, seeds=2, out=tempfile.mkdtemp(), jobs=1)
        >>> table.to_numpy()["weight"].tolist()
        [2.0, 2.0, 10.0, 10.0]
        >>> table
        <table of a sweep: 4 runs, 0 failed, 4 rows>
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._columns: list[str] = manifest_in(self.path)["columns"]
        self._rows = [row for file in files_in(self.path) for row in whole_rows(file, self._columns)[0]]

    @property
    def columns(self) -> list[str]:
        """Their names."""
        return list(self._columns)

    @property
    def runs(self) -> list[str]:
        """The ids of the runs that have ended, failed ones too, in the order in which they did."""
        return list(dict.fromkeys(row["run"] for row in self._rows))

    @property
    def failed(self) -> dict[str, str]:
        """What went wrong, by the ids of the runs that failed."""
        return {row["run"]: row["error"] for row in self._rows if row["error"]}

    def to_numpy(self) -> dict[str, NDArray[Any]]:
        """The columns as arrays of one length: int64, float64, bool or str, as their cells allow.

        A number that a failed run has not is NaN. Copies.
        """
        return {name: _column(name, [row[name] for row in self._rows]) for name in self._columns}

    def to_pandas(self) -> pandas.DataFrame:
        """The table as a pandas frame.

        Raises:
            UserError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise UserError("to_pandas needs pandas: pip install pandas") from None
        return pandas.DataFrame({name: column.tolist() for name, column in self.to_numpy().items()})

    def to_polars(self) -> polars.DataFrame:
        """The table as a polars frame.

        Raises:
            UserError: polars is not installed.
        """
        try:
            import polars
        except ImportError:
            raise UserError("to_polars needs polars: pip install polars") from None
        return polars.DataFrame({name: column.tolist() for name, column in self.to_numpy().items()})

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        """The rows as texts."""
        return iter([dict(row) for row in self._rows])

    def __repr__(self) -> str:
        runs, failed = len(self.runs), len(self.failed)
        return f"<table of a sweep: {runs} runs, {failed} failed, {len(self)} rows>"


def files_in(folder: Path) -> list[Path]:
    """The files of a sweep's table: the one of all, then those of the shares of an array of jobs."""
    shares = sorted((folder / SHARES).glob("*.csv"))
    return [path for path in (folder / FILE_NAME, *shares) if path.is_file()]


_TEXTS = frozenset(("run", *LAST))


def _column(name: str, cells: list[str]) -> NDArray[Any]:
    if name in _TEXTS:
        return np.array(cells, dtype=np.str_)
    filled = [cell for cell in cells if cell != ""]
    if filled and all(cell in ("true", "false") for cell in filled) and len(filled) == len(cells):
        return np.array([cell == "true" for cell in cells])
    for kind in (int, float):
        try:
            numbers = [kind(cell) if cell else math.nan for cell in cells]
            return np.array(numbers, dtype=np.int64 if kind is int and len(filled) == len(cells) else float)
        except (ValueError, OverflowError):
            continue
    return np.array(cells, dtype=np.str_)
