"""Neighbour loops in compiled behaviors: gathering, counting, the k-th item, the nearest.

The engine keeps one list of hits per call. The row's state remembers which argument it was gathered for, so
that a loop gathers once, and gathers again only after another argument's loop has been in between. Of those
that every row looks at in continuous space, the engine lists the slots of many rows at once; offsets and
squared distances are made of coordinates here, by the operations of the engine's search. Cells around cells
are not gathered: see stencils.py.
"""

from __future__ import annotations

from dataclasses import dataclass
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


def gather_slots(builder: Any, call: Any, reach: int, first: Any, count: Any) -> tuple[Any, Ahead]:
    """Asks for the neighbours of rows from `first` on: for how many of them they were found, and where."""
    given = [call, I64(reach), first, count]
    rows = memory.service(builder, call, "gather_slots", I64, given)
    slots = memory.load(builder, call, LAYOUT["bw_call.rows_hits"] + LAYOUT["bw_hits.slots"], PTR)
    starts = memory.member(builder, call, "bw_call.hit_starts", invariant=False)
    return rows, Ahead(starts, slots, memory.member(builder, call, "bw_call.hit_centers", invariant=False))


@dataclass(frozen=True)
class Ahead:
    """What was found for several rows: pointers to where the hits of each begin, to all their slots, and to
    where each search started."""

    starts: Any
    slots: Any
    centers: Any

    def note(self, builder: Any, state: Any, reach: args.ReachType, number: Any) -> None:
        """Puts the hits of the `number`-th row into the row's state, as if it had gathered them."""
        at = builder.shl(number, I64(2))
        begin = builder.zext(memory.load(builder, self.starts, at, I32), I64)
        end = builder.zext(memory.load(builder, self.starts, builder.add(at, I64(4)), I32), I64)
        memory.store(builder, state, args.GATHERED, I64(reach.index))
        memory.store(builder, state, args.COUNT, builder.sub(end, begin))
        memory.store(builder, state, args.SLOTS, memory.at(builder, self.slots, builder.shl(begin, I64(2))))
        center = memory.at(builder, self.centers, builder.mul(number, I64(8 * reach.located)))
        for axis in range(reach.located):
            memory.store(builder, state, args.CENTER + 8 * axis, memory.load(builder, center, 8 * axis, F64))


def _steps(builder: Any, state: Any, reach: args.ReachType, slot: Any) -> list[Any]:
    """The offset of a slot from where the search started, by axis; taken as one vector, which it stays
    where all of it is used alike."""
    kind = ir.VectorType(F64, reach.located)
    view = args.reach_of(builder, state, reach.index)
    places = memory.member(builder, view, "bw_reach.places")
    place = memory.at(builder, places, builder.mul(slot, I64(8 * reach.located)))
    there = builder.load(builder.bitcast(place, kind.as_pointer()), align=8)
    center = memory.at(builder, state, args.CENTER)
    center = builder.load(builder.bitcast(center, kind.as_pointer()), align=8)
    step = builder.fsub(there, center)
    return [builder.extract_element(step, I32(axis)) for axis in range(reach.located)]


def _squared(builder: Any, steps: list[Any]) -> Any:
    """The squared length of an offset, summed as the engine's searches do."""
    total = builder.fmul(steps[0], steps[0])
    for step in steps[1:]:
        total = builder.fadd(total, builder.fmul(step, step))
    return total


def _count(builder: Any, state: Any, reach: args.ReachType) -> Any:
    if reach.base is not None:
        return memory.load(builder, state, reach.base + args.STENCIL_COUNT, I64)
    _ensure_gathered(builder, state, reach)
    return memory.load(builder, state, args.COUNT, I64)


def _item(builder: Any, state: Any, reach: args.ReachType, k: Any) -> Any:
    """The k-th hit as an item value; of its geometry only what the behavior uses is read (a graph has
    none)."""
    by4, by8 = builder.shl(k, I64(2)), builder.shl(k, I64(3))
    slot = _slot(builder, state, reach, k)
    steps, distance2 = [F64(0.0)] * 3, F64(0.0)
    if reach.located:
        if reach.offset is not None or reach.metric:
            found = _steps(builder, state, reach, slot)
            steps, distance2 = [*found, F64(0.0)][:3], _squared(builder, found)
    else:
        for axis in range(reach.offset.size if reach.offset is not None else 0):
            pointer = memory.load(builder, state, _place(reach, args.OFFSET) + 8 * axis, PTR)
            steps[axis] = memory.load(builder, pointer, by8, F64)
        if reach.metric:
            pointer = memory.load(builder, state, _place(reach, args.DISTANCE2), PTR)
            distance2 = memory.load(builder, pointer, by8, F64)
    edge = I64(0)
    if reach.base is not None:
        edge = k
    elif reach.edge_fields:
        edges = memory.load(builder, state, args.EDGES, PTR)
        edge = builder.zext(memory.load(builder, edges, by4, I32), I64)
    members = [state, slot, *steps, distance2, edge]
    value = ir.Constant(ir.LiteralStructType([m.type for m in members]), ir.Undefined)
    for i, part in enumerate(members):
        value = builder.insert_value(value, part, i)
    return value


def _distance2(builder: Any, state: Any, reach: args.ReachType, k: Any) -> Any:
    """The squared distance of the k-th hit."""
    if reach.located:
        return _squared(builder, _steps(builder, state, reach, _slot(builder, state, reach, k)))
    distance2 = memory.load(builder, state, _place(reach, args.DISTANCE2), PTR)
    return memory.load(builder, distance2, builder.shl(k, I64(3)), F64)


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
        with cgutils.for_range(builder, count, intp=I64) as loop:
            here = _distance2(builder, values[0], reach, loop.index)
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
