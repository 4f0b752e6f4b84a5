// reaper_queue.cpp: the k-th organism, its neighbours, and room for more.
#include "organism/reaper_queue.hpp"

#include <algorithm>

namespace bw {

namespace {

constexpr std::uint32_t kFewestSlots = 256;
constexpr std::uint64_t kAll = ~std::uint64_t{0};

// How many bits are set. Processors of the baseline have no instruction for it.
std::uint32_t count_bits(std::uint64_t word) {
  word -= word >> 1 & 0x5555555555555555;
  word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
  word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0F;
  return static_cast<std::uint32_t>(word * 0x0101010101010101 >> 56);
}

}  // namespace

std::uint32_t ReaperQueue::after(std::uint32_t slot) const {
  const std::uint32_t next = slot + 1;  // kNobody + 1 is 0
  std::uint32_t word = next / 64;
  if (next >= end_) return kNobody;
  std::uint64_t bits = taken_[word] & kAll << next % 64;
  while (bits == 0) {
    if (++word * 64 >= end_) return kNobody;
    bits = taken_[word];
  }
  return 64 * word + static_cast<std::uint32_t>(std::countr_zero(bits));
}

std::uint32_t ReaperQueue::nth(std::uint32_t k) const {
  std::uint32_t word = 0;
  for (std::uint32_t n = 0; k >= (n = count_bits(taken_[word])); ++word) k -= n;
  std::uint64_t bits = taken_[word];
  for (; k != 0; --k) bits &= bits - 1;
  return 64 * word + static_cast<std::uint32_t>(std::countr_zero(bits));
}

void ReaperQueue::resize(std::uint32_t end) {
  const std::uint32_t slots = std::max(kFewestSlots, (2 * end + 63) / 64 * 64);
  entries_.resize(slots);
  taken_.assign(slots / 64, 0);
  for (std::uint32_t slot = 0; slot < end; ++slot)
    taken_[slot / 64] |= std::uint64_t{1} << slot % 64;
  end_ = end;
}

void ReaperQueue::clear() {
  count_ = 0;
  entries_.clear();
  resize(0);
}

}  // namespace bw
