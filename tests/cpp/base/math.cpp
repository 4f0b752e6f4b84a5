// math.cpp: tests of the mathematics that need no reference: pairs of doubles, frozen bits,
// identities. Errors are measured against mpmath in tests/base/test_math.py.
#include "base/math.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>

#include "base/double_parts.hpp"
#include "base/math_services.hpp"
#include "base/philox.hpp"

namespace {

namespace m = bw::math;

double spread_number(bw::RandomStream& stream, int lowest, int highest) {
  const auto span = static_cast<std::uint64_t>(highest - lowest);
  const int exponent = lowest + static_cast<int>(stream.integers(span));
  return std::ldexp(1.0 + stream.uniform(), exponent) * (stream.uniform() < 0.5 ? -1 : 1);
}

TEST_CASE("sums of two doubles are exact in two parts") {
  bw::RandomStream stream(1, 1, 1);
  for (int i = 0; i < 2000; ++i) {
    const double a = spread_number(stream, -20, 20), b = spread_number(stream, -20, 20);
    const m::Pair sum = m::two_sum(a, b);
    REQUIRE(sum.high == a + b);
    REQUIRE(static_cast<long double>(sum.high) + sum.low == static_cast<long double>(a) + b);
    if (std::fabs(a) >= std::fabs(b)) {
      const m::Pair fast = m::fast_two_sum(a, b);
      REQUIRE(fast.high == sum.high);
      REQUIRE(fast.low == sum.low);
    }
  }
}

TEST_CASE("products of two doubles are exact in two parts") {
  bw::RandomStream stream(1, 1, 2);
  for (int i = 0; i < 2000; ++i) {
    const double a = spread_number(stream, -20, 20), b = spread_number(stream, -20, 20);
    const m::Pair product = m::two_product(a, b);
    REQUIRE(product.high == a * b);
    REQUIRE(std::fabs(product.low - std::fma(a, b, -product.high)) <= std::fabs(a * b) * 0x1p-104);
    const m::Pair square = m::square(a);
    REQUIRE(square.high == a * a);
    REQUIRE(std::fabs(square.low - std::fma(a, a, -square.high)) <= a * a * 0x1p-104);
  }
}

TEST_CASE("a polynomial is what it is on paper, for even and odd numbers of coefficients") {
  constexpr double c3[3] = {1, 2, 3};
  constexpr double c4[4] = {1, 2, 3, 4};
  constexpr double c7[7] = {1, 2, 3, 4, 5, 6, 7};
  CHECK(m::polynomial(c3, 2.0) == 17);
  CHECK(m::polynomial(c4, 2.0) == 49);
  CHECK(m::polynomial(c7, 2.0) == 769);
}

TEST_CASE("functions invert each other closely") {
  bw::RandomStream stream(1, 1, 3);
  for (int i = 0; i < 2000; ++i) {
    const double x = stream.uniform() * 2 - 1;
    REQUIRE(m::log(m::exp(x)) == doctest::Approx(x).epsilon(1e-13));
    REQUIRE(m::log1p(m::expm1(x)) == doctest::Approx(x).epsilon(1e-14));
    REQUIRE(m::tan(m::atan(x)) == doctest::Approx(x).epsilon(1e-14));
    REQUIRE(m::sin(m::asin(x)) == doctest::Approx(x).epsilon(1e-14));
    REQUIRE(m::cbrt(x * x * x) == doctest::Approx(x).epsilon(1e-14));
    const double s = m::sin(9 * x), c = m::cos(9 * x);
    REQUIRE(m::hypot(s, c) == doctest::Approx(1.0).epsilon(1e-14));
    REQUIRE(m::atan2(s, c) == doctest::Approx(std::remainder(9 * x, 6.283185307179586)));
  }
}

TEST_CASE("the same bits everywhere") {
  // One argument from each branch; the values are those of the first build.
  const auto bits = [](double x) { return std::bit_cast<std::uint64_t>(x); };
  CHECK(bits(m::sin(2.0)) == 0x3fed18f6ead1b446);
  CHECK(bits(m::cos(1e6)) == 0x3fedf9df9906d32c);
  CHECK(bits(m::tan(1e22)) == 0xbffa0f79c1b6b257);
  CHECK(bits(m::exp(-20.5)) == 0x3e157a3afeed00ab);
  CHECK(bits(m::log(0.1)) == 0xc0026bb1bbb55515);
  CHECK(bits(m::pow(0.7, -12.3)) == 0x40541a0d0b197917);
  CHECK(bits(m::atan2(-3.0, -0.2)) == 0xbffa32a51baa208b);
  CHECK(bits(m::normal(0x0123456789abcdef)) == 0xc004ee2dc0a9e005);
  CHECK(bits(m::normal(0x8123456789abcdef)) == 0x3f86d0fcf0ac5b9d);
  CHECK(bits(m::exponential(0x0123456789abcdef)) == 0x4015aa16394d4834);
}

TEST_CASE("deviates of opposite words are opposite, and none is infinite") {
  for (std::uint64_t word :
       {std::uint64_t{0}, std::uint64_t{1} << 62, std::uint64_t{0x7fffffffffffffff}}) {
    CHECK(m::normal(word) == -m::normal(~word));
    CHECK(m::normal(word) < 0);
    CHECK(std::isfinite(m::normal(word)));
    CHECK(m::exponential(word) > 0);
    CHECK(std::isfinite(m::exponential(word)));
  }
}

TEST_CASE("the table of services gets the mathematics and nothing else") {
  bw_services services{};
  bw::fill_math_services(services);
  CHECK(services.sin(1.0) == m::sin(1.0));
  CHECK(services.pow(1.7, 2.3) == m::pow(1.7, 2.3));
  CHECK(services.exponential(77) == m::exponential(77));
  const bool engine_is_untouched = services.gather == nullptr && services.commit == nullptr;
  CHECK(engine_is_untouched);
}

}  // namespace
