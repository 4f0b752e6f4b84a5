"""Claims on real numbers: whole units of a stock are granted in the order of claims, and the rest stays."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bigworlds as bw

SIDE = 7


class Params(bw.Parameters):
    wish: int = bw.param(3, min=1, help="units that each asks for")
    grows: bool = True


class Sugar(bw.CellComponent):
    level: float
    fine: bw.f32


class Ant(bw.Component):
    position: bw.ivec2
    got: int
    got_fine: bw.i16
    total: int


@bw.behavior(claim={"sugar": (Sugar.level, Ant.got), "fine": (Sugar.fine, Ant.got_fine)})
def take(ant: Ant, p: Params, sugar: bw.Claim[Sugar], fine: bw.Claim[Sugar]) -> None:
    sugar.ask(ant.position, n=p.wish)
    fine.ask(ant.position, n=p.wish)


@bw.behavior
def eat(ant: Ant, space: bw.Space, rng: bw.Rng) -> None:
    ant.total += ant.got + ant.got_fine
    ant.position = space.wrap(ant.position + bw.moore(rng.integers(8)))


@bw.behavior(when=Params.grows)
def grow(sugar: Sugar, rng: bw.Rng) -> None:
    sugar.level += rng.uniform(0.0, 2.0)
    sugar.fine += rng.uniform(0.0, 2.0)


def hill(activation: Any = None, level: Any = None) -> bw.Model:
    @bw.model(Params)
    def made(world: bw.World, p: Params) -> None:
        world.space = bw.Grid((SIDE, SIDE), periodic=True)
        places = np.random.default_rng(5).integers(0, SIDE, (90, 2))
        start = bw.uniform(0.0, 9.0) if level is None else level
        world.cells(Sugar, level=start, fine=bw.uniform(0.0, 9.0))
        world.spawn(Ant, position=places)
        world.behaviors(take, activation=activation or bw.Synchronous())
        world.behaviors(eat, grow)

    return made


def by_cell(places: np.ndarray, amounts: Any) -> np.ndarray:
    found = np.zeros((SIDE, SIDE), int)
    np.add.at(found, (places[:, 1], places[:, 0]), amounts)
    return found


ACTIVATIONS = pytest.mark.parametrize("activation", [None, bw.Sequential()], ids=["at once", "in turns"])


@ACTIVATIONS
def test_whole_units_are_granted_and_the_rest_stays(activation: Any) -> None:
    sim = hill(activation).simulate(rng=3, grows=False)
    before = {name: sim.cells(Sugar)[name].astype(float) for name in ("level", "fine")}
    places = sim.table(Ant)["position"]
    sim.step()
    for field, column in (("level", "got"), ("fine", "got_fine")):
        granted = by_cell(places, sim.table(Ant)[column])
        assert np.array_equal(granted, np.minimum(by_cell(places, 3), np.floor(before[field])))
        assert np.array_equal(sim.cells(Sugar)[field].astype(float), before[field] - granted)
        assert 0 < granted.sum() < 3 * 90


@ACTIVATIONS
def test_what_is_no_number_or_below_one_gives_nothing_and_stays(activation: Any) -> None:
    level = np.full((SIDE, SIDE), 0.999)
    level[0], level[1], level[2], level[3] = np.nan, -5.0, np.inf, 2.0**60
    sim = hill(activation, level).simulate(rng=3, grows=False)
    places = sim.table(Ant)["position"]
    sim.step()
    ants, after = sim.table(Ant), sim.cells(Sugar)["level"]
    rich = (places[:, 1] == 2) | (places[:, 1] == 3)
    assert np.array_equal(ants["got"], np.where(rich, 3, 0))
    assert np.array_equal(np.delete(after, 3, 0), np.delete(level, 3, 0), equal_nan=True)
    assert (after[3] <= 2.0**60).all()


@pytest.mark.parametrize("interpret", [False, True])
def test_one_world_on_any_ranks_and_threads_and_restarted(interpret: bool, tmp_path: Path) -> None:
    model = hill()
    plain = model.simulate(rng=4, threads=1)
    plain.run(8)
    assert plain.sum("Ant.total") > 900
    for ranks, threads in product((1, 2, 3), (1, 2)):
        sim = model.simulate(rng=4, ranks=ranks, threads=threads, interpret=interpret)
        sim.run(5)
        sim.snapshot(tmp_path / "half.h5")
        again = model.resume(tmp_path / "half.h5", ranks=4 - ranks, interpret=interpret)
        for one in (sim, again):
            one.run(3)
            assert one.digest() == plain.digest()


def test_in_turns_the_same_interpreted_and_on_any_threads() -> None:
    digests = set()
    for threads, interpret in ((1, False), (2, False), (1, True)):
        sim = hill(bw.Sequential()).simulate(rng=4, threads=threads, interpret=interpret)
        sim.run(8)
        digests.add(sim.digest())
    assert len(digests) == 1
