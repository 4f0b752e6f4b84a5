"""Counting the values of a field: as NumPy counts them, on any number of ranks, of entities and of cells."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import pytest

import bigworlds as bw


class Color(IntEnum):
    RED = 0
    GREEN = 1
    BLUE = 7


class Ball(bw.Component):
    position: bw.ivec2
    color: Color
    small: bw.i16
    many: int
    weight: float
    light: bw.f32
    round: bool


class Heavy(bw.Component):
    tons: float = 2.0


class Plot(bw.CellComponent):
    color: Color
    height: float


class Road(bw.EdgeComponent):
    length: float = 1.0


SIDE = 13
REALS = np.array([0.0, -0.0, 1.5, np.nan, np.inf, 1e300])


@bw.model()
def market(world: bw.World) -> None:
    random = np.random.default_rng(4)
    world.space = bw.Grid((SIDE, SIDE))
    world.cells(Plot, color=random.choice([0, 1, 7], (SIDE, SIDE)), height=random.choice(REALS, (SIDE, SIDE)))
    for components, n in (((Ball,), 300), ((Ball, Heavy), 77)):
        world.spawn(
            *components,
            n=n,
            position=random.integers(0, SIDE, (n, 2)),
            color=random.choice([0, 1, 7], n),
            small=random.integers(-2, 2, n),
            many=random.integers(-3, 3, n) * 2**40,
            weight=random.choice(REALS, n),
            light=random.choice(REALS[:3], n),
            round=random.integers(0, 2, n).astype(bool),
        )
    world.graph(Road, bw.ring(2), of=Ball)


@pytest.mark.parametrize("ranks", [1, 3])
def test_values_are_counted_as_numpy_counts_them(ranks: int) -> None:
    sim = market.simulate(rng=1, ranks=ranks)
    balls, plots = sim.table(Ball), sim.cells(Plot)
    wanted = {
        "color": [Color.GREEN, 7, "RED"],
        "small": [-2, 1, 300],
        "many": [0, -(2**40), 5],
        "weight": [0.0, -0.0, 1.5, np.inf, np.nan, 3.0],
        "light": [0.0, 1.5],
        "round": [True, False],
    }
    for field, values in wanted.items():
        for value in values:
            number = Color[value] if isinstance(value, str) else value
            expected = np.count_nonzero(balls[field] == number)
            assert sim.count(Ball, **{field: value}) == expected, (field, value)
    assert sim.count("Heavy", tons=2.0) == 77
    assert sim.count(Plot, color=Color.BLUE) == np.count_nonzero(plots["color"] == Color.BLUE) > 0
    assert sim.count(Plot, height=0.0) == np.count_nonzero(plots["height"] == 0.0) > 0


def test_looking_changes_nothing() -> None:
    sim = market.simulate(rng=1)
    before = sim.digest()
    sim.count(Plot, color=Color.BLUE)
    assert sim.digest() == before


@pytest.mark.parametrize(
    ("component", "value", "problem"),
    [
        (Ball, {"colour": 1}, "has no field 'colour'.*'color'"),
        (Ball, {"color": 5}, r"Ball.color: expected a Color: RED \(0\).*found 5"),
        (Ball, {"small": 1.5}, "Ball.small: expected"),
        (Ball, {"position": (1, 2)}, "expected a number, an enum or a reference.*found a ivec2"),
        (Ball, {"small": 1, "many": 2}, "values of one field; found small, many"),
        (Road, {"length": 1.0}, "of entities or cells; found a field of edges"),
    ],
)
def test_what_cannot_be_counted_is_refused(component: type, value: dict[str, object], problem: str) -> None:
    with pytest.raises(bw.UserError, match=problem):
        market.simulate(rng=1).count(component, **value)
