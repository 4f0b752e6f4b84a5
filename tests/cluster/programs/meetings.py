"""Run on several ranks by test_mpi.py: what arrives at a meeting, and in which order."""

import numpy as np
from mpi4py import MPI

from bigworlds.cluster import mpi
from bigworlds.cluster.processes import broadcast_plain, gather, gather_rows

processes = mpi.MpiProcesses(MPI.COMM_WORLD)
rank, ranks = processes.rank, processes.ranks

for size in (0, 1, 100_000):
    sent = [bytes([rank, to]) * size for to in range(ranks)]
    assert [bytes(m) for m in processes.exchange("all to all", sent)] == [
        bytes([source, rank]) * size for source in range(ranks)
    ]

# Only one sends; the others have nothing for anyone.
lonely = [b"x" if rank == 0 and to == ranks - 1 else b"" for to in range(ranks)]
received = [bytes(m) for m in processes.exchange("one message", lonely)]
assert received == [b"x" if source == 0 and rank == ranks - 1 else b"" for source in range(ranks)]

# A message longer than a piece arrives whole.
mpi.LONGEST_PIECE = 1000
long = [bytes([rank]) * 12_345 for _ in range(ranks)]
assert [bytes(m) for m in processes.exchange("pieces", long)] == [bytes([r]) * 12_345 for r in range(ranks)]

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
