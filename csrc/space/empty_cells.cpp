// Counting empty cells, and finding the k-th.
#include "space/empty_cells.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace bw {
namespace {

constexpr std::size_t kWord = 64;  // cells
constexpr std::size_t kFan = 16;

// The place of the k-th bit that is set, k below their number.
unsigned nth_bit(std::uint64_t word, unsigned k) {
  // Bytes first: the sums of bits up to each, side by side in one word.
  constexpr std::uint64_t kOnes = 0x0101010101010101u;
  std::uint64_t sums = word - ((word >> 1) & 0x5555555555555555u);
  sums = (sums & 0x3333333333333333u) + ((sums >> 2) & 0x3333333333333333u);
  sums = ((sums + (sums >> 4)) & 0x0F0F0F0F0F0F0F0Fu) * kOnes;
  unsigned byte = 0;
  while (((sums >> (8 * byte)) & 0xFFu) <= k) {
    ++byte;
  }
  const auto before = static_cast<unsigned>(byte > 0 ? (sums >> (8 * (byte - 1))) & 0xFFu : 0);
  auto bits = static_cast<unsigned>((word >> (8 * byte)) & 0xFFu);
  for (unsigned left = k - before; left > 0; --left) {
    bits &= bits - 1;
  }
  return 8 * byte + static_cast<unsigned>(std::countr_zero(bits));
}

}  // namespace

void EmptyCells::clear(std::size_t cells) {
  agents_.assign(cells, 0);
  words_.assign((cells + kWord - 1) / kWord, 0);
  std::size_t groups = words_.size();
  for (std::size_t level = 0; level == 0 || groups > kFan; ++level) {
    groups = (groups + kFan - 1) / kFan;
    if (level == counts_.size()) {
      counts_.emplace_back();
    }
    counts_[level].assign(groups, 0);
  }
}

void EmptyCells::finish() {
  size_ = 0;
  const std::size_t cells = agents_.size();
  for (std::size_t w = 0; w < words_.size(); ++w) {
    const std::size_t first = w * kWord;
    const std::size_t count = std::min(kWord, cells - first);
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < count; ++i) {
      word |= std::uint64_t{agents_[first + i] == 0 ? 1u : 0u} << i;
    }
    words_[w] = word;
    const auto empty = static_cast<std::uint32_t>(std::popcount(word));
    counts_[0][w / kFan] += empty;
    size_ += empty;
  }
  for (std::size_t level = 1; level < counts_.size(); ++level) {
    for (std::size_t i = 0; i < counts_[level - 1].size(); ++i) {
      counts_[level][i / kFan] += counts_[level - 1][i];
    }
  }
}

void EmptyCells::change(std::uint64_t cell, bool empty) {
  std::size_t at = cell / kWord;
  words_[at] ^= std::uint64_t{1} << (cell % kWord);
  const std::uint32_t step = empty ? 1u : ~0u;
  size_ += empty ? 1 : ~std::uint64_t{0};
  for (std::vector<std::uint32_t>& level : counts_) {
    at /= kFan;
    level[at] += step;
  }
}

void EmptyCells::occupy(std::uint64_t cell) {
  if (agents_[cell]++ == 0) {
    change(cell, false);
  }
}

void EmptyCells::vacate(std::uint64_t cell) {
  if (--agents_[cell] == 0) {
    change(cell, true);
  }
}

std::uint64_t EmptyCells::at(std::uint64_t k) const {
  std::size_t group = 0;
  for (std::size_t level = counts_.size(); level-- > 0;) {
    group = level + 1 == counts_.size() ? 0 : group * kFan;
    for (; counts_[level][group] <= k; ++group) {
      k -= counts_[level][group];
    }
  }
  std::size_t w = group * kFan;
  for (;; ++w) {
    const auto here = static_cast<std::uint64_t>(std::popcount(words_[w]));
    if (here > k) {
      break;
    }
    k -= here;
  }
  return w * kWord + nth_bit(words_[w], static_cast<unsigned>(k));
}

}  // namespace bw
