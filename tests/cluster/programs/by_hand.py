"""Run on several ranks by test_by_hand_on_ranks.py: worlds that are changed from outside, between ticks and
by inputs. Rank 0 prints what came of it; on one process the same program says what should."""

import random

import bigworlds as bw
from tests.simulation.test_by_hand import Bell, Sheep, farm, restock, some_change
from tests.simulation.test_resources import lead, meadow


def refused(change: object, sim: bw.Simulation) -> str:
    """What is said where a change cannot be; nothing has changed then."""
    before = sim.digest()
    try:
        change(sim)  # type: ignore[operator]
    except bw.UserError as error:
        assert sim.digest() == before
        return str(error)
    raise AssertionError("it was not refused")


sim = farm.simulate(rng=3, threads=1)
draw = random.Random(3)
said = []
for _ in range(8):
    some_change(sim, draw)
    said.append(sim.digest())
    sim.step()
ticket = sim.submit(restock, n=4)
sim.step()
# Who stands where is known to one rank each: what one finds wrong all are told.
first = int(sim.table(Sheep)["id"][0])
bell = 32  # one of those that are no sheep
wrong = [
    lambda sim: sim.despawn([first, 99_999]),
    lambda sim: sim.attach([first, bell], Bell),
    lambda sim: sim.detach([bell, first], Sheep),
    lambda sim: sim.set([first, bell], "Sheep.energy", 1.0),
]
said += [refused(one, sim) for one in wrong]
sim.set(first, "Sheep.energy", 8.0)
said += [str(ticket.result.value), str(sim.entity(first)[Sheep].energy), sim.digest()]
said += lead(meadow.simulate(rng=1, threads=1))
if sim.rank == 0:
    print("\n".join(said))
