"""Worlds of hexagons: what agents and cells see against brute force over all cells, with distances by cube
coordinates; fields that spread, gradients; and law 1 for a model that does everything there."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bigworlds as bw
from tests.cluster.programs.hive import Bee, Comb, Params, count, hive, measure, ripen

Cell = tuple[int, int]


def cube(x: int, y: int) -> tuple[int, int, int]:
    """Cube coordinates of a cell: their sum is 0, and a step changes two of them by 1."""
    q = x - (y - (y % 2)) // 2
    return q, y, -q - y


def steps(a: Cell, b: Cell) -> int:
    return max(abs(p - q) for p, q in zip(cube(*a), cube(*b), strict=True))


def images(space: bw.HexGrid, cell: Cell) -> list[Cell]:
    """A cell and, in a periodic world, where it is seen beyond the edges."""
    turns = (-1, 0, 1) if space.periodic else (0,)
    return [(cell[0] + i * space.size[0], cell[1] + j * space.size[1]) for i in turns for j in turns]


def offsets_within(space: bw.HexGrid, center: Cell, other: Cell, radius: int) -> list[tuple[Cell, int]]:
    """By image within the radius: its offset and how many steps it is away."""
    seen = [((x - center[0], y - center[1]), steps(center, (x, y))) for x, y in images(space, other)]
    return [(offset, far) for offset, far in seen if far <= radius]


def sizes(periodic: bool, radius: int) -> Any:
    least = 2 * radius + 1 if periodic else 1
    lines = st.integers(least, 12)
    return st.tuples(st.integers(least, 11), lines.filter(lambda n: n % 2 == 0) if periodic else lines)


@st.composite
def spaces(draw: st.DrawFn) -> tuple[bw.HexGrid, int]:
    periodic, radius = draw(st.booleans()), draw(st.integers(0, 4))
    size = draw(sizes(periodic, radius))
    return bw.HexGrid(size, periodic=periodic, max_per_cell=draw(st.sampled_from([1, None]))), radius


def watching(space: bw.HexGrid, places: np.ndarray, activation: Any) -> bw.Model:
    """A model in which bees stand still and look."""

    @bw.model(Params)
    def made(world: bw.World, p: Params) -> None:
        world.space = space
        world.tiles = 9
        numbers = np.arange(len(places))
        world.cells(Comb, scent=np.arange(math.prod(space.size)) % 7)
        world.spawn(Bee, position=places, energy=numbers % 5, heading=numbers % 6)
        world.behaviors(count, activation=activation)
        world.behaviors(measure, activation=activation)
        world.behaviors(ripen)

    return made


def expected_of_bees(space: bw.HexGrid, table: dict[str, np.ndarray], radius: int) -> dict[str, Any]:
    """What each bee must see of the others, who never move; `weight` and `nearest` ask for the order of
    places."""
    places = [tuple(place) for place in table["position"].tolist()]
    found: dict[str, Any] = {name: [] for name in ("crowd", "rich", "far", "drift")}
    for i, center in enumerate(places):
        near = [
            (j, offset, far)
            for j, other in enumerate(places)
            if j != i
            for offset, far in offsets_within(space, center, other, radius)
        ]
        found["crowd"].append(len(near))
        found["rich"].append(sum(int(table["energy"][j] > table["energy"][i]) for j, _, _ in near))
        found["far"].append(float(sum(far * int(table["heading"][j]) for j, _, far in near)))
        found["drift"].append([sum(offset[a] for _, offset, _ in near) for a in (0, 1)])
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    spaces(),
    st.integers(0, 2**32),
    st.sampled_from([bw.Synchronous(), bw.Sequential()]),
    st.integers(1, 4),
    st.booleans(),
)
def test_bees_and_cells_see_what_is_within_so_many_steps(
    drawn: tuple[bw.HexGrid, int], seed: int, activation: Any, ranks: int, interpret: bool
) -> None:
    space, radius = drawn
    cells = math.prod(space.size)
    generator = np.random.default_rng(seed)
    chosen = generator.choice(cells, min(cells, 25), replace=space.max_per_cell is None)
    places = np.stack([chosen % space.size[0], chosen // space.size[0]], axis=1)
    ranks = ranks if isinstance(activation, bw.Synchronous) else 1
    model = watching(space, places, activation)
    sim = model.simulate(rng=1, radius=radius, ranks=ranks, interpret=interpret)
    before = sim.cells(Comb)["scent"].copy()
    sim.run(1)
    table = sim.table(Bee)
    for name, values in expected_of_bees(space, table, radius).items():
        np.testing.assert_array_equal(table[name], values, err_msg=name)
    around, near = np.zeros(before.shape, int), np.zeros(before.shape)
    for y, x in np.ndindex(before.shape):
        for other_y, other_x in np.ndindex(before.shape):
            for offset, far in offsets_within(space, (x, y), (other_x, other_y), radius):
                if far > 0:
                    around[y, x] += 1
                    near[y, x] += before[other_y, other_x] * far + 0.25 * offset[0]
    np.testing.assert_array_equal(sim.cells(Comb)["around"], around)
    np.testing.assert_array_equal(sim.cells(Comb)["near"], near)


def test_neighbours_come_in_the_order_of_places() -> None:
    space = bw.HexGrid((7, 7), max_per_cell=1)
    places = np.array([(x, y) for y in range(7) for x in range(7)])
    for activation in (bw.Synchronous(), bw.Sequential()):
        sim = watching(space, places, activation).simulate(rng=1, radius=2)
        sim.run(1)
        table = sim.table(Bee)
        for i, center in enumerate(map(tuple, places.tolist())):
            weight, nearest = 0, [(9, 0)]
            for j, other in enumerate(map(tuple, places.tolist())):
                if j != i and steps(center, other) <= 2:
                    weight = 3 * weight + int(table["energy"][j] + table["heading"][j])
                    nearest.append((steps(center, other), int(table["id"][j])))
            assert table["weight"][i] == weight
            assert table["nearest"][i] == min(nearest)[1]


@pytest.mark.parametrize("periodic", [True, False])
def test_steps_between_cells_are_those_of_cube_coordinates(periodic: bool) -> None:
    space = bw.HexGrid((6, 8), periodic=periodic)
    cells = list(itertools.product(range(6), range(8)))
    for a in cells:
        expected = [min(steps(a, image) for image in images(space, b)) for b in cells]
        assert space.distance(a, cells).tolist() == expected
    at = space.centers(cells)
    close = [np.hypot(*(at[i] - at[j])) for i, j in itertools.combinations(range(len(cells)), 2)]
    if not periodic:
        apart = [steps(cells[i], cells[j]) for i, j in itertools.combinations(range(len(cells)), 2)]
        assert [d == 1 for d in apart] == [d < 1.001 for d in close]


@given(st.integers(-(2**20), 2**20), st.integers(-(2**20), 2**20))
def test_six_directions_lead_to_the_six_neighbours_and_back(x: int, y: int) -> None:
    place = bw.ivec2(x, y)
    around = [bw.hex_step(place, k) for k in range(6)]
    assert len(set(around)) == 6
    grid = bw.HexGrid((9, 9))
    for k, there in enumerate(around):
        assert steps((x, y), (there.x, there.y)) == 1
        assert bw.hex_step(there, (k + 3) % 6) == place
        assert bw.hex_step(bw.hex_step(place, (k + 1) % 6), (k - 1) % 6) == there
        way = grid.centers((there.x, there.y)) - grid.centers((x, y))
        angle = k * math.pi / 3
        assert math.isclose(way[0] * math.cos(angle) + way[1] * math.sin(angle), 1.0, rel_tol=1e-9)
    with pytest.raises(IndexError, match="0 to 5, found 6"):
        bw.hex_step(place, 6)


@bw.behavior
def go_by_moore(bee: Bee) -> None:
    bee.position = bee.position + bw.moore(bee.heading)


@bw.behavior(kind=bw.Interpreted)
def go_slowly_by_moore(bee: Bee) -> None:
    bee.position = bee.position + bw.moore(bee.heading)


@bw.behavior
def go_by_hexagons(bee: Bee) -> None:
    bee.position = bw.hex_step(bee.position, bee.heading)


@pytest.mark.parametrize(
    ("space", "behavior", "message"),
    [
        (bw.HexGrid((6, 6)), go_by_moore, "behavior go_by_moore steps by bw.moore"),
        (bw.HexGrid((6, 6)), go_slowly_by_moore, "six around: write bw.hex_step(place, k), k from 0 to 5"),
        (bw.Grid((6, 6)), go_by_hexagons, "but the world is no HexGrid: write place + bw.moore(k) on a Grid"),
        (bw.HexGrid((6, 6)), go_by_hexagons, None),
        (bw.Grid((6, 6)), go_by_moore, None),
    ],
)
def test_steps_of_another_kind_of_grid_are_refused(space: Any, behavior: Any, message: str | None) -> None:
    @bw.model()
    def field(world: bw.World) -> None:
        world.space = space
        world.spawn(Bee, n=2, position=bw.random_cells())
        world.behaviors(behavior)

    if message is None:
        field.describe()
        return
    with pytest.raises(bw.ModelError) as caught:
        field.describe()
    assert message in str(caught.value)


class Soil(bw.CellComponent):
    level: float


class Probe(bw.Component):
    position: bw.ivec2
    slope: bw.vec2


@bw.behavior
def feel(probe: Probe, soil: bw.Cells[Soil]) -> None:
    probe.slope = soil.gradient(probe.position, Soil.level)


def field_of(space: bw.HexGrid, level: np.ndarray) -> bw.Model:
    @bw.model()
    def made(world: bw.World) -> None:
        world.space = space
        world.tiles = 6
        world.cells(Soil, level=level)
        world.spawn(Probe, position=bw.each_cell())
        world.behaviors(feel)
        world.field(Soil.level, diffuse=0.6, decay=0.1)

    return made


@pytest.mark.parametrize("size", [(6, 4), (5, 5), (1, 4), (5, 1), (1, 1)])
def test_the_gradient_of_a_slope_is_the_slope(size: tuple[int, int]) -> None:
    space = bw.HexGrid(size)
    x, y = space.centers(np.argwhere(np.ones(size[::-1]))[:, ::-1]).T
    for ranks in (1, 3):
        sim = field_of(space, 2.0 * x - 3.0 * y).simulate(rng=1, ranks=ranks)
        sim.run(1)
        slopes = sim.table(Probe)["slope"]
        slope = (2.0 if size[0] > 1 else 0.0, 0.0) if size[1] == 1 else (2.0, -3.0)
        inner = slice(1, -1) if size[0] == 1 else slice(None)  # an end of a zigzag has one neighbour
        np.testing.assert_allclose(slopes[inner], np.tile(slope, (len(slopes), 1))[inner], atol=1e-12)


@pytest.mark.parametrize("periodic", [True, False])
def test_a_field_spreads_to_six_neighbours(periodic: bool) -> None:
    space = bw.HexGrid((7, 6), periodic=periodic)
    level = np.random.default_rng(4).random(42)
    grid = level.reshape(6, 7)
    expected = np.zeros((6, 7))
    for y, x in np.ndindex(6, 7):
        near = [
            grid[v, u]
            for v, u in np.ndindex(6, 7)
            if (u, v) != (x, y) and offsets_within(space, (x, y), (u, v), 1)
        ]
        expected[y, x] = (grid[y, x] * (1 - len(near) * 0.1) + 0.1 * sum(near)) * 0.9
    digests = set()
    for options in ({}, {"ranks": 2}, {"ranks": 4, "threads": 2}, {"interpret": True, "ranks": 3}):
        sim = field_of(space, level).simulate(rng=1, **options)
        sim.run(1)
        np.testing.assert_allclose(sim.cells(Soil)["level"], expected, rtol=1e-14)
        assert math.isclose(sim.sum("Soil.level"), 0.9 * level.sum(), rel_tol=1e-12)
        sim.run(5)
        digests.add(sim.digest())
    assert len(digests) == 1


WORLDS = [
    {"periodic": periodic, "crowded": crowded, "activation": activation}
    for periodic in (True, False)
    for crowded in (True, False)
    for activation in ("synchronous", "sequential")
]


@pytest.mark.parametrize("world", WORLDS, ids=lambda w: " ".join(map(str, w.values())))
def test_ranks_threads_the_interpreter_and_restarts_agree(world: dict[str, Any], tmp_path: Any) -> None:
    ways: list[dict[str, Any]] = [{}, {"threads": 3}, {"interpret": True}]
    if world["activation"] == "synchronous":
        ways += [{"ranks": 2}, {"ranks": 3, "threads": 2}, {"ranks": 4}, {"ranks": 4, "interpret": True}]
    digests = set()
    for k, options in enumerate(ways):
        sim = hive.simulate(rng=5, **world, **options)
        sim.run(6)
        sim.snapshot(tmp_path / f"{k}.h5")
        sim.run(6)
        digests.add(sim.digest())
        on = hive.resume(tmp_path / f"{k}.h5", **ways[-1 - k])
        on.run(6)
        digests.add(on.digest())
        assert 0 < sim.count(Bee) != 40
    assert len(digests) == 1
    if not world["crowded"]:
        places = sim.table(Bee)["position"]
        assert len(np.unique(places, axis=0)) == len(places)


def test_a_kernel_looks_at_the_cells_where_one_bee_at_most_is_in_each() -> None:
    assert count.can_look_at_cells()
    assert not measure.can_look_at_cells()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: bw.HexGrid((4, 5), periodic=True), "even number of lines.*found 5; take 6"),
        (lambda: bw.HexGrid((4, 4, 4)), "columns and lines, two numbers; found 3"),
        (lambda: bw.HexGrid((0, 4)), "HexGrid: size has whole numbers from 1"),
        (lambda: bw.HexGrid((4, 4), max_per_cell=2), "HexGrid: max_per_cell is 1"),
    ],
)
def test_what_hexagons_cannot_do_is_refused(make: Any, message: str) -> None:
    with pytest.raises(bw.ModelError, match=message):
        make()


def test_a_radius_around_a_periodic_world_is_refused() -> None:
    with pytest.raises(bw.UserError, match="reaches around the periodic world"):
        hive.simulate(rng=1, columns=5, lines=4, radius=2, n=3).run(1)
