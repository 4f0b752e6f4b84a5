"""Distances compared without a square root: the same answer for every distance, bit by bit."""

from __future__ import annotations

import ctypes
import math
import struct
from typing import ClassVar

import llvmlite.binding as llvm
import numpy as np
import pytest

import bigworlds as bw
from bigworlds.behavior.compiled import limits
from bigworlds.behavior.compiled.compile import compilable_function
from bigworlds.behavior.object_code import target_machine
from bigworlds.data import Component, vec2

from .engine_stand_in import StandIn

LARGEST = float(np.finfo(float).max)
TINY = 5e-324


@pytest.fixture(scope="module")
def limit_of():
    """The two functions of the module, loaded by themselves."""
    machine = target_machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(limits.MODULE), machine)
    engine.finalize_object()
    kind = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)
    found = {n: kind(engine.get_function_address(n)) for n in (limits.BELOW, limits.UP_TO)}
    found["engine"] = engine
    return found


def numbers() -> list[float]:
    random = np.random.default_rng(1)
    bits = random.integers(1, 0x7FF0000000000000, 3000, dtype=np.uint64).view(np.float64)
    near = 10.0 ** random.uniform(-3, 3, 3000)
    whole = [float(n) for n in range(1, 300)]
    roots = [math.sqrt(n) for n in range(1, 300)]
    edges = [TINY, 2.3e-308, 1e-162, 1.5e-154, 1e-154, 1e154, 1.34e154, 1.4e154, LARGEST]
    beside = [math.nextafter(c, to) for c in (*whole, *roots, *edges) for to in (0.0, math.inf)]
    return [*bits.tolist(), *near.tolist(), *whole, *roots, *edges, *beside]


def test_limits_are_the_greatest_squares(limit_of):
    for c in numbers():
        if 0.0 < c < math.inf:
            below = limit_of[limits.BELOW](c)
            assert math.sqrt(below) < c <= math.sqrt(math.nextafter(below, math.inf)), c
        up_to = limit_of[limits.UP_TO](c)
        assert math.sqrt(up_to) <= c, c
        beyond = math.nextafter(up_to, math.inf)
        assert math.isinf(up_to) or math.sqrt(beyond) > c, c


@pytest.mark.parametrize("c", [0.0, -0.0, -1.0, -math.inf, math.inf, math.nan])
def test_numbers_that_no_distance_is_near(limit_of, c):
    for d2 in (0.0, TINY, 1.0, LARGEST, math.inf):
        distance = math.sqrt(d2)
        assert (d2 <= limit_of[limits.BELOW](c)) is (distance < c)
        assert (d2 <= limit_of[limits.UP_TO](c)) is (distance <= c)
        assert (d2 > limit_of[limits.UP_TO](c)) is (distance > c)
        assert (d2 > limit_of[limits.BELOW](c)) is (distance >= c)


class Params:
    __bw_layout__: ClassVar = {"near": ("f8", 0, 1), "whole": ("i8", 8, 1)}


class Thing(Component):
    position: vec2
    below: int
    up_to: int
    above: int
    from_on: int
    swapped: int
    constant: int
    row: int


@bw.behavior(neighbors=6.0)
def compare(thing: Thing, others: bw.Neighbors[Thing], p: Params) -> None:
    for other in others:
        if other.distance < p.near:
            thing.below += 1
        if other.distance <= p.near:
            thing.up_to += 1
        if other.distance > p.whole:
            thing.above += 1
        if p.near <= other.distance:
            thing.from_on += 1
        if p.whole > other.distance:
            thing.swapped += 1
        if 1.0 < other.distance <= 5.0:
            thing.constant += 1
        if other.distance < thing.row:
            thing.row += 1


@pytest.mark.parametrize("near", [3.0, math.sqrt(2.0), math.sqrt(13.0), 0.0, -1.0, math.inf, math.nan])
def test_all_comparisons_count_alike(near):
    # On a square lattice distances are roots of whole numbers: many equal the number compared with.
    position = np.array([(x, y) for x in range(6) for y in range(6)], dtype=float)
    parameters = struct.pack("dq", near, 3)
    fields = Thing.__bw_fields__
    found = []
    for interpret in (False, True):
        values = {fields["position"]: position}
        world = StandIn(compare, 36, values, parameters=parameters, radius=6.0, extent=(20.0, 20.0))
        kernel = compare.kernel(Params, sequential=False, interpret=interpret)
        assert world.run(kernel) == 0
        found.append({n: world.columns[f].tolist() for n, f in fields.items() if n != "position"})
    assert found[0] == found[1]
    assert any(found[0]["above"])


def test_comparisons_with_fixed_numbers_take_no_root():
    names = compilable_function(compare.program).__code__.co_names
    assert {"bw__nearer", "bw__within", "bw__beyond", "bw__not_nearer"} <= set(names)
    assert "distance" in names  # that with an own field, which differs by row
