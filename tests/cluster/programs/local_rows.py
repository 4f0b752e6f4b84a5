"""Run on several ranks by test_mpi.py: each rank sees its own rows, and together they are the table."""

import numpy as np
import pytest
from mpi4py import MPI

import bigworlds as bw


class Leaf(bw.Component):
    position: bw.vec2


@bw.model()
def river(world: bw.World) -> None:
    """Leaves on a river."""
    world.space = bw.Continuous((100.0, 100.0), periodic=True)
    world.spawn(Leaf, n=500, position=bw.uniform())
    world.behaviors(drift)


@bw.behavior
def drift(leaf: Leaf, space: bw.Space) -> None:
    """Floats on."""
    leaf.position = space.wrap(leaf.position + bw.vec2(3.0, 1.0))


sim = river.simulate(rng=2)
sim.run(5)
mine = np.array(sim.local.columns(Leaf).position)
assert 0 < len(mine) < 500
together = np.concatenate(MPI.COMM_WORLD.allgather(mine))
table = sim.table(Leaf)["position"]
assert np.array_equal(np.sort(together, axis=0), np.sort(table, axis=0))
with pytest.raises(bw.UserError, match=r"sim\.table\(Leaf\).*sim\.local\.columns\(Leaf\)"):
    sim.columns(Leaf)
if sim.rank == 0:
    print("the rows of all ranks are the table")
