"""Ranks over MPI: the only file that imports mpi4py.

One call is one meeting of all processes: messages go out by synchronous sends to those that get any, and a
reduction of a few words, which nobody leaves before all have come, says that all of them have arrived (the
nonblocking consensus of Hoefler, Siebert, Lumsdaine 2010, doi:10.1145/1693453.1693476, with a reduction in
place of its barrier). The words carry the name of the call and whether a rank has failed, so that ranks that
have lost each other raise an error instead of waiting. Nothing here blocks: all waits are polls, with
back-off, a deadline, and signals handled in between.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, NoReturn

import numpy as np
from mpi4py import MPI

from bigworlds.cluster.errors import RankError, different_calls, first_of, is_told, packed
from bigworlds.cluster.heartbeat import Heartbeat
from bigworlds.cluster.processes import Message, gather, write_alone
from bigworlds.errors import BigworldsError

# The longest piece in which a message travels, in bytes: MPI counts with 32 bits where it is old.
LONGEST_PIECE = 1 << 30

# A process polls so long without a pause, in seconds, then sleeps so long between polls.
SPIN_SECONDS = 1e-3
NAP_SECONDS = 5e-5

# A rank that has not answered for so long is given up; BIGWORLDS_DEADLINE sets another number of seconds.
DEADLINE_SECONDS = 60.0

# The most values that are summed in one call.
MOST_VALUES = 8

_WORD = 2**64
_logger = logging.getLogger("bigworlds.cluster")
_END = "the end of its program"


def deadline_seconds() -> float:
    """How long a rank may be silent, in seconds."""
    return float(os.environ.get("BIGWORLDS_DEADLINE", DEADLINE_SECONDS))


def name_word(call: str) -> int:
    """A word that stands for the name of a call: FNV-1a (Fowler, Noll, Vo)."""
    word = 0xCBF29CE484222325
    for byte in call.encode():
        word = (word ^ byte) * 0x100000001B3 % _WORD
    return word


class MpiProcesses:
    """The processes of an mpi4py communicator, for one simulation (see `Processes`). Made by all together."""

    def __init__(self, comm: Any) -> None:
        self._comm = comm.Dup()
        self.rank: int = self._comm.Get_rank()
        self.ranks: int = self._comm.Get_size()
        self.explain: Callable[[BaseException], BaseException] | None = None
        self.running = False
        self.interrupted = False
        self.bytes_sent = 0
        self.messages_sent = 0
        self.seconds_waited = 0.0
        self._meetings = 0
        self._lost = False
        self._words: dict[str, int] = {}
        self._crowded = _ranks_on_this_host(self._comm) > len(os.sched_getaffinity(0))
        self._heartbeat: Heartbeat | None = None
        self._heartbeat = Heartbeat(self.rank)
        addresses = gather(self, "heartbeats", self._heartbeat.address.encode())
        self._heartbeat.others = [bytes(address).decode() for address in addresses]
        _watch_over(self)

    def exchange(self, call: str, messages: Sequence[Message]) -> list[Message]:
        """Sends messages[r] to process r; returns what came from each."""
        return self._meet(call, messages, ())[0]

    def sum(self, call: str, values: Sequence[int]) -> list[int]:
        """The sums of values over all processes, modulo 2^64."""
        return self._meet(call, (), values)[1]

    def write_at(self, path: str, pieces: Sequence[tuple[int, bytes | memoryview]]) -> None:
        """Writes each (offset, bytes) into a file that is there, by collective MPI-IO; all give equally many.

        Where MPI cannot open the file, each process writes by itself, at the same offsets.
        """
        problem: Exception | None = None
        opened = None
        try:
            opened = MPI.File.Open(self._comm, path, MPI.MODE_WRONLY, _hints())
        except MPI.Exception as error:
            problem = error
        if self.sum("open for writing", [opened is None])[0] > 0:
            if opened is not None:
                opened.Close()
            _logger.warning("MPI-IO cannot open %s (%s): each rank writes by itself", path, problem)
            problem = _tried(lambda: write_alone(path, pieces))
        else:
            problem = self._write_with(opened, pieces)
        if problem is not None:
            self.fail(problem)
        self.sum("written", [0])

    def _write_with(self, file: Any, pieces: Sequence[tuple[int, bytes | memoryview]]) -> Exception | None:
        """Writes by MPI-IO; a process that fails goes on with the collective calls, and tells afterwards."""
        lengths = np.array([len(content) for _, content in pieces], dtype=np.int64)
        every = [np.frombuffer(bytes(t), dtype=np.int64) for t in gather(self, "lengths", lengths.tobytes())]
        rounds = -(-np.max(every, axis=0, initial=0) // LONGEST_PIECE)
        failure: Exception | None = None
        for (offset, content), times in zip(pieces, rounds, strict=True):
            for begin in range(0, int(times) * LONGEST_PIECE, LONGEST_PIECE):
                some = memoryview(content)[begin : begin + LONGEST_PIECE] if failure is None else b""
                try:
                    request = file.Iwrite_at_all(offset + begin, [some, MPI.BYTE])
                    self._wait(request.Test, "write")
                except MPI.Exception as error:
                    failure = error
        return _tried(file.Sync) or _tried(file.Close) or failure

    def fail(self, error: BaseException) -> NoReturn:
        """Tells the others that this process failed; all raise the same error."""
        if is_told(error):
            raise error
        if self.explain is not None:
            try:
                error = self.explain(error)
            except BaseException as other:  # whatever it is: the others wait to be told
                error = other
        self._meet("", (), (), failure=error)
        raise error  # not reached: a meeting with a failure raises

    def close(self) -> None:
        """Gives the communicator back."""
        if self in _open:
            _open.remove(self)
            if not self._lost:
                self._meet("close", (), ())
                self._comm.Free()
        self._lost = True
        if self._heartbeat is not None:
            self._heartbeat.stop()

    def end(self) -> None:
        """Comes to the others for the last time, when the program of this process ends."""
        if not self._lost:
            with contextlib.suppress(BigworldsError, KeyboardInterrupt):
                self._meet(_END, (), ())

    def _meet(
        self,
        call: str,
        messages: Sequence[Message],
        values: Sequence[int],
        failure: BaseException | None = None,
    ) -> tuple[list[Message], list[int]]:
        if self._lost:
            raise RankError(f"the ranks have lost each other; '{call}' cannot reach them any more")
        began = time.perf_counter()
        self._meetings += 1
        post = _Post(self._comm, self.rank, self._meetings & 1)
        self._count(messages)
        sent = post.send(messages)
        self._wait(lambda: post.receive() or MPI.Request.Testall(sent), call)
        votes = np.zeros(2 + MOST_VALUES, dtype=np.uint64)
        votes[0] = failure is not None
        votes[1] = self._word(call)
        votes[2 : 2 + len(values)] = values
        sums = np.empty_like(votes)
        reduction = self._comm.Iallreduce(votes, sums, MPI.SUM)
        self._wait(lambda: post.receive() or reduction.Test(), call)
        self.seconds_waited += time.perf_counter() - began
        if sums[0] > 0:
            records = self._gather(b"" if failure is None else packed(failure), call)
            raise first_of(records) from failure
        if int(sums[1]) != self._word(call) * self.ranks % _WORD:
            calls = [record.decode() for record in self._gather(call.encode(), call)]
            self._lost = True
            raise different_calls(calls)
        if self.interrupted and not self.running:
            self.interrupted = False
            raise KeyboardInterrupt
        return post.messages(messages), [int(value) for value in sums[2 : 2 + len(values)]]

    def _count(self, messages: Sequence[Message]) -> None:
        for to, message in enumerate(messages):
            if to != self.rank and len(message) > 0:
                self.messages_sent += 1
                self.bytes_sent += len(message)

    def _word(self, call: str) -> int:
        if call not in self._words:
            self._words[call] = name_word(call)
        return self._words[call]

    def _gather(self, text: bytes, call: str) -> list[bytes]:
        """The texts of all processes, where something went wrong."""
        sizes = np.empty(self.ranks, dtype=np.int64)
        request = self._comm.Iallgather(np.array([len(text)], dtype=np.int64), sizes)
        self._wait(request.Test, call)
        whole = bytearray(int(sizes.sum()))
        starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
        request = self._comm.Iallgatherv(
            [text, MPI.BYTE], [whole, (sizes.tolist(), starts.tolist()), MPI.BYTE]
        )
        self._wait(request.Test, call)
        return [bytes(whole[start : start + size]) for start, size in zip(starts, sizes, strict=True)]

    def _wait(self, arrived: Callable[[], bool], call: str) -> None:
        """Polls until something has arrived. Ctrl-C does not break a meeting; a second one ends the job."""
        began = time.perf_counter()
        asked = 0.0
        while True:
            try:
                if arrived():
                    return
                waited = time.perf_counter() - began
                if self._crowded or waited > SPIN_SECONDS:
                    time.sleep(0.0 if waited < SPIN_SECONDS else NAP_SECONDS)
                if waited - asked > 1.0 and self._heartbeat is not None:
                    asked = waited
                    self._look_for_the_silent(waited, call)
            except KeyboardInterrupt:
                if self.interrupted:
                    self._abort(130)
                self.interrupted = True

    def _look_for_the_silent(self, waited: float, call: str) -> None:
        assert self._heartbeat is not None
        silent = self._heartbeat.silent(self._deadline)
        if waited > self._deadline and silent:
            named = ", ".join(f"rank {rank} ({self._heartbeat.others[rank]})" for rank in silent)
            print(
                f"rank {self.rank} has waited {waited:.0f} s in '{call}'; no sign of life for "
                f"{self._deadline:.0f} s from {named}: the job is ended",
                file=sys.stderr,
                flush=True,
            )
            self._abort(1)

    @property
    def _deadline(self) -> float:
        return deadline_seconds()

    def _abort(self, code: int) -> None:
        self._comm.Abort(code)


def _tried(what: Callable[[], object]) -> Exception | None:
    try:
        what()
    except (MPI.Exception, OSError) as error:
        return error
    return None


def _hints() -> Any:
    """MPI-IO hints of BIGWORLDS_MPIIO_HINTS: "key=value;key=value"."""
    info = MPI.Info.Create()
    for hint in filter(None, os.environ.get("BIGWORLDS_MPIIO_HINTS", "").split(";")):
        key, _, value = hint.partition("=")
        info.Set(key.strip(), value.strip())
    return info


class _Post:
    """The messages of one meeting."""

    def __init__(self, comm: Any, rank: int, tag: int) -> None:
        self._comm = comm
        self._rank = rank
        self._tag = tag
        self._pieces: dict[int, list[bytearray]] = {}

    def send(self, messages: Sequence[Message]) -> list[Any]:
        requests = []
        for to, message in enumerate(messages):
            if to == self._rank:
                continue
            for begin in range(0, len(message), LONGEST_PIECE):
                piece = memoryview(message)[begin : begin + LONGEST_PIECE]
                requests.append(self._comm.Issend([piece, MPI.BYTE], dest=to, tag=self._tag))
        return requests

    def receive(self) -> bool:
        """Takes in what has come; False, for there may be more."""
        status = MPI.Status()
        while (found := self._comm.Improbe(MPI.ANY_SOURCE, self._tag, status)) is not None:
            piece = bytearray(status.Get_count(MPI.BYTE))
            found.Recv([piece, MPI.BYTE])
            self._pieces.setdefault(status.Get_source(), []).append(piece)
        return False

    def messages(self, sent: Sequence[Message]) -> list[Message]:
        """What came from each process; from this one what it sent to itself."""
        whole: list[Message] = [b""] * self._comm.Get_size()
        for source, pieces in self._pieces.items():
            whole[source] = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        if sent:
            whole[self._rank] = sent[self._rank]
        return whole


# The communication that is open in this process, in the order in which it was made: what an ending program
# owes the others.
_open: list[MpiProcesses] = []


def _watch_over(processes: MpiProcesses) -> None:
    if not _open:
        atexit.register(_end_all)
        sys.excepthook = _end_job
    _open.append(processes)


def _end_all() -> None:
    for processes in _open:
        processes.end()


def _end_job(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Prints an error that nobody caught; ends the job where the others do not know of it."""
    sys.__excepthook__(kind, error, trace)
    sys.stderr.flush()
    if not is_told(error) and not issubclass(kind, KeyboardInterrupt):
        MPI.COMM_WORLD.Abort(1)


def _ranks_on_this_host(comm: Any) -> int:
    here = comm.Split_type(MPI.COMM_TYPE_SHARED)
    size: int = here.Get_size()
    here.Free()
    return size


def world() -> Any:
    """The communicator of all processes that the launcher started."""
    return MPI.COMM_WORLD


# The library itself, for those who look at it and not through it.
library: Any = MPI


def library_version() -> str:
    """The MPI library in use, in its own words."""
    text: str = MPI.Get_library_version()
    return text.strip("\0 \n")
