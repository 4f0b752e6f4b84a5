"""The crew of a sweep: so many processes at a time, each of which runs one run after another.

A run that takes its process with it (a crash, a killed process) has failed; the others go on in a new one.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bigworlds.cluster.start import mpirun, mpirun_environment
from bigworlds.ensemble.worker import MARK, in_words, run_one
from bigworlds.errors import UserError
from bigworlds.model import Model

Rows = list[dict[str, Any]]

# A process that is told to end has so long for it, in seconds, before it is killed.
SECONDS_TO_END = 5.0

# So often the main thread looks for Ctrl-C while it waits for a run, in seconds.
_LOOK_SECONDS = 0.2

# How many of the last lines that a process wrote are told when it has ended.
_LAST_LINES = 3

# Several mpiruns at once would each bind their ranks to the same first cores.
_UNBOUND = {
    "PRTE_MCA_hwloc_default_binding_policy": "none",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "I_MPI_PIN": "0",
}


class Crew:
    """Runs tasks, `jobs` at a time. Use it as a context manager; leaving it ends all processes.

    Args:
        about: what the processes have to know of the model.
        tasks: what to run, in order; see `run_one`.
        jobs: how many at a time.
        ranks: how many ranks each run has; more than one are started by mpirun.
        stop_on_error: whether no more are begun when one has failed; those under way end.
    """

    def __init__(
        self,
        about: Mapping[str, Any],
        tasks: Sequence[Mapping[str, Any]],
        jobs: int,
        ranks: int,
        *,
        stop_on_error: bool = False,
    ) -> None:
        self._about = about
        self._tasks = tasks
        self._ranks = ranks
        self._stop_on_error = stop_on_error
        self._next = iter(range(len(tasks)))
        self._lock = threading.Lock()
        self._over = False
        self._ending = False
        self._ended: queue.Queue[tuple[int, Rows] | None] = queue.Queue()
        self._working: set[_Process] = set()
        self._threads = [
            threading.Thread(target=self._work, name=f"bigworlds-sweep-{number}", daemon=True)
            for number in range(min(jobs, len(tasks)))
        ]

    def __enter__(self) -> Crew:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._over = True
        with self._lock:
            self._ending = True
            for process in self._working:
                process.kill()
        for thread in self._threads:
            thread.join()

    def results(self) -> Iterator[tuple[int, Rows]]:
        """The number and the rows of each run, as they end."""
        left = len(self._threads)
        while left:
            try:
                found = self._ended.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                continue
            if found is None:
                left -= 1
            else:
                yield found

    def _work(self) -> None:
        process: _Process | None = None
        try:
            while (number := self._take()) is not None:
                task = self._tasks[number]
                if process is None or process.is_gone:
                    self._put_away(process)
                    process = self._started(task)
                rows = process.rows(task)
                if self._ending:
                    break  # the process was ended from here: its run has not failed
                self._over = self._over or (self._stop_on_error and bool(rows[-1]["error"]))
                self._ended.put((number, rows))
                if self._ranks > 1:
                    process.kill()
        except Exception as problem:  # no process can be started, or it cannot load the model
            self._over = True
            self._ended.put((-1, [_failed(in_words(problem))]))
        finally:
            self._put_away(process)
            self._ended.put(None)

    def _take(self) -> int | None:
        with self._lock:
            return None if self._over else next(self._next, None)

    def _started(self, task: Mapping[str, Any]) -> _Process:
        with self._lock:
            if self._ending:
                raise OSError("the sweep was stopped")
            new = _Process(self._about, task if self._ranks > 1 else None, self._ranks)
            self._working.add(new)
            return new

    def _put_away(self, process: _Process | None) -> None:
        if process is not None:
            with self._lock:
                self._working.discard(process)
                process.close()


def in_this_process(
    model: Model, tasks: Sequence[Mapping[str, Any]], *, stop_on_error: bool = False
) -> Iterator[tuple[int, Rows]]:
    """The same for a model that other processes cannot load, one run after another."""
    for number, task in enumerate(tasks):
        rows = run_one(model, task)
        yield number, rows
        if stop_on_error and rows[-1]["error"]:
            return


class _Process:
    """One worker, or the ranks of one run."""

    def __init__(self, about: Mapping[str, Any], only: Mapping[str, Any] | None, ranks: int) -> None:
        command = [sys.executable, "-m", "bigworlds.ensemble.worker"]
        if only is None:
            environment = os.environ | {"BIGWORLDS_MPI": "off"}
        else:
            starter = mpirun()
            command = [str(starter), "-n", str(ranks), *command, json.dumps(about), json.dumps(only)]
            environment = {**_UNBOUND, **mpirun_environment(starter)}
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        self._alone = only is None
        self._killed = False
        self._process = subprocess.Popen(
            command,
            env={**environment, MARK: "1"},
            stdin=subprocess.PIPE if self._alone else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,  # Ctrl-C is for the sweep, which ends them
        )
        if self._alone:
            with contextlib.suppress(OSError):  # it shows when it is to run something
                self._send(about)

    @property
    def is_gone(self) -> bool:
        """Whether it has ended, or was ended."""
        return self._killed or self._process.poll() is not None

    def rows(self, task: Mapping[str, Any]) -> Rows:
        """The rows of a run; where the process ended instead, one that says so.

        Raises:
            UserError: the process cannot load the model.
        """
        assert self._process.stdout is not None
        try:
            if self._alone:
                self._send(task)
            answer = json.loads(self._process.stdout.readline())
        except (OSError, ValueError):
            ended = _failed(f"its process ended: {self._last_words()}")
            self.kill()
            return [ended]
        if isinstance(answer, dict):
            raise UserError(answer["cannot load"])
        rows: Rows = answer
        return rows

    def _last_words(self) -> str:
        """What it wrote last on its standard error, and how it ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(SECONDS_TO_END)
        code = self._process.returncode
        ended = f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"code {code}"
        self._errors.seek(0)
        lines = [line for line in self._errors.read().decode(errors="replace").splitlines() if line.strip()]
        return " / ".join([ended, *lines[-_LAST_LINES:]])

    def kill(self) -> None:
        """Ends it, and what it has started."""
        self._killed = True
        if self._process.poll() is not None:
            return
        if not self._alone:  # mpirun ends its ranks
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(SECONDS_TO_END)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Ends it and gives its files back."""
        self.kill()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _send(self, what: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()


def _failed(why: str) -> dict[str, Any]:
    return {"tick": 0, "metrics": {}, "ended": "", "error": why}
