"""Cells around cells in compiled kernels: neighbours are read from the layer's columns, no service is asked.

A kernel of cells goes over spans: cells side by side with the same neighbours in the world. For each it is
told a stencil by Neighbors argument: the steps, in rows, to the neighbours. Where a stencil has the number of
cells that was expected when the kernel was compiled, the rows function knows it as a constant: loops over
neighbours are unrolled, what is read of them is loaded before the body runs, and simple bodies become vector
code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from bigworlds.behavior.abi import LAYOUT
from bigworlds.behavior.compiled import arguments as args
from bigworlds.behavior.compiled import memory
from bigworlds.behavior.compiled.memory import I64, PTR

# What is loaded before the body of each row is kept small enough for registers.
MOST_PRELOADED = 48

_STENCIL_SIZE = LAYOUT["sizeof.bw_stencil"]
_POINTERS = (
    (args.STENCIL_STEPS, "bw_stencil.steps", 0),
    (args.STENCIL_OFFSET, "bw_stencil.offset", 0),
    (args.STENCIL_OFFSET + 8, "bw_stencil.offset", 8),
    (args.STENCIL_OFFSET + 16, "bw_stencil.offset", 16),
    (args.STENCIL_DISTANCE2, "bw_stencil.distance2", 0),
)


@dataclass(frozen=True)
class StencilReach:
    """A Neighbors argument over cells: its type, and how many neighbours are expected (0: any number)."""

    type: args.ReachType
    expected: int

    @property
    def preloaded(self) -> tuple[int, ...]:
        """The columns that are loaded before the body: those of numbers and vectors."""
        kinds = {column: kind for column, kind in self.type.fields.values() if not memory.is_block(kind)}
        parts = sum(memory.VECTOR_SIZE.get(kind.kind, 1) for kind in kinds.values())
        return tuple(sorted(kinds)) if 0 < parts * self.expected <= MOST_PRELOADED else ()


def stencil_at(builder: Any, call: Any, reach: StencilReach, shape: Any) -> Any:
    """A pointer to the stencil of a reach for a shape."""
    reaches = memory.member(builder, call, "bw_call.reaches")
    entry = memory.at(builder, reaches, reach.type.index * LAYOUT["sizeof.bw_reach"])
    stencils = memory.member(builder, entry, "bw_reach.stencils")
    return memory.at(builder, stencils, builder.mul(shape, I64(_STENCIL_SIZE)))


def is_expected(builder: Any, call: Any, reach: StencilReach, stencil: Any) -> Any:
    """Whether a stencil has the expected number of cells, and the columns stand at their natural strides."""
    count = memory.member(builder, stencil, "bw_stencil.count", I64)
    fits = builder.icmp_signed("==", count, I64(reach.expected))
    for column, kind in reach.type.fields.values():
        _, stride = _column(builder, call, reach, column)
        natural = memory.element_size(kind) * memory.VECTOR_SIZE.get(kind.kind, 1)
        if not memory.is_block(kind):
            fits = builder.and_(fits, builder.icmp_signed("==", stride, I64(natural)))
    return fits


def _column(builder: Any, call: Any, reach: StencilReach, column: int) -> tuple[Any, Any]:
    """Pointer and stride of a column of a reach."""
    reaches = memory.member(builder, call, "bw_call.reaches")
    entry = memory.at(builder, reaches, reach.type.index * LAYOUT["sizeof.bw_reach"])
    columns = memory.member(builder, entry, "bw_reach.columns")
    at = memory.at(builder, columns, column * LAYOUT["sizeof.bw_column"])
    data = memory.member(builder, at, "bw_column.data")
    return data, memory.member(builder, at, "bw_column.stride", I64)


class StencilLoads:
    """What a rows function holds of one stencil: made before its loop, `load` in each row.

    Args:
        builder: stands in the entry block of the rows function.
        call: the bw_call.
        state: the row's state.
        reach: the argument.
        stencil: pointer to its bw_stencil for these rows.
        constant: whether it has the expected number of cells, at natural strides.
    """

    def __init__(
        self, builder: Any, call: Any, state: Any, reach: StencilReach, stencil: Any, constant: bool
    ) -> None:
        base = reach.type.base
        assert base is not None
        self.builder, self.reach = builder, reach
        count = I64(reach.expected)
        if not constant:
            count = memory.member(builder, stencil, "bw_stencil.count", I64)
        memory.store(builder, state, base + args.STENCIL_COUNT, count)
        for place, name, more in _POINTERS:
            pointer = memory.load(builder, stencil, LAYOUT[name] + more, PTR, invariant=True)
            memory.store(builder, state, base + place, pointer)
        self.columns: list[tuple[int, Any, Any]] = []
        kept = reach.preloaded if constant else ()
        for column, kind in reach.type.fields.values():
            values = ir.Constant(PTR, None)
            if column in kept:
                size = reach.expected * memory.VECTOR_SIZE.get(kind.kind, 1)
                array = builder.alloca(ir.ArrayType(memory.element_type(kind.dtype), size))
                values = builder.bitcast(array, PTR)
                self.columns.append((column, kind, values))
            memory.store(builder, state, base + args.STENCIL_VALUES + 8 * column, values)
        if self.columns:
            steps = memory.member(builder, stencil, "bw_stencil.steps")
            self.steps = [
                memory.load(builder, steps, 8 * k, I64, invariant=True) for k in range(reach.expected)
            ]
            self.data = {c: _column(builder, call, reach, c)[0] for c, _, _ in self.columns}

    def load(self, row: Any) -> None:
        """Loads what is read of the neighbours of a row."""
        builder = self.builder
        for column, kind, values in self.columns:
            parts, size = memory.VECTOR_SIZE.get(kind.kind, 1), memory.element_size(kind)
            for k, step in enumerate(self.steps):
                first = builder.mul(builder.add(row, step), I64(parts * size))
                for i in range(parts):
                    raw = memory.load(
                        builder,
                        self.data[column],
                        builder.add(first, I64(i * size)),
                        memory.element_type(kind.dtype),
                    )
                    memory.store(builder, values, (k * parts + i) * size, raw)


def neighbor_value(builder: Any, state: Any, reach: args.ReachType, name: str, slot: Any, k: Any) -> Any:
    """A field of the k-th neighbour, which stands in row `slot`: loaded before, or from its column."""
    assert reach.base is not None
    column, kind = reach.fields[name]
    columns = memory.member(builder, args.reach_of(builder, state, reach.index), "bw_reach.columns")
    if memory.is_block(kind):
        return args.column_value(builder, columns, column, kind, slot)
    values = memory.load(builder, state, reach.base + args.STENCIL_VALUES + 8 * column, PTR)
    loaded = builder.icmp_unsigned("!=", values, ir.Constant(PTR, None))
    with builder.if_else(loaded) as (then, otherwise):
        with then:
            size = memory.element_size(kind) * memory.VECTOR_SIZE.get(kind.kind, 1)
            one = args.value_at(builder, kind, values, builder.mul(k, I64(size)))
            one_block = builder.block
        with otherwise:
            other = args.column_value(builder, columns, column, kind, slot)
            other_block = builder.block
    value = builder.phi(one.type)
    value.add_incoming(one, one_block)
    value.add_incoming(other, other_block)
    return value
