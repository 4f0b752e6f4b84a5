"""Digital evolution: a soup without mutations is steady, and with them genomes shrink and parasites arise
(Ray 1991). Short forms; `BIGWORLDS_VALIDATION=long` runs all seeds to the end."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

from bigworlds import Simulation
from bigworlds.cli.locate import examples, load_model
from bigworlds.organism import profile, read_genome

LONG = os.environ.get("BIGWORLDS_VALIDATION") == "long"
SEEDS = range(1, 11) if LONG else range(1, 6)
MODEL = load_model(examples()["primordial"])
MILLION = 1_000_000


def start(seed: int, **settings: Any) -> Simulation:
    simulation: Simulation = MODEL.simulate(rng=seed, threads=1, **settings)
    return simulation


def test_a_soup_without_mutations_fills_and_stays_as_it_is() -> None:
    # About 380 creatures of 80 cells, about 860 births per million instructions.
    populations, rates = [], []
    for seed in SEEDS:
        sim = start(seed, size="still")
        sim.run(40)
        before = sim.soup.births, sim.soup.instructions
        sim.run(40)
        born, executed = sim.soup.births - before[0], sim.soup.instructions - before[1]
        populations.append(sim.soup.population)
        rates.append(born / executed * MILLION)
        assert [one.size for one in sim.soup.genotypes()] == [80]
        ancestor = read_genome(examples()["primordial"].with_name("ancestor.tie"), profile("tierra"))
        assert set(sim.soup.genomes().values()) == {ancestor}
    assert np.mean(populations) == pytest.approx(382, abs=6)
    assert np.mean(rates) == pytest.approx(860, abs=10)


def test_genomes_shrink_and_parasites_are_found() -> None:
    # In 60 million instructions, in at least 8 of 10 seeds.
    shrunk, infested = [], []
    for seed in SEEDS:
        sim = start(seed)
        smallest, found = 80.0, False
        while sim.soup.instructions < 60 * MILLION and not (found and smallest < 60):
            sim.run(10)
            smallest = min(smallest, sim.soup.mean_size)
            found = found or bool(sim.soup.parasites())
        shrunk.append(smallest < 60)
        infested.append(found)
    assert np.mean(shrunk) >= 0.8
    assert np.mean(infested) >= 0.8


def test_genomes_do_not_shrink_where_turns_are_as_long_as_they_are() -> None:
    for seed in SEEDS:
        sim = start(seed, size="neutral")
        sim.run(600 if LONG else 200)
        assert sim.soup.mean_size > 79
