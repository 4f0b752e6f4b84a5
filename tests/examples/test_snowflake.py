"""The snowflake grows as in the plain reference, cell by cell, and alike in all six directions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bigworlds.cli.locate import examples, load_model
from tests.reference import snowflake as reference


@pytest.fixture(scope="module")
def model() -> Any:
    return load_model(examples()["snowflake"])


def water_of(sim: Any) -> reference.Water:
    """Water by cube coordinates."""
    water = sim.cells("Cell")["water"]
    return {reference.cube(x, y): float(value) for (y, x), value in np.ndenumerate(water)}


@pytest.mark.parametrize(
    "settings",
    [
        {"side": 12, "moisture": 0.6, "noise": 0.3},
        {"side": 15, "moisture": 0.4, "inflow": 0.02, "diffusion": 0.7},
        {"side": 9, "moisture": 0.9, "noise": 1.0, "inflow": 0.0},
    ],
)
def test_every_cell_has_the_water_of_the_reference(model: Any, settings: dict[str, Any]) -> None:
    sim = model.simulate(rng=3, **settings)
    p = sim.parameters
    expected = water_of(sim)
    while sim.run(1):
        expected = reference.step(expected, diffusion=p.diffusion, inflow=p.inflow)
        found = water_of(sim)
        assert np.allclose([found[cell] for cell in expected], list(expected.values()), rtol=1e-12, atol=0)
    assert sim.tick > 8
    assert sim.metrics()["frozen_cells"] == sum(amount >= 1.0 for amount in expected.values()) > 6


def grown(model: Any, **settings: Any) -> set[reference.Cell]:
    """Ice of a crystal that is still far from the edges, which are not alike in six directions."""
    sim = model.simulate(rng=1, side=81, moisture=0.5, **settings)
    sim.run_until(lambda sim: sim.metrics()["radius"] >= 15)
    return {cell for cell, amount in water_of(sim).items() if amount >= 1.0}


def test_without_noise_it_is_the_same_after_a_sixth_of_a_turn(model: Any) -> None:
    middle = reference.cube(40, 40)
    frozen, noisy = grown(model), grown(model, noise=0.2)
    assert len(frozen) > 200
    assert {reference.turned(cell, middle) for cell in frozen} == frozen
    assert {reference.turned(cell, middle) for cell in noisy} != noisy


def test_a_run_ends_before_the_crystal_meets_an_edge(model: Any) -> None:
    sim = model.simulate("small", rng=1, moisture=0.65)
    assert sim.run(1000) < 1000
    assert (sim.ended, sim.metrics()["radius"]) == ("stop", 29)


def test_moist_air_makes_open_branches(model: Any) -> None:
    """The share of cells within the radius that are ice: a plate in dry air, thin branches in moist air."""
    shares = []
    for moisture, inflow in ((0.1, 0.005), (0.4, 0.001), (0.65, 0.0)):
        sim = model.simulate("small", rng=1, moisture=moisture, inflow=inflow)
        sim.run(2000)
        metrics = sim.metrics()
        radius = metrics["radius"]
        shares.append(metrics["frozen_cells"] / (3 * radius * (radius + 1) + 1))
    assert shares[0] > 0.7 > 0.5 > shares[1] > shares[2]
