"""vec2, vec3, ivec2 and ivec3 for numba: values of two or three numbers, with the operations of
data/vectors.py.

Each operation is emitted as the same IEEE operations in the same order as the Python class does them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.datamodel import models
from numba.core.datamodel.registry import register_default
from numba.core.imputils import lower_builtin, lower_cast, lower_getattr_generic
from numba.core.typing.templates import (
    AbstractTemplate,
    AttributeTemplate,
    infer_getattr,
    infer_global,
    signature,
)
from numba.extending import intrinsic

from bigworlds.behavior.compiled.memory import F64, I1, I64

NAMES = ("x", "y", "z")


class VecType(types.Type):
    """The numba type of a vector: whole (i64 components) or not (double), of 2 or 3 components."""

    def __init__(self, whole: bool, size: int) -> None:
        self.whole = whole
        self.size = size
        super().__init__(name=f"{'ivec' if whole else 'vec'}{size}")

    @property
    def element(self) -> Any:
        """The numba type of a component."""
        return types.int64 if self.whole else types.float64

    def can_convert_to(self, typingctx: Any, other: Any) -> Any:
        from numba.core.typeconv import Conversion

        if isinstance(other, VecType) and other.size == self.size and self.whole and not other.whole:
            return Conversion.safe
        return None

    def unify(self, typingctx: Any, other: Any) -> Any:
        if isinstance(other, VecType) and other.size == self.size:
            return VecType(self.whole and other.whole, self.size)
        return None


@register_default(VecType)
class _VecModel(models.StructModel):
    def __init__(self, manager: Any, kind: VecType) -> None:
        super().__init__(manager, kind, [(n, kind.element) for n in NAMES[: kind.size]])


VEC2, VEC3 = VecType(False, 2), VecType(False, 3)
IVEC2, IVEC3 = VecType(True, 2), VecType(True, 3)
BY_NAME = {"vec2": VEC2, "vec3": VEC3, "ivec2": IVEC2, "ivec3": IVEC3}


def parts(builder: Any, kind: VecType, value: Any) -> list[Any]:
    """The LLVM values of the components."""
    return [builder.extract_value(value, i) for i in range(kind.size)]


def pack(builder: Any, components: list[Any]) -> Any:
    """A vector of LLVM component values."""
    value = ir.Constant(ir.LiteralStructType([c.type for c in components]), ir.Undefined)
    for i, component in enumerate(components):
        value = builder.insert_value(value, component, i)
    return value


def as_double(builder: Any, kind: Any, value: Any) -> Any:
    """A scalar of any number type as double."""
    if isinstance(kind, types.Float):
        return value
    if isinstance(kind, types.Boolean):
        return builder.uitofp(value, F64)
    return builder.sitofp(value, F64)


def as_whole(builder: Any, kind: Any, value: Any) -> Any:
    """A whole scalar (bool included) as i64."""
    return builder.zext(value, I64) if isinstance(kind, types.Boolean) or value.type == I1 else value


def _double_parts(builder: Any, kind: Any, value: Any, size: int) -> list[Any]:
    if isinstance(kind, VecType):
        got = parts(builder, kind, value)
        return [builder.sitofp(c, F64) for c in got] if kind.whole else got
    return [as_double(builder, kind, value)] * size


def _whole_parts(builder: Any, kind: Any, value: Any, size: int) -> list[Any]:
    if isinstance(kind, VecType):
        return parts(builder, kind, value)
    return [as_whole(builder, kind, value)] * size


def _is_whole(kind: Any) -> bool:
    return kind.whole if isinstance(kind, VecType) else not isinstance(kind, types.Float)


def _is_number(kind: Any) -> bool:
    return isinstance(kind, (types.Integer, types.Float, types.Boolean))


class _Additive(AbstractTemplate):
    """vec + vec, vec - vec; whole with whole stays whole."""

    def generic(self, args: tuple[Any, ...], kws: Any) -> Any:
        if len(args) != 2 or not all(isinstance(a, VecType) for a in args) or args[0].size != args[1].size:
            return None
        return signature(VecType(args[0].whole and args[1].whole, args[0].size), *args)


class _Multiplicative(AbstractTemplate):
    """vec * number, number * vec, vec * vec (by components)."""

    always_float = False

    def generic(self, args: tuple[Any, ...], kws: Any) -> Any:
        if len(args) != 2 or not any(isinstance(a, VecType) for a in args):
            return None
        sizes = {a.size for a in args if isinstance(a, VecType)}
        if len(sizes) != 1 or not all(isinstance(a, VecType) or _is_number(a) for a in args):
            return None
        whole = not self.always_float and all(_is_whole(a) for a in args)
        return signature(VecType(whole, sizes.pop()), *args)


@infer_global(operator.add)
class _Add(_Additive):
    pass


@infer_global(operator.sub)
class _Sub(_Additive):
    pass


@infer_global(operator.mul)
class _Mul(_Multiplicative):
    pass


@infer_global(operator.truediv)
class _Div(_Multiplicative):
    always_float = True

    def generic(self, args: tuple[Any, ...], kws: Any) -> Any:
        return super().generic(args, kws) if args and isinstance(args[0], VecType) else None


@infer_global(operator.eq)
@infer_global(operator.ne)
class _Compare(AbstractTemplate):
    def generic(self, args: tuple[Any, ...], kws: Any) -> Any:
        if len(args) == 2 and all(isinstance(a, VecType) for a in args) and args[0].size == args[1].size:
            return signature(types.boolean, *args)
        return None


@infer_global(operator.neg)
@infer_global(operator.pos)
class _Unary(AbstractTemplate):
    def generic(self, args: tuple[Any, ...], kws: Any) -> Any:
        return signature(args[0], args[0]) if len(args) == 1 and isinstance(args[0], VecType) else None


def _elementwise(float_op: str, whole_op: str) -> Callable[..., Any]:
    def implementation(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        size, whole = sig.return_type.size, sig.return_type.whole
        split = _whole_parts if whole else _double_parts
        a, b = (split(builder, t, v, size) for t, v in zip(sig.args, args, strict=True))
        op = getattr(builder, whole_op if whole else float_op)
        return pack(builder, [op(x, y) for x, y in zip(a, b, strict=True)])

    return implementation


for _op, _names in {
    operator.add: ("fadd", "add"),
    operator.sub: ("fsub", "sub"),
    operator.mul: ("fmul", "mul"),
    operator.truediv: ("fdiv", "fdiv"),
}.items():
    lower_builtin(_op, VecType, VecType)(_elementwise(*_names))
    for _scalar in (types.Number, types.Boolean):
        lower_builtin(_op, VecType, _scalar)(_elementwise(*_names))
        lower_builtin(_op, _scalar, VecType)(_elementwise(*_names))


@lower_builtin(operator.neg, VecType)
def _negative(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    kind = sig.args[0]
    negate = (lambda c: builder.sub(I64(0), c)) if kind.whole else builder.fneg
    return pack(builder, [negate(c) for c in parts(builder, kind, args[0])])


@lower_builtin(operator.pos, VecType)
def _positive(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return args[0]


def _equal(builder: Any, sig: Any, args: Any) -> Any:
    both = sig.args[0].whole and sig.args[1].whole
    split = _whole_parts if both else _double_parts
    a, b = (split(builder, t, v, sig.args[0].size) for t, v in zip(sig.args, args, strict=True))
    compare = builder.icmp_signed if both else builder.fcmp_ordered
    result = I1(1)
    for x, y in zip(a, b, strict=True):
        result = builder.and_(result, compare("==", x, y))
    return result


@lower_builtin(operator.eq, VecType, VecType)
def _eq(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return _equal(builder, sig, args)


@lower_builtin(operator.ne, VecType, VecType)
def _ne(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.not_(_equal(builder, sig, args))


@lower_cast(VecType, VecType)
def _cast(context: Any, builder: Any, source: Any, target: Any, value: Any) -> Any:
    if source.whole and not target.whole:
        return pack(builder, _double_parts(builder, source, value, source.size))
    return value


@infer_getattr
class _Components(AttributeTemplate):
    key = VecType

    def generic_resolve(self, kind: VecType, name: str) -> Any:
        return kind.element if name in NAMES[: kind.size] else None


@lower_getattr_generic(VecType)
def _component(context: Any, builder: Any, kind: VecType, value: Any, name: str) -> Any:
    return builder.extract_value(value, NAMES.index(name))


def _maker(kind: VecType) -> Any:
    def typing(context: Any, *args: Any) -> Any:
        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            convert = as_whole if kind.whole else as_double
            return pack(builder, [convert(builder, t, v) for t, v in zip(sig.args, values, strict=True)])

        return signature(kind, *args), emit

    return typing


@intrinsic
def make_vec2(context: Any, x: Any, y: Any) -> Any:
    """vec2(x, y)."""
    return _maker(VEC2)(context, x, y)


@intrinsic
def make_vec3(context: Any, x: Any, y: Any, z: Any) -> Any:
    """vec3(x, y, z)."""
    return _maker(VEC3)(context, x, y, z)


@intrinsic
def make_ivec2(context: Any, x: Any, y: Any) -> Any:
    """ivec2(x, y)."""
    return _maker(IVEC2)(context, x, y)


@intrinsic
def make_ivec3(context: Any, x: Any, y: Any, z: Any) -> Any:
    """ivec3(x, y, z)."""
    return _maker(IVEC3)(context, x, y, z)


def square_root(builder: Any, value: Any) -> Any:
    """The correctly rounded square root."""
    return builder.call(builder.module.declare_intrinsic("llvm.sqrt", [F64]), [value])


def _dot_parts(builder: Any, a: list[Any], b: list[Any], whole: bool) -> Any:
    multiply, add = (builder.mul, builder.add) if whole else (builder.fmul, builder.fadd)
    total = multiply(a[0], b[0])
    for x, y in zip(a[1:], b[1:], strict=True):
        total = add(total, multiply(x, y))
    return total


@intrinsic
def dot(context: Any, a: Any, b: Any) -> Any:
    """a.dot(b)."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        whole = a.whole and b.whole
        split = _whole_parts if whole else _double_parts
        left, right = (split(builder, t, v, a.size) for t, v in zip(sig.args, values, strict=True))
        return _dot_parts(builder, left, right, whole)

    return signature(types.int64 if a.whole and b.whole else types.float64, a, b), emit


def _length2(builder: Any, kind: VecType, value: Any) -> Any:
    own = parts(builder, kind, value)
    total = _dot_parts(builder, own, own, kind.whole)
    return builder.sitofp(total, F64) if kind.whole else total


@intrinsic
def length2(context: Any, a: Any) -> Any:
    """a.length2()."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        return _length2(builder, a, values[0])

    return signature(types.float64, a), emit


@intrinsic
def length(context: Any, a: Any) -> Any:
    """a.length()."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        return square_root(builder, _length2(builder, a, values[0]))

    return signature(types.float64, a), emit


@intrinsic
def normalized(context: Any, a: Any) -> Any:
    """a.normalized()."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        own = parts(builder, a, values[0])
        size = square_root(builder, _length2(builder, a, values[0]))
        is_zero = builder.fcmp_ordered("==", size, F64(0.0))
        return pack(builder, [builder.select(is_zero, c, builder.fdiv(c, size)) for c in own])

    return signature(a, a), emit
