// Counting empty cells, and finding the k-th.
#include "space/empty_cells.hpp"

#include <algorithm>
#include <bit>

namespace bw {
namespace {

constexpr std::size_t kWord = 64;  // cells
constexpr std::size_t kFan = 16;   // members of a group

constexpr std::uint64_t kEveryByte = 0x0101010101010101u;
constexpr std::uint64_t kTops = 0x8080808080808080u;

// How many bytes of `sums`, each below 128, are not above k, k below 64.
unsigned bytes_up_to(std::uint64_t sums, unsigned k) {
  const std::uint64_t reached = ((k * kEveryByte | kTops) - sums) & kTops;
  return static_cast<unsigned>(((reached >> 7) * kEveryByte) >> 56);
}

// The place of the k-th bit that is set, k below their number: first its byte, then its bit in it,
// each by sums side by side in one word, without a branch on what cannot be foreseen.
unsigned nth_bit(std::uint64_t word, unsigned k) {
  std::uint64_t sums = word - ((word >> 1) & 0x5555555555555555u);
  sums = (sums & 0x3333333333333333u) + ((sums >> 2) & 0x3333333333333333u);
  sums = ((sums + (sums >> 4)) & 0x0F0F0F0F0F0F0F0Fu) * kEveryByte;
  const unsigned byte = bytes_up_to(sums, k);
  const auto before = static_cast<unsigned>((sums << 8) >> (8 * byte) & 0xFFu);
  // Bit i of that byte, as the byte i of a word.
  std::uint64_t bits = (word >> (8 * byte) & 0xFFu) * kEveryByte & 0x8040201008040201u;
  bits = ((bits + 0x7F7F7F7F7F7F7F7Fu) | bits) >> 7 & kEveryByte;
  return 8 * byte + bytes_up_to(bits * kEveryByte, k - before);
}

}  // namespace

void EmptyCells::clear(std::size_t cells, Crowd crowd) {
  agents_.assign(crowd == Crowd::any ? cells : 0, 0);
  words_.assign((cells + kWord - 1) / kWord, ~std::uint64_t{0});
  if (cells % kWord != 0) {
    words_.back() = ~std::uint64_t{0} >> (kWord - cells % kWord);
  }
  std::size_t members = words_.size();
  std::size_t level = 0;
  do {
    const std::size_t groups = (members + kFan - 1) / kFan;
    if (level == before_.size()) {
      before_.emplace_back();
    }
    before_[level++].assign(groups * kFan, 0);
    members = groups;
  } while (members > 1);
  before_.resize(level);
}

void EmptyCells::enter(std::uint64_t cell) {
  if (!agents_.empty()) {
    ++agents_[cell];
  }
  words_[cell / kWord] &= ~(std::uint64_t{1} << (cell % kWord));
}

void EmptyCells::finish() {
  std::vector<std::uint32_t> counts(words_.size());
  std::transform(words_.begin(), words_.end(), counts.begin(), [](std::uint64_t word) {
    return static_cast<std::uint32_t>(std::popcount(word));
  });
  for (std::vector<std::uint32_t>& level : before_) {
    for (std::size_t group = 0; group * kFan < level.size(); ++group) {
      std::uint32_t sum = 0;
      for (std::size_t i = group * kFan; i < (group + 1) * kFan; ++i) {
        level[i] = sum;
        sum += i < counts.size() ? counts[i] : 0;
      }
      counts[group] = sum;  // of a group that has been read
    }
    counts.resize(level.size() / kFan);
  }
  size_ = counts.front();
}

void EmptyCells::change(std::uint64_t cell, std::uint32_t step) {
  std::size_t at = cell / kWord;
  words_[at] ^= std::uint64_t{1} << (cell % kWord);
  size_ = static_cast<std::uint32_t>(size_) + step;
  for (std::vector<std::uint32_t>& level : before_) {
    std::uint32_t* group = level.data() + at / kFan * kFan;
    const auto member = static_cast<std::uint32_t>(at % kFan);
    for (std::uint32_t i = 0; i < kFan; ++i) {
      group[i] += i > member ? step : 0;
    }
    at /= kFan;
  }
}

void EmptyCells::occupy(std::uint64_t cell) {
  if (agents_.empty() || agents_[cell]++ == 0) {
    change(cell, ~std::uint32_t{0});
  }
}

void EmptyCells::vacate(std::uint64_t cell) {
  if (agents_.empty() || --agents_[cell] == 0) {
    change(cell, 1);
  }
}

std::uint64_t EmptyCells::at(std::uint64_t k) const {
  auto left = static_cast<std::uint32_t>(k);
  std::size_t group = 0;
  for (std::size_t level = before_.size(); level-- > 0;) {
    // The last member that does not begin behind the k-th: it has it.
    const std::uint32_t* before = before_[level].data() + group * kFan;
    std::uint32_t begun = 0;
    for (std::size_t i = 0; i < kFan; ++i) {
      begun += before[i] <= left ? 1 : 0;
    }
    left -= before[begun - 1];
    group = group * kFan + begun - 1;
  }
  return group * kWord + nth_bit(words_[group], left);
}

}  // namespace bw
