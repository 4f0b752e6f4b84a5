"""Points of a sweep: lists, ranges, products, zips, files; and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars
import pytest

from bigworlds.ensemble import points_of_file, points_of_varied, seeds_of, values_of_text
from bigworlds.ensemble.points import points_of_table
from bigworlds.errors import UserError
from tests.ensemble.heap import heap


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("n", "1,2,3", [1, 2, 3]),
        ("n", "1e3, 7", [1000, 7]),
        ("n", "2:5", [2, 3, 4, 5]),
        ("n", "9:1:-4", [9, 5, 1]),
        ("seed_weight", "0:1:0.1", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]),
        ("seed_weight", "0:1:0.3", [0.0, 0.3, 0.6, 0.9]),
        ("seed_weight", "1:1", [1.0]),
        ("kind", "round,flat", ["round", "flat"]),
        ("size", "small,large", ["small", "large"]),
    ],
)
def test_texts_are_lists_and_ranges(name: str, text: str, values: list[Any]) -> None:
    assert values_of_text(heap, name, text) == values


def test_vectors_are_parted_by_semicolons() -> None:
    first, second = values_of_text(heap, "place", "1,2; 3,4")
    assert (first.x, first.y, second.x, second.y) == (1.0, 2.0, 3.0, 4.0)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("knd", "1,2", "no parameter 'knd'; did you mean 'kind'"),
        ("n", "1,,2", "expected values with commas between"),
        ("n", "", "expected values with commas between"),
        ("n", "1:x", "a range is START:STOP or START:STOP:STEP"),
        ("n", "1:2:3:4", "a range is START:STOP or START:STOP:STEP"),
        ("n", "1:inf", "a range is START:STOP or START:STOP:STEP"),
        ("n", "1:5:0", "steps of 0 do not lead from 1 to 5"),
        ("n", "1:5:-1", "steps of -1 do not lead from 1 to 5"),
        ("n", "0:1:0.5", "expected a whole number"),
        ("n", "-1,2", "found -1"),
        ("n", "0:1e12", "a sweep has 1,000,000 runs at most"),
        ("kind", "rond", "did you mean 'round'"),
    ],
)
def test_wrong_texts_are_refused_in_words(name: str, text: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        values_of_text(heap, name, text)
    assert said in str(error.value)


def test_products_and_zips() -> None:
    varied = {"a": [1, 2], "b": [5, 6]}
    product = [{"a": 1, "b": 5}, {"a": 1, "b": 6}, {"a": 2, "b": 5}, {"a": 2, "b": 6}]
    assert points_of_varied(varied) == product
    assert points_of_varied(varied, "zip") == [product[0], product[3]]
    assert points_of_varied({}) == [{}]
    with pytest.raises(UserError, match="a has 2, b has 1"):
        points_of_varied({"a": [1, 2], "b": [5]}, "zip")
    with pytest.raises(UserError, match="product"):
        points_of_varied(varied, "sum")
    with pytest.raises(UserError, match="runs at most"):
        points_of_varied({"a": range(2000), "b": range(2000)})


def test_points_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    file.write_text("n,kind,seed\n1,round,7\n\n2,flat,8\n")
    assert points_of_file(heap, file) == [
        {"n": 1, "kind": "round", "seed": 7},
        {"n": 2, "kind": "flat", "seed": 8},
    ]
    for text, said in (
        ("n,m\n1,2\n", "points.csv:2: model heap has no parameter 'm'"),
        ("n\n1\nx\n", "points.csv:3: parameter 'n'"),
        ("n\n1,2\n", "points.csv:2: expected 1 values, found 2"),
        ("n\n", "expected a line with the names"),
        ("n,seed\n1,-4\n", "points.csv:2: a seed is a whole number"),
    ):
        file.write_text(text)
        with pytest.raises(UserError, match=said):
            points_of_file(heap, file)
    with pytest.raises(UserError, match="cannot be read"):
        points_of_file(heap, tmp_path / "none.csv")


def test_points_of_frames() -> None:
    rows = [{"n": 1, "seed_weight": 0.5}, {"n": 2, "seed_weight": 1.5}]
    assert points_of_table(rows) == rows
    assert points_of_table(pandas.DataFrame(rows)) == rows
    assert points_of_table(polars.DataFrame(rows)) == rows
    for wrong in (7, "n=1", [1, 2], []):
        with pytest.raises(UserError):
            points_of_table(wrong)


def test_seeds() -> None:
    assert seeds_of(3) == [1, 2, 3]
    assert seeds_of(np.array([5, 9])) == [5, 9]
    for wrong in (0, -1, True, [], [1.5], [-1], "5"):
        with pytest.raises(UserError, match="seeds are how many"):
            seeds_of(wrong)  # type: ignore[arg-type]
