"""Behaviors of cells that look at the cells around: compiled kernels read them in place; a plain loop over
all cells, and the interpreted run, which asks a service, say what must come out."""

from __future__ import annotations

import itertools
from enum import IntEnum
from typing import Any

import numpy as np
import pytest

import bigworlds as bw


class Phase(IntEnum):
    COLD = 0
    WARM = 1
    HOT = 2


class Params(bw.Parameters):
    radius: int = bw.param(1, min=0, max=4)
    fail_at: int = bw.param(-1)


class Plot(bw.CellComponent):
    phase: Phase
    heat: bw.f32
    tag: bw.u8
    level: float
    wind: bw.vec2
    marks: bw.array[bw.i16, 2]
    seen: int
    moment: float
    far: float
    hottest: int
    nearest: int
    drift: bw.vec2
    mixed: float


@bw.behavior(neighbors=Params.radius)
def look(plot: Plot, around: bw.Neighbors[Plot], me: bw.Entity) -> None:
    plot.seen = len(around)
    plot.moment = 0.0
    plot.far = 0.0
    plot.hottest = -1
    plot.drift = bw.vec2(0.0, 0.0)
    for other in around:
        plot.moment += other.offset.x * other.heat + 3.0 * other.offset.y * other.level
        plot.far += other.distance * float(other.tag)
        plot.drift += other.wind
        if other.phase == Phase.HOT and plot.hottest < 0:
            plot.hottest = other.id
        if other.marks[1] > 90:
            plot.far += 0.5
    nearest = around.nearest()
    if nearest is not None:
        plot.nearest = nearest.id
    # What it writes is not what the others see of it.
    plot.level = 0.5 * plot.level + 0.01 * plot.moment
    plot.heat = plot.heat + 1.0
    plot.wind = -1.0 * plot.wind
    if plot.phase == Phase.COLD and plot.hottest >= 0:
        plot.phase = Phase.WARM


@bw.behavior(neighbors=1)
def mix(plot: Plot, around: bw.Neighbors[Plot], rng: bw.Rng) -> None:
    chosen = rng.uniform()
    for other in around:
        chosen += rng.uniform() * other.moment
    plot.mixed = chosen


def start(count: int) -> dict[str, Any]:
    draw = np.random.default_rng(3)
    return {
        "phase": draw.integers(0, 3, count),
        "heat": draw.random(count).astype("f4"),
        "tag": draw.integers(0, 256, count),
        "level": draw.random(count),
        "wind": draw.random((count, 2)),
        "marks": draw.integers(0, 100, (count, 2)),
    }


@bw.model(Params)
def plane(world: bw.World, p: Params) -> None:
    world.space = bw.Grid((13, 9), periodic=True)
    describe(world)


def describe(world: bw.World) -> None:
    assert world.space is not None
    assert world.space.cell_counts is not None
    world.tiles = 9
    world.cells(Plot, **start(int(np.prod(world.space.cell_counts))))
    world.behaviors(look, mix)


def world_of(space: bw.Continuous | bw.Grid) -> bw.Model:
    @bw.model(Params)
    def made(world: bw.World, p: Params) -> None:
        world.space = space
        describe(world)

    return made


SPACES = {
    "periodic 8": bw.Grid((13, 9), periodic=True),
    "bounded 8": bw.Grid((13, 9), periodic=False),
    "bounded 4": bw.Grid((13, 9), periodic=False, neighbors=4),
    "lattice": bw.Continuous((26.0, 3.0), periodic=False, cells=(13, 9)),
    "narrow": bw.Grid((2, 41), periodic=False),
    "one cell wide": bw.Grid((1, 7), periodic=False),
}
CASES = [(name, radius) for name in SPACES for radius in (1, 2)]


def expected_sums(sim: bw.Simulation, radius: int) -> dict[str, np.ndarray]:
    """`seen`, `moment` and `far` after one tick, cell by cell."""
    space, before = SPACES_OF[sim], sim.cells(Plot)
    width, height = space.cell_counts
    seen = np.zeros((height, width), dtype=int)
    moment, far = np.zeros((height, width)), np.zeros((height, width))
    diamond = isinstance(space, bw.Grid) and space.neighbors == 4
    steps = [
        (dx, dy)
        for dy, dx in itertools.product(range(-radius, radius + 1), repeat=2)
        if (dx, dy) != (0, 0) and not (diamond and abs(dx) + abs(dy) > radius)
    ]
    for y, x in itertools.product(range(height), range(width)):
        for dx, dy in steps:
            at = (y + dy) % height, (x + dx) % width
            if not space.periodic and at != (y + dy, x + dx):
                continue
            seen[y, x] += 1
            moment[y, x] += dx * float(before["heat"][at]) + 3.0 * dy * before["level"][at]
            far[y, x] += np.sqrt(float(dx * dx + dy * dy)) * float(before["tag"][at])
            far[y, x] += 0.5 if before["marks"][at][1] > 90 else 0.0
    return {"seen": seen, "moment": moment, "far": far}


SPACES_OF: dict[bw.Simulation, Any] = {}


@pytest.mark.parametrize(("name", "radius"), CASES)
def test_every_cell_sees_the_cells_around_it(name: str, radius: int) -> None:
    sim = world_of(SPACES[name]).simulate(rng=1, radius=radius)
    SPACES_OF[sim] = SPACES[name]
    expected = expected_sums(sim, radius)
    sim.run(1)
    after = sim.cells(Plot)
    for field, values in expected.items():
        np.testing.assert_array_equal(after[field], values, err_msg=field)


@pytest.mark.parametrize(("name", "radius"), CASES)
def test_ranks_threads_and_the_interpreter_agree(name: str, radius: int) -> None:
    model = world_of(SPACES[name])
    digests = set()
    for options in ({}, {"ranks": 2}, {"ranks": 3, "threads": 3}, {"interpret": True, "ranks": 2}):
        sim = model.simulate(rng=1, radius=radius, **options)
        sim.run(3)
        digests.add(sim.digest())
    assert len(digests) == 1


def test_a_radius_may_become_smaller_while_the_world_runs() -> None:
    digests = []
    for interpret in (False, True):
        sim = plane.simulate(rng=1, radius=2, interpret=interpret)
        sim.run(1)
        assert np.all(sim.cells(Plot)["seen"] == 24)
        sim.set_parameters(radius=1)
        sim.run(1)
        assert np.all(sim.cells(Plot)["seen"] == 8)
        sim.set_parameters(radius=0)
        sim.run(1)
        assert np.all(sim.cells(Plot)["seen"] == 0)
        digests.append(sim.digest())
    assert digests[0] == digests[1]


class Block(bw.CellComponent, dimensions=3):
    level: float
    total: float
    count: int


@bw.behavior(neighbors=1)
def add_up(block: Block, around: bw.Neighbors[Block]) -> None:
    block.total = 0.0
    block.count = len(around)
    for other in around:
        block.total += other.level * other.offset.z


@pytest.mark.parametrize("touching", [6, 26])
@pytest.mark.parametrize("periodic", [True, False])
def test_volumes(touching: int, periodic: bool) -> None:
    @bw.model()
    def volume(world: bw.World) -> None:
        world.space = bw.Grid((5, 4, 3), periodic=periodic, neighbors=touching)
        world.cells(Block, level=np.arange(60.0))
        world.behaviors(add_up)

    runs = [volume.simulate(rng=1, ranks=r, interpret=i) for r, i in ((1, False), (3, False), (1, True))]
    for sim in runs:
        sim.run(1)
    assert len({sim.digest() for sim in runs}) == 1
    counts = runs[0].cells(Block)["count"]
    assert counts[1, 1, 1] == touching
    corner = touching if periodic else {6: 3, 26: 7}[touching]
    assert counts[0, 0, 0] == corner
    if periodic and touching == 6:
        level = np.arange(60.0).reshape(3, 4, 5)
        expected = np.roll(level, -1, axis=0) - np.roll(level, 1, axis=0)
        np.testing.assert_array_equal(runs[0].cells(Block)["total"], expected)


@bw.behavior(neighbors=1)
def burst(plot: Plot, around: bw.Neighbors[Plot], me: bw.Entity, p: Params) -> None:
    plot.seen = 7
    if me.id == p.fail_at:
        raise ValueError("this one")


def test_a_cell_that_fails_is_named_and_left_as_it_was() -> None:
    @bw.model(Params)
    def fragile(world: bw.World, p: Params) -> None:
        world.space = bw.Grid((13, 9), periodic=False)
        world.cells(Plot)
        world.behaviors(burst)

    for cell in (0, 12, 60, 116):
        sim = fragile.simulate(rng=1, threads=1, fail_at=cell)
        with pytest.raises(bw.BehaviorError, match=rf"'burst' failed at cell {cell}, tick 0.*this one"):
            sim.run(1)
        seen = sim.cells(Plot)["seen"].ravel()
        assert seen[cell] == 0
        assert np.all(seen[:cell] == 7)


def test_the_kernel_that_expects_another_number_of_neighbours_is_right_all_the_same() -> None:
    """Object code is made for 8 neighbours; here it meets 24, and edges."""
    digests = set()
    for before in (1, 2):
        sim = world_of(SPACES["bounded 8"]).simulate(rng=1, radius=2)
        sim.set_parameters(radius=before)
        sim.set_parameters(radius=1)
        sim.run(2)
        digests.add(sim.digest())
    sim = world_of(SPACES["bounded 8"]).simulate(rng=1, radius=1)
    sim.run(2)
    assert digests == {sim.digest()}
