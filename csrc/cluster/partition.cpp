// Partitions as they are given, and in blocks.
#include "cluster/partition.hpp"

#include <string>

#include "base/errors.hpp"

namespace bw {

Partition Partition::blocks(TileId tiles, std::uint32_t ranks) {
  Partition partition;
  partition.owners_.resize(std::size_t{tiles} + 1, 0);
  for (TileId tile = 1; tile <= tiles; ++tile) {
    partition.owners_[tile] = static_cast<RankId>(std::uint64_t{tile - 1} * ranks / tiles);
  }
  return partition;
}

Partition Partition::of(std::span<const RankId> owners, std::uint32_t ranks) {
  Partition partition;
  partition.owners_.assign(1, 0);
  for (const RankId owner : owners) {
    if (owner >= ranks) {
      throw UserError("a partition names rank " + std::to_string(owner) + "; ranks are 0 to " +
                      std::to_string(ranks - 1));
    }
    partition.owners_.push_back(owner);
  }
  return partition;
}

std::vector<TileId> Partition::tiles_of(RankId rank) const {
  std::vector<TileId> tiles;
  for (TileId tile = 1; tile < owners_.size(); ++tile) {
    if (owners_[tile] == rank) {
      tiles.push_back(tile);
    }
  }
  return tiles;
}

}  // namespace bw
