"""Run on several ranks by test_mpi.py: what arrives at a meeting, and in which order, among neighbours and
others."""

import numpy as np
from mpi4py import MPI

from bigworlds.cluster import mpi
from bigworlds.cluster.processes import broadcast_plain, gather, gather_rows

processes = mpi.MpiProcesses(MPI.COMM_WORLD)
rank, ranks = processes.rank, processes.ranks


def meet(among: mpi.MpiProcesses) -> None:
    """Messages of all lengths, from all to all and from one to one."""
    for size in (0, 1, mpi.HEAD_BYTES // 2, mpi.HEAD_BYTES // 2 + 1, 100_000):
        sent = [bytes([rank, to]) * size for to in range(ranks)]
        assert [bytes(m) for m in among.exchange("all to all", sent)] == [
            bytes([source, rank]) * size for source in range(ranks)
        ]

    # Only one sends; the others have nothing for anyone.
    lonely = [b"x" if rank == 0 and to == ranks - 1 else b"" for to in range(ranks)]
    received = [bytes(m) for m in among.exchange("one message", lonely)]
    assert received == [b"x" if source == 0 and rank == ranks - 1 else b"" for source in range(ranks)]

    # Values travel along.
    came, sums = among.meet("both", {(rank + 1) % ranks: bytes([rank])}, [rank, 1])
    assert came == {(rank - 1) % ranks: bytes([(rank - 1) % ranks])}
    assert sums == [ranks * (ranks - 1) // 2, ranks]


meet(processes)
mpi.MOST_DENSE = 1
few = mpi.MpiProcesses(MPI.COMM_WORLD)
meet(few)  # nobody is a neighbour of anybody
few.set_neighbors([1] if rank == 0 else [])  # and so 0 is of 1
meet(few)

# A message longer than a piece arrives whole.
mpi.LONGEST_PIECE = 1000
long = [bytes([rank]) * 123_456 for _ in range(ranks)]
for among in (processes, few):
    assert [bytes(m) for m in among.exchange("pieces", long)] == [bytes([r]) * 123_456 for r in range(ranks)]
few.close()

assert processes.sum("sum", [rank, 2**63, 1]) == [ranks * (ranks - 1) // 2, 2**63 * ranks % 2**64, ranks]
assert [bytes(m) for m in gather(processes, "gather", bytes([rank]))] == [bytes([r]) for r in range(ranks)]
assert broadcast_plain(processes, "plain", {"rank": rank}) == {"rank": 0}
rows = gather_rows(processes, "rows", np.full((rank, 2), rank, dtype=np.int32))
assert rows.shape == (ranks * (ranks - 1) // 2, 2)
assert rows[:, 0].tolist() == [r for r in range(ranks) for _ in range(r)]

# Many meetings in a row, ranks at different speed: none is taken for another.
for step in range(300):
    assert bytes(
        processes.exchange("step", [step.to_bytes(4, "big")] * ranks)[step % ranks]
    ) == step.to_bytes(4, "big")
processes.close()
if rank == 0:
    print("all arrived")
