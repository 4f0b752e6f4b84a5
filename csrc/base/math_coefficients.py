"""Computes the tables and polynomial coefficients of the engine's mathematics and writes math_tables.hpp.

Run `python csrc/base/math_coefficients.py` (needs mpmath) after changing it; a test compares the header with
what this file computes. Polynomials nearly minimise the largest relative error of the function that they
serve (Lawson's reweighted least squares, 1961); their lowest coefficients are rounded to double one after the
other, each time refitting those above. How the tables are used is explained where they are used:
math_exp_log.cpp, math_trigonometry.cpp, math.cpp.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import mpmath
from mpmath import mp, mpf

mp.dps = 80
Function = Callable[[mpf], mpf]

EXP_BITS = 7  # exp: 2^7 steps to a factor of two
LOG_BITS = 7  # log: 2^7 intervals to a factor of two
LOG_INTERVALS_BELOW_ONE = 76
LOG_INVERSE_BITS = 20
TAN_STEPS = 64  # tan: steps to a radian
ATAN_BITS = 5  # atan: 2^5 intervals to a factor of two, from 1/4 to 4


def to_double(value: mpf) -> float:
    """The double nearest to a number."""
    return float(mpmath.nstr(value, 40))


def bits_of(value: float) -> int:
    """The encoding of a double as an integer."""
    return int(struct.unpack("<Q", struct.pack("<d", value))[0])


def from_bits(bits: int) -> float:
    """The double of an encoding."""
    return float(struct.unpack("<d", struct.pack("<Q", bits))[0])


def rounded(value: mpf, unit: int) -> mpf:
    """The multiple of 2^unit nearest to a number."""
    scale = mpf(2) ** unit
    return mpmath.nint(value / scale) * scale


def leading(value: mpf, digits: int) -> mpf:
    """A number rounded to so many binary digits."""
    return rounded(value, int(mpmath.floor(mpmath.log(abs(value), 2))) + 1 - digits)


# --- minimax polynomials --------------------------------------------------------------------------


def least_squares(values: list[mpf], nodes: list[mpf], weights: list[mpf], count: int) -> list[mpf]:
    """The polynomial of `count` coefficients nearest to values at nodes in the weighted sum of squares."""
    moments = [mpf(0)] * (2 * count - 1)
    right = [mpf(0)] * count
    for value, x, weight in zip(values, nodes, weights, strict=True):
        power = weight
        for p in range(2 * count - 1):
            moments[p] += power
            if p < count:
                right[p] += power * value
            power *= x
    matrix = mpmath.matrix([[moments[i + j] for j in range(count)] for i in range(count)])
    solution = mpmath.lu_solve(matrix, mpmath.matrix(right))
    return [solution[i] for i in range(count)]


def minimax(f: Function, weight: Function, low: mpf, high: mpf, count: int, rounds: int) -> list[mpf]:
    """A polynomial that nearly minimises the largest weight * |f - polynomial| over low..high."""
    samples = 12 * count
    middle, half = (low + high) / 2, (high - low) / 2
    nodes = [middle - half * mpmath.cos(mp.pi * (i + mpf(0.5)) / samples) for i in range(samples)]
    values = [f(x) for x in nodes]
    squares = [weight(x) ** 2 for x in nodes]
    density = [mpf(1) / samples] * samples
    for _ in range(rounds):
        weights = [d * s for d, s in zip(density, squares, strict=True)]
        coefficients = least_squares(values, nodes, weights, count)
        errors = [
            d * mpmath.sqrt(s) * abs(v - mpmath.polyval(coefficients[::-1], x))
            for d, s, v, x in zip(density, squares, values, nodes, strict=True)
        ]
        total = sum(errors)
        density = [error / total for error in errors]
    return coefficients


def fit(f: Function, weight: Function, low: float | mpf, high: float | mpf, count: int) -> list[float]:
    """`count` coefficients, lowest first, as doubles."""
    nudge = mpf(10) ** -20  # where a quotient like (sin(x) - x) / x^3 stands for its limit at 0
    fixed: list[float] = []

    def at(x: mpf) -> mpf:
        return x if abs(x) > nudge else nudge

    def rest(x: mpf) -> mpf:
        return (f(at(x)) - sum(mpf(c) * x**p for p, c in enumerate(fixed))) / x ** len(fixed)

    def weight_of_rest(x: mpf) -> mpf:
        return weight(at(x)) * x ** len(fixed)

    while len(fixed) < count:
        fitted = minimax(rest, weight_of_rest, mpf(low), mpf(high), count - len(fixed), 12)
        # The rounding of high coefficients does not matter: they are taken all at once.
        fixed += [to_double(c) for c in (fitted[:1] if len(fixed) < 3 else fitted)]
    return fixed


def odd_part(f: Function) -> Function:
    """g with f(x) = x + x^3 g(x^2)."""

    def g(z: mpf) -> mpf:
        x = mpmath.sqrt(z)
        return (f(x) / x - 1) / z

    return g


# --- what the header holds ------------------------------------------------------------------------

Item = tuple[str, str, list[float]]


def exp_items() -> Iterator[Item]:
    """exp, expm1, sinh and tanh."""
    steps = 2**EXP_BITS
    log2 = mpmath.log(2)
    unit = log2 / steps
    high = leading(unit, 34)
    yield "kExpStep", "ln 2 / 128 in two parts, and its inverse", [
        to_double(high), to_double(unit - high), to_double(1 / unit)]  # fmt: skip
    table = []
    for j in range(steps):
        value = mpf(2) ** (mpf(j) / steps)
        table += [to_double(value), to_double(value - mpf(to_double(value)))]
    yield "kExpTable", "2^(j / 128), high and low part", table
    bound = unit / 2 * mpf("1.001")
    yield "kExpPolynomial", "(exp(r) - 1 - r) / r^2", fit(
        lambda r: (mpmath.expm1(r) - r) / r**2, lambda r: r**2, -bound, bound, 4)  # fmt: skip
    yield "kExpm1Polynomial", "(expm1(x) - x - x^2 / 2) / x^3, |x| <= 1/8", fit(
        lambda x: (mpmath.expm1(x) - x - x**2 / 2) / x**3, lambda x: x**2, -0.125, 0.125, 8)  # fmt: skip
    yield "kSinhPolynomial", "(sinh(x) - x) / x^3 in x^2, |x| <= 0.7", fit(
        odd_part(mpmath.sinh), lambda z: z, 0, 0.4901, 7)  # fmt: skip
    yield "kTanhPolynomial", "(tanh(x) - x) / x^3 in x^2, |x| <= 0.4", fit(
        odd_part(mpmath.tanh), lambda z: z, 0, 0.1601, 9)  # fmt: skip


def log_intervals() -> tuple[int, list[mpf], mpf]:
    """The encoding at which the intervals begin, 1 / (middle of each), and the largest |z / middle - 1|."""
    width = 1 << (52 - LOG_BITS)
    begin = bits_of(1.0) - width // 2 - LOG_INTERVALS_BELOW_ONE * width
    inverses, largest = [], mpf(0)
    for i in range(2**LOG_BITS):
        low, high = (mpf(from_bits(begin + (i + side) * width)) for side in (0, 1))
        inverse = mpf(1) if i == LOG_INTERVALS_BELOW_ONE else leading(2 / (low + high), LOG_INVERSE_BITS)
        inverses.append(inverse)
        largest = max(largest, abs(low * inverse - 1), abs(high * inverse - 1))
    return begin, inverses, largest


def log_items() -> Iterator[Item]:
    """log, log1p, log2, log10 and pow."""
    begin, inverses, largest = log_intervals()
    yield "kLogBegin", "where the intervals of the reduced argument begin", [from_bits(begin)]
    yield "kLogInverse", "1 / (middle of the interval), of 20 bits", list(map(to_double, inverses))
    for name, base in (("Ln", mp.e), ("Log2", mpf(2)), ("Log10", mpf(10))):
        per_octave = mpmath.log(2) / mpmath.log(base)
        high = rounded(per_octave, -42)
        yield f"k{name}OfTwo", "logarithm of 2, high (a multiple of 2^-42) and low part", [
            to_double(high), to_double(per_octave - high)]  # fmt: skip
        factor = 1 / mpmath.log(base)
        head = leading(factor, 26)
        yield f"k{name}OfE", "logarithm of e: 26 bits, the rest, all", [
            to_double(head), to_double(factor - head), to_double(factor)]  # fmt: skip
        table = []
        for inverse in inverses:
            value = -mpmath.log(inverse) / mpmath.log(base)
            high = rounded(value, -42)
            table += [to_double(high), to_double(value - high)]
        yield f"k{name}Table", "logarithm of the middle, high (a multiple of 2^-42) and low part", table
    yield "kLogPolynomial", "(log1p(r) - r + r^2 / 2) / r^3", fit(
        lambda r: (mpmath.log1p(r) - r + r**2 / 2) / r**3, lambda r: r**2, -largest, largest, 6)  # fmt: skip


def circle_items() -> Iterator[Item]:
    """sin, cos and tan."""
    half_pi = mp.pi / 2
    first = leading(half_pi, 33)
    second = leading(half_pi - first, 33)
    yield "kHalfPiParts", "pi / 2 in 33 + 33 + 53 bits", [
        to_double(part) for part in (first, second, half_pi - first - second)]  # fmt: skip
    yield "kHalfPi", "pi / 2, high and low part, and its inverse", [
        to_double(half_pi), to_double(half_pi - mpf(to_double(half_pi))), to_double(1 / half_pi)]  # fmt: skip
    bound = (mp.pi / 4) ** 2 * mpf("1.0001")
    yield "kSinPolynomial", "(sin(x) - x) / x^3 in x^2, |x| <= pi / 4", fit(
        odd_part(mpmath.sin), lambda z: z, 0, bound, 6)  # fmt: skip
    yield "kCosPolynomial", "(cos(x) - 1 + x^2 / 2) / x^4 in x^2, |x| <= pi / 4", fit(
        lambda z: (mpmath.cos(mpmath.sqrt(z)) - 1 + z / 2) / z**2, lambda z: z**2, 0, bound, 6)  # fmt: skip
    yield "kTanPolynomial", "(tan(x) - x) / x^3 in x^2, |x| <= 1/4", fit(
        odd_part(mpmath.tan), lambda z: z, 0, 0.0626, 8)  # fmt: skip
    yield "kCotPolynomial", "(1 / x - cot(x)) / x in x^2, |x| <= 1/4", fit(
        lambda z: (1 / mpmath.sqrt(z) - mpmath.cot(mpmath.sqrt(z))) / mpmath.sqrt(z),
        lambda z: z, 0, 0.0626, 6)  # fmt: skip
    yield "kTanStepPolynomial", "(tan(x) - x) / x^3 in x^2, |x| <= 1/128", fit(
        odd_part(mpmath.tan), lambda z: z, 0, mpf(2) ** -14, 3)  # fmt: skip
    for name, function in (("Tan", mpmath.tan), ("Cot", mpmath.cot)):
        table = []
        for j in range(TAN_STEPS // 4, 52):
            value = function(mpf(j) / TAN_STEPS)
            table += [to_double(value), to_double(value - mpf(to_double(value)))]
        yield f"k{name}Table", f"{name.lower()}(j / 64), high and low part, from j = 16", table


def arc_items() -> Iterator[Item]:
    """asin, acos and atan."""
    yield "kAtanPolynomial", "(atan(x) - x) / x^3 in x^2, |x| <= 1/4", fit(
        odd_part(mpmath.atan), lambda z: z, 0, 0.0626, 9)  # fmt: skip
    yield "kAtanStepPolynomial", "(atan(x) - x) / x^3 in x^2, |x| <= 1/128", fit(
        odd_part(mpmath.atan), lambda z: z, 0, mpf(2) ** -14 * 1.01, 3)  # fmt: skip
    yield "kAsinPolynomial", "(asin(x) - x) / x^3 in x^2, |x| <= 1/2", fit(
        odd_part(mpmath.asin), lambda z: z, 0, 0.25, 13)  # fmt: skip
    table = []
    width = 1 << (52 - ATAN_BITS)
    for i in range(4 * 2**ATAN_BITS):
        value = mpmath.atan(mpf(from_bits(bits_of(0.25) + i * width + width // 2)))
        table += [to_double(value), to_double(value - mpf(to_double(value)))]
    yield "kAtanTable", "atan of the middle of each interval, high and low part", table


def root_items() -> Iterator[Item]:
    """cbrt."""
    yield "kInverseCbrtPolynomial", "m^(-1/3) in m - 1.5, 1 <= m < 2", fit(
        lambda t: 1 / mpmath.cbrt(t + 1.5), lambda t: mpmath.cbrt(t + 1.5), -0.5, 0.5, 6)  # fmt: skip
    yield "kCbrtOfPowers", "2^(0/3), 2^(1/3), 2^(2/3) inverted", [
        to_double(1 / mpmath.cbrt(2**i)) for i in range(3)]  # fmt: skip


def two_over_pi_words(count: int) -> list[int]:
    """2 / pi in words of 64 bits, from the binary point, after one word of zeros."""
    with mp.workprec(64 * count + 64):
        digits = int(mpmath.floor(2 / mp.pi * mpf(2) ** (64 * count)))
    return [0] + [(digits >> (64 * (count - 1 - i))) & (2**64 - 1) for i in range(count)]


# --- the header -----------------------------------------------------------------------------------


def short_hex(value: float) -> str:
    """A double as a C++ hexadecimal literal without needless digits."""
    if value == 0.0:
        return "0.0"
    mantissa, exponent = value.hex().split("p")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}p{exponent}"


def lines_of(literals: list[str]) -> str:
    """Literals, four a line."""
    rows = [", ".join(literals[i : i + 4]) for i in range(0, len(literals), 4)]
    return "".join(f"  {row},\n" for row in rows)


def array_text(name: str, comment: str, kind: str, literals: list[str]) -> str:
    """The declaration of one table."""
    return f"// {comment}\ninline constexpr {kind} {name}[{len(literals)}] = {{\n{lines_of(literals)}}};\n"


def header_text() -> str:
    """The whole header."""
    parts = [
        "// math_tables.hpp: tables and polynomial coefficients of the engine's mathematics.\n"
        "// Generated by math_coefficients.py, which says what they are; not to be edited.\n"
        "// clang-format off\n"
        "#pragma once\n\n#include <cstdint>\n\nnamespace bw::math {\n"
    ]
    for items in (exp_items, log_items, circle_items, arc_items, root_items):
        for name, comment, values in items():
            parts.append(array_text(name, comment, "double", [short_hex(v) for v in values]))
    words = [f"0x{word:016x}" for word in two_over_pi_words(20)]
    parts.append(
        array_text(
            "kTwoOverPi", "2 / pi after the binary point, behind a word of zeros", "std::uint64_t", words
        )
    )
    parts.append("}  // namespace bw::math\n// clang-format on\n")
    return "\n".join(parts)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("math_tables.hpp")
    target.write_text(header_text(), encoding="utf-8")
