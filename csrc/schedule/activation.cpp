// Sorting by priority: two passes over digits of its upper bits (LSD radix sort), so many that few
// agents remain alike, then insertion for what is left.
#include "schedule/activation.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <numeric>

namespace bw {
namespace {

constexpr std::uint64_t kPriority = 0xFFFFFFFF00000000u;
constexpr std::uint64_t kPosition = 0x00000000FFFFFFFFu;

// As many bits a pass that two passes leave one slot in 2^9 taken, within what the caches hold.
unsigned digit_bits(std::size_t entries) {
  constexpr unsigned kSparse = 9;
  return std::clamp((static_cast<unsigned>(std::bit_width(entries)) + kSparse) / 2, 8u, 12u);
}

}  // namespace

// Into entries_, sorted by the upper two digits.
void Activation::sort_digits(std::span<const EntityId> ids, std::uint64_t word) {
  const std::size_t n = ids.size();
  const unsigned bits = digit_bits(n);
  const unsigned low_shift = 64 - 2 * bits;
  const unsigned high_shift = 64 - bits;
  const std::size_t buckets = std::size_t{1} << bits;
  entries_.resize(n);
  other_.resize(n);
  counts_.assign(2 * buckets, 0);
  std::uint64_t* entries = entries_.data();
  std::uint64_t* other = other_.data();
  std::uint32_t* low = counts_.data();
  std::uint32_t* high = low + buckets;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t entry = std::uint64_t{activation_priority(word, ids[i])} << 32 | i;
    entries[i] = entry;
    ++low[(entry >> low_shift) & (buckets - 1)];
    ++high[entry >> high_shift];
  }
  std::exclusive_scan(low, low + buckets, low, std::uint32_t{0});
  std::exclusive_scan(high, high + buckets, high, std::uint32_t{0});
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t entry = entries[i];
    other[low[(entry >> low_shift) & (buckets - 1)]++] = entry;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t entry = other[i];
    entries[high[entry >> high_shift]++] = entry;
  }
}

// By the whole priority, then by id; and the positions on their own.
void Activation::sort_rest(std::span<const EntityId> ids) {
  const auto before = [&](std::uint64_t a, std::uint64_t b) {
    return (a ^ b) < (std::uint64_t{1} << 32) ? ids[a & kPosition] < ids[b & kPosition] : a < b;
  };
  order_.resize(entries_.size());
  std::uint64_t* entries = entries_.data();
  std::uint32_t* order = order_.data();
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const std::uint64_t entry = entries[i];
    order[i] = static_cast<std::uint32_t>(entry);
    if (i > 0 && (entry & kPriority) <= (last & kPriority)) {
      std::size_t j = i;
      for (; j > 0 && before(entry, entries[j - 1]); --j) {
        entries[j] = entries[j - 1];
        order[j] = order[j - 1];
      }
      entries[j] = entry;
      order[j] = static_cast<std::uint32_t>(entry);
    }
    last = entries[i];
  }
}

std::span<const std::uint32_t> Activation::shuffled(std::span<const EntityId> ids,
                                                    std::uint64_t word) {
  sort_digits(ids, word);
  sort_rest(ids);
  return order_;
}

std::span<const std::uint32_t> Activation::by_id(std::span<const EntityId> ids) {
  order_.resize(ids.size());
  std::iota(order_.begin(), order_.end(), std::uint32_t{0});
  std::sort(order_.begin(), order_.end(),
            [&](std::uint32_t a, std::uint32_t b) { return ids[a] < ids[b]; });
  return order_;
}

}  // namespace bw
