// operations.cpp: tests of each operation of query programs: what it gives for values of every
// type, at the edges of their ranges.
#include "query/operations.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace {

using bw::QueryFault;
using Whole = std::int64_t;
using Natural = std::uint64_t;
using Truth = std::uint8_t;

constexpr Whole kLowest = std::numeric_limits<Whole>::min();
constexpr Whole kHighest = std::numeric_limits<Whole>::max();
constexpr Natural kAll = std::numeric_limits<Natural>::max();
const double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::numeric_limits<double>::quiet_NaN();

template <class To, class A, class B = A, class C = A>
std::vector<To> computed(const char* name, const std::vector<A>& a, const std::vector<B>& b = {},
                         const std::vector<C>& c = {}) {
  const bw::QueryOperation operation = bw::find_query_operation(name);
  const bool is_known = operation != nullptr;
  REQUIRE_MESSAGE(is_known, name);
  const auto bytes = [](const auto& values) {
    return values.empty() ? nullptr : reinterpret_cast<const std::byte*>(values.data());
  };
  std::vector<To> to(a.size());
  const QueryFault fault =
      operation(a.size(), reinterpret_cast<std::byte*>(to.data()), bytes(a), bytes(b), bytes(c));
  REQUIRE(fault == QueryFault::none);
  return to;
}

template <class T>
QueryFault fault_of(const char* name, const std::vector<T>& a, const std::vector<T>& b = {}) {
  std::vector<T> to(a.size());
  return bw::find_query_operation(name)(
      a.size(), reinterpret_cast<std::byte*>(to.data()),
      reinterpret_cast<const std::byte*>(a.data()),
      b.empty() ? nullptr : reinterpret_cast<const std::byte*>(b.data()), nullptr);
}

// The same bits; NaN of any bits are one.
void check_reals(const std::vector<double>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    if (std::isnan(expected[i])) {
      CHECK(std::isnan(found[i]));
    } else {
      CHECK(std::bit_cast<Natural>(found[i]) == std::bit_cast<Natural>(expected[i]));
    }
  }
}

using Wholes = std::vector<Whole>;
using Naturals = std::vector<Natural>;
using Reals = std::vector<double>;
using Truths = std::vector<Truth>;

}  // namespace

TEST_CASE("query operations: integers wrap at 64 bits") {
  CHECK(computed<Whole>("add whole", Wholes{1, kHighest}, Wholes{2, 1}) == Wholes{3, kLowest});
  CHECK(computed<Whole>("subtract whole", Wholes{1, kLowest}, Wholes{2, 1}) ==
        Wholes{-1, kHighest});
  CHECK(computed<Whole>("multiply whole", Wholes{-3, kLowest}, Wholes{5, -1}) ==
        Wholes{-15, kLowest});
  CHECK(computed<Natural>("add natural", Naturals{1, kAll}, Naturals{2, 1}) == Naturals{3, 0});
  CHECK(computed<Natural>("subtract natural", Naturals{3, 0}, Naturals{2, 1}) == Naturals{1, kAll});
  CHECK(computed<Natural>("multiply natural", Naturals{3, kAll}, Naturals{5, 2}) ==
        Naturals{15, kAll - 1});
  CHECK(computed<Whole>("negate whole", Wholes{3, kLowest}) == Wholes{-3, kLowest});
  CHECK(computed<Whole>("abs whole", Wholes{-3, 4, kLowest}) == Wholes{3, 4, kLowest});
  CHECK(computed<Natural>("abs natural", Naturals{3, kAll}) == Naturals{3, kAll});
}

TEST_CASE("query operations: whole quotients are rounded down and remainders have their sign") {
  const Wholes a{7, -7, 7, -7, 6, kLowest};
  const Wholes b{3, 3, -3, -3, -3, -1};
  CHECK(computed<Whole>("floor_divide whole", a, b) == Wholes{2, -3, -3, 2, -2, kLowest});
  CHECK(computed<Whole>("remainder whole", a, b) == Wholes{1, 2, -2, -1, 0, 0});
  CHECK(computed<Natural>("floor_divide natural", Naturals{7, kAll}, Naturals{2, kAll}) ==
        Naturals{3, 1});
  CHECK(computed<Natural>("remainder natural", Naturals{7, kAll}, Naturals{2, kAll}) ==
        Naturals{1, 0});
}

TEST_CASE("query operations: a zero among the divisors is a fault, wherever it stands") {
  for (const char* name : {"floor_divide whole", "remainder whole"}) {
    CHECK(fault_of(name, Wholes{1, 2, 3}, Wholes{1, 2, 0}) == QueryFault::divided_by_zero);
  }
  for (const char* name : {"floor_divide natural", "remainder natural"}) {
    CHECK(fault_of(name, Naturals{1, 2, 3}, Naturals{0, 2, 1}) == QueryFault::divided_by_zero);
  }
}

TEST_CASE("query operations: reals are as IEEE 754 and NumPy have them") {
  check_reals(computed<double>("add real", Reals{0.1, kInfinity}, Reals{0.2, -kInfinity}),
              {0.1 + 0.2, kNan});
  check_reals(computed<double>("subtract real", Reals{1.0, 0.0}, Reals{0.75, 0.0}), {0.25, 0.0});
  check_reals(computed<double>("multiply real", Reals{3.0, -1.0}, Reals{0.5, 0.0}), {1.5, -0.0});
  check_reals(
      computed<double>("divide real", Reals{1.0, 1.0, -1.0, 0.0}, Reals{4.0, 0.0, 0.0, 0.0}),
      {0.25, kInfinity, -kInfinity, kNan});
  check_reals(computed<double>("floor_divide real", Reals{7.5, -7.5, 7.5, -0.5, 1.0},
                               Reals{2.0, 2.0, -2.0, 1.0, 0.0}),
              {3.0, -4.0, -4.0, -1.0, kInfinity});
  check_reals(computed<double>("remainder real", Reals{7.5, -7.5, 7.5, -4.0, 1.0},
                               Reals{2.0, 2.0, -2.0, 2.0, 0.0}),
              {1.5, 0.5, -0.5, 0.0, kNan});
  check_reals(computed<double>("negate real", Reals{0.0, -2.5}), {-0.0, 2.5});
  check_reals(computed<double>("abs real", Reals{-0.0, -2.5, 3.0}), {0.0, 2.5, 3.0});
  check_reals(computed<double>("sqrt real", Reals{6.25, -1.0}), {2.5, kNan});
  check_reals(computed<double>("floor real", Reals{1.5, -1.5}), {1.0, -2.0});
  check_reals(computed<double>("ceil real", Reals{1.5, -1.5}), {2.0, -1.0});
}

TEST_CASE("query operations: the less and the greater; NaN goes through from either side") {
  check_reals(computed<double>("min real", Reals{1, 2, kNan, 1}, Reals{2, 1, 1, kNan}),
              {1, 1, kNan, kNan});
  check_reals(computed<double>("max real", Reals{1, 2, kNan, 1}, Reals{2, 1, 1, kNan}),
              {2, 2, kNan, kNan});
  CHECK(computed<Whole>("min whole", Wholes{-1, 5}, Wholes{1, 2}) == Wholes{-1, 2});
  CHECK(computed<Whole>("max whole", Wholes{-1, 5}, Wholes{1, 2}) == Wholes{1, 5});
  CHECK(computed<Natural>("min natural", Naturals{kAll, 5}, Naturals{1, 9}) == Naturals{1, 5});
  CHECK(computed<Natural>("max natural", Naturals{kAll, 5}, Naturals{1, 9}) == Naturals{kAll, 9});
}

TEST_CASE("query operations: comparisons of each type") {
  const auto check = [](const std::string& type, const auto& a, const auto& b) {
    const auto compare = [&](const char* name) {
      return computed<Truth>((name + (" " + type)).c_str(), a, b);
    };
    CHECK(compare("less") == Truths{1, 0, 0});
    CHECK(compare("less_equal") == Truths{1, 1, 0});
    CHECK(compare("equal") == Truths{0, 1, 0});
    CHECK(compare("unequal") == Truths{1, 0, 1});
  };
  check("real", Reals{-1.5, 2.0, kInfinity}, Reals{1.0, 2.0, 3.0});
  check("whole", Wholes{-1, 2, kHighest}, Wholes{1, 2, kLowest});
  check("natural", Naturals{0, 2, kAll}, Naturals{1, 2, kAll - 1});
  CHECK(computed<Truth>("less_equal real", Reals{kNan}, Reals{kNan}) == Truths{0});
  CHECK(computed<Truth>("unequal real", Reals{kNan}, Reals{kNan}) == Truths{1});
}

TEST_CASE("query operations: truth, conversions and the choice of one of two") {
  CHECK(computed<Truth>("and truth", Truths{0, 0, 1, 1}, Truths{0, 1, 0, 1}) == Truths{0, 0, 0, 1});
  CHECK(computed<Truth>("or truth", Truths{0, 0, 1, 1}, Truths{0, 1, 0, 1}) == Truths{0, 1, 1, 1});
  CHECK(computed<Truth>("not truth", Truths{0, 1}) == Truths{1, 0});
  check_reals(computed<double>("whole to real", Wholes{-3, 4}), {-3.0, 4.0});
  check_reals(computed<double>("natural to real", Naturals{kAll}), {18446744073709551616.0});
  CHECK(computed<Whole>("natural to whole", Naturals{7, Natural{1} << 62}) ==
        Wholes{7, Whole{1} << 62});
  CHECK(fault_of("natural to whole", Naturals{7, Natural{1} << 63}) == QueryFault::beyond_signed);
  CHECK(computed<Whole>("truth to whole", Truths{0, 1}) == Wholes{0, 1});
  CHECK(computed<Truth>("real to truth", Reals{0.0, -0.0, 0.5, kNan}) == Truths{0, 0, 1, 1});
  CHECK(computed<Truth>("whole to truth", Wholes{0, -2}) == Truths{0, 1});
  CHECK(computed<Truth>("natural to truth", Naturals{0, kAll}) == Truths{0, 1});
  CHECK(computed<Whole>("choose", Truths{1, 0}, Wholes{1, 2}, Wholes{-1, -2}) == Wholes{1, -2});
  const bool is_unknown = bw::find_query_operation("add truth") == nullptr;
  CHECK(is_unknown);
}

TEST_CASE("query operations: the order of bits is that of the values, NaN last") {
  const Reals reals{-kInfinity, -1e300, -1.0, -5e-324, -0.0, 0.0, 5e-324, 1.0, kInfinity, kNan};
  for (std::size_t i = 1; i < reals.size(); ++i) {
    CHECK(bw::ordered_bits(reals[i - 1]) < bw::ordered_bits(reals[i]));
  }
  CHECK(bw::ordered_bits(-kNan) == bw::kNanIsLast);
  CHECK(bw::ordered_bits(kLowest) < bw::ordered_bits(Whole{-1}));
  CHECK(bw::ordered_bits(Whole{-1}) < bw::ordered_bits(Whole{0}));
  CHECK(bw::ordered_bits(kAll) > bw::ordered_bits(Natural{0}));
}
