"""Run on several ranks by test_queries_on_ranks.py: every process asks, and rank 0 prints the answers."""

import bigworlds as bw
from tests.query.test_queries import QUERIES, answer
from tests.query.worlds import birds

sim = birds.simulate(rng=3, threads=1)
sim.run(2)
said = [answer(sim, text) for text in QUERIES]
try:
    sim.query("Bird where id == 5 and 7 // (age - age) > 1")
except bw.UserError as error:
    said.append(str(error))
here = sim.local.query("Bird where not lost select count").row()["count"]
if sim.ranks > 1:
    assert 0 < here < sim.query("Bird where not lost select count").row()["count"]
if sim.rank == 0:
    print("\n".join(said))
