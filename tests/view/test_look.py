"""Looks: what a declaration means, and the messages for what cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from bigworlds.data import vec2
from bigworlds.errors import ModelError
from bigworlds.view.look import Look, Part, Quantity, Symbol, parse_quantity
from bigworlds.view.palette import (
    COLORMAP_NAMES,
    KIND_COLORS,
    NO_VALUE,
    linear_colormap,
    luminance,
    named_colormap,
    parse_color,
)

from .worlds import Bird, component


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("energy", Quantity("energy")),
        ("velocity.y", Quantity("velocity", Part.Y)),
        ("velocity length", Quantity("velocity", Part.LENGTH)),
        ("Health.state", Quantity("state", owner="Health")),
        ("Bird.velocity.x", Quantity("velocity", Part.X, "Bird")),
        ("Bird.velocity angle", Quantity("velocity", Part.ANGLE, "Bird")),
    ],
)
def test_a_quantity_is_read_from_text(text: str, quantity: Quantity) -> None:
    assert parse_quantity(text) == quantity


@pytest.mark.parametrize(
    "text", ["", "a b c", "velocity.w", "velocity.x angle", "velocity speed", "1x", "a.b.c"]
)
def test_other_text_is_no_quantity(text: str) -> None:
    with pytest.raises(ModelError, match="is no field"):
        parse_quantity(text)


def test_parts_of_a_vector() -> None:
    column = np.array([[3.0, 4.0], [0.0, -2.0]])
    assert Quantity("v", Part.Y).of(column).tolist() == [4.0, -2.0]
    assert Quantity("v", Part.LENGTH).of(column).tolist() == [5.0, 2.0]
    assert Quantity("v", Part.ANGLE).of(column).tolist() == pytest.approx([np.arctan2(4, 3), -np.pi / 2])
    with pytest.raises(ModelError, match="needs one number, but 'v' has 2"):
        Quantity("v").of(column)
    with pytest.raises(ModelError, match="needs a vector"):
        Quantity("age", Part.ANGLE).of(np.arange(3))
    with pytest.raises(ModelError, match="'v' has 2 axes"):
        Quantity("v", Part.Z).of(column)


def test_a_field_goes_before_a_colour_of_the_same_name() -> None:
    fruit = component("Fruit", position=vec2, orange=float)
    assert Look(fruit, color="orange").color_quantity == Quantity("orange")
    assert Look(Bird, color="orange").constant_color == (255, 165, 0)


def test_a_field_object_names_its_component() -> None:
    assert Look(Bird, color=Bird.age).color_quantity == Quantity("age", owner="Bird")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"color": "velocty angle"}, r"look of Bird: color='velocty angle' is neither .* mean 'velocity'\?"),
        ({"color": (1, 2, 300)}, "three integers from 0 to 255; found"),
        ({"size": 0}, "size is a positive number, or a field; found 0"),
        ({"size": float("nan")}, "size is a positive number"),
        ({"size": "aeg"}, r"Bird has no field 'aeg'; did you mean 'age'\?"),
        ({"range": (3, 3)}, "lowest < highest; found"),
        ({"range": 5}, r"range is \(lowest, highest\); found 5"),
        ({"heading": "velocit"}, "no field 'velocit'; did you mean 'velocity'"),
        ({"symbol": "arow"}, r"unknown symbol 'arow'; did you mean 'arrow'\?"),
        ({"colormap": "heet"}, r"'heet' is no colormap and no colour; did you mean 'heat'"),
        ({"colormap": ("red",)}, "at least two colours"),
        ({"colormap": ("red", "gren")}, r"'gren' is no colour .*did you mean 'green'"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_write(options: dict[str, object], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Look(Bird, **options)  # type: ignore[arg-type]


def test_a_symbol_may_be_text() -> None:
    assert Look(Bird, symbol="none").symbol is Symbol.NONE


def test_colours_of_kinds_are_far_apart() -> None:
    for place, one in enumerate(KIND_COLORS):
        for other in KIND_COLORS[:place]:
            assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) > 60**2


@pytest.mark.parametrize("name", ["heat", "cool", "gray"])
def test_lightness_rises_all_the_way(name: str) -> None:
    light = luminance(named_colormap(name).table)
    assert np.all(np.diff(light) > -0.004)
    assert light[-1] - light[0] > 0.7


def test_every_named_colormap_has_256_colours() -> None:
    for name in COLORMAP_NAMES:
        assert named_colormap(name).table.shape == (256, 3)


def test_values_beyond_the_ends_are_clipped_and_missing_ones_grey() -> None:
    colormap = linear_colormap(("black", "white"))
    colors = colormap.colors(np.array([-1.0, 0.0, 1.0, 7.0, np.inf, np.nan]))
    assert colors.tolist() == [[0] * 3, [0] * 3, [255] * 3, [255] * 3, [255] * 3, list(NO_VALUE)]


def test_a_cyclic_colormap_meets_itself() -> None:
    wheel = named_colormap("cyclic")
    assert wheel.colors(np.array([0.0])).tolist() == wheel.colors(np.array([1.0])).tolist()
    steps = np.abs(np.diff(wheel.table.astype(int), axis=0, append=wheel.table[:1].astype(int)))
    assert steps.max() <= 8


def test_the_middle_of_a_colormap_is_the_middle_to_the_eye() -> None:
    # Half way from black to white in OKLab is sRGB 99, not 128.
    middle = linear_colormap(("black", "white")).table[127]
    assert abs(int(middle[0]) - 99) <= 1


def test_colours_are_refused_by_name() -> None:
    with pytest.raises(ModelError, match=r"'tomatto' is no colour .*did you mean 'tomato'"):
        parse_color("tomatto")
