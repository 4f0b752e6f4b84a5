"""What the specs record is exact, whatever the order of rows, and says nothing where there is
nothing."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import World, sheep

import bigworlds.record as record
from bigworlds.errors import UserError
from bigworlds.record.source import TickView
from bigworlds.record.specs import Spec, histogram_edges
from bigworlds.record.sums import exact_sum


def rows(spec: Spec, world: World) -> dict[str, np.ndarray]:
    found = spec.rows(TickView(world))
    assert found is not None
    return found


def value(spec: Spec, world: World) -> Any:
    return rows(spec, world)["value"][0].tolist()


def shuffled(table: dict[str, np.ndarray], seed: int = 3) -> dict[str, np.ndarray]:
    order = np.random.default_rng(seed).permutation(len(table["id"]))
    return {name: column[order] for name, column in table.items()}


TABLE = sheep(500)
WORLD = World({"Sheep": TABLE, "Wolf": {"id": np.arange(3, dtype="u8")}, "Grass": {"grown": np.ones(9)}})
EMPTY = World({"Sheep": {name: column[:0] for name, column in TABLE.items()}})


def test_counts() -> None:
    assert value(record.count("Wolf"), WORLD) == 3
    assert value(record.count("Sheep.energy > 0"), WORLD) == int((TABLE["energy"] > 0).sum())
    assert value(record.count("Sheep.energy > 0"), EMPTY) == 0
    kind = type("Wolf", (), {"__bw_fields__": {}})
    assert record.count(kind) == record.count("Wolf")


def test_sums_and_means_are_rounded_once() -> None:
    exact = sum(map(Fraction, TABLE["energy"].tolist()))
    assert value(record.sum("Sheep.energy"), WORLD) == float(exact)
    assert value(record.mean("Sheep.energy"), WORLD) == float(exact) / 500
    assert value(record.sum("Sheep.energy * 1"), WORLD) == float(exact)
    assert value(record.mean("Sheep.energy * 1"), WORLD) == float(exact) / 500
    assert value(record.mean("Sheep.alive"), WORLD) == int(TABLE["alive"].sum()) / 500
    assert value(record.mean("Sheep.age * 2"), WORLD) == int(TABLE["age"].sum()) * 2 / 500
    assert value(record.sum("Sheep.small"), WORLD) == int(TABLE["small"].astype(int).sum())


def test_vectors_are_reduced_part_by_part() -> None:
    expected = [math.fsum(TABLE["velocity"][:, part]) for part in (0, 1)]
    assert value(record.sum("Sheep.velocity"), WORLD) == expected
    assert value(record.sum("Sheep.velocity * 1"), WORLD) == expected
    assert value(record.mean("Sheep.velocity"), WORLD) == [part / 500 for part in expected]
    assert rows(record.mean("Sheep.velocity"), WORLD)["value"].shape == (1, 2)
    assert value(record.max("Sheep.velocity"), WORLD) == TABLE["velocity"].max(axis=0).tolist()


def test_smallest_and_largest_keep_whole_numbers_whole() -> None:
    assert value(record.min("Sheep.age"), WORLD) == int(TABLE["age"].min())
    assert value(record.max("Sheep.energy"), WORLD) == float(TABLE["energy"].max())
    assert rows(record.min("Sheep.age"), WORLD)["value"].dtype == np.int64


def test_nothing_is_said_about_no_rows() -> None:
    for spec in (
        record.mean("Sheep.energy"),
        record.mean("Sheep.energy * 2"),
        record.min("Sheep.age"),
        record.max("Sheep.age"),
        record.group("Sheep.age", record.mean("Sheep.energy")),
        record.columns("Sheep.age"),
    ):
        assert spec.rows(TickView(EMPTY)) is None
    assert value(record.sum("Sheep.energy"), EMPTY) == 0.0
    assert value(record.sum("Sheep.velocity"), EMPTY) == [0.0, 0.0]


def test_a_sum_that_does_not_fit_is_an_error() -> None:
    world = World({"A": {"id": np.arange(4, dtype="u8"), "big": np.full(4, 2**62)}})
    for text in ("A.big", "A.big + 0"):
        with pytest.raises(UserError, match="does not fit into 64 bits"):
            rows(record.sum(text), world)
        assert value(record.mean(text), world) == float(2**62)


def test_a_histogram_counts_as_numpy_does_and_says_what_is_outside() -> None:
    energies = np.array([0.0, 0.1, 0.5, 1.0, 1.0, 2.0, 2.0001, -0.1, np.nan, np.inf, -np.inf, 0.3, 1.9999])
    world = World({"A": {"id": np.arange(13, dtype="u8"), "e": energies}})
    spec = record.histogram("A.e", bins=4, range=(0, 2))
    found = rows(spec, world)
    assert found["counts"][0].tolist() == np.histogram(energies[np.isfinite(energies)], 4, (0, 2))[0].tolist()
    assert (found["below"][0], found["above"][0], found["not_a_number"][0]) == (2, 2, 1)
    assert found["counts"].sum() + 5 == len(energies)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-10, 10), max_size=60),
    st.integers(1, 40),
    st.floats(-5, 5),
    st.floats(0.001, 10),
)
def test_every_value_is_in_the_bin_between_its_edges(
    values: list[float], bins: int, low: float, width: float
) -> None:
    world = World({"A": {"id": np.arange(len(values), dtype="u8"), "e": np.array(values, dtype="f8")}})
    spec = record.histogram("A.e", bins=bins, range=(low, low + width))
    found = rows(spec, world)
    edges = histogram_edges(bins, spec.range)
    for i, count in enumerate(found["counts"][0]):
        last = i == bins - 1
        assert count == sum(edges[i] <= v and (v < edges[i + 1] or (last and v == edges[-1])) for v in values)
    assert found["counts"].sum() + found["below"][0] + found["above"][0] == len(values)


@pytest.mark.parametrize("by", ["age", "alive", "label", "small"])
def test_groups_agree_with_looking_at_each_group_alone(by: str) -> None:
    of = [
        record.mean("Sheep.energy"),
        record.sum("Sheep.velocity"),
        record.max("Sheep.age"),
        record.count("Sheep"),
        record.count("Sheep.energy > 0"),
        record.histogram("Sheep.energy", bins=5, range=(-1, 1)),
    ]
    for inner in of:
        found = rows(record.group(f"Sheep.{by}", inner), WORLD)
        assert found["group"].tolist() == sorted(set(TABLE[by].tolist()))
        for i, key in enumerate(found["group"]):
            part = {name: column[TABLE[by] == key] for name, column in TABLE.items()}
            alone = rows(inner, World({"Sheep": part}))
            for name, column in alone.items():
                assert found[name][i].tolist() == column[0].tolist()


def test_the_order_of_rows_does_not_matter() -> None:
    specs: list[Spec] = [
        record.sum("Sheep.energy"),
        record.sum("Sheep.energy / 3"),
        record.mean("Sheep.velocity * 2"),
        record.group("Sheep.label", record.sum("Sheep.energy")),
        record.histogram("Sheep.energy", bins=7, range=(-3, 3)),
    ]
    for spec in specs:
        expected = rows(spec, WORLD)
        for seed in range(3):
            found = rows(spec, World({"Sheep": shuffled(TABLE, seed)}))
            assert {name: column.tobytes() for name, column in found.items()} == {
                name: column.tobytes() for name, column in expected.items()
            }


def test_too_many_groups_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bigworlds.record.specs.MOST_GROUPS", 5)
    with pytest.raises(UserError, match="groups at tick 0; at most 5"):
        rows(record.group("Sheep.age", record.count("Sheep")), WORLD)


def test_columns_are_copied_as_they_are_with_their_ids() -> None:
    found = rows(record.columns("Sheep.velocity", "Sheep.small", "Sheep.label"), WORLD)
    assert list(found) == ["id", "velocity", "small", "label"]
    for name, column in found.items():
        assert column.dtype == TABLE[name].dtype
        assert np.array_equal(column, TABLE[name])
    assert list(rows(record.columns("Grass.grown"), WORLD)) == ["grown"]


def test_entities_that_have_all_components_are_put_together() -> None:
    tables = {
        "Sheep": {
            "id": np.array([5, 1, 9, 7], dtype="u8"),
            "energy": np.array([5.0, 1.0, 9.0, 7.0]),
        },
        "Hungry": {"id": np.array([7, 2, 5], dtype="u8"), "since": np.array([70, 20, 50])},
    }
    world = World(tables)
    assert value(record.sum("Sheep.energy + Hungry.since"), world) == 132.0
    found = rows(record.columns("Sheep.energy", "Hungry.since"), world)
    assert {name: column.tolist() for name, column in found.items()} == {
        "id": [5, 7],
        "Sheep.energy": [5.0, 7.0],
        "Hungry.since": [50, 70],
    }
    grouped = rows(record.group("Hungry.since", record.mean("Sheep.energy")), world)
    assert (grouped["group"].tolist(), grouped["value"].tolist()) == ([50, 70], [5.0, 7.0])
    with pytest.raises(UserError, match="the rows of Grass have no ids"):
        rows(
            record.sum("Sheep.energy + Grass.grown"),
            World({**tables, "Grass": {"grown": np.ones(4)}}),
        )


def test_a_table_is_asked_for_once_per_tick_and_not_at_all_for_sums_of_fields() -> None:
    world = World(WORLD.tables)
    view = TickView(world)
    for spec in (record.count("Sheep"), record.mean("Sheep.energy"), record.sum("Sheep.age")):
        spec.rows(view)
    assert world.asked == []
    for spec in (record.min("Sheep.age"), record.max("Sheep.age"), record.count("Sheep.age > 3")):
        spec.rows(view)
    assert world.asked == ["Sheep"]


def test_text_is_stored_as_bytes_of_one_length() -> None:
    table = {"id": np.arange(2, dtype="u8"), "name": np.array(["Ä", "b"], dtype="U4")}
    found = rows(record.columns("A.name"), World({"A": table}))
    assert found["name"].dtype == "S16"
    assert found["name"].tolist() == ["Ä".encode(), b"b"]


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: record.count(3), "expected an expression"),
        (lambda: record.mean("Sheep"), "cannot be used"),
        (lambda: record.mean("Sheep.energy", every=0), "every: expected a whole number"),
        (lambda: record.mean("Sheep.energy", every=True), "every: expected a whole number"),
        (lambda: record.mean("Sheep.energy", name=""), "name: expected a text"),
        (lambda: record.histogram("A.e", bins=0, range=(0, 1)), "expected 1 to 4096 bins, found 0"),
        (lambda: record.histogram("A.e", bins=5000, range=(0, 1)), "expected 1 to 4096 bins"),
        (lambda: record.histogram("A.e", bins=5, range=(1, 1)), "low < high"),
        (lambda: record.histogram("A.e", bins=5, range=(0, math.inf)), "low < high"),
        (lambda: record.histogram("A.e", bins=5, range=3), "expected range="),
        (lambda: record.group("A.e", record.columns("A.e")), "what to record of each group"),
        (lambda: record.group("A.e", "A.e"), "what to record of each group"),
        (lambda: record.columns(), "at least one field"),
        (lambda: record.columns("A.e", "A.e"), "each of them once"),
        (lambda: record.columns("A.e * 2"), "expected fields such as"),
        (lambda: record.checked(["Bird.age"]), "expected something to record"),
        (
            lambda: record.checked([record.count("A"), record.count("A")]),
            r"two records are called 'count\(A\)'",
        ),
    ],
)
def test_wrong_declarations_are_refused_where_they_stand(make: Any, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        make()


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        (record.mean("Sheep.enrgy * 2"), "did you mean 'energy'"),
        (record.columns("Sheep.enrgy"), "did you mean 'energy'"),
        (record.count("Sheep.velocity > 0"), "expected one truth value per row, found 2"),
        (record.histogram("Sheep.velocity", bins=2, range=(0, 1)), "expected one number per row"),
        (record.group("Sheep.velocity", record.count("Sheep")), "expected one group per row"),
        (record.max("Sheep.label"), "expected numbers, found text"),
    ],
)
def test_what_does_not_fit_the_world_is_refused_when_it_is_looked_at(spec: Spec, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        spec.rows(TickView(WORLD))


def test_a_component_type_stands_for_its_count() -> None:
    kind = type("Wolf", (), {"__bw_fields__": {}})
    assert record.checked([kind, record.count("Sheep")]) == (
        record.count("Wolf"),
        record.count("Sheep"),
    )


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=50))
def test_sums_of_integers_are_exact(values: list[int]) -> None:
    assert exact_sum(np.array(values, dtype="i8")) == sum(values)
    unsigned = [value + 2**63 for value in values]
    assert exact_sum(np.array(unsigned, dtype="u8")) == sum(unsigned)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=64), max_size=50))
def test_sums_of_floats_are_the_exact_sum_rounded_once(values: list[float]) -> None:
    exact = sum(map(Fraction, values), Fraction())
    try:
        expected = float(exact)
    except OverflowError:
        expected = math.inf if exact > 0 else -math.inf
    assert exact_sum(np.array(values, dtype="f8")) == expected
