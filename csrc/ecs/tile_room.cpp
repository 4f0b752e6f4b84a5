// Letters of a tile's turn.
#include "ecs/tile_room.hpp"

#include "base/errors.hpp"

namespace bw {

void TileTurn::send(TileId to, std::span<const std::byte> content) {
  sent_bytes_ += content.size();
  if (sent_bytes_ > kMostLetterBytes) {
    throw UserError("tile " + std::to_string(tile_) + " sends more than " +
                    std::to_string(kMostLetterBytes) + " bytes to other tiles in tick " +
                    std::to_string(tick_) +
                    " (kMostLetterBytes); send less, or cut the world into more tiles");
  }
  sent_.push_back({tile_, to, {content.begin(), content.end()}});
}

}  // namespace bw
