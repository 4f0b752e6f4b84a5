"""Queries: each against NumPy over `sim.table`, and the same answer on any number of ranks and threads."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest

import bigworlds as bw
from bigworlds.record.expression import Expression

from .worlds import Hungry, Mood, birds, walkers


@cache
def world(ranks: int = 1, threads: int = 1) -> bw.Simulation:
    sim: bw.Simulation = birds.simulate(rng=3, ranks=ranks, threads=threads)
    sim.run(2)
    return sim


def table() -> dict[str, Any]:
    return dict(world().table("Bird"))


def distances(x: Any, place: tuple[float, float]) -> Any:
    d = np.abs(x - np.array(place))
    d = np.minimum(d, np.array([100.0, 60.0]) - d)
    return (d**2).sum(axis=1)


EXPRESSIONS = [
    "Bird.age // 3 + Bird.age % 4 - 2 * Bird.age",
    "Bird.seen - 7 + Bird.age",
    "Bird.seen // 5 % 3",
    "Bird.seen * Bird.seen",
    "-Bird.seen",
    "abs(Bird.age) ** 3",
    "Bird.age / 7 + Bird.speed // 0.3 - Bird.speed % -0.7",
    "min(Bird.age, Bird.speed) * max(Bird.seen, 100)",
    "sqrt(Bird.speed) + floor(Bird.weight) - ceil(Bird.age)",
    "length(Bird.velocity) + Bird.position.x * Bird.velocity[1]",
    "Bird.position * 2 - Bird.velocity",
    "Bird.speed if Bird.lost else Bird.position",
    "Bird.lost + 1",
    "not Bird.lost and Bird.age > 3 or Bird.weight < Bird.speed",
    "0 < Bird.age <= 10",
    "Bird.position > 20",
    "Bird.mood == 4",
    "1 / (Bird.age - Bird.age)",
    "-Bird.speed % 0",
]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_gives_what_a_record_of_it_gives(text: str) -> None:
    expected = Expression.parse(text).compute({"Bird": table()})
    found = world().query(bw.Query("Bird").select(text))[text]
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def test_columns_are_those_of_the_table() -> None:
    found = world().query("Bird")
    expected = table()
    assert list(found) == list(expected)
    for name, column in expected.items():
        assert found[name].dtype == column.dtype
        np.testing.assert_array_equal(found[name], column)


CONDITIONS = {
    "speed > 0.2 and age <= 3": lambda t: (t["speed"] > 0.2) & (t["age"] <= 3),
    "speed > fast": lambda t: t["speed"] > 0.5,
    "mood == CROSS and not lost": lambda t: (t["mood"] == Mood.CROSS) & ~t["lost"],
    "mood == Mood.CALM": lambda t: t["mood"] == Mood.CALM,
    "name == 'bob'": lambda t: t["name"] == "bob",
    "name != 'bob' and glob(name, 'b*')": lambda t: t["name"] == "bo",
    "glob(name, '?rger')": lambda t: t["name"] == "\u00e4rger",
    "name in ('ada', 'bo')": lambda t: np.isin(t["name"], ["ada", "bo"]),
    "id in (3, 700000, 5) or age == 7": lambda t: np.isin(t["id"], [3, 5]) | (t["age"] == 7),
    "within((97, 3), 12)": lambda t: distances(t["position"], (97, 3)) <= 144,
    "box((95, 50), (10, 5))": lambda t: (
        ((t["position"][:, 0] >= 95) | (t["position"][:, 0] <= 10))
        & ((t["position"][:, 1] >= 50) | (t["position"][:, 1] <= 5))
    ),
    "distance((50, 30)) < 8 or age > 15": lambda t: (
        (distances(t["position"], (50, 30)) < 64) | (t["age"] > 15)
    ),
    "age != 0 and 12 // age == 3": lambda t: t["age"] == 4,
    "tick == 2": lambda t: np.ones(len(t["id"]), bool),
}


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_condition_keeps_the_rows_that_numpy_keeps(text: str) -> None:
    expected = table()
    keep = CONDITIONS[text](expected)
    assert keep.any()
    assert world().query(f"Bird where {text} select id")["id"].tolist() == expected["id"][keep].tolist()


def test_components_that_rows_have() -> None:
    everyone, hungry = table()["id"], world().table("Hungry")
    fed = np.setdiff1d(everyone, hungry["id"])
    for text in ("Bird + Hungry", "Bird where has(Hungry)", "Hungry where has_any(Bird, Plot)"):
        assert world().query(f"{text} select id")["id"].tolist() == sorted(hungry["id"])
    for text in ("Bird where has_none(Hungry)", "Bird where not has(Hungry)", "* where has_none(Hungry)"):
        assert world().query(f"{text} select id")["id"].tolist() == fed.tolist()
    level = world().query("Bird where Hungry.level > 1 select id, Hungry.level")
    assert level["id"].tolist() == hungry["id"][hungry["level"] > 1].tolist()
    assert level["Hungry.level"].dtype == np.int16


def test_order_and_pages() -> None:
    t = table()
    found = world().query("Bird where lost select id, age order by age desc, speed limit 20")
    rows = np.flatnonzero(t["lost"])
    rows = rows[np.lexsort((t["id"][rows], t["speed"][rows], -t["age"][rows]))]
    assert found["id"].tolist() == t["id"][rows[:20]].tolist()
    query, ids = bw.Query("Bird").where("lost").select("id").order_by("age", descending=True).limit(23), []
    pages = 0
    while True:
        page = world().query(query)
        ids += page["id"].tolist()
        pages += 1
        if page.cursor is None:
            break
        query = query.after(page.cursor)
    expected = np.flatnonzero(t["lost"])
    expected = expected[np.lexsort((t["id"][expected], -t["age"][expected]))]
    assert pages > 3
    assert ids == t["id"][expected].tolist()


def test_the_nearest() -> None:
    t = table()
    order = np.lexsort((t["id"], distances(t["position"], (99, 1))))
    found = world().query("Bird where nearest((99, 1), 17) select id")
    assert found["id"].tolist() == t["id"][order[:17]].tolist()
    lost = order[t["lost"][order]][:9]
    assert world().query("Bird where nearest((99, 1), 9) and lost select id order by id")[
        "id"
    ].tolist() == sorted(t["id"][lost].tolist())
    assert world().query("Bird where lost and nearest((99, 1), 9) select sum(age)").row() == {
        "sum(age)": int(t["age"][lost].sum())
    }


def test_aggregates() -> None:
    t = table()
    keep = t["speed"] > 0.25
    found = world().query(
        "Bird where speed > 0.25 select count, count(lost) as lost, sum(age), sum(seen), mean(velocity), "
        "min(age), max(speed) as top, histogram(speed, 4, 0, 1)"
    )
    sim = world()
    assert found["count"].tolist() == [keep.sum()]
    assert found["lost"].tolist() == [(keep & t["lost"]).sum()]
    assert found["sum(age)"].tolist() == [t["age"][keep].sum()]
    assert found["sum(seen)"].dtype == np.uint64
    np.testing.assert_allclose(found["mean(velocity)"][0], t["velocity"][keep].mean(axis=0))
    assert found["min(age)"].tolist() == [t["age"][keep].min()]
    assert found["top"].tolist() == [t["speed"].max()]
    counts = found["histogram(speed, 4, 0, 1)"][0]
    assert counts[:4].tolist() == np.histogram(t["speed"][keep], bins=4, range=(0, 1))[0].tolist()
    assert sim.query("Bird select mean(speed)").row()["mean(speed)"] == sim.mean("Bird.speed")
    assert sim.query("Bird where speed > 99 select count, mean(speed)")["count"].tolist() == [0]


def test_groups() -> None:
    t = table()
    found = world().query("Bird select mood, lost, count, mean(age) as age group by mood, lost")
    lines = list(zip(found["mood"].tolist(), found["lost"].tolist(), found["count"].tolist(), strict=True))
    assert lines == [
        (m, b, int(((t["mood"] == m) & (t["lost"] == b)).sum())) for m in (1, 4) for b in (False, True)
    ]
    names = world().query("Bird select name, count group by name order by count desc limit 2")
    values, counts = np.unique(t["name"], return_counts=True)
    assert names["count"].tolist() == sorted(counts.tolist(), reverse=True)[:2]
    assert set(names["name"]) <= set(values)
    ages = world().query("Bird select age, sum(speed) group by age")
    assert ages["age"].tolist() == np.unique(t["age"]).tolist()


QUERIES = [
    "Bird",
    "*",
    "Bird where speed > 0.2 and within((97, 3), 30) select id, position, name order by age desc, id limit 50",
    "Bird where nearest((99, 1), 40) select id, distance((99, 1)) as d",
    "Bird + Hungry where not lost select sum(speed), mean(velocity), min(age), max(weight), count",
    "Bird select name, mood, sum(speed), histogram(speed, 5, 0, 1), count group by name, mood",
    "Bird where speed > 2 select sum(speed), count",
    "Plot where grass > 0.4 select sum(grass), count, mean(grass)",
    "Plot where grass > 0.9",
    "Bird where id in (5, 3, 999999)",
]


def answer(sim: bw.Simulation, text: str) -> str:
    found = sim.query(text)
    return json.dumps([found.to_plain(), [str(column.dtype) for column in found.values()]])


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_answers_are_the_same_on_any_ranks_and_threads(ranks: int, threads: int) -> None:
    before = world(ranks, threads).digest()
    for text in QUERIES:
        assert answer(world(ranks, threads), text) == answer(world(), text), text
    assert world(ranks, threads).digest() == before


def test_cells() -> None:
    grass = world().cells("Plot")["grass"].reshape(-1)
    found = world().query("Plot where grass > 0.9 select id, grass")
    assert found["id"].tolist() == np.flatnonzero(grass > 0.9).tolist()
    assert found["grass"].tolist() == grass[grass > 0.9].tolist()


def test_places_on_grids() -> None:
    sim = walkers.simulate(rng=1, n=300)
    t = sim.table("Walker")
    d = np.abs(t["position"] - np.array((38, 1)))
    d = np.minimum(d, np.array((40, 30)) - d).sum(axis=1)
    found = sim.query("Walker where within((38, 1), 6) select id, distance((38, 1)) as d")
    assert found["id"].tolist() == t["id"][d <= 6].tolist()
    assert found["d"].tolist() == d[d <= 6].tolist()


def test_a_query_has_three_forms() -> None:
    text = (
        "Bird + Hungry where speed > 2 and (lost or age > 3) and within((50, 50), 10) "
        "select id, length(velocity) as pace group by age order by pace desc, id limit 7 after '1-2'"
    )
    query = bw.Query.parse(text)
    assert str(query) == text
    assert bw.Query.from_wire(json.loads(json.dumps(query.to_wire()))) == query
    built = (
        bw.Query("Bird", "Hungry")
        .where("speed > 2 and (lost or age > 3)")
        .within((50, 50), 10)
        .select("id", "length(velocity) as pace")
        .group_by("age")
        .order_by("pace", descending=True)
        .order_by("id")
        .limit(7)
        .after("1-2")
    )
    assert built == query
    assert hash(built) == hash(query)


def test_names() -> None:
    @bw.model()
    def town(world: bw.World) -> None:
        world.spawn(Hungry, names=["ann", "bob", "anton"], level=[1, 2, 3])

    sim = town.simulate(rng=1)
    assert sim.query("Hungry where Name.text == 'bob'").row() == {"id": sim.named("bob"), "level": 2}
    assert sim.query("* where glob(Name.text, 'an*') select id, Name.text")["Name.text"].tolist() == [
        "ann",
        "anton",
    ]


def test_frames() -> None:
    found = world().query("Bird where lost select id, position, name limit 5")
    frame = found.to_pandas()
    assert list(frame.columns) == ["id", "position.x", "position.y", "name"]
    assert len(frame) == 5


def test_limits_are_said() -> None:
    with pytest.raises(bw.UserError, match="most_bytes = 1000 bytes"):
        world().query("Bird", most_bytes=1000)
    with pytest.raises(bw.UserError, match="divided by zero"):
        world().query("Bird where 7 // (age - age) > 3")
    with pytest.raises(bw.UserError, match="no smallest or largest"):
        world().query("Bird where speed > 99 select min(speed)")
    assert world().local.query("Bird select count").row() == {"count": world().count("Bird")}


WRONG = {
    "Bird where sped > 2": ("has no 'sped'; did you mean 'speed'", "sped"),
    "Brid where speed > 2": ("no component 'Brid'; did you mean 'Bird'", "Brid"),
    "Bird wher speed > 2": ("did you mean 'where'", "wher"),
    "Bird where speed > 2 selct id": ("did you mean 'select'", "selct"),
    "Bird where speed >": ("is no expression", None),
    "Bird where speed > 2 and abbs(age) > 1": ("no function 'abbs'; did you mean 'abs'", "abbs"),
    "Bird where velocity > 2": ("one truth value per row, found 2", "velocity > 2"),
    "Bird where name > 2": ("a text cannot be computed with", "name >"),
    "Bird where mood == CROS": ("did you mean 'CROSS'", "CROS"),
    "Bird where mood == Mood.CROS": ("has no member 'CROS'; did you mean 'CROSS'", "Mood.CROS"),
    "Bird where Hungry.levle > 1": ("has no field 'levle'; did you mean 'level'", "Hungry.levle"),
    "Bird where within((1, 2, 3), 4)": ("expected a place (x, y) of 2 numbers", "(1, 2, 3)"),
    "Bird where within((1, 200), 4)": ("outside the periodic space", "200"),
    "Bird where within((1, 2), -4)": ("a radius is a number from 0 up", "-4"),
    "Bird where lost or has(Hungry)": ("stands alone", "has(Hungry)"),
    "Bird where has(Hungri)": ("did you mean 'Hungry'", "Hungri"),
    "Bird order by velocity": ("ordered by one number", "velocity"),
    "Bird order speed": ("'order by', 'limit' or 'after', found 'order'", "order"),
    "Bird limit x": ("limit takes a whole number", "x"),
    "Bird limit 3 limit 4": ("two 'limit'", "limit 4"),
    "Bird select age, count": ("neither an aggregate nor what rows are grouped by", "age,"),
    "Bird select count(": ("is no expression", None),
    "Bird select histogram(age, 0, 1, 2)": ("expected 1 to 4096 bins", "0, 1"),
    "Bird select \u00e4ge, sped": ("has no '\u00e4ge'", "\u00e4ge"),
    "Bird where __import__('os')": ("no function '__import__'", "__import__"),
    "Bird where (lambda: 1)() > 0": ("no function", "(lambda"),
    "": ("expected a component", None),
}


@pytest.mark.parametrize("text", WRONG)
def test_errors_point_at_the_column(text: str) -> None:
    message, where = WRONG[text]
    with pytest.raises(bw.QueryError) as caught:
        world().query(text)
    lines = str(caught.value).splitlines()
    assert message in lines[0]
    assert lines[1][2:] == text
    assert lines[2] == " " * (caught.value.column + 2) + "^"
    if where is not None:
        assert caught.value.column == text.index(where)
