"""The reference models against rules worked out by hand and against the known end states.

End states are means over seeds; tolerances are about three standard errors of the seeds used here.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from . import boids, forest_fire, germs, schelling, wolf_sheep

ACTIVATIONS = ("sequential", "synchronous")


def mean(outcomes: list[dict[str, float]], key: str) -> float:
    return float(np.mean([outcome[key] for outcome in outcomes]))


# --- boids ----------------------------------------------------------------------------------------


def test_boids_two_birds_by_hand_across_the_edge() -> None:
    settings = boids.Settings(side=10.0, birds=2, radius=2.0)
    positions = np.array([[9.5, 5.0], [0.25, 5.0]])
    velocities = np.array([[0.0, 1.0], [1.0, 0.0]])
    moved, steered, found = boids.step_synchronous(positions, velocities, settings)
    # Offset (0.75, 0): nearer than 1, so cohere and separate both act.
    expected = np.array([0.03 * 0.75 - 0.015 * 0.75 + 0.05, 1.0])
    expected /= math.hypot(*expected)
    assert found == 2
    np.testing.assert_allclose(steered[0], expected, rtol=0, atol=1e-15)
    np.testing.assert_allclose(moved[0], [9.5 + expected[0], 5.0 + expected[1]], rtol=0, atol=1e-14)


def test_boids_radius_is_inclusive_and_alone_nothing_changes() -> None:
    settings = boids.Settings(side=100.0, birds=3, radius=5.0)
    positions = np.array([[10.0, 10.0], [15.0, 10.0], [50.0, 50.0]])
    velocities = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.5]])
    _, steered, found = boids.step_synchronous(positions, velocities, settings)
    assert found == 2
    np.testing.assert_allclose(steered[2], [0.0, 1.0])


def test_boids_start_has_the_density_of_the_rules() -> None:
    expected = {"small": 199 * math.pi * 25 / 1e4, "large": 399 * math.pi * 225 / 22500}
    for name, settings in boids.SIZES.items():
        outcomes = [boids.run(seed, settings, ticks=1) for seed in range(12)]
        assert mean(outcomes, "first_neighbors") == pytest.approx(expected[name], rel=0.08)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_boids_gather_to_the_known_mean(activation: str) -> None:
    outcomes = [boids.run(seed, activation=activation) for seed in range(3)]
    assert mean(outcomes, "run_neighbors") == pytest.approx(2.8, abs=0.45)


# --- schelling -------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_schelling_keeps_agents_groups_and_cells(activation: str) -> None:
    settings = schelling.Settings(side=12, agents=110, radius=1, need=3)
    world = schelling.Schelling(settings, np.random.default_rng(4))
    groups = world.group.copy()
    for _ in range(10):
        before = world.moves
        world.step_sequential() if activation == "sequential" else world.step_synchronous()
        assert len(set(world.place.tolist())) == settings.agents
        assert (world.grid.flat[world.place] == groups).all()
        assert set(world.empty) == set(np.flatnonzero(world.grid == schelling.EMPTY).tolist())
        assert world.moves - before <= settings.agents


def test_schelling_one_empty_cell_goes_to_one_claimant() -> None:
    settings = schelling.Settings(side=10, agents=99, radius=1, need=9)
    world = schelling.Schelling(settings, np.random.default_rng(1))
    cell = world.empty[0]
    world.step_synchronous()
    assert world.moves == 1
    assert cell in world.place
    assert len(world.empty) == 1


def test_schelling_moves_the_known_number_of_times() -> None:
    outcomes = [schelling.run(seed) for seed in range(12)]
    assert mean(outcomes, "moves") == pytest.approx(1700, abs=100)
    assert mean(outcomes, "happy_share") > 0.99


# --- wolf_sheep ------------------------------------------------------------------------------------


def still_settings(**changes: float) -> wolf_sheep.Settings:
    fields = {
        "side": 6,
        "sheep": 0,
        "wolves": 0,
        "regrowth": 3,
        "sheep_reproduce": 0.0,
        "wolf_reproduce": 0.0,
    }
    return wolf_sheep.Settings(**(fields | changes))  # type: ignore[arg-type]


def test_wolf_sheep_grass_grows_when_its_countdown_is_over() -> None:
    world = wolf_sheep.WolfSheep(still_settings(), np.random.default_rng(0))
    world.grown[:] = True
    world.countdown[:] = 3
    world.grown[0, 0] = False
    grown = []
    for _ in range(5):
        world.step_sequential()
        grown.append(bool(world.grown[0, 0]))
    assert grown == [False, False, False, True, True]
    assert (world.countdown == 3).all()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_wolf_sheep_animals_starve_below_zero(activation: str) -> None:
    world = wolf_sheep.WolfSheep(still_settings(wolves=5), np.random.default_rng(2))
    for wolf in world.wolves:
        wolf.energy = 2
    alive = []
    for _ in range(3):
        world.step_sequential() if activation == "sequential" else world.step_synchronous()
        alive.append(len(world.wolves))
    assert alive == [5, 5, 0]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_wolf_sheep_one_thing_feeds_one(activation: str) -> None:
    """On a grid of one cell three sheep find one meadow, then three wolves two sheep."""
    world = wolf_sheep.WolfSheep(still_settings(side=1, sheep=3, wolves=3), np.random.default_rng(5))
    world.grown[:] = True
    world.sheep[0].energy = 0
    world.sheep[1].energy = world.sheep[2].energy = 10
    for wolf in world.wolves:
        wolf.energy = 20
    world.step_sequential() if activation == "sequential" else world.step_synchronous()
    assert not world.grown.any()
    fed = sorted(wolf.energy for wolf in world.wolves)
    caught = sum(energy == 32 for energy in fed)
    assert fed == [19] * (3 - caught) + [32] * caught
    assert caught in (2, 3)  # the hungry sheep starved unless the meadow was its own
    assert not world.sheep


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_wolf_sheep_reproduction_halves_energy(activation: str) -> None:
    settings = still_settings(sheep=4, sheep_reproduce=1.0)
    world = wolf_sheep.WolfSheep(settings, np.random.default_rng(3))
    world.grown[:] = False
    for sheep in world.sheep:
        sheep.energy = 9
    world.step_sequential() if activation == "sequential" else world.step_synchronous()
    assert [sheep.energy for sheep in world.sheep] == [4.0] * 8


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_wolf_sheep_reaches_the_known_end_state(activation: str) -> None:
    outcomes = [wolf_sheep.run(seed, activation=activation) for seed in range(40)]
    assert mean(outcomes, "sheep") == pytest.approx(91, abs=9)
    assert mean(outcomes, "wolves") == pytest.approx(33, abs=6)


# --- forest_fire -----------------------------------------------------------------------------------


def test_forest_fire_by_hand() -> None:
    forest = np.array([[2, 1, 1], [0, 1, 0], [0, 0, 1]], dtype=np.int8)
    after = forest_fire.step(forest)
    assert after.tolist() == [[3, 2, 1], [0, 1, 0], [0, 0, 1]]
    after = forest_fire.step(after)
    assert after.tolist() == [[3, 3, 2], [0, 2, 0], [0, 0, 1]]
    after = forest_fire.step(forest_fire.step(after))
    assert after.tolist() == [[3, 3, 3], [0, 3, 0], [0, 0, 1]]


@pytest.mark.parametrize(("density", "crosses"), [(0.5, 0.0), (0.7, 1.0)])
def test_forest_fire_crosses_above_the_percolation_threshold(density: float, crosses: float) -> None:
    settings = forest_fire.Settings(side=120, density=density)
    outcomes = [forest_fire.run(seed, settings, ticks=None) for seed in range(5)]
    assert mean(outcomes, "crossed") == crosses


# --- germs -----------------------------------------------------------------------------------------


def test_germs_final_size_equation() -> None:
    assert germs.final_size(0.5) == pytest.approx(0.0, abs=1e-12)
    assert germs.final_size(2.0) == pytest.approx(0.7968121300200202, abs=1e-12)


def test_germs_transmissibility_on_one_edge() -> None:
    pair = [[1], [0]]
    outcomes = [germs.run(seed, pair, transmission=0.3, recovery=0.4) for seed in range(2000)]
    infected = 2 * mean(outcomes, "attack_rate") - 1
    assert infected == pytest.approx(germs.transmissibility(0.3, 0.4), abs=0.035)


def test_germs_transmissibility_of_nodes_that_act_one_after_another() -> None:
    pair = [[1], [0]]
    settings = {"transmission": 0.3, "recovery": 0.4}
    outcomes = [germs.run_one_after_another(seed, pair, **settings) for seed in range(2000)]
    infected = 2 * mean(outcomes, "attack_rate") - 1
    later = 0.3 * 0.8 / (1 - 0.7 * 0.6)  # the first one is ill before the first step
    assert infected == pytest.approx(later, abs=0.035)
    assert germs.transmissibility_one_after_another(0.3, 0.4) == pytest.approx(0.15 + 0.85 * later)


def test_germs_outbreak_meets_the_final_size_equation() -> None:
    rng = np.random.default_rng(11)
    graph = germs.random_graph(4000, 8.0, rng)
    share = germs.transmissibility(0.1, 0.25)
    outcomes = [germs.run(seed, graph, transmission=0.1, recovery=0.25, infected=20) for seed in range(3)]
    assert mean(outcomes, "attack_rate") == pytest.approx(germs.final_size(8.0 * share), abs=0.025)
