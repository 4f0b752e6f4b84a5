"""Frames of a source: what is drawn by default and by declaration."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import pytest

from bigworlds.data import ivec2, vec2, vec3
from bigworlds.errors import ModelError
from bigworlds.view.camera import MAX_HISTORY_POINTS, Camera, extent_of, frame_of
from bigworlds.view.coloring import kind_color
from bigworlds.view.look import Look
from bigworlds.view.palette import EMPTY_CELL, NO_VALUE, named_colormap

from .worlds import Bird, Box, World, cell_component, component, flock, rows


class State(IntEnum):
    SUSCEPTIBLE = 0
    INFECTED = 1
    RECOVERED = 2


Sheep = component("Sheep", position=ivec2, energy=float)
Wolf = component("Wolf", position=ivec2)
Grass = cell_component("Grass", grown=bool, height=float)
Health = component("Health", state=State, load=float)


def meadow() -> World:
    return World(
        space=Box((4, 3)),
        tables={
            Sheep: rows(position=np.array([[0, 0], [3, 2]], dtype=np.int32), energy=[1.0, 5.0]),
            Wolf: rows(id=[7], position=np.array([[1, 1]], dtype=np.int32)),
        },
        lattice={
            Grass: {"grown": np.arange(12).reshape(3, 4) % 2 == 1, "height": np.arange(12.0).reshape(3, 4)}
        },
        figures={"sheep": 2},
    )


def test_without_looks_each_kind_has_its_own_colour_and_the_first_field_of_cells_is_shown() -> None:
    frame = frame_of(meadow(), caption="meadow")
    sheep, wolf = frame.points
    assert (sheep.name, wolf.name) == ("Sheep", "Wolf")
    assert sheep.rgb.tolist() == [list(kind_color(0))] * 2
    assert wolf.rgb.tolist() == [list(kind_color(1))]
    (grass,) = frame.cells
    assert grass.rgb[0, 0].tolist() == list(EMPTY_CELL)
    assert grass.rgb[0, 1].tolist() == list(kind_color(2))
    assert grass.opacity is None
    assert frame.extent == (4.0, 3.0)
    assert frame.grid == (4, 3)
    assert frame.agents == 3
    assert frame.title == "meadow · tick 0 · sheep 2"


def test_grid_places_are_the_middles_of_their_cells() -> None:
    sheep = frame_of(meadow()).points[0]
    assert sheep.cellular
    assert list(zip(sheep.x, sheep.y, strict=True)) == [(0.5, 0.5), (3.5, 2.5)]


def test_birds_point_along_their_velocity_unless_told_otherwise() -> None:
    world = flock(50)
    velocity = world.tables[Bird]["velocity"]
    heading = frame_of(world).points[0].heading
    assert heading is not None
    assert heading == pytest.approx(np.arctan2(velocity[:, 1], velocity[:, 0]))
    assert frame_of(world, [Look(Bird, heading=False)]).points[0].heading is None
    assert frame_of(meadow()).points[0].heading is None


def test_colours_show_numbers_between_the_ends_of_the_range() -> None:
    frame = frame_of(meadow(), [Look(Sheep, color="energy", colormap="gray", range=(1.0, 9.0))])
    table = named_colormap("gray").table
    assert frame.points[1].rgb.tolist() == [table[0].tolist(), table[128].tolist()]
    (scale,) = frame.scales
    assert (scale.label, scale.low, scale.high) == ("energy", 1.0, 9.0)


def test_a_camera_keeps_the_ends_that_it_has_seen() -> None:
    world = meadow()
    camera = Camera([Look(Sheep, color="energy")])
    before = camera.frame(world).points[1].rgb[0].tolist()
    world.tables[Sheep]["energy"] = np.array([1.0, 2.0])
    frame = camera.frame(world)
    assert (frame.scales[0].low, frame.scales[0].high) == (1.0, 5.0)
    assert frame.points[1].rgb[0].tolist() == before


def test_size_by_a_field_goes_from_half_to_twice() -> None:
    layer = frame_of(meadow(), [Look(Sheep, size="energy")]).points[1]
    assert layer.scale is not None
    assert layer.scale.tolist() == [0.5, 2.0]
    assert frame_of(meadow(), [Look(Sheep, size=2)]).points[1].diameter == 2.0


def test_enums_are_coloured_and_named_by_value_and_join_by_id() -> None:
    world = meadow()
    world.tables[Health] = rows(id=[2, 7, 9], state=[1, 2, 0], load=[0.5, 1.5, 2.5])
    frame = frame_of(world, [Look(Sheep, color="Health.state", colormap=("white", "red", "gray"))])
    sheep = next(layer for layer in frame.points if layer.name == "Sheep")
    assert sheep.rgb.tolist() == [[255, 255, 255], [255, 0, 0]]
    labels = [entry.label for entry in frame.legend]
    assert "infected" in labels
    assert "susceptible" in labels


def test_a_component_without_a_place_is_drawn_where_its_agents_are() -> None:
    world = meadow()
    world.tables[Health] = rows(id=[2, 99], state=[1, 2], load=[0.5, 1.5])
    frame = frame_of(world, [Look(Health, color="load")])
    layer = frame.points[-1]
    assert layer.name == "Health"
    assert layer.x.tolist() == [3.5]
    assert frame.agents == 3


def test_agents_without_the_other_component_are_grey() -> None:
    world = meadow()
    world.tables[Health] = rows(id=[2], state=[1], load=[0.5])
    layer = next(p for p in frame_of(world, [Look(Sheep, color="Health.load")]).points if p.name == "Sheep")
    assert layer.rgb[0].tolist() == list(NO_VALUE)


def test_small_integers_are_kinds_until_a_larger_one_is_seen() -> None:
    person = component("Person", position=vec2, group=int)
    world = World(space=Box((5.0, 5.0)), tables={person: rows(position=np.zeros((3, 2)), group=[0, 1, 7])})
    camera = Camera([Look(person, color="group")])
    assert camera.frame(world).points[0].rgb.tolist() == [list(kind_color(group)) for group in (0, 1, 7)]
    assert [entry.label for entry in camera.frame(world).legend] == ["group 0", "group 1", "group 7"]
    world.tables[person]["group"] = np.array([0, 1, 100])
    assert camera.frame(world).scales[0].high == 100
    world.tables[person]["group"] = np.array([0, 1, 2])
    assert camera.frame(world).legend == ()
    # Of listed colours each is a value's own, whichever values are there.
    look = Look(person, color="group", colormap=("red", "lime", "blue"))
    assert frame_of(world, [look]).points[0].rgb.tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
    world.tables[person]["group"] = np.array([1, 1, 2])
    assert frame_of(world, [look]).points[0].rgb[0].tolist() == [0, 255, 0]


def test_listed_values_have_the_listed_colours() -> None:
    look = Look(Sheep, color="energy", colormap={1: "blue", 5: "#102030"})
    world = meadow()
    world.tables[Sheep]["energy"] = np.array([5, 3])
    assert frame_of(world, [look]).points[1].rgb.tolist() == [[16, 32, 48], list(NO_VALUE)]


def test_further_cell_layers_shine_through_by_their_value() -> None:
    world = meadow()
    smell = cell_component("Smell", level=float)
    world.lattice[smell] = {"level": np.array([[0.0, 1.0], [0.5, 0.25]])}
    frame = frame_of(world, [Look(smell, colormap="cyan")])
    assert frame.cells[0].opacity is None
    assert frame.cells[1].opacity is not None
    assert frame.cells[1].opacity.tolist() == [[0.0, 1.0], [0.5, 0.25]]


def test_hidden_kinds_are_counted_but_not_drawn() -> None:
    frame = frame_of(meadow(), [Look(Wolf, symbol="none"), Look(Grass, symbol="none")])
    assert [layer.name for layer in frame.points] == ["Sheep"]
    assert frame.cells == ()
    assert frame.agents == 3


def test_each_table_is_fetched_once_a_frame() -> None:
    world = meadow()
    frame_of(world, [Look(Sheep, color="energy", size="energy"), Look(Wolf)])
    assert world.asked == {"Sheep": 1, "Wolf": 1, "Grass": 1}


def test_three_dimensions_are_seen_from_above_with_the_low_ones_darker_and_below() -> None:
    fish = component("Fish", position=vec3, velocity=vec3)
    place = np.array([[1.0, 1.0, 9.0], [2.0, 2.0, 0.0], [3.0, 3.0, 4.5]])
    world = World(space=Box((10.0, 10.0, 10.0)), tables={fish: rows(position=place, velocity=-place)})
    layer = frame_of(world, [Look(fish, color="white")]).points[0]
    assert layer.x.tolist() == [2.0, 3.0, 1.0]
    assert layer.rgb[:, 0].tolist() == [102, 178, 255]
    assert layer.heading is not None
    assert layer.heading == pytest.approx([-0.75 * np.pi] * 3)


def test_cells_of_three_dimensions_show_their_highest_value() -> None:
    gas = cell_component("Gas", level=float)
    world = World(space=Box((2, 1, 2)), lattice={gas: {"level": np.array([[[0.0, 1.0]], [[0.5, 0.0]]])}})
    (layer,) = frame_of(world, [Look(gas, colormap="gray")]).cells
    table = named_colormap("gray").table
    assert layer.rgb.tolist() == [[table[0].tolist(), table[255].tolist()]]


def test_a_world_without_space_shows_counts_over_time() -> None:
    world = World(tables={Health: rows(state=[0, 0, 1], load=[0.0] * 3)})
    camera = Camera([Look(Health, color="state")])
    camera.frame(world)
    world.tick, world.tables[Health]["state"] = 5, np.array([2, 1, 1])
    frame = camera.frame(world)
    assert frame.extent is None
    curves = {curve.name: curve.values.tolist() for curve in frame.curves}
    assert curves == {"susceptible": [2, 0], "infected": [1, 2], "recovered": [0, 1]}
    assert frame.curves[0].ticks.tolist() == [0, 5]
    assert frame.agents == 3


def test_the_history_is_bounded_and_spans_the_whole_run() -> None:
    world = World(tables={Wolf: rows(position=np.zeros((4, 2)))})
    camera = Camera()
    for tick in range(5 * MAX_HISTORY_POINTS):
        world.tick = tick
        frame = camera.frame(world)
    (curve,) = frame.curves
    assert MAX_HISTORY_POINTS // 2 <= len(curve.ticks) <= MAX_HISTORY_POINTS
    assert len(curve.ticks) == len(curve.values)
    assert curve.ticks[0] == 0
    assert curve.ticks[-1] > 0.95 * 5 * MAX_HISTORY_POINTS
    assert len(set(np.diff(curve.ticks))) == 1


@pytest.mark.parametrize(
    ("look", "message"),
    [
        (lambda: Look(Sheep, color="Helth.state"), r"no component 'Helth'; did you mean 'Health'\?"),
        (lambda: Look(Sheep, color="Health.stat"), r"Health has no field 'stat'; did you mean 'state'\?"),
        (lambda: Look(Sheep, color="Bird.velocity"), "no component 'Bird'"),
        (lambda: Look(Sheep, color="Wolf.position"), "needs one number, but 'position' has 2 of them"),
    ],
)
def test_looks_at_what_is_not_there_say_what_is(look: object, message: str) -> None:
    world = meadow()
    world.tables[Health] = rows(id=[2], state=[1], load=[0.5])
    with pytest.raises(ModelError, match=message):
        frame_of(world, [look()])  # type: ignore[operator]


def test_an_empty_world_is_drawn() -> None:
    world = World(
        space=Box((5.0, 5.0)), tables={Bird: rows(position=np.zeros((0, 2)), velocity=np.zeros((0, 2)))}
    )
    frame = frame_of(world, [Look(Bird, color="velocity angle", size="velocity length")])
    assert frame.agents == 0
    assert len(frame.points[0].x) == 0


def test_extents() -> None:
    assert extent_of(Box((7.0,))) == (7.0, 1.0)
    assert extent_of(Box((7.0, 2.0, 9.0))) == (7.0, 2.0)
    assert extent_of(None) is None


def test_looking_changes_nothing() -> None:
    world = flock(100)
    before = {name: column.copy() for name, column in world.tables[Bird].items()}
    frame_of(world, [Look(Bird, color="velocity angle", size="age")])
    for name, column in world.tables[Bird].items():
        assert np.array_equal(column, before[name])
