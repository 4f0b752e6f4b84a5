"""Whatever stops a writer, the last good file stays and no half one gets its name."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest

from bigworlds.snapshot import PartialFile, Section, WriteError, read, remove_leftovers, write


def world(tick: int, rows: int = 1000) -> list[Section]:
    return [Section("ecs", "Bird", np.arange(rows, dtype="u8"), {"tick": np.full(rows, tick)})]


def hidden(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith(".")]


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


# Forks writers and kills each after a random time: cheaper than a fresh interpreter for each.
KILLER = """
    import os, random, signal, sys, time
    import numpy as np
    from bigworlds.snapshot import Section, write, read
    path, kills = sys.argv[1], int(sys.argv[2])
    rows = 60_000
    def world(tick):
        return [Section("ecs", "Bird", np.arange(rows, dtype="u8"), {"tick": np.full(rows, tick)})]
    write(path, world(0), {"tick": 0})
    random.seed(1)
    last = 0
    for _ in range(kills):
        progress, told = os.pipe()
        writer = os.fork()
        if writer == 0:
            for tick in range(last + 1, last + 1_000_000):
                write(path, world(tick), {"tick": tick})
                os.write(told, b".")
        for _ in range(random.randrange(3)):
            os.read(progress, 1)
        time.sleep(random.uniform(0.0, 0.01))
        os.kill(writer, signal.SIGKILL)
        os.close(progress), os.close(told)
        os.waitpid(writer, 0)
        sections, meta = read(path)
        assert meta["tick"] >= last, (meta, last)
        assert (sections[0].columns["tick"] == meta["tick"]).all()
        last = meta["tick"]
    print("ticks", last)
"""


def test_killed_writers_leave_the_last_good_snapshot(tmp_path: Path) -> None:
    done = run(KILLER, str(tmp_path / "world.h5"), "30")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[1]) > 0
    assert len(hidden(tmp_path)) <= 1  # each new writer removed what the killed one before it left
    write(tmp_path / "world.h5", world(1), {})
    assert hidden(tmp_path) == []


FULL_DISK = """
    import resource, signal, sys
    import numpy as np
    from bigworlds.snapshot import Section, WriteError, write
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
    rows = 1_000_000
    try:
        write(sys.argv[1], [Section("ecs", "Bird", np.arange(rows, dtype="u8"), {})], {})
    except WriteError as error:
        print(error)
"""


@pytest.mark.parametrize("limit", [0, 100, 5000, 3_000_000, 8_000_000])
def test_a_full_disk_leaves_the_last_good_snapshot(tmp_path: Path, limit: int) -> None:
    path = tmp_path / "world.h5"
    write(path, world(3), {"tick": 3})
    done = run(FULL_DISK, str(path), str(limit))
    assert done.returncode == 0, done.stderr
    assert f"{path} cannot be written: File too large" in done.stdout
    assert "Make room" in done.stdout
    assert read(path)[1] == {"tick": 3}
    assert hidden(tmp_path) == []


def test_an_interrupt_while_writing_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "world").write_bytes(b"before")

    def be_interrupted() -> None:
        with PartialFile(tmp_path / "world") as partial:
            partial.write([b"half"], 0)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        be_interrupted()
    assert (tmp_path / "world").read_bytes() == b"before"
    assert hidden(tmp_path) == []


def test_without_finish_there_is_no_file(tmp_path: Path) -> None:
    with PartialFile(tmp_path / "world") as partial:
        partial.write([b"half"], 0)
    assert list(tmp_path.iterdir()) == []


def test_files_of_living_writers_stay_and_those_of_dead_ones_go(tmp_path: Path) -> None:
    dead = tmp_path / ".world.h5.00000000.bigworlds-partial"
    dead.write_bytes(b"left over")
    foreign = tmp_path / ".notes.partial"
    foreign.write_bytes(b"of another program")
    with PartialFile(tmp_path / "world.h5") as living:
        assert not dead.exists()
        assert remove_leftovers(tmp_path) == []
        living.write([b"all"], 0)
        living.finish()
    assert (tmp_path / "world.h5").read_bytes() == b"all"
    assert foreign.exists()


def test_a_writer_whose_new_file_is_taken_for_a_leftover_takes_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = fcntl.flock, []

    def slow_lock(descriptor: int, operation: int) -> None:
        calls.append(operation)
        if len(calls) == 1:  # a neighbour cleans up between the creation and the lock
            for path in hidden(tmp_path):
                path.unlink()
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", slow_lock)
    with PartialFile(tmp_path / "world") as partial:
        partial.write([b"all"], 0)
        partial.finish()
    assert (tmp_path / "world").read_bytes() == b"all"


def test_writers_of_one_name_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "world.h5"

    def write_many(first: int) -> None:
        for tick in range(first, first + 10):
            write(path, world(tick), {"tick": tick})

    writers = [threading.Thread(target=write_many, args=(100 * i,)) for i in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    sections, meta = read(path)
    assert set(sections[0].columns["tick"]) == {meta["tick"]}
    assert hidden(tmp_path) == []


def test_a_folder_that_is_not_there_or_in_the_way_is_an_error_with_the_path(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="No such file or directory"):
        write(tmp_path / "none" / "world.h5", [], {})
    with pytest.raises(WriteError, match="it is a folder"):
        write(tmp_path, [], {})


def test_parts_are_written_whole_when_the_system_takes_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pwritev
    monkeypatch.setattr(os, "pwritev", lambda fd, parts, at: real(fd, [parts[0][:2]], at))
    with PartialFile(tmp_path / "world") as partial:
        partial.write([b"abcdef", b"", b"ghi"], 0)
        partial.finish()
    assert (tmp_path / "world").read_bytes() == b"abcdefghi"
