// soup.cpp: blocks are cut from the list of what is free and put back into it.
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

bool starts_before(const Block& block, std::uint32_t address) {
  return block.start < address;
}

}  // namespace

Soup::Soup(std::uint32_t size)
    : size_(checked_size(size)),
      memory_(std::size_t{size} + 2 * kSoupMargin, kEdge),
      cells_(memory_.data() + kSoupMargin),
      free_{{0, size}} {
  std::fill_n(cells_, size, kTemplate0);
}

// Cuts [start, start + size) out of the free block at a place of the list.
std::uint32_t Soup::take(std::size_t place, std::uint32_t start, std::uint32_t size) {
  Block& whole = free_[place];
  const std::uint32_t before = start - whole.start;
  const std::uint32_t behind = whole.size - before - size;
  const auto at = free_.begin() + static_cast<std::ptrdiff_t>(place);
  if (before == 0 && behind == 0) {
    free_.erase(at);
  } else if (before == 0) {
    whole = {start + size, behind};
  } else {
    whole.size = before;
    if (behind != 0) free_.insert(at + 1, {start + size, behind});
  }
  return start;
}

std::optional<std::uint32_t> Soup::allocate_first(std::uint32_t size) {
  for (std::size_t i = 0; i < free_.size(); ++i) {
    if (free_[i].size >= size) return take(i, free_[i].start, size);
  }
  return std::nullopt;
}

std::optional<std::uint32_t> Soup::allocate_better(std::uint32_t size) {
  // What a block has too much; too small ones have more than any that fits.
  const auto excess = [size](const Block& block) { return block.size - size; };
  std::uint32_t least = kMostSoupCells + 1;
  std::size_t best = 0;
  for (std::size_t i = 0; i < free_.size(); ++i) {
    if (excess(free_[i]) >= least) continue;
    least = excess(free_[i]);
    best = i;
    if (least == 0) break;
  }
  if (least > kMostSoupCells) return std::nullopt;
  return take(best, free_[best].start, size);
}

std::optional<std::uint32_t> Soup::allocate_near(std::uint32_t size, std::uint32_t address,
                                                 std::uint32_t reach) {
  std::uint64_t nearest = std::uint64_t{reach} + 1;
  std::size_t best = 0;
  std::uint32_t start = 0;
  for (std::size_t i = 0; i < free_.size(); ++i) {
    if (free_[i].size < size) continue;
    const std::uint32_t last = free_[i].start + free_[i].size - size;
    const std::uint32_t there = std::clamp(address, free_[i].start, last);
    const std::uint32_t distance = there > address ? there - address : address - there;
    if (distance >= nearest) continue;
    nearest = distance;
    best = i;
    start = there;
  }
  if (nearest > reach) return std::nullopt;
  return take(best, start, size);
}

bool Soup::allocate_at(Block block) {
  for (std::size_t i = 0; i < free_.size(); ++i) {
    const bool inside = block.start >= free_[i].start && block.size <= free_[i].size &&
                        block.start - free_[i].start <= free_[i].size - block.size;
    if (inside) {
      take(i, block.start, block.size);
      return true;
    }
  }
  return false;
}

void Soup::release(Block block) {
  auto after = std::lower_bound(free_.begin(), free_.end(), block.start, starts_before);
  const bool meets_after = after != free_.end() && block.start + block.size == after->start;
  if (after != free_.begin()) {
    Block& before = *(after - 1);
    BW_CHECK(before.start + before.size <= block.start, "only owned blocks are released");
    if (before.start + before.size == block.start) {
      before.size += block.size;
      if (meets_after) {
        before.size += after->size;
        free_.erase(after);
      }
      return;
    }
  }
  BW_CHECK(after == free_.end() || block.start + block.size <= after->start,
           "only owned blocks are released");
  if (meets_after) {
    *after = {block.start, block.size + after->size};
  } else {
    free_.insert(after, block);
  }
}

bool Soup::is_free(std::uint32_t address) const {
  const auto after =
      std::upper_bound(free_.begin(), free_.end(), address,
                       [](std::uint32_t value, const Block& block) { return value < block.start; });
  if (after == free_.begin()) return false;
  const Block& before = *(after - 1);
  return address - before.start < before.size;
}

std::uint64_t Soup::free_cells() const {
  std::uint64_t sum = 0;
  for (const Block& block : free_) sum += block.size;
  return sum;
}

void Soup::rebuild(std::vector<Block> blocks) {
  std::sort(blocks.begin(), blocks.end(),
            [](const Block& a, const Block& b) { return a.start < b.start; });
  std::vector<Block> free;
  std::uint64_t end = 0;
  for (const Block& block : blocks) {
    if (block.start < end || std::uint64_t{block.start} + block.size > size_) {
      throw UserError("blocks of a soup overlap or leave it, at address " +
                      std::to_string(block.start));
    }
    if (block.start > end) {
      const auto from = static_cast<std::uint32_t>(end);
      free.push_back({from, block.start - from});
    }
    end = std::uint64_t{block.start} + block.size;
  }
  if (end < size_) {
    const auto from = static_cast<std::uint32_t>(end);
    free.push_back({from, size_ - from});
  }
  free_ = std::move(free);
}

}  // namespace bw
