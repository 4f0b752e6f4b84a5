// Identities: entity ids, tiles, ranks. An id is a tile (20 bits) and that tile's own birth counter
// (44 bits); it is never reused.
#pragma once

#include <cstdint>

namespace bw {

using EntityId = std::uint64_t;
using TileId = std::uint32_t;
using RankId = std::uint32_t;

inline constexpr unsigned kCounterBits = 44;
inline constexpr std::uint64_t kCounterMask = (std::uint64_t{1} << kCounterBits) - 1;
inline constexpr TileId kTileLimit = TileId{1} << (64 - kCounterBits);

// Tile 0 is the world itself: initial entities and those made by inputs. Its counter starts at 1,
// so that 0 is no entity.
inline constexpr TileId kWorldTile = 0;
inline constexpr EntityId kNoEntity = 0;

constexpr EntityId make_id(TileId tile, std::uint64_t counter) {
  return (static_cast<EntityId>(tile) << kCounterBits) | (counter & kCounterMask);
}
constexpr TileId birth_tile(EntityId id) {
  return static_cast<TileId>(id >> kCounterBits);
}
constexpr std::uint64_t birth_counter(EntityId id) {
  return id & kCounterMask;
}

}  // namespace bw
