// neighbor_index.cpp: tests of what the neighbour index holds and in which order, on whole worlds
// and on parts of them.
#include "space/neighbor_index.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "random_world.hpp"

namespace {

using bw::CellBox;
using bw::Domain;
using bw::EntityId;
using bw::IndexSource;
using bw::NeighborIndex;
using bw::ThreadPool;
using bw::space_tests::Agents;
using bw::space_tests::Draw;
using bw::space_tests::SourceBytes;

CellBox whole_box(const Domain& domain, double radius, std::uint64_t population) {
  const bw::Region whole{{}, domain.size};
  return domain.integral() ? bw::grid_box(domain, whole, static_cast<std::int64_t>(radius))
                           : bw::continuous_box(domain, whole, radius, population);
}

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
  const auto count = static_cast<std::size_t>(draw.one_of({0, 1, 2, 5, 30, 80, 200}));
  world.agents = bw::space_tests::random_agents(world.domain, world.radius, count, draw);
  return world;
}

std::vector<Agents> split(const Agents& agents, std::size_t parts, Draw& draw) {
  std::vector<Agents> out(parts);
  for (std::size_t i = 0; i < agents.size(); ++i) {
    Agents& part =
        out[static_cast<std::size_t>(draw.whole(0, static_cast<std::int64_t>(parts) - 1))];
    part.ids.push_back(agents.ids[i]);
    part.places.push_back(agents.places[i]);
  }
  return out;
}

// An index over agents that stand in one or several tables.
struct Indexed {
  Indexed(const Domain& domain, const CellBox& box, const std::vector<Agents>& parts,
          ThreadPool& pool)
      : index(domain, {sizeof(EntityId)}) {
    std::vector<IndexSource> sources;
    for (const Agents& part : parts) {
      bytes.push_back(std::make_unique<SourceBytes>(domain, part));
      sources.push_back(bytes.back()->source());
    }
    index.build(pool, box, sources);
  }

  std::vector<std::unique_ptr<SourceBytes>> bytes;
  NeighborIndex index;
};

TEST_CASE(
    "cells hold their agents in the order of ids, images included, and every slot has its agent's "
    "values") {
  ThreadPool pool(1);
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    const World world = random_world(seed);
    std::map<EntityId, bw::Place> places;
    for (std::size_t i = 0; i < world.agents.size(); ++i) {
      places[world.agents.ids[i]] = world.agents.places[i];
    }
    const CellBox box = whole_box(world.domain, world.radius, world.agents.size());
    Indexed indexed(world.domain, box, {world.agents}, pool);
    NeighborIndex& index = indexed.index;
    REQUIRE(index.starts()[0] == 0);
    REQUIRE(index.starts()[box.volume()] == index.slot_count());
    for (std::int64_t cell = 0; cell < box.volume(); ++cell) {
      const std::array<std::int64_t, 3> at{cell % box.extent[0],
                                           cell / box.extent[0] % box.extent[1],
                                           cell / (box.extent[0] * box.extent[1])};
      for (std::uint32_t slot = index.starts()[cell]; slot < index.starts()[cell + 1]; ++slot) {
        const EntityId id = index.ids()[slot];
        CHECK((slot == index.starts()[cell] || index.ids()[slot - 1] < id));
        CHECK(std::memcmp(index.column(0) + slot * sizeof(EntityId), &id, sizeof(id)) == 0);
        for (std::size_t a = 0; a < static_cast<std::size_t>(world.domain.dims); ++a) {
          const double moved = static_cast<double>(box.shift(a, at[a])) * world.domain.size[a];
          CHECK(index.coordinates(a)[slot] == places[id][a] + moved);
          const std::int64_t turns = box.shift(a, at[a]) * box.cells[a];
          CHECK(box.axis_cell(a, places[id][a]) + turns == at[a] + box.low[a]);
        }
      }
    }
  }
}

TEST_CASE("the slot of a row is its own place, never an image") {
  ThreadPool pool(1);
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    const World world = random_world(seed);
    Draw draw(seed + 1000);
    const std::vector<Agents> parts =
        split(world.agents, static_cast<std::size_t>(draw.whole(1, 4)), draw);
    Indexed indexed(world.domain, whole_box(world.domain, world.radius, world.agents.size()), parts,
                    pool);
    const NeighborIndex& index = indexed.index;
    for (std::size_t s = 0; s < parts.size(); ++s) {
      for (std::size_t row = 0; row < parts[s].size(); ++row) {
        const std::uint32_t slot = index.slot_of(s, row);
        const std::uint32_t cell = index.cell_of(s, row);
        CHECK(index.ids()[slot] == parts[s].ids[row]);
        CHECK(slot >= index.starts()[cell]);
        CHECK(slot < index.starts()[cell + 1]);
        for (std::size_t a = 0; a < static_cast<std::size_t>(world.domain.dims); ++a) {
          CHECK(index.coordinates(a)[slot] == parts[s].places[row][a]);
        }
      }
    }
  }
}

TEST_CASE("how agents are shared out over tables, and in which rows they stand, does not show") {
  ThreadPool pool(1);
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    const World world = random_world(seed);
    Draw draw(seed + 1000);
    const CellBox box = whole_box(world.domain, world.radius, world.agents.size());
    Indexed one(world.domain, box, {world.agents}, pool);
    Agents reversed = world.agents;
    std::reverse(reversed.ids.begin(), reversed.ids.end());
    std::reverse(reversed.places.begin(), reversed.places.end());
    Indexed several(world.domain, box, split(reversed, 3, draw), pool);
    REQUIRE(one.index.slot_count() == several.index.slot_count());
    CHECK(
        std::equal(one.index.ids(), one.index.ids() + one.index.slot_count(), several.index.ids()));
    CHECK(std::equal(one.index.starts(), one.index.starts() + box.volume() + 1,
                     several.index.starts()));
  }
}

TEST_CASE("an index that is built again for another box and other agents forgets the old ones") {
  ThreadPool pool(1);
  const Domain domain{bw::SpaceKind::continuous, 2, {10.0, 10.0}, true, false};
  Draw draw(5);
  NeighborIndex index(domain, {sizeof(EntityId)});
  for (const std::size_t count : {200u, 3u, 0u, 50u}) {
    const Agents agents = bw::space_tests::random_agents(domain, 1.0, count, draw);
    const SourceBytes bytes(domain, agents);
    const std::vector<IndexSource> sources{bytes.source()};
    index.build(pool, whole_box(domain, 1.0 + draw.real(0.0, 2.0), count), sources);
    std::vector<EntityId> own;
    for (std::size_t row = 0; row < count; ++row) {
      own.push_back(index.ids()[index.slot_of(0, row)]);
    }
    CHECK(own == agents.ids);
  }
}

TEST_CASE("agents far outside of a part of the world are not in its index") {
  ThreadPool pool(1);
  const Domain domain{bw::SpaceKind::grid, 2, {20.0, 20.0}, true, false};
  Agents agents;
  for (int x = 0; x < 20; ++x) {
    agents.ids.push_back(static_cast<EntityId>(x + 1));
    agents.places.push_back({static_cast<double>(x), 2.0, 0.0});
  }
  const CellBox box = bw::grid_box(domain, {{0.0, 0.0}, {4.0, 4.0}}, 2);
  Indexed indexed(domain, box, {agents}, pool);
  CHECK(indexed.index.slot_count() == 8);
  CHECK(std::vector<EntityId>(indexed.index.ids(), indexed.index.ids() + 8) ==
        std::vector<EntityId>{19, 20, 1, 2, 3, 4, 5, 6});
  CHECK(indexed.index.coordinates(0)[0] == -2.0);
}

TEST_CASE("any number of threads builds the same index") {
  for (const bool periodic : {false, true}) {
    const Domain domain{bw::SpaceKind::continuous, 2, {300.0, 200.0}, periodic, false};
    Draw draw(9);
    const Agents agents = bw::space_tests::random_agents(domain, 1.0, 60000, draw);
    const std::vector<Agents> parts = split(agents, 2, draw);
    const CellBox box = whole_box(domain, 1.0, agents.size());
    ThreadPool alone(1);
    ThreadPool team(4);
    Indexed one(domain, box, parts, alone);
    Indexed four(domain, box, parts, team);
    const std::size_t slots = one.index.slot_count();
    REQUIRE(slots == four.index.slot_count());
    CHECK(std::memcmp(one.index.ids(), four.index.ids(), slots * sizeof(EntityId)) == 0);
    CHECK(std::memcmp(one.index.column(0), four.index.column(0), slots * sizeof(EntityId)) == 0);
    CHECK(std::memcmp(one.index.coordinates(1), four.index.coordinates(1),
                      slots * sizeof(double)) == 0);
    CHECK(
        std::equal(one.index.starts(), one.index.starts() + box.volume() + 1, four.index.starts()));
    for (std::size_t s = 0; s < parts.size(); ++s) {
      CHECK(std::equal(one.index.slots_of(s), one.index.slots_of(s) + parts[s].size(),
                       four.index.slots_of(s)));
    }
  }
}

TEST_CASE("a crowd in one cell is sorted as well") {
  ThreadPool pool(1);
  const Domain domain{bw::SpaceKind::grid, 2, {3.0, 3.0}, true, false};
  Agents agents;
  for (EntityId id = 200000; id > 0; --id) {
    agents.ids.push_back(id * 7919 % 200003);
    agents.places.push_back({1.0, 1.0, 0.0});
  }
  Indexed indexed(domain, whole_box(domain, 1.0, agents.size()), {agents}, pool);
  const CellBox& box = indexed.index.box();
  const std::int64_t cell = box.index(2, 2, 0);
  CHECK(std::is_sorted(indexed.index.ids() + indexed.index.starts()[cell],
                       indexed.index.ids() + indexed.index.starts()[cell + 1]));
}

}  // namespace
