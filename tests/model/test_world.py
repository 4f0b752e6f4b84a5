"""The world builder: what spawns, cells and phases become, and what is refused in which words."""

from __future__ import annotations

from enum import IntEnum
from types import SimpleNamespace
from typing import Any, Literal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from bigworlds import record
from bigworlds.data.component import CellComponent, Component
from bigworlds.data.fields import Field, Ref, array, f32, short_list, string, u8
from bigworlds.data.vectors import ivec2, vec2, vec3
from bigworlds.errors import ModelError, UserError
from bigworlds.model import Sequential, Synchronous, World, random_cells, uniform
from bigworlds.space import Continuous, Grid, Space
from bigworlds.view import Look


class Colour(IntEnum):
    RED = 2
    BLUE = 5


class Bird(Component):
    position: vec2
    velocity: vec2 = vec2(1.0, 0.0)
    age: int = 3


class Hungry(Component):
    energy: float
    age: u8 = 9


class Person(Component):
    position: ivec2


class Odds(Component):
    flag: bool
    small: u8
    real: f32
    colour: Colour
    friend: Ref[Any]
    four: array[float, Literal[4]]
    label: string[Literal[4]]
    times: short_list[float, Literal[3]]


class Grass(CellComponent):
    grown: bool = True
    countdown: int


def world_with(space: Space | None = None) -> World:
    world = World()
    if space is not None:
        world.space = space
    return world


def columns_of(world: World, seed: int = 1) -> dict[tuple[type, str], np.ndarray[Any, Any]]:
    (spawn,) = world.description().spawns
    return spawn.columns(seed, np.arange(1, spawn.n + 1, dtype=np.uint64))


PLANE = Continuous((100.0, 50.0))


def test_spawn_has_every_field_in_its_dtype() -> None:
    world = world_with(PLANE)
    world.spawn(Bird, Hungry, n=3, position=(1, 2), energy=np.arange(3))
    columns = columns_of(world)
    assert {key: value.tolist() for key, value in columns.items()} == {
        (Bird, "position"): [[1.0, 2.0]] * 3,
        (Bird, "velocity"): [[1.0, 0.0]] * 3,
        (Bird, "age"): [3, 3, 3],
        (Hungry, "energy"): [0.0, 1.0, 2.0],
        (Hungry, "age"): [9, 9, 9],
    }
    assert [column.dtype.str[1:] for column in columns.values()] == ["f8", "f8", "i8", "f8", "u1"]


def test_spawn_takes_values_of_every_kind() -> None:
    world = world_with()
    world.spawn(
        Odds,
        flag=[True, False],
        small=np.array([1, 255], np.int64),
        real=2,
        colour=["RED", Colour.BLUE],
        friend=None,
        four=[[1, 2, 3, 4], [5, 6, 7, 8]],
        label=["ab", "ü"],
        times=[[1.5], []],
    )
    columns = {name: value.tolist() for (_, name), value in columns_of(world).items()}
    assert columns == {
        "flag": [True, False],
        "small": [1, 255],
        "real": [2.0, 2.0],
        "colour": [2, 5],
        "friend": [0, 0],
        "four": [[1, 2, 3, 4], [5, 6, 7, 8]],
        "label": [[97, 98, 0, 0], [0xC3, 0xBC, 0, 0]],
        "times": [[1.0, 1.5, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]],
    }


def test_the_number_of_rows_comes_from_n_or_the_arrays() -> None:
    world = world_with(PLANE)
    world.spawn(Bird, position=(1, 2))
    world.spawn(Bird, position=np.ones((4, 2)), age=5)
    world.spawn(Bird, n=0, position=(1, 2))
    world.spawn(Bird, n=int(np.int64(7)), position=uniform())
    assert [spawn.n for spawn in world.description().spawns] == [1, 4, 0, 7]


def test_what_was_given_may_change_afterwards() -> None:
    places = np.ones((4, 2))
    world = world_with(PLANE)
    world.spawn(Bird, position=places)
    places[:] = 7
    assert columns_of(world)[Bird, "position"].max() == 1.0


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_spawn_takes_data_frames(make: Any) -> None:
    frame = make({"position.x": [1.0, 2.0], "position.y": [3, 4], "Hungry.age": [5, 6], "energy": [0.5, 1.5]})
    world = world_with(PLANE)
    world.spawn(Bird, Hungry, frame, velocity=(0, 1))
    columns = columns_of(world)
    assert columns[Bird, "position"].tolist() == [[1.0, 3.0], [2.0, 4.0]]
    assert columns[Hungry, "age"].tolist() == [5, 6]
    assert columns[Hungry, "energy"].tolist() == [0.5, 1.5]
    assert columns[Bird, "velocity"].tolist() == [[0.0, 1.0]] * 2


def test_cells_take_values_in_the_shape_of_the_grid() -> None:
    for space in (Grid((4, 3)), Continuous((8.0, 6.0), cells=(4, 3))):
        world = world_with(space)
        world.cells(Grass, countdown=np.arange(12).reshape(3, 4))
        (cells,) = world.description().cells
        assert cells.count == 12
        columns = cells.columns(1)
        assert columns[Grass, "grown"].tolist() == [True] * 12
        assert columns[Grass, "countdown"].tolist() == list(range(12))
        some = cells.columns(1, np.array([5, 2], np.uint64))
        assert some[Grass, "countdown"].tolist() == [5, 2]


def test_the_description_is_complete_and_in_order() -> None:
    def never(sim: Any) -> bool:
        return False

    world = world_with(PLANE)
    world.tiles = 8
    world.stop_when(never)
    world.look(Bird, color="red")
    world.record(Bird, record.mean("Bird.age", every=10))
    first, second, third = behavior("a"), behavior("b"), behavior("c")
    world.behaviors(first, (second, third))
    world.behaviors(first, activation="sequential")
    described = world.description()
    assert (described.space, described.tiles, described.stops) == (PLANE, 8, (never,))
    assert described.looks == (Look(Bird, color="red"),)
    assert [(spec.name, spec.every) for spec in described.records] == [
        ("count(Bird)", 1),
        ("mean(Bird.age)", 10),
    ]
    assert [phase.behaviors for phase in described.phases] == [(first,), (second, third), (first,)]
    assert [phase.activation for phase in described.phases] == [Synchronous(), Synchronous(), Sequential()]
    assert described.behaviors == (first, second, third, first)


SPAWNS: list[tuple[Space | None, tuple[Any, ...], dict[str, Any], str]] = [
    (PLANE, (), {}, "spawn() needs at least one component class"),
    (PLANE, (3,), {}, "spawn(3): expected bw.Component classes; found 3"),
    (PLANE, (Grass,), {}, "spawn(Grass): Grass belongs to cells; declare it by world.cells(Grass, ...)"),
    (PLANE, (Bird, Bird), {}, "spawn(Bird, Bird): a component is named twice"),
    (PLANE, (Bird, Person), {}, "Bird and Person both have a position; an entity has one place"),
    (
        PLANE,
        (Bird,),
        {"n": 3},
        "spawn(Bird): Bird.position is missing; give position=..., for example bw.uniform()",
    ),
    (
        Grid((3, 3)),
        (Person,),
        {},
        "Person.position is missing; give position=..., for example bw.random_cells()",
    ),
    (
        PLANE,
        (Bird,),
        {"positon": (1, 2)},
        "spawn(Bird): there is no field 'positon'; did you mean 'position'?",
    ),
    (
        PLANE,
        (Bird, Hungry),
        {"age": 1, "position": (1, 2)},
        '\'age\' is a field of several components; write **{"Bird.age": ...} or **{"Hungry.age": ...}',
    ),
    (PLANE, (Bird,), {"age": 1, "Bird.age": 2, "position": (1, 2)}, "spawn(Bird): Bird.age is given twice"),
    (
        PLANE,
        (Bird,),
        {"n": 2.5, "position": (1, 2)},
        "spawn(Bird): n is a whole number from 0 to 1099511627776; found 2.5",
    ),
    (PLANE, (Bird,), {"n": -1, "position": (1, 2)}, "found -1"),
    (
        PLANE,
        (Bird,),
        {"n": 3, "position": np.ones((4, 2))},
        "spawn(Bird): expected the same number of rows everywhere; found n 3, Bird.position 4",
    ),
    (
        PLANE,
        (Bird,),
        {"age": [1, 2], "position": np.ones((4, 2))},
        "expected the same number of rows everywhere; found Bird.age 2, Bird.position 4",
    ),
    (
        PLANE,
        (Bird,),
        {"n": 4, "position": np.ones((4, 3))},
        "spawn(Bird): Bird.position: expected one vec2 or an array of shape (4, 2); "
        "found an array of shape (4, 3)",
    ),
    (PLANE, (Bird,), {"position": 5.0}, "spawn(Bird): Bird.position: expected 2 numbers, found 5.0"),
    (PLANE, (Bird,), {"position": (1, 2, 3)}, "Bird.position: expected 2 numbers, found 3"),
    (
        PLANE,
        (Bird,),
        {"position": (1, 2), "age": [[1], [2]]},
        "Bird.age: expected one value or an array of shape (rows,); found an array of shape (2, 1)",
    ),
    (PLANE, (Bird,), {"position": (1, 2), "age": 2.5}, "Bird.age: expected a whole number, found 2.5"),
    (
        PLANE,
        (Bird,),
        {"position": (1, 2), "age": [1.0, 2.0]},
        "Bird.age: expected whole numbers (int64); found an array of float64; convert it with .astype(int)",
    ),
    (
        PLANE,
        (Bird,),
        {"position": (1, 2), "age": ["a", "b"]},
        "expected whole numbers (int64); found an array of str",
    ),
    (
        PLANE,
        (Bird,),
        {"position": [(1, 2), (3,)]},
        "spawn(Bird): Bird.position: expected an array; found list",
    ),
    (
        PLANE,
        (Bird,),
        {"position": np.array([[1, 2], [3, 60], [101, 1]])},
        "Bird.position: row 1, (3, 60), is outside the space [0, 100) x [0, 50) (2 rows are)",
    ),
    (
        PLANE,
        (Bird,),
        {"position": (100.0, 2)},
        "Bird.position: row 0, (100, 2), is outside the space [0, 100) x [0, 50)",
    ),
    (PLANE, (Bird,), {"position": (float("nan"), 2)}, "row 0, (nan, 2), is outside"),
    (Grid((3, 4)), (Person,), {"position": (3, 0)}, "row 0, (3, 0), is outside the space 0..2 x 0..3"),
    (PLANE, (Person,), {"position": (3, 0)}, "Person.position: expected a bw.vec2 in Continuous("),
    (
        Grid((3, 3), max_per_cell=1),
        (Person,),
        {"n": 2, "position": (1, 2)},
        "rows 0 and 1 are both in cell (1, 2), which holds at most one agent",
    ),
    (
        Grid((3, 3), max_per_cell=1),
        (Person,),
        {"position": [(0, 0), (1, 2), (0, 1), (1, 2)]},
        "rows 1 and 3 are both in cell (1, 2), which holds at most one agent",
    ),
    (None, (Odds,), {"small": 256}, "Odds.small: expected 0 to 255 (uint8), found 256"),
    (None, (Odds,), {"small": [1, -1]}, "Odds.small: expected 0 to 255 (uint8); found -1 to 1"),
    (None, (Odds,), {"flag": 1}, "Odds.flag: expected True or False, found 1"),
    (None, (Odds,), {"flag": [0, 1]}, "Odds.flag: expected True or False (bool); found an array of int64"),
    (None, (Odds,), {"real": "fast"}, "Odds.real: expected a number, found 'fast'"),
    (None, (Odds,), {"real": ["a"]}, "Odds.real: expected numbers (float32); found an array of str"),
    (None, (Odds,), {"colour": "GREEN"}, "Odds.colour: expected a Colour, found 'GREEN'"),
    (None, (Odds,), {"colour": 3}, "Odds.colour: expected a Colour: RED (2), BLUE (5); found 3"),
    (None, (Odds,), {"colour": [2, 3]}, "Odds.colour: expected a Colour: RED (2), BLUE (5); found 3"),
    (None, (Odds,), {"label": "toolong"}, "Odds.label: expected at most 4 bytes of UTF-8, found 7"),
    (None, (Odds,), {"label": ["a", 5]}, "Odds.label, row 1: expected a text, found 5"),
    (None, (Odds,), {"times": [1, 2, 3, 4]}, "Odds.times: expected at most 3 values, found 4"),
]


@pytest.mark.parametrize(("space", "components", "fields", "message"), SPAWNS)
def test_wrong_spawns_say_what_was_expected_and_found(
    space: Space | None, components: tuple[Any, ...], fields: dict[str, Any], message: str
) -> None:
    world = world_with(space)
    with pytest.raises(ModelError) as error:
        world.spawn(*components, **fields)
    assert message in str(error.value)
    assert world.description().spawns == ()


def test_a_cell_taken_by_an_earlier_spawn_is_refused() -> None:
    world = world_with(Grid((3, 3), max_per_cell=1))
    world.spawn(Person, position=[(0, 0), (1, 2)])
    with pytest.raises(ModelError, match=r"row 1 is in cell \(1, 2\), which an earlier spawn has taken"):
        world.spawn(Person, position=[(2, 2), (1, 2)])
    several = world_with(Grid((3, 3)))
    several.spawn(Person, n=5, position=(1, 2))
    assert several.description().spawns[0].n == 5


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"position.x": [1.0]}, "Bird.position: expected position.x, position.y; found position.x"),
        ({"age.x": [1], "age.y": [2]}, "Bird.age: expected a column age; found age.x, age.y"),
        ({"height": [1.0]}, "spawn(Bird): there is no field 'height'; known: age, position, velocity"),
    ],
)
def test_wrong_data_frames(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError) as error:
        world_with(PLANE).spawn(Bird, pd.DataFrame(columns))
    assert message in str(error.value)


def test_wrong_cells() -> None:
    with pytest.raises(ModelError, match=r"cells\(Bird\): expected a bw.CellComponent class"):
        world_with(Grid((4, 3))).cells(Bird)  # type: ignore[arg-type]
    for world in (world_with(), world_with(PLANE)):
        with pytest.raises(
            ModelError, match=r"cells\(Grass\): the world has no cells; set world.space to a bw.Grid"
        ):
            world.cells(Grass)
    world = world_with(Grid((4, 3)))
    with pytest.raises(
        ModelError, match=r"or an array of shape \(12,\) or \(3, 4\); found an array of shape \(4, 3\)"
    ):
        world.cells(Grass, countdown=np.zeros((4, 3), int))
    with pytest.raises(ModelError, match=r"expected one value or 12 of them, one for each row; found 5"):
        world.cells(Grass, countdown=np.zeros(5, int))
    with pytest.raises(ModelError, match=r"there is no field 'grow'; did you mean 'grown'"):
        world.cells(Grass, grow=True)
    world.cells(Grass)
    with pytest.raises(ModelError, match=r"Grass is declared twice"):
        world.cells(Grass)


def test_wrong_settings_of_the_world() -> None:
    world = world_with(PLANE)
    with pytest.raises(ModelError, match=r"world.space is set once"):
        world.space = PLANE
    with pytest.raises(ModelError, match=r"world.space is a bw.Continuous"):
        World().space = (100, 100)  # type: ignore[assignment]
    late = World()
    late.spawn(Hungry)
    with pytest.raises(ModelError, match=r"world.space is set before the first world.spawn"):
        late.space = PLANE
    with pytest.raises(ModelError, match=r"world.tiles is a whole number from 1 to 1048575; found 0"):
        world.tiles = 0
    with pytest.raises(ModelError, match=r"world.stop_when takes a function of the simulation; found 5"):
        world.stop_when(5)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=r"found 'sequental'; did you mean 'sequential'"):
        world.behaviors(behavior("a"), activation="sequental")


def test_wrong_looks_and_records() -> None:
    world = world_with(PLANE)
    world.look(Bird, color="age")
    world.record(Bird)
    with pytest.raises(ModelError, match=r"world.look\(Bird\) is declared twice"):
        world.look(Bird)
    with pytest.raises(ModelError, match=r"world.look has no option 'colour'; did you mean 'color'"):
        world.look(Hungry, colour="age")
    with pytest.raises(ModelError, match=r"world.look takes a component class; found 'Bird'"):
        world.look("Bird")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=r"look of Hungry: .*'tomatoe'"):
        world.look(Hungry, color="tomatoe")
    with pytest.raises(UserError, match=r"expected something to record"):
        world.record(5)
    with pytest.raises(UserError, match=r"two records are called 'count\(Bird\)'"):
        world.record(Bird)
    assert len(world.description().records) == 1


def field(component: type[Component], name: str) -> Field:
    return component.__bw_fields__[name]


def use(
    component: type[Component], name: str, *, reads: bool = False, writes: bool = False
) -> SimpleNamespace:
    return SimpleNamespace(component=component, field=field(component, name), reads=reads, writes=writes)


def behavior(name: str, *columns: SimpleNamespace, **uses: Any) -> Any:
    """What the behavior room makes, as far as the model room looks at it."""
    nothing: dict[str, Any] = dict.fromkeys(
        ("components", "reaches", "cells", "claims", "deposits", "links", "directions"), ()
    )
    fixed = {"name": name, "columns": columns, "kernel": None, "per_tick": False}
    return SimpleNamespace(**{**fixed, **nothing, **uses})


def test_something_else_than_a_behavior_is_refused() -> None:
    def flock() -> None: ...

    with pytest.raises(ModelError, match=r"flock is a plain function; decorate it with @bw.behavior"):
        world_with().behaviors(flock)
    with pytest.raises(ModelError, match=r"world.behaviors takes behaviors: found 3"):
        world_with().behaviors((behavior("a"), 3))
    with pytest.raises(ModelError, match=r"a phase without behaviors"):
        world_with().behaviors(())
    one = behavior("a")
    with pytest.raises(ModelError, match=r"one phase has a behavior twice: a, a"):
        world_with().behaviors((one, one))


AGE_READ, AGE_WRITTEN = use(Bird, "age", reads=True), use(Bird, "age", reads=True, writes=True)
REACH = SimpleNamespace(component=Bird, fields=(field(Bird, "age"),), radius=1.0, edge=None)
GROWN_READ = SimpleNamespace(component=Grass, fields=(field(Grass, "grown"),))
GROWN_CLAIM = SimpleNamespace(
    target=Grass, stock=field(Grass, "grown"), result=use(Hungry, "age", writes=True)
)
GROWN_DEPOSIT = SimpleNamespace(field=field(Grass, "grown"))


def run_phase(one: Any, other: Any, **options: Any) -> None:
    world = world_with(Grid((3, 3)))
    world.cells(Grass)
    world.behaviors((one, other), **options)
    world.description()


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        (behavior("a", AGE_WRITTEN), behavior("b", AGE_READ), "a writes Bird.age, which b reads"),
        (behavior("a", AGE_READ), behavior("b", AGE_WRITTEN), "b writes Bird.age, which a reads"),
        (behavior("a", AGE_WRITTEN), behavior("b", AGE_WRITTEN), "a writes Bird.age, which b writes"),
        (
            behavior("a", claims=(GROWN_CLAIM,)),
            behavior("b", cells=(GROWN_READ,)),
            "a writes Grass.grown, which b reads",
        ),
        (
            behavior("a", claims=(GROWN_CLAIM,)),
            behavior("b", use(Hungry, "age", reads=True)),
            "a writes Hungry.age",
        ),
        (
            behavior("a", use(Grass, "grown", writes=True)),
            behavior("b", cells=(GROWN_READ,)),
            "behaviors a and b are in one phase, but a writes Grass.grown, which b reads; "
            "give them an order: world.behaviors(a, b)",
        ),
    ],
)
def test_conflicts_within_a_phase_are_named(one: Any, other: Any, message: str) -> None:
    with pytest.raises(ModelError) as error:
        run_phase(one, other)
    assert message in str(error.value)


def test_what_conflicts_with_nothing_passes() -> None:
    run_phase(behavior("a", AGE_READ), behavior("b", AGE_READ))
    run_phase(behavior("a", AGE_WRITTEN), behavior("b", use(Hungry, "age", writes=True)))
    run_phase(behavior("a", deposits=(GROWN_DEPOSIT,)), behavior("b", deposits=(GROWN_DEPOSIT,)))
    run_phase(behavior("a", AGE_WRITTEN), behavior("b", reaches=(REACH,)))
    with pytest.raises(ModelError, match=r"a writes Bird.age, which b reads"):
        run_phase(behavior("a", AGE_WRITTEN), behavior("b", reaches=(REACH,)), activation="sequential")


def test_behaviors_need_what_the_world_has() -> None:
    world = world_with()
    world.behaviors(behavior("flock", reaches=(REACH,)))
    with pytest.raises(ModelError, match=r"behavior flock looks for neighbours, but the world has no space"):
        world.description()
    for needs in (
        {"components": (Grass,)},
        {"cells": (GROWN_READ,)},
        {"claims": (GROWN_CLAIM,)},
        {"deposits": (GROWN_DEPOSIT,)},
    ):
        grid = world_with(Grid((3, 3)))
        grid.behaviors(behavior("graze", **needs))
        with pytest.raises(
            ModelError, match=r"behavior graze uses Grass of the cells.*declare world\.cells\(Grass"
        ):
            grid.description()


def test_random_cells_and_vec3_worlds() -> None:
    class Fish(Component):
        position: vec3

    world = world_with(Continuous((1.0, 2.0, 3.0), periodic=False))
    world.spawn(Fish, position=[[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    with pytest.raises(ModelError, match=r"expected a world on a grid for bw.random_cells"):
        world.spawn(Fish, position=random_cells())
