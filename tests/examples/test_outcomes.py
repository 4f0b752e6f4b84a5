"""What comes out of the comparison models over seeds: as in the plain sequential references, in both
activations, and as known from literal programs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from bigworlds.cli.locate import examples, load_model
from tests.reference import boids, forest_fire, schelling, wolf_sheep

SEEDS = 40
# Means differ by less than this many standard errors; distributions by less than Kolmogorov and Smirnov allow
# at a level of 0.001.
MOST_ERRORS, KOLMOGOROV = 4.0, 1.95

Run = Callable[[int], dict[str, float]]

# Name, activation, the reference's run of a seed, how many of its seeds, ticks, what is compared.
CASES: list[tuple[str, str | None, Run, int, int, tuple[str, ...]]] = [
    ("forest_fire", None, forest_fire.run, 40, 100, ("burnt_share",)),
    *(
        (name, activation, partial(module.run, activation=activation), seeds, ticks, compared)
        for name, module, seeds, ticks, compared in (
            ("boids", boids, 8, 100, ("order", "mean_neighbors")),
            ("schelling", schelling, 16, 20, ("happy_share",)),
            ("wolf_sheep", wolf_sheep, 24, 100, ("sheep", "wolves", "grass_share")),
        )
        for activation in ("sequential", "synchronous")
    ),
]


def ours(name: str, ticks: int, **settings: Any) -> list[dict[str, float]]:
    model = load_model(examples()[name])
    outcomes = []
    for seed in range(SEEDS):
        sim = model.simulate("small", rng=seed, threads=1, **settings)
        sim.run(ticks)
        outcomes.append(sim.metrics())
    return outcomes


def column(outcomes: list[dict[str, float]], key: str) -> np.ndarray:
    return np.array([outcome[key] for outcome in outcomes], dtype=float)


@pytest.mark.parametrize(
    ("name", "activation", "run", "seeds", "ticks", "compared"),
    CASES,
    ids=[f"{name}-{activation}" for name, activation, *_ in CASES],
)
def test_outcomes_are_those_of_the_reference(
    name: str, activation: str | None, run: Run, seeds: int, ticks: int, compared: tuple[str, ...]
) -> None:
    settings = {} if activation is None else {"activation": activation}
    engine = ours(name, ticks, **settings)
    reference = [run(1000 + seed) for seed in range(seeds)]
    for key in compared:
        a, b = column(engine, key), column(reference, key)
        error = np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
        assert abs(a.mean() - b.mean()) < MOST_ERRORS * error, key
        points = np.concatenate([a, b])
        apart = (a[:, None] <= points).mean(0) - (b[:, None] <= points).mean(0)
        assert np.abs(apart).max() < KOLMOGOROV * np.sqrt(1 / len(a) + 1 / len(b)), key


def test_people_who_move_one_after_another_move_as_often_as_is_known() -> None:
    # comparison models: about 1,700 moves in 20 steps of the small setting
    assert column(ours("schelling", 20, activation="sequential"), "moves").mean() == pytest.approx(
        1700, rel=0.05
    )
