// radix_sort.cpp: tests of the stable sort against the library's.
#include "base/radix_sort.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/philox.hpp"

namespace {

using bw::KeyedIndex;

TEST_CASE("entries are sorted by key, and equal keys keep their order") {
  for (const std::size_t count : {0u, 1u, 2u, 100u, 255u, 256u, 5000u}) {
    for (const std::uint64_t mask : {0x0ull, 0x7ull, 0xFFFull, 0xF00000000000000Full, ~0ull}) {
      bw::RandomStream draw(count, mask, 0);
      std::vector<KeyedIndex> entries;
      for (std::uint32_t i = 0; i < count; ++i) {
        entries.push_back({draw.word() & mask, i});
      }
      std::vector<KeyedIndex> wanted = entries;
      std::stable_sort(wanted.begin(), wanted.end(),
                       [](const KeyedIndex& a, const KeyedIndex& b) { return a.key < b.key; });
      bw::sort_by_key(entries);
      CHECK(std::equal(entries.begin(), entries.end(), wanted.begin(), wanted.end(),
                       [](const KeyedIndex& a, const KeyedIndex& b) {
                         return a.key == b.key && a.index == b.index;
                       }));
    }
  }
}

}  // namespace
