"""The table of a sweep: what a crash leaves is found and removed, everything else is kept and read alike."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bigworlds.ensemble import SweepTable
from bigworlds.ensemble.table import TableFile, whole_rows
from bigworlds.errors import UserError

COLUMNS = ["run", "n", "kind", "on", "seed", "tick", "weight", "ended", "error"]


def row(run: str, **values: object) -> dict[str, object]:
    plain = {
        "run": run,
        "n": 3,
        "kind": 'a,"b',
        "on": True,
        "seed": 1,
        "tick": 4,
        "weight": 0.1,
        "ended": "ticks",
    }
    return {**plain, "error": "", **values}


def three_runs() -> list[list[dict[str, object]]]:
    return [
        [row("00000000000000e1", tick=0, ended=""), row("00000000000000e1", weight=1e-17)],
        [row("1234567890123456", on=False)],
        [row("00000000000000e3", weight=None, ended="", error='broke: it\nslid, "far"')],
    ]


def test_what_is_added_is_read_back_with_its_types(tmp_path: Path) -> None:
    table = TableFile(tmp_path / "runs.csv", COLUMNS)
    for rows in three_runs():
        table.add(rows)
    (tmp_path / "sweep.json").write_text(json.dumps({"columns": COLUMNS}))
    read = SweepTable(tmp_path)
    assert read.runs == ["00000000000000e1", "1234567890123456", "00000000000000e3"]
    assert read.failed == {"00000000000000e3": 'broke: it slid, "far"'}
    arrays = read.to_numpy()
    assert arrays["run"].tolist()[2] == "1234567890123456"
    assert (arrays["n"].dtype, arrays["weight"].dtype, arrays["on"].dtype) == (np.int64, np.float64, np.bool_)
    assert arrays["weight"].tolist()[:3] == [0.1, 1e-17, 0.1]
    assert np.isnan(arrays["weight"][3])
    assert arrays["kind"].tolist() == ['a,"b'] * 4
    frame, other = read.to_pandas(), read.to_polars()
    assert list(frame.columns) == other.columns == COLUMNS
    assert frame["tick"].tolist() == other["tick"].to_list() == [0, 4, 4, 4]


@settings(max_examples=60, deadline=None)
@example(cut=84, junk=b"x,y\n")  # as many cells as a whole row has
@given(cut=st.integers(0, 400), junk=st.sampled_from([b"", b"\0\0\0", b"\xff\xfe", b'"', b"x,y\n"]))
def test_a_file_that_was_cut_anywhere_keeps_the_runs_before(
    cut: int, junk: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("cut") / "runs.csv"
    table = TableFile(path, COLUMNS)
    header = path.stat().st_size
    ends = [header]
    for rows in three_runs():
        table.add(rows)
        ends.append(path.stat().st_size)
    at = min(header + cut, ends[-1])
    path.write_bytes(path.read_bytes()[:at] + junk)
    again = TableFile(path, COLUMNS)
    whole = sum(end <= at for end in ends) - 1
    kept = list(dict.fromkeys(found["run"] for found in again.rows()))
    assert kept == ["00000000000000e1", "1234567890123456", "00000000000000e3"][:whole]
    assert (again.removed > 0) == (at not in ends or junk != b"")
    again.add([row("00000000000000e9")])
    rows, damaged = whole_rows(path, COLUMNS)
    assert damaged == 0
    assert rows[-1]["run"] == "00000000000000e9"


def test_other_columns_are_refused(tmp_path: Path) -> None:
    TableFile(tmp_path / "runs.csv", COLUMNS)
    with pytest.raises(UserError, match="other columns"):
        TableFile(tmp_path / "runs.csv", ["run", "x"])
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(UserError, match="other columns"):
        TableFile(tmp_path / "empty.csv", COLUMNS)
