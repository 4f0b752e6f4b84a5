// math.cpp: roots and remainders, and the deviates of random words.
#include "base/math.hpp"

#include <cmath>

#include "base/double_parts.hpp"
#include "base/math_tables.hpp"
#include "base/philox.hpp"

namespace bw::math {

namespace {

// The cube root of a positive normal number m 2^(3 e + i), 1 <= m < 2. An estimate of m^(-1/3) is
// improved to 2^-40 without a division; the cube root's leading 26 bits are then corrected by an
// exact remainder.
inline double cbrt_of_normal(std::uint64_t bits) {
  // Biased by a multiple of three, so that the division rounds down.
  const std::uint64_t exponent = (bits >> 52) + 3 * 1024 - 1023;
  const std::uint64_t i = exponent % 3;
  const auto e = static_cast<std::int64_t>(exponent / 3) - 1024;
  const double m = from_bits((bits & kMantissaMask) | bits_of(1.0));
  const double reduced = m * static_cast<double>(std::uint64_t{1} << i);  // 1 <= reduced < 8
  const double guess = polynomial(kInverseCbrtPolynomial, m - 1.5) * kCbrtOfPowers[i];
  const double error = 1.0 - reduced * guess * guess * guess;
  const double inverse = guess + guess * error * (1.0 / 3.0 + error * (2.0 / 9.0));
  const double close = reduced * inverse * inverse;
  const double root = head(close);
  const double root2 = root * root;
  const double root2_head = head(root2);
  const double remainder = (reduced - root2_head * root) - (root2 - root2_head) * root;
  // With a the cube root: a - root = (a^3 - root^3) / (a^2 + a root + root^2).
  const double slope = inverse * inverse * (1.0 / 3.0) * (1.0 + (close - root) * inverse);
  return (root + remainder * slope) * power_of_two(e);
}

// sqrt(x^2 + y^2) for x >= y of moderate size.
inline double hypot_of_moderate(double x, double y) {
  const Pair x2 = square(x), y2 = square(y);
  const Pair sum = fast_two_sum(x2.high, y2.high);
  const double rest = sum.low + (x2.low + y2.low);
  const double root = std::sqrt(sum.high);
  const Pair root2 = square(root);
  return root + (((sum.high - root2.high) - root2.low) + rest) / (2 * root);
}

// A positive double as mantissa 2^exponent with an integer mantissa.
struct Scaled {
  std::uint64_t mantissa;
  int exponent;
};
inline Scaled scaled(std::uint64_t bits) {
  const auto field = static_cast<int>(bits >> 52);
  if (field == 0) return {bits, 1};
  return {(bits & kMantissaMask) | kSmallestNormalBits, field};
}

// --- AS 241 (Wichura 1988): its routine PPND16, about 16 digits ------------------------------

constexpr double kCentralNumerator[8] = {3.3871328727963666080e0, 1.3314166789178437745e2,
                                         1.9715909503065514427e3, 1.3731693765509461125e4,
                                         4.5921953931549871457e4, 6.7265770927008700853e4,
                                         3.3430575583588128105e4, 2.5090809287301226727e3};
constexpr double kCentralDenominator[8] = {1.0,
                                           4.2313330701600911252e1,
                                           6.8718700749205790830e2,
                                           5.3941960214247511077e3,
                                           2.1213794301586595867e4,
                                           3.9307895800092710610e4,
                                           2.8729085735721942674e4,
                                           5.2264952788528545610e3};
constexpr double kMiddleNumerator[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                        5.76949722146069140550e0,  3.64784832476320460504e0,
                                        1.27045825245236838258e0,  2.41780725177450611770e-1,
                                        2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr double kMiddleDenominator[8] = {1.0,
                                          2.05319162663775882187e0,
                                          1.67638483018380384940e0,
                                          6.89767334985100004550e-1,
                                          1.48103976427480074590e-1,
                                          1.51986665636164571966e-2,
                                          5.47593808499534494600e-4,
                                          1.05075007164441684324e-9};
constexpr double kFarNumerator[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                     1.78482653991729133580e0,  2.96560571828504891230e-1,
                                     2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                     2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr double kFarDenominator[8] = {1.0,
                                       5.99832206555887937690e-1,
                                       1.36929880922735805310e-1,
                                       1.48753612908506148525e-2,
                                       7.86869131145613259100e-4,
                                       1.84631831751005468180e-5,
                                       1.42151175831644588870e-7,
                                       2.04426310338993978564e-15};

// The deviate whose tail has the probability p < 0.075.
inline double normal_of_tail(double p) {
  const double r = std::sqrt(-log(p));
  if (r <= 5.0)
    return polynomial(kMiddleNumerator, r - 1.6) / polynomial(kMiddleDenominator, r - 1.6);
  return polynomial(kFarNumerator, r - 5.0) / polynomial(kFarDenominator, r - 5.0);
}

}  // namespace

double cbrt(double x) {
  const std::uint64_t bits = magnitude_bits(x);
  if (bits >= kInfinityBits) [[unlikely]]
    return bits == kInfinityBits ? x : kNan;
  if (bits >= kSmallestNormalBits) [[likely]]
    return with_sign(cbrt_of_normal(bits), x);
  if (bits == 0) return x;
  return with_sign(cbrt_of_normal(bits_of(from_bits(bits) * 0x1p54)) * 0x1p-18, x);
}

double hypot(double x, double y) {
  double larger = magnitude(x), smaller = magnitude(y);
  if (larger == kInfinity || smaller == kInfinity) return kInfinity;
  if (is_nan(x) || is_nan(y)) return kNan;
  if (larger < smaller) {
    const double kept = larger;
    larger = smaller;
    smaller = kept;
  }
  // Then the smaller one adds less than half an ulp.
  if (smaller < larger * 0x1p-28) return larger;
  if (larger > 0x1p500) return hypot_of_moderate(larger * 0x1p-600, smaller * 0x1p-600) * 0x1p600;
  if (larger < 0x1p-400) {
    if (larger == 0.0) return 0.0;
    return hypot_of_moderate(larger * 0x1p600, smaller * 0x1p600) * 0x1p-600;
  }
  return hypot_of_moderate(larger, smaller);
}

double fmod(double x, double y) {
  const std::uint64_t x_bits = magnitude_bits(x), y_bits = magnitude_bits(y);
  if (y_bits == 0 || x_bits >= kInfinityBits || y_bits > kInfinityBits) return kNan;
  if (x_bits < y_bits) return x;
  const Scaled a = scaled(x_bits), b = scaled(y_bits);
  // The remainder keeps below b's mantissa, of 53 bits: eleven more fit into a word at a time.
  std::uint64_t rest = a.mantissa % b.mantissa;
  for (int left = a.exponent - b.exponent; left > 0 && rest != 0; left -= 11) {
    rest = (rest << (left < 11 ? left : 11)) % b.mantissa;
  }
  if (rest == 0) return with_sign(0.0, x);
  const int shift = std::countl_zero(rest) - 11;
  const int exponent = b.exponent - shift;
  if (exponent > 0) {
    rest = (rest << shift) - kSmallestNormalBits + (static_cast<std::uint64_t>(exponent) << 52);
  } else {
    rest <<= b.exponent - 1;
  }
  return with_sign(from_bits(rest), x);
}

double normal(std::uint64_t word) {
  const double u = open_uniform(word);
  const double q = u - 0.5;
  if (magnitude(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * (polynomial(kCentralNumerator, r) / polynomial(kCentralDenominator, r));
  }
  return with_sign(normal_of_tail(q < 0.0 ? u : 1.0 - u), q);
}

double exponential(std::uint64_t word) {
  return -log(open_uniform(word));
}

}  // namespace bw::math
