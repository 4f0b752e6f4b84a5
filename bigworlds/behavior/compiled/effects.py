"""Effects and places in compiled behaviors: despawn, records of spawn, attach and send, claims, deposits,
cells, inboxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.typing.templates import signature
from numba.extending import intrinsic

from bigworlds.behavior.abi import LAYOUT, RECORD_FRONT
from bigworlds.behavior.compiled import arguments as args
from bigworlds.behavior.compiled import memory
from bigworlds.behavior.compiled.arithmetic import fail_if, float_modulo, floor_quotient
from bigworlds.behavior.compiled.blocks import copy_block, text_bytes
from bigworlds.behavior.compiled.memory import F64, I32, I64, PTR
from bigworlds.behavior.compiled.random import next_word
from bigworlds.behavior.compiled.vectors import BY_NAME, VecType, pack, parts

_VOID = ir.VoidType()
_NULL = ir.Constant(PTR, None)


def place_pointer(builder: Any, kind: VecType, place: Any) -> Any:
    """A place as three doubles on the stack, made once per use in the entry block."""
    with builder.goto_entry_block():
        memory_of_place = builder.alloca(ir.ArrayType(F64, 3))
    pointer = builder.bitcast(memory_of_place, PTR)
    components = parts(builder, kind, place)
    for i in range(3):
        value = F64(0.0)
        if i < kind.size:
            value = builder.sitofp(components[i], F64) if kind.whole else components[i]
        memory.store(builder, pointer, 8 * i, value)
    return builder.bitcast(memory_of_place, F64.as_pointer())


def _simple_effect(name: str) -> Any:
    """despawn and detach."""

    def typing(context: Any, effect: Any) -> Any:
        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            call, row = args.call_of(builder, values[0]), args.row_of(builder, values[0])
            given = [call, row] if name == "despawn" else [call, I64(effect.index), row]
            memory.service(builder, call, name, _VOID, given)
            return ctx.get_dummy_value()

        return signature(types.none, effect), emit

    typing.__name__ = name
    return intrinsic(typing)


despawn = _simple_effect("despawn")
detach = _simple_effect("detach")


@intrinsic
def ask(context: Any, claim: Any, place: Any, count: Any) -> Any:
    """claim.ask(place, count). In a sequential kernel the result field is read again: it is granted at
    once."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        state, where, number = values
        call, row = args.call_of(builder, state), args.row_of(builder, state)
        given = [call, I64(claim.index), row, place_pointer(builder, place, where), number]
        memory.service(builder, call, "claim", _VOID, given)
        if claim.granted is not None:
            column, kind, slot, offset = claim.granted
            own = memory.load(builder, state, args.OWN + 8 * slot, PTR)
            columns = memory.member(builder, call, "bw_call.columns")
            memory.store(builder, own, offset, args.column_value(builder, columns, column, kind, row))
        return ctx.get_dummy_value()

    return signature(types.none, claim, place, count), emit


@intrinsic
def deposit(context: Any, effect: Any, place: Any, amount: Any) -> Any:
    """deposit.add(place, amount)"""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        call, row = args.call_of(builder, values[0]), args.row_of(builder, values[0])
        given = [call, I64(effect.index), row, place_pointer(builder, place, values[1]), values[2]]
        memory.service(builder, call, "deposit", _VOID, given)
        return ctx.get_dummy_value()

    return signature(types.none, effect, place, amount), emit


def _cell(ctx: Any, builder: Any, state: Any, cells: Any, place: Any) -> Any:
    call = args.call_of(builder, state)
    row = memory.service(builder, call, "cell_at", I64, [call, I64(cells.index), place])
    fail_if(ctx, builder, builder.icmp_signed("<", row, I64(0)))
    return pack(builder, [state, row])


@intrinsic
def cell_at(context: Any, cells: Any, place: Any) -> Any:
    """cells.at(place); outside the world is an error."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        return _cell(ctx, builder, values[0], cells, place_pointer(builder, place, values[1]))

    return signature(args.CellType(cells), cells, place), emit


def gradient(name: str) -> Any:
    """cells.gradient(place, Component.name); outside the world is an error."""

    def typing(context: Any, cells: Any, place: Any) -> Any:
        result = VecType(False, place.size)

        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            with builder.goto_entry_block():
                found = builder.alloca(ir.ArrayType(F64, 3))
            call = args.call_of(builder, values[0])
            column = I64(cells.fields[name][0])
            given = [
                call,
                I64(cells.index),
                column,
                place_pointer(builder, place, values[1]),
                builder.bitcast(found, F64.as_pointer()),
            ]
            status = memory.service(builder, call, "gradient", I32, given)
            fail_if(ctx, builder, builder.icmp_signed("!=", status, I32(0)))
            base = builder.bitcast(found, PTR)
            return pack(builder, [memory.load(builder, base, 8 * i, F64) for i in range(place.size)])

        return signature(result, cells, place), emit

    typing.__name__ = f"gradient_{name}"
    return intrinsic(typing)


@intrinsic
def here(context: Any, cells: Any) -> Any:
    """The cell at the place that the row had when its run began."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        place = builder.bitcast(memory.at(builder, values[0], args.PLACE), F64.as_pointer())
        return _cell(ctx, builder, values[0], cells, place)

    return signature(args.CellType(cells), cells), emit


@intrinsic
def random_empty(context: Any, space: Any, rng: Any) -> Any:
    """space.random_empty(rng); no empty cell is an error."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        call = args.call_of(builder, values[0])
        found = memory.service(builder, call, "random_empty", I64, [call, next_word(builder, values[0])])
        fail_if(ctx, builder, builder.icmp_signed("<", found, I64(0)))
        first = LAYOUT["bw_call.place"]
        axes = [memory.load(builder, call, first + 8 * i, F64) for i in range(space.size.size)]
        return pack(builder, [builder.fptosi(a, I64) for a in axes])

    return signature(space.size, space, rng), emit


def _per_axis(name: str, real: Any, whole: Any) -> Any:
    """space.wrap and space.clamp: a rule per axis, of (ctx, builder, call, place, size)."""

    def typing(context: Any, space: Any, place: Any) -> Any:
        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            call = args.call_of(builder, values[0])
            sizes = args.extent(builder, values[0], place)
            rule = whole if place.whole else real
            pairs = zip(parts(builder, place, values[1]), sizes, strict=True)
            return pack(builder, [rule(ctx, builder, call, p, s) for p, s in pairs])

        return signature(place, space, place), emit

    typing.__name__ = name
    return intrinsic(typing)


def near_wrap(builder: Any, place: Any, size: Any) -> tuple[Any, Any]:
    """Whether a place is inside or less than one size away, and it modulo the size then: one addition.

    A tiny negative place plus the size can round to the size itself, which is the place 0.
    """
    inside = builder.and_(builder.fcmp_ordered(">=", place, F64(0.0)), builder.fcmp_ordered("<", place, size))
    below = builder.fcmp_ordered("<", place, F64(0.0))
    moved = builder.select(below, builder.fadd(place, size), builder.fsub(place, size))
    near = builder.and_(
        builder.fcmp_ordered(">=", place, builder.fneg(size)),
        builder.fcmp_ordered("<", place, builder.fadd(size, size)),
    )
    close = builder.select(inside, place, moved)
    return near, builder.select(builder.fcmp_ordered("==", close, size), F64(0.0), close)


def _wrap_real(ctx: Any, builder: Any, call: Any, place: Any, size: Any) -> Any:
    """place modulo size."""
    near, close = near_wrap(builder, place, size)
    before = builder.block
    with builder.if_then(builder.not_(near), likely=False):
        far = float_modulo(builder, call, place, size)
        far = builder.select(builder.fcmp_ordered("==", far, size), F64(0.0), far)
        far_block = builder.block
    wrapped = builder.phi(F64)
    wrapped.add_incoming(close, before)
    wrapped.add_incoming(far, far_block)
    return wrapped


def _wrap_whole(ctx: Any, builder: Any, call: Any, place: Any, size: Any) -> Any:
    """place modulo size; less than one size away it takes no division."""
    below = builder.icmp_signed("<", place, I64(0))
    beyond = builder.icmp_signed(">=", place, size)
    moved = builder.select(below, builder.add(place, size), place)
    close = builder.select(beyond, builder.sub(place, size), moved)
    near = builder.icmp_unsigned("<", close, size)
    before = builder.block
    with builder.if_then(builder.not_(near), likely=False):
        far = floor_quotient(ctx, builder, place, size)[1]
        far_block = builder.block
    wrapped = builder.phi(I64)
    wrapped.add_incoming(close, before)
    wrapped.add_incoming(far, far_block)
    return wrapped


def _clamp_real(ctx: Any, builder: Any, call: Any, place: Any, size: Any) -> Any:
    """max(0, min(place, the largest float below size))."""
    bits = builder.bitcast(size, I64)
    largest = builder.bitcast(builder.sub(bits, I64(1)), F64)
    low = builder.select(builder.fcmp_ordered("<", place, F64(0.0)), F64(0.0), place)
    return builder.select(builder.fcmp_ordered(">", low, largest), largest, low)


def _clamp_whole(ctx: Any, builder: Any, call: Any, place: Any, size: Any) -> Any:
    largest = builder.sub(size, I64(1))
    low = builder.select(builder.icmp_signed("<", place, I64(0)), I64(0), place)
    return builder.select(builder.icmp_signed(">", low, largest), largest, low)


space_wrap = _per_axis("space_wrap", _wrap_real, _wrap_whole)
space_clamp = _per_axis("space_clamp", _clamp_real, _clamp_whole)


@intrinsic
def addressee(context: Any, target: Any) -> Any:
    """The target of an event; 0 is nobody and an error, since the engine takes it for everybody."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        fail_if(ctx, builder, builder.icmp_unsigned("==", values[0], I64(0)))
        return values[0]

    return signature(types.int64, target), emit


@intrinsic
def link_target(context: Any, effect: Any, target: Any) -> Any:
    """The target of an edge; the agent itself is an error."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        own = args.own_id(builder, values[0])
        fail_if(ctx, builder, builder.icmp_unsigned("==", values[1], own))
        return values[1]

    return signature(types.int64, effect, target), emit


@intrinsic
def unlink(context: Any, effect: Any, target: Any) -> Any:
    """link.remove(target)"""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        call, row = args.call_of(builder, values[0]), args.row_of(builder, values[0])
        memory.service(builder, call, "unlink", _VOID, [call, I64(effect.index), row, values[1]])
        return ctx.get_dummy_value()

    return signature(types.none, effect, target), emit


@intrinsic
def inbox_count(context: Any, inbox: Any) -> Any:
    """len(inbox)"""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        return builder.extract_value(_inbox(builder, values[0], inbox), 0)

    return signature(types.int64, inbox), emit


@intrinsic
def inbox_at(context: Any, inbox: Any, k: Any) -> Any:
    """The k-th event of the inbox, 0 <= k < inbox_count(inbox)."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        found = _inbox(builder, values[0], inbox)
        records, stride = builder.extract_value(found, 1), builder.extract_value(found, 2)
        return memory.at(builder, records, builder.mul(values[1], stride))

    return signature(args.EventType(inbox), inbox, k), emit


def _inbox(builder: Any, state: Any, inbox: Any) -> Any:
    """services->inbox, which returns a structure of 24 bytes: through a hidden pointer on all supported
    machines."""
    layout = ir.LiteralStructType([I64, PTR, I64])
    with builder.goto_entry_block():
        result = builder.alloca(layout)
    call, row = args.call_of(builder, state), args.row_of(builder, state)
    table = memory.member(builder, call, "bw_call.services")
    address = memory.member(builder, table, "bw_services.inbox")
    kind = ir.FunctionType(_VOID, [layout.as_pointer(), PTR, I64, I64])
    made = builder.call(
        builder.bitcast(address, kind.as_pointer()),
        [result, call, I64(inbox.index), row],
        attrs=("nounwind",),
        arg_attrs={0: ("sret",)},
    )
    del made
    return builder.load(result)


def record(what: str, names: Sequence[str]) -> Any:
    """The runtime function that gets a record from spawn, attach or send and fills the named fields.

    Its arguments: the effect, for send target and delay, for link target and written fields, and the
    fields' values. Values are checked before
    the engine is asked for the record.
    """
    front = RECORD_FRONT.get(what, 0)

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        effect, state = sig.args[0], values[0]
        fields = [effect.fields[name] for name in names]
        ready: list[tuple[int, Any]] = []
        for (_, kind, offset), kind_given, value in zip(
            fields, sig.args[1 + front :], values[1 + front :], strict=True
        ):
            if memory.is_block(kind):
                continue
            components = parts(builder, kind_given, value) if kind.kind in BY_NAME else [value]
            size = memory.element_size(kind)
            for i, component in enumerate(components):
                raw, unfit = memory.to_element(builder, kind.dtype, component)
                if unfit is not None:
                    fail_if(ctx, builder, unfit)
                ready.append((offset + i * size, raw))
        call, row = args.call_of(builder, state), args.row_of(builder, state)
        extra = list(values[1 : 1 + front])
        pointer = memory.service(builder, call, what, PTR, [call, I64(effect.index), row, *extra])
        fail_if(ctx, builder, builder.icmp_unsigned("==", pointer, _NULL))
        for offset, raw in ready:
            memory.store(builder, pointer, offset, raw)
        for (_, kind, offset), kind_given, value in zip(
            fields, sig.args[1 + front :], values[1 + front :], strict=True
        ):
            if memory.is_block(kind):
                target = memory.at(builder, pointer, offset)
                source = (
                    text_bytes(builder, kind_given, value, kind.length) if kind.kind == "string" else value
                )
                copy_block(builder, target, source, memory.element_size(kind) * kind.length)
        return ctx.get_dummy_value()

    def typing(context: Any, *given: Any) -> Any:
        return signature(types.none, *given), emit

    return variadic(f"{what}_{'_'.join(names)}", 1 + front + len(names), typing)


def variadic(name: str, count: int, typing: Any) -> Any:
    """An intrinsic with a given number of arguments (numba reads the signature of the typing function)."""
    parameters = ", ".join(f"a{i}" for i in range(count))
    scope: dict[str, Any] = {"typing": typing}
    exec(f"def made(context, {parameters}):\n    return typing(context, {parameters})", scope)
    scope["made"].__name__ = name
    return intrinsic(scope["made"])
