// cell_layer.cpp: tests of which row is which cell: owned, in the halo, or none.
#include "lattice/cell_layer.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "../space/random_world.hpp"

namespace {

using bw::CellBox;
using bw::CellLayer;
using bw::Domain;
using bw::Place;
using bw::space_tests::Draw;

bw::Schema soil() {
  bw::Schema schema;
  schema.add({"Soil", {{"wet", {bw::Scalar::i32, 1}, {}}}});
  return schema;
}

CellBox whole(const Domain& domain, const std::array<std::int64_t, bw::kAxes>& cells,
              std::int64_t halo) {
  CellBox box = bw::world_box(domain, cells);
  box.reach = halo;
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
    box.low[a] = -halo;
    box.extent[a] = box.cells[a] + 2 * halo;
  }
  return box;
}

TEST_CASE("every cell of the world has one owned row, found by its number and by any place in it") {
  const bw::Schema schema = soil();
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    const Domain domain = bw::space_tests::random_domain(draw);
    const bw::Tiling tiling(domain, 9);
    const CellLayer layer(schema, {0}, domain, whole(domain, {7, 5, 3}, draw.whole(0, 2)), tiling,
                          [](bw::TileId) { return true; });
    const CellBox world = bw::world_box(domain, {7, 5, 3});
    std::set<std::uint64_t> owned;
    for (std::size_t row = 0; row < layer.table().size(); ++row) {
      if (layer.is_owned(row)) {
        CHECK(owned.insert(layer.cell_id(row)).second);
        CHECK(layer.row_of_cell(layer.cell_id(row)) == static_cast<std::int64_t>(row));
        CHECK(layer.row_at(layer.place_of_cell(layer.cell_id(row))) ==
              static_cast<std::int64_t>(row));
        CHECK(bw::cell_at(world, domain, layer.place_of_cell(layer.cell_id(row))) ==
              static_cast<std::int64_t>(layer.cell_id(row)));
      }
    }
    CHECK(static_cast<std::int64_t>(owned.size()) == world.volume());
    CHECK(layer.owned_count() == owned.size());
    for (int i = 0; i < 50; ++i) {
      const Place place = bw::space_tests::random_place(domain, 0.0, draw);
      const std::int64_t row = layer.row_at(place);
      REQUIRE(row >= 0);
      CHECK(layer.is_owned(static_cast<std::size_t>(row)));
      CHECK(static_cast<std::int64_t>(layer.cell_id(static_cast<std::size_t>(row))) ==
            bw::cell_at(world, domain, place));
    }
  }
}

TEST_CASE("owned rows are listed in runs, and only they are state") {
  const bw::Schema schema = soil();
  const Domain domain{bw::SpaceKind::grid, 2, {6.0, 6.0}, true, false};
  const bw::Tiling tiling(domain, 4);
  const CellLayer layer(schema, {0}, domain, whole(domain, {}, 1), tiling,
                        [](bw::TileId tile) { return tile == 2 || tile == 3; });
  CHECK(layer.owned_count() == 18);
  CHECK(layer.owned_runs().size() == 6);
  std::map<std::uint64_t, int> listed;
  layer.list_state([&](const bw::StateSection& section) {
    CHECK(section.room == "lattice");
    CHECK(section.name == "Soil");
    for (const std::uint64_t cell : section.keys) {
      ++listed[cell];
    }
  });
  CHECK(listed.size() == 18);
  CHECK(listed.contains(3));
  CHECK(listed.contains(18));
  CHECK_FALSE(listed.contains(0));
}

TEST_CASE(
    "outside of a bounded world there is no cell; beyond a periodic edge stands the one from the "
    "other side") {
  const bw::Schema schema = soil();
  Domain domain{bw::SpaceKind::grid, 2, {4.0, 3.0}, false, false};
  const bw::Tiling tiling(domain, 1);
  const auto mine = [](bw::TileId) { return true; };
  const CellLayer bounded(schema, {0}, domain, whole(domain, {}, 1), tiling, mine);
  CHECK(bounded.cell_id(0) == CellLayer::kNoCell);
  CHECK(bounded.row_at({-1.0, 0.0, 0.0}) == -1);
  CHECK(bounded.row_at({4.0, 0.0, 0.0}) == -1);
  domain.periodic = true;
  const CellLayer periodic(schema, {0}, domain, whole(domain, {}, 1), tiling, mine);
  CHECK(periodic.cell_id(0) == 11);
  CHECK_FALSE(periodic.is_owned(0));
}

}  // namespace
