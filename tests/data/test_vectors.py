"""vec2, vec3, ivec2, ivec3 as Python values."""

from __future__ import annotations

import copy
import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigworlds import ivec2, ivec3, vec2, vec3
from bigworlds.data.vectors import divide, square_root, wrap64

whole = st.integers(-(2**63), 2**63 - 1)


def test_arithmetic_of_floats():
    a, b = vec2(1.0, 2.0), vec2(3.0, -4.0)
    assert a + b == vec2(4.0, -2.0)
    assert a - b == vec2(-2.0, 6.0)
    assert a * 2 == 2 * a == vec2(2.0, 4.0)
    assert a * b == vec2(3.0, -8.0)
    assert b / 2 == vec2(1.5, -2.0)
    assert b / a == vec2(3.0, -2.0)
    assert -a == vec2(-1.0, -2.0)
    assert +a is a
    assert a.dot(b) == -5.0
    assert b.length() == 5.0
    assert b.length2() == 25.0
    assert b.normalized() == vec2(0.6, -0.8)
    assert vec3(2.0, 3.0, 6.0).length() == 7.0
    assert vec3(1.0, 2.0, 3.0).dot(vec3(4.0, 5.0, 6.0)) == 32.0


def test_arithmetic_of_whole_numbers():
    a, b = ivec2(7, -7), ivec2(2, 2)
    assert a + b == ivec2(9, -5)
    assert a - b == ivec2(5, -9)
    assert a * 3 == 3 * a == ivec2(21, -21)
    assert a // 2 == ivec2(3, -4)
    assert a % b == ivec2(1, 1)
    assert a / 2 == vec2(3.5, -3.5)
    assert a * 0.5 == 0.5 * a == vec2(3.5, -3.5)
    assert a.dot(b) == 0
    assert a.length2() == 98.0
    assert ivec3(1, 2, 2).length() == 3.0
    assert isinstance((a * 3).x, int)


def test_whole_and_float_vectors_mix():
    assert ivec2(1, 2) + vec2(0.5, 0.5) == vec2(1.5, 2.5)
    assert vec2(0.5, 0.5) - ivec2(1, 2) == vec2(-0.5, -1.5)
    assert ivec2(1, 2) - vec2(0.5, 0.5) == vec2(0.5, 1.5)
    assert ivec2(2, 3) * vec2(0.5, 2.0) == vec2(1.0, 6.0)
    assert vec3(1, 2, 3).dot(ivec3(1, 1, 1)) == 6.0
    assert ivec2(1, 2) == vec2(1.0, 2.0)


def test_division_by_zero_follows_ieee():
    assert vec2(1.0, -1.0) / 0.0 == vec2(math.inf, -math.inf)
    assert math.isnan((vec2(0.0, 1.0) / 0.0).x)
    assert vec2(0.0, 0.0).normalized() == vec2(0.0, 0.0)
    with pytest.raises(ZeroDivisionError):
        ivec2(1, 2) // 0


@given(whole, whole, whole)
def test_whole_numbers_wrap_around(a, b, c):
    assert (ivec2(a, b) + ivec2(c, a)).x == wrap64(a + c)
    assert (ivec2(a, b) * c).y == wrap64(b * c)
    assert ivec2(a, b).dot(ivec2(b, c)) == wrap64(a * b + b * c)


@given(st.floats(), st.floats())
def test_divide_is_that_of_the_machine(a, b):
    import numpy as np

    with np.errstate(all="ignore"):
        expected = float(np.float64(a) / np.float64(b))
    got = divide(a, b)
    assert (math.isnan(got) and math.isnan(expected)) or (
        got == expected and math.copysign(1, got) == math.copysign(1, expected)
    )


def test_square_roots():
    assert square_root(9.0) == 3.0
    assert math.isnan(square_root(-1.0))
    assert math.isnan(square_root(math.nan))
    assert math.copysign(1.0, square_root(-0.0)) == -1.0


@pytest.mark.parametrize(
    "value",
    [vec2(1.5, 2.0), vec3(1.0, 2.0, 3.0), ivec2(1, 2), ivec3(1, 2, 3)],
    ids=lambda v: type(v).__name__,
)
def test_values_are_plain_and_fixed(value):
    assert copy.deepcopy(value) == value
    assert pickle.loads(pickle.dumps(value)) == value
    assert type(value)(*value) == value
    assert hash(type(value)(*value)) == hash(value)
    assert repr(value) == f"{type(value).__name__}({', '.join(map(repr, value))})"
    assert len(value) == len(tuple(value))
    assert value[0] == value.x
    with pytest.raises(AttributeError, match="make a new one"):
        value.x = 3
    assert value != "text"


@pytest.mark.parametrize("make", [lambda: vec2("a", 1), lambda: ivec2(1.5, 2), lambda: vec3(1, 2, None)])
def test_components_are_numbers(make):
    with pytest.raises(TypeError, match="expects"):
        make()


@pytest.mark.parametrize(
    "operation",
    [
        lambda: vec2(1, 2) + 1,
        lambda: vec2(1, 2) + vec3(1, 2, 3),
        lambda: ivec2(1, 2) // 1.5,
        lambda: vec2(1, 2) * "a",
        lambda: 1 / vec2(1, 2),
        lambda: vec2(1, 2).dot(vec3(1, 2, 3)),
        lambda: ivec2(1, 2).dot(ivec3(1, 2, 3)),
    ],
)
def test_what_has_no_meaning_is_a_type_error(operation):
    with pytest.raises(TypeError):
        operation()
