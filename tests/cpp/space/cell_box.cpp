// cell_box.cpp: tests of the boxes of cells that ranks hold: which cell is where, and how large
// cells may be.
#include "space/cell_box.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "random_world.hpp"

namespace {

using bw::CellBox;
using bw::Domain;
using bw::Place;
using bw::Region;
using bw::SpaceKind;
using bw::space_tests::Draw;

std::size_t axes(const Domain& domain) {
  return static_cast<std::size_t>(domain.dims);
}

CellBox box_of(const Domain& domain, const Region& region, double radius,
               std::uint64_t population) {
  return domain.integral() ? bw::grid_box(domain, region, static_cast<std::int64_t>(radius))
                           : bw::continuous_box(domain, region, radius, population);
}

TEST_CASE("every place of a region has its cell in the region's box, and so has all of its reach") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    const Domain domain = bw::space_tests::random_domain(draw);
    const double radius = bw::space_tests::random_radius(domain, draw);
    const bw::Tiling tiling(domain, static_cast<std::uint32_t>(draw.whole(1, 40)));
    for (int i = 0; i < 30; ++i) {
      const Place place = bw::space_tests::random_place(domain, radius, draw);
      const CellBox box = box_of(domain, tiling.region(tiling.tile_at(place)), radius, 100);
      for (std::size_t a = 0; a < axes(domain); ++a) {
        const std::int64_t at = box.canonical(a, box.axis_cell(a, place[a]));
        CHECK(box.shift(a, at) == 0);
        CHECK(at >= box.reach);
        CHECK(at + box.reach < box.extent[a]);
      }
    }
  }
}

TEST_CASE(
    "cells of a continuous world are no smaller than the radius, and not many more than agents") {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    Domain domain = bw::space_tests::random_domain(draw);
    domain.kind = SpaceKind::continuous;
    const double radius = bw::space_tests::random_radius(domain, draw);
    const auto population = static_cast<std::uint64_t>(draw.one_of({0, 1, 10, 1000, 100000}));
    const CellBox box = bw::continuous_box(domain, {{}, domain.size}, radius, population);
    double cells = 1.0;
    for (std::size_t a = 0; a < axes(domain); ++a) {
      cells *= static_cast<double>(box.cells[a]);
      const bool wide_enough =
          box.cells[a] == 1 || domain.size[a] / static_cast<double>(box.cells[a]) > radius;
      CHECK(wide_enough);
      CHECK(box.extent[a] == box.cells[a] + 2);
    }
    CHECK(cells <= std::max(64.0, 4.0 * static_cast<double>(population)));
  }
}

TEST_CASE("the size of cells depends on the world alone, not on the rank's region") {
  const Domain domain{SpaceKind::continuous, 2, {37.0, 91.0}, true, false};
  const CellBox whole = bw::continuous_box(domain, {{}, domain.size}, 1.25, 500);
  const CellBox part = bw::continuous_box(domain, {{5.0, 40.0}, {11.0, 44.0}}, 1.25, 500);
  CHECK(whole.cells == part.cells);
  CHECK(whole.per_length == part.per_length);
  CHECK(part.volume() < whole.volume());
}

TEST_CASE("a cell's canonical place in a box is the cell itself or its nearest image") {
  CellBox box;
  box.periodic = true;
  box.reach = 1;
  box.cells = {10, 1, 1};
  box.low = {-1, 0, 0};
  box.extent = {5, 1, 1};
  CHECK(box.canonical(0, 0) == 1);
  CHECK(box.canonical(0, 3) == 4);
  CHECK(box.canonical(0, 9) == 0);
  CHECK(box.shift(0, 0) == -1);
  CHECK(box.canonical(0, 4) == -1);
  box.low = {7, 0, 0};
  CHECK(box.canonical(0, 1) == 4);
  CHECK(box.shift(0, 4) == 1);
  box.periodic = false;
  CHECK(box.canonical(0, 1) == -1);
}

TEST_CASE(
    "the cell at a place is within the world, wrapped where edges are joined, none beyond hard "
    "edges") {
  Domain domain{SpaceKind::continuous, 2, {10.0, 5.0}, true, false};
  const CellBox periodic = bw::world_box(domain, {20, 10, 1});
  CHECK(bw::cell_at(periodic, domain, {0.0, 0.0}) == 0);
  CHECK(bw::cell_at(periodic, domain, {9.99, 4.99}) == 199);
  CHECK(bw::cell_at(periodic, domain, {-0.25, 0.0}) == 19);
  CHECK(bw::cell_at(periodic, domain, {10.0, 25.1}) == 0);
  CHECK(bw::cell_at(periodic, domain, {NAN, 0.0}) == -1);
  domain.periodic = false;
  const CellBox bounded = bw::world_box(domain, {20, 10, 1});
  CHECK(bw::cell_at(bounded, domain, {-0.25, 0.0}) == -1);
  CHECK(bw::cell_at(bounded, domain, {0.0, 5.1}) == -1);
  CHECK(bw::cell_at(bounded, domain, {INFINITY, 0.0}) == -1);
  CHECK_MESSAGE(bw::cell_at(bounded, domain, {10.0, 5.0}) == 199,
                "the far edge belongs to a bounded world");

  Domain grid{SpaceKind::grid, 3, {4.0, 3.0, 2.0}, false, false};
  const CellBox cells = bw::world_box(grid, {});
  std::set<std::int64_t> seen;
  for (double z = 0; z < 2; ++z) {
    for (double y = 0; y < 3; ++y) {
      for (double x = 0; x < 4; ++x) {
        seen.insert(bw::cell_at(cells, grid, {x, y, z}));
      }
    }
  }
  CHECK(seen.size() == 24);
  CHECK(*seen.begin() == 0);
  CHECK(*seen.rbegin() == 23);
  CHECK(bw::cell_at(cells, grid, {4.0, 0.0, 0.0}) == -1);
}

TEST_CASE("a radius that meets a neighbour twice around a periodic world is refused") {
  Domain domain{SpaceKind::continuous, 2, {10.0, 4.0}, true, false};
  CHECK_FALSE(bw::refuse_radius(domain, 1.99));
  CHECK(bw::refuse_radius(domain, 2.0));
  CHECK(bw::refuse_radius(domain, NAN));
  CHECK(bw::refuse_radius(domain, INFINITY));
  CHECK(bw::refuse_radius(domain, -1.0));
  domain.periodic = false;
  CHECK_FALSE(bw::refuse_radius(domain, 100.0));
  Domain grid{SpaceKind::grid, 2, {5.0, 4.0}, true, false};
  CHECK_FALSE(bw::refuse_radius(grid, 1.0));
  CHECK(bw::refuse_radius(grid, 2.0));
}

}  // namespace
