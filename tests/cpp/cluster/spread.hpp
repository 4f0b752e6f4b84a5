// spread.hpp: random agents spread over the stores of several ranks, for the tests of the cluster
// room.
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "../space/random_world.hpp"
#include "cluster/communicator.hpp"
#include "cluster/partition.hpp"
#include "ecs/store.hpp"
#include "space/tiling.hpp"

namespace bw::cluster_tests {

using space_tests::Draw;

inline constexpr ComponentId kBird = 0, kNest = 1;
inline constexpr FieldKey kPosition{kBird, 0}, kName{kBird, 1};

inline Schema birds(const Domain& domain) {
  Schema schema;
  const auto dims = static_cast<std::uint32_t>(domain.dims);
  schema.add({"Bird",
              {{"position", {domain.integral() ? Scalar::i32 : Scalar::f64, dims}, {}},
               {"name", {Scalar::u64, 1}, {}}}});
  schema.add({"Nest", {{"eggs", {Scalar::i8, 1}, {}}}});
  return schema;
}

inline void write_place(Store& store, std::uint32_t t, std::uint32_t row, const Domain& domain,
                        const Place& place) {
  std::byte* to = store.table(t).column(store.table(t).find_column(kPosition).value()).at(row);
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
    const auto cell = static_cast<std::int32_t>(place[a]);
    domain.integral() ? std::memcpy(to + a * sizeof(cell), &cell, sizeof(cell))
                      : std::memcpy(to + a * sizeof(double), &place[a], sizeof(double));
  }
}

// A world on several ranks: every agent on some rank, of one kind or two, its column `name` holding
// its id.
struct Spread {
  Spread(const Domain& on, std::uint32_t tiles, std::uint32_t ranks)
      : domain(on),
        schema(birds(on)),
        tiling(on, tiles),
        partition(Partition::blocks(tiling.count(), ranks)),
        communicator(ranks) {
    for (std::uint32_t r = 0; r < ranks; ++r) {
      stores.emplace_back(schema);
    }
  }

  void add(RankId rank, EntityId id, const Place& place, bool nests) {
    Store& store = stores[rank];
    const std::uint32_t t = store.table_for(nests ? Archetype{kBird, kNest} : Archetype{kBird});
    const std::uint32_t row = store.insert(t, {&id, 1});
    Table& table = store.table(t);
    for (std::size_t c = 0; c < table.column_count(); ++c) {
      table.fill_default(c, row, row + 1);
    }
    write_place(store, t, row, domain, place);
    std::memcpy(table.column(table.find_column(kName).value()).at(row), &id, sizeof(id));
    places[id] = place;
  }

  RankId owner_of(const Place& place) const { return partition.owner(tiling.tile_at(place)); }

  std::vector<Store*> all() {
    std::vector<Store*> pointers;
    for (Store& store : stores) {
      pointers.push_back(&store);
    }
    return pointers;
  }

  Domain domain;
  Schema schema;
  Tiling tiling;
  Partition partition;
  LocalCommunicator communicator;
  std::deque<Store> stores;
  std::map<EntityId, Place> places;
};

}  // namespace bw::cluster_tests
