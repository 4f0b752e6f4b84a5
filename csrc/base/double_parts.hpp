// double_parts.hpp: doubles taken apart into bits and into heads and tails, and arithmetic on pairs
// of doubles.
//
// A pair high + low stands for a number of about 106 bits; it is how the elementary functions carry
// more precision than a double through a calculation without a fused multiply-add, which not every
// machine has.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace bw::math {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
inline constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;
inline constexpr std::uint64_t kInfinityBits = std::uint64_t{0x7FF} << 52;
inline constexpr std::uint64_t kMantissaMask = (std::uint64_t{1} << 52) - 1;
inline constexpr std::uint64_t kSmallestNormalBits = std::uint64_t{1} << 52;

// Added to a number below 2^51 it leaves the nearest integer in the low bits, and in the number
// once subtracted.
inline constexpr double kToInteger = 0x1.8p52;

inline std::uint64_t bits_of(double x) {
  return std::bit_cast<std::uint64_t>(x);
}
inline double from_bits(std::uint64_t bits) {
  return std::bit_cast<double>(bits);
}
inline std::uint64_t magnitude_bits(double x) {
  return bits_of(x) & ~kSignBit;
}
inline double magnitude(double x) {
  return from_bits(magnitude_bits(x));
}
inline bool is_nan(double x) {
  return magnitude_bits(x) > kInfinityBits;
}

// The magnitude of one number with the sign of another.
inline double with_sign(double magnitude_source, double sign_source) {
  return from_bits(magnitude_bits(magnitude_source) | (bits_of(sign_source) & kSignBit));
}

// 2^exponent, for exponents of normal doubles: -1022 .. 1023.
inline double power_of_two(std::int64_t exponent) {
  return from_bits(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

// The leading 26 bits of a double: products of two heads, or of a head and what it leaves, are
// exact.
inline double head(double x) {
  return from_bits(bits_of(x) & ~((std::uint64_t{1} << 27) - 1));
}

// The leading 32 bits of a double: products with numbers of up to 21 bits are exact.
inline double head32(double x) {
  return from_bits(bits_of(x) & ~((std::uint64_t{1} << 21) - 1));
}

struct Pair {
  double high;
  double low;
};

// a + b exactly, for |a| >= |b| or a = 0 (Dekker 1971).
inline Pair fast_two_sum(double a, double b) {
  const double sum = a + b;
  return {sum, (a - sum) + b};
}

// a + b exactly (Knuth, The Art of Computer Programming, volume 2).
inline Pair two_sum(double a, double b) {
  const double sum = a + b;
  const double of_b = sum - a;
  return {sum, (a - (sum - of_b)) + (b - of_b)};
}

// a * b, to 2^-105 (Dekker 1971).
inline Pair two_product(double a, double b) {
  const double product = a * b;
  const double ah = head(a), bh = head(b);
  const double al = a - ah, bl = b - bh;
  return {product, ((ah * bh - product) + ah * bl + al * bh) + al * bl};
}

// x * x, to 2^-105.
inline Pair square(double x) {
  const double product = x * x;
  const double h = head(x), l = x - head(x);
  return {product, ((h * h - product) + 2 * h * l) + l * l};
}

// c[0] + c[1] x + ... + c[N-1] x^(N-1). Neighbours are paired first, which shortens the chain of
// operations that wait for each other to about half of Horner's.
template <std::size_t N>
inline double polynomial(const double (&c)[N], double x) {
  const double x2 = x * x;
  double sum = N % 2 == 0 ? c[N - 2] + x * c[N - 1] : c[N - 1];
  for (std::size_t i = (N - 1) / 2; i-- > 0;) sum = (c[2 * i] + x * c[2 * i + 1]) + x2 * sum;
  return sum;
}

}  // namespace bw::math
