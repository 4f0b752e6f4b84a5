"""Queries that nobody would write: those of the grammar answer as NumPy does over `sim.table`, broken ones
are errors that point into the text."""

from __future__ import annotations

import math
import re
import sys
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bigworlds as bw

from .worlds import Mood, birds

Table = dict[str, Any]
Asked = tuple[str, Any]  # a text, and what it is of each row

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def world() -> bw.Simulation:
    sim: bw.Simulation = birds.simulate(rng=5, n=40)
    sim.run(1)
    return sim


@cache
def table() -> Table:
    return dict(world().table("Bird"))


def _all(value: float, dtype: type) -> Any:
    return np.full(len(table()["id"]), value, dtype)


def _wholes() -> st.SearchStrategy[Asked]:
    """Whole numbers, small enough that nothing wraps."""
    leaves = st.one_of(
        st.sampled_from(["age", "Bird.age"]).map(lambda name: (name, table()["age"])),
        st.just("(seen + 0 * age)").map(lambda text: (text, table()["seen"].astype(np.int64))),
        st.integers(-9, 9).map(lambda n: (f"({n})", _all(n, np.int64))),
    )
    divisors = st.sampled_from([-7, -2, 1, 3, 10])
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(inner, inner).map(lambda v: (f"({v[0][0]} + {v[1][0]})", v[0][1] + v[1][1])),
            st.tuples(inner, inner).map(lambda v: (f"({v[0][0]} - {v[1][0]})", v[0][1] - v[1][1])),
            st.tuples(inner, st.integers(-9, 9)).map(lambda v: (f"{v[0][0]} * ({v[1]})", v[0][1] * v[1])),
            st.tuples(inner, divisors).map(lambda v: (f"(({v[0][0]}) // ({v[1]}))", v[0][1] // v[1])),
            st.tuples(inner, divisors).map(lambda v: (f"(({v[0][0]}) % ({v[1]}))", v[0][1] % v[1])),
            st.tuples(inner, inner).map(
                lambda v: (f"min({v[0][0]}, {v[1][0]})", np.minimum(v[0][1], v[1][1]))
            ),
            inner.map(lambda v: (f"abs({v[0]})", np.abs(v[1]))),
        ),
        max_leaves=5,
    )


def _reals() -> st.SearchStrategy[Asked]:
    leaves = st.one_of(
        st.sampled_from(["speed", "weight"]).map(lambda name: (name, table()[name].astype(float))),
        st.just(("position.x", table()["position"][:, 0])),
        st.just(("velocity[1]", table()["velocity"][:, 1])),
        st.sampled_from([0.5, 2.0, 1e3]).map(lambda x: (repr(x), _all(x, np.float64))),
        _wholes().map(lambda v: (f"({v[0]} * 0.5)", v[1] * 0.5)),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(inner, inner).map(lambda v: (f"({v[0][0]} + {v[1][0]})", v[0][1] + v[1][1])),
            st.tuples(inner, inner).map(lambda v: (f"({v[0][0]} * {v[1][0]})", v[0][1] * v[1][1])),
            st.tuples(inner, inner).map(
                lambda v: (f"max({v[0][0]}, {v[1][0]})", np.maximum(v[0][1], v[1][1]))
            ),
            inner.map(lambda v: (f"(-{v[0]})", -v[1])),
            inner.map(lambda v: (f"floor({v[0]})", np.floor(v[1]))),
            inner.map(lambda v: (f"sqrt(abs({v[0]}))", np.sqrt(np.abs(v[1])))),
        ),
        max_leaves=5,
    )


_COMPARED = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal,
    "!=": np.not_equal,
}  # fmt: skip


def _conditions() -> st.SearchStrategy[Asked]:
    numbers = st.one_of(_wholes(), _reals())
    leaves = st.one_of(
        st.tuples(numbers, st.sampled_from(list(_COMPARED)), numbers).map(
            lambda v: (f"{v[0][0]} {v[1]} {v[2][0]}", _COMPARED[v[1]](v[0][1], v[2][1]))
        ),
        st.just("lost").map(lambda text: (text, table()["lost"])),
        st.just("mood == CROSS").map(lambda text: (text, table()["mood"] == Mood.CROSS)),
        st.just("name in ('bo', 'ada')").map(lambda text: (text, np.isin(table()["name"], ["bo", "ada"]))),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(inner, inner).map(lambda v: (f"{v[0][0]} and ({v[1][0]})", v[0][1] & v[1][1])),
            st.tuples(inner, inner).map(lambda v: (f"({v[0][0]} or {v[1][0]})", v[0][1] | v[1][1])),
            inner.map(lambda v: (f"not ({v[0]})", ~v[1])),
        ),
        max_leaves=4,
    )


@FEW
@given(st.data())
def test_rows_are_those_of_numpy(data: st.DataObject) -> None:
    condition, keep = data.draw(_conditions())
    shown, values = data.draw(st.one_of(_wholes(), _reals()))
    by, places = data.draw(st.one_of(_wholes(), _reals()))
    descending, limit = data.draw(st.booleans()), data.draw(st.integers(0, 60))
    found = world().query(
        f"Bird where {condition} select id, {shown} as shown "
        f"order by {by}{' desc' if descending else ''} limit {limit}"
    )
    ids = table()["id"]
    rows = np.lexsort((ids, -places if descending else places))
    rows = rows[keep[rows]][:limit]
    assert found["id"].tolist() == ids[rows].tolist()
    np.testing.assert_array_equal(found["shown"], values[rows])


@FEW
@given(st.data())
def test_aggregates_are_those_of_numpy(data: st.DataObject) -> None:
    condition, keep = data.draw(_conditions())
    whole, integers = data.draw(_wholes())
    real, numbers = data.draw(_reals())
    found = world().query(
        f"Bird where {condition} select mood, count, sum({whole}) as whole, sum({real}) as real, "
        f"max({real}) as top group by mood"
    )
    moods = np.unique(table()["mood"][keep])
    assert found["mood"].tolist() == moods.tolist()
    for row, mood in enumerate(moods):
        rows = keep & (table()["mood"] == mood)
        assert found.row(row) == {
            "mood": int(mood),
            "count": int(rows.sum()),
            "whole": int(integers[rows].sum()),
            "real": math.fsum(numbers[rows]),
            "top": float(numbers[rows].max()),
        }


_SAID = re.compile(
    "divided by zero|no smallest or largest|do not go together with signed|most_groups|is not the cursor"
)
_PIECES = [
    *"()[]{},.+-*/%<>=!'\"#\\;:@~^|&?\n\t\0\u00e4\U0001f426",
    "**",
    "//",
    "==",
    " and ",
    " or ",
    " not ",
    " where ",
    " select ",
    " group by ",
    " order by ",
    " limit ",
    " after ",
    " in ",
    " is ",
    " if ",
    " else ",
    " lambda: ",
    "id",
    "age",
    "Bird",
    "Hungry",
    "Plot",
    "name",
    "position",
    "has(",
    "nearest((1, 1), 3)",
    "within((1, 1), 2)",
    "box((1, 1), (2, 2))",
    "count",
    "sum(",
    "histogram(",
    "'bo'",
    "1e999",
    "99999999999999999999",
    "0x1F",
    "1_0",
    "0j",
    "None",
    "True",
    "desc",
    " as ",
    "'1-2'",
    "f''",
    "b''",
    "...",
    "*age",
    "age=1",
    "tick",
    "rank",
]
_WHOLE_TEXTS = [
    "Bird where speed > 0.2 and age <= 3 select id, position as at order by speed desc, age limit 20",
    "Bird + Hungry where glob(name, 'b*') and level in (1, 2) select name, level",
    "Bird where nearest((50, 50), 10) select id, distance((50, 50)) as far",
    "Bird where lost select age, count, mean(speed), histogram(speed, 4, -1, 1) group by age order by count",
    "Plot where grass > 0.5 select count, max(grass)",
    "* where has_any(Bird, Hungry) and id in (1, 2, 3) limit 2 after '3'",
]


@st.composite
def _broken(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(_WHOLE_TEXTS))
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, len(text)))
        end = draw(st.integers(begin, min(begin + 8, len(text))))
        text = text[:begin] + draw(st.sampled_from(["", *_PIECES])) + text[end:]
    return text[: draw(st.integers(0, len(text)))] if draw(st.booleans()) else text


@settings(FEW, max_examples=250)
@given(_broken())
def test_broken_texts_are_errors_that_point_into_them(text: str) -> None:
    column, lines, said = None, [], ""
    try:
        found = world().query(text)
    except bw.QueryError as error:
        column, lines = error.column, str(error).split("\n")
    except bw.UserError as error:
        said = str(error)
    else:
        assert all(len(values) == found.rows for values in found.values())
    assert not said or _SAID.search(said), said
    if column is not None:
        assert 0 <= column <= len(text)
        assert lines[-2:] == ["  " + re.sub(r"\s", " ", text), " " * (column + 2) + "^"]


def test_frames_of_polars_have_the_columns_of_the_result() -> None:
    pytest.importorskip("polars", reason="needs polars: pip install 'bigworlds[test]'")
    found = world().query("Bird where lost select id, position, name, mood limit 5")
    frame = found.to_polars()
    assert frame.columns == ["id", "position.x", "position.y", "name", "mood"]
    assert frame["position.y"].to_list() == found["position"][:, 1].tolist()
    assert frame["name"].to_list() == found["name"].tolist()


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = world().query("Bird select count")
    for library in ("pandas", "polars", "pyarrow"):
        monkeypatch.setitem(sys.modules, library, None)
    for make in (found.to_pandas, found.to_polars, found.to_arrow):
        with pytest.raises(bw.UserError, match=r"needs \w+, which is not installed"):
            make()


def test_an_arrow_table_is_made_of_the_flat_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """pyarrow takes a table's columns as a dict of arrays of one dimension each."""
    given: dict[str, Any] = {}
    arrow = SimpleNamespace(table=lambda columns: given.update(columns) or "table")
    monkeypatch.setitem(sys.modules, "pyarrow", arrow)
    found = world().query("Bird select id, position limit 3")
    assert found.to_arrow() == "table"
    assert list(given) == ["id", "position.x", "position.y"]
    assert all(column.shape == (3,) for column in given.values())
