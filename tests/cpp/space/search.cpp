// search.cpp: tests of searches against brute force, over whole worlds, parts of them, and all
// variants for wider vectors.
#include "space/search.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "base/cpu.hpp"
#include "brute_force.hpp"
#include "random_world.hpp"

namespace {

using bw::CellBox;
using bw::Center;
using bw::Domain;
using bw::EntityId;
using bw::Hits;
using bw::IndexSource;
using bw::NeighborIndex;
using bw::Region;
using bw::Simd;
using bw::ThreadPool;
using bw::space_tests::Agents;
using bw::space_tests::Draw;
using bw::space_tests::Neighbor;
using bw::space_tests::SourceBytes;

struct World {
  Domain domain;
  double radius;
  Agents agents;
};

World random_world(std::uint64_t seed) {
  Draw draw(seed);
  World world;
  world.domain = bw::space_tests::random_domain(draw);
  world.radius = bw::space_tests::random_radius(world.domain, draw);
  const auto count = static_cast<std::size_t>(draw.one_of({1, 2, 5, 20, 60, 120}));
  world.agents = bw::space_tests::random_agents(world.domain, world.radius, count, draw);
  return world;
}

CellBox box_around(const World& world, const Region& region) {
  return world.domain.integral()
             ? bw::grid_box(world.domain, region, static_cast<std::int64_t>(world.radius))
             : bw::continuous_box(world.domain, region, world.radius, world.agents.size());
}

// Hits as (id, bits), in the order in which they were found.
std::vector<Neighbor> listed(const NeighborIndex& index, const Hits& hits) {
  std::vector<Neighbor> out;
  for (std::size_t i = 0; i < static_cast<std::size_t>(hits.count); ++i) {
    Neighbor other{index.ids()[hits.slots[i]], {}, hits.distance2[i]};
    for (std::size_t a = 0; a < static_cast<std::size_t>(index.box().dims); ++a) {
      other.offset[a] = hits.offset[a][i];
    }
    out.push_back(other);
  }
  return out;
}

std::vector<Neighbor> sorted(std::vector<Neighbor> neighbors) {
  std::sort(neighbors.begin(), neighbors.end());
  return neighbors;
}

std::vector<Neighbor> search_row(const NeighborIndex& index, std::size_t row, const World& world,
                                 Simd simd) {
  Hits hits;
  const Center center = bw::center_of_slot(index, index.slot_of(0, row), index.cell_of(0, row));
  bw::choose_search(world.domain, bw::Geometry::wanted, simd)(index, center, world.radius, hits);
  return listed(index, hits);
}

TEST_CASE("an agent finds those that brute force finds, with the same bits") {
  ThreadPool pool(1);
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    CAPTURE(seed);
    const World world = random_world(seed);
    const SourceBytes bytes(world.domain, world.agents);
    const std::vector<IndexSource> sources{bytes.source()};
    NeighborIndex index(world.domain, {sizeof(EntityId)});
    index.build(pool, box_around(world, {{}, world.domain.size}), sources);
    for (std::size_t row = 0; row < world.agents.size(); ++row) {
      const auto expected =
          bw::space_tests::neighbors_by_force(world.domain, world.agents, world.agents.places[row],
                                              world.agents.ids[row], world.radius);
      CHECK(sorted(search_row(index, row, world, Simd::kScalar)) == expected);
    }
  }
}

TEST_CASE("on grids a search that wants no geometry finds the same agents in the same order") {
  ThreadPool pool(1);
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    const World world = random_world(seed);
    if (!world.domain.integral()) {
      continue;
    }
    const SourceBytes bytes(world.domain, world.agents);
    const std::vector<IndexSource> sources{bytes.source()};
    NeighborIndex index(world.domain, {sizeof(EntityId)});
    index.build(pool, box_around(world, {{}, world.domain.size}), sources);
    Hits hits;
    Hits bare;
    for (std::size_t row = 0; row < world.agents.size(); ++row) {
      const Center center = bw::center_of_slot(index, index.slot_of(0, row), index.cell_of(0, row));
      bw::choose_search(world.domain)(index, center, world.radius, hits);
      bw::choose_search(world.domain, bw::Geometry::unwanted)(index, center, world.radius, bare);
      REQUIRE(hits.count == bare.count);
      CHECK(std::equal(hits.slots.begin(), hits.slots.begin() + hits.count, bare.slots.begin()));
    }
  }
}

TEST_CASE("hits come in the order of cells, then ids") {
  ThreadPool pool(1);
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    const World world = random_world(seed);
    const SourceBytes bytes(world.domain, world.agents);
    const std::vector<IndexSource> sources{bytes.source()};
    NeighborIndex index(world.domain, {sizeof(EntityId)});
    index.build(pool, box_around(world, {{}, world.domain.size}), sources);
    std::vector<std::uint32_t> cell_of_slot(index.slot_count());
    for (std::uint32_t cell = 0; cell < index.box().volume(); ++cell) {
      std::fill(cell_of_slot.begin() + index.starts()[cell],
                cell_of_slot.begin() + index.starts()[cell + 1], cell);
    }
    Hits hits;
    for (std::size_t row = 0; row < world.agents.size(); ++row) {
      const Center center = bw::center_of_slot(index, index.slot_of(0, row), index.cell_of(0, row));
      bw::choose_search(world.domain)(index, center, world.radius, hits);
      for (std::size_t i = 1; i < static_cast<std::size_t>(hits.count); ++i) {
        const auto before =
            std::pair(cell_of_slot[hits.slots[i - 1]], index.ids()[hits.slots[i - 1]]);
        CHECK(before < std::pair(cell_of_slot[hits.slots[i]], index.ids()[hits.slots[i]]));
      }
    }
  }
}

TEST_CASE("a search from a place finds the agent that stands there too, of whatever kind it is") {
  ThreadPool pool(1);
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    const World world = random_world(seed);
    Draw draw(seed + 5000);
    const SourceBytes bytes(world.domain, world.agents);
    const std::vector<IndexSource> sources{bytes.source()};
    NeighborIndex index(world.domain, {sizeof(EntityId)});
    index.build(pool, box_around(world, {{}, world.domain.size}), sources);
    for (int i = 0; i < 20; ++i) {
      const bw::Place place = bw::space_tests::random_place(world.domain, world.radius, draw);
      Hits hits;
      bw::choose_search(world.domain)(index, bw::center_of_place(index, place), world.radius, hits);
      CHECK(sorted(listed(index, hits)) ==
            bw::space_tests::neighbors_by_force(world.domain, world.agents, place, bw::kNoEntity,
                                                world.radius));
    }
  }
}

// The hits of a block that lists slots alone, with offsets and distances made of the coordinates.
std::vector<Neighbor> located(const NeighborIndex& index, std::size_t searches, Hits hits) {
  const auto dims = static_cast<std::size_t>(index.box().dims);
  for (std::size_t i = 0; i < searches; ++i) {
    for (std::size_t k = hits.starts[i]; k < hits.starts[i + 1]; ++k) {
      hits.distance2[k] = 0.0;
      for (std::size_t a = 0; a < dims; ++a) {
        const double d = index.places()[hits.slots[k] * dims + a] - hits.centers[i * dims + a];
        hits.offset[a][k] = d;
        hits.distance2[k] = a == 0 ? d * d : hits.distance2[k] + d * d;
      }
    }
  }
  return listed(index, hits);
}

TEST_CASE("a block of searches finds what single searches find, as far as it goes") {
  ThreadPool pool(1);
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    World world = random_world(seed);
    if (world.domain.integral()) {
      const bool none = bw::choose_block_search(world.domain) == nullptr;
      CHECK(none);
      continue;
    }
    if (seed % 10 == 0) {  // a crowd that no block holds
      Draw draw(seed + 9000);
      world.agents = bw::space_tests::random_agents(world.domain, world.radius, 1500, draw);
    }
    const SourceBytes bytes(world.domain, world.agents);
    const std::vector<IndexSource> sources{bytes.source()};
    NeighborIndex index(world.domain, {sizeof(EntityId)});
    index.build(pool, box_around(world, {{}, world.domain.size}), sources);
    const std::size_t rows = world.agents.size();
    for (const int variant : {0, 1, 2, 3, 4, 5}) {
      const auto simd = static_cast<Simd>(variant / 2);
      const auto geometry = static_cast<bw::Geometry>(variant % 2 == 1);
      if (simd > bw::widest_simd()) {
        continue;
      }
      Hits hits;
      for (std::size_t first = 0; first < rows;) {
        const bw::Searchers rest{index.slots_of(0) + first, index.cells_of(0) + first,
                                 rows - first};
        const std::size_t done =
            bw::choose_block_search(world.domain, geometry, simd)(index, rest, world.radius, hits);
        REQUIRE(done > 0);
        CHECK((done == 1 || static_cast<std::size_t>(hits.count) <= bw::kMostOfBlock));
        const std::vector<Neighbor> all =
            geometry == bw::Geometry::wanted ? listed(index, hits) : located(index, done, hits);
        for (std::size_t i = 0; i < done; ++i) {
          const std::vector<Neighbor> one(all.begin() + hits.starts[i],
                                          all.begin() + hits.starts[i + 1]);
          CHECK(one == search_row(index, first + i, world, Simd::kScalar));
        }
        first += done;
      }
    }
  }
}

TEST_CASE("on any partition agents find the same neighbours in the same order") {
  ThreadPool pool(1);
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    const World world = random_world(seed);
    Draw draw(seed + 5000);
    const SourceBytes bytes(world.domain, world.agents);
    const std::vector<IndexSource> all{bytes.source()};
    NeighborIndex whole(world.domain, {sizeof(EntityId)});
    whole.build(pool, box_around(world, {{}, world.domain.size}), all);

    const bw::Tiling tiling(world.domain, static_cast<std::uint32_t>(draw.whole(1, 30)));
    const auto parts = static_cast<std::size_t>(draw.whole(1, 4));
    std::vector<std::vector<bw::TileId>> tiles(parts);
    for (bw::TileId t = 1; t <= tiling.count(); ++t) {
      tiles[(t - 1) * parts / tiling.count()].push_back(t);
    }
    for (const std::vector<bw::TileId>& own_tiles : tiles) {
      World own = world;
      own.agents = {};
      World others = own;
      std::vector<std::size_t> rows;
      for (std::size_t row = 0; row < world.agents.size(); ++row) {
        const bw::TileId tile = tiling.tile_at(world.agents.places[row]);
        const bool mine = std::binary_search(own_tiles.begin(), own_tiles.end(), tile);
        Agents& side = mine ? own.agents : others.agents;
        side.ids.push_back(world.agents.ids[row]);
        side.places.push_back(world.agents.places[row]);
        if (mine) {
          rows.push_back(row);
        }
      }
      const SourceBytes own_bytes(world.domain, own.agents);
      const SourceBytes ghost_bytes(world.domain, others.agents);
      const std::vector<IndexSource> sources{own_bytes.source(), ghost_bytes.source()};
      NeighborIndex part(world.domain, {sizeof(EntityId)});
      part.build(pool, box_around(world, bw::bounding_region(tiling, own_tiles)), sources);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        CHECK(search_row(part, i, world, bw::chosen_simd()) ==
              search_row(whole, rows[i], world, bw::chosen_simd()));
      }
    }
  }
}

TEST_CASE("the variants for wider vectors find the same hits with the same bits") {
  ThreadPool pool(1);
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    World world = random_world(seed);
    Draw draw(seed + 5000);
    world.domain.kind = bw::SpaceKind::continuous;
    world.radius = std::min(
        world.radius, 0.45 * *std::min_element(world.domain.size.begin(),
                                               world.domain.size.begin() + world.domain.dims));
    // Crowds of every size around a whole vector.
    world.agents = bw::space_tests::random_agents(
        world.domain, world.radius, static_cast<std::size_t>(draw.whole(1, 40)), draw);
    const SourceBytes bytes(world.domain, world.agents);
    const std::vector<IndexSource> sources{bytes.source()};
    NeighborIndex index(world.domain, {sizeof(EntityId)});
    index.build(pool, box_around(world, {{}, world.domain.size}), sources);
    for (std::size_t row = 0; row < world.agents.size(); ++row) {
      const auto plain = search_row(index, row, world, Simd::kScalar);
      for (const Simd simd : {Simd::kAvx2, Simd::kAvx512}) {
        if (simd <= bw::widest_simd()) {
          CHECK(search_row(index, row, world, simd) == plain);
        }
      }
    }
  }
}

}  // namespace
