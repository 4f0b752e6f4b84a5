// tiling.cpp: tests that tiles share out the world: every place in exactly one, regions and blocks
// in agreement with it.
#include "space/tiling.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/errors.hpp"
#include "random_world.hpp"

namespace {

using bw::Domain;
using bw::Place;
using bw::Region;
using bw::TileId;
using bw::Tiling;
using bw::space_tests::Draw;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::size_t axes(const Domain& domain) {
  return static_cast<std::size_t>(domain.dims);
}

bool holds(const Region& region, const Place& place, const Domain& domain) {
  bool inside = true;
  for (std::size_t a = 0; a < axes(domain); ++a) {
    const bool at_far_edge = place[a] == domain.size[a] && region.high[a] == domain.size[a];
    inside = inside && place[a] >= region.low[a] && (place[a] < region.high[a] || at_far_edge);
  }
  return inside;
}

std::uint32_t random_tile_count(Draw& draw) {
  return static_cast<std::uint32_t>(draw.one_of({1, 2, 7, 9, 64, 100, 250, 1000}));
}

TEST_CASE("every place is in the region of its tile and in no other") {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    const Domain domain = bw::space_tests::random_domain(draw);
    const Tiling tiling(domain, random_tile_count(draw));
    for (int i = 0; i < 40; ++i) {
      const Place place = bw::space_tests::random_place(domain, 0.0, draw);
      const TileId tile = tiling.tile_at(place);
      int regions = 0;
      for (TileId t = 1; t <= tiling.count(); ++t) {
        regions += holds(tiling.region(t), place, domain) ? 1 : 0;
      }
      REQUIRE(tile >= 1);
      REQUIRE(tile <= tiling.count());
      CHECK(regions == 1);
      CHECK(holds(tiling.region(tile), place, domain));
    }
  }
}

TEST_CASE(
    "an edge of a tile is its first coordinate: it belongs to the tile, what lies just below does "
    "not") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    Domain domain = bw::space_tests::random_domain(draw);
    domain.kind = bw::SpaceKind::continuous;
    const Tiling tiling(domain, random_tile_count(draw));
    for (TileId t = 1; t <= tiling.count(); ++t) {
      const Region region = tiling.region(t);
      REQUIRE(tiling.tile_at(region.low) == t);
      for (std::size_t a = 0; a < axes(domain); ++a) {
        Place below = region.low;
        below[a] = std::nextafter(below[a], -kInfinity);
        Place last = region.low;
        last[a] = std::nextafter(region.high[a], -kInfinity);
        if (below[a] >= 0.0) {
          REQUIRE(tiling.tile_at(below) != t);
        }
        REQUIRE(tiling.tile_at(last) == t);
      }
    }
  }
}

TEST_CASE(
    "the tiles that a block touches include those of all places in it, also around periodic "
    "edges") {
  std::vector<TileId> touched;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    const Domain domain = bw::space_tests::random_domain(draw);
    const Tiling tiling(domain, random_tile_count(draw));
    const double radius = bw::space_tests::random_radius(domain, draw);
    const Place center = bw::space_tests::random_place(domain, radius, draw);
    Region block{center, center};
    for (std::size_t a = 0; a < axes(domain); ++a) {
      block.low[a] -= radius;
      block.high[a] += radius;
    }
    tiling.tiles_touching(block, touched);
    CHECK(std::is_sorted(touched.begin(), touched.end()));
    CHECK(std::adjacent_find(touched.begin(), touched.end()) == touched.end());
    for (int i = 0; i < 100; ++i) {
      const Place place = bw::space_tests::random_place(domain, radius, draw);
      bool inside = true;
      for (std::size_t a = 0; a < axes(domain); ++a) {
        bool on_axis = false;
        for (const double turn : {-1.0, 0.0, 1.0}) {
          const double x = place[a] + (domain.periodic ? turn : 0.0) * domain.size[a];
          on_axis = on_axis || (x >= block.low[a] && x <= block.high[a]);
        }
        inside = inside && on_axis;
      }
      if (inside) {
        CHECK(std::binary_search(touched.begin(), touched.end(), tiling.tile_at(place)));
      }
    }
  }
}

TEST_CASE("a small block touches few tiles") {
  const Domain domain{bw::SpaceKind::continuous, 2, {100.0, 100.0}, true, false};
  const Tiling tiling(domain, 100);
  std::vector<TileId> touched;
  tiling.tiles_touching({{41.0, 41.0}, {49.0, 49.0}}, touched);
  CHECK(touched == std::vector<TileId>{45});
  tiling.tiles_touching({{-1.0, 41.0}, {1.0, 49.0}}, touched);
  CHECK(touched == std::vector<TileId>{41, 50});
}

TEST_CASE("cells of a grid are shared out evenly, and no tile is empty") {
  for (const int side : {1, 2, 3, 5, 10, 33}) {
    const Domain domain{bw::SpaceKind::grid, 2, {static_cast<double>(side), 7.0}, false, false};
    const Tiling tiling(domain, 16);
    std::vector<int> cells(tiling.count() + 1);
    for (int y = 0; y < 7; ++y) {
      for (int x = 0; x < side; ++x) {
        ++cells[tiling.tile_at({static_cast<double>(x), static_cast<double>(y), 0.0})];
      }
    }
    const auto [least, most] = std::minmax_element(cells.begin() + 1, cells.end());
    CHECK(*least > 0);
    CHECK(*most <= 4 * *least);
  }
}

TEST_CASE("without a space ids are shared out in runs, each id in one of the tiles") {
  const Tiling tiling(Domain{}, 7);
  CHECK(tiling.count() == 7);
  for (std::uint64_t counter : {1ull, 4095ull, 4096ull, 123456789ull}) {
    const TileId tile = tiling.tile_of_id(bw::make_id(0, counter));
    CHECK(tile >= 1);
    CHECK(tile <= 7);
    CHECK(tile == tiling.tile_of_id(bw::make_id(0, counter & ~std::uint64_t{4095})));
  }
  CHECK(tiling.tile_of_id(bw::make_id(0, 0)) != tiling.tile_of_id(bw::make_id(0, 4096)));
}

TEST_CASE("the region around several tiles holds all of them") {
  const Domain domain{bw::SpaceKind::continuous, 2, {10.0, 10.0}, false, false};
  const Tiling tiling(domain, 4);
  const std::vector<TileId> tiles{1, 2};
  const Region bounds = bw::bounding_region(tiling, tiles);
  CHECK(bounds.low == Place{0.0, 0.0, 0.0});
  CHECK(bounds.high == Place{10.0, 5.0, 0.0});
  CHECK(bw::bounding_region(tiling, {}).high == Place{});
}

TEST_CASE("a number of tiles that ids cannot carry is refused") {
  CHECK_THROWS_AS(Tiling(Domain{}, 0), bw::ModelError);
  CHECK_THROWS_AS(Tiling(Domain{}, bw::kTileLimit), bw::ModelError);
  // Rounded to whole tiles per axis the number grows beyond the limit.
  const Domain domain{bw::SpaceKind::continuous, 2, {10.0, 10.0}, false, false};
  CHECK_THROWS_AS(Tiling(domain, bw::kTileLimit - 1), bw::ModelError);
  CHECK_NOTHROW(Tiling(domain, 1023 * 1023));
}

}  // namespace
