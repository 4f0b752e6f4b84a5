"""A program that shows a flock in its terminal, for the tests to start in a pseudo-terminal.

Usage: python -m view.watched MODE PACE. Modes: `run` goes on until it is stopped; `raise` fails after a
few ticks; `exit` leaves the interpreter within the view; `job` does as a shell does: it starts
`run` as its job in the foreground and, when that is stopped, brings it back after a line of input.
Prints the tick at the end.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import termios
import time

from bigworlds.view import Look, TerminalView

from .worlds import Bird, flock, fly


def main() -> int:
    mode, pace = sys.argv[1], float(sys.argv[2])
    if os.getsid(0) == os.getpid():
        # The pseudo-terminal becomes this session's own: only then do keys and signals come from it.
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    if mode == "job":
        return shell(pace)
    watch(mode, pace)
    return 0


def shell(pace: float) -> int:
    """Runs the view as a job of its own process group: the kernel stops no others on Ctrl-Z."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = subprocess.Popen(
        [sys.executable, "-m", f"{__package__}.watched", "run", str(pace)], process_group=0
    )
    while True:
        os.tcsetpgrp(0, job.pid)
        os.kill(job.pid, signal.SIGCONT)
        _, status = os.waitpid(job.pid, os.WUNTRACED)
        os.tcsetpgrp(0, os.getpgrp())
        if not os.WIFSTOPPED(status):
            job.returncode = os.waitstatus_to_exitcode(status)
            return job.returncode
        print("stopped", flush=True)
        sys.stdin.readline()


def watch(mode: str, pace: float) -> None:
    world = flock(30)
    print("before", flush=True)
    with TerminalView([Look(Bird, color="velocity angle")], caption="flock", ticks_per_second=pace) as view:
        while view.offer(world):
            fly(world)
            if mode == "raise" and world.tick == 5:
                raise RuntimeError("the world broke")
            if mode == "exit" and world.tick == 5:
                sys.exit(3)
        view.finish(world)
    print(f"after tick {world.tick}", flush=True)
    time.sleep(0.05)


sys.exit(main())
