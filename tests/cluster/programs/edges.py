"""Run on several ranks by test_mpi.py: edges changed by hand and by an input, many in one call; the first
rank prints the digest."""

import pytest

import bigworlds as bw
from tests.graph.test_edits import Debt, Tie, befriend, town

sim = town.simulate(rng=3)
sim.run(2)
sim.link(Tie, 5, [6, 7, 8], weight=[1.0, 2.0, 3.0], place=(0.5, 0.0))
pairs = [(a, b) for a in range(1, 13) for b in range(1, 13) if a != b and (a, b) not in ((1, 2), (2, 1))]
sim.link(Debt, [a for a, _ in pairs], [b for _, b in pairs], amount=7)
with pytest.raises(bw.UserError, match="the edge from 5 to 6 is there already"):
    sim.link(Tie, 5, 6)
ticket = sim.submit(befriend, one=1, other=2)
sim.run(2)
assert ticket.result.error is None
sim.despawn(7)
sim.set_edges(Tie, 8, 5, place=(2.0, 1.0))
sim.unlink(Debt, [9, 10], 5)
sim.run(3)
digest = sim.digest()
if sim.rank == 0:
    print(digest)
