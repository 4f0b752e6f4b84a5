// Cell chains: who is in which cell, for items that stay where they are until they end. One chain a
// cell, in no order that means anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace bw {

class CellChains {
 public:
  // Forgets all items; memory stays.
  void clear(std::size_t cells, std::size_t items) {
    first_.assign(cells, kNone);
    next_.resize(items);
  }

  void add(std::uint32_t item, std::uint64_t cell) {
    next_[item] = first_[cell];
    first_[cell] = item;
  }

  // Takes an item out of its cell's chain.
  void remove(std::uint32_t item, std::uint64_t cell) {
    std::uint32_t* link = &first_[cell];
    while (*link != kNone && *link != item) {
      link = &next_[*link];
    }
    if (*link == item) {
      *link = next_[item];
    }
  }

  bool empty(std::uint64_t cell) const { return first_[cell] == kNone; }
  void prefetch(std::uint64_t cell) const { __builtin_prefetch(&first_[cell]); }

  // Where it stands whether a cell is empty.
  const std::byte* spot(std::uint64_t cell) const {
    return reinterpret_cast<const std::byte*>(&first_[cell]);
  }
  static bool empty_at(const std::byte* spot) {
    std::uint32_t first;
    std::memcpy(&first, spot, sizeof(first));
    return first == kNone;
  }

  template <class Visit>
  void for_each_in(std::uint64_t cell, Visit&& visit) const {
    for (std::uint32_t item = first_[cell]; item != kNone; item = next_[item]) {
      visit(item);
    }
  }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  std::vector<std::uint32_t> first_;  // by cell
  std::vector<std::uint32_t> next_;   // by item
};

}  // namespace bw
