// Digits of eleven bits, skipped where all keys agree.
#include "base/radix_sort.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace bw {
namespace {

constexpr unsigned kDigitBits = 11;
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;

// Below this a comparison sort is quicker than counting digits.
constexpr std::size_t kFew = 256;

void sort_digit(std::vector<KeyedIndex>& entries, std::vector<KeyedIndex>& other, unsigned shift) {
  std::array<std::size_t, kDigits + 1> starts{};
  for (const KeyedIndex& entry : entries) {
    ++starts[((entry.key >> shift) & (kDigits - 1)) + 1];
  }
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  for (const KeyedIndex& entry : entries) {
    other[starts[(entry.key >> shift) & (kDigits - 1)]++] = entry;
  }
  entries.swap(other);
}

}  // namespace

void sort_by_key(std::vector<KeyedIndex>& entries) {
  const auto before = [](const KeyedIndex& a, const KeyedIndex& b) { return a.key < b.key; };
  if (std::is_sorted(entries.begin(), entries.end(), before)) {
    return;
  }
  if (entries.size() < kFew) {
    std::stable_sort(entries.begin(), entries.end(), before);
    return;
  }
  std::uint64_t differing = 0;
  for (const KeyedIndex& entry : entries) {
    differing |= entry.key ^ entries.front().key;
  }
  std::vector<KeyedIndex> other(entries.size());
  for (unsigned shift = 0; shift < 64; shift += kDigitBits) {
    if (((differing >> shift) & (kDigits - 1)) != 0) {
      sort_digit(entries, other, shift);
    }
  }
}

}  // namespace bw
