// math_exp_log.cpp: exponentials, logarithms, powers and hyperbolic functions.
#include <cmath>

#include "base/double_parts.hpp"
#include "base/math.hpp"
#include "base/math_tables.hpp"

namespace bw::math {

namespace {

// --- exponentials ----------------------------------------------------------------------------

// exp(x) = (high + low) 2^exponent with high in [1, 2) and a relative error of about 2^-60.
struct Exponential {
  double high;
  double low;
  std::int64_t exponent;
};

constexpr double kExpOverflow = 0x1.62e42fefa39efp+9;    // above, exp is infinite
constexpr double kExpUnderflow = -0x1.74910d52d3052p+9;  // below, exp is zero

// Tang 1989: x = k ln 2 / 128 + r, exp(x) = 2^(k / 128) exp(r). Takes x in two parts, |x| < 2^14.
inline Exponential exp_parts(double x, double x_low) {
  const double shifted = x * kExpStep[2] + kToInteger;
  const double k = shifted - kToInteger;
  const auto steps = static_cast<std::int64_t>(static_cast<std::int32_t>(bits_of(shifted)));
  const double r = (x - k * kExpStep[0]) + (x_low - k * kExpStep[1]);
  const double p = r + r * r * polynomial(kExpPolynomial, r);
  const auto j = static_cast<std::size_t>(steps & 127);
  const double high = kExpTable[2 * j];
  return {high, kExpTable[2 * j + 1] + high * p, steps >> 7};
}

// Rounds (high + low) 2^exponent where it is not a plain normal number: once, to a multiple of
// 2^-1074.
[[gnu::noinline]] double round_extreme(const Exponential& e) {
  if (e.exponent > 0) {
    return (e.high + e.low) * power_of_two(1000) * power_of_two(e.exponent - 1000);
  }
  if (e.exponent == -1022 && e.high + e.low >= 1.0) return (e.high + e.low) * power_of_two(-1022);
  // Adding `unit` brings the last bit that the result can hold to the last place of the sum.
  const double unit = power_of_two(-1022 - e.exponent);
  const Pair sum = fast_two_sum(unit, e.high);
  const double rounded = sum.high + (sum.low + e.low);
  return (rounded - unit) * power_of_two(e.exponent + 1022) * power_of_two(-1022);
}

inline double round_exponential(const Exponential& e) {
  if (e.exponent < -1021 || e.exponent > 1022) [[unlikely]]
    return round_extreme(e);
  return (e.high + e.low) * power_of_two(e.exponent);
}

// exp(x) / 2 for x <= 711, where exp itself may be infinite.
inline Exponential half_exp(double x) {
  Exponential e = exp_parts(x, 0.0);
  e.exponent -= 1;
  return e;
}

// exp(x) / 2 and exp(-x) / 2 for 0 <= x <= 40.
struct HalfExponentials {
  Pair growing;
  Pair falling;
};
inline HalfExponentials half_exponentials(double x) {
  const Exponential e = half_exp(x);
  const double scale = power_of_two(e.exponent);
  const Pair growing = fast_two_sum(e.high * scale, e.low * scale);
  const double falling = 0.25 / growing.high;
  return {growing, {falling, -4.0 * falling * falling * growing.low}};
}

// --- logarithms ------------------------------------------------------------------------------

// A positive normal number x = 2^k z, and z (1 / middle of its interval) = 1 + r + r_low exactly
// (Tang 1990). The tables hold the logarithm of the middle; the interval around 1 has the middle 1,
// so that logarithms near zero are relatively accurate.
struct LogArgument {
  double k;
  std::size_t interval;
  double r;
  double r_low;
};

// `excess` is a small addend to x that its bits do not hold.
inline LogArgument log_argument(std::uint64_t x_bits, double excess = 0.0) {
  const std::uint64_t offset = x_bits - bits_of(kLogBegin[0]);
  const auto k = static_cast<std::int64_t>(offset) >> 52;
  const auto interval = static_cast<std::size_t>((offset >> 45) & 127);
  const double z = from_bits(x_bits - (static_cast<std::uint64_t>(k) << 52));
  const double inverse = kLogInverse[interval];
  const double z_head = head32(z);
  const double r = z_head * inverse - 1.0;
  double r_low = (z - z_head) * inverse;
  if (excess != 0.0 && k < 60) r_low += excess * power_of_two(-k) * inverse;
  return {static_cast<double>(k), interval, r, r_low};
}

// Encoding of a positive number; subnormals get exponents below zero.
inline std::uint64_t normal_bits(double x) {
  const std::uint64_t bits = bits_of(x);
  if (bits >= kSmallestNormalBits) [[likely]]
    return bits;
  return bits_of(x * 0x1p52) - (std::uint64_t{52} << 52);
}

// What the logarithms share for arguments that are not positive and finite.
inline bool is_log_special(double x) {
  return bits_of(x) - 1 >= kInfinityBits - 1;
}
double log_special(double x) {
  if (x == 0.0) return -kInfinity;
  if (x < 0.0 || is_nan(x)) return kNan;
  return x;
}

// r^2 (-1/2 + r / 3 - ...): log1p(r) without its first term.
inline double log_remainder(double r) {
  return r * r * (-0.5 + r * polynomial(kLogPolynomial, r));
}

// The natural logarithm of an argument.
inline double natural_log(const LogArgument& a) {
  const double high = a.k * kLnOfTwo[0] + kLnTable[2 * a.interval];
  const double low = a.k * kLnOfTwo[1] + kLnTable[2 * a.interval + 1];
  const Pair r = fast_two_sum(a.r, a.r_low);
  const Pair sum = fast_two_sum(high, r.high);
  return sum.high + (sum.low + (r.low + low) + log_remainder(r.high));
}

// The logarithm to a base with log(2) and log(e) given in parts, which are multiplied with 26 bits
// of r.
inline double log_to_base(const LogArgument& a, const double (&of_two)[2], const double (&of_e)[3],
                          const double (&table)[256]) {
  const double high = a.k * of_two[0] + table[2 * a.interval];
  const double low = a.k * of_two[1] + table[2 * a.interval + 1];
  const double r = a.r + a.r_low;
  const double r_head = head(r);
  const double r_tail = (a.r - r_head) + a.r_low;
  const Pair sum = fast_two_sum(high, r_head * of_e[0]);
  return sum.high + (sum.low + (low + r_head * of_e[1]) + (r_tail + log_remainder(r)) * of_e[2]);
}

// The natural logarithm in two parts, with a relative error of about 2^-68, for pow.
inline Pair log_pair(const LogArgument& a) {
  const double high = a.k * kLnOfTwo[0] + kLnTable[2 * a.interval];
  const double low = a.k * kLnOfTwo[1] + kLnTable[2 * a.interval + 1];
  const Pair r = fast_two_sum(a.r, a.r_low);
  const double r_head = head(r.high);
  const double half_square = -0.5 * r_head * r_head;
  const double rest_of_square = -0.5 * (r.high - r_head) * (r.high + r_head) - r.high * r.low;
  const Pair first = fast_two_sum(high, r.high);
  const Pair second = fast_two_sum(first.high, half_square);
  const double cubic = r.high * r.high * r.high * polynomial(kLogPolynomial, r.high);
  const double tail = second.low + first.low + (r.low + low + rest_of_square + cubic);
  return fast_two_sum(second.high, tail);
}

// --- powers ----------------------------------------------------------------------------------

enum class Parity { kNotInteger, kOdd, kEven };

Parity parity_of(double y) {
  const std::uint64_t bits = magnitude_bits(y);
  const auto exponent = static_cast<int>(bits >> 52) - 1023;
  if (exponent < 0) return bits == 0 ? Parity::kEven : Parity::kNotInteger;
  if (exponent > 52) return Parity::kEven;
  const std::uint64_t unit = std::uint64_t{1} << (52 - exponent);
  if (bits & (unit - 1)) return Parity::kNotInteger;
  // With exponent 0 the unit is the implicit bit: y = +-1.
  return exponent == 0 || (bits & unit) ? Parity::kOdd : Parity::kEven;
}

// pow where x is zero or infinite, or y is infinite; neither is NaN, y is not zero, x is not 1.
double pow_at_limits(double x, double y) {
  const double ax = magnitude(x);
  if (magnitude(y) == kInfinity) {
    if (ax == 1.0) return 1.0;
    return (ax > 1.0) == (y > 0.0) ? kInfinity : 0.0;
  }
  const double result = (ax == kInfinity) == (y > 0.0) ? kInfinity : 0.0;
  return (bits_of(x) & kSignBit) && parity_of(y) == Parity::kOdd ? -result : result;
}

// pow of a positive finite x and a finite y other than zero, times a sign.
inline double pow_of_positive(double x, double y, double sign) {
  const Pair log_x = log_pair(log_argument(normal_bits(x)));
  const double estimate = y * log_x.high;
  if (estimate > 710.0) [[unlikely]]
    return sign * kInfinity;
  if (estimate < -746.0) [[unlikely]]
    return sign * 0.0;
  if (magnitude(estimate) < 0x1p-60) [[unlikely]]
    return sign * (1.0 + estimate);
  const Pair product = two_product(y, log_x.high);
  return sign * round_exponential(exp_parts(product.high, product.low + y * log_x.low));
}

}  // namespace

double exp(double x) {
  const std::uint64_t bits = magnitude_bits(x);
  // Below 2^-54 and from 512 on, or NaN.
  if (bits - bits_of(0x1p-54) >= bits_of(512.0) - bits_of(0x1p-54)) [[unlikely]] {
    if (bits < bits_of(512.0)) return 1.0 + x;
    if (bits > kInfinityBits) return kNan;
    if (x > kExpOverflow) return kInfinity;
    if (x < kExpUnderflow) return 0.0;
  }
  return round_exponential(exp_parts(x, 0.0));
}

double expm1(double x) {
  const std::uint64_t bits = magnitude_bits(x);
  if (bits < bits_of(0.125)) {
    if (bits < bits_of(0x1p-54)) return x;
    const double x2 = x * x;
    return x + (0.5 * x2 + x * x2 * polynomial(kExpm1Polynomial, x));
  }
  if (bits > kInfinityBits) return kNan;
  if (x > kExpOverflow) return kInfinity;
  if (x < -40.0) return -1.0;
  const Exponential e = exp_parts(x, 0.0);
  if (e.exponent > 60) return round_exponential(e);
  const double scale = power_of_two(e.exponent);
  const Pair difference = two_sum(e.high * scale, -1.0);
  return difference.high + (difference.low + e.low * scale);
}

double log(double x) {
  if (is_log_special(x)) [[unlikely]]
    return log_special(x);
  return natural_log(log_argument(normal_bits(x)));
}

double log2(double x) {
  if (is_log_special(x)) [[unlikely]]
    return log_special(x);
  return log_to_base(log_argument(normal_bits(x)), kLog2OfTwo, kLog2OfE, kLog2Table);
}

double log10(double x) {
  if (is_log_special(x)) [[unlikely]]
    return log_special(x);
  return log_to_base(log_argument(normal_bits(x)), kLog10OfTwo, kLog10OfE, kLog10Table);
}

double log1p(double x) {
  if (magnitude(x) < 0x1p-9) return magnitude(x) < 0x1p-54 ? x : x + log_remainder(x);
  const Pair sum = two_sum(1.0, x);
  if (is_log_special(sum.high)) [[unlikely]]
    return log_special(sum.high);
  return natural_log(log_argument(bits_of(sum.high), sum.low));
}

double pow(double x, double y) {
  if (y == 2.0 && !is_nan(x)) return x * x;
  if (y == 0.0 || x == 1.0) return 1.0;
  if (is_nan(x) || is_nan(y)) return kNan;
  if (x == 0.0 || magnitude(x) == kInfinity || magnitude(y) == kInfinity)
    return pow_at_limits(x, y);
  if (x > 0.0) [[likely]]
    return pow_of_positive(x, y, 1.0);
  const Parity parity = parity_of(y);
  if (parity == Parity::kNotInteger) return kNan;
  return pow_of_positive(-x, y, parity == Parity::kOdd ? -1.0 : 1.0);
}

double sinh(double x) {
  const double ax = magnitude(x);
  if (ax < 0.7) {
    if (ax < 0x1p-28) return x;
    const double z = x * x;
    return x + x * z * polynomial(kSinhPolynomial, z);
  }
  if (is_nan(x)) return kNan;
  if (ax > 711.0) return with_sign(kInfinity, x);
  if (ax > 40.0) return with_sign(round_exponential(half_exp(ax)), x);
  const HalfExponentials e = half_exponentials(ax);
  const Pair difference = fast_two_sum(e.growing.high, -e.falling.high);
  return with_sign(difference.high + (difference.low + (e.growing.low - e.falling.low)), x);
}

double cosh(double x) {
  const double ax = magnitude(x);
  if (is_nan(x)) return kNan;
  if (ax > 711.0) return kInfinity;
  if (ax > 40.0) return round_exponential(half_exp(ax));
  const HalfExponentials e = half_exponentials(ax);
  const Pair sum = fast_two_sum(e.growing.high, e.falling.high);
  return sum.high + (sum.low + (e.growing.low + e.falling.low));
}

double tanh(double x) {
  const double ax = magnitude(x);
  if (ax < 0.4) {
    if (ax < 0x1p-28) return x;
    const double z = x * x;
    return x + x * z * polynomial(kTanhPolynomial, z);
  }
  if (is_nan(x)) return kNan;
  if (ax > 22.0) return with_sign(1.0, x);
  // 1 - 2 / (exp(2 x) + 1), with what the sum and the quotient lose.
  const Exponential e = exp_parts(2 * ax, 0.0);
  const double scale = power_of_two(e.exponent);
  const Pair sum = fast_two_sum(e.high * scale, 1.0);
  const Pair divisor = fast_two_sum(sum.high, sum.low + e.low * scale);
  const double quotient = 2.0 / divisor.high;
  const Pair product = two_product(quotient, divisor.high);
  const double remainder = ((2.0 - product.high) - product.low) - quotient * divisor.low;
  const Pair result = fast_two_sum(1.0, -quotient);
  return with_sign(result.high + (result.low - remainder * (0.5 * quotient)), x);
}

}  // namespace bw::math
