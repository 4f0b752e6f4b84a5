"""Array, list and string fields in compiled behaviors: they stay in memory and are read and written by
element."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.datamodel import models
from numba.core.datamodel.registry import register_default
from numba.core.typing.templates import signature
from numba.extending import intrinsic

from bigworlds.behavior.compiled import memory
from bigworlds.behavior.compiled.arguments import BlockType
from bigworlds.behavior.compiled.arithmetic import fail_if, wrapped_index
from bigworlds.behavior.compiled.memory import F64, I1, I8, I64, PTR


class TextType(types.Type):
    """A text that is known at declaration: its bytes are in the type."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        super().__init__(name=f"bw.text({raw.hex()})")


def element_kind(block: BlockType) -> Any:
    """The numba type of an element."""
    return {"f": types.float64, "b": types.boolean}.get(block.dtype[0], types.int64)


def _size(block: BlockType) -> int:
    return memory.dtype_size(block.dtype)


def _length(builder: Any, block: BlockType, pointer: Any) -> Any:
    """The number of items: fixed for arrays, the first element for lists."""
    if block.kind == "array":
        return I64(block.length)
    count = memory.load_element(builder, block.dtype, pointer, 0)
    return builder.fptosi(count, I64) if count.type == F64 else count


def _address(ctx: Any, builder: Any, block: BlockType, pointer: Any, index: Any) -> Any:
    position = wrapped_index(ctx, builder, index, _length(builder, block, pointer))
    if block.kind == "list":
        position = builder.add(position, I64(1))
    return memory.at(builder, pointer, builder.mul(position, I64(_size(block))))


def _put(ctx: Any, builder: Any, block: BlockType, address: Any, value: Any) -> None:
    raw, unfit = memory.to_element(builder, block.dtype, value)
    if unfit is not None:
        fail_if(ctx, builder, unfit)
    memory.store(builder, address, 0, raw)


@intrinsic
def block_item(context: Any, block: Any, index: Any) -> Any:
    """block[index]; outside is an error."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        address = _address(ctx, builder, block, values[0], values[1])
        return memory.load_element(builder, block.dtype, address, 0)

    return signature(element_kind(block), block, types.int64), emit


@intrinsic
def block_store(context: Any, block: Any, index: Any, value: Any) -> Any:
    """block[index] = value"""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        _put(ctx, builder, block, _address(ctx, builder, block, values[0], values[1]), values[2])
        return ctx.get_dummy_value()

    return signature(types.none, block, types.int64, element_kind(block)), emit


@intrinsic
def list_length(context: Any, block: Any) -> Any:
    """len(list)"""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        return _length(builder, block, values[0])

    return signature(types.int64, block), emit


def _set_length(builder: Any, block: BlockType, pointer: Any, length: Any) -> None:
    value = builder.sitofp(length, F64) if block.dtype[0] == "f" else length
    raw, _ = memory.to_element(builder, block.dtype, value)
    memory.store(builder, pointer, 0, raw)


@intrinsic
def list_append(context: Any, block: Any, value: Any) -> Any:
    """list.append(value); a full list is an error."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        length = _length(builder, block, values[0])
        fail_if(ctx, builder, builder.icmp_signed(">=", length, I64(block.length - 1)))
        longer = builder.add(length, I64(1))
        address = memory.at(builder, values[0], builder.mul(longer, I64(_size(block))))
        _put(ctx, builder, block, address, values[1])
        _set_length(builder, block, values[0], longer)
        return ctx.get_dummy_value()

    return signature(types.none, block, element_kind(block)), emit


@intrinsic
def list_pop(context: Any, block: Any) -> Any:
    """list.pop(): the last item; its place is set to 0. An empty list is an error."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        length = _length(builder, block, values[0])
        fail_if(ctx, builder, builder.icmp_signed("<=", length, I64(0)))
        address = memory.at(builder, values[0], builder.mul(length, I64(_size(block))))
        value = memory.load_element(builder, block.dtype, address, 0)
        memory.store(builder, address, 0, ir.Constant(memory.element_type(block.dtype), 0))
        _set_length(builder, block, values[0], builder.sub(length, I64(1)))
        return value

    return signature(element_kind(block), block), emit


@intrinsic
def list_clear(context: Any, block: Any) -> Any:
    """list.clear(): all elements become 0."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        memset = builder.module.declare_intrinsic("llvm.memset", [PTR, I64])
        builder.call(memset, [values[0], I8(0), I64(_size(block) * block.length), I1(0)])
        return ctx.get_dummy_value()

    return signature(types.none, block), emit


def copy_block(builder: Any, target: Any, source: Any, size: int) -> None:
    """Copies bytes; the memories may be the same."""
    memmove = builder.module.declare_intrinsic("llvm.memmove", [PTR, PTR, I64])
    builder.call(memmove, [target, source, I64(size), I1(0)])


def text_bytes(builder: Any, kind: Any, value: Any, size: int) -> Any:
    """A pointer to the bytes of a string: a field's own memory, or a constant padded with zeros."""
    if not isinstance(kind, TextType):
        return value
    return constant_bytes(builder, kind.raw.ljust(size, b"\0"))


def constant_bytes(builder: Any, raw: bytes) -> Any:
    """A pointer to constant bytes in the object file."""
    name = f"bw_text_{raw.hex()}"
    module = builder.module
    if name in module.globals:
        found = module.globals[name]
    else:
        kind = ir.ArrayType(I8, len(raw))
        found = ir.GlobalVariable(module, kind, name)
        found.linkage, found.global_constant = "internal", True
        found.initializer = ir.Constant(kind, bytearray(raw))
    return builder.bitcast(found, PTR)


@intrinsic
def block_assign(context: Any, target: Any, source: Any) -> Any:
    """own.field = a field of the same type, or for strings a text that fits."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        size = _size(target) * target.length
        copy_block(builder, values[0], text_bytes(builder, source, values[1], size), size)
        return ctx.get_dummy_value()

    return signature(types.none, target, source), emit


@intrinsic
def same_text(context: Any, a: Any, b: Any) -> Any:
    """a == b of strings: equal bytes, the shorter one padded with zeros."""
    lengths = [len(k.raw) if isinstance(k, TextType) else k.length for k in (a, b)]
    size = max(lengths)

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        same = I1(1)
        pointers = [
            text_bytes(builder, k, v, n) if n else None
            for k, v, n in zip((a, b), values, lengths, strict=True)
        ]
        for i in range(size):
            pair = [
                memory.load(builder, p, i, I8) if p is not None and i < n else I8(0)
                for p, n in zip(pointers, lengths, strict=True)
            ]
            same = builder.and_(same, builder.icmp_unsigned("==", *pair))
        return same

    return signature(types.boolean, a, b), emit


@register_default(TextType)
class _TextModel(models.OpaqueModel):
    """A text has no run-time value: its bytes are in its type."""
