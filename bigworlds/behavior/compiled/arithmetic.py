"""Arithmetic of compiled behaviors that differs from numba's: checked whole division, conversions, powers,
mathematics.

Every operation here has its twin in interpreted/arithmetic.py, bit by bit.
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.typing.templates import signature
from numba.extending import intrinsic

from bigworlds.behavior.abi import MATH_ONE, MATH_TWO
from bigworlds.behavior.arguments import HEXAGON, MOORE
from bigworlds.behavior.compiled import arguments as args
from bigworlds.behavior.compiled import memory
from bigworlds.behavior.compiled.memory import F64, I64
from bigworlds.behavior.compiled.vectors import VecType, as_double, as_whole, pack, parts, square_root
from bigworlds.behavior.translate.operators import powers


def fail_if(ctx: Any, builder: Any, condition: Any) -> None:
    """Ends the row with an error where the condition holds. The message comes from re-running it
    interpreted."""
    with builder.if_then(condition, likely=False):
        ctx.call_conv.return_user_exc(builder, ArithmeticError, ())


def floor_quotient(ctx: Any, builder: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """(a // b, a % b) of whole numbers, rounded down; b = 0 is an error, -2^63 // -1 wraps."""
    fail_if(ctx, builder, builder.icmp_signed("==", b, I64(0)))
    # sdiv of the least number by -1 traps: divide by 1 instead and negate.
    is_minus_one = builder.icmp_signed("==", b, I64(-1))
    divisor = builder.select(is_minus_one, I64(1), b)
    quotient, rest = builder.sdiv(a, divisor), builder.srem(a, divisor)
    apart = builder.icmp_signed("<", builder.xor(rest, divisor), I64(0))
    down = builder.and_(apart, builder.icmp_signed("!=", rest, I64(0)))
    floored = builder.select(down, builder.sub(quotient, I64(1)), quotient)
    modulo = builder.select(down, builder.add(rest, divisor), rest)
    return (
        builder.select(is_minus_one, builder.sub(I64(0), a), floored),
        builder.select(is_minus_one, I64(0), modulo),
    )


def _fmod(builder: Any, call: Any, a: Any, b: Any) -> Any:
    """The exact remainder with the sign of a. Where |a| < |b| that is a itself, without a call."""
    near = builder.fcmp_ordered("<", _size(builder, a), _size(builder, b))
    before = builder.block
    with builder.if_then(builder.not_(near)):
        far = memory.service(builder, call, "fmod", F64, [a, b], pure=True)
        far_block = builder.block
    rest = builder.phi(F64)
    rest.add_incoming(a, before)
    rest.add_incoming(far, far_block)
    return rest


def _copysign(builder: Any, size: Any, sign: Any) -> Any:
    return builder.call(
        builder.module.declare_intrinsic("llvm.copysign", [F64], ir.FunctionType(F64, [F64, F64])),
        [size, sign],
    )


def _floor(builder: Any, value: Any) -> Any:
    return builder.call(builder.module.declare_intrinsic("llvm.floor", [F64]), [value])


def float_modulo(builder: Any, call: Any, a: Any, b: Any) -> Any:
    """a % b of floats, with the sign of b; NaN for b = 0."""
    rest = _fmod(builder, call, a, b)
    is_zero = builder.fcmp_ordered("==", rest, F64(0.0))
    apart = builder.xor(builder.fcmp_ordered("<", rest, F64(0.0)), builder.fcmp_ordered("<", b, F64(0.0)))
    moved = builder.select(apart, builder.fadd(rest, b), rest)
    return builder.select(is_zero, _copysign(builder, F64(0.0), b), moved)


def float_quotient(builder: Any, call: Any, a: Any, b: Any) -> Any:
    """a // b of floats: the whole number below (a - a % b) / b; a / b for b = 0."""
    rest = _fmod(builder, call, a, b)
    division = builder.fdiv(builder.fsub(a, rest), b)
    differs = builder.fcmp_unordered("!=", rest, F64(0.0))
    apart = builder.xor(builder.fcmp_ordered("<", rest, F64(0.0)), builder.fcmp_ordered("<", b, F64(0.0)))
    division = builder.select(builder.and_(differs, apart), builder.fsub(division, F64(1.0)), division)
    floored = _floor(builder, division)
    over = builder.fcmp_ordered(">", builder.fsub(division, floored), F64(0.5))
    rounded = builder.select(over, builder.fadd(floored, F64(1.0)), floored)
    plain = builder.fdiv(a, b)
    zero = _copysign(builder, F64(0.0), plain)
    result = builder.select(builder.fcmp_ordered("==", division, F64(0.0)), zero, rounded)
    return builder.select(builder.fcmp_ordered("==", b, F64(0.0)), plain, result)


def _quotient(context: Any, clock: Any, a: Any, b: Any, which: int) -> Any:
    vectors = [t for t in (a, b) if isinstance(t, VecType)]
    floats = any(isinstance(t, types.Float) for t in (a, b))

    def scalar(ctx: Any, builder: Any, call: Any, x: Any, y: Any) -> Any:
        if floats:
            return (float_quotient, float_modulo)[which](builder, call, x, y)
        return floor_quotient(ctx, builder, x, y)[which]

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        call = args.call_of(builder, values[0])
        convert = as_double if floats else as_whole
        if not vectors:
            return scalar(ctx, builder, call, convert(builder, a, values[1]), convert(builder, b, values[2]))
        size = vectors[0].size
        split = [
            parts(builder, t, v) if isinstance(t, VecType) else [as_whole(builder, t, v)] * size
            for t, v in ((a, values[1]), (b, values[2]))
        ]
        return pack(builder, [scalar(ctx, builder, call, x, y) for x, y in zip(*split, strict=True)])

    result = vectors[0] if vectors else (types.float64 if floats else types.int64)
    return signature(result, clock, a, b), emit


@intrinsic
def floor_divide(context: Any, clock: Any, a: Any, b: Any) -> Any:
    """a // b"""
    return _quotient(context, clock, a, b, 0)


@intrinsic
def modulo(context: Any, clock: Any, a: Any, b: Any) -> Any:
    """a % b"""
    return _quotient(context, clock, a, b, 1)


@intrinsic
def true_divide(context: Any, a: Any, b: Any) -> Any:
    """a / b of two numbers, by IEEE."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        return builder.fdiv(as_double(builder, a, values[0]), as_double(builder, b, values[1]))

    return signature(types.float64, a, b), emit


def _math_one(name: str) -> Any:
    def typing(context: Any, clock: Any, x: Any) -> Any:
        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            call = args.call_of(builder, values[0])
            return memory.service(builder, call, name, F64, [as_double(builder, x, values[1])], pure=True)

        return signature(types.float64, clock, x), emit

    typing.__name__ = name
    return intrinsic(typing)


def _math_two(name: str) -> Any:
    def typing(context: Any, clock: Any, x: Any, y: Any) -> Any:
        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            call = args.call_of(builder, values[0])
            doubles = [as_double(builder, x, values[1]), as_double(builder, y, values[2])]
            return memory.service(builder, call, name, F64, doubles, pure=True)

        return signature(types.float64, clock, x, y), emit

    typing.__name__ = name
    return intrinsic(typing)


MATHEMATICS = {name: _math_one(name) for name in MATH_ONE} | {name: _math_two(name) for name in MATH_TWO}


@intrinsic
def sqrt(context: Any, x: Any) -> Any:
    """math.sqrt(x), NaN below zero."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        return square_root(builder, as_double(builder, x, values[0]))

    return signature(types.float64, x), emit


@intrinsic
def absolute(context: Any, x: Any) -> Any:
    """abs(x)"""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        if isinstance(x, types.Float):
            return builder.call(builder.module.declare_intrinsic("llvm.fabs", [F64]), [values[0]])
        whole = as_whole(builder, x, values[0])
        return builder.select(builder.icmp_signed("<", whole, I64(0)), builder.sub(I64(0), whole), whole)

    return signature(types.float64 if isinstance(x, types.Float) else types.int64, x), emit


@intrinsic
def fabs(context: Any, x: Any) -> Any:
    """math.fabs(x)"""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        double = as_double(builder, x, values[0])
        return builder.call(builder.module.declare_intrinsic("llvm.fabs", [F64]), [double])

    return signature(types.float64, x), emit


def _checked_whole(ctx: Any, builder: Any, value: Any) -> Any:
    """A float that is whole as i64; NaN and numbers beyond 64 bits are errors."""
    inside = builder.and_(
        builder.fcmp_ordered(">=", value, F64(-(2.0**63))), builder.fcmp_ordered("<", value, F64(2.0**63))
    )
    fail_if(ctx, builder, builder.not_(inside))
    return builder.fptosi(value, I64)


def _rounding(name: str | None, doc: str) -> Any:
    def typing(context: Any, x: Any) -> Any:
        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            if not isinstance(x, types.Float):
                return as_whole(builder, x, values[0])
            value = values[0]
            if name is not None:
                value = builder.call(builder.module.declare_intrinsic(f"llvm.{name}", [F64]), [value])
            return _checked_whole(ctx, builder, value)

        return signature(types.int64, x), emit

    typing.__name__, typing.__doc__ = name or "truncate", doc
    return intrinsic(typing)


truncate = _rounding(None, "int(x)")
floor = _rounding("floor", "math.floor(x)")
ceil = _rounding("ceil", "math.ceil(x)")
nearest_whole = _rounding("rint", "round(x), halves to even")


def _extreme(comparison: str, doc: str) -> Any:
    def typing(context: Any, a: Any, b: Any) -> Any:
        floats = isinstance(a, types.Float) or isinstance(b, types.Float)

        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            convert = as_double if floats else as_whole
            x, y = convert(builder, a, values[0]), convert(builder, b, values[1])
            compare = builder.fcmp_ordered if floats else builder.icmp_signed
            return builder.select(compare(comparison, y, x), y, x)

        return signature(types.float64 if floats else types.int64, a, b), emit

    typing.__name__, typing.__doc__ = f"two_{doc[:3]}", doc
    return intrinsic(typing)


minimum = _extreme("<", "min(a, b): b if b < a else a")
maximum = _extreme(">", "max(a, b): b if b > a else a")


@intrinsic
def to_float(context: Any, x: Any) -> Any:
    """float(x)"""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        return as_double(builder, x, values[0])

    return signature(types.float64, x), emit


def _whole_operation(name: str, operation: Any) -> Any:
    def typing(context: Any, a: Any, b: Any) -> Any:
        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            return operation(ctx, builder, as_whole(builder, a, values[0]), as_whole(builder, b, values[1]))

        return signature(types.int64, a, b), emit

    typing.__name__ = name
    return intrinsic(typing)


def _shift(left: bool) -> Any:
    """Shifts by 0 to 63; another count is an error."""

    def operation(ctx: Any, builder: Any, value: Any, count: Any) -> Any:
        fail_if(ctx, builder, builder.icmp_unsigned(">", count, I64(63)))
        return builder.shl(value, count) if left else builder.ashr(value, count)

    return operation


add = _whole_operation("add", lambda ctx, builder, a, b: builder.add(a, b))
subtract = _whole_operation("subtract", lambda ctx, builder, a, b: builder.sub(a, b))
multiply = _whole_operation("multiply", lambda ctx, builder, a, b: builder.mul(a, b))
shift_left = _whole_operation("shift_left", _shift(True))
shift_right = _whole_operation("shift_right", _shift(False))


def _whole_unary(name: str, operation: Any) -> Any:
    def typing(context: Any, a: Any) -> Any:
        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            return operation(builder, as_whole(builder, a, values[0]))

        return signature(types.int64, a), emit

    typing.__name__ = name
    return intrinsic(typing)


negative = _whole_unary("negative", lambda builder, a: builder.sub(I64(0), a))
invert = _whole_unary("invert", lambda builder, a: builder.not_(a))
to_int = _whole_unary("to_int", lambda builder, a: a)


def power(exponent: int, inverse: bool) -> Any:
    """x ** exponent by binary powers; for negative exponents 1 / x ** -exponent."""

    def typing(context: Any, x: Any) -> Any:
        is_float = isinstance(x, types.Float)

        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            base = values[0] if is_float else as_whole(builder, x, values[0])
            times = builder.fmul if is_float else builder.mul
            result = base
            for step in powers(exponent):
                result = times(result, result if step == "square" else base)
            if exponent == 0:
                result = F64(1.0) if is_float else I64(1)
            return builder.fdiv(F64(1.0), result) if inverse else result

        return signature(types.float64 if is_float else types.int64, x), emit

    typing.__name__ = f"power_{exponent}"
    return intrinsic(typing)


def _float_test(name: str, test: Any) -> Any:
    def typing(context: Any, x: Any) -> Any:
        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            return test(builder, values[0])

        return signature(types.boolean, x), emit

    typing.__name__ = name
    return intrinsic(typing)


def _size(builder: Any, value: Any) -> Any:
    return builder.call(builder.module.declare_intrinsic("llvm.fabs", [F64]), [value])


math_isnan = _float_test("isnan", lambda b, x: b.fcmp_unordered("uno", x, x))
math_isinf = _float_test("isinf", lambda b, x: b.fcmp_ordered("==", _size(b, x), F64(float("inf"))))
math_isfinite = _float_test("isfinite", lambda b, x: b.fcmp_ordered("<", _size(b, x), F64(float("inf"))))


@intrinsic
def math_copysign(context: Any, size: Any, sign: Any) -> Any:
    """math.copysign(size, sign)"""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        return _copysign(builder, *values)

    return signature(types.float64, size, sign), emit


def _scaled(name: str, factor: float) -> Any:
    def typing(context: Any, x: Any) -> Any:
        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            return builder.fmul(values[0], F64(factor))

        return signature(types.float64, x), emit

    typing.__name__ = name
    return intrinsic(typing)


math_degrees = _scaled("degrees", 180.0 / math.pi)
math_radians = _scaled("radians", math.pi / 180.0)


def _not_finite(name: str, value: float) -> Any:
    def typing(context: Any) -> Any:
        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            return F64(value)

        return signature(types.float64), emit

    typing.__name__ = name
    return intrinsic(typing)


not_finite_nan = _not_finite("nan", math.nan)
not_finite_plus = _not_finite("plus", math.inf)
not_finite_minus = _not_finite("minus", -math.inf)


def _to_vector(size: int) -> Any:
    def typing(context: Any, v: Any) -> Any:
        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            return pack(builder, [builder.sitofp(c, F64) for c in parts(builder, v, values[0])])

        return signature(VecType(False, size), v), emit

    typing.__name__ = f"to_vec{size}"
    return intrinsic(typing)


to_vec2, to_vec3 = _to_vector(2), _to_vector(3)


@intrinsic
def tuple_item(context: Any, items: Any, index: Any) -> Any:
    """items[index] of a tuple whose items have one type; outside of it is an error."""
    count = len(items)

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        position = wrapped_index(ctx, builder, values[1], I64(count))
        result = builder.extract_value(values[0], 0)
        for i in range(1, count):
            is_this = builder.icmp_signed("==", position, I64(i))
            result = builder.select(is_this, builder.extract_value(values[0], i), result)
        return result

    return signature(items[0], items, index), emit


def wrapped_index(ctx: Any, builder: Any, index: Any, length: Any) -> Any:
    """An index as Python counts it (negative from the end); outside is an error."""
    is_negative = builder.icmp_signed("<", index, I64(0))
    position = builder.select(is_negative, builder.add(index, length), index)
    fail_if(ctx, builder, builder.icmp_unsigned(">=", position, length))
    return position


@intrinsic
def moore(context: Any, k: Any) -> Any:
    """bw.moore(k), 0 <= k <= 7"""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        fail_if(ctx, builder, builder.icmp_unsigned(">", values[0], I64(7)))
        # Cells 0..8 of a 3 x 3 block in rows, without the middle one: 2 bits each for x + 1 and y + 1.
        shift = builder.shl(values[0], I64(1))
        xs = sum((x + 1) << (2 * i) for i, (x, _) in enumerate(MOORE))
        ys = sum((y + 1) << (2 * i) for i, (_, y) in enumerate(MOORE))
        steps = [
            builder.sub(builder.and_(builder.lshr(I64(table), shift), I64(3)), I64(1)) for table in (xs, ys)
        ]
        return pack(builder, steps)

    return signature(VecType(True, 2), k), emit


@intrinsic
def hex_step(context: Any, place: Any, k: Any) -> Any:
    """bw.hex_step(place, k), 0 <= k <= 5"""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        fail_if(ctx, builder, builder.icmp_unsigned(">", values[1], I64(5)))
        shift = builder.shl(values[1], I64(1))

        def step(entry: int) -> Any:
            """The direction's entry, which is -1, 0 or 1: two bits each."""
            table = sum((steps[entry] + 1) << (2 * i) for i, steps in enumerate(HEXAGON))
            return builder.sub(builder.and_(builder.lshr(I64(table), shift), I64(3)), I64(1))

        x, y = parts(builder, sig.args[0], values[0])
        is_odd = builder.icmp_signed("!=", builder.and_(y, I64(1)), I64(0))
        across = builder.select(is_odd, step(2), step(1))
        return pack(builder, [builder.add(x, across), builder.add(y, step(0))])

    return signature(VecType(True, 2), place, k), emit
