"""Measured inside MPI, by ranks.py under mpirun: what a meeting, a hand-over and a snapshot cost.

exchange    us of a tick in which nothing is sent, and of the bare reduction that it needs
migration   entities a second that change their rank, and of bare packing, Alltoallv and unpacking
snapshot    bytes a second of a collective snapshot of 10^6 entities a rank, and of a bare collective write of
            as many bytes; both make a new file each time
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from mpi4py import MPI

import bigworlds as bw
from bigworlds.cluster.mpi import MpiProcesses

COMM = MPI.COMM_WORLD
RANK, RANKS = COMM.Get_rank(), COMM.Get_size()
ROUNDS = 7


def timed(act: Callable[[], object], times: int = 1) -> float:
    """Seconds of one call, the median of some rounds that all ranks begin together."""
    found = []
    for _ in range(ROUNDS):
        COMM.Barrier()
        began = time.perf_counter()
        for _ in range(times):
            act()
        COMM.Barrier()
        found.append((time.perf_counter() - began) / times)
    return median(found)


class Parcel(bw.Component):
    """64 bytes that travel, with the id: a place, a way, and goods."""

    position: bw.vec2
    goods: bw.array[bw.f64, 5]


@bw.behavior
def cross(parcel: Parcel, space: bw.Space) -> None:
    """Goes to the other half of the world."""
    parcel.position = space.wrap(parcel.position + bw.vec2(50.0, 0.0))


class Load(bw.Parameters):
    """How much there is to carry."""

    n: int = bw.param(400_000, min=1, help="parcels")


@bw.model(Load, ticks=1)
def post(world: bw.World, p: Load) -> None:
    """Parcels that all change their rank in every tick."""
    world.space = bw.Continuous((100.0, 100.0), periodic=True)
    world.tiles = 2
    world.spawn(Parcel, n=p.n, position=bw.uniform())
    world.behaviors(cross)


def exchange() -> dict[str, float]:
    """An empty meeting against the reduction inside it."""
    processes = MpiProcesses(COMM)
    votes, sums = np.zeros(10, dtype=np.uint64), np.zeros(10, dtype=np.uint64)

    def bare() -> None:
        COMM.Iallreduce(votes, sums, MPI.SUM).Wait()

    empty = [b""] * RANKS
    meeting = timed(lambda: processes.exchange("nothing", empty), 300)
    return {"meeting_us": meeting * 1e6, "bare_us": timed(bare, 300) * 1e6}


def migration() -> dict[str, float]:
    """All entities change their rank in each tick."""
    sim = post.simulate(rng=1, threads=1)
    sim.run(2)
    each = len(sim.table(Parcel)["id"]) / RANKS
    seconds = timed(lambda: sim.run(1))
    rows = np.random.default_rng(RANK).random((int(each), 8))
    counts = [0 if r == RANK else rows.nbytes // (RANKS - 1) for r in range(RANKS)]
    order = np.random.default_rng(7).permutation(len(rows))

    def bare() -> None:
        packed = rows[order]
        received = np.empty_like(packed)
        COMM.Alltoallv([packed, counts, MPI.BYTE], [received, counts, MPI.BYTE])
        rows[order] = received

    return {"entities_per_second": each / seconds, "bare_entities_per_second": each / timed(bare)}


def snapshot() -> dict[str, float]:
    """One file of all ranks against bare collective writing of as many bytes, synced."""
    folder = Path(COMM.bcast(tempfile.mkdtemp(dir=os.environ.get("BENCHMARK_DIR")) if RANK == 0 else None))
    sim = post.simulate(n=1_000_000 * RANKS, rng=1, threads=1)
    path = folder / "world.h5"
    seconds = timed(lambda: sim.snapshot(path))
    size = path.stat().st_size
    mine = np.zeros(size // RANKS, dtype=np.uint8)

    def bare() -> None:
        if RANK == 0:
            (folder / "bare").unlink(missing_ok=True)
        COMM.Barrier()
        file = MPI.File.Open(COMM, str(folder / "bare"), MPI.MODE_WRONLY | MPI.MODE_CREATE)
        file.Write_at_all(RANK * mine.nbytes, mine)
        file.Sync()
        file.Close()

    return {"bytes_per_second": size / seconds, "bare_bytes_per_second": size / timed(bare)}


if __name__ == "__main__":
    figures = {"exchange": exchange, "migration": migration, "snapshot": snapshot}[sys.argv[1]]()
    if RANK == 0:
        print(json.dumps({name: round(value, 3) for name, value in figures.items()}))
