"""The random stream in compiled behaviors: Philox4x32-10 in LLVM, one block computed for two consecutive
words.

Philox: Salmon, Moraes, Dror, Shaw (2011), doi:10.1145/2063384.2063405. Bounded integers: Lemire (2019),
doi:10.1145/3230636. The interpreter's stream (interpreted/random.py) gives the same numbers.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.typing.templates import signature
from numba.extending import intrinsic

from bigworlds.behavior.compiled import arguments as args
from bigworlds.behavior.compiled import memory
from bigworlds.behavior.compiled.memory import F64, I64
from bigworlds.behavior.compiled.vectors import as_double

_M0, _M1 = 0xD2511F53, 0xCD9E8D57
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_PAIR = ir.LiteralStructType([I64, I64])


def philox_words(builder: Any, key: Any, low: Any, high: Any) -> tuple[Any, Any]:
    """Emits Philox4x32-10: the two words of a key and a counter (its low and high halves).

    The four 32-bit numbers are kept in 64-bit registers, whose multiplication gives both halves of a
    product, also in vector registers.
    """
    mask, half = I64(0xFFFFFFFF), I64(32)

    def halves(word: Any) -> tuple[Any, Any]:
        return builder.and_(word, mask), builder.lshr(word, half)

    (k0, k1), (c0, c1), (c2, c3) = halves(key), halves(low), halves(high)
    for _ in range(10):
        low0, high0 = halves(builder.mul(c0, I64(_M0)))
        low1, high1 = halves(builder.mul(c2, I64(_M1)))
        c0, c1 = builder.xor(builder.xor(high1, c1), k0), low1
        c2, c3 = builder.xor(builder.xor(high0, c3), k1), low0
        k0 = builder.and_(builder.add(k0, I64(_W0)), mask)
        k1 = builder.and_(builder.add(k1, I64(_W1)), mask)

    def join(a: Any, b: Any) -> Any:
        return builder.or_(a, builder.shl(b, half))

    return join(c0, c1), join(c2, c3)


def _philox(module: Any) -> Any:
    """The function {i64, i64} bw_philox(key, low counter, high counter), made once per module."""
    name = "bw_philox"
    if name in module.globals:
        return module.globals[name]
    function = ir.Function(module, ir.FunctionType(_PAIR, [I64, I64, I64]), name)
    function.linkage = "linkonce_odr"
    function.attributes.add("nounwind")
    function.attributes.add("readnone")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    first, second = philox_words(builder, *function.args)
    words = builder.insert_value(ir.Constant(_PAIR, ir.Undefined), first, 0)
    builder.ret(builder.insert_value(words, second, 1))
    return function


def counter_of(builder: Any, call: Any, block: Any) -> Any:
    """The upper half of the counter: tick and block."""
    tick = memory.member(builder, call, "bw_call.tick", I64)
    return builder.or_(builder.shl(tick, I64(24)), block)


def next_word(builder: Any, state: Any) -> Any:
    """The next 64 random bits of the row. The two words of a block are computed once."""
    drawn = memory.load(builder, state, args.DRAWN, I64)
    memory.store(builder, state, args.DRAWN, builder.add(drawn, I64(1)))
    block = builder.lshr(drawn, I64(1))
    with builder.if_then(builder.icmp_signed("!=", block, memory.load(builder, state, args.BLOCK, I64))):
        call = args.call_of(builder, state)
        key = memory.member(builder, call, "bw_call.rng_key", I64)
        counter = counter_of(builder, call, block)
        words = builder.call(_philox(builder.module), [key, args.own_id(builder, state), counter])
        memory.store(builder, state, args.BLOCK, block)
        memory.store(builder, state, args.FIRST, builder.extract_value(words, 0))
        memory.store(builder, state, args.SECOND, builder.extract_value(words, 1))
    first = memory.load(builder, state, args.FIRST, I64)
    second = memory.load(builder, state, args.SECOND, I64)
    return builder.select(builder.trunc(drawn, ir.IntType(1)), second, first)


def _unit(builder: Any, word: Any) -> Any:
    return builder.fmul(builder.uitofp(builder.lshr(word, I64(11)), F64), F64(2.0**-53))


@intrinsic
def uniform(context: Any, rng: Any, low: Any, high: Any) -> Any:
    """rng.uniform(low, high)"""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        low_value, high_value = (
            as_double(builder, t, v) for t, v in zip(sig.args[1:], values[1:], strict=True)
        )
        unit = _unit(builder, next_word(builder, values[0]))
        return builder.fadd(low_value, builder.fmul(builder.fsub(high_value, low_value), unit))

    return signature(types.float64, rng, low, high), emit


@intrinsic
def unit_uniform(context: Any, rng: Any) -> Any:
    """rng.uniform() and rng.uniform(0, 1): u itself."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        return _unit(builder, next_word(builder, values[0]))

    return signature(types.float64, rng), emit


@intrinsic
def bernoulli(context: Any, rng: Any, p: Any) -> Any:
    """rng.bernoulli(p)"""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        unit = _unit(builder, next_word(builder, values[0]))
        return builder.fcmp_ordered("<", unit, as_double(builder, p, values[1]))

    return signature(types.boolean, rng, p), emit


def _deviate(builder: Any, state: Any, name: str) -> Any:
    word = next_word(builder, state)
    return memory.service(builder, args.call_of(builder, state), name, F64, [word], pure=True)


@intrinsic
def normal(context: Any, rng: Any, mean: Any, std: Any) -> Any:
    """rng.normal(mean, std)"""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        mean_value, std_value = (
            as_double(builder, t, v) for t, v in zip(sig.args[1:], values[1:], strict=True)
        )
        deviate = _deviate(builder, values[0], "normal")
        return builder.fadd(mean_value, builder.fmul(std_value, deviate))

    return signature(types.float64, rng, mean, std), emit


@intrinsic
def exponential(context: Any, rng: Any, scale: Any) -> Any:
    """rng.exponential(scale)"""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        deviate = _deviate(builder, values[0], "exponential")
        return builder.fmul(as_double(builder, scale, values[1]), deviate)

    return signature(types.float64, rng, scale), emit


def _append(builder: Any, name: str) -> Any:
    return builder.append_basic_block(name)


def _lemire(builder: Any, state: Any, n: Any) -> Any:
    """A number below n for 1 <= n <= 2^32, from the upper halves of words."""
    low_bits = I64(0xFFFFFFFF)

    def draw() -> tuple[Any, Any]:
        m = builder.mul(builder.lshr(next_word(builder, state), I64(32)), n)
        return m, builder.and_(m, low_bits)

    first, first_low = draw()
    start = builder.block
    maybe, loop, again, done = (_append(builder, f"lemire.{x}") for x in ("maybe", "loop", "again", "done"))
    builder.cbranch(builder.icmp_unsigned("<", first_low, n), maybe, done)
    builder.position_at_end(maybe)
    threshold = builder.urem(builder.sub(I64(1 << 32), n), n)
    builder.branch(loop)
    builder.position_at_end(loop)
    m, low = builder.phi(I64), builder.phi(I64)
    builder.cbranch(builder.icmp_unsigned("<", low, threshold), again, done)
    builder.position_at_end(again)
    next_m, next_low = draw()
    back = builder.block
    builder.branch(loop)
    for phi, initial, repeated in ((m, first, next_m), (low, first_low, next_low)):
        phi.add_incoming(initial, maybe)
        phi.add_incoming(repeated, back)
    builder.position_at_end(done)
    result = builder.phi(I64)
    result.add_incoming(first, start)
    result.add_incoming(m, loop)
    return builder.lshr(result, I64(32))


def _masked(builder: Any, state: Any, n: Any) -> Any:
    """A number below n > 2^32: words under the smallest mask, the first that fits."""
    leading = builder.ctlz(builder.sub(n, I64(1)), ir.IntType(1)(0))
    mask = builder.lshr(I64(-1), leading)
    loop, done = _append(builder, "mask.loop"), _append(builder, "mask.done")
    builder.branch(loop)
    builder.position_at_end(loop)
    candidate = builder.and_(next_word(builder, state), mask)
    last = builder.block
    builder.cbranch(builder.icmp_unsigned("<", candidate, n), done, loop)
    builder.position_at_end(done)
    result = builder.phi(I64)
    result.add_incoming(candidate, last)
    return result


def below(builder: Any, state: Any, n: Any) -> Any:
    """A whole number in [0, n), n an unsigned i64 that is not 0."""
    small = builder.icmp_unsigned("<=", n, I64(1 << 32))
    with builder.if_else(small) as (then, otherwise):
        with then:
            near = _lemire(builder, state, n)
            near_block = builder.block
        with otherwise:
            far = _masked(builder, state, n)
            far_block = builder.block
    result = builder.phi(I64)
    result.add_incoming(near, near_block)
    result.add_incoming(far, far_block)
    return result


@intrinsic
def integers(context: Any, rng: Any, low: Any, high: Any) -> Any:
    """rng.integers(low, high); an empty range raises."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        state, low_value, high_value = values
        empty = builder.icmp_signed(">=", low_value, high_value)
        with builder.if_then(empty, likely=False):
            ctx.call_conv.return_user_exc(builder, ValueError, ())
        drawn = below(builder, state, builder.sub(high_value, low_value))
        return builder.add(low_value, drawn)

    return signature(types.int64, rng, types.int64, types.int64), emit
