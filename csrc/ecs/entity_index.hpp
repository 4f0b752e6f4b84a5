// Where an entity's row is. Ids of one tile are born in sequence, so rows are kept in pages of
// neighbouring ids; a page that has emptied to a quarter gives its survivors to a hash table, where
// those who came from other ranks are too. Memory follows the living, not all ids. Looking up
// changes nothing, so several threads may do it at once.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/ids.hpp"

namespace bw {

struct Location {
  std::uint32_t table = 0;
  std::uint32_t row = 0;

  friend constexpr bool operator==(const Location&, const Location&) = default;
};
inline constexpr Location kNowhere{~std::uint32_t{0}, ~std::uint32_t{0}};

// An open-addressing table of 64-bit keys and values; keys are non-zero.
class FlatMap {
 public:
  const std::uint64_t* find(std::uint64_t key) const;
  std::uint64_t* find(std::uint64_t key) {
    return const_cast<std::uint64_t*>(std::as_const(*this).find(key));
  }
  std::uint64_t& operator[](std::uint64_t key);
  bool erase(std::uint64_t key);
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

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

  // out[i] is where ids[i] is, or kNowhere; quickest where neighbouring ids stand side by side.
  void find_all(std::span<const EntityId> ids, Location* out) const;

  // Entities that are born here: `count` consecutive ids in consecutive rows. None of them may be
  // known.
  void add(EntityId first, std::size_t count, Location at);

  // Entities that come from elsewhere, with any ids, in consecutive rows. None of them may be
  // known.
  void arrive(std::span<const EntityId> ids, Location at);

  // The new row of a known entity; or the new rows of many, consecutive from `at` on.
  void set(EntityId id, Location location);
  void set_all(std::span<const EntityId> ids, Location at);

  // Forgets an entity; returns where it was. After many of these tidy() gives pages that have
  // emptied back.
  std::optional<Location> take(EntityId id);
  void tidy();

  std::size_t size() const { return size_; }

  // Memory in use.
  std::size_t bytes() const;

 private:
  static constexpr unsigned kPageBits = 8;
  static constexpr std::size_t kPageSize = std::size_t{1} << kPageBits;
  static constexpr std::size_t kLeastInPage = kPageSize / 4;
  static constexpr std::uint64_t kEmpty = ~std::uint64_t{0};  // kNowhere, packed

  struct Page {
    std::array<std::uint64_t, kPageSize> rows;
    std::uint32_t living = 0;
    bool complete =
        false;  // all its ids are born: a page that is still being filled is not evicted
  };

  static std::uint64_t page_key(EntityId id) { return (id >> kPageBits) + 1; }
  static std::size_t place_in_page(EntityId id) { return id & (kPageSize - 1); }
  const Page* find_page(std::uint64_t key) const;
  Page* page_of(EntityId id);
  Page& page_for(EntityId id);
  void evict(std::uint64_t key, const Page& page);
  static bool has_emptied(const Page& page) { return page.complete && page.living < kLeastInPage; }

  FlatMap page_index_;  // page key -> position in pages_
  std::vector<std::unique_ptr<Page>> pages_;
  std::vector<std::uint64_t> free_pages_;
  std::vector<std::uint64_t> emptied_;  // keys of pages to be looked at by tidy
  FlatMap sparse_;                      // id -> packed location, for ids without a place in a page
  std::size_t size_ = 0;
  std::uint64_t last_key_ = 0;  // the page that was changed last: ids come in runs
  Page* last_page_ = nullptr;
};

}  // namespace bw
