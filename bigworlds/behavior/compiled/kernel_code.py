"""The kernel around a compiled function: it takes what the engine gives, and calls the loop over rows.

Kernels without services or neighbours get a second loop for columns at their natural strides, which the
optimiser can vectorise like a loop over plain arrays. Kernels of cells go over spans of rows, and read the
cells around in place (stencils.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba.core import cgutils

from bigworlds.behavior.abi import LAYOUT, OK
from bigworlds.behavior.compiled import memory
from bigworlds.behavior.compiled.cells import run_count
from bigworlds.behavior.compiled.entry import Entry
from bigworlds.behavior.compiled.memory import I32, I64, PTR
from bigworlds.behavior.compiled.rows import RowLoop
from bigworlds.behavior.compiled.stencils import is_expected, stencil_at

KERNEL_NAME = "bw_kernel"


def emit_kernel(module: Any, context: Any, fndescs: Sequence[Any], entry: Entry) -> None:
    """Adds `int32 bw_kernel(bw_call*, int64, int64)` to a module that will be linked with the functions: that
    of the behavior, or its first half, its second half, and the second half of those who are near."""
    function = ir.Function(module, ir.FunctionType(I32, [PTR, I64, I64]), KERNEL_NAME)
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    call, begin, end = function.args
    columns = memory.member(builder, call, "bw_call.columns")
    data, strides = [], []
    for k in range(len(entry.columns)):
        at = memory.at(builder, columns, k * LAYOUT["sizeof.bw_column"])
        data.append(memory.member(builder, at, "bw_column.data"))
        strides.append(memory.member(builder, at, "bw_column.stride", I64))
    natural = [I64(use.field.stride) for use in entry.columns]
    is_natural = ir.IntType(1)(1)
    for stride, usual in zip(strides, natural, strict=True):
        is_natural = builder.and_(is_natural, builder.icmp_signed("==", stride, usual))
    for reach, runs in zip(entry.looked_at, entry.runs, strict=True):
        expected = builder.icmp_signed("==", run_count(builder, call, reach), I64(runs))
        is_natural = builder.and_(is_natural, expected)
    fast = None
    if entry.fast:
        fast = _rows_function(module, context, fndescs, entry, "bw_rows_natural", natural)
    slow = _rows_function(module, context, fndescs, entry, "bw_rows", None)

    def emit_rows(first: Any, last: Any, shape: Any) -> None:
        """Handles rows first..last-1 and returns if one failed."""
        stencils = [stencil_at(builder, call, reach, shape) for reach in entry.stencils]
        usual = is_natural
        for reach, stencil in zip(entry.stencils, stencils, strict=True):
            usual = builder.and_(usual, is_expected(builder, call, reach, stencil))
        given = [call, first, last, *data]
        status = cgutils.alloca_once_value(builder, I32(OK))
        if fast is None:
            builder.store(builder.call(slow, [*given, *strides, *stencils]), status)
        else:
            with builder.if_else(usual, likely=True) as (then, otherwise):
                with then:
                    builder.store(builder.call(fast, [*given, *stencils]), status)
                with otherwise:
                    builder.store(builder.call(slow, [*given, *strides, *stencils]), status)
        found = builder.load(status)
        with builder.if_then(builder.icmp_signed("!=", found, I32(OK)), likely=False):
            builder.ret(found)

    _emit_spans(builder, call, begin, end, emit_rows) if entry.spans else emit_rows(begin, end, I64(0))
    builder.ret(I32(OK))


def _emit_spans(
    builder: Any, call: Any, begin: Any, end: Any, emit_rows: Callable[[Any, Any, Any], None]
) -> None:
    """Handles call->spans[begin..end-1]; without spans the rows begin..end-1, as one."""
    alone = builder.bitcast(builder.alloca(ir.ArrayType(I64, 3)), PTR)
    for name, value in (("begin", begin), ("end", end), ("shape", I64(0))):
        memory.store(builder, alone, LAYOUT[f"bw_span.{name}"], value)
    spans = memory.member(builder, call, "bw_call.spans")
    none = builder.icmp_unsigned("==", spans, ir.Constant(PTR, None))
    spans = builder.select(none, alone, spans)
    first = builder.select(none, I64(0), begin)
    count = builder.sub(builder.select(none, I64(1), end), first)
    with cgutils.for_range(builder, count, intp=I64) as loop:
        number = builder.add(first, loop.index)
        span = memory.at(builder, spans, builder.mul(number, I64(LAYOUT["sizeof.bw_span"])))
        rows = [
            memory.member(builder, span, f"bw_span.{name}", I64, invariant=False)
            for name in ("begin", "end", "shape")
        ]
        emit_rows(*rows)


def _rows_function(
    module: Any, context: Any, fndescs: Sequence[Any], entry: Entry, name: str, fixed: Sequence[Any] | None
) -> Any:
    """The loop over rows as a function of call, begin, end, column pointers and, unless fixed, strides."""
    count = len(entry.columns)
    kinds = [PTR, I64, I64, *[PTR] * count, *([] if fixed is not None else [I64] * count)]
    kinds += [PTR] * len(entry.stencils)
    function = ir.Function(module, ir.FunctionType(I32, kinds), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    call, begin, end = function.args[:3]
    call.attributes.dereferenceable, call.attributes.align = LAYOUT["sizeof.bw_call"], 8
    pointers = function.args[3 : 3 + count]
    if not entry.sequential:
        # Own columns are distinct memory, and others are read from copies made at the start of the phase.
        for pointer in pointers:
            pointer.add_attribute("noalias")
    strides = fixed if fixed is not None else function.args[3 + count : 3 + 2 * count]
    stencils = function.args[len(function.args) - len(entry.stencils) :]
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    row_loop = RowLoop(builder, context, fndescs, entry, call, list(zip(pointers, strides, strict=True)))
    row_loop.take_stencils(stencils, fixed is not None)
    row_loop.natural = fixed is not None
    row_loop.emit(begin, end)
    return function
