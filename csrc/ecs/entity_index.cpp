// Pages, eviction and the hash table behind them.
#include "ecs/entity_index.hpp"

#include <algorithm>
#include <utility>

namespace bw {
namespace {

std::uint64_t pack(Location location) {
  return (static_cast<std::uint64_t>(location.table) << 32) | location.row;
}
Location unpack(std::uint64_t value) {
  return {static_cast<std::uint32_t>(value >> 32), static_cast<std::uint32_t>(value)};
}

}  // namespace

std::size_t FlatMap::home(std::uint64_t key) const {
  // Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4).
  std::uint64_t mixed = key * 0x9E3779B97F4A7C15u;
  mixed ^= mixed >> 32;
  return static_cast<std::size_t>(mixed) & (slots_.size() - 1);
}

const std::uint64_t* FlatMap::find(std::uint64_t key) const {
  if (size_ == 0) {
    return nullptr;
  }
  for (std::size_t i = home(key);; i = (i + 1) & (slots_.size() - 1)) {
    if (slots_[i].key == key) {
      return &slots_[i].value;
    }
    if (slots_[i].key == 0) {
      return nullptr;
    }
  }
}

std::uint64_t& FlatMap::operator[](std::uint64_t key) {
  if ((size_ + 1) * 4 > slots_.size() * 3) {
    rehash(std::max<std::size_t>(16, slots_.size() * 2));
  }
  for (std::size_t i = home(key);; i = (i + 1) & (slots_.size() - 1)) {
    if (slots_[i].key == key) {
      return slots_[i].value;
    }
    if (slots_[i].key == 0) {
      slots_[i].key = key;
      ++size_;
      return slots_[i].value;
    }
  }
}

bool FlatMap::erase(std::uint64_t key) {
  const std::uint64_t* found = find(key);
  if (found == nullptr) {
    return false;
  }
  // Backward shift: pull later members of the run into the hole, so that no tombstones pile up.
  const std::size_t mask = slots_.size() - 1;
  std::size_t hole = home(key);
  while (slots_[hole].key != key) {
    hole = (hole + 1) & mask;
  }
  for (std::size_t next = (hole + 1) & mask; slots_[next].key != 0; next = (next + 1) & mask) {
    const std::size_t distance_home = (next - home(slots_[next].key)) & mask;
    if (distance_home >= ((next - hole) & mask)) {
      slots_[hole] = slots_[next];
      hole = next;
    }
  }
  slots_[hole] = Slot{};
  --size_;
  if (slots_.size() > 16 && size_ * 8 < slots_.size()) {
    rehash(slots_.size() / 2);
  }
  return true;
}

void FlatMap::rehash(std::size_t slots) {
  std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots));
  for (const Slot& slot : old) {
    if (slot.key == 0) {
      continue;
    }
    std::size_t i = home(slot.key);
    while (slots_[i].key != 0) {
      i = (i + 1) & (slots_.size() - 1);
    }
    slots_[i] = slot;
  }
}

EntityIndex::Page* EntityIndex::page_of(EntityId id) const {
  const std::uint64_t key = page_key(id);
  if (key == last_key_) {
    return last_page_;
  }
  const std::uint64_t* found = page_index_.find(key);
  if (found == nullptr) {
    return nullptr;
  }
  last_key_ = key;
  last_page_ = pages_[*found].get();
  return last_page_;
}

std::optional<Location> EntityIndex::find(EntityId id) const {
  if (const Page* page = page_of(id)) {
    const std::uint64_t packed = page->rows[id & (kPageSize - 1)];
    if (packed != kNowhere) {
      return unpack(packed);
    }
    return std::nullopt;
  }
  const std::uint64_t* packed = sparse_.find(id);
  return packed != nullptr ? std::optional(unpack(*packed)) : std::nullopt;
}

EntityIndex::Page& EntityIndex::make_page(std::uint64_t key) {
  std::uint64_t position = pages_.size();
  if (!free_pages_.empty()) {
    position = free_pages_.back();
    free_pages_.pop_back();
    pages_[position] = std::make_unique<Page>();
  } else {
    pages_.push_back(std::make_unique<Page>());
  }
  page_index_[key] = position;
  Page& page = *pages_[position];
  page.rows.fill(kNowhere);
  last_key_ = key;
  last_page_ = &page;
  return page;
}

void EntityIndex::set(EntityId id, Location location) {
  Page* page = page_of(id);
  if (page == nullptr) {
    if (evicted_.find(page_key(id)) != nullptr) {
      set_sparse(id, location);
      return;
    }
    page = &make_page(page_key(id));
  }
  std::uint64_t& slot = page->rows[id & (kPageSize - 1)];
  if (slot == kNowhere) {
    ++page->living;
    ++page->touched;
    ++size_;
  }
  slot = pack(location);
}

void EntityIndex::set_sparse(EntityId id, Location location) {
  const std::size_t before = sparse_.size();
  sparse_[id] = pack(location);
  if (sparse_.size() == before) {
    return;
  }
  ++size_;
  if (++evicted_[page_key(id)] > kRestoreAbove) {
    restore(page_key(id));
  }
}

void EntityIndex::erase_sparse(EntityId id) {
  if (!sparse_.erase(id)) {
    return;
  }
  --size_;
  if (--evicted_[page_key(id)] == 0) {
    evicted_.erase(page_key(id));
  }
}

void EntityIndex::erase(EntityId id) {
  Page* page = page_of(id);
  if (page == nullptr) {
    erase_sparse(id);
    return;
  }
  std::uint64_t& slot = page->rows[id & (kPageSize - 1)];
  if (slot == kNowhere) {
    return;
  }
  slot = kNowhere;
  --page->living;
  --size_;
  if (page->living == 0 || (page->living < kEvictBelow && page->touched >= kPageSize)) {
    evict(page_key(id), *page);
  }
}

void EntityIndex::evict(std::uint64_t key, Page& page) {
  if (page.living > 0) {
    evicted_[key] = page.living;
  }
  const EntityId first = (key - 1) << kPageBits;
  for (std::size_t i = 0; i < kPageSize; ++i) {
    if (page.rows[i] != kNowhere) {
      sparse_[first + i] = page.rows[i];
    }
  }
  const std::uint64_t position = *page_index_.find(key);
  pages_[position].reset();
  free_pages_.push_back(position);
  page_index_.erase(key);
  last_key_ = 0;
  last_page_ = nullptr;
}

void EntityIndex::restore(std::uint64_t key) {
  evicted_.erase(key);
  Page& page = make_page(key);
  const EntityId first = (key - 1) << kPageBits;
  for (std::size_t i = 0; i < kPageSize; ++i) {
    if (const std::uint64_t* packed = sparse_.find(first + i)) {
      page.rows[i] = *packed;
      ++page.living;
      sparse_.erase(first + i);
    }
  }
  page.touched = page.living;
}

}  // namespace bw
