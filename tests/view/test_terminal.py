"""The terminal view in pseudo-terminals: drawing, keys, pace, resizes, and that everything is restored."""

from __future__ import annotations

import fcntl
import io
import os
import queue
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest

from bigworlds.view import Look, TerminalView
from bigworlds.view.ansi import ENTER, LEAVE
from bigworlds.view.terminal import FRAMES_PER_SECOND, REMOTE_BYTES_PER_SECOND, REST_PER_COST

from .emulator import Emulator
from .worlds import Bird, World, flock, fly

TRUE_COLOR = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
HERE = Path(__file__).resolve().parent
PATIENCE_SECONDS = 30.0
MARK, LAST = b"\x00mark\x00", b"\x00last\x00"


def set_size(descriptor: int, rows: int, columns: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Pty:
    """A pseudo-terminal in this process: what is written to `stream` can be seen in `emulator`.

    A thread takes what is written, as a terminal does; while `taking` is cleared it does not.
    """

    def __init__(self, rows: int = 24, columns: int = 80) -> None:
        self.master, self.slave = os.openpty()
        set_size(self.master, rows, columns)
        self.stream: TextIO = open(self.slave, "w", encoding="utf-8")  # noqa: SIM115
        self.emulator = Emulator(rows, columns)
        self.received = b""
        self.taking = threading.Event()
        self.taking.set()
        self._arrived: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._take, daemon=True)
        # Line feeds are not turned into two characters: the bytes are seen as they were sent.
        modes = termios.tcgetattr(self.slave)
        modes[1] &= ~termios.OPOST
        termios.tcsetattr(self.slave, termios.TCSANOW, modes)
        self._thread.start()

    def _take(self) -> None:
        while True:
            self.taking.wait()
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            self._arrived.put(data)
            if data.endswith(LAST):
                return

    def read(self) -> bytes:
        """What was written since; a mark that is written behind it tells that all has arrived."""
        os.write(self.slave, MARK)
        data = b""
        while not data.endswith(MARK):
            data += self._arrived.get(timeout=PATIENCE_SECONDS)
        data = data.removesuffix(MARK)
        self.emulator.feed(data)
        self.received += data
        return data

    def hang_up(self) -> None:
        """The window is closed."""
        os.write(self.slave, LAST)
        self.taking.set()
        self._thread.join()
        os.close(self.master)
        self.master = -1

    def close(self) -> None:
        if self.master >= 0:
            self.hang_up()
        self.stream.close()


@pytest.fixture
def pty() -> Iterator[Pty]:
    terminal = Pty()
    yield terminal
    terminal.close()


class Clock:
    """Seconds that only go on when told, and by `per_look` each time someone looks."""

    def __init__(self, per_look: float = 0.0) -> None:
        self.now, self.per_look = 100.0, per_look

    def __call__(self) -> float:
        self.now += self.per_look
        return self.now


def view_of(pty: Pty, **options: Any) -> TerminalView:
    looks = [Look(Bird, color="velocity angle")]
    with open(os.devnull) as no_keys:
        settings = {"environment": TRUE_COLOR, **options}
        return TerminalView(looks, caption="flock", stream=pty.stream, keys=no_keys, **settings)


def test_the_world_is_drawn_and_moves(pty: Pty) -> None:
    world, clock = flock(30), Clock()
    with view_of(pty, clock=clock) as view:
        assert view.offer(world)
        pty.read()
        before = pty.emulator.lines()
        assert before[0].startswith("flock  tick 0  agents 30  order")
        assert sum(line.count(arrow) for line in before for arrow in "→↗↑↖←↙↓↘") > 15
        clock.now += 1.0
        fly(world, 40)
        assert view.offer(world)
        data = pty.read()
        after = pty.emulator.lines()
        assert after[0].startswith("flock  tick 40  ticks/s 40  agents 30")
        assert after[5:-1] != before[5:-1]
        assert len(data) < 3000
    pty.read()
    assert pty.emulator.modes == {7, 25}


def test_between_frames_an_offer_looks_at_nothing(pty: Pty) -> None:
    world, clock = flock(30), Clock()
    with view_of(pty, clock=clock) as view:
        view.offer(world)
        asked = dict(world.asked)
        pty.read()
        for _ in range(1000):
            clock.now += 0.9 / FRAMES_PER_SECOND / 1000
            assert view.offer(world)
        assert world.asked == asked
        assert pty.read() == b""
        clock.now += 0.2 / FRAMES_PER_SECOND
        view.offer(world)
        assert world.asked["Bird"] == asked["Bird"] + 1


def test_the_view_takes_at_most_a_fifth_of_the_time(pty: Pty) -> None:
    class SlowWorld(World):
        def table(self, component: type[Any]) -> Any:
            clock.now += 2.0
            return super().table(component)

    fast = flock(5)
    world, clock = SlowWorld(fast.space, fast.tables), Clock()
    with view_of(pty, clock=clock) as view:
        start, looked = clock.now, 0
        while clock.now < start + 100.0:
            before = world.asked.get("Bird", 0)
            view.offer(world)
            looked += world.asked.get("Bird", 0) - before
            clock.now += 0.01
            pty.read()
    assert looked == pytest.approx(100.0 / (2.0 * (1 + REST_PER_COST)), abs=1)


def test_through_ssh_no_more_is_sent_than_a_line_carries(pty: Pty) -> None:
    world, clock = flock(3000), Clock()
    set_size(pty.master, 60, 200)
    pty.emulator.resize(60, 200)
    environment = {**TRUE_COLOR, "SSH_CONNECTION": "here there"}
    with view_of(pty, clock=clock, environment=environment) as view:
        start = clock.now
        while clock.now < start + 2.0:
            view.offer(world)
            fly(world)
            clock.now += 0.01
            pty.read()
    frames, local_frames = world.asked["Bird"], 2.0 * FRAMES_PER_SECOND
    assert len(pty.received) / 2.0 < 1.2 * REMOTE_BYTES_PER_SECOND
    assert 5 < frames < local_frames / 2


def test_an_offer_that_is_not_due_costs_about_a_microsecond(pty: Pty) -> None:
    world = flock(30)
    with view_of(pty, frames_per_second=0.01) as view:
        view.offer(world)
        best = min(_seconds_of(lambda: view.offer(world), 2000) for _ in range(5))
    assert best < 20e-6


def _seconds_of(call: Callable[[], object], times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - start) / times


def test_fast_worlds_are_asked_seldom(pty: Pty) -> None:
    world, clock = flock(5), Clock()
    with view_of(pty, clock=clock) as view:
        assert view.ticks_per_offer() == 1
        for _ in range(1000):
            view.offer(world)
            fly(world, 10)
            clock.now += 0.001
            pty.read()
        # 10,000 ticks a second, a fortieth of a second.
        assert view.ticks_per_offer() == pytest.approx(250, rel=0.1)
    with view_of(pty, ticks_per_second=5.0) as view:
        assert view.ticks_per_offer() == 1
    with TerminalView(stream=io.StringIO()) as view:
        assert view.ticks_per_offer() > 1000


def test_a_resize_is_followed(pty: Pty) -> None:
    world, clock = flock(30), Clock()
    with view_of(pty, clock=clock) as view:
        view.offer(world)
        pty.read()
        set_size(pty.master, 40, 120)
        pty.emulator.resize(40, 120)
        clock.now += 1.0
        view.offer(world)
        assert b"\x1b[2J" in pty.read()
        assert "velocity angle" in pty.emulator.lines()[39]
        assert any("╯" in line for line in pty.emulator.lines())


def test_an_update_that_was_cut_off_is_ended(pty: Pty) -> None:
    with view_of(pty) as view:
        view.offer(flock(30))
        os.write(pty.slave, b"\x1b[?2026h\x1b[1;1Hcut \x1b[38;2;1")
    pty.read()
    assert pty.emulator.modes == {7, 25}


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_the_terminal_is_restored_after_an_exception(pty: Pty, error: type[BaseException]) -> None:
    def watch() -> None:
        with view_of(pty) as view:
            view.offer(flock(30))
            raise error

    handler = signal.getsignal(signal.SIGTSTP)
    with pytest.raises(error):
        watch()
    pty.read()
    assert pty.received.startswith(ENTER.encode())
    assert pty.received.endswith(LEAVE.encode())
    assert pty.emulator.modes == {7, 25}
    assert signal.getsignal(signal.SIGTSTP) == handler


def test_the_last_picture_stays_after_a_good_end(pty: Pty) -> None:
    world = flock(30)
    with view_of(pty) as view:
        view.offer(world)
        fly(world, 7)
        view.finish(world)
    pty.read()
    after = pty.emulator.plain
    assert after.startswith("flock  tick 7 ")
    assert "q stop" not in after
    assert after.endswith("\n")


def test_a_terminal_that_is_gone_does_not_stop_the_world(pty: Pty) -> None:
    world, clock = flock(30), Clock()
    with view_of(pty, clock=clock) as view:
        view.offer(world)
        pty.hang_up()
        clock.now += 1.0
        assert view.offer(world)
        assert not view.moving
        assert view.offer(world)


def test_a_terminal_that_takes_nothing_loses_pictures_but_not_the_world(pty: Pty) -> None:
    world, clock = flock(4000), Clock()
    with view_of(pty, clock=clock) as view:
        view.offer(world)
        pty.read()
        # The thread may take one more piece before it sees this.
        pty.taking.clear()
        for _ in range(6):
            clock.now += 1.0
            fly(world, 10)
            assert view.offer(world)
        assert view.moving
        pty.taking.set()
        pty.read()
        clock.now += 1.0
        view.offer(world)
        assert b"\x1b[2J" in pty.read()
        assert pty.emulator.lines()[0].startswith("flock  tick 60")
        assert "velocity angle" in pty.emulator.lines()[23]


def test_stop_ends_the_watching(pty: Pty) -> None:
    with view_of(pty) as view:
        assert view.offer(flock(3))
        view.stop()
        assert view.stopped
        assert not view.offer(flock(3))


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_what_is_no_terminal_gets_one_still_picture_in_plain_text(encoding: str) -> None:
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding=encoding)
    world = flock(30)
    with TerminalView([Look(Bird)], caption="flock", stream=stream, environment=TRUE_COLOR) as view:
        assert not view.moving
        for _ in range(10):
            assert view.offer(world)
            fly(world)
        assert data.getvalue() == b""
        assert world.asked == {}
        view.finish(world)
    text = data.getvalue().decode(encoding)
    assert text.startswith("flock  tick 10  agents 30")
    assert "\x1b" not in text
    assert len(text.splitlines()) == 24


class Session:
    """The program `watched.py` in a pseudo-terminal of its own, with keys and signals."""

    def __init__(self, mode: str = "run", pace: float = 200.0, rows: int = 24, columns: int = 80) -> None:
        self.master, slave = os.openpty()
        set_size(self.master, rows, columns)
        self.before = termios.tcgetattr(slave)
        self.emulator = Emulator(rows, columns)
        environment = {**os.environ, **TRUE_COLOR, "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"}
        environment.pop("NO_COLOR", None)
        environment["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), *sys.path])
        command = [sys.executable, "-m", f"{HERE.name}.watched", mode, str(pace)]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
        )
        # Kept open: a pseudo-terminal whose last user is gone forgets its modes.
        self.slave = slave

    def until(self, done: Callable[[], bool], what: str) -> None:
        """Feeds the emulator until something is so, between two updates (mode 2026 is within one)."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while 2026 in self.emulator.modes or not done():
            assert time.monotonic() < deadline, f"waited for {what}; shown:\n" + "\n".join(
                self.emulator.lines()
            )
            if select.select([self.master], [], [], 0.05)[0]:
                self.emulator.feed(os.read(self.master, 65536))

    def send(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def tick(self) -> int:
        words = self.emulator.lines()[0].split()
        return int(words[2].replace(",", "")) if len(words) > 2 and words[0] == "flock" else -1

    def until_ticks(self, more: int) -> None:
        start = self.tick()
        self.until(lambda: self.tick() >= start + more, f"{more} ticks after {start}")

    def until_note(self, note: str) -> None:
        self.until(lambda: self.emulator.lines()[0].endswith(note), repr(note))

    def ended(self) -> int:
        self.until(lambda: self.process.poll() is not None, "the end")
        # What was written just before the end.
        while select.select([self.master], [], [], 0.1)[0]:
            self.emulator.feed(os.read(self.master, 65536))
        return int(self.process.returncode)

    def modes(self) -> list[Any]:
        return termios.tcgetattr(self.slave)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.slave)
        os.close(self.master)


@pytest.fixture
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    started = Session(*getattr(request, "param", ()))
    yield started
    started.close()


def test_q_stops_and_restores(session: Session) -> None:
    session.until_ticks(20)
    assert session.modes()[3] & termios.ECHO == 0
    assert session.modes()[3] & termios.ISIG
    assert session.emulator.modes == {1049}
    session.send("q")
    assert session.ended() == 0
    assert session.modes() == session.before
    assert session.emulator.modes == {7, 25}
    assert "after tick" in session.emulator.plain


def test_space_pauses_and_dot_makes_one_tick(session: Session) -> None:
    session.until_ticks(5)
    session.send(" ")
    session.until_note("paused")
    at = session.tick()
    session.send(".")
    session.until(lambda: session.tick() == at + 1, "one tick")
    session.send("..")
    session.until(lambda: session.tick() >= at + 2, "the next tick")
    assert session.emulator.lines()[0].endswith("paused")
    set_size(session.master, 30, 100)
    session.emulator.resize(30, 100)
    session.until(lambda: "q stop" in session.emulator.lines()[29], "the picture in its new size")
    session.send(" ")
    session.until_ticks(20)
    session.send("q")
    assert session.ended() == 0


def test_ctrl_c_restores_the_terminal(session: Session) -> None:
    session.until_ticks(5)
    session.send("\x03")
    assert session.ended() in (-signal.SIGINT, 130, 1)
    assert "KeyboardInterrupt" in session.emulator.plain
    assert session.modes() == session.before
    assert session.emulator.modes == {7, 25}


@pytest.mark.parametrize(
    ("session", "code", "said"),
    [(("raise",), 1, "the world broke"), (("exit",), 3, "before")],
    indirect=["session"],
)
def test_an_error_is_seen_on_the_restored_terminal(session: Session, code: int, said: str) -> None:
    assert session.ended() == code
    assert said in session.emulator.plain
    assert session.modes() == session.before
    assert session.emulator.modes == {7, 25}


@pytest.mark.parametrize("session", [("job",)], indirect=True)
def test_ctrl_z_gives_the_terminal_back_and_continuing_draws_anew(session: Session) -> None:
    session.until_ticks(5)
    session.send("\x1a")
    session.until(lambda: "stopped" in session.emulator.plain, "the stopped job")
    assert session.emulator.modes == {7, 25}
    assert session.modes() == session.before
    session.emulator.clear()
    session.send("\n")
    session.until(lambda: session.emulator.modes == {1049}, "the view again")
    session.until(lambda: "q stop" in session.emulator.lines()[23], "the whole picture")
    session.until_ticks(5)
    session.send("q")
    assert session.ended() == 0
    assert session.modes() == session.before


@pytest.mark.parametrize("session", [("run", 20.0)], indirect=True)
def test_the_pace_is_kept_and_changed_by_keys(session: Session) -> None:
    session.until_ticks(2)
    start, tick = time.monotonic(), session.tick()
    session.until_ticks(20)
    seconds = time.monotonic() - start
    assert (session.tick() - tick) / seconds < 25
    assert session.emulator.lines()[0].endswith("at most 20 ticks/s")
    session.send("-")
    session.until_note("at most 10 ticks/s")
    session.send("+++")
    session.until_note("at most 80 ticks/s")
    session.send("q")
    assert session.ended() == 0
