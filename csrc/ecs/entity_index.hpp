// Where an entity's row is. Ids of one tile are born in sequence, so rows are kept in pages of
// neighbouring ids; a page that has emptied to a quarter gives its survivors to a hash table, where
// those who came from other ranks are too. Memory follows the living, not all ids. Looking up
// changes nothing, so several threads may do it at once.
#pragma once

#include <algorithm>
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

// So many entities are looked up at a time: their locations fit into the nearest cache.
inline constexpr std::size_t kLookedUp = 1024;

// Calls visit(table, rows, place) for each run of locations (at most kLookedUp) in one table; the
// run begins at at[place]. Unknown ones are passed over.
template <class Visit>
void for_runs_of_one_table(std::span<const Location> at, Visit&& visit) {
  std::array<std::uint32_t, kLookedUp> rows;
  for (std::size_t begin = 0, end = 0; begin < at.size(); begin = end) {
    const std::uint32_t table = at[begin].table;
    while (end < at.size() && at[end].table == table) {
      ++end;
    }
    if (table != kNowhere.table) {
      std::transform(at.begin() + static_cast<std::ptrdiff_t>(begin),
                     at.begin() + static_cast<std::ptrdiff_t>(end), rows.begin(),
                     [](const Location& location) { return location.row; });
      visit(table, std::span<const std::uint32_t>(rows.data(), end - begin), begin);
    }
  }
}

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

  // All entities of the tables, in place of what was known: tables[t] are the ids by row.
  void learn(std::span<const std::span<const EntityId>> tables);

  // The new row of a known entity; or the new rows of many, consecutive from `at` on.
  void set(EntityId id, Location location);
  void set_all(std::span<const EntityId> ids, Location at);

  // Forgets entities: out[i] is where ids[i] was, or kNowhere for an unknown one. After many of
  // these tidy() gives pages that have emptied back.
  void take_all(std::span<const EntityId> ids, Location* out);
  std::optional<Location> take(EntityId id);
  // An entity that was taken is where it was.
  void put_back(EntityId id, Location location);
  void tidy();

  std::size_t size() const { return size_; }

  // Memory in use.
  std::size_t bytes() const;

 private:
  static constexpr unsigned kPageBits = 8;
  static constexpr std::size_t kPageSize = std::size_t{1} << kPageBits;
  static constexpr std::size_t kLeastInPage = kPageSize / 4;

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
  std::uint64_t take_sparse(EntityId id);
  void count_taken(std::uint64_t key, Page& page, std::uint32_t taken);
  // How many of the first ids are consecutive and of one page.
  static std::size_t run_in_page(std::span<const EntityId> ids);
  void evict(std::uint64_t key, const Page& page);
  void learn_run(EntityId first, std::size_t count, Location at, bool in_page);
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
