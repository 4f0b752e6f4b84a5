"""The loops over a chunk of rows for behaviors in two halves; halves.py says why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir

from bigworlds.behavior.compiled import arguments as args
from bigworlds.behavior.compiled import memory
from bigworlds.behavior.compiled.memory import I64, PTR

if TYPE_CHECKING:
    from bigworlds.behavior.compiled.rows import RowLoop

FIRST, SECOND, NEAR = range(3)


def emit_halves(rows: RowLoop, chunk: Any, size: Any) -> None:
    """All rows of a chunk from `chunk` on: the first half of each, then the second half of each.

    Where the first half fails, the second half of the rows before is done still, as it would have been.
    """
    builder = rows.builder
    state = builder.bitcast(rows.state, PTR)
    with builder.goto_entry_block():
        kept = builder.alloca(ir.ArrayType(I64, max(rows.entry.kept or 0, 1) * args.CHUNK))
        done, failed = builder.alloca(I64), builder.alloca(I64)
    memory.store(builder, state, args.KEPT, builder.bitcast(kept, PTR))
    builder.store(size, done)
    builder.store(I64(-1), failed)
    looked = builder.append_basic_block("looked")
    with rows.loop(I64(0), size, "looks") as number:
        row = builder.add(chunk, number)
        memory.store(builder, state, args.NUMBER, number)
        rows.begin_row(row, number)
        with builder.if_then(rows.call_function(FIRST), likely=False):
            builder.store(number, done)
            builder.store(row, failed)
            builder.branch(looked)
    builder.branch(looked)
    builder.position_at_end(looked)
    count = builder.load(done)
    if rows.natural and _always_fits(rows):
        _emit_near(rows, chunk, count)
    else:
        _emit_second(rows, chunk, count)
    row = builder.load(failed)
    rows.fail_if(builder.icmp_signed(">=", row, I64(0)), row)


def _emit_second(rows: RowLoop, chunk: Any, count: Any) -> None:
    """The second half, row by row."""
    with rows.loop(I64(0), count, "ends") as number:
        row = _begin(rows, chunk, number)
        rows.fail_if(rows.call_function(SECOND), row)
        rows.end_row(row)


def _begin(rows: RowLoop, chunk: Any, number: Any) -> Any:
    state = rows.builder.bitcast(rows.state, PTR)
    row = rows.builder.add(chunk, number)
    memory.store(rows.builder, state, args.NUMBER, number)
    memory.store(rows.builder, state, args.ROW, row)
    rows.load_own(row)
    return row


def _always_fits(rows: RowLoop) -> bool:
    """Whether no written field can refuse a value."""
    return all(
        use.field.dtype in ("f8", "f4", "i8") and not memory.is_block(use.field.type)
        for use in rows.entry.columns
        if use.writes
    )


def _emit_near(rows: RowLoop, chunk: Any, count: Any) -> None:
    """The second half of all rows into arrays, without a branch; into the columns if nobody was far outside,
    else row by row."""
    builder = rows.builder
    state = builder.bitcast(rows.state, PTR)
    made: list[tuple[int, int, Any, Any]] = []  # column, step in its value, array, type
    memory.store(builder, state, args.FAR, I64(0))
    with rows.loop(I64(0), count, "near") as number:
        _begin(rows, chunk, number)
        rows.call_function(NEAR)
        for position, own in rows.entry.own.items():
            for (_, kind, offset, _), column in zip(own.type.fields.values(), own.columns, strict=True):
                if not rows.entry.columns[column].writes:
                    continue
                for step, raw, _ in rows.elements(kind, column, rows.own[position], offset):
                    with builder.goto_entry_block():
                        array = builder.alloca(ir.ArrayType(raw.type, args.CHUNK))
                    builder.store(raw, builder.gep(array, [I64(0), number], inbounds=True))
                    made.append((column, step, array, raw.type))
    far = builder.icmp_signed("!=", memory.load(builder, state, args.FAR, I64), I64(0))
    with builder.if_else(far, likely=False) as (then, otherwise):
        with then:
            _emit_second(rows, chunk, count)
        with otherwise, rows.loop(I64(0), count, "stores") as number:
            for column, step, array, _ in made:
                value = builder.load(builder.gep(array, [I64(0), number], inbounds=True))
                rows.store_element(column, builder.add(chunk, number), step, value)
