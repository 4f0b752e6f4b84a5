// halo.cpp: tests that halo rows hold what the owners of their cells hold, around periodic edges
// too.
#include "cluster/halo.hpp"

#include <doctest/doctest.h>

#include <deque>

#include "../space/random_world.hpp"

namespace {

using bw::CellLayer;
using bw::Domain;
using bw::space_tests::Draw;

bw::CellBox box_of(const Domain& domain, const std::array<std::int64_t, bw::kAxes>& cells,
                   const bw::Region& region, std::int64_t halo) {
  const bw::CellBox world = bw::world_box(domain, cells);
  bw::CellBox box = world;
  box.reach = halo;
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
    const std::int64_t first = world.axis_cell(a, region.low[a]);
    box.low[a] = first - halo;
    box.extent[a] = world.axis_cell(a, region.high[a]) - first + 1 + 2 * halo;
  }
  return box;
}

std::uint64_t read(const CellLayer& layer, std::size_t column, std::size_t row) {
  std::uint64_t value;
  std::memcpy(&value, layer.table().column(column).at(row), sizeof(value));
  return value;
}

TEST_CASE(
    "after a refresh every row of the halo has its owner's value, in the columns that were asked "
    "for") {
  bw::Schema schema;
  schema.add({"Soil", {{"wet", {bw::Scalar::u64, 1}, {}}, {"dry", {bw::Scalar::u64, 1}, {}}}});
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    const Domain domain = bw::space_tests::random_domain(draw);
    const std::array<std::int64_t, bw::kAxes> lattice{draw.whole(1, 9), draw.whole(1, 9),
                                                      domain.dims == 3 ? draw.whole(1, 4) : 1};
    const auto ranks = static_cast<std::uint32_t>(draw.whole(1, 5));
    const bw::Tiling tiling(domain, static_cast<std::uint32_t>(draw.whole(1, 30)));
    const bw::Partition partition = bw::Partition::blocks(tiling.count(), ranks);
    bw::LocalCommunicator communicator(ranks);
    std::deque<CellLayer> layers;
    std::vector<CellLayer*> all;
    std::int64_t owned = 0;
    for (bw::RankId rank = 0; rank < ranks; ++rank) {
      const bw::Region region = bw::bounding_region(tiling, partition.tiles_of(rank));
      layers.emplace_back(schema, bw::Archetype{0}, domain, box_of(domain, lattice, region, 1),
                          tiling, [&](bw::TileId tile) { return partition.owner(tile) == rank; });
      all.push_back(&layers.back());
      owned += static_cast<std::int64_t>(layers.back().owned_count());
    }
    CHECK(owned == bw::world_box(domain, lattice).volume());
    const bw::HaloPlan plan(communicator, all, tiling, partition);
    for (std::uint64_t round = 1; round < 3; ++round) {
      for (CellLayer& layer : layers) {
        for (std::size_t row = 0; row < layer.table().size(); ++row) {
          for (std::size_t c = 0; c < 2; ++c) {
            const std::uint64_t value = layer.is_owned(row) ? layer.cell_id(row) * 10 + round : 0;
            std::memcpy(layer.table().column(c).at(row), &value, sizeof(value));
          }
        }
      }
      const std::vector<std::size_t> columns{1};
      plan.refresh(communicator, all, columns);
      for (const CellLayer& layer : layers) {
        for (std::size_t row = 0; row < layer.table().size(); ++row) {
          const std::uint64_t cell = layer.cell_id(row);
          const std::uint64_t wanted = cell == CellLayer::kNoCell ? 0 : cell * 10 + round;
          CHECK(read(layer, 1, row) == wanted);
          CHECK(read(layer, 0, row) == (layer.is_owned(row) ? wanted : 0));
        }
      }
    }
  }
}

}  // namespace
