"""The ants of the example bring home as much food as those of the plain sequential reference, over seeds; and
a long run is the same on any number of ranks and threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bigworlds.cli.locate import examples, load_model
from tests.reference import ants as reference

SEEDS, REFERENCE_SEEDS = 60, 12
MOMENTS = (100, 200, 300)


@pytest.fixture(scope="module")
def model() -> Any:
    return load_model(examples()["ants"])


@pytest.fixture(scope="module")
def ours(model: Any) -> np.ndarray:
    """Food brought home by the two moments, by seed."""
    rows = []
    for seed in range(SEEDS):
        sim = model.simulate(rng=seed, threads=1)
        row = []
        for ticks in np.diff((0, *MOMENTS)):
            sim.run(int(ticks))
            row.append(sim.metrics()["food_collected"])
        rows.append(row)
    return np.array(rows, dtype=float)


@pytest.fixture(scope="module")
def theirs() -> np.ndarray:
    settings = reference.Settings()
    runs = [reference.run(seed, settings, at=MOMENTS) for seed in range(REFERENCE_SEEDS)]
    return np.array([[run[f"food_collected_{tick}"] for tick in MOMENTS] for run in runs])


def test_as_much_food_is_brought_home_as_in_the_reference(ours: np.ndarray, theirs: np.ndarray) -> None:
    errors = np.sqrt(ours.var(0, ddof=1) / len(ours) + theirs.var(0, ddof=1) / len(theirs))
    assert np.all(np.abs(ours.mean(0) - theirs.mean(0)) < 3.0 * errors)
    # Kolmogorov-Smirnov, at a level of 0.01.
    limit = 1.63 * np.sqrt(1 / len(ours) + 1 / len(theirs))
    for a, b in zip(ours.T, theirs.T, strict=True):
        points = np.concatenate([a, b])
        apart = (a[:, None] <= points).mean(0) - (b[:, None] <= points).mean(0)
        assert np.abs(apart).max() < limit


def test_scent_speeds_up_the_harvest_of_the_first_pile(model: Any, ours: np.ndarray) -> None:
    alone = []
    for seed in range(20):
        sim = model.simulate(rng=seed, threads=1, drop=0.0)
        sim.run(MOMENTS[1])
        alone.append(sim.metrics()["food_collected"])
    assert np.mean(alone) < 0.7 * ours[:, 1].mean()


def test_food_is_neither_lost_nor_made(model: Any) -> None:
    sim = model.simulate(rng=3)
    component = next(c.component for c in sim.description.cells)
    before = sim.cells(component)["food"].sum()
    for _ in range(10):
        sim.run(30)
        ants = sim.table("Ant")
        on_the_way = int(np.sum(ants["carrying"] | (ants["found"] > 0)))
        assert sim.cells(component)["food"].sum() + on_the_way + ants["delivered"].sum() == before
    assert ants["delivered"].sum() > 50


def test_a_long_run_is_the_same_on_any_number_of_ranks_and_threads(model: Any) -> None:
    digests = set()
    for ranks, threads in ((1, 1), (2, 2), (3, 1)):
        sim = model.simulate(rng=2, ranks=ranks, threads=threads)
        sim.run(250)
        digests.add(sim.digest())
    assert len(digests) == 1
    assert sim.metrics()["food_collected"] > 30
