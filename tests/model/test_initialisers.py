"""Initialisers: ranges, distributions, independence of batches, and what they refuse to fill."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bigworlds.data.component import CellComponent, Component
from bigworlds.data.fields import array, f32, string, u8
from bigworlds.data.vectors import ivec2, ivec3, vec2, vec3
from bigworlds.errors import ModelError
from bigworlds.model import (
    World,
    bernoulli,
    choice,
    cycle,
    each_cell,
    exponential,
    integers,
    normal,
    random_cells,
    uniform,
    unit_vector,
    where,
)
from bigworlds.model.declarations import SpawnDeclaration
from bigworlds.model.initialisers import Cycle
from bigworlds.model.words import below, permuted
from bigworlds.space import Continuous, Grid

IDS = np.arange(1, 20_001, dtype=np.uint64)


class Colour(IntEnum):
    RED = 2
    BLUE = 5


class Thing(Component):
    real: float
    single: f32
    whole: int
    small: u8
    flag: bool
    colour: Colour
    pair: vec2
    triple: vec3
    cell: ivec2
    four: array[float, Literal[4]]
    label: string[Literal[8]]


class Bird(Component):
    position: vec2


class Person(Component):
    position: ivec2
    home: ivec2


class Grass(CellComponent):
    grown: bool
    countdown: int


def spawned(space: Any, n: int, *components: type, **fields: Any) -> SpawnDeclaration:
    world = World()
    if space is not None:
        world.space = space
    world.spawn(*components, n=n, **fields)
    return world.description().spawns[0]


def drawn(name: str, value: Any, n: int = len(IDS), seed: int = 1) -> np.ndarray[Any, Any]:
    return spawned(None, n, Thing, **{name: value}).columns(seed, IDS[:n])[Thing, name]


def near(found: float, expected: float, std: float, n: int = len(IDS)) -> bool:
    """Whether a mean of n draws is within five standard errors."""
    return bool(abs(found - expected) < 5 * std / n**0.5)


def test_uniform_fills_the_range() -> None:
    real = drawn("real", uniform())
    assert (real.dtype, real.shape) == (np.float64, (20_000,))
    assert 0 <= real.min() < real.max() < 1
    assert near(real.mean(), 0.5, 12**-0.5)
    pair = drawn("pair", uniform(-1, (1, 3)))
    assert pair.shape == (20_000, 2)
    assert near(pair[:, 0].mean(), 0.0, 2 / 12**0.5)
    assert near(pair[:, 1].mean(), 1.0, 4 / 12**0.5)
    assert near(np.corrcoef(pair.T)[0, 1], 0.0, 1.0)
    assert drawn("single", uniform(2, 3)).dtype == np.float32


def test_uniform_position_has_the_extent_of_the_space() -> None:
    columns = spawned(Continuous((100.0, 50.0)), 20_000, Bird, position=uniform()).columns(1, IDS)
    position = columns[Bird, "position"]
    assert near(position[:, 0].mean(), 50.0, 100 / 12**0.5)
    assert near(position[:, 1].mean(), 25.0, 50 / 12**0.5)
    cells = spawned(Grid((7, 3)), 21_000, Person, position=uniform()).columns(
        1, np.arange(21_000, dtype=np.uint64)
    )
    counts = np.bincount(cells[Person, "position"] @ [1, 7], minlength=21)
    assert len(counts) == 21
    assert ((counts - 1000) ** 2 / 1000).sum() < 60  # chi-squared, 20 degrees of freedom


def test_normal_and_exponential() -> None:
    real = drawn("real", normal(3.0, 2.0))
    assert near(real.mean(), 3.0, 2.0)
    assert near(real.std(), 2.0, 2.0)
    waits = drawn("real", exponential(4.0))
    assert waits.min() > 0
    assert near(waits.mean(), 4.0, 4.0)


def test_unit_vectors_have_length_one_and_no_direction() -> None:
    for name in ("pair", "triple"):
        vectors = drawn(name, unit_vector())
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-15)
        assert all(near(mean, 0.0, 1.0) for mean in vectors.mean(axis=0))
        assert all(near(square, 1 / vectors.shape[1], 0.5) for square in (vectors**2).mean(axis=0))


@pytest.mark.parametrize(("low", "high"), [(0, 6), (-3, 4), (250, 256), (0, 2**33), (-(2**63), 2**63)])
def test_integers_stay_in_range_and_are_even(low: int, high: int) -> None:
    name = "small" if low == 250 else "whole"
    whole = drawn(name, integers(low, high))
    assert low <= int(whole.min())
    assert int(whole.max()) < high
    span = high - low
    assert near(float((whole.astype(np.float64) - low).mean()) / span, 0.5 - 0.5 / span, 12**-0.5)
    if span < 10:
        assert set(whole.tolist()) == set(range(low, high))


@settings(max_examples=30)
@given(count=st.integers(1, 2**64), key=st.integers(0, 2**64 - 1))
def test_below_is_below(count: int, key: int) -> None:
    assert int(below(key, IDS[:50], count).max()) < count


def test_bernoulli_choice_and_weights() -> None:
    assert near(drawn("flag", bernoulli(0.3)).mean(), 0.3, 0.5)
    assert not drawn("flag", bernoulli(0.0)).any()
    assert drawn("flag", bernoulli(1.0)).all()
    colours = drawn("colour", choice([Colour.RED, "BLUE"]))
    assert near((colours == 2).mean(), 0.5, 0.5)
    assert set(colours.tolist()) == {2, 5}
    weighted = drawn("real", choice([1.0, 2.0, 3.0], weights=[1, 3, 0]))
    assert set(weighted.tolist()) == {1.0, 2.0}
    assert near((weighted == 2.0).mean(), 0.75, 0.5)
    pairs = drawn("pair", choice([vec2(1, 2), (3.0, 4.0)]))
    assert set(map(tuple, pairs.tolist())) == {(1.0, 2.0), (3.0, 4.0)}
    labels = drawn("label", choice(["a", "bc"]))
    assert {bytes(row).rstrip(b"\0") for row in labels} == {b"a", b"bc"}


def test_cycle_takes_values_in_turn() -> None:
    assert drawn("small", cycle([3, 1, 2]), n=7).tolist() == [3, 1, 2, 3, 1, 2, 3]
    assert drawn("pair", cycle([(1, 2), (3, 4)]), n=3).tolist() == [[1, 2], [3, 4], [1, 2]]


MAKERS: list[tuple[str, Callable[[], Any]]] = [
    ("real", uniform),
    ("real", normal),
    ("real", exponential),
    ("triple", unit_vector),
    ("whole", lambda: integers(3)),
    ("four", lambda: uniform(1, 2)),
    ("flag", lambda: bernoulli(0.5)),
    ("small", lambda: choice([1, 2, 3])),
    ("small", lambda: choice([1, 2, 3], weights=[1, 2, 3])),
    ("real", lambda: cycle(np.linspace(0, 1, 77))),
    ("whole", lambda: where(bernoulli(0.5), integers(5), -1)),
]


@pytest.mark.parametrize(("name", "make"), MAKERS)
def test_a_row_depends_on_seed_stream_and_id_only(name: str, make: Callable[[], Any]) -> None:
    spawn = spawned(None, 1000, Thing, **{name: make()})
    whole = spawn.columns(7, IDS[:1000])[Thing, name]
    some = np.array([999, 3, 500], np.uint64)
    part = spawn.columns(7, IDS[some.astype(int)], some)[Thing, name]
    assert np.array_equal(part, whole[[999, 3, 500]])
    again = spawn.columns(8, IDS[:1000])[Thing, name]
    assert np.array_equal(again, whole) == isinstance(spawn.start.initialisers()[0], Cycle)


def test_two_objects_are_independent_and_one_object_is_one_draw() -> None:
    one = uniform()
    same = spawned(None, 1000, Thing, real=one, single=one).columns(1, IDS[:1000])
    assert np.array_equal(same[Thing, "real"].astype(np.float32), same[Thing, "single"])
    other = spawned(None, 1000, Thing, real=uniform(), single=uniform()).columns(1, IDS[:1000])
    assert abs(np.corrcoef(other[Thing, "real"], other[Thing, "single"])[0, 1]) < 0.2


def test_where_follows_another_field_of_the_same_cells() -> None:
    world = World()
    world.space = Grid((50, 40))
    grown = bernoulli(0.5)
    world.cells(Grass, grown=grown, countdown=where(grown, 20, integers(20)))
    columns = world.description().cells[0].columns(3)
    up, countdown = columns[Grass, "grown"], columns[Grass, "countdown"]
    assert 800 < up.sum() < 1200
    assert (countdown[up] == 20).all()
    assert set(countdown[~up].tolist()) == set(range(20))


def test_where_takes_arrays_in_the_shape_of_the_grid() -> None:
    left = np.zeros((3, 4), bool)
    left[:, 0] = True
    world = World()
    world.space = Grid((4, 3))
    world.cells(Grass, countdown=where(left, 7, np.arange(12).reshape(3, 4)))
    assert world.description().cells[0].columns(1)[Grass, "countdown"].tolist() == [
        7,
        1,
        2,
        3,
        7,
        5,
        6,
        7,
        7,
        9,
        10,
        11,
    ]


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (5, 3), (40, 40), (3, 2, 4)])
def test_random_cells_are_distinct_over_all_spawns(size: tuple[int, ...]) -> None:
    class Walker(Component):
        position: ivec2 if len(size) == 2 else ivec3  # type: ignore[valid-type]

    world = World()
    world.space = Grid(size, max_per_cell=1)
    total = int(np.prod(size))
    world.spawn(Walker, n=total // 2, position=random_cells())
    world.spawn(Walker, n=total - total // 2, position=random_cells())
    spawns = world.description().spawns
    places = [spawn.columns(5, IDS[: spawn.n])[Walker, "position"] for spawn in spawns]
    taken = {tuple(place) for part in places for place in part.tolist()}
    assert len(taken) == total
    assert all(0 <= x < count for place in taken for x, count in zip(place, size, strict=True))


@pytest.mark.parametrize("count", [2, 3, 10, 64, 100])
def test_permutations_send_each_place_everywhere(count: int) -> None:
    keys = range(1000)
    first = np.array([int(permuted(key, np.array([0], np.uint64), count)[0]) for key in keys])
    counts = np.bincount(first, minlength=count)
    expected = len(keys) / count
    # Chi-squared with count - 1 degrees of freedom, five standard deviations above its mean.
    assert ((counts - expected) ** 2 / expected).sum() < count - 1 + 5 * (2 * (count - 1)) ** 0.5 + 5


def test_each_cell_has_one_agent_in_each_cell() -> None:
    world = World()
    world.space = Grid((3, 2), max_per_cell=1)
    world.spawn(Person, position=each_cell())
    (spawn,) = world.description().spawns
    assert spawn.n == 6
    places = spawn.columns(1, IDS[:6])[Person, "position"]
    assert places.tolist() == [[0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 1]]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("whole", lambda: uniform(), "Thing.whole: expected a field of real numbers for bw.uniform()"),
        (
            "real",
            lambda: uniform(2, 1),
            "Thing.real: expected bw.uniform(low, high) with low <= high; found 2 and 1",
        ),
        (
            "pair",
            lambda: uniform((1, 2, 3), 5),
            "expected a finite number or 2 of them for low; found (1, 2, 3)",
        ),
        ("real", lambda: uniform(0, float("inf")), "expected a finite number for high; found inf"),
        ("real", lambda: normal(0, -1), "expected bw.normal(mean, std) with std >= 0; found -1"),
        ("flag", lambda: normal(), "found scalar of bool"),
        ("real", lambda: exponential(-1), "expected bw.exponential(scale) with scale >= 0; found -1"),
        (
            "real",
            lambda: unit_vector(),
            "expected bw.vec2 or bw.vec3 for bw.unit_vector(); found scalar of float64",
        ),
        ("small", lambda: integers(0, 300), "Thing.small: expected 0 to 255 (uint8); found 0 to 299"),
        ("flag", lambda: integers(2), "expected a field of numbers for bw.integers(); found scalar of bool"),
        ("whole", lambda: bernoulli(0.5), "expected a bool field for bw.bernoulli(); found scalar of int64"),
        ("colour", lambda: choice(["GREEN"]), "expected a Colour, found 'GREEN'"),
        ("small", lambda: choice([1, 300]), "Thing.small: expected 0 to 255 (uint8); found 1 to 300"),
        ("cell", lambda: random_cells(), "expected a world on a grid for bw.random_cells()"),
        (
            "flag",
            lambda: where([True, False], True, False),
            "expected one value or 5 of them, one for each row; found 2",
        ),
    ],
)
def test_what_cannot_be_filled_is_refused(name: str, value: Any, message: str) -> None:
    with pytest.raises(ModelError) as error:
        spawned(None, 5, Thing, **{name: value()})
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: integers(3, 3), "bw.integers(low, high) needs low < high; found 3 and 3"),
        (lambda: integers(2.5), "bw.integers(low, high) needs whole numbers; found 2.5"),  # type: ignore[arg-type]
        (lambda: bernoulli(1.5), "bw.bernoulli(probability) needs a number from 0 to 1; found 1.5"),
        (lambda: choice([]), "bw.choice(values) needs at least one value; found none"),
        (lambda: cycle([]), "bw.cycle(values) needs at least one value; found none"),
        (lambda: choice([1, 2], weights=[1]), "bw.choice(values, weights) needs 2 weights; found 1"),
        (lambda: choice([1, 2], weights=[0, 0]), "needs weights >= 0, not all 0; found (0.0, 0.0)"),
    ],
)
def test_wrong_arguments_are_refused_at_once(make: Any, message: str) -> None:
    with pytest.raises(ModelError) as error:
        make()
    assert message in str(error.value)


def test_grid_places_are_refused_where_they_do_not_fit() -> None:
    with pytest.raises(
        ModelError, match=r"expected bw\.uniform\(\) without bounds, or bw\.integers\(low, high\)"
    ):
        spawned(Grid((3, 3)), 1, Person, position=uniform(0, 2))
    with pytest.raises(ModelError, match=r"10 distinct random cells, but the grid has 9 cells"):
        spawned(Grid((3, 3)), 10, Person, position=random_cells())
    world = World()
    world.space = Grid((3, 3))
    world.spawn(Person, n=5, position=random_cells())
    with pytest.raises(
        ModelError, match=r"5 distinct random cells after 5 of earlier spawns, but the grid has 9 cells"
    ):
        world.spawn(Person, n=5, position=random_cells())
