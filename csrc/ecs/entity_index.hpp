// Where an entity's row is. Ids of one tile are born in sequence, so rows are kept in pages of neighbouring ids;
// a page that has emptied to a quarter gives its survivors to a hash table. Memory follows the living, not all ids.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/ids.hpp"

namespace bw {

struct Location {
  std::uint32_t table = 0;
  std::uint32_t row = 0;

  friend constexpr bool operator==(const Location&, const Location&) = default;
};

// An open-addressing table of 64-bit keys and values; keys are non-zero.
class FlatMap {
 public:
  const std::uint64_t* find(std::uint64_t key) const;
  std::uint64_t& operator[](std::uint64_t key);
  bool erase(std::uint64_t key);
  std::size_t size() const { return size_; }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Slot& slot : slots_) {
      if (slot.key != 0) {
        visit(slot.key, slot.value);
      }
    }
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint64_t value = 0;
  };
  std::size_t home(std::uint64_t key) const;
  void rehash(std::size_t slots);

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

class EntityIndex {
 public:
  std::optional<Location> find(EntityId id) const;
  void set(EntityId id, Location location);
  void erase(EntityId id);
  std::size_t size() const { return size_; }

 private:
  static constexpr unsigned kPageBits = 8;
  static constexpr std::size_t kPageSize = std::size_t{1} << kPageBits;
  static constexpr std::size_t kEvictBelow = kPageSize / 4;
  static constexpr std::size_t kRestoreAbove = kPageSize / 2;
  static constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

  struct Page {
    std::array<std::uint64_t, kPageSize> rows;
    std::uint32_t living = 0;
    std::uint32_t touched = 0;  // how many of its ids were ever set: a page still being filled is not evicted
  };

  static std::uint64_t page_key(EntityId id) { return (id >> kPageBits) + 1; }
  Page* page_of(EntityId id) const;
  Page& make_page(std::uint64_t key);
  void set_sparse(EntityId id, Location location);
  void erase_sparse(EntityId id);
  void evict(std::uint64_t key, Page& page);
  void restore(std::uint64_t key);

  FlatMap page_index_;  // page key -> position in pages_
  std::vector<std::unique_ptr<Page>> pages_;
  std::vector<std::uint64_t> free_pages_;
  FlatMap sparse_;   // survivors of evicted pages: id -> packed location
  FlatMap evicted_;  // how many survivors an evicted page has in sparse_
  std::size_t size_ = 0;
  mutable std::uint64_t last_key_ = 0;  // the page of the last look-up: ids come in runs
  mutable Page* last_page_ = nullptr;
};

}  // namespace bw
