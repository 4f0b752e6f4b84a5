"""Records read the same as NumPy, pandas and polars, from memory, from a file, and while the run
goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from worlds import at_tick

import bigworlds.record as record
from bigworlds.errors import UserError
from bigworlds.record import Recorder, Records

pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")


@pytest.fixture
def records(tmp_path: Path) -> Records:
    specs = (
        record.count("Wolf", name="wolves"),
        record.mean("Sheep.velocity", every=2, name="v"),
        record.histogram("Sheep.age", bins=4, range=(0, 50), every=3, name="ages"),
        record.group("Sheep.label", record.histogram("Sheep.age", bins=2, range=(0, 50)), name="by label"),
        record.columns("Sheep.label", "Sheep.velocity", every=5, name="all"),
    )
    recorder = Recorder.create(specs, tmp_path / "records.h5")
    for tick in range(7):
        recorder.observe(at_tick(tick))
    recorder.close()
    return Records.open(tmp_path)


def test_series_are_put_side_by_side_by_tick(records: Records) -> None:
    series = records.to_numpy()
    assert list(series) == ["tick", "wolves", "v"]
    assert series["tick"].tolist() == list(range(7))
    assert series["wolves"].tolist() == list(range(7))
    assert series["wolves"].dtype == np.int64
    assert series["v"].shape == (7, 2)
    assert np.isnan(series["v"][1::2]).all()
    assert np.array_equal(series["v"][::2], records.to_numpy("v")["value"])


def test_pandas_and_polars_have_the_same_columns(records: Records) -> None:
    frame = records.to_pandas()
    assert frame.index.name == "tick"
    assert list(frame.columns) == ["wolves", "v.x", "v.y"]
    assert frame.loc[4, "v.y"] == records.to_numpy("v")["value"][2, 1]
    other = records.to_polars()
    assert other.columns == ["tick", "wolves", "v.x", "v.y"]
    assert other["v.x"].to_numpy()[4] == frame.loc[4, "v.x"]


def test_tables_of_one_record(records: Records) -> None:
    ages = records.to_pandas("ages")
    assert list(ages.columns) == [
        *(f"counts[{i}]" for i in range(4)),
        "below",
        "above",
        "not_a_number",
    ]
    assert ages.index.tolist() == [0, 3, 6]
    groups = records.to_pandas("by label")
    assert list(groups.columns)[:3] == ["group", "counts[0]", "counts[1]"]
    assert set(groups["group"]) <= {"a", "bc", "def"}
    everything = records.to_polars("all")
    assert everything.columns == ["tick", "id", "label", "velocity.x", "velocity.y"]
    assert everything["label"].dtype == polars.String
    assert records.edges("ages").tolist() == [0.0, 12.5, 25.0, 37.5, 50.0]
    assert records.edges("by label").tolist() == [0.0, 25.0, 50.0]


def test_records_are_looked_up_by_name(records: Records) -> None:
    assert len(records) == 5
    assert list(records) == records.names
    assert "ages" in records
    assert "age" not in records
    assert repr(records) == "Records(wolves, v, ages, by label, all)"
    assert records["wolves"]["value"].tolist() == list(range(7))
    assert records.about("v") == {"kind": "mean", "every": 2, "of": "Sheep.velocity"}
    for look in (records.to_numpy, records.to_pandas, records.to_polars, records.about):
        with pytest.raises(UserError, match="nothing is recorded as 'age'; did you mean 'ages'"):
            look("age")
    with pytest.raises(UserError, match="'v' is a mean, not a histogram"):
        records.edges("v")


def test_nothing_recorded_is_an_empty_frame() -> None:
    records = Recorder.in_memory((record.count("Wolf"), record.columns("Sheep.age"))).records
    assert records.to_numpy()["tick"].tolist() == []
    assert records.to_pandas().shape == (0, 1)
    assert records.to_polars("columns(Sheep.age)").shape == (0, 1)
    assert records.to_numpy("columns(Sheep.age)") == {}
    assert repr(Recorder.in_memory(()).records) == "Records(nothing recorded)"
    assert Recorder.in_memory(()).records.to_numpy()["tick"].tolist() == []


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_missing_library_is_named(records: Records, monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UserError, match=f"to_{library} needs {library}.*pip install {library}"):
        getattr(records, f"to_{library}")()


def test_looking_changes_nothing(tmp_path: Path) -> None:
    """Two runs, one of them looked at all the time, write the same rows."""
    specs = (record.count("Wolf"), record.columns("Sheep.label"))
    contents: list[dict[str, Any]] = []
    for look in (False, True):
        recorder = Recorder.create(specs, tmp_path / f"{look}.h5")
        for tick in range(20):
            recorder.observe(at_tick(tick))
            if look:
                assert recorder.records.to_numpy()["tick"].tolist() == list(range(tick + 1))
                _ = Records.open(tmp_path / f"{look}.h5").to_numpy()
        recorder.close()
        records = Records.open(tmp_path / f"{look}.h5")
        contents.append({name: records.to_numpy(name) for name in records})
    for name, rows in contents[0].items():
        for column, array in rows.items():
            assert np.array_equal(array, contents[1][name][column])


def test_what_is_no_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"records\.h5 cannot be opened: No such file"):
        Records.open(tmp_path)
    (tmp_path / "a.h5").write_text("hello")
    with pytest.raises(UserError, match="holds no records"):
        Records.open(tmp_path / "a.h5")


RECORDING = """
import subprocess
import sys
import bigworlds as bw

class Fox(bw.Component):
    age: int

@bw.behavior
def grow(fox: Fox) -> None:
    fox.age += 1
    if fox.age == 7:
        raise ValueError("old")

@bw.model()
def den(world):
    world.spawn(Fox, n=3)
    world.behaviors(grow)
    world.record(bw.record.mean("Fox.age"))

sim = den.simulate(rng=1)
sim.record_to(sys.argv[1])
sim.run(int(sys.argv[2]))
"""


@pytest.mark.parametrize(("ticks", "rows"), [(5, 6), (9, 7)])
def test_a_program_that_just_ends_leaves_all_that_it_recorded(tmp_path: Path, ticks: int, rows: int) -> None:
    (tmp_path / "den.py").write_text(RECORDING)
    command = [sys.executable, "den.py", "den.h5", str(ticks)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert ("ValueError: old" in done.stderr) == (ticks == 9), done.stderr
    found = Records.open(tmp_path / "den.h5").to_numpy("mean(Fox.age)")
    assert found["tick"].tolist() == found["value"].tolist() == list(range(rows))
    assert [path.name for path in tmp_path.glob("*den.h5*")] == ["den.h5"]
