// places.cpp: tests of places that behaviors wrote: kept, wrapped, or refused with a reason.
#include "schedule/places.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "../space/random_world.hpp"

namespace {

using bw::Domain;
using bw::Place;
using bw::SpaceKind;

template <class T>
std::string settle(const Domain& domain, std::array<T, 2>& place) {
  return bw::settle_place(domain, reinterpret_cast<std::byte*>(place.data()));
}

TEST_CASE("a place in the world stays as it is, bit by bit") {
  bw::space_tests::Draw draw(1);
  for (int i = 0; i < 500; ++i) {
    const Domain domain{SpaceKind::continuous, 2, {7.5, 10.0}, i % 2 == 0, false};
    std::array<double, 2> place{draw.real(0.0, 7.5), draw.real(0.0, 10.0)};
    const std::array<double, 2> before = place;
    CHECK(settle(domain, place).empty());
    CHECK(place == before);
  }
}

TEST_CASE("beyond a periodic edge it comes in on the other side, however far away it is") {
  const Domain plane{SpaceKind::continuous, 2, {8.0, 10.0}, true, false};
  std::array<double, 2> place{-0.5, 10.0};
  CHECK(settle(plane, place).empty());
  CHECK(place == std::array<double, 2>{7.5, 0.0});
  place = {8000.25, -20.0};
  CHECK(settle(plane, place).empty());
  CHECK(place == std::array<double, 2>{0.25, 0.0});

  const Domain grid{SpaceKind::grid, 2, {8.0, 10.0}, true, false};
  std::array<std::int32_t, 2> cell{-1, 10};
  CHECK(settle(grid, cell).empty());
  CHECK(cell == std::array<std::int32_t, 2>{7, 0});
  cell = {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
  CHECK(settle(grid, cell).empty());
  CHECK(cell == std::array<std::int32_t, 2>{0, 7});
}

TEST_CASE(
    "beyond a hard edge it is refused, with axis and bounds; on the far edge itself it is not") {
  const Domain plane{SpaceKind::continuous, 2, {8.0, 10.0}, false, false};
  std::array<double, 2> place{8.0, 10.0};
  CHECK(settle(plane, place).empty());
  CHECK(place == std::array<double, 2>{8.0, 10.0});
  place = {1.0, 10.5};
  const std::string why = settle(plane, place);
  CHECK(why.find("axis y") != std::string::npos);
  CHECK(why.find("10.5") != std::string::npos);
  const Domain grid{SpaceKind::grid, 2, {8.0, 10.0}, false, false};
  std::array<std::int32_t, 2> cell{8, 0};
  CHECK(settle(grid, cell).find("axis x") != std::string::npos);
}

TEST_CASE("a place that is not finite is refused in every world") {
  for (const bool periodic : {false, true}) {
    const Domain plane{SpaceKind::continuous, 2, {8.0, 10.0}, periodic, false};
    for (const double bad :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
      std::array<double, 2> place{1.0, bad};
      CHECK(settle(plane, place).find("not finite") != std::string::npos);
    }
  }
}

}  // namespace
