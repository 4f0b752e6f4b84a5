"""A recorder's tables have every due tick once, after a stop and a resume as without."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from worlds import World, at_tick

import bigworlds.record as record
from bigworlds.errors import UserError
from bigworlds.record import Recorder, Records
from bigworlds.record.specs import Spec

SPECS: tuple[Spec, ...] = (
    record.count("Wolf"),
    record.mean("Sheep.velocity", every=3),
    record.max("Sheep.energy"),
    record.histogram("Sheep.age", bins=5, range=(0, 50), every=2, name="ages"),
    record.group("Sheep.label", record.sum("Sheep.energy")),
    record.columns("Sheep.energy", "Sheep.label", every=10),
)


def observe(recorder: Recorder, first: int, last: int) -> None:
    """Observes the due ticks from first to last, as a simulation does."""
    tick = recorder.next_due(first)
    while tick is not None and tick <= last:
        recorder.observe(at_tick(tick))
        tick = recorder.next_due(tick + 1)


def everything(records: Records) -> dict[str, dict[str, list[object]]]:
    return {
        name: {column: array.tolist() for column, array in records.to_numpy(name).items()}
        for name in records.names
    }


def unbroken(last: int) -> dict[str, dict[str, list[object]]]:
    recorder = Recorder.in_memory(SPECS)
    observe(recorder, 0, last)
    return everything(recorder.records)


def test_every_spec_is_recorded_when_it_is_due(tmp_path: Path) -> None:
    recorder = Recorder.create(SPECS, tmp_path / "records.h5")
    observe(recorder, 0, 20)
    recorder.close()
    records = Records.open(tmp_path / "records.h5")
    assert records.names == [spec.name for spec in SPECS]
    assert records.to_numpy("count(Wolf)")["tick"].tolist() == list(range(21))
    assert records.to_numpy("mean(Sheep.velocity)")["tick"].tolist() == list(range(0, 21, 3))
    assert records.to_numpy("ages")["tick"].tolist() == list(range(0, 21, 2))
    columns = records.to_numpy("columns(Sheep.energy, Sheep.label)")
    assert sorted(set(columns["tick"].tolist())) == [0, 10, 20]
    for tick in (0, 10, 20):
        sheep = at_tick(tick).tables["Sheep"]
        rows = columns["tick"] == tick
        assert np.array_equal(columns["id"][rows], sheep["id"])
        assert np.array_equal(columns["energy"][rows], sheep["energy"])
        assert np.array_equal(columns["label"][rows], sheep["label"])


def test_records_stay_readable_when_the_recorder_is_closed(tmp_path: Path) -> None:
    for recorder in (Recorder.in_memory(SPECS), Recorder.create(SPECS, tmp_path / "records.h5")):
        observe(recorder, 0, 5)
        recorder.close()
        assert everything(recorder.records) == unbroken(5)
        recorder.close()


def test_memory_and_file_hold_the_same(tmp_path: Path) -> None:
    recorder = Recorder.create(SPECS, tmp_path / "records.h5")
    observe(recorder, 0, 40)
    assert everything(recorder.records) == unbroken(40)
    recorder.close()
    assert everything(Records.open(tmp_path / "records.h5")) == unbroken(40)


def test_the_first_rows_fix_nothing_that_later_ones_need(tmp_path: Path) -> None:
    specs = (record.mean("A.x"), record.min("A.x"), record.columns("A.x"))
    recorder = Recorder.create(specs, tmp_path / "records.h5")
    empty = {"id": np.zeros(0, "u8"), "x": np.zeros(0)}
    some = {"id": np.arange(2, dtype="u8"), "x": np.ones(2)}
    for tick, table in enumerate([empty, some, empty, some]):
        recorder.observe(World({"A": table}, tick))
    recorder.close()
    records = Records.open(tmp_path / "records.h5")
    assert records.to_numpy("mean(A.x)")["tick"].tolist() == [1, 3]
    assert records.to_numpy("columns(A.x)")["tick"].tolist() == [1, 1, 3, 3]


@pytest.mark.parametrize("stop", [0, 1, 9, 10, 11, 30])
@pytest.mark.parametrize("snapshot", [0, 7, 10, 30])
def test_a_resumed_run_goes_on_without_gap_or_repetition(tmp_path: Path, stop: int, snapshot: int) -> None:
    """Stops at a tick, goes back to the snapshot's tick, and runs to the same end as an unbroken
    run."""
    path = tmp_path / "records.h5"
    recorder = Recorder.create(SPECS, path)
    observe(recorder, 0, max(stop, snapshot))
    recorder.close()
    resumed = Recorder.resume(SPECS, path, snapshot)
    assert everything(resumed.records) == unbroken(snapshot)
    observe(resumed, snapshot, 35)  # the snapshot's own tick comes again and is passed over
    resumed.close()
    assert everything(Records.open(path)) == unbroken(35)


def test_resuming_twice_is_resuming(tmp_path: Path) -> None:
    path = tmp_path / "records.h5"
    recorder = Recorder.create(SPECS, path)
    observe(recorder, 0, 12)
    recorder.close()
    for snapshot, end in [(12, 20), (15, 22), (3, 30)]:
        recorder = Recorder.resume(SPECS, path, snapshot)
        observe(recorder, snapshot, end)
        recorder.close()
    assert everything(Records.open(path)) == unbroken(30)


def test_a_new_record_of_a_resumed_run_starts_there(tmp_path: Path) -> None:
    path = tmp_path / "records.h5"
    recorder = Recorder.create(SPECS[:1], path)
    observe(recorder, 0, 4)
    recorder.close()
    resumed = Recorder.resume(SPECS[:2], path, 4)
    observe(resumed, 4, 9)
    resumed.close()
    records = Records.open(path)
    assert records.to_numpy("count(Wolf)")["tick"].tolist() == list(range(10))
    assert records.to_numpy("mean(Sheep.velocity)")["tick"].tolist() == [6, 9]


def test_a_record_that_changed_its_meaning_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "records.h5"
    Recorder.create((record.mean("Sheep.energy", name="e"),), path).close()
    with pytest.raises(UserError, match=r"table 'e' records kind mean.*now asks for kind max.*another name="):
        Recorder.resume((record.max("Sheep.energy", name="e"),), path, 0)
    with pytest.raises(UserError, match="every 2"):
        Recorder.resume((record.mean("Sheep.energy", every=2, name="e"),), path, 0)
    Recorder.resume((record.mean("Sheep.energy", name="e"),), path, 0).close()


def test_missing_ticks_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "records.h5"
    recorder = Recorder.create(SPECS[:2], path)
    observe(recorder, 0, 10)
    recorder.close()
    with caplog.at_level(logging.WARNING, "bigworlds.record"):
        Recorder.resume(SPECS[:2], path, 11).close()
        assert caplog.records == []
        Recorder.resume(SPECS[:2], path, 15).close()
    assert [one.getMessage() for one in caplog.records] == [
        f"{name}: the records end at tick 10, the run goes on at tick 15; those of {ticks} ticks are missing"
        for name, ticks in [("count(Wolf)", 4), ("mean(Sheep.velocity)", 1)]
    ]


def test_next_due_names_every_tick_at_which_something_is_due() -> None:
    recorder = Recorder.in_memory((record.count("A", every=4), record.count("B", every=6)))
    due = [tick for tick in range(30) if tick % 4 == 0 or tick % 6 == 0]
    found, tick = [], recorder.next_due(0)
    while tick is not None and tick < 30:
        found.append(tick)
        tick = recorder.next_due(tick + 1)
    assert found == due
    assert Recorder.in_memory(()).next_due(3) is None


def test_an_observation_that_fails_leaves_no_half_of_its_tick(tmp_path: Path) -> None:
    recorder = Recorder.create((record.count("Wolf"), record.sum("Wolf.none + 1")), tmp_path / "records.h5")
    with pytest.raises(UserError, match="no field none"):
        recorder.observe(at_tick(0))
    recorder.close()
    assert everything(Records.open(tmp_path / "records.h5")) == {
        "count(Wolf)": {},
        "sum(Wolf.none + 1)": {},
    }


def test_rows_are_committed_when_there_are_many_or_time_has_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "records.h5"
    recorder = Recorder.create(SPECS[:1], path)
    recorder.observe(at_tick(0))
    assert everything(Records.open(path))["count(Wolf)"] == {}
    monkeypatch.setattr("bigworlds.record.recorder.COMMIT_BYTES", 20)
    recorder.observe(at_tick(1))
    assert everything(Records.open(path))["count(Wolf)"]["tick"] == [0, 1]
    monkeypatch.setattr("bigworlds.record.recorder.COMMIT_BYTES", 1 << 30)
    recorder.observe(at_tick(2))
    assert everything(Records.open(path))["count(Wolf)"]["tick"] == [0, 1]
    monkeypatch.setattr("bigworlds.record.recorder.COMMIT_SECONDS", 0.0)
    recorder.observe(at_tick(3))
    assert everything(Records.open(path))["count(Wolf)"]["tick"] == [0, 1, 2, 3]
    recorder.close()


def test_memory_has_a_limit_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bigworlds.record.store.MEMORY_LIMIT_BYTES", 2000)
    recorder = Recorder.in_memory((record.columns("Sheep.energy"),))
    with pytest.raises(UserError, match="--out DIR"):
        observe(recorder, 0, 100)


def test_many_small_rows_in_memory_stay_in_order() -> None:
    recorder = Recorder.in_memory((record.count("Wolf"),))
    for tick in range(5000):
        recorder.observe(World({"Wolf": {"id": np.arange(tick % 11)}}, tick))
    rows = recorder.records.to_numpy("count(Wolf)")
    assert rows["tick"].tolist() == list(range(5000))
    assert rows["value"].tolist() == [tick % 11 for tick in range(5000)]


KILLED = """
    import os, random, signal, sys, time
    sys.path.insert(0, sys.argv[3])
    from worlds import at_tick
    import bigworlds.record as record
    from bigworlds.record import Recorder, Records
    import bigworlds.record.recorder as timing
    timing.COMMIT_SECONDS = 0.003
    specs = (
        record.count("Wolf"),
        record.mean("Sheep.velocity", every=3),
        record.group("Sheep.label", record.sum("Sheep.energy")),
    )
    path, kills = sys.argv[1], int(sys.argv[2])
    Recorder.create(specs, path).close()
    random.seed(3)
    snapshot = -1
    for _ in range(kills):
        progress, told = os.pipe()
        runner = os.fork()
        if runner == 0:
            recorder = Recorder.resume(specs, path, snapshot)
            for tick in range(snapshot + 1, snapshot + 1_000_000):
                recorder.observe(at_tick(tick))
                os.write(told, b".")
        for _ in range(random.randrange(20)):
            os.read(progress, 1)
        time.sleep(random.uniform(0.0, 0.01))
        os.kill(runner, signal.SIGKILL)
        os.close(progress), os.close(told)
        os.waitpid(runner, 0)
        ticks = Records.open(path).to_numpy("count(Wolf)").get("tick", ())
        assert list(ticks) == list(range(len(ticks)))
        assert len(ticks) > snapshot, (len(ticks), snapshot)
        snapshot = max(snapshot, len(ticks) - 3)  # a snapshot is never ahead of the records
    recorder = Recorder.resume(specs, path, snapshot)
    for tick in range(snapshot + 1, snapshot + 5):
        recorder.observe(at_tick(tick))
    recorder.close()
    whole = Recorder.in_memory(specs)
    for tick in range(snapshot + 5):
        whole.observe(at_tick(tick))
    for spec in specs:
        found, expected = Records.open(path)[spec.name], whole.records[spec.name]
        assert list(found) == list(expected)
        for column in found:
            assert found[column].tolist() == expected[column].tolist()
    print(snapshot)
"""


def test_killed_runs_resume_to_the_records_of_an_unbroken_one(tmp_path: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path / "records.h5"), "12"]
    command.append(str(Path(__file__).parent))
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 5
