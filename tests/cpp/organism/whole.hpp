// whole.hpp: what must hold of a tile at any time.
#pragma once

#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "organism/tile.hpp"
#include "vm/template_search.hpp"

namespace bw::tests {

// The queues hold each organism once, blocks are disjoint, all else is free, counts add up, and
// around the soup nothing was written.
inline void check_whole(const Tile& tile, std::uint64_t put) {
  const auto organisms = tile.organisms();
  const auto is_permutation = [&](const std::vector<std::uint32_t>& order) {
    return order.size() == organisms.size() &&
           std::set<std::uint32_t>(order.begin(), order.end()).size() == order.size();
  };
  CHECK(is_permutation(tile.reaper_order()));
  CHECK(is_permutation(tile.slicer_order()));
  std::vector<Block> blocks;
  std::uint64_t owned = 0;
  std::uint64_t adults = 0;
  for (const Organism& organism : organisms) {
    blocks.push_back({organism.start, organism.size});
    adults += organism.size;
    if (organism.child_size != 0) blocks.push_back({organism.child_start, organism.child_size});
    CHECK(organism.cpu.ip < tile.soup().size());
    CHECK(organism.cpu.top < kStackDepth);
  }
  for (const Block& block : blocks) owned += block.size;
  CHECK(adults == tile.cells_owned_by_adults());
  Soup again(tile.soup().size());
  again.rebuild(blocks);
  CHECK(again.free_blocks() == tile.soup().free_blocks());
  CHECK(owned + tile.soup().free_cells() == tile.soup().size());
  const TileCounts& counts = tile.counts();
  std::uint64_t deaths = 0;
  for (const std::uint64_t of_cause : counts.deaths) deaths += of_cause;
  CHECK(organisms.size() == put + counts.births - deaths);
  const std::uint8_t* cells = tile.soup().cells();
  for (std::uint32_t i = 1; i <= kSoupMargin; ++i) {
    CHECK(cells[-static_cast<std::ptrdiff_t>(i)] == kEdge);
    CHECK(cells[tile.soup().size() - 1 + i] == kEdge);
  }
}

}  // namespace bw::tests
