"""Ranks over MPI: the only file that imports mpi4py.

One call is one meeting of all processes: a message goes each way between neighbours, empty or not, and a
reduction of a few words goes over all at the same time. The words carry the name of the call and whether a
rank has failed, so that ranks that have lost each other raise an error instead of waiting. A rank that did
not come to exchange, because it failed or is elsewhere, learns from the words that others do, and gives
them empty messages: nothing is left under way. Messages to ranks that are no neighbours follow, by
synchronous sends and a barrier that nobody leaves before all have seen theirs arrive (Hoefler, Siebert,
Lumsdaine 2010, doi:10.1145/1693453.1693476). Nothing here blocks: all waits are polls, with back-off, a
deadline, and signals handled in between.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import struct
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, NoReturn

import numpy as np
from mpi4py import MPI

from bigworlds.cluster.errors import RankError, different_calls, first_of, is_told, packed
from bigworlds.cluster.heartbeat import Heartbeat
from bigworlds.cluster.processes import MOST_VALUES, Message, gather, write_alone
from bigworlds.errors import BigworldsError

# The longest piece in which a message travels, in bytes: MPI counts with 32 bits where it is old.
LONGEST_PIECE = 1 << 30

# A process polls so long without a pause, in seconds, then sleeps so long between polls.
SPIN_SECONDS = 1e-3
NAP_SECONDS = 5e-5

# A rank that has not answered for so long is given up; BIGWORLDS_DEADLINE sets another number of seconds.
DEADLINE_SECONDS = 60.0

# A message of so many bytes travels by itself; a longer one follows a note of its length.
HEAD_BYTES = 16 << 10

# Cores of a host that are told apart.
MOST_CORES = 4096

# On so many processes all are neighbours.
MOST_DENSE = 16

# What is summed in every meeting: processes that have failed, the words of their calls, those that exchange,
# messages to processes that are no neighbours, values.
_VOTES = struct.Struct(f"={4 + MOST_VALUES}Q")

_SHORT, _LONG, _PIECE, _LETTER = range(4)  # tags; letters of two meetings have two
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

    pretends = False

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
        self.sharing = _ranks_on_these_cores(self._comm)
        self._crowded = self.sharing > len(os.sched_getaffinity(0))
        self._votes, self._sums = bytearray(_VOTES.size), bytearray(_VOTES.size)
        everyone = range(self.ranks) if self.ranks <= MOST_DENSE else ()
        self._set_post([rank for rank in everyone if rank != self.rank])
        self._heartbeat: Heartbeat | None = None
        self._heartbeat = Heartbeat(self.rank)
        addresses = gather(self, "heartbeats", self._heartbeat.address.encode())
        self._heartbeat.others = [bytes(address).decode() for address in addresses]
        _watch_over(self)

    def meet(
        self, call: str, messages: Mapping[int, Message], values: Sequence[int]
    ) -> tuple[dict[int, Message], list[int]]:
        """Sends messages[r] to process r. Returns what came, by sender, and the sums of values over all
        processes, modulo 2^64."""
        return self._meet(call, messages, values)

    def exchange(self, call: str, messages: Sequence[Message]) -> list[Message]:
        """Sends messages[r] to process r; returns what came from each."""
        received = self._meet(call, dict(enumerate(messages)), ())[0]
        return [received.get(rank, b"") for rank in range(self.ranks)]

    def sum(self, call: str, values: Sequence[int]) -> list[int]:
        """The sums of values over all processes, modulo 2^64."""
        return self._meet(call, None, values)[1]

    def set_neighbors(self, ranks: Iterable[int]) -> None:
        """Says with whom this process exchanges often; where one of two says so, both do. Between others
        messages travel as well, and take longer. Collective."""
        if self.ranks > MOST_DENSE:
            asking = {rank: b"?" for rank in ranks if rank != self.rank}
            asked = self._meet("neighbors", asking, ())[0]
            self._post.free()
            self._set_post(sorted({*asking, *asked}))

    def _set_post(self, neighbors: Sequence[int]) -> None:
        self._post = _Post(self._comm, neighbors)
        self._statuses = [MPI.Status() for _ in range(2 * len(neighbors) + 1)]

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
        self._meet("", None, (), failure=error)
        raise error  # not reached: a meeting with a failure raises

    def close(self) -> None:
        """Gives the communicator back."""
        if self in _open:
            _open.remove(self)
            if not self._lost:
                self._meet("close", None, ())
                self._post.free()
                self._comm.Free()
        self._lost = True
        if self._heartbeat is not None:
            self._heartbeat.stop()

    def end(self) -> None:
        """Comes to the others for the last time, when the program of this process ends."""
        if not self._lost:
            with contextlib.suppress(BigworldsError, KeyboardInterrupt):
                self._meet(_END, None, ())

    def _meet(
        self,
        call: str,
        messages: Mapping[int, Message] | None,
        values: Sequence[int],
        failure: BaseException | None = None,
    ) -> tuple[dict[int, Message], list[int]]:
        if self._lost:
            raise RankError(f"the ranks have lost each other; '{call}' cannot reach them any more")
        began = time.perf_counter()
        self._meetings += 1
        received: dict[int, Message] = {}
        strange: dict[int, Message] = {}
        if messages:
            received, strange = self._sort(messages)
        _VOTES.pack_into(
            self._votes,
            0,
            failure is not None,
            self._word(call),
            messages is not None,
            len(strange),
            *values,
            *(0,) * (MOST_VALUES - len(values)),
        )
        requests = [] if messages is None else self._post.send(messages)
        reduction = self._comm.Iallreduce([self._votes, MPI.UINT64_T], [self._sums, MPI.UINT64_T], MPI.SUM)
        statuses = self._statuses[: len(requests) + 1]
        requests.append(reduction)
        self._wait(lambda: MPI.Request.Testall(requests, statuses), call)
        failures, names, exchanging, letters, *sums = _VOTES.unpack(self._sums)
        if exchanging:
            if messages is None:  # the others exchange: they wait for this process too
                requests = self._post.send({})
                self._wait(lambda: MPI.Request.Testall(requests, statuses), call)
            long = self._post.receive(statuses, received)
            if long:
                self._wait(lambda: MPI.Request.Testall(long), call)
        if letters:
            received |= self._deliver(strange, call)
        self.seconds_waited += time.perf_counter() - began
        if failures or names != self._word(call) * self.ranks % _WORD:
            self._raise(failure, failures, call)
        if self.interrupted and not self.running:
            self.interrupted = False
            raise KeyboardInterrupt
        return received, sums[: len(values)]

    def _sort(self, messages: Mapping[int, Message]) -> tuple[dict[int, Message], dict[int, Message]]:
        """Of all messages, counted: those of this process to itself, and to processes that expect none."""
        own: dict[int, Message] = {}
        strange: dict[int, Message] = {}
        for rank, message in messages.items():
            if rank == self.rank:
                own[rank] = message
            elif len(message):
                self.messages_sent += 1
                self.bytes_sent += len(message)
                if not self._post.knows(rank):
                    strange[rank] = message
        return own, strange

    def _deliver(self, messages: Mapping[int, Message], call: str) -> dict[int, Message]:
        """Messages between processes that are no neighbours."""
        letters = _Letters(self._comm, _LETTER + (self._meetings & 1), messages)
        self._wait(lambda: letters.receive() or MPI.Request.Testall(letters.sent), call)
        barrier = self._comm.Ibarrier()
        self._wait(lambda: letters.receive() or barrier.Test(), call)
        return letters.delivered()

    def _raise(self, failure: BaseException | None, failures: int, call: str) -> NoReturn:
        """What all raise where a process has failed, or is elsewhere."""
        if failures:
            records = self._gather(b"" if failure is None else packed(failure), call)
            raise first_of(records) from failure
        calls = [record.decode() for record in self._gather(call.encode(), call)]
        self._lost = True
        raise different_calls(calls)

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
                if waited > SPIN_SECONDS:
                    time.sleep(NAP_SECONDS)
                elif self._crowded:
                    os.sched_yield()
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
    """The messages between a process and its neighbours: in every exchange one goes each way, so that nobody
    has to ask whether there is one. Long ones follow a note of their length."""

    def __init__(self, comm: Any, neighbors: Sequence[int]) -> None:
        self._comm = comm
        self._neighbors = tuple(neighbors)
        self._heads = [bytearray(HEAD_BYTES) for _ in neighbors]
        self._came = [MPI.Status() for _ in neighbors]
        self._receives = [
            comm.Recv_init([head, MPI.BYTE], source=rank, tag=MPI.ANY_TAG)
            for rank, head in zip(neighbors, self._heads, strict=True)
        ]
        self._nothing = [comm.Send_init([b"", MPI.BYTE], dest=rank, tag=_SHORT) for rank in neighbors]
        self._long: list[Any] = []

    def free(self) -> None:
        """Gives the persistent requests back; none is under way."""
        for request in (*self._receives, *self._nothing):
            request.Free()

    def knows(self, rank: int) -> bool:
        """Whether a process is a neighbour."""
        return rank in self._neighbors

    def send(self, messages: Mapping[int, Message]) -> list[Any]:
        """Begins an exchange; the requests that end it but for long messages."""
        requests = list(self._receives)
        empty = []
        self._long = []
        for rank, nothing in zip(self._neighbors, self._nothing, strict=True):
            message = messages.get(rank, b"")
            if not len(message):
                empty.append(nothing)
            elif len(message) <= HEAD_BYTES:
                requests.append(self._comm.Isend([message, MPI.BYTE], dest=rank, tag=_SHORT))
            else:
                note = len(message).to_bytes(8, "little")
                requests.append(self._comm.Isend([note, MPI.BYTE], dest=rank, tag=_LONG))
                self._long += [
                    self._comm.Isend([piece, MPI.BYTE], dest=rank, tag=_PIECE) for piece in _pieces(message)
                ]
        MPI.Prequest.Startall(self._receives + empty)
        return requests + empty

    def receive(self, statuses: Sequence[Any], received: dict[int, Message]) -> list[Any]:
        """Takes in what has come; the requests that bring the long messages."""
        requests = self._long
        for rank, head, status in zip(self._neighbors, self._heads, statuses, strict=False):
            size = status.Get_count(MPI.BYTE)
            if status.Get_tag() == _LONG:
                whole = bytearray(int.from_bytes(head[:8], "little"))
                requests += [
                    self._comm.Irecv([piece, MPI.BYTE], source=rank, tag=_PIECE) for piece in _pieces(whole)
                ]
                received[rank] = whole
            elif size:
                received[rank] = bytes(memoryview(head)[:size])
        return requests


class _Letters:
    """Messages to processes that do not expect any: synchronous sends, whose arrival is known."""

    def __init__(self, comm: Any, tag: int, messages: Mapping[int, Message]) -> None:
        self._comm = comm
        self._tag = tag
        self._pieces: dict[int, list[bytearray]] = {}
        self.sent = [
            comm.Issend([piece, MPI.BYTE], dest=rank, tag=tag)
            for rank, message in messages.items()
            for piece in _pieces(message)
        ]

    def receive(self) -> bool:
        """Takes in what has come; False, for there may be more."""
        status = MPI.Status()
        while (found := self._comm.Improbe(MPI.ANY_SOURCE, self._tag, status)) is not None:
            piece = bytearray(status.Get_count(MPI.BYTE))
            found.Recv([piece, MPI.BYTE])
            self._pieces.setdefault(status.Get_source(), []).append(piece)
        return False

    def delivered(self) -> dict[int, Message]:
        """What came from each process."""
        return {
            rank: pieces[0] if len(pieces) == 1 else b"".join(pieces) for rank, pieces in self._pieces.items()
        }


def _pieces(message: Message) -> list[memoryview]:
    return [memoryview(message)[at : at + LONGEST_PIECE] for at in range(0, len(message), LONGEST_PIECE)]


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


def _ranks_on_these_cores(comm: Any) -> int:
    """How many ranks of this host may run on any of the cores that this process may run on."""
    mine = np.zeros(MOST_CORES, dtype=np.uint8)
    mine[[core for core in os.sched_getaffinity(0) if core < MOST_CORES]] = 1
    here = comm.Split_type(MPI.COMM_TYPE_SHARED)
    masks = np.empty((here.Get_size(), MOST_CORES), dtype=np.uint8)
    here.Allgather(mine, masks)
    here.Free()
    return int(np.count_nonzero((masks & mine).any(axis=1)))


def world() -> Any:
    """The communicator of all processes that the launcher started."""
    return MPI.COMM_WORLD


# The library itself, for those who look at it and not through it.
library: Any = MPI


def library_version() -> str:
    """The MPI library in use, in its own words."""
    text: str = MPI.Get_library_version()
    return text.strip("\0 \n")
