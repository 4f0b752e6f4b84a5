// soup.cpp: blocks are taken out of what is free, and given back.
#include "vm/soup.hpp"

#include <algorithm>
#include <string>

#include "base/checks.hpp"
#include "base/errors.hpp"
#include "vm/isa.hpp"
#include "vm/template_search.hpp"

namespace bw {

namespace {

std::uint32_t checked_size(std::uint32_t size) {
  if (size >= kLeastSoupCells && size <= kMostSoupCells) return size;
  throw UserError("a soup has " + std::to_string(kLeastSoupCells) + " to " +
                  std::to_string(kMostSoupCells) + " cells, found " + std::to_string(size));
}

}  // namespace

Soup::Soup(std::uint32_t size)
    : size_(checked_size(size)),
      memory_(std::size_t{size} + 2 * kSoupMargin, kEdge),
      cells_(memory_.data() + kSoupMargin),
      free_(size_) {
  std::fill_n(cells_, size, kTemplate0);
}

std::optional<std::uint32_t> Soup::allocate_first(std::uint32_t size) {
  const std::optional<Block> whole = free_.first(size);
  if (!whole) return std::nullopt;
  free_.take(*whole, {whole->start, size});
  return whole->start;
}

std::optional<std::uint32_t> Soup::allocate_better(std::uint32_t size) {
  const std::optional<Block> whole = free_.smallest(size);
  if (!whole) return std::nullopt;
  free_.take(*whole, {whole->start, size});
  return whole->start;
}

std::optional<std::uint32_t> Soup::allocate_near(std::uint32_t size, std::uint32_t address,
                                                 std::uint32_t reach) {
  const std::optional<std::uint32_t> start = free_.nearest(size, address, reach);
  if (start) free_.take(free_.around(*start), {*start, size});
  return start;
}

bool Soup::allocate_at(Block block) {
  if (block.start >= size_ || !is_free(block.start)) return false;
  const Block whole = free_.around(block.start);
  if (block.size > whole.start + whole.size - block.start) return false;
  free_.take(whole, block);
  return true;
}

void Soup::release(Block block) {
  BW_CHECK(std::uint64_t{block.start} + block.size <= size_,
           "only blocks of the soup are released");
  free_.give(block);
}

void Soup::rebuild(std::vector<Block> blocks) {
  std::sort(blocks.begin(), blocks.end(),
            [](const Block& a, const Block& b) { return a.start < b.start; });
  std::uint64_t end = 0;
  for (const Block& block : blocks) {
    if (block.start < end || std::uint64_t{block.start} + block.size > size_) {
      throw UserError("blocks of a soup overlap or leave it, at address " +
                      std::to_string(block.start));
    }
    end = std::uint64_t{block.start} + block.size;
  }
  free_ = FreeBlocks(size_);
  for (const Block& block : blocks) allocate_at(block);
}

}  // namespace bw
