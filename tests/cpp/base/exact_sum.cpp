// exact_sum.cpp: tests of the order-independent sums.
#include "base/exact_sum.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/philox.hpp"

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLargest = std::numeric_limits<double>::max();
constexpr double kTiniest = std::numeric_limits<double>::denorm_min();

double sum_of(const std::vector<double>& terms) {
  bw::ExactSum sum;
  sum.add_range(terms);
  return sum.value();
}

double sum_singly(const std::vector<double>& terms) {
  bw::ExactSum sum;
  for (double term : terms) sum.add(term);
  return sum.value();
}

std::uint64_t bits_of(double x) {
  return std::bit_cast<std::uint64_t>(x);
}

// Doubles with exponents spread over `spread` powers of two, of both signs.
std::vector<double> spread_terms(std::size_t n, int spread, std::uint64_t seed) {
  bw::RandomStream stream(seed, 1, 1);
  std::vector<double> terms(n);
  for (double& term : terms) {
    const int exponent =
        static_cast<int>(stream.integers(static_cast<std::uint64_t>(spread))) - spread / 2;
    term = std::ldexp(stream.uniform() - 0.5, exponent);
  }
  return terms;
}

TEST_CASE("sums that naive addition gets wrong are exact") {
  CHECK(sum_singly({1e100, 1.0, -1e100}) == 1.0);
  CHECK(sum_singly({0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}) == 1.0);
  CHECK(sum_singly({kLargest, kLargest, -kLargest}) == kLargest);
  CHECK(sum_singly({kLargest, kTiniest, -kLargest}) == kTiniest);
}

TEST_CASE("the sum is rounded to nearest, ties to even") {
  const double ulp = 0x1p-52;
  CHECK(sum_singly({1.0, ulp / 2}) == 1.0);
  CHECK(sum_singly({1.0 + ulp, ulp / 2}) == 1.0 + 2 * ulp);
  CHECK(sum_singly({1.0, ulp / 2, kTiniest}) == 1.0 + ulp);
  CHECK(sum_singly({1.0, ulp / 2, -kTiniest}) == 1.0);
  CHECK(sum_singly({-1.0, -ulp / 2, -kTiniest}) == -1.0 - ulp);
}

TEST_CASE("a sum of one term is the term, at every exponent") {
  for (int exponent = -1074; exponent <= 1023; ++exponent) {
    for (double factor : {1.0, -1.0, 1.5, 1.0 + 0x1p-52}) {
      const double term = std::ldexp(factor, exponent);
      REQUIRE(sum_singly({term}) == term);
    }
  }
}

TEST_CASE("overflow happens at the end only") {
  CHECK(sum_singly({kLargest, kLargest}) == kInfinity);
  CHECK(sum_singly({-kLargest, -kLargest}) == -kInfinity);
  CHECK(sum_singly({kLargest, std::ldexp(1.0, 969)}) == kLargest);
  CHECK(sum_singly({kLargest, std::ldexp(1.0, 970)}) == kInfinity);
}

TEST_CASE("infinities and NaN do not depend on order, and NaN is canonical") {
  const double nan = std::bit_cast<double>(0xFFF8000000000123);
  CHECK(sum_singly({1.0, kInfinity}) == kInfinity);
  CHECK(sum_singly({-kInfinity, 1.0}) == -kInfinity);
  CHECK(bits_of(sum_singly({kInfinity, -kInfinity})) == 0x7FF8000000000000);
  CHECK(bits_of(sum_singly({kInfinity, nan})) == 0x7FF8000000000000);
  std::vector<double> block(1024, 1.0);
  block[700] = nan;
  CHECK(bits_of(sum_of(block)) == 0x7FF8000000000000);
  block[700] = -kInfinity;
  CHECK(sum_of(block) == -kInfinity);
}

TEST_CASE("zeros sum to plus zero") {
  CHECK(bits_of(sum_singly({})) == 0);
  CHECK(bits_of(sum_singly({-0.0, -0.0})) == 0);
  CHECK(bits_of(sum_singly({1.0, -1.0})) == 0);
  CHECK(bits_of(sum_of(std::vector<double>(2048, -0.0))) == 0);
}

TEST_CASE("neither order nor blocks nor merging change a bit") {
  for (int spread : {2, 20, 80, 300, 2000}) {
    std::vector<double> terms = spread_terms(5000, spread, 7);
    const std::uint64_t expected = bits_of(sum_singly(terms));
    CHECK(bits_of(sum_of(terms)) == expected);
    std::sort(terms.begin(), terms.end());
    CHECK(bits_of(sum_of(terms)) == expected);
    for (std::size_t cut : {0u, 1u, 1023u, 2500u}) {
      bw::ExactSum left, right;
      left.add_range(std::span(terms).first(cut));
      right.add_range(std::span(terms).subspan(cut));
      left.merge(right);
      CHECK(bits_of(left.value()) == expected);
    }
  }
}

TEST_CASE("blocks are exact where doubles are sparse: subnormals and the largest") {
  for (double scale : {kTiniest, 0x1p-1060, 0x1p-1000, 0x1p1010}) {
    std::vector<double> terms = spread_terms(3000, 12, 9);
    for (double& term : terms) term *= scale;
    CHECK(bits_of(sum_of(terms)) == bits_of(sum_singly(terms)));
  }
}

TEST_CASE("more terms than a chunk can hold carries for are still exact") {
  bw::ExactSum sum;
  const double term = 1.0 - 0x1p-53;
  for (int i = 0; i < 10000; ++i) sum.add(term);
  CHECK(sum.value() == 10000.0 * term);
  for (int i = 0; i < 10000; ++i) sum.add(-term);
  CHECK(sum.value() == 0.0);
}

TEST_CASE("normalised sums of the same terms are equal byte by byte") {
  bw::ExactSum a, b;
  for (int i = 0; i < 3000; ++i) a.add(0.1 * i);
  for (int i = 2999; i >= 0; --i) b.add(0.1 * i);
  a.normalise();
  b.normalise();
  CHECK(a == b);
}

TEST_CASE("integers sum exactly beyond 64 bits") {
  const std::vector<std::int64_t> lows(5, std::numeric_limits<std::int64_t>::min());
  bw::IntegerSum sum;
  sum.add_range(std::span(lows));
  CHECK(sum.high() == -3);
  CHECK(sum.low() == std::uint64_t{1} << 63);
  CHECK(sum.value() == -5 * 0x1p63);
  bw::IntegerSum singly;
  for (std::int64_t low : lows) singly.add(low);
  CHECK(singly == sum);
  const std::vector<std::uint64_t> highs(5, ~std::uint64_t{0});
  sum.add_range(std::span(highs));
  CHECK(sum.high() == 2);
  CHECK(sum.low() == (std::uint64_t{1} << 63) - 5);
  singly.merge(sum);
  CHECK(singly.high() == -1);
}

TEST_CASE("integers of every width and sign enter the same sum") {
  const std::vector<std::int8_t> bytes{-128, 127, -1};
  const std::vector<std::uint16_t> words{65535, 1};
  const std::vector<std::int32_t> ints{-2147483647 - 1, 5};
  bw::IntegerSum sum;
  sum.add_range(std::span(bytes));
  sum.add_range(std::span(words));
  sum.add_range(std::span(ints));
  CHECK(sum.value() == -2.0 + 65536.0 - 2147483648.0 + 5.0);
}

TEST_CASE("integer sums round to nearest, ties to even") {
  const auto rounded = [](std::uint64_t term, int times) {
    bw::IntegerSum sum;
    for (int i = 0; i < times; ++i) sum.add(term);
    return sum.value();
  };
  CHECK(rounded((std::uint64_t{1} << 53) + 1, 1) == 0x1p53);
  CHECK(rounded((std::uint64_t{1} << 53) + 3, 1) == 0x1p53 + 4);
  CHECK(rounded(~std::uint64_t{0}, 2) == 0x1p65);
  // 3 * (2^64 - 1) = 2^65 + 2^64 - 3: below the tie, beyond 64 bits.
  CHECK(rounded(~std::uint64_t{0}, 3) == 3 * 0x1p64);
  bw::IntegerSum tie;
  tie.add(std::uint64_t{1} << 63);
  tie.add(std::uint64_t{1} << 63);
  tie.add(std::uint64_t{1} << 11);
  CHECK(tie.value() == 0x1p64);
  tie.add(std::uint64_t{1});
  CHECK(tie.value() == 0x1p64 + 0x1p12);
}

}  // namespace
