"""The germs example against the known final sizes of epidemics, and against the plain reference."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import ks_2samp

from bigworlds.cli.locate import examples, load_model
from tests.reference import germs as reference

MODEL = load_model(examples()["germs"])
ON_THE_GRAPH = {"network": "random", "airborne": 0.0, "step": 0.0}
SHARES = {
    "synchronous": reference.transmissibility,
    "sequential": reference.transmissibility_one_after_another,
}
RUNS = {"synchronous": reference.run, "sequential": reference.run_one_after_another}


def attack_rate(seed: int, **settings: Any) -> float:
    """Of an epidemic that has come to its end."""
    sim = MODEL.simulate(rng=seed, **settings)
    while sim.metrics()["ill_share"] > 0.0:
        assert sim.tick < 1000
        sim.run(20)
    return float(sim.metrics()["attack_rate"])


@pytest.mark.parametrize("activation", SHARES)
@pytest.mark.parametrize(("transmission", "recovery"), [(0.05, 0.25), (0.1, 0.2)])
def test_outbreaks_on_a_random_graph_have_the_known_final_size(
    transmission: float, recovery: float, activation: str
) -> None:
    """z = 1 - (1 - i) exp(-c T z), with c contacts, of which a share T is infected (Newman 2002)."""
    share = SHARES[activation](transmission, recovery)
    expected = reference.final_size(8 * share)
    settings = {"transmission": transmission, "recovery": recovery, "activation": activation, **ON_THE_GRAPH}
    rates = [attack_rate(seed, n=10_000, infected=20, **settings) for seed in range(3)]
    assert np.mean(rates) == pytest.approx(expected, abs=0.025)


def test_well_mixed_people_have_the_final_size_of_kermack_and_mckendrick() -> None:
    """z = 1 - exp(-R z): everybody walks anywhere in each tick, and meets pi r^2 strangers there."""
    reproduction = math.pi * 0.1 / 0.2
    settings = {"network": "random", "contacts": 0, "airborne": 0.1, "recovery": 0.2, "step": 60.0}
    rates = [attack_rate(seed, n=10_000, infected=20, **settings) for seed in range(3)]
    assert np.mean(rates) == pytest.approx(reference.final_size(reproduction), abs=0.025)


def test_below_the_threshold_nothing_spreads() -> None:
    assert attack_rate(1, n=5000, transmission=0.02, recovery=0.5, **ON_THE_GRAPH) < 0.02


@pytest.mark.parametrize("activation", RUNS)
def test_outcomes_are_distributed_as_those_of_the_reference(activation: str) -> None:
    """Small outbreaks end by chance or go on: both, in the shares of the reference on the same graphs."""
    settings = {"n": 150, "contacts": 4, "transmission": 0.15, "recovery": 0.4, "infected": 1, **ON_THE_GRAPH}
    settings["activation"] = activation
    here, there, lasting_here, lasting_there = [], [], [], []
    for seed in range(150):
        sim = MODEL.simulate(rng=seed, threads=1, **settings)
        neighbors: list[list[int]] = [[] for _ in range(150)]
        edges = sim.edges("Contact")
        for a, b in zip(edges["source"].tolist(), edges["target"].tolist(), strict=True):
            neighbors[a - 1].append(b - 1)
            neighbors[b - 1].append(a - 1)
        while sim.metrics()["ill_share"] > 0.0:
            sim.step()
        outcome = RUNS[activation](seed, neighbors, transmission=0.15, recovery=0.4)
        lasting_here.append(sim.tick)
        lasting_there.append(outcome["steps"])
        here.append(round(150 * sim.metrics()["attack_rate"]))
        there.append(round(150 * outcome["attack_rate"]))
    assert ks_2samp(here, there).pvalue > 0.01
    assert ks_2samp(lasting_here, lasting_there).pvalue > 0.01
    assert 0.1 < np.mean(np.array(here) < 15) < 0.9
