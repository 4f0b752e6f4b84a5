"""Tables hold exactly the rows of the last commit, whatever happened to their writer, and stock
h5py reads them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bigworlds.errors import UserError
from bigworlds.snapshot import TableReader, TableWriter, WriteError
from bigworlds.snapshot.journaled import PAGE_BYTES, JournaledFile, journal_path


def row(tick: int, value: float = 0.5) -> dict[str, np.ndarray]:
    return {"tick": np.array([tick]), "value": np.array([value])}


def ticks(path: Path, name: str = "sheep") -> list[int]:
    with TableReader(path) as tables:
        return tables.read(name)["tick"].tolist()


def write_ticks(path: Path, count: int, every: int = 3) -> None:
    with TableWriter.create(path) as tables:
        tables.add("sheep", {"kind": "count"})
        for tick in range(count):
            tables.append("sheep", row(tick))
            if tick % every == 0:
                tables.commit(last_tick=tick)


def test_rows_come_back_in_order_with_their_types(tmp_path: Path) -> None:
    path = tmp_path / "records.h5"
    kinds = {"b": "?", "i": "i4", "u": "u8", "f": "f4", "d": "f8", "s": "S5"}
    whole = {name: np.arange(12).astype(dtype) for name, dtype in kinds.items()}
    whole["pair"] = np.arange(24.0).reshape(12, 2)
    with TableWriter.create(path) as tables:
        tables.add("all", {"kind": "columns", "every": 2, "edges": [0.0, 0.5]})
        for first, last in [(0, 1), (1, 1), (1, 7), (7, 12)]:
            tables.append("all", {name: column[first:last] for name, column in whole.items()})
            tables.commit()
        tables.add("none", {})
    with TableReader(path) as tables:
        assert tables.names == ["all", "none"]
        assert tables.about("all") == {"kind": "columns", "every": 2, "edges": [0.0, 0.5]}
        assert tables.read("none") == {}
        found = tables.read("all")
    assert list(found) == list(whole)
    for name, column in whole.items():
        assert found[name].dtype == column.dtype
        assert np.array_equal(found[name], column)


def test_stock_h5py_opens_the_file_at_any_time(tmp_path: Path) -> None:
    path = tmp_path / "records.h5"
    with TableWriter.create(path) as tables:
        tables.add("sheep", {})
        for tick in range(50):
            tables.append("sheep", row(tick))
            tables.commit()
            with h5py.File(path, locking=False) as hdf5:
                assert hdf5["sheep/tick"][()].tolist() == list(range(tick + 1))


def test_a_reader_sees_commits_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "records.h5"
    with TableWriter.create(path) as tables:
        tables.add("sheep", {})
        tables.append("sheep", row(0))
        tables.commit(last_tick=0)
        tables.append("sheep", row(1))
        assert ticks(path) == [0]
        assert tables.read("sheep")["tick"].tolist() == [0, 1]
        assert ticks(path) == [0]
        tables.commit()
        assert ticks(path) == [0, 1]
        with TableReader(path) as reader:
            assert reader.number("last_tick") == 0
            assert reader.number("none") is None
    assert not journal_path(path).exists()


def test_resuming_goes_on_behind_a_tick(tmp_path: Path) -> None:
    path = tmp_path / "records.h5"
    write_ticks(path, 10)
    with TableWriter.resume(path) as tables:
        assert tables.last("sheep", "tick") == 9
        assert tables.number("last_tick") == 9
        tables.keep_up_to("tick", 6)
        assert tables.last("sheep", "tick") == 6
        tables.append("sheep", row(7))
        assert tables.last("sheep", "tick") == 7
        tables.add("wolves", {})
    assert ticks(path) == [0, 1, 2, 3, 4, 5, 6, 7]
    with TableWriter.resume(path) as tables:
        assert tables.names == ["sheep", "wolves"]
        tables.keep_up_to("tick", -1)
        assert tables.last("sheep", "tick") is None
        assert tables.last("wolves", "tick") is None
    assert ticks(path) == []


def test_names_of_any_kind_stand_for_themselves(tmp_path: Path) -> None:
    path = tmp_path / "records.h5"
    names = ["mean(Bird.age / 2)", ".", "..", "%2F", "/", "Größe", "a%2Fb", "a/b"]
    with TableWriter.create(path) as tables:
        for i, name in enumerate(names):
            tables.add(name, {})
            tables.append(name, row(i))
    with TableReader(path) as tables:
        assert tables.names == names
        assert [tables.read(name)["tick"].tolist() for name in names] == [[i] for i in range(len(names))]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5000), st.booleans()), max_size=12))
def test_any_order_of_appends_and_commits_gives_the_rows(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, bool]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "records.h5"
    appended = dict.fromkeys("abc", 0)
    committed = dict(appended)
    with TableWriter.create(path) as tables:
        for name in "abc":
            tables.add(name, {})
        for name, rows, commit in steps:
            tick = np.arange(appended[name], appended[name] + rows)
            tables.append(name, {"tick": tick, "pair": np.stack([tick, -tick], axis=1)})
            appended[name] += rows
            if commit:
                tables.commit()
                committed = dict(appended)
        with TableReader(path) as reader:
            assert {name: len(reader.read(name).get("tick", ())) for name in reader.names} == (
                committed if any(commit for *_, commit in steps) else {}
            )
    with TableReader(path) as reader:
        for name, rows in appended.items():
            found = reader.read(name)
            if found:
                assert np.array_equal(found["tick"], np.arange(rows))
                assert np.array_equal(found["pair"][:, 1], -np.arange(rows))


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ({"tick": np.zeros(1, "i4"), "value": np.zeros(1)}, "expected columns"),
        ({"tick": np.zeros(1, "i8")}, "expected columns"),
        ({"tick": np.zeros(1, "i8"), "value": np.zeros((1, 2))}, "expected columns"),
        ({"tick": np.zeros(1, "i8"), "value": np.zeros(2)}, "different lengths"),
    ],
)
def test_rows_that_do_not_fit_are_refused(
    tmp_path: Path, rows: dict[str, np.ndarray], complaint: str
) -> None:
    with TableWriter.create(tmp_path / "records.h5") as tables:
        tables.add("sheep", {})
        tables.append("sheep", row(0))
        for _ in range(2):
            with pytest.raises(ValueError, match=complaint):
                tables.append("sheep", rows)
            tables.commit()
        with pytest.raises(ValueError, match="did you mean 'sheep'"):
            tables.append("sheeps", row(1))
        with pytest.raises(ValueError, match="exists already"):
            tables.add("sheep", {})
    assert ticks(tmp_path / "records.h5") == [0]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("a/b", np.zeros(1)),
        ("", np.zeros(1)),
        (".", np.zeros(1)),
        ("a", np.zeros((1, 0))),
        ("a", np.zeros(1, "O")),
    ],
)
def test_columns_that_cannot_be_stored_are_refused(tmp_path: Path, column: str, values: np.ndarray) -> None:
    with TableWriter.create(tmp_path / "records.h5") as tables:
        tables.add("sheep", {})
        with pytest.raises(ValueError, match="cannot be"):
            tables.append("sheep", {column: values})
        with pytest.raises(ValueError, match="needs a name"):
            tables.add("", {})


def test_waiting_rows_are_counted_with_what_python_needs_for_them(tmp_path: Path) -> None:
    with TableWriter.create(tmp_path / "records.h5") as tables:
        tables.add("sheep", {})
        for tick in range(10):
            tables.append("sheep", row(tick))
        assert tables.pending_bytes == 10 * (512 + 16)
        tables.commit()
        assert tables.pending_bytes == 0


def test_wrong_files_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        TableReader(tmp_path / "none.h5")
    with pytest.raises(UserError, match="No such file"):
        TableWriter.resume(tmp_path / "none.h5")
    (tmp_path / "text.h5").write_text("no tables")
    (tmp_path / "empty.h5").write_bytes(b"")
    with h5py.File(tmp_path / "other.h5", "w") as hdf5:
        hdf5["x"] = 1
    for name in ("text.h5", "other.h5"):
        with pytest.raises(UserError, match="holds no records"):
            TableReader(tmp_path / name)
        with pytest.raises(UserError, match="holds no records"):
            TableWriter.resume(tmp_path / name)
    with pytest.raises(UserError, match="ended before it wrote any"):
        TableReader(tmp_path / "empty.h5")
    write_ticks(tmp_path / "records.h5", 1)
    with pytest.raises(UserError, match="exists already"):
        TableWriter.create(tmp_path / "records.h5")
    with (
        TableReader(tmp_path / "records.h5") as tables,
        pytest.raises(UserError, match="did you mean 'sheep'"),
    ):
        tables.read("shep")
    content = bytearray((tmp_path / "records.h5").read_bytes())
    content[8] = 9
    (tmp_path / "records.h5").write_bytes(content)
    with pytest.raises(UserError, match="records format 9"):
        TableReader(tmp_path / "records.h5")


def test_two_writers_of_one_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "records.h5"
    with TableWriter.create(path), pytest.raises(UserError, match="being written by another"):
        TableWriter.resume(path)
    with TableWriter.resume(path):
        pass


# --- commits ---


CUT_SHORT = """
    import os, sys
    import numpy as np
    from bigworlds.snapshot import TableWriter

    def commit_twice(path, stop):
        tables = TableWriter.create(path)
        tables.add("sheep", {})
        tables.append("sheep", {"tick": np.arange(3), "value": np.zeros(3)})
        tables.commit()
        real, left = os.pwrite, [stop]
        def pwrite(descriptor, content, offset):
            if left[0] == 0:
                real(descriptor, content[: len(content) // 2], offset)  # and only a part of this one
                os._exit(9)
            left[0] -= 1
            return real(descriptor, content, offset)
        os.pwrite = pwrite
        tables.append("sheep", {"tick": np.arange(3, 2000), "value": np.zeros(1997)})
        tables.commit()
        os._exit(0)

    for stop in range(100):
        os.mkdir(f"{sys.argv[1]}/{stop}")
        writer = os.fork()
        if writer == 0:
            commit_twice(f"{sys.argv[1]}/{stop}/records.h5", stop)
        ended = os.waitstatus_to_exitcode(os.waitpid(writer, 0)[1])
        assert ended in (0, 9), ended
        if ended == 0:
            break
    print(stop)
"""


def test_a_commit_cut_short_anywhere_leaves_one_of_its_two_ends(tmp_path: Path) -> None:
    """Stops a writer before each of its writes to the disk in turn, and looks at what is left."""
    done = run(CUT_SHORT, str(tmp_path))
    assert done.returncode == 0, done.stderr
    whole = int(done.stdout)  # the first writer that came to its end
    assert 5 < whole < 99
    seen = []
    for stop in range(whole + 1):
        path = tmp_path / f"{stop}" / "records.h5"
        found = ticks(path)
        assert found in ([0, 1, 2], list(range(2000)))
        with TableWriter.resume(path) as tables:
            assert tables.read("sheep")["tick"].tolist() == found
            tables.append("sheep", row(5000))
        assert ticks(path) == [*found, 5000]
        with h5py.File(path) as hdf5:
            assert len(hdf5["sheep/tick"]) == len(hdf5["sheep/value"]) == len(found) + 1
        seen.append(len(found))
    assert seen == sorted(seen)  # nothing, until the journal is whole; everything from then on
    assert set(seen) == {3, 2000}


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


KILLER = """
    import os, random, signal, sys, time
    import h5py
    import numpy as np
    from bigworlds.snapshot import TableReader, TableWriter
    path, kills = sys.argv[1], int(sys.argv[2])
    with TableWriter.create(path) as tables:
        for name in ("sheep", "wolves"):
            tables.add(name, {})
    random.seed(2)
    last, seen = -1, 0
    for _ in range(kills):
        progress, told = os.pipe()
        writer = os.fork()
        if writer == 0:
            tables = TableWriter.resume(path)
            tick = last
            while True:
                for _ in range(50):
                    tick += 1
                    row = {"tick": np.array([tick]), "value": np.array([tick / 2])}
                    tables.append("sheep", row)
                    tables.append("wolves", {"tick": np.full(40, tick), "id": np.arange(40)})
                tables.commit(last_tick=tick)
                os.write(told, b".")
        for _ in range(random.randrange(3)):
            os.read(progress, 1)
        time.sleep(random.uniform(0.0, 0.02))
        os.kill(writer, signal.SIGKILL)
        os.close(progress), os.close(told)
        os.waitpid(writer, 0)
        with TableReader(path) as tables:
            found = tables.number("last_tick")
            sheep, wolves = tables.read("sheep"), tables.read("wolves")
        if found is None:
            continue
        assert found >= last and found % 50 == 49
        assert sheep["tick"].tolist() == list(range(found + 1))
        assert sheep["value"].tolist() == [tick / 2 for tick in range(found + 1)]
        assert len(wolves["id"]) == len(wolves["tick"]) == 40 * (found + 1)
        last, seen = found, seen + 1
    print(seen, last)
"""


def test_killed_writers_leave_the_rows_of_the_last_commit(tmp_path: Path) -> None:
    done = run(KILLER, str(tmp_path / "records.h5"), "25")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) > 5


FULL_DISK = """
    import resource, signal, sys
    import numpy as np
    from bigworlds.snapshot import TableWriter, WriteError
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    tables = TableWriter.create(sys.argv[1])
    tables.add("sheep", {})
    tables.append("sheep", {"tick": np.arange(3), "value": np.zeros(3)})
    tables.commit()
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
    try:
        for first in range(3, 1_000_000, 10_000):
            tick = np.arange(first, first + 10_000)
            tables.append("sheep", {"tick": tick, "value": tick / 2})
            tables.commit()
    except WriteError as error:
        print(error)
    try:
        tables.commit()
    except WriteError as error:
        print(error)
    tables.close()
"""


def test_a_disk_that_is_full_from_the_start_leaves_no_file(tmp_path: Path) -> None:
    script = """
        import resource, signal, sys
        from bigworlds.snapshot import TableWriter, WriteError
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        try:
            TableWriter.create(sys.argv[1])
        except WriteError as error:
            print(error)
    """
    done = run(script, str(tmp_path / "records.h5"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "File too large" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("limit", [1000, 20_000, 100_000, 1_000_000])
def test_a_full_disk_leaves_the_rows_of_the_last_commit(tmp_path: Path, limit: int) -> None:
    path = tmp_path / "records.h5"
    done = run(FULL_DISK, str(path), str(limit))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert f"{path} cannot be written: File too large. Make room" in done.stdout
    assert "nothing more can be written after a failure" in done.stdout
    found = ticks(path)
    assert found == list(range(len(found)))
    assert len(found) % 10_000 == 3
    with TableWriter.resume(path) as tables:
        tables.append("sheep", row(9_999_999))
    assert ticks(path) == [*found, 9_999_999]


def test_a_writer_that_is_never_closed_ends_quietly(tmp_path: Path) -> None:
    script = """
        import sys
        import numpy as np
        from bigworlds.snapshot import TableWriter
        tables = TableWriter.create(sys.argv[1])
        tables.add("sheep", {})
        tables.append("sheep", {"tick": np.arange(3), "value": np.zeros(3)})
        tables.commit()
        tables.append("sheep", {"tick": np.arange(3), "value": np.zeros(3)})
    """
    done = run(script, str(tmp_path / "records.h5"))
    assert (done.returncode, done.stderr) == (0, "")
    assert ticks(tmp_path / "records.h5") == [0, 1, 2]


def test_an_interrupt_within_a_commit_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "records.h5"
    write_ticks(path, 4)
    tables = TableWriter.resume(path)
    tables.append("sheep", row(4))

    def interrupted(file: JournaledFile, size: int | None = None) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(JournaledFile, "commit", interrupted)
        with pytest.raises(KeyboardInterrupt):
            tables.commit()
    with pytest.raises(WriteError, match="nothing more"):
        tables.commit()
    tables.close()
    assert ticks(path) == [0, 1, 2, 3]


def test_a_journal_of_a_file_that_was_removed_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "records.h5"
    write_ticks(path, 3)
    with TableWriter.resume(path) as tables:
        tables.append("sheep", row(3))
        tables.commit()
        stale = journal_path(path).read_bytes()
    path.unlink()
    journal_path(path).write_bytes(stale)
    with pytest.raises(UserError, match="No such file"):
        TableReader(path)
    with TableWriter.create(path) as tables:
        tables.add("wolves", {})
    with TableReader(path) as tables:
        assert tables.names == ["wolves"]


def test_a_journal_that_was_overtaken_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "records.h5"
    write_ticks(path, 3)
    with TableWriter.resume(path) as tables:
        tables.append("sheep", row(3))
        tables.commit()
        stale = journal_path(path).read_bytes()
        for tick in range(4, 8):
            tables.append("sheep", row(tick))
            tables.commit()
    journal_path(path).write_bytes(stale)
    assert ticks(path) == list(range(8))
    with TableWriter.resume(path) as tables:
        assert tables.last("sheep", "tick") == 7


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 9 * PAGE_BYTES), st.binary(min_size=1, max_size=3 * PAGE_BYTES)),
        max_size=12,
    )
)
def test_a_journaled_file_reads_as_a_plain_one(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[int, bytes]]
) -> None:
    path = tmp_path_factory.mktemp("paged") / "file"
    model = bytearray(12 * PAGE_BYTES)
    file = JournaledFile(path, create=True)
    file.truncate(len(model))
    for i, (offset, content) in enumerate(writes):
        offset = max(offset, 512)  # the first bytes are the file's own
        file.seek(offset)
        file.write(content)
        model[offset : offset + len(content)] = content
        if i % 3 == 2:
            file.commit()
        file.seek(512)
        assert bytes(file.read(len(model) - 512)) == bytes(model[512:])
    file.commit()
    file.release()
    assert path.read_bytes()[512:] == bytes(model[512:])
    assert os.listdir(path.parent) == ["file"]
