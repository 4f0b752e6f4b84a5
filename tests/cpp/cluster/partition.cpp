// partition.cpp: tests that tiles are shared out in blocks, every tile to one rank.
#include "cluster/partition.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace {

using bw::Partition;
using bw::TileId;

TEST_CASE("every tile has one owner, blocks follow one another, and shares differ by one at most") {
  for (const TileId tiles : {1u, 2u, 7u, 64u, 1000u}) {
    for (const std::uint32_t ranks : {1u, 2u, 3u, 8u, 65u}) {
      const Partition partition = Partition::blocks(tiles, ranks);
      std::vector<std::size_t> shares;
      std::vector<TileId> all;
      for (bw::RankId rank = 0; rank < ranks; ++rank) {
        const std::vector<TileId> own = partition.tiles_of(rank);
        shares.push_back(own.size());
        all.insert(all.end(), own.begin(), own.end());
        for (const TileId tile : own) {
          CHECK(partition.owner(tile) == rank);
        }
      }
      CHECK(all.size() == tiles);
      CHECK(std::is_sorted(all.begin(), all.end()));
      const auto [least, most] = std::minmax_element(shares.begin(), shares.end());
      CHECK(*most - *least <= 1);
      CHECK(partition.owner(bw::kWorldTile) == 0);
    }
  }
}

}  // namespace
