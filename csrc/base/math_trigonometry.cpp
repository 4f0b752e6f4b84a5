// math_trigonometry.cpp: circular functions and their inverses.
#include <bit>
#include <cmath>
#include <iterator>

#include "base/double_parts.hpp"
#include "base/math.hpp"
#include "base/math_tables.hpp"

namespace bw::math {

namespace {

__extension__ using Wide = unsigned __int128;

// x = quadrant * pi / 2 + high + low, |high| <= pi / 4 (and a little).
struct Angle {
  double high;
  double low;
  std::uint32_t quadrant;  // mod 4 counts
};

constexpr double kQuarterPi = 0x1.921fb54442d18p-1;
constexpr double kCodyWaiteLimit = 0x1p20;

// The angle whose part of a quadrant is a fraction (over 2^126) of 128 bits, continued by 64 more.
inline Pair angle_of_fraction(Wide fraction, std::uint64_t below) {
  // Close to a multiple of pi / 2 up to 62 leading bits are zero; the fraction itself never is.
  const auto top = static_cast<std::uint64_t>(fraction >> 64);
  const int zeros = top == 0 ? 63 : std::countl_zero(top);
  if (zeros != 0) fraction = fraction << zeros | below >> (64 - zeros);
  const auto leading = static_cast<std::uint64_t>(fraction >> 64);
  const auto following = static_cast<std::uint64_t>(fraction);
  const double high = static_cast<double>(leading >> 11) * power_of_two(-51 - zeros);
  const double low =
      static_cast<double>(leading << 53 | following >> 11) * power_of_two(-115 - zeros);
  const Pair product = two_product(high, kHalfPi[0]);
  return fast_two_sum(product.high, product.low + (high * kHalfPi[1] + low * kHalfPi[0]));
}

// The reduction of any |x| > pi / 4 by Payne and Hanek (1983): x = m 2^e is multiplied with those
// 192 bits of 2 / pi that matter for the product mod 4.
[[gnu::noinline]] Angle reduce_exactly(double x) {
  const std::uint64_t bits = magnitude_bits(x);
  const std::uint64_t m = (bits & kMantissaMask) | kSmallestNormalBits;
  // First bit of 2 / pi to take, counted from the word of zeros before the binary point: m 2^e
  // times the bits before it is a multiple of 4.
  const auto start = static_cast<unsigned>(static_cast<int>(bits >> 52) - 1075 - 2 + 64);
  const auto word = [start](unsigned i) {
    const unsigned at = start / 64 + i, shift = start % 64;
    return shift == 0 ? kTwoOverPi[at]
                      : kTwoOverPi[at] << shift | kTwoOverPi[at + 1] >> (64 - shift);
  };
  // The product mod 4 in fixed point: 2 bits before the point, 190 behind it.
  const Wide lowest = static_cast<Wide>(m) * word(2);
  const Wide middle = static_cast<Wide>(m) * word(1) + (lowest >> 64);
  std::uint64_t top = m * word(0) + static_cast<std::uint64_t>(middle >> 64);
  const std::uint64_t quadrant = (top + (std::uint64_t{1} << 61)) >> 62;
  top -= quadrant << 62;
  // What is left, between -1/2 and 1/2, as sign and magnitude.
  const bool is_negative = top >> 63;
  Wide fraction = static_cast<Wide>(top) << 64 | static_cast<std::uint64_t>(middle);
  auto below = static_cast<std::uint64_t>(lowest);
  if (is_negative) {
    below = ~below + 1;
    fraction = ~fraction + (below == 0 ? 1 : 0);
  }
  const Pair angle = angle_of_fraction(fraction, below);
  const bool x_is_negative = bits_of(x) & kSignBit;
  const double sign = is_negative != x_is_negative ? -1.0 : 1.0;
  const std::uint64_t quadrants = x_is_negative ? 4 - quadrant : quadrant;
  return {sign * angle.high, sign * angle.low, static_cast<std::uint32_t>(quadrants)};
}

// Cody and Waite (1980): for moderate x the product k pi / 2 is subtracted in three parts, the
// first two exactly.
inline Angle reduce(double x) {
  if (magnitude(x) <= kQuarterPi) return {x, 0.0, 0};
  if (magnitude(x) < kCodyWaiteLimit) [[likely]] {
    const double shifted = x * kHalfPi[2] + kToInteger;
    const double k = shifted - kToInteger;
    const double first = x - k * kHalfPiParts[0];
    const Pair second = fast_two_sum(first, -(k * kHalfPiParts[1]));
    // Close to a multiple of pi / 2 the parts do not reach far enough.
    if (magnitude(second.high) > 0x1p-10) [[likely]] {
      const Pair angle = fast_two_sum(second.high, second.low - k * kHalfPiParts[2]);
      return {angle.high, angle.low, static_cast<std::uint32_t>(bits_of(shifted))};
    }
  }
  return reduce_exactly(x);
}

// sin of the angle for an even quadrant, cos for an odd one, with the sign of the quadrant. Both
// are computed as base + factor * polynomial, without a branch: quadrants of many angles come in no
// order.
inline double circular(const Angle& a) {
  static constexpr std::size_t kTerms = 6;
  static_assert(std::size(kSinPolynomial) == kTerms && std::size(kCosPolynomial) == kTerms);
  static constexpr const double* kPolynomials[2] = {kSinPolynomial, kCosPolynomial};
  const double y = a.high;
  const double y_head = head(y);
  const double z_high = y_head * y_head, z_low = (y - y_head) * (y + y_head);
  const double z = z_high + z_low;
  const double cos_base = 1.0 - 0.5 * z_high;
  const double cos_rest = ((1.0 - cos_base) - 0.5 * z_high) - (0.5 * z_low + y * a.low);
  const double base[2] = {y, cos_base};
  const double rest[2] = {a.low * cos_base, cos_rest};
  const double factor[2] = {y * z, z * z};
  const std::size_t which = a.quadrant & 1;
  const double* c = kPolynomials[which];
  const double z2 = z * z;
  const double p = (c[0] + z * c[1]) + z2 * ((c[2] + z * c[3]) + z2 * (c[4] + z * c[5]));
  const double value = base[which] + (rest[which] + factor[which] * p);
  return from_bits(bits_of(value) ^ static_cast<std::uint64_t>(a.quadrant & 2) << 62);
}

// tan or -cot of |angle| > 1/4 from the nearest j / 64: with F = tan(j / 64) and t = tan(step),
// tan(j / 64 + step) = F + t (1 + F^2) / (1 - F t); cot takes the same form with cot(j / 64) and
// -t.
inline double tan_by_table(const Angle& a) {
  const bool is_cot = a.quadrant & 1;
  const double sign = a.high < 0 ? -1.0 : 1.0;
  const double y = sign * a.high;
  const double shifted = y * 64.0 + kToInteger;
  const double step = (y - (shifted - kToInteger) * 0x1p-6) + sign * a.low;
  const std::size_t entry = 2 * (static_cast<std::uint32_t>(bits_of(shifted)) - 16);
  const double* f = (is_cot ? kCotTable : kTanTable) + entry;
  const double z = step * step;
  const double tan_step = step + step * z * polynomial(kTanStepPolynomial, z);
  const double t = is_cot ? -tan_step : tan_step;
  const double value = f[0] + (f[1] + t * (1.0 + f[0] * f[0]) / (1.0 - f[0] * t));
  return (is_cot ? -sign : sign) * value;
}

// -cot of a small angle: 1 / y from its leading 26 bits and the remainder of the division.
inline double minus_cot_of_small(const Angle& a) {
  const double y = a.high;
  const double inverse = 1.0 / y;
  const double q = head(inverse);
  const double y_head = head(y);
  const double remainder = ((1.0 - q * y_head) - q * (y - y_head)) - q * a.low;
  return -(q + (remainder * inverse - y * polynomial(kCotPolynomial, y * y)));
}

// --- inverse functions -----------------------------------------------------------------------

// asin(x) - x for |x| <= 1/2.
inline double asin_rest(double x, double z) {
  return x * z * polynomial(kAsinPolynomial, z);
}

// sqrt(z) as a head of 26 bits and the rest.
inline Pair sqrt_pair(double z) {
  const double root = std::sqrt(z);
  const double root_head = head(root);
  return {root_head, root == 0.0 ? 0.0 : (z - root_head * root_head) / (root + root_head)};
}

// atan of a quotient n / d of positive numbers: pieces that are summed with multiples of pi / 2.
struct Arc {
  double high;
  double low;
};

constexpr double kArcTableBegin = 0.25;
constexpr double kArcTableEnd = 4.0;

// The middle of the interval of the atan table in which q lies, and the interval's number.
struct ArcInterval {
  double middle;
  std::size_t number;
};
inline ArcInterval arc_interval(double q) {
  const std::uint64_t bits = bits_of(q) >> 47;
  return {from_bits(bits << 47 | std::uint64_t{1} << 46),
          static_cast<std::size_t>(bits - (bits_of(kArcTableBegin) >> 47))};
}

// atan(c) + atan((q - c) / (1 + q c)) for 1/4 <= q < 4; the step is given.
inline Arc arc_by_table(std::size_t interval, double step) {
  const double z = step * step;
  const double low = kAtanTable[2 * interval + 1] + step * z * polynomial(kAtanStepPolynomial, z);
  return {kAtanTable[2 * interval], low + step};
}

// atan(x) - x for |x| <= 1/4.
inline double atan_rest(double x) {
  const double z = x * x;
  return x * z * polynomial(kAtanPolynomial, z);
}

// atan(y / x) for positive y, x of moderate size, the quotient being between 2^-60 and 2^60.
inline Arc arc_of_quotient(double y, double x) {
  const double q = y / x;
  const double x_head = head32(x), x_tail = x - x_head;
  if (q < kArcTableBegin) {
    const double q_head = head(q), x_head26 = head(x);
    const double remainder = (y - q_head * x_head26) - q_head * (x - x_head26);
    return {q_head, remainder / x + atan_rest(q)};
  }
  if (q < kArcTableEnd) {
    const auto [middle, interval] = arc_interval(q);
    const double numerator = (y - middle * x_head) - middle * x_tail;
    return arc_by_table(interval, numerator / (x + middle * y));
  }
  const double t = -(x / y);
  return {kHalfPi[0], (t + atan_rest(t)) + kHalfPi[1]};
}

// atan2 where an argument is zero, infinite or NaN.
double atan2_special(double y, double x) {
  if (is_nan(x) || is_nan(y)) return kNan;
  const bool x_is_negative = bits_of(x) & kSignBit;
  const double pi = 2 * kHalfPi[0];
  if (magnitude(x) == kInfinity && magnitude(y) == kInfinity) {
    // 3 pi / 4, rounded.
    return with_sign(x_is_negative ? 0x1.2d97c7f3321d2p+1 : kQuarterPi, y);
  }
  if (y == 0.0 || magnitude(x) == kInfinity) return with_sign(x_is_negative ? pi : 0.0, y);
  return with_sign(kHalfPi[0], y);
}

}  // namespace

double sin(double x) {
  if (magnitude(x) < 0x1p-26) return x;
  if (magnitude_bits(x) >= kInfinityBits) [[unlikely]]
    return kNan;
  return circular(reduce(x));
}

double cos(double x) {
  if (magnitude_bits(x) >= kInfinityBits) [[unlikely]]
    return kNan;
  Angle angle = reduce(x);
  ++angle.quadrant;
  return circular(angle);
}

double tan(double x) {
  if (magnitude(x) < 0x1p-27) return x;
  if (magnitude_bits(x) >= kInfinityBits) [[unlikely]]
    return kNan;
  const Angle a = reduce(x);
  if (magnitude(a.high) > 0.25) return tan_by_table(a);
  if (a.quadrant & 1) return minus_cot_of_small(a);
  const double z = a.high * a.high;
  return a.high + (a.low + a.high * z * polynomial(kTanPolynomial, z));
}

double asin(double x) {
  const double ax = magnitude(x);
  if (ax <= 0.5) {
    if (ax < 0x1p-27) return x;
    return x + asin_rest(x, x * x);
  }
  if (!(ax <= 1.0)) return kNan;
  // pi / 2 - 2 asin(sqrt((1 - x) / 2)).
  const double z = 0.5 * (1.0 - ax);
  const Pair s = sqrt_pair(z);
  const Pair high = fast_two_sum(kHalfPi[0], -2 * s.high);
  const double low = kHalfPi[1] - 2 * (s.low + asin_rest(s.high + s.low, z));
  return with_sign(high.high + (high.low + low), x);
}

double acos(double x) {
  const double ax = magnitude(x);
  if (ax <= 0.5) {
    const Pair high = fast_two_sum(kHalfPi[0], -x);
    return high.high + (high.low + (kHalfPi[1] - asin_rest(x, x * x)));
  }
  if (!(ax <= 1.0)) return kNan;
  const double z = 0.5 * (1.0 - ax);
  const Pair s = sqrt_pair(z);
  const double low = s.low + asin_rest(s.high + s.low, z);
  if (x > 0.0) return 2 * (s.high + low);
  const Pair high = fast_two_sum(2 * kHalfPi[0], -2 * s.high);
  return high.high + (high.low + 2 * (kHalfPi[1] - low));
}

double atan(double x) {
  const double ax = magnitude(x);
  if (ax < kArcTableBegin) {
    if (ax < 0x1p-27) return x;
    return x + atan_rest(x);
  }
  if (ax < kArcTableEnd) {
    const auto [middle, interval] = arc_interval(ax);
    const Arc arc = arc_by_table(interval, (ax - middle) / (1.0 + ax * middle));
    return with_sign(arc.high + arc.low, x);
  }
  if (is_nan(x)) return kNan;
  const double t = -1.0 / ax;
  return with_sign(kHalfPi[0] + (kHalfPi[1] + (t + atan_rest(t))), x);
}

double atan2(double y, double x) {
  double ax = magnitude(x), ay = magnitude(y);
  if (!(ax > 0.0 && ay > 0.0 && ax < kInfinity && ay < kInfinity)) [[unlikely]] {
    return atan2_special(y, x);
  }
  const auto exponent_x = static_cast<std::int64_t>(bits_of(ax) >> 52);
  const auto exponent_y = static_cast<std::int64_t>(bits_of(ay) >> 52);
  if (exponent_y - exponent_x > 60) return with_sign(kHalfPi[0], y);
  if (exponent_x - exponent_y > 60) return with_sign(x > 0.0 ? ay / ax : 2 * kHalfPi[0], y);
  // Keeps products and remainders away from overflow and underflow.
  if (exponent_x > 1023 + 400) ax *= 0x1p-500, ay *= 0x1p-500;
  if (exponent_x < 1023 - 400) ax *= 0x1p600, ay *= 0x1p600;
  const Arc arc = arc_of_quotient(ay, ax);
  if (x > 0.0) return with_sign(arc.high + arc.low, y);
  const Pair high = fast_two_sum(2 * kHalfPi[0], -arc.high);
  return with_sign(high.high + (high.low + (2 * kHalfPi[1] - arc.low)), y);
}

}  // namespace bw::math
