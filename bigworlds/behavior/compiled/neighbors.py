"""Neighbour loops in compiled behaviors: gathering, counting, the k-th item, the nearest.

The engine keeps one list of hits per call. The row's state remembers which argument it was gathered for, so
that a loop gathers once, and gathers again only after another argument's loop has been in between. Cells
around cells are not gathered: see stencils.py.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import signature
from numba.extending import intrinsic

from bigworlds.behavior.abi import LAYOUT
from bigworlds.behavior.compiled import arguments as args
from bigworlds.behavior.compiled import memory
from bigworlds.behavior.compiled.memory import F64, I32, I64, PTR

_HITS = LAYOUT["bw_call.hits"]

# The columns of bw_hits: where each stands in it, where in the row's state, and the bytes of a value. A graph
# has no geometry and others have no edges, so those pointers may be null, and nobody reads through them.
HIT_COLUMNS = (
    (LAYOUT["bw_hits.slots"], args.SLOTS, 4),
    (LAYOUT["bw_hits.distance2"], args.DISTANCE2, 8),
    (LAYOUT["bw_hits.edges"], args.EDGES, 4),
    *((LAYOUT["bw_hits.offset"] + 8 * axis, args.OFFSET + 8 * axis, 8) for axis in range(3)),
)


def _ensure_gathered(builder: Any, state: Any, reach: args.ReachType) -> None:
    """Calls gather unless the hits in the row's state are this argument's."""
    current = memory.load(builder, state, args.GATHERED, I64)
    with builder.if_then(builder.icmp_signed("!=", current, I64(reach.index)), likely=False):
        call = args.call_of(builder, state)
        row = args.row_of(builder, state)
        count = memory.service(builder, call, "gather", I64, [call, I64(reach.index), row])
        memory.store(builder, state, args.GATHERED, I64(reach.index))
        memory.store(builder, state, args.COUNT, count)
        for member, place, _ in HIT_COLUMNS:
            pointer = memory.load(builder, call, _HITS + member, PTR)
            memory.store(builder, state, place, pointer)


def gather_rows(builder: Any, call: Any, reach: int, first: Any, count: Any) -> tuple[Any, Any, list[Any]]:
    """Asks for the neighbours of rows from `first` on: for how many of them they were found, where the hits
    of each begin, and the columns of hits."""
    given = [call, I64(reach), first, count]
    rows = memory.service(builder, call, "gather_rows", I64, given)
    starts = memory.member(builder, call, "bw_call.hit_starts", invariant=False)
    hits = LAYOUT["bw_call.rows_hits"]
    return rows, starts, [memory.load(builder, call, hits + member, PTR) for member, _, _ in HIT_COLUMNS]


def note_hits(builder: Any, state: Any, reach: int, starts: Any, columns: list[Any], number: Any) -> None:
    """Puts the hits of the block's `number`-th row into the row's state, as if it had gathered them."""
    at = builder.shl(number, I64(2))
    begin = builder.zext(memory.load(builder, starts, at, I32), I64)
    end = builder.zext(memory.load(builder, starts, builder.add(at, I64(4)), I32), I64)
    memory.store(builder, state, args.GATHERED, I64(reach))
    memory.store(builder, state, args.COUNT, builder.sub(end, begin))
    for (_, place, size), column in zip(HIT_COLUMNS, columns, strict=True):
        memory.store(builder, state, place, memory.at(builder, column, builder.mul(begin, I64(size))))


def _count(builder: Any, state: Any, reach: args.ReachType) -> Any:
    if reach.base is not None:
        return memory.load(builder, state, reach.base + args.STENCIL_COUNT, I64)
    _ensure_gathered(builder, state, reach)
    return memory.load(builder, state, args.COUNT, I64)


def _item(builder: Any, state: Any, reach: args.ReachType, k: Any) -> Any:
    """The k-th hit as an item value; of its geometry only what the behavior uses is read (a graph has
    none)."""
    by4, by8 = builder.shl(k, I64(2)), builder.shl(k, I64(3))
    members = [state, _slot(builder, state, reach, k)]
    for axis in range(3):
        if reach.offset is not None and axis < reach.offset.size:
            pointer = memory.load(builder, state, _place(reach, args.OFFSET) + 8 * axis, PTR)
            members.append(memory.load(builder, pointer, by8, F64))
        else:
            members.append(F64(0.0))
    if reach.metric:
        distance2 = memory.load(builder, state, _place(reach, args.DISTANCE2), PTR)
        members.append(memory.load(builder, distance2, by8, F64))
    else:
        members.append(F64(0.0))
    if reach.base is not None:
        members.append(k)
    elif reach.edge_fields:
        edges = memory.load(builder, state, args.EDGES, PTR)
        members.append(builder.zext(memory.load(builder, edges, by4, I32), I64))
    else:
        members.append(I64(0))
    value = ir.Constant(ir.LiteralStructType([m.type for m in members]), ir.Undefined)
    for i, part in enumerate(members):
        value = builder.insert_value(value, part, i)
    return value


def _place(reach: args.ReachType, gathered: int) -> int:
    """Where the row's state holds a pointer: of the gathered hits, or of this argument's stencil."""
    if reach.base is None:
        return gathered
    return reach.base + {args.OFFSET: args.STENCIL_OFFSET, args.DISTANCE2: args.STENCIL_DISTANCE2}[gathered]


def _slot(builder: Any, state: Any, reach: args.ReachType, k: Any) -> Any:
    """The row of the k-th neighbour in the columns of the reach."""
    if reach.base is None:
        slots = memory.load(builder, state, args.SLOTS, PTR)
        return builder.zext(memory.load(builder, slots, builder.shl(k, I64(2)), I32), I64)
    steps = memory.load(builder, state, reach.base + args.STENCIL_STEPS, PTR)
    step = memory.load(builder, steps, builder.shl(k, I64(3)), I64, invariant=True)
    return builder.add(args.row_of(builder, state), step)


@intrinsic
def neighbor_count(context: Any, reach: Any) -> Any:
    """len(others)"""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        return _count(builder, values[0], reach)

    return signature(types.int64, reach), emit


@intrinsic
def neighbor_at(context: Any, reach: Any, k: Any) -> Any:
    """The k-th neighbour, 0 <= k < neighbor_count(others)."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        if reach.base is None:
            _ensure_gathered(builder, values[0], reach)
        return _item(builder, values[0], reach, values[1])

    return signature(args.ItemType(reach), reach, types.int64), emit


@intrinsic
def nearest(context: Any, reach: Any) -> Any:
    """others.nearest(): the first of those with the smallest squared distance, or None."""
    item_type = args.ItemType(reach)

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        count = _count(builder, values[0], reach)
        best = cgutils.alloca_once_value(builder, I64(0))
        least = cgutils.alloca_once_value(builder, F64(float("inf")))
        distance2 = memory.load(builder, values[0], _place(reach, args.DISTANCE2), PTR)
        with cgutils.for_range(builder, count, intp=I64) as loop:
            here = memory.load(builder, distance2, builder.shl(loop.index, I64(3)), F64)
            with builder.if_then(builder.fcmp_ordered("<", here, builder.load(least))):
                builder.store(here, least)
                builder.store(loop.index, best)
        result = cgutils.alloca_once_value(builder, ctx.make_optional_none(builder, item_type))
        with builder.if_then(builder.icmp_signed(">", count, I64(0))):
            item = _item(builder, values[0], reach, builder.load(best))
            builder.store(ctx.make_optional_value(builder, item_type, item), result)
        return builder.load(result)

    any_types: Any = types  # the library's stub does not know Optional
    return signature(any_types.Optional(item_type), reach), emit
