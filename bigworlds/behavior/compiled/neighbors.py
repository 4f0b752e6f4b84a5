"""Neighbour loops in compiled behaviors: gathering, counting, the k-th item, the nearest.

The engine keeps one list of hits per call. The row's state remembers which argument it was gathered for, so
that a loop gathers once, and gathers again only after another argument's loop has been in between.
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


def _ensure_gathered(builder: Any, state: Any, reach: args.ReachType) -> None:
    """Calls gather unless the hits in the row's state are this argument's."""
    current = memory.load(builder, state, args.GATHERED, I64)
    with builder.if_then(builder.icmp_signed("!=", current, I64(reach.index)), likely=False):
        call = args.call_of(builder, state)
        row = args.row_of(builder, state)
        count = memory.service(builder, call, "gather", I64, [call, I64(reach.index), row])
        memory.store(builder, state, args.GATHERED, I64(reach.index))
        memory.store(builder, state, args.COUNT, count)
        copied = [("slots", args.SLOTS), ("distance2", args.DISTANCE2), ("edges", args.EDGES)]
        for name, place in copied:
            pointer = memory.load(builder, call, _HITS + LAYOUT[f"bw_hits.{name}"], PTR)
            memory.store(builder, state, place, pointer)
        for axis in range(3):
            pointer = memory.load(builder, call, _HITS + LAYOUT["bw_hits.offset"] + 8 * axis, PTR)
            memory.store(builder, state, args.OFFSET + 8 * axis, pointer)


def _count(builder: Any, state: Any, reach: args.ReachType) -> Any:
    _ensure_gathered(builder, state, reach)
    return memory.load(builder, state, args.COUNT, I64)


def _item(builder: Any, state: Any, reach: args.ReachType, k: Any) -> Any:
    """The k-th hit as an item value; of its geometry only what the behavior uses is read (a graph has
    none)."""
    by4, by8 = builder.shl(k, I64(2)), builder.shl(k, I64(3))
    slots = memory.load(builder, state, args.SLOTS, PTR)
    members = [state, builder.zext(memory.load(builder, slots, by4, I32), I64)]
    for axis in range(3):
        if reach.offset is not None and axis < reach.offset.size:
            pointer = memory.load(builder, state, args.OFFSET + 8 * axis, PTR)
            members.append(memory.load(builder, pointer, by8, F64))
        else:
            members.append(F64(0.0))
    if reach.metric:
        distance2 = memory.load(builder, state, args.DISTANCE2, PTR)
        members.append(memory.load(builder, distance2, by8, F64))
    else:
        members.append(F64(0.0))
    if reach.edge_fields:
        edges = memory.load(builder, state, args.EDGES, PTR)
        members.append(builder.zext(memory.load(builder, edges, by4, I32), I64))
    else:
        members.append(I64(0))
    value = ir.Constant(ir.LiteralStructType([m.type for m in members]), ir.Undefined)
    for i, part in enumerate(members):
        value = builder.insert_value(value, part, i)
    return value


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
        distance2 = memory.load(builder, values[0], args.DISTANCE2, PTR)
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
