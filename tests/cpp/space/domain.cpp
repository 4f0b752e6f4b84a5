// domain.cpp: tests of coordinates that are wrapped and of places that stand in columns.
#include "space/domain.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>

#include "random_world.hpp"

namespace {

using bw::space_tests::Draw;

TEST_CASE("a wrapped coordinate lies in [0, length) and is a whole number of lengths away") {
  Draw draw(1);
  for (int i = 0; i < 20000; ++i) {
    const double length = draw.one_of({0.1, 1.0, 3.0, 10.0, 100.0 / 3.0, 1e6});
    const double x = draw.real(-1.0, 1.0) * length * draw.one_of({1.0, 2.0, 5.0, 1000.0});
    const double wrapped = bw::wrap_coordinate(x, length);
    REQUIRE(wrapped >= 0.0);
    REQUIRE(wrapped < length);
    const double turns = (x - wrapped) / length;
    CHECK(std::abs(turns - std::round(turns)) < 1e-9);
  }
}

TEST_CASE("a coordinate inside stays as it is, bit by bit") {
  Draw draw(2);
  for (int i = 0; i < 1000; ++i) {
    const double x = draw.real(0.0, 7.5);
    CHECK(bw::wrap_coordinate(x, 7.5) == x);
  }
}

TEST_CASE("what rounds onto the edge is at 0, on every length") {
  for (const double length : {0.1, 1.0, 3.0, 1e9}) {
    CHECK(bw::wrap_coordinate(length, length) == 0.0);
    CHECK(bw::wrap_coordinate(-1e-30, length) == 0.0);
    CHECK(bw::wrap_coordinate(-length, length) == 0.0);
    const double last = std::nextafter(length, 0.0);
    CHECK(bw::wrap_coordinate(last, length) == last);
  }
}

TEST_CASE("places are read from columns of doubles and of cells, with any stride") {
  bw::Domain plane{bw::SpaceKind::continuous, 2, {10.0, 10.0}, false, false};
  const std::array<double, 6> values{1.5, 2.5, -1.0, 3.0, 4.0, -1.0};
  const auto* bytes = reinterpret_cast<const std::byte*>(values.data());
  CHECK(plane.place_size() == 16);
  CHECK(bw::PlaceColumn{bytes, 24}.at(plane, 1) == bw::Place{3.0, 4.0, 0.0});

  bw::Domain volume{bw::SpaceKind::grid, 3, {10.0, 10.0, 10.0}, false, false};
  const std::array<std::int32_t, 6> cells{1, 2, 3, 7, 8, -9};
  const auto* cell_bytes = reinterpret_cast<const std::byte*>(cells.data());
  CHECK(volume.place_size() == 12);
  CHECK(bw::PlaceColumn{cell_bytes, 12}.at(volume, 1) == bw::Place{7.0, 8.0, -9.0});
}

}  // namespace
