// Pages, eviction and the hash table behind them.
#include "ecs/entity_index.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/checks.hpp"

namespace bw {
namespace {

constexpr std::uint64_t kUnknown = ~std::uint64_t{0};  // kNowhere, packed
constexpr std::uint64_t kNextRow = std::uint64_t{1} << 32;

// There are fewer than 2^31 tables, so this bit tells unknown entities.
constexpr unsigned kUnknownBit = 31;

std::uint64_t pack(Location location) {
  return location.table | static_cast<std::uint64_t>(location.row) << 32;
}
Location unpack(std::uint64_t value) {
  return {static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value >> 32)};
}

// Returns how many of the values are of known entities.
std::size_t unpack_all(const std::uint64_t* values, std::size_t count, Location* out) {
  std::uint64_t known = 0;
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = unpack(values[i]);
    known += ~values[i] >> kUnknownBit & 1;
  }
  return known;
}

bool all_known(const std::uint64_t* values, std::size_t count) {
  std::uint64_t any = 0;
  for (std::size_t i = 0; i < count; ++i) {
    any |= values[i];
  }
  return (any >> kUnknownBit & 1) == 0;
}

void write_rows_from(std::uint64_t* values, std::size_t count, std::uint64_t packed) {
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = packed + i * kNextRow;
  }
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

EntityIndex::Page* EntityIndex::page_of(EntityId id) {
  const std::uint64_t key = page_key(id);
  if (key != last_key_) {
    const std::uint64_t* found = page_index_.find(key);
    if (found == nullptr) {
      return nullptr;
    }
    last_key_ = key;
    last_page_ = pages_[*found].get();
  }
  return last_page_;
}

EntityIndex::Page& EntityIndex::page_for(EntityId id) {
  if (Page* page = page_of(id)) {
    return *page;
  }
  const std::uint64_t key = page_key(id);
  std::uint64_t position = pages_.size();
  if (free_pages_.empty()) {
    pages_.emplace_back();
  } else {
    position = free_pages_.back();
    free_pages_.pop_back();
  }
  pages_[position] = std::make_unique<Page>();
  pages_[position]->rows.fill(kUnknown);
  page_index_[key] = position;
  last_key_ = key;
  last_page_ = pages_[position].get();
  return *last_page_;
}

const EntityIndex::Page* EntityIndex::find_page(std::uint64_t key) const {
  const std::uint64_t* position = page_index_.find(key);
  return position != nullptr ? pages_[*position].get() : nullptr;
}

std::optional<Location> EntityIndex::find(EntityId id) const {
  Location location;
  find_all({&id, 1}, &location);
  return location == kNowhere ? std::nullopt : std::optional(location);
}

std::size_t EntityIndex::run_in_page(std::span<const EntityId> ids) {
  constexpr std::size_t kStep = 16;
  const std::size_t most = std::min(ids.size(), kPageSize - place_in_page(ids[0]));
  std::size_t length = 1;
  for (std::uint64_t gaps = 0; length + kStep <= most; length += kStep) {
    for (std::size_t i = length; i < length + kStep; ++i) {
      gaps |= (ids[i] - ids[0]) ^ i;
    }
    if (gaps != 0) {
      break;
    }
  }
  while (length < most && ids[length] == ids[0] + length) {
    ++length;
  }
  return length;
}

void EntityIndex::find_all(std::span<const EntityId> ids, Location* out) const {
  const Page* page = nullptr;
  std::uint64_t key = 0;
  for (std::size_t i = 0, run = 0; i < ids.size(); i += run) {
    run = run_in_page(ids.subspan(i));
    if (page_key(ids[i]) != key) {
      key = page_key(ids[i]);
      page = find_page(key);
    }
    std::size_t found = 0;
    if (page != nullptr) {
      found = unpack_all(page->rows.data() + place_in_page(ids[i]), run, out + i);
    }
    for (std::size_t k = i; found < run && k < i + run; ++k) {
      if (page == nullptr || out[k] == kNowhere) {
        const std::uint64_t* kept = sparse_.find(ids[k]);
        out[k] = kept != nullptr ? unpack(*kept) : kNowhere;
      }
    }
  }
}

void EntityIndex::add(EntityId first, std::size_t count, Location at) {
  size_ += count;
  for (const EntityId end = first + count; first < end;) {
    Page& page = page_for(first);
    const std::size_t begin = place_in_page(first);
    const std::size_t taken = std::min<std::size_t>(kPageSize - begin, end - first);
    const std::uint64_t packed = pack(at);
    for (std::size_t i = 0; i < taken; ++i) {
      page.rows[begin + i] = packed + i * kNextRow;
    }
    page.living += static_cast<std::uint32_t>(taken);
    page.complete = page.complete || begin + taken == kPageSize;
    if (has_emptied(page)) {
      emptied_.push_back(page_key(first));  // most of its ids ended while it was still being filled
    }
    at.row += static_cast<std::uint32_t>(taken);
    first += taken;
  }
}

void EntityIndex::arrive(std::span<const EntityId> ids, Location at) {
  size_ += ids.size();
  for (std::size_t begin = 0, end = 0; begin < ids.size(); begin = end) {
    const std::uint64_t key = page_key(ids[begin]);
    while (end < ids.size() && page_key(ids[end]) == key) {
      ++end;
    }
    // Enough of one page to fill it as far as a page has to be filled: else they are kept one by
    // one.
    Page* page = end - begin >= kLeastInPage ? &page_for(ids[begin]) : nullptr;
    for (std::size_t i = begin; i < end; ++i, ++at.row) {
      (page != nullptr ? page->rows[place_in_page(ids[i])] : sparse_[ids[i]]) = pack(at);
    }
    if (page != nullptr) {
      page->living += static_cast<std::uint32_t>(end - begin);
      page->complete = true;
    }
  }
}

void EntityIndex::learn(std::span<const std::span<const EntityId>> tables) {
  *this = EntityIndex();
  FlatMap living;  // by page: rows come in any order, so who has neighbours is counted first
  for (const std::span<const EntityId> ids : tables) {
    for (std::size_t i = 0, run = 0; i < ids.size(); i += run) {
      run = run_in_page(ids.subspan(i));
      living[page_key(ids[i])] += run;
    }
  }
  for (std::uint32_t t = 0; t < tables.size(); ++t) {
    const std::span<const EntityId> ids = tables[t];
    for (std::uint32_t row = 0, run = 0; row < ids.size(); row += run) {
      run = static_cast<std::uint32_t>(run_in_page(ids.subspan(row)));
      const bool in_page =
          page_of(ids[row]) != nullptr || *living.find(page_key(ids[row])) >= kLeastInPage;
      learn_run(ids[row], run, {t, row}, in_page);
    }
    size_ += ids.size();
  }
}

// Neighbouring ids of one page: into the page, or one by one.
void EntityIndex::learn_run(EntityId first, std::size_t count, Location at, bool in_page) {
  const std::uint64_t packed = pack(at);
  if (!in_page) {
    for (std::size_t i = 0; i < count; ++i) {
      sparse_[first + i] = packed + i * kNextRow;
    }
    return;
  }
  Page& page = page_for(first);
  write_rows_from(page.rows.data() + place_in_page(first), count, packed);
  page.living += static_cast<std::uint32_t>(count);
  page.complete = true;
}

void EntityIndex::set(EntityId id, Location location) {
  if (Page* page = page_of(id)) {
    if (std::uint64_t& row = page->rows[place_in_page(id)]; row != kUnknown) {
      row = pack(location);
      return;
    }
  }
  std::uint64_t* packed = sparse_.find(id);
  BW_CHECK(packed != nullptr, "an entity that moves to another row is known");
  *packed = pack(location);
}

void EntityIndex::set_all(std::span<const EntityId> ids, Location at) {
  for (std::size_t i = 0, run = 0; i < ids.size(); i += run) {
    run = run_in_page(ids.subspan(i));
    const std::uint64_t packed = pack(at) + i * kNextRow;
    Page* page = page_of(ids[i]);
    std::uint64_t* rows = page != nullptr ? page->rows.data() + place_in_page(ids[i]) : nullptr;
    if (page != nullptr && all_known(rows, run)) {
      write_rows_from(rows, run, packed);
      continue;
    }
    for (std::size_t k = 0; k < run; ++k) {
      set(ids[i + k], unpack(packed + k * kNextRow));
    }
  }
}

std::optional<Location> EntityIndex::take(EntityId id) {
  Location taken;
  take_all({&id, 1}, &taken);
  return taken == kNowhere ? std::nullopt : std::optional(taken);
}

void EntityIndex::take_all(std::span<const EntityId> ids, Location* out) {
  for (std::size_t i = 0, run = 0; i < ids.size(); i += run) {
    run = run_in_page(ids.subspan(i));
    std::size_t found = 0;
    if (Page* page = page_of(ids[i])) {
      std::uint64_t* rows = page->rows.data() + place_in_page(ids[i]);
      found = unpack_all(rows, run, out + i);
      std::fill_n(rows, run, kUnknown);
      count_taken(page_key(ids[i]), *page, static_cast<std::uint32_t>(found));
    } else {
      std::fill_n(out + i, run, kNowhere);
    }
    for (std::size_t k = i; found < run && k < i + run; ++k) {
      if (out[k] == kNowhere) {
        out[k] = unpack(take_sparse(ids[k]));
      }
    }
  }
}

std::uint64_t EntityIndex::take_sparse(EntityId id) {
  const std::uint64_t* found = sparse_.find(id);
  if (found == nullptr) {
    return kUnknown;
  }
  const std::uint64_t packed = *found;
  sparse_.erase(id);
  --size_;
  return packed;
}

void EntityIndex::count_taken(std::uint64_t key, Page& page, std::uint32_t taken) {
  const bool was_full_enough = page.living >= kLeastInPage;
  page.living -= taken;
  size_ -= taken;
  if (was_full_enough && page.living < kLeastInPage) {
    emptied_.push_back(key);
  }
}

void EntityIndex::put_back(EntityId id, Location location) {
  ++size_;
  if (Page* page = page_of(id)) {
    page->rows[place_in_page(id)] = pack(location);
    ++page->living;
  } else {
    sparse_[id] = pack(location);
  }
}

void EntityIndex::tidy() {
  for (; !emptied_.empty(); emptied_.pop_back()) {
    const Page* page = find_page(emptied_.back());
    if (page != nullptr && has_emptied(*page)) {
      evict(emptied_.back(), *page);
    }
  }
}

void EntityIndex::evict(std::uint64_t key, const Page& page) {
  const EntityId first = (key - 1) << kPageBits;
  for (std::size_t i = 0; page.living > 0 && i < kPageSize; ++i) {
    if (page.rows[i] != kUnknown) {
      sparse_[first + i] = page.rows[i];
    }
  }
  const std::uint64_t position = *page_index_.find(key);
  page_index_.erase(key);
  free_pages_.push_back(position);
  last_key_ = 0;
  last_page_ = nullptr;
  pages_[position].reset();
}

std::size_t EntityIndex::bytes() const {
  return (pages_.size() - free_pages_.size()) * sizeof(Page) + page_index_.bytes() +
         sparse_.bytes() + pages_.capacity() * sizeof(pages_[0]) +
         free_pages_.capacity() * sizeof(free_pages_[0]);
}

}  // namespace bw
