"""The loop over rows: it loads the own fields, calls the compiled function, checks and stores.

A row is stored only after the function returned and all values fit, so a failed row is left as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from llvmlite import ir

from bigworlds.behavior.abi import FAILED, LAYOUT, OK
from bigworlds.behavior.compiled import arguments as args
from bigworlds.behavior.compiled import memory
from bigworlds.behavior.compiled.cells import fetch_around, run_count, tells_field
from bigworlds.behavior.compiled.entry import Entry, OwnArgument
from bigworlds.behavior.compiled.half_loops import emit_halves
from bigworlds.behavior.compiled.memory import F64, I1, I32, I64, PTR
from bigworlds.behavior.compiled.neighbors import Ahead, gather_slots
from bigworlds.behavior.compiled.random import counter_of, philox_words
from bigworlds.behavior.compiled.stencils import StencilLoads

CHUNK = args.CHUNK
FAR, NEAR = 24, 10  # turns ahead at which a row's own fields, and the cells around it, are fetched
FEW = 20_000  # so many agents, and the cells around them, are in the caches anyway


class RowLoop:
    """Emits the loop; one object per rows function."""

    def __init__(
        self,
        builder: Any,
        context: Any,
        fndescs: Sequence[Any],
        entry: Entry,
        call: Any,
        columns: list[tuple[Any, Any]],
    ) -> None:
        self.builder, self.context, self.fndescs, self.entry = builder, context, fndescs, entry
        self.call, self.columns, self.natural = call, columns, False
        looked_at = entry.reach_count if entry.looked_at else 0
        size = args.state_size(len(entry.own), [reach.type for reach in entry.stencils], looked_at)
        self.state = builder.alloca(ir.ArrayType(I64, size // 8))
        self.stencils: list[StencilLoads] = []
        self.ahead = [builder.bitcast(builder.alloca(ir.ArrayType(I64, CHUNK)), PTR) for _ in range(2)]
        self.found: Ahead | None = None
        self.blocks: dict[int, Any] = {}
        self.own = {i: self._own_memory(own) for i, own in entry.own.items()}

    def take_stencils(self, stencils: Sequence[Any], constant: bool) -> None:
        """Puts the stencils of these rows into the state; once, before the loop."""
        state = self.builder.bitcast(self.state, PTR)
        for reach, stencil in zip(self.entry.stencils, stencils, strict=True):
            made = StencilLoads(self.builder, self.call, state, reach, stencil, constant)
            self.stencils.append(made)

    def _own_memory(self, own: OwnArgument) -> Any:
        """Stack memory for the loaded fields, and for the elements of written arrays, lists and strings."""
        size = 8
        for (_, kind, offset, writable), column in zip(own.type.fields.values(), own.columns, strict=True):
            size = max(size, offset + 8 * memory.VECTOR_SIZE.get(kind.kind, 1))
            if memory.is_block(kind) and writable:
                stride = self.entry.columns[column].field.stride
                block = self.builder.alloca(ir.ArrayType(I64, (stride + 7) // 8))
                self.blocks[column] = self.builder.bitcast(block, PTR)
        size = max([size, *(offset + 8 for offset in own.type.perhaps.values())])
        return self.builder.bitcast(self.builder.alloca(ir.ArrayType(I64, size // 8)), PTR)

    def emit(self, begin: Any, end: Any) -> None:
        builder = self.builder
        self._note_call()
        self.failed = builder.append_basic_block("failed")
        self.failures: list[Any] = []
        self.order = None
        self.end = end
        if self.entry.sequential:
            self.order = memory.member(builder, self.call, "bw_call.order")
            self.many = builder.icmp_signed(">", builder.sub(end, begin), I64(FEW))
        if self.entry.draws or self.entry.ahead is not None:
            self._emit_chunks(begin, end)
        else:
            with self.loop(begin, end, "rows") as index:
                self._row(index, None)
        builder.ret(I32(OK))
        self._emit_failed()

    def _note_call(self) -> None:
        """Puts into the state what is the same for all rows; what stands behind these pointers can be read at
        any time, so the optimiser may read it before the loop."""
        state = self.builder.bitcast(self.state, PTR)
        memory.store(self.builder, state, args.CALL, self.call)
        for member, place, size in (
            ("parameters", args.PARAMETERS, self.entry.parameters_size),
            ("reaches", args.REACHES, self.entry.reach_count * LAYOUT["sizeof.bw_reach"]),
        ):
            pointer = memory.member(self.builder, self.call, f"bw_call.{member}")
            memory.store(self.builder, state, place, memory.readable(self.builder, pointer, size))
        for reach, expected in zip(self.entry.looked_at, self.entry.runs, strict=True):
            runs = I64(expected) if self.natural else run_count(self.builder, self.call, reach)
            memory.store(self.builder, state, reach.runs, runs)
            memory.store(self.builder, state, reach.runs + 8, tells_field(self.builder, self.call, reach))

    def _emit_chunks(self, begin: Any, end: Any) -> None:
        """Chunks of rows: what can be had for all of them at once comes first, then each row."""
        builder = self.builder
        first = builder.alloca(I64)
        builder.store(begin, first)
        head, body, done = (builder.append_basic_block(f"chunks.{n}") for n in ("head", "body", "done"))
        builder.branch(head)
        builder.position_at_end(head)
        chunk = builder.load(first)
        builder.cbranch(builder.icmp_signed("<", chunk, end), body, done)
        builder.position_at_end(body)
        rest = builder.sub(end, chunk)
        size = builder.select(builder.icmp_signed("<", rest, I64(CHUNK)), rest, I64(CHUNK))
        if self.entry.ahead is not None:
            size, self.found = gather_slots(builder, self.call, self.entry.ahead.index, chunk, size)
        if self.entry.draws:
            self._draw_ahead(chunk, size)
        if self.entry.kept is None:
            with self.loop(I64(0), size, "rows") as number:
                self._row(builder.add(chunk, number), number)
        else:
            emit_halves(self, chunk, size)
        builder.store(builder.add(chunk, size), first)
        builder.branch(head)
        builder.position_at_end(done)

    @contextmanager
    def loop(self, begin: Any, end: Any, name: str) -> Iterator[Any]:
        """A loop from begin to end; the body is emitted inside of the with statement."""
        builder = self.builder
        head, body, done = (builder.append_basic_block(f"{name}.{n}") for n in ("head", "body", "done"))
        before = builder.block
        builder.branch(head)
        builder.position_at_end(head)
        index = builder.phi(I64)
        index.add_incoming(begin, before)
        builder.cbranch(builder.icmp_signed("<", index, end), body, done)
        builder.position_at_end(body)
        yield index
        index.add_incoming(builder.add(index, I64(1), flags=["nsw"]), builder.block)
        builder.branch(head)
        builder.position_at_end(done)

    def _row_at(self, index: Any) -> Any:
        """The row that is handled as the index-th."""
        if self.order is None:
            return index
        number = memory.load(self.builder, self.order, self.builder.shl(index, I64(2)), I32)
        return self.builder.zext(number, I64)

    def _draw_ahead(self, first: Any, size: Any) -> None:
        """The first random block of `size` rows from `first` on, in a loop that becomes vector code."""
        builder = self.builder
        ids = memory.member(builder, self.call, "bw_call.ids")
        key = memory.member(builder, self.call, "bw_call.rng_key", I64)
        counter = counter_of(builder, self.call, I64(0))
        with self.loop(I64(0), size, "draws") as k:
            row = self._row_at(builder.add(first, k))
            entity = memory.load(builder, ids, builder.shl(row, I64(3)), I64, invariant=True)
            words = philox_words(builder, key, entity, counter)
            for kept, word in zip(self.ahead, words, strict=True):
                memory.store(builder, kept, builder.shl(k, I64(3)), word)

    def _emit_failed(self) -> None:
        builder = self.builder
        builder.position_at_end(self.failed)
        if not self.failures:
            builder.unreachable()
            return
        row = builder.phi(I64)
        for block, failed_row in self.failures:
            row.add_incoming(failed_row, block)
        memory.store(builder, self.call, LAYOUT["bw_call.failed_row"], row)
        builder.ret(I32(FAILED))

    def fail_if(self, condition: Any, row: Any) -> None:
        go_on = self.builder.append_basic_block("go_on")
        self.failures.append((self.builder.block, row))
        self.builder.cbranch(condition, self.failed, go_on)
        self.builder.position_at_end(go_on)

    def _row(self, index: Any, number: Any) -> None:
        """One row; `number` is its place in its chunk, or None where there are no chunks."""
        row = self._row_at(index)
        if self.entry.sequential:
            self._fetch_ahead(index)
        self.begin_row(row, number)
        self.fail_if(self.call_function(0), row)
        self.end_row(row)

    def begin_row(self, row: Any, number: Any) -> None:
        """Sets the state for a row and loads its fields."""
        state = self.builder.bitcast(self.state, PTR)
        for offset, value in ((args.ROW, row), (args.GATHERED, I64(-1)), (args.DRAWN, I64(0))):
            memory.store(self.builder, state, offset, value)
        self._note_ahead(state, number)
        self.load_own(row)
        self._note_place(state, row)
        for stencil in self.stencils:
            stencil.load(row)

    def load_own(self, row: Any) -> None:
        """Loads the own fields of a row, which from now on stand in the memory for them."""
        state = self.builder.bitcast(self.state, PTR)
        for slot, (position, own) in enumerate(self.entry.own.items()):
            memory.store(self.builder, state, args.OWN + 8 * slot, self.own[position])
            self._load(own, self.own[position], row)

    def call_function(self, which: int) -> Any:
        """Calls one of the functions on the row in hand; whether it failed."""
        state = self.builder.bitcast(self.state, PTR)
        values = [self.own.get(i, state) for i in range(len(self.entry.types))]
        fndesc = self.fndescs[which]
        callee = self.context.declare_function(self.builder.module, fndesc)
        status, _ = self.context.call_conv.call_function(
            self.builder, callee, fndesc.restype, list(self.entry.types), values
        )
        return status.is_error

    def end_row(self, row: Any) -> None:
        """Stores the own fields of a row, if all values fit; sequential ones are committed."""
        stores: list[Callable[[], None]] = []
        for position, own in self.entry.own.items():
            self._prepare_stores(own, self.own[position], row, stores)
        moved = self._moved(row) if self.entry.sequential and not self.entry.commits_all else None
        for write in stores:
            write()
        if moved is not None:
            with self.builder.if_then(moved, likely=False):
                self._commit(row)
        elif self.entry.sequential:
            self._commit(row)

    def _commit(self, row: Any) -> None:
        builder = self.builder
        committed = memory.service(builder, self.call, "commit", I32, [self.call, row])
        self.fail_if(builder.icmp_signed("!=", committed, I32(OK)), row)

    def _moved(self, row: Any) -> Any:
        """Whether the row has another place than the column has still."""
        builder, column = self.builder, self.entry.position
        if column is None:
            return I1(0)
        for position, own in self.entry.own.items():
            for (_, kind, offset, _), at in zip(own.type.fields.values(), own.columns, strict=True):
                if at == column:
                    before = memory.load_value(builder, kind, self._address(column, row), 0)
                    llvm_type = self.context.get_value_type(args.value_type(kind))
                    now = memory.load(builder, self.own[position], offset, llvm_type)
                    moved = I1(0)
                    for i, value in enumerate(before):
                        differ = builder.fcmp_unordered if value.type == F64 else builder.icmp_signed
                        other = differ("!=", value, builder.extract_value(now, i))
                        moved = builder.or_(moved, other)
                    return moved
        raise AssertionError(self.entry)

    def _fetch_ahead(self, index: Any) -> None:
        """Agents act in random order: what the next ones need is brought into the cache meanwhile."""
        builder = self.builder
        last = builder.sub(self.end, I64(1))

        def row_in(turns: int) -> Any:
            later = builder.add(index, I64(turns))
            return self._row_at(builder.select(builder.icmp_signed("<", later, last), later, last))

        with builder.if_then(self.many):
            far = row_in(FAR)
            for column in self.entry.fetched:
                memory.prefetch(builder, self._address(column, far))
            for reach in self.entry.looked_at:
                state = builder.bitcast(self.state, PTR)
                fetch_around(builder, self.call, state, reach, row_in(NEAR))

    def _note_ahead(self, state: Any, number: Any) -> None:
        """Puts into the row's state what was had for its whole chunk: its random words, its neighbours."""
        builder = self.builder
        memory.store(builder, state, args.BLOCK, I64(0 if self.entry.draws else -1))
        if self.entry.draws:
            at = builder.shl(number, I64(3))
            for place, kept in zip((args.FIRST, args.SECOND), self.ahead, strict=True):
                memory.store(builder, state, place, memory.load(builder, kept, at, I64))
        if self.entry.ahead is not None and self.found is not None:
            self.found.note(builder, state, self.entry.ahead, number)

    def _note_place(self, state: Any, row: Any) -> None:
        """Keeps the row's place at its start, for `here`."""
        if self.entry.place_column is None:
            return
        kind = self.entry.columns[self.entry.place_column].field.type
        components = memory.load_value(self.builder, kind, self._address(self.entry.place_column, row), 0)
        for i in range(3):
            value = components[i] if i < len(components) else F64(0.0)
            if value.type == I64:
                value = self.builder.sitofp(value, F64)
            memory.store(self.builder, state, args.PLACE + 8 * i, value)

    def _address(self, column: int, row: Any) -> Any:
        data, stride = self.columns[column]
        return memory.at(self.builder, data, self.builder.mul(row, stride, flags=["nsw"]))

    def _load(self, own: OwnArgument, memory_of_row: Any, row: Any) -> None:
        builder = self.builder
        for written in own.type.perhaps.values():
            memory.store(builder, memory_of_row, written, I64(0))
        for (_, kind, offset, writable), column in zip(own.type.fields.values(), own.columns, strict=True):
            address = self._address(column, row)
            if memory.is_block(kind):
                if writable:
                    self._copy(self.blocks[column], address, self.entry.columns[column].field.stride)
                    address = self.blocks[column]
                memory.store(builder, memory_of_row, offset, address)
                continue
            components = memory.load_value(builder, kind, address, 0)
            memory.store(builder, memory_of_row, offset, args.pack_value(builder, kind, components))

    def _prepare_stores(
        self, own: OwnArgument, memory_of_row: Any, row: Any, stores: list[Callable[[], None]]
    ) -> None:
        """Converts and checks what will be stored; the writes themselves come after all checks."""
        for (name, kind, offset, _), column in zip(own.type.fields.values(), own.columns, strict=True):
            if not self.entry.columns[column].writes:
                continue
            if memory.is_block(kind):
                stride = self.entry.columns[column].field.stride
                stores.append(partial(self._store_block, column, row, stride))
                continue
            written = None
            if name in own.type.perhaps:
                flag = memory.load(self.builder, memory_of_row, own.type.perhaps[name], I64)
                written = self.builder.icmp_signed("!=", flag, I64(0))
            ready: list[Callable[[], None]] = []
            for step, raw, unfit in self.elements(kind, column, memory_of_row, offset):
                if unfit is not None:
                    self.fail_if(unfit if written is None else self.builder.and_(unfit, written), row)
                ready.append(partial(self.store_element, column, row, step, raw))
            stores.append(partial(self._store_all, ready, written))

    def elements(
        self, kind: Any, column: int, memory_of_row: Any, offset: int
    ) -> Iterator[tuple[int, Any, Any | None]]:
        """The elements of a field of the row in hand: where each stands in its column's value, its stored
        form, and the condition under which it does not fit."""
        builder = self.builder
        llvm_type = self.context.get_value_type(args.value_type(kind))
        value = memory.load(builder, memory_of_row, offset, llvm_type)
        size = memory.VECTOR_SIZE.get(kind.kind)
        components = [builder.extract_value(value, i) for i in range(size)] if size else [value]
        for i, component in enumerate(components):
            step = i * self.entry.columns[column].field.stride // len(components)
            yield step, *memory.to_element(builder, kind.dtype, component)

    def _store_all(self, stores: Sequence[Callable[[], None]], written: Any | None) -> None:
        """Stores a value; where it perhaps was not written, only if it was: memory is not touched in vain."""
        if written is None:
            for write in stores:
                write()
            return
        with self.builder.if_then(written):
            for write in stores:
                write()

    def store_element(self, column: int, row: Any, step: int, raw: Any) -> None:
        memory.store(self.builder, self._address(column, row), step, raw)

    def _store_block(self, column: int, row: Any, size: int) -> None:
        self._copy(self._address(column, row), self.blocks[column], size)

    def _copy(self, target: Any, source: Any, size: int) -> None:
        memcpy = self.builder.module.declare_intrinsic("llvm.memcpy", [PTR, PTR, I64])
        self.builder.call(memcpy, [target, source, I64(size), ir.IntType(1)(0)])
