"""Parameters: what a declaration accepts, what it refuses in which words, and the block that kernels see."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigworlds.data.parameters import ParameterRef, Parameters, param
from bigworlds.errors import ModelError, UserError


class Season(IntEnum):
    WINTER = 3
    SUMMER = 7


@dataclass(frozen=True)
class vec2:  # noqa: N801 - the name is how a vector type is known
    x: float
    y: float


class Params(Parameters):
    n: int = param(100, min=1, max=10**9, help="birds")
    radius: float = param(10.0, min=0.0, help="how far a bird sees")
    fast: bool = param(False)
    density: str = param("sparse", choices=("sparse", "dense"), help="birds per area")
    season: Season = param(Season.SUMMER)
    wind: vec2 = param((1.0, -2.0))
    plain: int = 4


def test_defaults_are_values_of_the_declared_types() -> None:
    p = Params()
    assert (p.n, p.radius, p.fast, p.density, p.plain) == (100, 10.0, False, "sparse", 4)
    assert p.season is Season.SUMMER
    assert p.wind == vec2(1.0, -2.0)


def test_class_access_gives_a_reference() -> None:
    reference: Any = Params.radius
    assert reference == ParameterRef("radius", Params)
    assert repr(reference) == "Params.radius"


def test_values_are_converted_to_the_declared_type() -> None:
    p = Params(n=np.int32(5), radius=3, season="winter", wind=[0, 1], fast=np.True_)
    assert type(p.n) is int
    assert p.n == 5
    assert type(p.radius) is float
    assert p.season is Season.WINTER
    assert p.wind == vec2(0.0, 1.0)
    assert p.fast is True


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"raduis": 1.0}, "Params has no parameter 'raduis'; did you mean 'radius'?"),
        ({"n": 0}, "parameter 'n': expected a whole number 1 to 1000000000; found 0"),
        ({"n": 2.5}, "parameter 'n': expected a whole number 1 to 1000000000; found 2.5"),
        ({"n": True}, "parameter 'n': expected a whole number 1 to 1000000000; found True"),
        ({"plain": 2**63}, "parameter 'plain': 9223372036854775808 does not fit 64 bits"),
        ({"radius": -1.0}, "parameter 'radius': expected a finite number >= 0.0; found -1.0"),
        ({"radius": float("nan")}, "parameter 'radius': expected a finite number >= 0.0; found nan"),
        ({"radius": "far"}, "parameter 'radius': expected a finite number >= 0.0; found 'far'"),
        ({"fast": 1}, "parameter 'fast': expected true or false; found 1"),
        ({"density": "spars"}, "expected one of sparse, dense; found 'spars'; did you mean 'sparse'?"),
        ({"season": "sumer"}, "expected one of WINTER, SUMMER; found 'sumer'"),
        ({"season": 4}, "parameter 'season': expected one of WINTER, SUMMER; found 4"),
        ({"wind": (1.0,)}, "parameter 'wind': expected 2 finite numbers; found (1.0,)"),
        ({"wind": 1.0}, "parameter 'wind': expected 2 finite numbers; found 1.0"),
    ],
)
def test_wrong_values_say_what_was_expected_and_found(values: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as error:
        Params(**values)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("n=1_000", 1000),
        ("n=1e6", 1_000_000),
        ("n= 7 ", 7),
        ("radius=2", 2.0),
        ("radius=1e-3", 0.001),
        ("fast=yes", True),
        ("fast=OFF", False),
        ("density=dense", "dense"),
        ("season=winter", Season.WINTER),
        ("season=7", Season.SUMMER),
        ("wind=1,2", vec2(1.0, 2.0)),
        ("wind=(3, -4)", vec2(3.0, -4.0)),
    ],
)
def test_texts_are_parsed_by_type(text: str, value: object) -> None:
    (parsed,) = Params.parse([text]).values()
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n", "expected name=value; found 'n'"),
        ("=5", "expected name=value; found '=5'"),
        ("raduis=5", "Params has no parameter 'raduis'; did you mean 'radius'?"),
        ("n=2.5", "parameter 'n': expected a whole number 1 to 1000000000; found '2.5'"),
        ("n=1e20", "found '1e20'"),
        ("n=", "found ''"),
        ("n=-1", "expected a whole number 1 to 1000000000; found -1"),
        ("fast=maybe", "parameter 'fast': expected true or false; found 'maybe'"),
        ("radius=inf", "expected a finite number >= 0.0; found inf"),
        ("wind=1,b", "parameter 'wind': expected 2 finite numbers; found '1,b'"),
    ],
)
def test_wrong_texts_say_what_was_expected_and_found(text: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        Params.parse([text])
    assert message in str(error.value)


def test_a_later_assignment_wins() -> None:
    assert Params.parse(["n=1", "n=2"]) == {"n": 2}


def test_values_are_fixed_and_replace_copies() -> None:
    p = Params(n=5)
    with pytest.raises(UserError, match=r"fixed once built; write `p\.replace\(n=\.\.\.\)`"):
        p.n = 6
    with pytest.raises(UserError, match="has no parameter 'm'"):
        p.m = 6
    with pytest.raises(UserError, match="cannot be deleted"):
        del p.n
    changed = p.replace(radius=1.5)
    assert (changed.n, changed.radius, p.radius) == (5, 1.5, 10.0)
    with pytest.raises(UserError, match="expected a whole number"):
        p.replace(n=0)


def test_equality_hash_and_plain_values() -> None:
    p = Params(n=5, season=Season.WINTER)
    assert p == Params(n=5, season="WINTER")
    assert hash(p) == hash(Params(n=5, season=3))
    assert p != Params(n=6)
    plain = p.as_dict()
    assert plain["season"] == "WINTER"
    assert plain["wind"] == [1.0, -2.0]
    assert list(plain) == list(p) == ["n", "radius", "fast", "density", "season", "wind", "plain"]
    assert Params(**plain) == p


def test_block_has_every_value_at_its_offset() -> None:
    p = Params(n=7, radius=0.25, fast=True, density="dense", season=Season.WINTER, wind=(5.0, 6.0))
    block = p.pack()
    assert dict(Params.__bw_layout__) == {
        "n": ("i8", 0, 1),
        "radius": ("f8", 8, 1),
        "fast": ("b1", 16, 1),
        "density": ("i8", 24, 1),
        "season": ("i8", 32, 1),
        "wind": ("f8", 40, 2),
        "plain": ("i8", 56, 1),
    }
    assert len(block) == 64
    assert struct.unpack("<qdqqqddq", block) == (7, 0.25, 1, 1, 3, 5.0, 6.0, 4)
    for name, (kind, offset, length) in Params.__bw_layout__.items():
        stored = np.frombuffer(block, dtype=kind, count=length, offset=offset)
        assert stored.tolist() == Params.__bw_parameters__[name].slot_values(getattr(p, name))


@given(n=st.integers(-(2**63), 2**63 - 1), x=st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_text_and_block(n: int, x: float) -> None:
    class Numbers(Parameters):
        n: int = 0
        x: float = 0.0

    p = Numbers(**Numbers.parse([f"n={n}", f"x={x!r}"]))
    assert (p.n, p.x) == (n, x)
    assert struct.unpack("<qd", p.pack()) == (n, x)


def test_a_subclass_adds_behind_the_inherited_ones() -> None:
    class More(Params):
        extra: float = param(1.0)

    assert More.__bw_layout__["extra"] == ("f8", 64, 1)
    assert More(n=3).pack()[:64] == Params(n=3).pack()
    reference: Any = More.radius
    assert reference == ParameterRef("radius", More)


class Scaled(Parameters):
    density: str = param("sparse", choices=("sparse", "dense"))
    radius: float = param(lambda p: 5.0 if p.density == "sparse" else 15, min=0.0)


def test_a_default_may_follow_from_the_parameters_before_it() -> None:
    assert Scaled().radius == 5.0
    assert Scaled(density="dense").radius == 15.0
    assert Scaled(density="dense", radius=2).radius == 2.0
    assert Scaled().replace(density="dense").radius == 15.0
    assert Scaled(radius=2).replace(density="dense").radius == 2.0
    assert Scaled(**Scaled(density="dense").as_dict()) == Scaled(density="dense")
    assert Scaled.__bw_parameters__["radius"].default_text == "by the others"
    with pytest.raises(ModelError, match=r"Late: a default uses 'b', which is declared after it"):

        class Late(Parameters):
            a: float = param(lambda p: p.b)
            b: float = 1.0

    with pytest.raises(
        ModelError, match=r"Wrong: a default is wrong: parameter 'b': expected a whole number >= 5"
    ):

        class Wrong(Parameters):
            a: int = 1
            b: int = param(lambda p: p.a, min=5)


def test_help_texts() -> None:
    declared = Params.__bw_parameters__
    assert [p.range_text for p in declared.values()] == [
        "1 to 1000000000",
        ">= 0.0",
        "",
        "sparse | dense",
        "WINTER | SUMMER",
        "",
        "",
    ]
    assert [p.default_text for p in declared.values()] == [
        "100",
        "10.0",
        "false",
        "sparse",
        "SUMMER",
        "1.0,-2.0",
        "4",
    ]
    for parameter in declared.values():
        assert parameter.parse(parameter.default_text) == parameter.default


def declare(annotation: Any, default: Any, name: str = "value") -> None:
    type("Bad", (Parameters,), {"__annotations__": {name: annotation}, name: default})


@pytest.mark.parametrize(
    ("annotation", "default", "message"),
    [
        (
            list,
            [],
            "Bad.value: expected int, float, bool, str with choices, an enum.IntEnum, bw.vec2 or bw.vec3",
        ),
        (str, "a", "Bad.value: a str parameter needs choices"),
        (str, param("a", choices=("a", "a")), "Bad.value: choices has a name twice"),
        (int, param(1, choices=("a",)), "Bad.value: choices are for str parameters; it is int"),
        (bool, param(True, min=0), "Bad.value: min and max are for int and float parameters; it is bool"),
        (int, param(1, min=3, max=2), "Bad.value: min 3 is above max 2"),
        (
            int,
            param(0, min=1),
            "Bad.value: the default is wrong: parameter 'value': expected a whole number >= 1",
        ),
        ("Nowhere", 1, "an annotation of Bad cannot be read: name 'Nowhere' is not defined"),
    ],
)
def test_wrong_declarations(annotation: Any, default: Any, message: str) -> None:
    with pytest.raises(ModelError) as error:
        declare(annotation, default)
    assert message in str(error.value)


@pytest.mark.parametrize("name", ["size", "rng", "replace", "pack"])
def test_names_with_a_meaning_of_their_own_are_refused(name: str) -> None:
    with pytest.raises(ModelError, match=f"Bad.{name}: the name '{name}' has a meaning of its own"):
        declare(int, 1, name)


def test_a_missing_default_or_type_is_refused() -> None:
    with pytest.raises(ModelError, match=r"NoDefault\.n has no default; write `n: \.\.\. = bw\.param"):

        class NoDefault(Parameters):
            n: int

    with pytest.raises(ModelError, match=r"NoType\.n has no type; write `n: int = bw\.param"):

        class NoType(Parameters):
            n = param(3)
