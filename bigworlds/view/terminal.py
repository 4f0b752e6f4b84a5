"""The running world in the terminal: `TerminalView` is offered it between ticks, and draws now and then.

It never holds the world up for long: at most `frames_per_second` pictures (fewer through ssh), and
at most a fifth of the time for drawing, however large the world. A terminal that takes no bytes
loses pictures, not the world its time. Only ANSI sequences are written, and only what changed. The
terminal is restored on leaving, whatever the reason.
"""

from __future__ import annotations

import atexit
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType, TracebackType
from typing import Any, Self, TextIO

from bigworlds.view.ansi import ENTER, LEAVE, Encoder, detect_capability, plain_lines
from bigworlds.view.camera import Camera
from bigworlds.view.frame import Frame, Source, format_number
from bigworlds.view.glyphs import TextStyle
from bigworlds.view.keyboard import Keyboard
from bigworlds.view.layout import Status, lay_out
from bigworlds.view.look import Look

FRAMES_PER_SECOND = 20.0
# A pace at which a small world can be followed by eye; without one it is over before it is seen.
WATCHING_TICKS_PER_SECOND = 30.0
# After a frame the world runs for at least so many times as long as the frame took.
REST_PER_COST = 4.0
POLL_SECONDS = 0.05
SPEED_WINDOW_SECONDS = 0.5
DEFAULT_ROWS, DEFAULT_COLUMNS = 24, 80
SLOWEST_TICKS_PER_SECOND, FASTEST_TICKS_PER_SECOND = 0.5, 10_000.0
MANY_TICKS = 1 << 16
# Through ssh frames wait so that no more than this is sent: a full line would show the past.
REMOTE_BYTES_PER_SECOND = 500_000.0
# A terminal that takes no bytes for so long (Ctrl-S, a stuck line) misses the rest of a picture.
STALL_SECONDS = 0.25
# What a terminal that is ready takes without blocking.
BYTES_PER_WRITE = 256


class TerminalView:
    """Draws a running world in a terminal.

    Keys, where stdin is a terminal: q stops, space pauses, `.` makes one tick, `+` and `-` change
    the speed, Ctrl-L draws everything anew. Where stdout is no terminal nothing moves: `finish`
    writes one picture in plain text.

    Args:
        looks: what was declared.
        caption: the world's name.
        stream: where to draw; default: stdout.
        keys: where keys come from; default: stdin.
        environment: TERM, COLORTERM and NO_COLOR; default: the process's.
        frames_per_second: at most so many pictures.
        ticks_per_second: at most so many ticks, for watching fast worlds; None: as fast as it goes.
        clock: seconds that only grow.

    Attributes:
        before_frame: called before each look at the world, or None; where other ranks take part in it.

    Example:
        >>> import io
        >>> from types import SimpleNamespace
        >>> void = SimpleNamespace(tick=3, space=None, components=(), cell_components=(), metrics=dict)
        >>> text = io.StringIO()
        >>> with TerminalView(caption="void", stream=text) as view:
        ...     while void.tick < 5 and view.offer(void):
        ...         void.tick += 1
        ...     view.finish(void)
        >>> text.getvalue().splitlines()[0]
        'void  tick 5  agents 0'
    """

    def __init__(
        self,
        looks: Sequence[Look] = (),
        *,
        caption: str = "",
        stream: TextIO | None = None,
        keys: TextIO | None = None,
        environment: Mapping[str, str] | None = None,
        frames_per_second: float = FRAMES_PER_SECOND,
        ticks_per_second: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream if stream is not None else sys.stdout
        environment = os.environ if environment is None else environment
        self._capability = detect_capability(self._stream, environment)
        self._remote = any(name in environment for name in ("SSH_CONNECTION", "SSH_TTY"))
        self._encoding = getattr(self._stream, "encoding", None) or "ascii"
        self._style = TextStyle(self._capability.unicode, self._capability.color.value > 0)
        self._camera = Camera(looks, caption=caption)
        self._encoder = Encoder(self._capability.color, self._encoding)
        self._keyboard = Keyboard(keys if keys is not None else sys.stdin)
        self._terminal = _Terminal(self._stream, self._capability.moving)
        self._clock = clock
        self._frame_seconds = 1.0 / frames_per_second
        self._wanted_rate = ticks_per_second
        self._pacer = _Pacer()
        self._speed = _Speed()
        self._stopped = False
        self._paused = False
        self._step = False
        self._next_frame = self._next_poll = 0.0
        self._frame: Frame | None = None
        self._size = (0, 0)
        self._finished = False
        self.before_frame: Callable[[], object] | None = None

    @property
    def moving(self) -> bool:
        """Whether pictures are drawn while the world runs."""
        return self._terminal.usable

    @property
    def stopped(self) -> bool:
        """Whether someone pressed q or called `stop`."""
        return self._stopped

    def stop(self) -> None:
        """Makes the next `offer` say no and ends a pause; may be called from signal handlers and threads."""
        self._stopped = True

    def __enter__(self) -> Self:
        self._terminal.enter(self._keyboard, on_resume=self._encoder.forget)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        was_moving = self.moving
        self._terminal.leave()
        if self._finished and was_moving and self._frame is not None:
            # The last picture stays above the prompt, as the alternate screen is gone.
            screen = self._screen(*self._terminal.size(), keys=False)
            self._terminal.write(self._encoder.encode_lines(screen))

    def ticks_per_offer(self) -> int:
        """How many ticks to run before the next `offer`: small fast worlds must not wait for questions.

        One where ticks are watched one by one (a wanted pace, a pause) or the speed is not known yet;
        else as many as take about a fortieth of a second; `MANY_TICKS` where nothing moves.
        """
        if not self.moving:
            return MANY_TICKS
        rate = self._speed.ticks_per_second
        if rate is None or self._wanted_rate is not None or self._paused:
            return 1
        return max(1, min(MANY_TICKS, int(rate * POLL_SECONDS / 2)))

    def offer(self, source: Source) -> bool:
        """Shows the world if it is time to, and reads keys. Call it after every tick or few ticks.

        Costs about a microsecond where nothing is due. While paused it returns only after a key.
        Collective where the source's tables are.

        Args:
            source: the simulation, between two ticks.

        Returns:
            False where the user wants to stop.
        """
        if self._stopped or not self.moving:
            return not self._stopped
        if self._wanted_rate is not None and not self._paused:
            self._wait_for_pace(self._wanted_rate)
        now = self._clock()
        if now < self._next_poll and not self._paused:
            return True
        self._next_poll = now + min(POLL_SECONDS, self._frame_seconds)
        self._handle(self._keyboard.read())
        if now >= self._next_frame or self._paused:
            self._show(source)
        self._stay_paused()
        return not self._stopped

    def finish(self, source: Source) -> None:
        """Shows the world as it is in the end, even where no frame is due; as plain text where nothing moves.

        Args:
            source: the simulation after its last tick.
        """
        self._finished = True
        if self.moving:
            self._show(source)
            return
        self._frame = self._look(source)
        style = TextStyle(unicode=self._style.unicode, color=False)
        screen = lay_out(self._frame, Status(), DEFAULT_ROWS, DEFAULT_COLUMNS, style)
        self._stream.write(plain_lines(screen, self._encoding) + "\n")
        self._stream.flush()

    def _show(self, source: Source) -> None:
        start = self._clock()
        self._speed.note(start, int(source.tick))
        self._frame = self._look(source)
        sent_bytes = self._draw()
        end = self._clock()
        self._next_frame = max(start + self._frame_seconds, end + REST_PER_COST * (end - start))
        if self._remote:
            self._next_frame = max(self._next_frame, start + sent_bytes / REMOTE_BYTES_PER_SECOND)

    def _look(self, source: Source) -> Frame:
        if self.before_frame is not None:
            self.before_frame()
        return self._camera.frame(source)

    def _draw(self) -> int:
        self._size = self._terminal.size()
        data = self._encoder.encode(self._screen(*self._size, keys=self._keyboard.open))
        if not self._terminal.write(data):
            self._encoder.forget()
        return len(data)

    def _screen(self, rows: int, columns: int, *, keys: bool) -> Any:
        assert self._frame is not None
        status = Status(self._speed.ticks_per_second, self._note(), keys)
        return lay_out(self._frame, status, rows, columns, self._style)

    def _note(self) -> str:
        if self._paused:
            return "paused"
        return "" if self._wanted_rate is None else f"at most {format_number(self._wanted_rate)} ticks/s"

    def _stay_paused(self) -> None:
        """Waits while paused, follows resizes, and returns for one tick after `.`."""
        if self._paused:
            self._draw()
        while self._paused and not self._stopped and not self._step and self.moving:
            if self._terminal.size() != self._size:
                self._draw()
            self._handle(self._keyboard.read(POLL_SECONDS))
            if not self._keyboard.open:
                self._paused = False
            self._speed.forget()
        self._step = False

    def _wait_for_pace(self, rate: float) -> None:
        due = self._pacer.due(self._clock(), rate)
        while not self._stopped and not self._paused:
            left = due - self._clock()
            if left <= 0:
                return
            self._handle(self._keyboard.read(min(left, POLL_SECONDS)))

    def _handle(self, keys: str) -> None:
        for key in keys:
            if key in "qQ":
                self._stopped = True
            elif key == " ":
                self._paused = not self._paused
            elif key in ".s":
                self._paused = self._step = True
            elif key in "+=":
                self._change_speed(2.0)
            elif key in "-_":
                self._change_speed(0.5)
            elif key == "\f":
                self._encoder.forget()

    def _change_speed(self, factor: float) -> None:
        """Twice or half the wanted speed (at first: the measured one); no limit above the fastest."""
        before = self._wanted_rate
        if before is None:
            if factor > 1.0 or self._speed.ticks_per_second is None:
                return
            before = self._speed.ticks_per_second
        wanted = max(SLOWEST_TICKS_PER_SECOND, float(f"{before * factor:.2g}"))
        self._wanted_rate = None if wanted > FASTEST_TICKS_PER_SECOND else wanted
        self._pacer = _Pacer()


class _Speed:
    """Ticks per second over windows of half a second at least."""

    def __init__(self) -> None:
        self.ticks_per_second: float | None = None
        self._window: tuple[float, int] | None = None

    def note(self, now: float, tick: int) -> None:
        if self._window is None or tick < self._window[1]:
            self._window = (now, tick)
            return
        seconds = now - self._window[0]
        if seconds >= SPEED_WINDOW_SECONDS:
            self.ticks_per_second = (tick - self._window[1]) / seconds
            self._window = (now, tick)

    def forget(self) -> None:
        """A pause must not count as slow ticks."""
        self._window = None


class _Pacer:
    """When the next tick may begin, at a wanted rate; a world that is late does not hurry after."""

    def __init__(self) -> None:
        self._last: float | None = None

    def due(self, now: float, rate: float) -> float:
        due = now if self._last is None else max(now, self._last + 1.0 / rate)
        self._last = due
        return due


class _Terminal:
    """The terminal's modes: entered once, left once, whatever ends the view; and writing to it."""

    def __init__(self, stream: TextIO, usable: bool) -> None:
        self.usable = usable
        self._stream = stream
        self._descriptor = stream.fileno() if usable else -1
        self._keyboard: Keyboard | None = None
        self._on_resume: Callable[[], None] = _nothing
        self._entered = False
        self._handles_stop = False

    def enter(self, keyboard: Keyboard, on_resume: Callable[[], None]) -> None:
        if not self.usable or self._entered:
            return
        self._keyboard, self._on_resume = keyboard, on_resume
        self._stream.flush()
        self._entered = True
        atexit.register(self.leave)
        self._catch_stop_signal()
        keyboard.start()
        self.write(ENTER.encode())

    def leave(self) -> None:
        if not self._entered:
            return
        self._entered = False
        atexit.unregister(self.leave)
        if self._handles_stop:
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)
            self._handles_stop = False
        try:
            self.write(LEAVE.encode())
        finally:
            if self._keyboard is not None:
                self._keyboard.stop()

    def size(self) -> tuple[int, int]:
        """Rows and columns as they are now."""
        try:
            found = os.get_terminal_size(self._descriptor)
        except OSError:
            return DEFAULT_ROWS, DEFAULT_COLUMNS
        return found.lines or DEFAULT_ROWS, found.columns or DEFAULT_COLUMNS

    def write(self, data: bytes) -> bool:
        """Writes bytes; says whether all were taken. A terminal that is gone is not used again."""
        left = memoryview(data)
        while left and self.usable:
            if not _is_ready(self._descriptor, STALL_SECONDS):
                return False
            try:
                left = left[os.write(self._descriptor, left[:BYTES_PER_WRITE]) :]
            except BlockingIOError:
                return False
            except OSError:
                self.usable = False
        return self.usable

    def _catch_stop_signal(self) -> None:
        """Ctrl-Z gives the shell a clean terminal, and `fg` brings the view back."""
        if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGTSTP"):
            return
        if signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL:
            signal.signal(signal.SIGTSTP, self._suspend)
            self._handles_stop = True

    def _suspend(self, number: int, frame: FrameType | None) -> None:
        keyboard, on_resume = self._keyboard, self._on_resume
        self.leave()
        os.kill(os.getpid(), signal.SIGTSTP)
        # Here the process stands still until it is continued.
        if keyboard is not None:
            self.enter(keyboard, on_resume)
        on_resume()


def _is_ready(descriptor: int, timeout_seconds: float) -> bool:
    """Whether a terminal takes bytes; Windows cannot ask that of a console."""
    return os.name == "nt" or bool(select.select([], [descriptor], [], timeout_seconds)[1])


def _nothing() -> None:
    return None
