// soup.hpp: the memory that organisms live in: cells of one instruction each, a ring, and which
// parts of it are free.
//
// A block is owned by one organism, never overlaps another and never goes over the end of the soup.
// All that is no block is free; so what is free follows from the blocks alone, and is rebuilt from
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "vm/free_blocks.hpp"

namespace bw {

inline constexpr std::uint32_t kLeastSoupCells = 64;
inline constexpr std::uint32_t kMostSoupCells = std::uint32_t{1} << 30;

class Soup {
 public:
  // All cells are nop 0, all free. Throws UserError outside kLeastSoupCells .. kMostSoupCells.
  explicit Soup(std::uint32_t size);

  std::uint32_t size() const { return size_; }

  // The cells, with kSoupMargin cells of kEdge before and behind them that must stay so.
  std::uint8_t* cells() { return cells_; }
  const std::uint8_t* cells() const { return cells_; }
  std::span<const std::uint8_t> contents() const { return {cells_, size_}; }

  // A number as an address: modulo the soup's size, negative ones from the end.
  std::uint32_t address(std::uint32_t number) const {
    if (number < size_) [[likely]]
      return number;
    const auto wrapped = static_cast<std::int32_t>(number) % static_cast<std::int32_t>(size_);
    return static_cast<std::uint32_t>(wrapped < 0 ? wrapped + static_cast<std::int32_t>(size_)
                                                  : wrapped);
  }

  // A free block of `size` cells: its address, or nothing where none is large enough.
  // The first one in the order of addresses.
  std::optional<std::uint32_t> allocate_first(std::uint32_t size);
  // From the smallest free block that is large enough; of equal ones the first.
  std::optional<std::uint32_t> allocate_better(std::uint32_t size);
  // As near as can be to an address, and not farther from it than `reach`; of equally near ones the
  // first.
  std::optional<std::uint32_t> allocate_near(std::uint32_t size, std::uint32_t address,
                                             std::uint32_t reach);
  // Exactly there.
  bool allocate_at(Block block);

  void release(Block block);

  bool is_free(std::uint32_t address) const { return free_.has(address); }
  // In the order of addresses, without neighbours.
  std::vector<Block> free_blocks() const { return free_.all(); }
  std::uint64_t free_cells() const { return free_.count_cells(); }

  // Free is what none of these blocks has. Throws UserError where they overlap or leave the soup.
  void rebuild(std::vector<Block> blocks);

 private:
  std::uint32_t size_;
  std::vector<std::uint8_t> memory_;
  std::uint8_t* cells_;
  FreeBlocks free_;
};

}  // namespace bw
