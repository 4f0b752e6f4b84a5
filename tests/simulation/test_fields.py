"""Fields of cells: they diffuse and decay by the formula in the documentation, on any space, cut and number
of threads; deposits are summed without a limit."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import bigworlds as bw


class Params(bw.Parameters):
    diffuse: float = bw.param(0.5)
    decay: float = bw.param(0.0)
    every: int = bw.param(1)
    amount: float = bw.param(1.0)


class Scent(bw.CellComponent):
    level: float
    trace: bw.f32


class Mark(bw.CellComponent):
    count: bw.u8


class Walker(bw.Component):
    position: bw.vec2


SPACES: dict[str, bw.Continuous | bw.Grid] = {
    "periodic 8": bw.Grid((13, 9), periodic=True),
    "bounded 8": bw.Grid((13, 9), periodic=False),
    "bounded 4": bw.Grid((13, 9), periodic=False, neighbors=4),
    "periodic 4": bw.Grid((13, 9), periodic=True, neighbors=4),
    "lattice": bw.Continuous((26.0, 3.0), periodic=False, cells=(13, 9)),
    "periodic lattice": bw.Continuous((26.0, 3.0), periodic=True, cells=(13, 9)),
    "narrow": bw.Grid((1, 11), periodic=False),
}


def model_of(space: bw.Continuous | bw.Grid, **rule: Any) -> bw.Model:
    @bw.model(Params)
    def made(world: bw.World, p: Params) -> None:
        world.space = space
        world.tiles = 9
        draw = np.random.default_rng(1)
        count = int(np.prod(space.cell_counts or ()))
        world.cells(Scent, level=draw.random(count), trace=draw.random(count).astype("f4"))
        world.field(Scent.level, **(rule or {"diffuse": Params.diffuse, "decay": Params.decay}))
        world.field(Scent.trace, diffuse=0.25, decay=Params.decay, every=Params.every)

    return made


def spread(values: np.ndarray, space: Any, diffuse: float, decay: float) -> np.ndarray:
    """The formula, cell by cell: every cell hands its parts out."""
    height, width = values.shape
    diamond = isinstance(space, bw.Grid) and space.neighbors == 4
    steps = [
        (dx, dy)
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
        if (dx, dy) != (0, 0) and not (diamond and dx and dy)
    ]
    after = values.astype(float).copy()
    for y in range(height):
        for x in range(width):
            part = float(values[y, x]) * diffuse / len(steps)
            for dx, dy in steps:
                to = (y + dy) % height, (x + dx) % width
                if space.periodic or to == (y + dy, x + dx):
                    after[y, x] -= part
                    after[to] += part
    return after * (1.0 - decay)


@pytest.mark.parametrize("name", SPACES)
def test_a_field_spreads_by_the_formula(name: str) -> None:
    space = SPACES[name]
    sim = model_of(space).simulate(rng=1, decay=0.125)
    level, trace = sim.cells(Scent)["level"], sim.cells(Scent)["trace"]
    for _ in range(4):
        sim.run(1)
        level = spread(level, space, 0.5, 0.125)
        trace = spread(trace, space, 0.25, 0.125).astype("f4")
        np.testing.assert_allclose(sim.cells(Scent)["level"], level, rtol=1e-13)
        np.testing.assert_allclose(sim.cells(Scent)["trace"], trace, rtol=1e-5)


@pytest.mark.parametrize("name", SPACES)
def test_nothing_is_lost_or_made_by_diffusion(name: str) -> None:
    sim = model_of(SPACES[name], diffuse=1.0).simulate(rng=1)
    before = exact(sim)
    sim.run(200)
    assert abs(exact(sim) - before) < before * Fraction(1, 10**13)
    assert sim.min("Scent.level") >= 0.0
    if name in ("bounded 8", "bounded 4"):
        assert sim.max("Scent.level") - sim.min("Scent.level") < 0.5


def exact(sim: bw.Simulation) -> Fraction:
    return sum((Fraction(v) for v in sim.cells(Scent)["level"].ravel().tolist()), Fraction(0))


@pytest.mark.parametrize("name", SPACES)
def test_ranks_threads_and_the_interpreter_agree(name: str) -> None:
    model = model_of(SPACES[name])
    digests = set()
    for options in ({}, {"ranks": 2}, {"ranks": 3, "threads": 3}, {"interpret": True}):
        sim = model.simulate(rng=1, decay=0.01, **options)
        sim.run(7)
        digests.add(sim.digest())
    assert len(digests) == 1


@pytest.mark.parametrize("touching", [6, 26])
def test_volumes_spread_to_6_or_26_cells(touching: int) -> None:
    class Air(bw.CellComponent, dimensions=3):
        level: float

    @bw.model()
    def volume(world: bw.World) -> None:
        world.space = bw.Grid((5, 6, 7), periodic=True, neighbors=touching)
        start = np.zeros((7, 6, 5))
        start[3, 3, 2] = 1.0
        world.cells(Air, level=start)
        world.field(Air.level, diffuse=0.52)

    sims = [volume.simulate(rng=1, ranks=ranks) for ranks in (1, 3)]
    for sim in sims:
        sim.run(1)
    level = sims[0].cells(Air)["level"]
    assert sims[0].digest() == sims[1].digest()
    assert level[3, 3, 2] == pytest.approx(0.48)
    assert np.count_nonzero(level) == touching + 1
    assert level[3, 3, 3] == pytest.approx(0.52 / touching)


def test_shares_are_parameters_that_may_change_while_the_world_runs() -> None:
    space = SPACES["bounded 8"]
    sim = model_of(space).simulate(rng=1, diffuse=0.0)
    level = sim.cells(Scent)["level"]
    sim.run(3)
    np.testing.assert_array_equal(sim.cells(Scent)["level"], level)
    sim.set_parameters(diffuse=0.3, decay=0.5)
    sim.run(1)
    np.testing.assert_allclose(sim.cells(Scent)["level"], spread(level, space, 0.3, 0.5), rtol=1e-13)
    with pytest.raises(bw.UserError, match=r"field Scent.level: diffuse is a share from 0 to 1; found 1.5"):
        sim.set_parameters(diffuse=1.5)
    with pytest.raises(bw.UserError, match=r"field Scent.level: decay is a share from 0 to 1; found -0.1"):
        model_of(space).simulate(rng=1, decay=-0.1)


def test_a_field_may_spread_now_and_then() -> None:
    sim = model_of(SPACES["bounded 8"]).simulate(rng=1, every=3)
    traces = []
    for _ in range(6):
        traces.append(sim.cells(Scent)["trace"])
        sim.run(1)
    changed = [not np.array_equal(a, b) for a, b in pairwise(traces)]
    assert changed == [True, False, False, True, False]


def test_mistakes_are_refused() -> None:
    def declared(*given: Any, **rule: Any) -> bw.Model:
        @bw.model(Params)
        def made(world: bw.World, p: Params) -> None:
            world.space = SPACES["bounded 8"]
            world.cells(Scent)
            world.field(*given, **rule)

        return made

    for given, rule, message in (
        ((Mark.count,), {}, "a field that diffuses or decays is a float"),
        ((Walker.position,), {}, "expected a field of cells, such as Scent.level"),
        (("level",), {}, "expected a field of cells, such as Scent.level"),
        ((Scent.level,), {"diffuse": 1.5}, "diffuse= is a share from 0 to 1, or a parameter.*found 1.5"),
        ((Scent.level,), {"decay": "much"}, "decay= is a share from 0 to 1.*found 'much'"),
        ((Scent.level,), {"every": 0}, "every= is a number of ticks from 1, found 0"),
    ):
        with pytest.raises(bw.ModelError, match=message):
            declared(*given, **rule).simulate(rng=1)

    @bw.model()
    def forgotten(world: bw.World) -> None:
        world.space = SPACES["bounded 8"]
        world.field(Scent.level, diffuse=0.5)

    with pytest.raises(bw.ModelError, match=r"declare world.cells\(Scent, ...\)"):
        forgotten.simulate(rng=1)


@bw.behavior(deposit=Scent.level)
def pour(walker: Walker, scent: bw.Deposit[Scent], p: Params) -> None:
    scent.add(walker.position, p.amount)


@bw.behavior(deposit=Mark.count)
def mark(walker: Walker, marks: bw.Deposit[Mark], p: Params) -> None:
    marks.add(walker.position, 1.0)


class Climber(bw.Component):
    position: bw.vec2
    slope: bw.vec2
    trace: bw.vec2


@bw.behavior
def climb(climber: Climber, scent: bw.Cells[Scent]) -> None:
    climber.slope = scent.gradient(climber.position, Scent.level)
    climber.trace = 2.0 * scent.gradient(climber.position, Scent.trace)


@pytest.mark.parametrize("periodic", [True, False])
def test_gradients_are_those_of_the_cells_beside(periodic: bool) -> None:
    @bw.model()
    def slopes(world: bw.World) -> None:
        world.space = bw.Continuous((26.0, 3.0), periodic=periodic, cells=(13, 9))
        draw = np.random.default_rng(1)
        world.cells(Scent, level=draw.random(117), trace=draw.random(117).astype("f4"))
        y, x = np.mgrid[:9, :13].reshape(2, -1) + 0.25
        world.spawn(Climber, position=np.stack([2.0 * x, y / 3.0], axis=1))
        world.behaviors(climb)

    runs = [slopes.simulate(rng=1, ranks=r, interpret=i) for r, i in ((1, False), (3, False), (1, True))]
    for sim in runs:
        sim.run(1)
    assert len({sim.digest() for sim in runs}) == 1
    for field, found in (("level", "slope"), ("trace", "trace")):
        values = runs[0].cells(Scent)[field].astype(float)
        dy, dx = np.gradient(values, 1.0 / 3.0, 2.0)
        if periodic:
            dy, dx = (
                np.gradient(np.pad(values, 1, mode="wrap"), 1.0 / 3.0, 2.0)[a][1:-1, 1:-1] for a in (0, 1)
            )
        expected = np.stack([dx.ravel(), dy.ravel()], axis=1) * (2.0 if field == "trace" else 1.0)
        np.testing.assert_allclose(runs[0].table(Climber)[found], expected, rtol=1e-12, atol=1e-15)


def test_mistakes_with_gradients_are_refused() -> None:
    with pytest.raises(
        bw.ModelError, match=r"gradient takes a place and a field.*write scent.gradient\(place"
    ):

        @bw.behavior
        def without(climber: Climber, scent: bw.Cells[Scent]) -> None:
            climber.slope = scent.gradient(climber.position)

    with pytest.raises(bw.ModelError, match=r"found 'Mark.count' for the field of a gradient"):

        @bw.behavior
        def other(climber: Climber, scent: bw.Cells[Scent]) -> None:
            climber.slope = scent.gradient(climber.position, Mark.count)

    with pytest.raises(bw.ModelError, match=r"Mark.count is no float; only floats have a gradient"):

        @bw.behavior
        def whole(climber: Climber, marks: bw.Cells[Mark]) -> None:
            climber.slope = marks.gradient(climber.position, Mark.count)


def crowd(n: int, behavior: bw.Behavior) -> bw.Model:
    @bw.model(Params)
    def made(world: bw.World, p: Params) -> None:
        world.space = bw.Continuous((4.0, 4.0), periodic=False, cells=(4, 4))
        world.spawn(Walker, n=n, position=bw.vec2(2.5, 1.5))
        world.cells(Scent)
        world.cells(Mark)
        world.behaviors(behavior)

    return made


@pytest.mark.parametrize("ranks", [1, 3])
def test_deposits_of_a_phase_have_no_limit_together(ranks: int) -> None:
    sim = crowd(50, pour).simulate(rng=1, amount=2.0e9, ranks=ranks)
    sim.run(1)
    assert sim.cells(Scent)["level"][1, 2] == 1.0e11
    with pytest.raises(
        bw.BehaviorError, match=r"'pour' failed at entity 1, tick 0: it deposited 30000000000"
    ):
        crowd(1, pour).simulate(rng=1, amount=3.0e10).run(1)


@pytest.mark.parametrize("ranks", [1, 3])
def test_a_field_that_cannot_hold_its_deposits_is_an_error(ranks: int) -> None:
    sim = crowd(100, mark).simulate(rng=1, ranks=ranks)
    sim.run(2)
    assert sim.cells(Mark)["count"][1, 2] == 200
    expected = r"'mark' failed at cell 6, tick 2: with what was deposited Mark.count would be 300, which its"
    with pytest.raises(bw.BehaviorError, match=expected):
        sim.run(1)
