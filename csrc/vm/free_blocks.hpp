// free_blocks.hpp: which cells of a soup are free: a bit a cell, and the free blocks by size.
//
// A free block is a longest run of free cells. All follows from the bits: where a block begins and
// ends is read from them, so that a cell is tested, and a block given or taken back, without a
// search through the others. Blocks of up to kMostBinned cells stand in one bin a size, larger ones
// in one list; each in the order of addresses.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace bw {

struct Block {
  std::uint32_t start = 0;
  std::uint32_t size = 0;
  friend bool operator==(const Block&, const Block&) = default;
};

class FreeBlocks {
 public:
  // So many cells, all free.
  explicit FreeBlocks(std::uint32_t cells);

  bool has(std::uint32_t cell) const { return (bits_[cell / 64 + 1] >> cell % 64 & 1) != 0; }

  // A free block of at least `size` cells, of which there may be none. The first one.
  std::optional<Block> first(std::uint32_t size) const;
  // The smallest; of equal ones the first.
  std::optional<Block> smallest(std::uint32_t size) const;
  // Where `size` free cells begin as near as can be to an address, and not farther from it than
  // `reach`; of two equally near places the first.
  std::optional<std::uint32_t> nearest(std::uint32_t size, std::uint32_t address,
                                       std::uint32_t reach) const;
  // The one that a free cell is in.
  Block around(std::uint32_t cell) const;

  // Takes cells that are free out of the block that they are in.
  void take(Block whole, Block part);
  // Makes cells free that are not.
  void give(Block block);

  // All of them, in the order of addresses.
  std::vector<Block> all() const;
  std::uint64_t count_cells() const;

 private:
  static constexpr std::uint32_t kMostBinned = 511;
  static constexpr std::uint32_t kBinWords = (kMostBinned + 1) / 64;

  void mark(Block block, bool free);
  // The block that ends before, or begins at, a cell; of size 0 where that is not free.
  Block ending_at(std::uint32_t end) const;
  Block starting_at(std::uint32_t start) const;
  std::uint32_t next_free(std::uint32_t from, std::uint32_t end) const;
  std::uint32_t last_free(std::uint32_t begin, std::uint32_t end) const;
  void add(Block block);
  void remove(Block block);

  std::uint32_t cells_;
  // A word of taken cells, one for each 64 cells, and another word of taken ones.
  std::vector<std::uint64_t> bits_;
  std::array<std::vector<std::uint32_t>, kMostBinned + 1> bins_;  // addresses, the last one first
  std::array<std::uint64_t, kBinWords> filled_{};                 // which bins have any
  std::vector<Block> large_;                                      // by address
};

}  // namespace bw
