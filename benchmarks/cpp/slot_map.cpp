// slot_map.cpp: creating, destroying and changing entities in a plain slot map over dense columns.
//
//   slot_map [mode=bulk|single] [n=N] [rounds=R]
//
// An entity has one component (a, two 64-bit floats) or two (a and b). The entities with the same
// components stand in one table of dense columns; a slot, named by the low half of the entity's
// 64-bit id, knows table and row; the high half of the id is the slot's generation, so that a stale
// id is noticed. bulk: N entities in one call: create (with two components), detach b from all,
// attach it again, destroy all. single: the same, one call for each entity. The memory is warm: one
// round goes before. Figures are CPU time per entity, medians over R rounds.
#include <algorithm>
#include <array>

#include "program.hpp"

namespace {

struct Pair {
  double x, y;
};

struct Table {
  std::vector<uint64_t> id;
  std::vector<Pair> a, b;  // b is empty in the table of entities with one component
  size_t rows = 0;

  void reserve(size_t n, bool with_b) {
    id.resize(n);
    a.resize(n);
    if (with_b) b.resize(n);
  }
};

struct Slot {
  uint32_t generation = 0;
  uint32_t table = 0;
  uint32_t row = 0;
};

enum : uint32_t { kOne = 0, kTwo = 1 };

class SlotMap {
 public:
  explicit SlotMap(size_t capacity);
  // One entity at a time.
  uint64_t create(Pair a, Pair b);
  bool destroy(uint64_t id);
  bool detach(uint64_t id);
  bool attach(uint64_t id, Pair b);
  // Many in one call; `ids` must be different entities.
  void create_all(std::vector<uint64_t>& ids, Pair a, Pair b);
  bool destroy_all(const std::vector<uint64_t>& ids);
  bool detach_all(const std::vector<uint64_t>& ids);
  bool attach_all(const std::vector<uint64_t>& ids, Pair b);

  size_t count(uint32_t table) const { return tables_[table].rows; }
  bool consistent() const;
  double sum() const;

 private:
  Slot* find(uint64_t id) {
    Slot& slot = slots_[static_cast<uint32_t>(id)];
    return slot.generation == id >> 32 ? &slot : nullptr;
  }
  uint32_t append(Table& table, uint64_t id, Pair a);
  void remove_row(Table& table, uint32_t row);
  void close_gaps(Table& table, size_t gaps);

  std::array<Table, 2> tables_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;  // slots, a stack
};

constexpr uint64_t kGap = 0;  // no entity's id: generations of living entities are odd

SlotMap::SlotMap(size_t capacity) : slots_(capacity) {
  tables_[kOne].reserve(capacity, false);
  tables_[kTwo].reserve(capacity, true);
  for (size_t slot = capacity; slot-- > 0;) free_.push_back(static_cast<uint32_t>(slot));
}

inline uint32_t SlotMap::append(Table& table, uint64_t id, Pair a) {
  const auto row = static_cast<uint32_t>(table.rows++);
  table.id[row] = id;
  table.a[row] = a;
  return row;
}

// The last row moves into the gap.
inline void SlotMap::remove_row(Table& table, uint32_t row) {
  const size_t last = --table.rows;
  if (row == last) return;
  table.id[row] = table.id[last];
  table.a[row] = table.a[last];
  if (!table.b.empty()) table.b[row] = table.b[last];
  slots_[static_cast<uint32_t>(table.id[row])].row = row;
}

[[gnu::noinline]] uint64_t SlotMap::create(Pair a, Pair b) {
  if (free_.empty()) baseline::refuse("the slot map is full");
  const uint32_t index = free_.back();
  free_.pop_back();
  Slot& slot = slots_[index];
  const uint64_t id = uint64_t{++slot.generation} << 32 | index;
  slot.table = kTwo;
  slot.row = append(tables_[kTwo], id, a);
  tables_[kTwo].b[slot.row] = b;
  return id;
}

[[gnu::noinline]] bool SlotMap::destroy(uint64_t id) {
  Slot* slot = find(id);
  if (slot == nullptr) return false;
  ++slot->generation;
  free_.push_back(static_cast<uint32_t>(id));
  remove_row(tables_[slot->table], slot->row);
  return true;
}

[[gnu::noinline]] bool SlotMap::detach(uint64_t id) {
  Slot* slot = find(id);
  if (slot == nullptr || slot->table != kTwo) return false;
  const uint32_t from = slot->row;
  *slot = {slot->generation, kOne, append(tables_[kOne], id, tables_[kTwo].a[from])};
  remove_row(tables_[kTwo], from);
  return true;
}

[[gnu::noinline]] bool SlotMap::attach(uint64_t id, Pair b) {
  Slot* slot = find(id);
  if (slot == nullptr || slot->table != kOne) return false;
  const uint32_t from = slot->row;
  *slot = {slot->generation, kTwo, append(tables_[kTwo], id, tables_[kOne].a[from])};
  tables_[kTwo].b[slot->row] = b;
  remove_row(tables_[kOne], from);
  return true;
}

void SlotMap::create_all(std::vector<uint64_t>& ids, Pair a, Pair b) {
  Table& table = tables_[kTwo];
  const size_t n = ids.size(), first = table.rows;
  if (free_.size() < n) baseline::refuse("the slot map is full");
  const uint32_t* free = free_.data() + free_.size();
  for (size_t i = 0; i < n; ++i) {
    const uint32_t index = *--free;
    Slot& slot = slots_[index];
    slot = {slot.generation + 1, kTwo, static_cast<uint32_t>(first + i)};
    ids[i] = table.id[first + i] = uint64_t{slot.generation} << 32 | index;
  }
  free_.resize(free_.size() - n);
  std::fill_n(table.a.begin() + static_cast<std::ptrdiff_t>(first), n, a);
  std::fill_n(table.b.begin() + static_cast<std::ptrdiff_t>(first), n, b);
  table.rows += n;
}

// Squeezes out the rows whose id is kGap; nothing moves before the first of them.
void SlotMap::close_gaps(Table& table, size_t gaps) {
  if (gaps == table.rows) {
    table.rows = 0;
    return;
  }
  size_t kept = 0;
  for (size_t row = 0; row < table.rows; ++row) {
    if (table.id[row] == kGap) continue;
    if (kept != row) {
      table.id[kept] = table.id[row];
      table.a[kept] = table.a[row];
      if (!table.b.empty()) table.b[kept] = table.b[row];
      slots_[static_cast<uint32_t>(table.id[kept])].row = static_cast<uint32_t>(kept);
    }
    ++kept;
  }
  table.rows = kept;
}

bool SlotMap::destroy_all(const std::vector<uint64_t>& ids) {
  size_t gaps[2] = {0, 0};
  size_t end = free_.size();
  free_.resize(end + ids.size());
  bool all = true;
  for (const uint64_t id : ids) {
    Slot* slot = find(id);
    if (slot == nullptr) {
      all = false;
      continue;
    }
    ++slot->generation;
    free_[end++] = static_cast<uint32_t>(id);
    tables_[slot->table].id[slot->row] = kGap;
    ++gaps[slot->table];
  }
  free_.resize(end);
  for (const uint32_t table : {kOne, kTwo}) {
    if (gaps[table] != 0) close_gaps(tables_[table], gaps[table]);
  }
  return all;
}

bool SlotMap::detach_all(const std::vector<uint64_t>& ids) {
  Table &from = tables_[kTwo], &to = tables_[kOne];
  const size_t first = to.rows;
  for (const uint64_t id : ids) {
    Slot* slot = find(id);
    if (slot == nullptr || slot->table != kTwo) continue;
    const uint32_t row = slot->row;
    *slot = {slot->generation, kOne, append(to, id, from.a[row])};
    from.id[row] = kGap;
  }
  const size_t moved = to.rows - first;
  if (moved != 0) close_gaps(from, moved);
  return moved == ids.size();
}

bool SlotMap::attach_all(const std::vector<uint64_t>& ids, Pair b) {
  Table &from = tables_[kOne], &to = tables_[kTwo];
  const size_t first = to.rows;
  for (const uint64_t id : ids) {
    Slot* slot = find(id);
    if (slot == nullptr || slot->table != kOne) continue;
    const uint32_t row = slot->row;
    *slot = {slot->generation, kTwo, append(to, id, from.a[row])};
    from.id[row] = kGap;
  }
  const size_t moved = to.rows - first;
  std::fill_n(to.b.begin() + static_cast<std::ptrdiff_t>(first), moved, b);
  if (moved != 0) close_gaps(from, moved);
  return moved == ids.size();
}

bool SlotMap::consistent() const {
  for (uint32_t t = 0; t < tables_.size(); ++t) {
    for (size_t row = 0; row < tables_[t].rows; ++row) {
      const uint64_t id = tables_[t].id[row];
      const Slot& slot = slots_[static_cast<uint32_t>(id)];
      if (slot.generation != id >> 32 || slot.table != t || slot.row != row) return false;
    }
  }
  return tables_[kOne].rows + tables_[kTwo].rows + free_.size() == slots_.size();
}

double SlotMap::sum() const {
  double sum = 0;
  for (const Table& table : tables_) {
    for (size_t row = 0; row < table.rows; ++row) {
      sum += table.a[row].x;
      if (!table.b.empty()) sum += table.b[row].y;
    }
  }
  return sum;
}

// Seconds of the four operations on all entities.
struct Times {
  double create = 0, destroy = 0, attach = 0, detach = 0;
};

bool check(SlotMap& map, size_t one, size_t two) {
  baseline::touch(&map);
  return map.consistent() && map.count(kOne) == one && map.count(kTwo) == two;
}

// Runs the four operations, each between two readings of the clock, and checks the map after each.
template <class Create, class Destroy, class Attach, class Detach>
Times run_round(SlotMap& map, size_t n, Create create, Destroy destroy, Attach attach,
                Detach detach) {
  bool right = true;
  const auto timed = [](auto&& operation) {
    const double start = baseline::cpu_seconds();
    operation();
    return baseline::cpu_seconds() - start;
  };
  Times times;
  times.create = timed(create);
  right = check(map, 0, n) && map.sum() == 3.0 * static_cast<double>(n) && right;
  times.detach = timed([&] { right = detach() && right; });
  right = check(map, n, 0) && map.sum() == 1.0 * static_cast<double>(n) && right;
  times.attach = timed([&] { right = attach() && right; });
  right = check(map, 0, n) && map.sum() == 3.0 * static_cast<double>(n) && right;
  times.destroy = timed([&] { right = destroy() && right; });
  if (!right || !check(map, 0, 0)) baseline::refuse("the slot map is not consistent");
  return times;
}

constexpr Pair kA{1.0, 0.0}, kB{0.0, 2.0};

Times run_bulk(SlotMap& map, std::vector<uint64_t>& ids) {
  return run_round(
      map, ids.size(), [&] { map.create_all(ids, kA, kB); }, [&] { return map.destroy_all(ids); },
      [&] { return map.attach_all(ids, kB); }, [&] { return map.detach_all(ids); });
}

Times run_single(SlotMap& map, std::vector<uint64_t>& ids) {
  const auto each = [&](auto&& operation) {
    bool all = true;
    for (const uint64_t id : ids) all = operation(id) && all;
    return all;
  };
  return run_round(
      map, ids.size(),
      [&] {
        for (uint64_t& id : ids) id = map.create(kA, kB);
      },
      [&] { return each([&](uint64_t id) { return map.destroy(id); }); },
      [&] { return each([&](uint64_t id) { return map.attach(id, kB); }); },
      [&] { return each([&](uint64_t id) { return map.detach(id); }); });
}

double median_of(const std::vector<Times>& rounds, double Times::* which) {
  std::vector<double> values;
  for (const Times& times : rounds) values.push_back(times.*which);
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const baseline::Arguments arguments(argc, argv, {"mode", "n", "rounds"});
  const std::string mode = arguments.choice("mode", {"bulk", "single"});
  const auto n = arguments.number<size_t>("n", 1'000'000);
  const auto count = arguments.number<size_t>("rounds", 7);
  if (n == 0 || count == 0) baseline::refuse("n and rounds must be at least 1");
  SlotMap map(n);
  std::vector<uint64_t> ids(n);
  std::vector<Times> rounds;
  const auto run = mode == "bulk" ? run_bulk : run_single;
  run(map, ids);
  const double wall = baseline::wall_seconds();
  for (size_t round = 0; round < count; ++round) rounds.push_back(run(map, ids));
  const double wall_spent = baseline::wall_seconds() - wall;
  const double create = median_of(rounds, &Times::create),
               destroy = median_of(rounds, &Times::destroy);
  const double attach = median_of(rounds, &Times::attach),
               detach = median_of(rounds, &Times::detach);
  const double each = 1e9 / static_cast<double>(n);
  baseline::Report report("slot_map");
  report.timing("entity", static_cast<double>(n), create + destroy + attach + detach, wall_spent)
      .figure("create_ns", each * create)
      .figure("destroy_ns", each * destroy)
      .figure("attach_ns", each * attach)
      .figure("detach_ns", each * detach)
      .parameter("mode", mode)
      .parameter("n", n)
      .parameter("rounds", count)
      .metric("consistent", true);
  report.print();
}
