"""Spaces: what a description accepts, what it refuses, and which positions lie outside."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from bigworlds.errors import ModelError
from bigworlds.space import Continuous, Grid


def test_defaults() -> None:
    plane = Continuous((100, 50))
    assert (plane.size, plane.periodic, plane.cells) == ((100.0, 50.0), True, None)
    assert (plane.dimensions, plane.position_kind, plane.cell_counts) == (2, "vec2", None)
    grid = Grid([np.int64(3), 4, 5])  # type: ignore[arg-type]
    assert (grid.size, grid.periodic, grid.max_per_cell, grid.neighbors) == ((3, 4, 5), False, None, 26)
    assert (grid.dimensions, grid.position_kind, grid.cell_counts) == (3, "ivec3", (3, 4, 5))


def test_descriptions_are_frozen_values() -> None:
    assert Grid((3, 4)) == Grid((3, 4), neighbors=8)
    assert hash(Continuous((1, 2))) == hash(Continuous((1.0, 2.0)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        Grid((3, 4)).periodic = True  # type: ignore[misc]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Continuous(5.0), "Continuous: size is one number per axis, as in (100, 100); found 5.0"),  # type: ignore[arg-type]
        (lambda: Continuous((5.0,)), "Continuous: size has 2 or 3 entries, one per axis; found 1"),
        (lambda: Continuous((5.0, float("inf"))), "Continuous: size has finite numbers above 0; found inf"),
        (lambda: Continuous((5.0, float("nan"))), "found nan"),
        (lambda: Continuous((0.0, 1.0)), "Continuous: size has finite numbers above 0; found 0.0"),
        (lambda: Continuous((1.0, "2")), "found '2'"),  # type: ignore[arg-type]
        (lambda: Continuous((1.0, 2.0), periodic="no"), "Continuous: periodic is True or False; found 'no'"),  # type: ignore[arg-type]
        (lambda: Continuous((1, 2), cells=(4, 4, 4)), "cells needs one number per axis: expected 2; found 3"),
        (lambda: Continuous((1, 2), cells=(4, 0)), "cells has whole numbers from 1 to 2147483647; found 0"),
        (lambda: Grid((4.5, 3)), "Grid: size has whole numbers above 0; found 4.5"),  # type: ignore[arg-type]
        (lambda: Grid((4, -3)), "Grid: size has whole numbers from 1 to 2147483647; found -3"),
        (lambda: Grid((2**31, 3)), "found 2147483648"),
        (lambda: Grid((2**30, 2**30)), "Grid: a world has at most 2^32 - 1 = 4294967295 cells; found"),
        (lambda: Continuous((1, 1), cells=(2**16, 2**16)), "Continuous: a world has at most 2^32 - 1"),
        (
            lambda: Grid((4, 3), max_per_cell=2),
            "Grid: max_per_cell is 1 (at most one agent in a cell) or None",
        ),
        (lambda: Grid((4, 3), neighbors=6), "Grid: neighbors is 4 or 8 with 2 axes; found 6"),
        (lambda: Grid((4, 3, 2), neighbors=8), "Grid: neighbors is 6 or 26 with 3 axes; found 8"),
    ],
)
def test_wrong_descriptions_say_what_was_expected_and_found(make: Any, message: str) -> None:
    with pytest.raises(ModelError) as error:
        make()
    assert message in str(error.value)


def test_outside_knows_the_edges() -> None:
    places = np.array([[0.0, 0.0], [10.0, 0.0], [5.0, -1e-300], [9.9, 4.9], [np.nan, 1.0], [np.inf, 1.0]])
    assert Continuous((10.0, 5.0), periodic=True).outside(places).tolist() == [
        False,
        True,
        True,
        False,
        True,
        True,
    ]
    bounded = Continuous((10.0, 5.0), periodic=False)
    assert bounded.outside(places).tolist() == [False, False, True, False, True, True]
    cells = np.array([[0, 0], [2, 1], [3, 0], [0, -1]])
    assert Grid((3, 2)).outside(cells).tolist() == [False, False, True, True]
