// free_blocks.cpp: blocks are read from the bits, and bins follow them.
#include "vm/free_blocks.hpp"

#include <algorithm>
#include <bit>
#include <functional>

#include "base/checks.hpp"

namespace bw {

namespace {

constexpr std::uint64_t kAll = ~std::uint64_t{0};

// Where an address belongs in a bin. Most bins are short: counting takes no branch on what is
// there.
std::ptrdiff_t place_in(const std::vector<std::uint32_t>& bin, std::uint32_t start) {
  constexpr std::size_t kShort = 64;
  if (bin.size() > kShort) {
    return std::lower_bound(bin.begin(), bin.end(), start, std::greater<>()) - bin.begin();
  }
  std::int32_t above = 0;
  for (const std::uint32_t one : bin) {
    above += static_cast<std::int32_t>(one) > static_cast<std::int32_t>(start) ? 1 : 0;
  }
  return above;
}

bool starts_before(const Block& block, std::uint32_t cell) {
  return block.start < cell;
}

}  // namespace

FreeBlocks::FreeBlocks(std::uint32_t cells) : cells_(cells), bits_(cells / 64 + 3, 0) {
  mark({0, cells}, true);
  add({0, cells});
}

// Turns the bits of cells that all are as they are not to be.
void FreeBlocks::mark(Block block, bool free) {
  const std::uint64_t wrong = free ? kAll : 0;
  std::uint64_t at = std::uint64_t{block.start} + 64;
  for (std::uint32_t left = block.size; left != 0;) {
    const auto offset = static_cast<std::uint32_t>(at % 64);
    const std::uint32_t count = std::min(64 - offset, left);
    const std::uint64_t mask = kAll >> (64 - count) << offset;
    std::uint64_t& word = bits_[at / 64];
    BW_CHECK(((word ^ wrong) & mask) == mask, "blocks are taken where free, and given back once");
    word ^= mask;
    at += count;
    left -= count;
  }
}

Block FreeBlocks::ending_at(std::uint32_t end) const {
  if (end == 0 || !has(end - 1)) return {end, 0};
  const std::uint32_t last = end - 1;
  std::size_t word = last / 64 + 1;
  std::uint64_t taken = ~bits_[word] << (63 - last % 64);
  std::uint32_t size = last % 64 + 1;
  if (taken != 0)
    return {end - static_cast<std::uint32_t>(std::countl_zero(taken)),
            static_cast<std::uint32_t>(std::countl_zero(taken))};
  while (size <= kMostBinned) {
    taken = ~bits_[--word];
    size += static_cast<std::uint32_t>(std::countl_zero(taken));
    if (taken != 0) return {end - size, size};
  }
  const auto after = std::lower_bound(large_.begin(), large_.end(), end, starts_before);
  return {(after - 1)->start, end - (after - 1)->start};
}

Block FreeBlocks::starting_at(std::uint32_t start) const {
  if (start == cells_ || !has(start)) return {start, 0};
  std::size_t word = start / 64 + 1;
  std::uint64_t taken = ~bits_[word] >> start % 64;
  if (taken != 0) return {start, static_cast<std::uint32_t>(std::countr_zero(taken))};
  std::uint32_t size = 64 - start % 64;
  while (size <= kMostBinned) {
    taken = ~bits_[++word];
    size += static_cast<std::uint32_t>(std::countr_zero(taken));
    if (taken != 0) return {start, size};
  }
  const auto after = std::lower_bound(large_.begin(), large_.end(), start + 1, starts_before);
  return {start, (after - 1)->start + (after - 1)->size - start};
}

Block FreeBlocks::around(std::uint32_t cell) const {
  const Block before = ending_at(cell);
  return {before.start, before.size + starting_at(cell).size};
}

void FreeBlocks::add(Block block) {
  if (block.size == 0) return;
  if (block.size > kMostBinned) {
    large_.insert(std::lower_bound(large_.begin(), large_.end(), block.start, starts_before),
                  block);
    return;
  }
  std::vector<std::uint32_t>& bin = bins_[block.size];
  bin.insert(bin.begin() + place_in(bin, block.start), block.start);
  filled_[block.size / 64] |= std::uint64_t{1} << block.size % 64;
}

void FreeBlocks::remove(Block block) {
  if (block.size == 0) return;
  if (block.size > kMostBinned) {
    large_.erase(std::lower_bound(large_.begin(), large_.end(), block.start, starts_before));
    return;
  }
  std::vector<std::uint32_t>& bin = bins_[block.size];
  bin.erase(bin.begin() + place_in(bin, block.start));
  if (bin.empty()) filled_[block.size / 64] &= ~(std::uint64_t{1} << block.size % 64);
}

void FreeBlocks::take(Block whole, Block part) {
  mark(part, false);
  remove(whole);
  const std::uint32_t end = part.start + part.size;
  add({whole.start, part.start - whole.start});
  add({end, whole.start + whole.size - end});
}

void FreeBlocks::give(Block block) {
  const Block before = ending_at(block.start);
  const Block after = starting_at(block.start + block.size);
  mark(block, true);
  remove(before);
  remove(after);
  add({before.start, before.size + block.size + after.size});
}

std::optional<Block> FreeBlocks::smallest(std::uint32_t size) const {
  if (size <= kMostBinned) {
    std::uint64_t word = filled_[size / 64] & kAll << size % 64;
    for (std::uint32_t i = size / 64;; word = filled_[i]) {
      if (word != 0) {
        const std::uint32_t found = 64 * i + static_cast<std::uint32_t>(std::countr_zero(word));
        return Block{bins_[found].back(), found};
      }
      if (++i == kBinWords) break;
    }
  }
  std::optional<Block> best;
  for (const Block& block : large_) {
    if (block.size >= size && (!best || block.size < best->size)) best = block;
  }
  return best;
}

std::optional<Block> FreeBlocks::first(std::uint32_t size) const {
  std::optional<Block> best;
  for (std::uint32_t of = size; of <= kMostBinned; ++of) {
    if (!bins_[of].empty() && (!best || bins_[of].back() < best->start)) {
      best = {bins_[of].back(), of};
    }
  }
  for (const Block& block : large_) {
    if (block.size < size) continue;
    return best && best->start < block.start ? best : block;
  }
  return best;
}

// The first free cell of [from, end), else `end`.
std::uint32_t FreeBlocks::next_free(std::uint32_t from, std::uint32_t end) const {
  while (from < end) {
    const std::uint64_t word = bits_[from / 64 + 1] >> from % 64;
    if (word != 0) return std::min(end, from + static_cast<std::uint32_t>(std::countr_zero(word)));
    from += 64 - from % 64;
  }
  return end;
}

// Behind the last free cell of [begin, end), else `begin`.
std::uint32_t FreeBlocks::last_free(std::uint32_t begin, std::uint32_t end) const {
  while (end > begin) {
    const std::uint32_t last = end - 1;
    const std::uint64_t word = bits_[last / 64 + 1] << (63 - last % 64);
    if (word != 0) return std::max(begin, end - static_cast<std::uint32_t>(std::countl_zero(word)));
    end = last - last % 64;
  }
  return begin;
}

// Of the blocks that begin at the address or before it the last one that is large enough is the
// nearest, of the others the first one.
std::optional<std::uint32_t> FreeBlocks::nearest(std::uint32_t size, std::uint32_t address,
                                                 std::uint32_t reach) const {
  const std::uint32_t least = address > reach ? address - reach : 0;
  const std::uint64_t most = std::uint64_t{address} + reach;
  std::optional<std::uint32_t> below;
  for (std::uint32_t end = address + 1; !below && end > least;) {
    end = last_free(least, end);
    if (end == least) break;
    const Block block = around(end - 1);
    if (block.size >= size) below = std::min(address, block.start + block.size - size);
    end = block.start;
  }
  if (below && *below < least) below.reset();
  std::uint32_t from = address + 1;
  if (has(address)) from += starting_at(address).size - 1;
  const auto behind = static_cast<std::uint32_t>(std::min<std::uint64_t>(most + 1, cells_));
  while ((from = next_free(from, behind)) < behind) {
    const Block block = starting_at(from);
    if (block.size >= size) {
      return below && address - *below <= from - address ? *below : from;
    }
    from += block.size;
  }
  return below;
}

std::vector<Block> FreeBlocks::all() const {
  std::vector<Block> blocks;
  for (std::uint32_t from = 0; (from = next_free(from, cells_)) < cells_;) {
    blocks.push_back(starting_at(from));
    from += blocks.back().size;
  }
  return blocks;
}

std::uint64_t FreeBlocks::count_cells() const {
  std::uint64_t sum = 0;
  for (const Block& block : all()) sum += block.size;
  return sum;
}

}  // namespace bw
