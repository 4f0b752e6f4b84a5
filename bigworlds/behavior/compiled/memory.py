"""Emits LLVM code that reads the engine's C structures, moves field values in and out of memory, and calls
services.

Pointers of bw_call do not change while a kernel runs, so their loads carry invariant.load and leave loops.
No address is baked in: services are called through the table in bw_call, so that object code is valid in
every process.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from bigworlds.behavior.abi import LAYOUT
from bigworlds.data import FieldType

I1 = ir.IntType(1)
I8 = ir.IntType(8)
I32 = ir.IntType(32)
I64 = ir.IntType(64)
F32 = ir.FloatType()
F64 = ir.DoubleType()
PTR = I8.as_pointer()

VECTOR_SIZE = {"vec2": 2, "vec3": 3, "ivec2": 2, "ivec3": 3}


def at(builder: Any, base: Any, offset: Any) -> Any:
    """base + offset bytes."""
    if isinstance(offset, int):
        offset = I64(offset)
    return builder.gep(base, [offset], inbounds=True)


def load(builder: Any, base: Any, offset: Any, type_: Any, *, invariant: bool = False) -> Any:
    """The value of an LLVM type at base + offset bytes."""
    value = builder.load(builder.bitcast(at(builder, base, offset), type_.as_pointer()))
    if invariant:
        value.set_metadata("invariant.load", builder.module.add_metadata([]))
    return value


def readable(builder: Any, pointer: Any, size: int) -> Any:
    """A loaded pointer to 8-byte aligned memory, marked: `size` bytes there can be read at any time, so that
    what is read there may be read before a loop that perhaps has no need of it."""
    if size > 0:
        pointer.set_metadata("dereferenceable", builder.module.add_metadata([I64(size)]))
        pointer.set_metadata("align", builder.module.add_metadata([I64(8)]))
    return pointer


def store(builder: Any, base: Any, offset: Any, value: Any) -> None:
    """Writes a value at base + offset bytes."""
    builder.store(value, builder.bitcast(at(builder, base, offset), value.type.as_pointer()))


def prefetch(builder: Any, address: Any) -> None:
    """Asks for the cache line of an address; an address that is no memory does no harm."""
    kind = ir.FunctionType(ir.VoidType(), [PTR, I32, I32, I32])
    function = builder.module.declare_intrinsic("llvm.prefetch", [PTR], kind)
    builder.call(function, [address, I32(0), I32(3), I32(1)])


def member(builder: Any, base: Any, name: str, type_: Any = PTR, *, invariant: bool = True) -> Any:
    """A member, e.g. "bw_call.tick", of the structure at base."""
    return load(builder, base, LAYOUT[name], type_, invariant=invariant)


def service(
    builder: Any, call: Any, name: str, result: Any, arguments: Sequence[Any], *, pure: bool = False
) -> Any:
    """Calls one of bw_services. Pure ones (the mathematics) may be merged or left out by the optimiser."""
    table = member(builder, call, "bw_call.services")
    address = member(builder, table, f"bw_services.{name}")
    function = ir.FunctionType(result, [a.type for a in arguments])
    attributes = ("nounwind", "readnone") if pure else ("nounwind",)
    return builder.call(builder.bitcast(address, function.as_pointer()), list(arguments), attrs=attributes)


def element_type(dtype: str) -> Any:
    """The LLVM type that a dtype has in memory."""
    described = np.dtype(dtype)
    if described.kind == "f":
        return F64 if described.itemsize == 8 else F32
    return ir.IntType(8 * described.itemsize)


def load_element(builder: Any, dtype: str, base: Any, offset: Any, *, invariant: bool = False) -> Any:
    """One stored element as a value of behaviors: double, i64 or i1."""
    raw = load(builder, base, offset, element_type(dtype), invariant=invariant)
    described = np.dtype(dtype)
    if described.kind == "f":
        return raw if described.itemsize == 8 else builder.fpext(raw, F64)
    if described.kind == "b":
        return builder.icmp_unsigned("!=", raw, I8(0))
    if described.itemsize == 8:
        return raw
    return builder.sext(raw, I64) if described.kind == "i" else builder.zext(raw, I64)


def to_element(builder: Any, dtype: str, value: Any) -> tuple[Any, Any | None]:
    """The stored form of a value, and the condition under which it does not fit (None: always fits)."""
    described = np.dtype(dtype)
    if described.kind == "f":
        return (value if described.itemsize == 8 else builder.fptrunc(value, F32)), None
    if described.kind == "b":
        return builder.zext(value, I8), None
    if described.itemsize == 8:
        return value, None
    narrow = builder.trunc(value, ir.IntType(8 * described.itemsize))
    back = builder.sext(narrow, I64) if described.kind == "i" else builder.zext(narrow, I64)
    return narrow, builder.icmp_signed("!=", back, value)


def is_block(kind: FieldType) -> bool:
    """Whether a field's value stays in memory and is worked on in place (arrays, lists, strings)."""
    return kind.kind in ("array", "list", "string")


def load_value(
    builder: Any, kind: FieldType, base: Any, offset: Any, *, invariant: bool = False
) -> list[Any]:
    """The components of a field's value: one for scalars, x, y (z) for vectors."""
    size = int(np.dtype(kind.dtype).itemsize)
    if isinstance(offset, int):
        offset = I64(offset)
    return [
        load_element(builder, kind.dtype, base, builder.add(offset, I64(i * size)), invariant=invariant)
        for i in range(VECTOR_SIZE.get(kind.kind, 1))
    ]


def dtype_size(dtype: str) -> int:
    """Bytes of one element of a dtype."""
    return int(np.dtype(dtype).itemsize)


def element_size(kind: FieldType) -> int:
    """Bytes of one element of a field."""
    return dtype_size(kind.dtype)
