// A stable sort of 64-bit keys that carry an index: least significant digit first (LSD radix sort;
// Knuth, The Art of Computer Programming 3, 5.2.5), over the digits in which the keys differ.
#pragma once

#include <cstdint>
#include <vector>

namespace bw {

struct KeyedIndex {
  std::uint64_t key = 0;
  std::uint32_t index = 0;
};

// Sorts by key; equal keys keep their order. Keys that are in order already cost one pass.
void sort_by_key(std::vector<KeyedIndex>& entries);

}  // namespace bw
