"""A world that has stopped stays stopped: over further runs and restarts, as long as its condition holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import bigworlds as bw
from bigworlds.cli.engine import save


class Settings(bw.Parameters):
    last: int = bw.param(5, min=0)


class Fuse(bw.Component):
    burnt: int = 0


@bw.behavior
def burn(fuse: Fuse) -> None:
    fuse.burnt += 1


@bw.model(Settings)
def fuses(world: bw.World, p: Settings) -> None:
    world.spawn(Fuse, n=2)
    world.behaviors(burn)
    world.stop_when(lambda sim: sim.max("Fuse.burnt") >= sim.parameters.last)


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_a_stopped_world_runs_nothing_more(ranks: int) -> None:
    sim = fuses.simulate(rng=1, ranks=ranks)
    assert (sim.run(100), sim.tick, sim.ended) == (5, 5, "stop")
    before = sim.digest()
    assert (sim.run(3), sim.ended) == (0, "stop")
    assert (sim.run_until(lambda _: False), sim.ended) == (0, "stop")
    sim.step()
    assert (sim.tick, sim.digest()) == (5, before)


def test_it_goes_on_once_the_condition_no_longer_holds() -> None:
    sim = fuses.simulate(rng=1)
    sim.run(100)
    sim.set_parameters(last=7)
    assert (sim.run(100), sim.tick, sim.ended) == (2, 7, "stop")
    sim.columns(Fuse).writable("burnt")[:] = np.array([0, 1])
    assert (sim.run(2), sim.ended) == (2, "ticks")


def test_a_restart_knows_that_the_world_had_stopped(tmp_path: Path) -> None:
    sim = fuses.simulate(rng=1)
    sim.run(100)
    save(sim, tmp_path / "stopped.h5")
    again = fuses.resume(tmp_path / "stopped.h5", ranks=2)
    assert (again.run(10), again.ended, again.digest()) == (0, "stop", sim.digest())


def test_a_condition_that_holds_from_the_start_is_asked_after_the_first_tick() -> None:
    sim = fuses.simulate(rng=1, last=0)
    assert (sim.run(10), sim.tick, sim.ended) == (1, 1, "stop")


def test_the_snapshot_of_another_model_is_refused_with_all_that_differs(tmp_path: Path) -> None:
    sim = fuses.simulate(rng=1)
    save(sim, tmp_path / "fuses.h5")

    class Wick(bw.Component):
        burnt: float = 0.0

    class Fuse(bw.Component):
        burned: int = 0

    @bw.model()
    def candles(world: bw.World) -> None:
        world.spawn(Wick, Fuse, n=2)

    with pytest.raises(bw.SnapshotError) as caught:
        candles.resume(tmp_path / "fuses.h5")
    for sentence in (
        "the snapshot is of the model 'fuses', this model is 'candles'",
        "component Wick is in the model and not in the snapshot",
        "field Fuse.burnt is in the snapshot and not in the model; did you mean 'burned'?",
        "parameter last is in the snapshot and not in the model",
    ):
        assert sentence in str(caught.value)
