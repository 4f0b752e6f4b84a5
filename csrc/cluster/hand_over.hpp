// Hand-over: agents that left their rank's tiles go to the rank that has the tile they are in now,
// with all their components.
#pragma once

#include <span>

#include "cluster/communicator.hpp"
#include "cluster/partition.hpp"
#include "ecs/store.hpp"
#include "space/domain.hpp"

namespace bw {

// The tile of a row: by its place, or by its id in a world without a space.
TileId tile_of_row(const Store& store, std::uint32_t table, std::size_t row, const Domain& domain,
                   const Tiling& tiling);

// Removes the agents that other ranks own, where those have made them too.
void drop_foreign(Store& store, RankId self, const Domain& domain, const Tiling& tiling,
                  const Partition& partition);

// Collective: stores[h] is the store of the h-th hosted rank. Returns how many agents moved out of
// hosted ranks.
std::size_t hand_over(Communicator& communicator, std::span<Store* const> stores,
                      const Domain& domain, const Tiling& tiling, const Partition& partition);

}  // namespace bw
