// hand_over.cpp: tests that every agent ends up exactly once, with all that it has, where its tile
// lives.
#include "cluster/hand_over.hpp"

#include <doctest/doctest.h>

#include "spread.hpp"

namespace {

using namespace bw::cluster_tests;
using bw::EntityId;

void check_each_once(const Spread& world) {
  std::size_t rows = 0;
  for (bw::RankId rank = 0; rank < world.stores.size(); ++rank) {
    const bw::Store& store = world.stores[rank];
    for (std::uint32_t t = 0; t < store.table_count(); ++t) {
      const bw::Table& table = store.table(t);
      rows += table.size();
      for (std::uint32_t row = 0; row < table.size(); ++row) {
        const EntityId id = table.ids()[row];
        EntityId name;
        std::memcpy(&name, table.column(table.find_column(kName).value()).at(row), sizeof(name));
        CHECK(name == id);
        CHECK(table.has(kNest) == (id % 3 == 0));
        CHECK(store.find(id) == bw::Location{t, row});
        CHECK(world.owner_of(world.places.at(id)) == rank);
        CHECK(bw::tile_of_row(store, t, row, world.domain, world.tiling) ==
              world.tiling.tile_at(world.places.at(id)));
      }
    }
  }
  CHECK(rows == world.places.size());
}

TEST_CASE("agents that left their rank's tiles are handed over, each exactly once") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    const bw::Domain domain = bw::space_tests::random_domain(draw);
    Spread world(domain, static_cast<std::uint32_t>(draw.whole(1, 40)),
                 static_cast<std::uint32_t>(draw.whole(1, 6)));
    const auto ranks = static_cast<std::int64_t>(world.stores.size());
    bw::ThreadPool pool(2);
    bw::HandOver hand_over(pool, domain, world.tiling, world.partition);
    for (EntityId id = 1; id <= 120; ++id) {
      world.add(static_cast<bw::RankId>(draw.whole(0, ranks - 1)), id,
                bw::space_tests::random_place(domain, 1.0, draw), id % 3 == 0);
    }
    for (int round = 0; round < 4; ++round) {
      std::size_t leaving = 0;
      for (bw::RankId rank = 0; rank < ranks; ++rank) {
        bw::Store& store = world.stores[rank];
        for (std::uint32_t t = 0; t < store.table_count(); ++t) {
          for (std::uint32_t row = 0; row < store.table(t).size(); ++row) {
            leaving += world.owner_of(world.places[store.table(t).ids()[row]]) != rank ? 1u : 0u;
          }
        }
      }
      CHECK(hand_over.run(world.communicator, world.all()) == leaving);
      check_each_once(world);
      CHECK(hand_over.run(world.communicator, world.all()) == 0);
      // All go somewhere else.
      for (bw::Store& store : world.stores) {
        for (std::uint32_t t = 0; t < store.table_count(); ++t) {
          for (std::uint32_t row = 0; row < store.table(t).size(); ++row) {
            const bw::Place place = bw::space_tests::random_place(domain, 1.0, draw);
            write_place(store, t, row, domain, place);
            world.places[store.table(t).ids()[row]] = place;
          }
        }
      }
    }
  }
}

TEST_CASE("without a space agents live where their ids belong") {
  bw::Schema schema;
  schema.add({"Idea", {{"weight", {bw::Scalar::f64, 1}, {}}}});
  const bw::Tiling tiling(bw::Domain{}, 12);
  const bw::Partition partition = bw::Partition::blocks(12, 3);
  bw::LocalCommunicator communicator(3);
  std::deque<bw::Store> stores;
  std::vector<bw::Store*> all;
  for (int r = 0; r < 3; ++r) {
    all.push_back(&stores.emplace_back(schema));
  }
  std::vector<EntityId> ids;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    ids.push_back(bw::make_id(static_cast<bw::TileId>(i % 13), 100 * i));
  }
  stores[1].insert(stores[1].table_for({0}), ids);
  bw::ThreadPool pool(1);
  const bw::Domain nowhere;
  bw::HandOver(pool, nowhere, tiling, partition).run(communicator, all);
  for (const EntityId id : ids) {
    CHECK(stores[partition.owner(tiling.tile_of_id(id))].find(id));
  }
  CHECK(stores[0].size() + stores[1].size() + stores[2].size() == 1000);
}

}  // namespace
