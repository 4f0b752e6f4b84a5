"""Neighbours on grids with at most one agent a cell, where the kernel looks at the cells itself: counting,
visiting cell after cell, and tallies that look at eight cells at a time."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import signature
from numba.extending import intrinsic

from bigworlds.behavior.abi import LAYOUT
from bigworlds.behavior.compiled import arguments as args
from bigworlds.behavior.compiled import memory
from bigworlds.behavior.compiled.effects import variadic
from bigworlds.behavior.compiled.memory import F64, I1, I8, I32, I64, PTR
from bigworlds.behavior.translate.by_cell import Tally

RUNTIME = ("cell_count", "cell_taken", "in_cell", "neighbor_count")
LANES = 8  # cells of a run
_BYTES = ir.VectorType(I8, LANES)
_TRUTHS = ir.VectorType(I1, LANES)
_WHOLES = ir.VectorType(I64, LANES)
_REALS = ir.VectorType(F64, LANES)
_ORDERED: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip


def _occupants(builder: Any, state: Any, reach: args.ReachType) -> Any:
    return memory.member(builder, args.reach_of(builder, state, reach.index), "bw_reach.occupants")


def own_cell(builder: Any, occupants: Any, row: Any, reach: args.ReachType, steps: str) -> tuple[Any, Any]:
    """The cell in which a row began, and the member "neighbors" or "runs" that leads on from there."""
    places = LAYOUT["bw_occupants.places"]
    data = memory.load(builder, occupants, places + LAYOUT["bw_column.data"], PTR, invariant=True)
    stride = memory.load(builder, occupants, places + LAYOUT["bw_column.stride"], I64, invariant=True)
    place = memory.at(builder, data, builder.mul(row, stride, flags=["nsw"]))
    cell = memory.member(builder, occupants, "bw_occupants.origin", I64)
    found = memory.member(builder, occupants, f"bw_occupants.{steps}")
    for axis in range(reach.axes):
        at = builder.sext(memory.load(builder, place, 4 * axis, I32), I64)
        if axis == 1 and reach.hexagonal:
            is_odd = builder.icmp_signed("!=", builder.and_(at, I64(1)), I64(0))
            found = builder.select(
                is_odd, memory.member(builder, occupants, f"bw_occupants.odd_{steps}"), found
            )
        if axis > 0:
            step = LAYOUT["bw_occupants.strides"] + 8 * axis
            at = builder.mul(at, memory.load(builder, occupants, step, I64, invariant=True), flags=["nsw"])
        cell = builder.add(cell, at, flags=["nsw"])
    return cell, found


def _neighbor(builder: Any, state: Any, reach: args.ReachType, k: Any) -> tuple[Any, Any]:
    """The occupants, and the k-th cell around the row's."""
    occupants = _occupants(builder, state, reach)
    own, steps = own_cell(builder, occupants, args.row_of(builder, state), reach, "neighbors")
    step = memory.load(builder, steps, builder.shl(k, I64(3)), I64, invariant=True)
    return occupants, builder.add(own, step, flags=["nsw"])


def fetch_around(builder: Any, call: Any, state: Any, reach: args.ReachType, row: Any) -> None:
    """Brings the cells around a row into the cache, and what is read of who stands there."""
    reaches = memory.member(builder, call, "bw_call.reaches")
    found = memory.at(builder, reaches, reach.index * LAYOUT["sizeof.bw_reach"])
    occupants = memory.member(builder, found, "bw_reach.occupants")
    occupied = memory.member(builder, occupants, "bw_occupants.occupied")
    count = memory.load(builder, state, reach.runs, I64)
    own, runs = own_cell(builder, occupants, row, reach, "runs")
    with cgutils.for_range(builder, count, intp=I64) as loop:
        step = memory.load(builder, runs, builder.shl(loop.index, I64(3)), I64, invariant=True)
        cell = builder.add(own, step, flags=["nsw"])
        memory.prefetch(builder, memory.at(builder, occupied, cell))
        for column, kind in reach.fields.values():
            if column == reach.coded:
                continue  # most kernels have it from the cells
            data = args.packed_column(builder, found, column)
            memory.prefetch(builder, memory.at(builder, data, args.packed_bytes(builder, kind, cell)))


@intrinsic
def cell_count(context: Any, reach: Any) -> Any:
    """How many cells are around the row's."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        occupants = _occupants(builder, values[0], reach)
        return memory.member(builder, occupants, "bw_occupants.neighbor_count", I64)

    return signature(types.int64, reach), emit


@intrinsic
def cell_taken(context: Any, reach: Any, k: Any) -> Any:
    """Whether somebody stands in the k-th cell around."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        occupants, cell = _neighbor(builder, values[0], reach, values[1])
        occupied = memory.member(builder, occupants, "bw_occupants.occupied")
        return builder.icmp_unsigned("!=", memory.load(builder, occupied, cell, I8), I8(0))

    return signature(types.boolean, reach, types.int64), emit


@intrinsic
def in_cell(context: Any, reach: Any, k: Any) -> Any:
    """Who stands in the k-th cell around."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        _, cell = _neighbor(builder, values[0], reach, values[1])
        members = [values[0], cell, F64(0.0), F64(0.0), F64(0.0), F64(0.0), I64(0)]
        value = ir.Constant(ir.LiteralStructType([m.type for m in members]), ir.Undefined)
        for i, part in enumerate(members):
            value = builder.insert_value(value, part, i)
        return value

    return signature(args.ItemType(reach), reach, types.int64), emit


def _vector(builder: Any, base: Any, offset: Any, kind: Any) -> Any:
    """Values side by side, from an address of any alignment."""
    pointer = builder.bitcast(memory.at(builder, base, offset), kind.as_pointer())
    return builder.load(pointer, align=1)


def _sum_over_runs(builder: Any, state: Any, reach: args.ReachType, test: Callable[[Any, Any], Any]) -> Any:
    """How many cells around pass a test: a function from a run's first cell, and from what `occupied` says of
    eight, to eight truths."""
    occupants = _occupants(builder, state, reach)
    occupied = memory.member(builder, occupants, "bw_occupants.occupied")
    lanes = memory.member(builder, occupants, "bw_occupants.lanes")
    count = memory.load(builder, state, reach.runs, I64)
    own, runs = own_cell(builder, occupants, args.row_of(builder, state), reach, "runs")
    popcount = builder.module.declare_intrinsic("llvm.ctpop", [I64])
    total = cgutils.alloca_once_value(builder, I64(0))
    with cgutils.for_range(builder, count, intp=I64) as loop:
        by8 = builder.shl(loop.index, I64(3))
        first = builder.add(own, memory.load(builder, runs, by8, I64, invariant=True), flags=["nsw"])
        passed = test(first, _vector(builder, occupied, first, _BYTES))
        # Bytes of 1 where it is passed, else of 0.
        counted = builder.select(passed, _vector(builder, lanes, by8, _BYTES), ir.Constant(_BYTES, None))
        number = builder.call(popcount, [builder.bitcast(counted, I64)])
        builder.store(builder.add(builder.load(total), number), total)
    return builder.load(total)


def _on_all_lanes(builder: Any, value: Any) -> Any:
    empty = ir.Constant(ir.VectorType(value.type, LANES), ir.Undefined)
    single = builder.insert_element(empty, value, I32(0))
    return builder.shuffle_vector(single, empty, ir.Constant(ir.VectorType(I32, LANES), [0] * LANES))


def run_count(builder: Any, call: Any, reach: args.ReachType) -> Any:
    """In how many runs the cells around a cell are looked at."""
    reaches = memory.member(builder, call, "bw_call.reaches")
    found = memory.at(builder, reaches, reach.index * LAYOUT["sizeof.bw_reach"])
    occupants = memory.member(builder, found, "bw_reach.occupants")
    return memory.member(builder, occupants, "bw_occupants.run_count", I64)


def tells_field(builder: Any, call: Any, reach: args.ReachType) -> Any:
    """Whether the cells tell the field of bytes of those who stand there."""
    reaches = memory.member(builder, call, "bw_call.reaches")
    found = memory.at(builder, reaches, reach.index * LAYOUT["sizeof.bw_reach"])
    occupants = memory.member(builder, found, "bw_reach.occupants")
    coded = memory.member(builder, occupants, "bw_occupants.coded", I64)
    told = builder.icmp_signed("==", coded, I64(reach.coded))
    return builder.zext(builder.and_(told, I1(reach.coded >= 0)), I64)


def _taken(builder: Any, there: Any) -> Any:
    return builder.icmp_unsigned("!=", there, ir.Constant(_BYTES, None))


@intrinsic
def neighbor_count(context: Any, reach: Any) -> Any:
    """len(others)"""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        return _sum_over_runs(builder, values[0], reach, lambda first, there: _taken(builder, there))

    return signature(types.int64, reach), emit


def tally(found: Tally) -> Any:
    """The runtime function of a tally: of the Neighbors argument and the given values."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        given = dict(zip(found.given, values[1:], strict=True))
        state, reach = values[0], sig.args[0]
        plain = _Lanes(builder, state, reach, given)
        count = partial(_sum_over_runs, builder, state, reach)
        if not plain.may_read_codes(found.test):
            return count(lambda first, there: plain.among(found.test, first, there))
        coded = _Lanes(builder, state, reach, given, by_code=True)
        total = cgutils.alloca_once_value(builder, I64(0))
        tells = memory.load(builder, state, reach.runs + 8, I64)
        with builder.if_else(builder.icmp_signed("!=", tells, I64(0)), likely=True) as (then, otherwise):
            for block, lanes in ((then, coded), (otherwise, plain)):
                with block:
                    builder.store(count(partial(lanes.among, found.test)), total)
        return builder.load(total)

    def typing(context: Any, *given: Any) -> Any:
        return signature(types.int64, *given), emit

    return variadic("tally", 1 + len(found.given), typing)


class _Lanes:
    """Emits a tally's test for the eight cells of a run; `by_code`: where the cells tell the field of bytes
    of those who stand there."""

    def __init__(
        self, builder: Any, state: Any, reach: args.ReachType, given: dict[str, Any], by_code: bool = False
    ) -> None:
        self.builder, self.state, self.reach, self.given = builder, state, reach, given
        self.by_code = by_code
        self.there: Any = None  # what the cells of the run in hand tell

    def among(self, node: ast.expr, first: Any, there: Any) -> Any:
        """Eight truths: whether somebody stands there and passes."""
        self.there = there
        passed = self.test(node, first)
        match node:
            case ast.Compare(ops=[ast.Eq()]) if self.by_code and self._code_asked(node) is not None:
                return passed  # what is told of an empty cell is no value
        return self.builder.and_(passed, _taken(self.builder, there))

    def may_read_codes(self, test: ast.expr) -> bool:
        """Whether any part of a test can be answered by what cells tell."""
        return any(isinstance(n, ast.Compare) and self._code_asked(n) is not None for n in ast.walk(test))

    def _code_asked(self, node: ast.Compare) -> Any | None:
        """The given whole number that the field of bytes is compared with, else None."""
        asked = self._field_and_value(node)
        if asked is None or self.reach.fields[asked[0]][0] != self.reach.coded:
            return None
        return asked[1]

    def _field_and_value(self, node: ast.Compare) -> tuple[str, Any] | None:
        """The field and the given whole number of a test whether they are, or are not, equal; else None."""
        field, value = node.left, node.comparators[0]
        if isinstance(value, ast.Attribute):
            field, value = value, field
        if not (isinstance(node.ops[0], (ast.Eq, ast.NotEq)) and isinstance(field, ast.Attribute)):
            return None
        if not (isinstance(value, ast.Name) and self.given[value.id].type == I64):
            return None
        return field.attr, self.given[value.id]

    def test(self, node: ast.expr, first: Any) -> Any:
        """Eight truths, of the cells from `first` on."""
        builder = self.builder
        if isinstance(node, ast.UnaryOp):
            return builder.xor(self.test(node.operand, first), ir.Constant(_TRUTHS, [1] * LANES))
        if isinstance(node, ast.BoolOp):
            join = builder.and_ if isinstance(node.op, ast.And) else builder.or_
            made = self.test(node.values[0], first)
            for value in node.values[1:]:
                made = join(made, self.test(value, first))
            return made
        assert isinstance(node, ast.Compare)
        narrow = self._narrow(node, first)
        if narrow is not None:
            return narrow
        left, right = self._alike(self._values(node.left, first), self._values(node.comparators[0], first))
        order = _ORDERED[type(node.ops[0])]
        if left.type != _REALS:
            return builder.icmp_signed(order, left, right)
        return (builder.fcmp_unordered if order == "!=" else builder.fcmp_ordered)(order, left, right)

    def _narrow(self, node: ast.Compare, first: Any) -> Any | None:
        """Whether a stored whole number is, or is not, a given one: compared as it is stored, where the given
        one fits into that; else None."""
        builder, asked = self.builder, self._field_and_value(node)
        if asked is None:
            return None
        field, value = asked
        dtype = self.reach.fields[field][1].dtype
        if dtype[0] not in "iu" or memory.dtype_size(dtype) == 8:
            return None
        raw, unfit = memory.to_element(builder, dtype, value)
        if self.by_code and self._code_asked(node) is not None:
            # The byte 255 has no code: none stands there who has it.
            no_code = builder.icmp_unsigned("==", raw, I8(255))
            unfit = no_code if unfit is None else builder.or_(unfit, no_code)
            same = builder.icmp_signed("==", self.there, _on_all_lanes(builder, builder.add(raw, I8(1))))
        else:
            same = builder.icmp_signed("==", self._stored(field, first), _on_all_lanes(builder, raw))
        if unfit is not None:
            same = builder.and_(same, _on_all_lanes(builder, builder.not_(unfit)))
        if isinstance(node.ops[0], ast.Eq):
            return same
        return builder.xor(same, ir.Constant(_TRUTHS, [1] * LANES))

    def _alike(self, left: Any, right: Any) -> tuple[Any, Any]:
        """Both as numbers are compared: reals where one is real, else whole numbers."""
        builder = self.builder
        sides = [builder.zext(side, _WHOLES) if side.type == _TRUTHS else side for side in (left, right)]
        if any(side.type == _REALS for side in sides):
            sides = [side if side.type == _REALS else builder.sitofp(side, _REALS) for side in sides]
        return sides[0], sides[1]

    def _values(self, node: ast.expr, first: Any) -> Any:
        """A field of the eight neighbours, or a value that is the same for all."""
        builder = self.builder
        if isinstance(node, ast.Attribute):
            return self._field(node.attr, first)
        assert isinstance(node, ast.Name)
        return _on_all_lanes(builder, self.given[node.id])

    def _stored(self, name: str, first: Any) -> Any:
        """A field of the eight, as it is stored."""
        builder = self.builder
        column, kind = self.reach.fields[name]
        reach = args.reach_of(builder, self.state, self.reach.index)
        data, offset = args.packed_column(builder, reach, column), args.packed_bytes(builder, kind, first)
        return _vector(builder, data, offset, ir.VectorType(memory.element_type(kind.dtype), LANES))

    def _field(self, name: str, first: Any) -> Any:
        builder, kind = self.builder, self.reach.fields[name][1]
        raw = self._stored(name, first)
        if kind.dtype[0] == "f":
            return raw if raw.type == _REALS else builder.fpext(raw, _REALS)
        if kind.dtype[0] == "b":
            return builder.icmp_unsigned("!=", raw, ir.Constant(raw.type, None))
        if raw.type == _WHOLES:
            return raw
        return (builder.sext if kind.dtype[0] == "i" else builder.zext)(raw, _WHOLES)
