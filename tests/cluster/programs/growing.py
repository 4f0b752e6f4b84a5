"""A world that grows in every tick, and its snapshots with it; no file may become larger than FULL_BYTES."""

import os
import resource

import bigworlds as bw


class Cell(bw.Component):
    position: bw.vec2
    age: int = 0


@bw.behavior
def divide(cell: Cell, child: bw.Spawn[Cell], space: bw.Space, rng: bw.Rng) -> None:
    """Grows older; a quarter of them divide."""
    cell.age += 1
    if rng.bernoulli(0.25):
        child(position=space.wrap(cell.position + bw.vec2(rng.uniform(-1.0, 1.0), 0.5)))


@bw.model(ticks=10)
def culture(world: bw.World) -> None:
    """Cells in a dish."""
    if limit := int(os.environ.get("FULL_BYTES", "0")):  # by now MPI has the files that it needs
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    world.space = bw.Continuous((50.0, 50.0), periodic=True)
    world.spawn(Cell, n=300, position=bw.uniform())
    world.behaviors(divide)
