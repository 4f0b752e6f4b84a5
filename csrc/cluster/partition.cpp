// Block partitions.
#include "cluster/partition.hpp"

namespace bw {

Partition Partition::blocks(TileId tiles, std::uint32_t ranks) {
  Partition partition;
  partition.owners_.resize(std::size_t{tiles} + 1, 0);
  for (TileId tile = 1; tile <= tiles; ++tile) {
    partition.owners_[tile] = static_cast<RankId>(std::uint64_t{tile - 1} * ranks / tiles);
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
