// The partition: which rank has which tile. It is a value; where a tile lives never changes a
// result.
#pragma once

#include <span>
#include <vector>

#include "base/ids.hpp"
#include "space/tiling.hpp"

namespace bw {

class Partition {
 public:
  // Blocks: consecutive tiles in equal shares.
  static Partition blocks(TileId tiles, std::uint32_t ranks);

  // The rank of each tile, from tile 1 on.
  static Partition of(std::span<const RankId> owners, std::uint32_t ranks);

  // The world itself (tile 0) lives on rank 0.
  RankId owner(TileId tile) const { return owners_[tile]; }
  std::vector<TileId> tiles_of(RankId rank) const;
  std::span<const RankId> owners() const { return std::span(owners_).subspan(1); }

  friend bool operator==(const Partition&, const Partition&) = default;

 private:
  std::vector<RankId> owners_;
};

}  // namespace bw
