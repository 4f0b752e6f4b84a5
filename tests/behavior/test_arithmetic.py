"""Numbers in behaviors: compiled and interpreted runs give the same bits, and both what the rules say."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bigworlds as bw
from bigworlds.data import Component, f32, i8, i16, i32, u8, u64

from .engine_stand_in import StandIn, both

floats = st.floats(width=64) | st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 2.5, 1e300, 5e-324])
wholes = st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 5)
LIMIT = 2**63


class Numbers(Component):
    a: float
    b: float
    c: float
    d: float
    e: float
    f: float
    g: float
    h: float


class Wholes(Component):
    a: int
    b: int
    c: int
    d: int
    e: int
    f: int
    g: int
    h: int


def run_floats(behavior, rows):
    values = np.array(rows, dtype=float)
    return both(
        behavior, lambda: StandIn(behavior, len(rows), {Numbers.a: values[:, 0], Numbers.b: values[:, 1]})
    )


def run_wholes(behavior, rows):
    values = np.array(rows, dtype=np.int64)
    return both(
        behavior, lambda: StandIn(behavior, len(rows), {Wholes.a: values[:, 0], Wholes.b: values[:, 1]})
    )


@bw.behavior
def float_operators(n: Numbers) -> None:
    n.c = n.a + n.b * n.a - n.b
    n.d = n.a / n.b
    n.e = n.a // n.b
    n.f = n.a % n.b
    n.g = min(n.a, n.b) + max(n.b, n.a, 0.5)
    n.h = abs(-n.a) if n.a < n.b or n.a == n.b else +n.b


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(floats, floats), min_size=1, max_size=20))
def test_float_operators(rows):
    run_floats(float_operators, rows)


def test_floats_follow_ieee():
    world = run_floats(float_operators, [(1.0, 0.0), (-1.0, 0.0), (0.0, 0.0), (7.5, 2.0), (-7.5, 2.0)])
    np.testing.assert_array_equal(world.columns[Numbers.d], [np.inf, -np.inf, np.nan, 3.75, -3.75])
    np.testing.assert_array_equal(world.columns[Numbers.e], [np.inf, -np.inf, np.nan, 3.0, -4.0])
    np.testing.assert_array_equal(world.columns[Numbers.f], [np.nan, np.nan, np.nan, 1.5, 0.5])


@bw.behavior
def powers(n: Numbers) -> None:
    n.c = n.a**2 + n.a**0
    n.d = n.a**5
    n.e = n.a**-3
    n.f = n.a**0.5
    n.g = n.a**n.b
    n.h = 2**n.b


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(-5, 5)), min_size=1, max_size=20))
def test_powers(rows):
    run_floats(powers, rows)


@bw.behavior
def mathematics(n: Numbers) -> None:
    n.c = math.sin(n.a) + math.cos(n.b) * math.atan2(n.a, n.b)
    n.d = math.exp(n.a / 100.0) + math.log(n.b) + math.hypot(n.a, n.b)
    n.e = math.sqrt(n.a) + math.fabs(n.b) + math.cbrt(n.a)
    n.f = math.copysign(n.a, n.b) + math.degrees(n.a) - math.radians(n.b)
    n.g = 1.0 if math.isnan(n.a) else 2.0 if math.isinf(n.a) else 3.0 if math.isfinite(n.b) else 4.0
    n.h = math.pi + math.e * math.tau + math.inf


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(floats, floats), min_size=1, max_size=10))
def test_mathematics(rows):
    run_floats(mathematics, rows)


@bw.behavior
def rounding(n: Numbers) -> None:
    n.c = int(n.a)
    n.d = round(n.a)
    n.e = math.floor(n.a)
    n.f = math.ceil(n.a)
    n.g = math.trunc(n.a) + float(int(n.b > 0.0))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.floats(-1e18, 1e18) | st.floats(-3, 3), floats), min_size=1, max_size=10))
def test_rounding(rows):
    world = run_floats(rounding, rows)
    assert world.status == 0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 2.0**63, -(2.0**64)])
def test_floats_that_are_no_64_bit_ints_end_the_row(bad):
    world = run_floats(rounding, [(1.5, 0.0), (bad, 0.0), (2.5, 0.0)])
    assert (world.status, world.failed_row) == (1, 1)
    np.testing.assert_array_equal(world.columns[Numbers.c], [1.0, 0.0, 0.0])


@bw.behavior
def whole_operators(n: Wholes) -> None:
    n.c = n.a + n.b * n.a - n.b
    n.d = -n.a + abs(n.b)
    n.e = (n.a & n.b) | (n.a ^ 12345) ^ ~n.b
    n.f = (n.a << (n.b & 63)) + (n.a >> (n.b & 31))
    n.g = n.a**3 + n.b**0
    n.h = min(n.a, n.b) + max(n.a, 3, n.b) + int(n.a == n.b) + (n.a > 2)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(wholes, wholes), min_size=1, max_size=20))
def test_whole_operators_wrap_around(rows):
    world = run_wholes(whole_operators, rows)
    for (a, b), c in zip(rows, world.columns[Wholes.c].tolist(), strict=True):
        assert (a + b * a - b - c) % 2**64 == 0


@bw.behavior
def whole_division(n: Wholes) -> None:
    n.c = n.a // n.b
    n.d = n.a % n.b
    n.e = int(n.a / 2 > 1.0)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(wholes, wholes), min_size=1, max_size=20))
def test_whole_division_rounds_down(rows):
    world = run_wholes(whole_division, rows)
    zero = next((i for i, (_, b) in enumerate(rows) if b == 0), None)
    assert world.status == (0 if zero is None else 1)
    if zero is not None:
        assert world.failed_row == zero
        assert isinstance(world.error, ZeroDivisionError)
    for (a, b), c in list(zip(rows, world.columns[Wholes.c].tolist(), strict=True))[:zero]:
        assert c == (a // b if (a, b) != (-LIMIT, -1) else -LIMIT)


@bw.behavior
def shifts(n: Wholes) -> None:
    n.c = n.a << n.b


@pytest.mark.parametrize("count", [-1, 64, 2**40])
def test_a_shift_beyond_63_bits_ends_the_row(count):
    assert run_wholes(shifts, [(1, count)]).status == 1


class Small(Component):
    a: i8
    b: u8
    c: i16
    d: i32
    e: u64
    f: f32
    g: bool
    value: int


@bw.behavior
def narrow(s: Small) -> None:
    s.a = s.value
    s.b = s.value
    s.c = s.value * 3
    s.d = s.value - 7
    s.e = s.e - 1
    s.f = s.f * s.f
    s.g = s.value > 3


def test_values_are_stored_in_the_field_types():
    def make():
        values = {Small.value: [0, 5, 127], Small.e: [0, 2**64 - 1, 1], Small.f: [0.1, 3e38, -1e-30]}
        return StandIn(narrow, 3, {f: np.array(v, dtype=f.dtype) for f, v in values.items()})

    world = both(narrow, make)
    assert world.status == 0
    assert world.columns[Small.a].tolist() == [0, 5, 127]
    assert world.columns[Small.e].tolist() == [2**64 - 1, 2**64 - 2, 0]
    assert world.columns[Small.f].tolist() == [
        struct.unpack("f", struct.pack("f", np.float32(0.1) ** 2))[0],
        math.inf,
        0.0,
    ]
    assert world.columns[Small.g].tolist() == [False, True, True]


@pytest.mark.parametrize("value", [-1, 128, 255, 256, 2**40])
def test_a_number_that_does_not_fit_ends_the_row_and_stores_nothing(value):
    world = both(narrow, lambda: StandIn(narrow, 2, {Small.value: np.array([1, value])}))
    assert (world.status, world.failed_row) == (1, 1)
    assert world.columns[Small.a].tolist() == [1, 0]
    assert world.columns[Small.c].tolist() == [3, 0]
    assert "does not fit into" in str(world.error)


@bw.behavior
def mixed_names(n: Wholes, m: Numbers) -> None:
    x = 0
    if n.a > 0:
        x = m.a
    m.c = -x
    y = 1 if n.b > 0 else m.b
    m.d = y
    m.e = -max(0, m.a)
    n.c = 9223372036854775808 + n.a
    n.d = 0xFFFFFFFFFFFFFFFF


def test_a_name_has_one_kind_so_zero_keeps_its_sign():
    def make():
        return StandIn(mixed_names, 2, {Wholes.a: np.array([0, 1]), Numbers.a: np.array([0.0, 2.0])})

    world = both(mixed_names, make)
    assert math.copysign(1.0, world.columns[Numbers.c][0]) == -1.0
    assert math.copysign(1.0, world.columns[Numbers.e][0]) == -1.0
    assert world.columns[Wholes.c].tolist() == [-LIMIT, 1 - LIMIT]
    assert world.columns[Wholes.d].tolist() == [-1, -1]
