"""A process that pretends to be one rank of many sends what that rank sends, as real ranks show."""

from __future__ import annotations

from typing import Any

import pytest

import bigworlds as bw
from bigworlds.cluster import Counted


class Mote(bw.Component):
    position: bw.vec2
    velocity: bw.vec2
    seen: int = 0


@bw.behavior(neighbors=2.5)
def float_on(mote: Mote, others: bw.Neighbors[Mote], space: bw.Space) -> None:
    """Counts who is near, and flies on whoever is."""
    mote.seen = len(others)
    mote.position = space.wrap(mote.position + mote.velocity)


@bw.model(ticks=5)
def air(world: bw.World) -> None:
    """What is sent in a tick does not depend on what has come before in it."""
    world.space = bw.Continuous((60.0, 40.0), periodic=True)
    world.tiles = 36
    world.spawn(Mote, n=3000, position=bw.uniform(), velocity=bw.uniform(-1, 1))
    world.behaviors(float_on)


def sent(sim: Any) -> tuple[int, int]:
    """How many messages and bytes the ranks of this process sent in a tick."""
    before = sim._core.spent
    sim.run(1)
    after = sim._core.spent
    return after[2] - before[2], after[3] - before[3]


@pytest.mark.parametrize("ranks", [2, 4, 9])
def test_dry_runs_of_all_ranks_send_what_the_ranks_send_together(ranks: int) -> None:
    together = sent(air.simulate(rng=4, ranks=ranks))
    alone = []
    for rank in range(ranks):
        dry = bw.DryRun(rank, ranks)
        sim = air.simulate(rng=4, comm=dry)
        dry.forget()
        alone.append(sent(sim))
        assert (dry.total().filled, dry.total().bytes) == alone[-1]
        assert dry.total().messages >= dry.total().filled
        assert {"ghosts", "hand over"} <= set(dry.counted)
    assert tuple(map(sum, zip(*alone, strict=True))) == together
    assert together[0] > 0


def test_a_share_alone_sends_about_what_the_whole_start_does() -> None:
    whole, share = bw.DryRun(4, 9), bw.DryRun(4, 9, load=1.0)
    for dry in (whole, share):
        sim = air.simulate(rng=4, comm=dry)
        assert abs(sim._core.population / 3000 - 1.0) < 0.1  # nine times its own
        dry.forget()
        sim.run(1)
    assert share.neighbors == whole.neighbors
    assert share.total().bytes == pytest.approx(whole.total().bytes, rel=0.15)
    heavy = bw.DryRun(4, 9, load=2.0)
    sim = air.simulate(rng=4, comm=heavy)
    heavy.forget()
    sim.run(1)
    assert heavy.counted["ghosts"].bytes == pytest.approx(2 * share.counted["ghosts"].bytes, rel=0.2)


def test_places_of_a_share_are_in_the_ranks_tiles() -> None:
    for kind in ("blocks", "bisection", "curve"):
        dry = bw.DryRun(3, 5, load=1.0)
        sim = air.simulate(rng=4, comm=dry, partition=bw.Partition(kind))
        there = sim.local.columns(Mote).position
        assert len(there) == 600


def test_messages_do_not_grow_with_the_number_of_ranks() -> None:
    counts = []
    for side in (8, 32, 100):

        @bw.model()
        def plane(world: bw.World, side: int = side) -> None:
            world.space = bw.Continuous((10.0 * side, 10.0 * side), periodic=True)
            world.tiles = side * side
            world.spawn(Mote, n=500 * side * side, position=bw.uniform(), velocity=bw.uniform(-1, 1))
            world.behaviors(float_on)

        dry = bw.DryRun(side * side // 2 + side // 2, side * side, load=1.0)
        sim = plane.simulate(rng=1, comm=dry)
        dry.forget()
        sim.run(1)
        assert len(dry.neighbors) == 8
        counts.append(dry.counted)
    assert {c["ghosts"].messages for c in counts} == {8}
    assert {c["hand over"].messages for c in counts} == {8}
    small, large = (sum(one.bytes for one in c.values()) for c in (counts[0], counts[-1]))
    assert large == pytest.approx(small, rel=0.15)


def test_wrong_dry_runs_are_refused() -> None:
    with pytest.raises(bw.UserError, match="a rank from 0 to 3, of 4; found 4"):
        bw.DryRun(4, 4)
    with pytest.raises(bw.UserError, match="load"):
        bw.DryRun(0, 4, load=-1.0)

    @bw.model()
    def nowhere(world: bw.World) -> None:
        world.spawn(Plain, n=10)
        world.behaviors(grow)

    with pytest.raises(bw.UserError, match="leave load out"):
        nowhere.simulate(rng=1, comm=bw.DryRun(0, 4, load=1.0))
    assert bw.DryRun(0, 4).total() == Counted()

    class Soil(bw.CellComponent):
        depth: int

    @bw.model()
    def field(world: bw.World) -> None:
        world.space = bw.Grid((8, 8))
        world.cells(Soil, depth=1)

    with pytest.raises(bw.UserError, match="a dry run knows nothing of the cells"):
        field.simulate(rng=1, comm=bw.DryRun(0, 4))


class Plain(bw.Component):
    size: float = 1.0


@bw.behavior
def grow(plain: Plain) -> None:
    """Grows."""
    plain.size += 1.0
