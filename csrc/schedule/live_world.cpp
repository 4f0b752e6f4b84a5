// One phase of agents that act one after another: who acts when, what is where, who gets what.
#include "schedule/live_world.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "base/errors.hpp"
#include "base/hash.hpp"
#include "base/philox.hpp"
#include "base/whole.hpp"
#include "schedule/places.hpp"

namespace bw {
namespace {

// Sorts by the upper 32 bits: two passes by 11 bits each (LSD radix sort), then insertion for what is left.
void sort_by_priority(std::vector<std::uint64_t>& entries) {
  constexpr unsigned kBits = 11;
  constexpr std::size_t kBuckets = std::size_t{1} << kBits;
  std::vector<std::uint64_t> other(entries.size());
  for (const unsigned shift : {64 - 2 * kBits, 64 - kBits}) {
    std::array<std::uint32_t, kBuckets + 1> starts{};
    for (const std::uint64_t entry : entries) {
      ++starts[((entry >> shift) & (kBuckets - 1)) + 1];
    }
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    for (const std::uint64_t entry : entries) {
      other[starts[(entry >> shift) & (kBuckets - 1)]++] = entry;
    }
    entries.swap(other);
  }
  for (std::size_t i = 1; i < entries.size(); ++i) {
    const std::uint64_t entry = entries[i];
    std::size_t j = i;
    for (; j > 0 && (entries[j - 1] >> 32) > (entry >> 32); --j) {
      entries[j] = entries[j - 1];
    }
    entries[j] = entry;
  }
}

}  // namespace

LiveWorld::LiveWorld(Store& store, const Surroundings& around, BehaviorRun& run)
    : store_(&store), around_(&around), run_(&run) {
  const Behavior& behavior = *run.behavior;
  for (std::size_t k = 0; k < behavior.reaches.size(); ++k) {
    const ReachUse& use = behavior.reaches[k];
    if (use.of_cells) {
      reached_.emplace_back();
      continue;
    }
    reached_.push_back(gather_population(use.component, run.reaches[k].radius,
                                         use.wants_geometry ? Geometry::wanted : Geometry::unwanted));
    enter_all(reached_.back());
    view_columns(reached_.back(), use, run.reaches[k]);
  }
  for (const ClaimUse& use : behavior.claims) {
    claimed_.push_back(use.agents ? gather_population(*use.agents, 0.0, Geometry::unwanted) : Population{});
    if (use.agents) {
      enter_all(claimed_.back());
    }
  }
  if (around.domain->exclusive) {
    list_empty_cells();
  }
}

LiveWorld::Population LiveWorld::gather_population(ComponentId component, double radius,
                                                    Geometry geometry) {
  Population population;
  population.component = component;
  population.bases.assign(store_->table_count(), kNoBase);
  for (std::uint32_t t = 0; t < store_->table_count(); ++t) {
    if (store_->table(t).has(component) && store_->table(t).size() > 0) {
      population.tables.push_back(t);
      population.bases[t] = population.items;
      population.items += static_cast<std::uint32_t>(store_->table(t).size());
    }
  }
  population.cells = std::make_unique<LiveCells>(*around_->domain, radius, store_->size(), population.items, geometry);
  return population;
}

void LiveWorld::enter_all(Population& population) {
  for (const std::uint32_t t : population.tables) {
    const Table& table = store_->table(t);
    const Column& column = table.column(store_->position_column(t).value());
    const PlaceColumn places{column.data(), column.stride()};
    for (std::uint32_t row = 0; row < table.size(); ++row) {
      population.cells->enter(population.bases[t] + row, places.at(*around_->domain, row));
    }
  }
  if (!around_->domain->exclusive) {
    // The order within a cell must not be that of rows.
    population.cells->sort_cells([&](std::uint32_t item) { return id_of(population, item); });
  }
}

EntityId LiveWorld::id_of(const Population& population, std::uint32_t item) const {
  std::uint32_t table = population.tables.front();
  for (const std::uint32_t t : population.tables) {
    table = population.bases[t] <= item ? t : table;
  }
  return store_->table(table).ids()[item - population.bases[table]];
}

void LiveWorld::view_columns(Population& population, const ReachUse& use, ReachView& view) {
  view.columns.clear();
  view.slot_count = population.items;
  if (population.tables.size() == 1) {
    // One table: its columns are the live state, and items are its rows.
    Table& table = store_->table(population.tables.front());
    for (const FieldKey field : use.fields) {
      Column& column = table.column(table.find_column(field).value());
      view.columns.push_back({reinterpret_cast<char*>(column.data()), column.stride()});
    }
    view.ids = table.ids().data();
    return;
  }
  for (const FieldKey field : use.fields) {
    const std::size_t size = store_->schema().field(field).type.size();
    population.copies.emplace_back(population.items * size);
    view.columns.push_back({reinterpret_cast<char*>(population.copies.back().data()), static_cast<std::int64_t>(size)});
  }
  population.copies.emplace_back(population.items * sizeof(EntityId));
  view.ids = reinterpret_cast<const EntityId*>(population.copies.back().data());
  for (const std::uint32_t t : population.tables) {
    const Table& table = store_->table(t);
    std::memcpy(population.copies.back().data() + population.bases[t] * sizeof(EntityId), table.ids().data(),
                table.size() * sizeof(EntityId));
    for (std::size_t f = 0; f < use.fields.size(); ++f) {
      const Column& column = table.column(table.find_column(use.fields[f]).value());
      std::memcpy(population.copies[f].data() + population.bases[t] * column.value_size(), column.data(),
                  table.size() * column.value_size());
    }
  }
}

void LiveWorld::copy_row(Population& population, const ReachUse& use, std::uint32_t item, std::uint32_t row) {
  for (std::size_t f = 0; f < use.fields.size(); ++f) {
    const Column& column = in_hand_->table->column(in_hand_->table->find_column(use.fields[f]).value());
    std::memcpy(population.copies[f].data() + item * column.value_size(), column.at(row), column.value_size());
  }
}

void LiveWorld::list_empty_cells() {
  const auto cells = static_cast<std::size_t>(around_->lattice.volume());
  place_in_empty_.assign(cells, 0);
  for (std::uint32_t t = 0; t < store_->table_count(); ++t) {
    const auto position = store_->position_column(t);
    if (!position) {
      continue;
    }
    const Column& column = store_->table(t).column(*position);
    const PlaceColumn places{column.data(), column.stride()};
    for (std::size_t row = 0; row < store_->table(t).size(); ++row) {
      const std::int64_t cell = cell_at(around_->lattice, *around_->domain, places.at(*around_->domain, row));
      place_in_empty_[static_cast<std::size_t>(cell)] = LiveCells::kNone;
    }
  }
  for (std::uint32_t cell = 0; cell < cells; ++cell) {
    if (place_in_empty_[cell] != LiveCells::kNone) {
      place_in_empty_[cell] = static_cast<std::uint32_t>(empty_.size());
      empty_.push_back(cell);
    }
  }
}

void LiveWorld::occupy(std::uint64_t cell, bool occupied) {
  std::uint32_t& place = place_in_empty_[cell];
  if (occupied) {
    // The last empty cell takes the place of the one that was occupied.
    empty_[place] = empty_.back();
    place_in_empty_[empty_[place]] = place;
    empty_.pop_back();
    place = LiveCells::kNone;
  } else {
    place = static_cast<std::uint32_t>(empty_.size());
    empty_.push_back(static_cast<std::uint32_t>(cell));
  }
}

std::vector<std::uint64_t> LiveWorld::activation_order(const std::deque<TableRun>& runs) const {
  std::vector<EntityId> ids;
  for (const TableRun& run : runs) {
    ids.insert(ids.end(), run.table->ids().begin(), run.table->ids().end());
  }
  std::vector<std::uint64_t> entries(ids.size());
  if (!run_->behavior->shuffle) {
    std::iota(entries.begin(), entries.end(), 0);
    std::sort(entries.begin(), entries.end(), [&](std::uint64_t a, std::uint64_t b) { return ids[a] < ids[b]; });
    return entries;
  }
  const std::uint64_t key = rng_key(run_->behavior->rng_key, "activation");
  fill_random_words(key, around_->tick, ids.data(), ids.size(), 0, 1, entries.data());
  for (std::size_t item = 0; item < entries.size(); ++item) {
    entries[item] = (entries[item] & 0xFFFFFFFF00000000u) | item;
  }
  sort_by_priority(entries);
  // Equal priorities: by id.
  for (std::size_t i = 1; i < entries.size(); ++i) {
    for (std::size_t j = i; j > 0 && (entries[j] >> 32) == (entries[j - 1] >> 32) &&
                            ids[entries[j] & 0xFFFFFFFFu] < ids[entries[j - 1] & 0xFFFFFFFFu]; --j) {
      std::swap(entries[j], entries[j - 1]);
    }
  }
  return entries;
}

bool LiveWorld::eats_own_kind() const {
  return std::any_of(claimed_.begin(), claimed_.end(), [&](const Population& population) {
    return std::any_of(population.tables.begin(), population.tables.end(), [&](std::uint32_t t) {
      const Table& table = store_->table(t);
      return std::all_of(run_->behavior->components.begin(), run_->behavior->components.end(),
                         [&](ComponentId c) { return table.has(c); });
    });
  });
}

void LiveWorld::act(std::deque<TableRun>& runs, const Call& call) {
  if (runs.empty()) {
    return;
  }
  if (runs.size() > 1) {
    throw ModelError("sequential behavior '" + run_->behavior->name +
                     "' matches agents of several archetypes; give it a component that only one archetype has");
  }
  in_hand_ = &runs.front();
  table_in_hand_ = store_->find(in_hand_->table->ids().front())->table;
  in_hand_->live = this;
  in_hand_->reaches.clear();
  for (const ReachView& view : run_->reaches) {
    in_hand_->reaches.push_back({view.columns.data(), view.ids, nullptr, view.slot_count});
  }
  const std::vector<std::uint64_t> order = activation_order(runs);
  rows_.resize(order.size());
  turn_ = 0;
  std::vector<std::uint32_t>& rows = rows_;
  std::transform(order.begin(), order.end(), rows.begin(),
                 [](std::uint64_t entry) { return static_cast<std::uint32_t>(entry); });
  if (around_->domain->exclusive && in_hand_->position) {
    const Column& column = in_hand_->table->column(*in_hand_->position);
    const PlaceColumn places{column.data(), column.stride()};
    cell_of_row_.resize(rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
      cell_of_row_[row] = static_cast<std::uint32_t>(
          cell_at(around_->lattice, *around_->domain, places.at(*around_->domain, row)));
    }
  }
  if (!eats_own_kind()) {
    call(*in_hand_, rows.data(), rows.size());
    return;
  }
  ended_.assign(rows.size(), 0);
  for (const std::uint32_t row : rows) {
    if (ended_[row] == 0) {
      call(*in_hand_, &row, 1);
    }
  }
}

void LiveWorld::search(std::size_t reach, std::uint32_t row, Hits& hits) const {
  const Population& population = reached_[reach];
  population.cells->search(population.bases[table_in_hand_] + row, run_->reaches[reach].radius, hits);
}

// Brings into the cache what the agents that act soon will ask for.
void LiveWorld::look_ahead() {
  constexpr std::size_t kRow = 24;
  constexpr std::size_t kCells = 16;
  constexpr std::size_t kNeighbors = 8;
  ++turn_;
  if (turn_ + kRow >= rows_.size()) {
    return;
  }
  const std::uint32_t far = rows_[turn_ + kRow];
  for (const bw_column& column : in_hand_->columns) {
    __builtin_prefetch(column.data + far * column.stride);
  }
  if (!cell_of_row_.empty()) {
    __builtin_prefetch(&cell_of_row_[far]);
  }
  for (std::size_t k = 0; k < reached_.size(); ++k) {
    const Population& population = reached_[k];
    if (table_in_hand_ >= population.bases.size() || population.bases[table_in_hand_] == kNoBase) {
      continue;
    }
    const std::uint32_t base = population.bases[table_in_hand_];
    population.cells->prefetch(base + far);
    population.cells->prefetch_cells(base + rows_[turn_ + kCells]);
    population.cells->touch_neighbors(base + rows_[turn_ + kNeighbors], [&](std::uint32_t item) {
      for (const bw_column& column : run_->reaches[k].columns) {
        __builtin_prefetch(column.data + item * column.stride);
      }
    });
  }
}

bool LiveWorld::commit(std::uint32_t row) {
  look_ahead();
  const bool moved = in_hand_->moves;
  Place place{};
  if (moved) {
    if (settle_places(*in_hand_, row, row + 1, reason_) == row) {
      return false;
    }
    const Column& column = in_hand_->table->column(*in_hand_->position);
    place = PlaceColumn{column.at(row), 0}.at(*around_->domain, 0);
    if (around_->domain->exclusive) {
      const auto cell = static_cast<std::uint32_t>(cell_at(around_->lattice, *around_->domain, place));
      if (cell != cell_of_row_[row]) {
        if (place_in_empty_[cell] == LiveCells::kNone) {
          reason_ = "it moved onto an occupied cell; this grid holds at most one agent a cell";
          return false;
        }
        occupy(cell, true);
        occupy(cell_of_row_[row], false);
        cell_of_row_[row] = cell;
      }
    }
  }
  for (std::size_t k = 0; k < reached_.size(); ++k) {
    Population& population = reached_[k];
    if (table_in_hand_ >= population.bases.size() || population.bases[table_in_hand_] == kNoBase) {
      continue;
    }
    const std::uint32_t item = population.bases[table_in_hand_] + row;
    if (population.tables.size() > 1) {
      copy_row(population, run_->behavior->reaches[k], item, row);
    }
    if (moved && population.cells->present(item)) {
      population.cells->move(item, place);
    }
  }
  return true;
}

void LiveWorld::grant(std::size_t effect, std::uint32_t row, std::int64_t count) {
  Column& column = in_hand_->table->column(
      in_hand_->table->find_column(run_->behavior->claims[effect].result).value());
  add_whole(column.type().scalar, column.at(row), count);
}

void LiveWorld::claim(std::size_t effect, std::uint32_t row, std::uint64_t cell, std::int64_t count,
                      CommandBuffer& commands) {
  const ClaimUse& use = run_->behavior->claims[effect];
  if (use.agents) {
    claim_agents(effect, row, cell, count, commands);
    return;
  }
  Table& cells = around_->cells->table();
  Column& stock = cells.column(cells.find_column(*use.stock).value());
  std::byte* at = stock.at(static_cast<std::size_t>(around_->cells->row_of_cell(cell)));
  const std::int64_t granted = std::clamp<std::int64_t>(read_whole(stock.type().scalar, at), 0, count);
  if (granted > 0) {
    add_whole(stock.type().scalar, at, -granted);
    grant(effect, row, granted);
  }
}

void LiveWorld::claim_agents(std::size_t effect, std::uint32_t row, std::uint64_t cell, std::int64_t count,
                             CommandBuffer& commands) {
  Population& population = claimed_[effect];
  const EntityId claimant = in_hand_->table->ids()[row];
  std::int64_t granted = 0;
  for (; granted < count; ++granted) {
    std::uint64_t there = 0;
    for (std::uint32_t i = population.cells->first(cell); i != LiveCells::kNone; i = population.cells->next(i)) {
      ++there;
    }
    if (there == 0) {
      break;
    }
    const std::uint64_t word =
        random_word(run_->claim_key, claimant, around_->tick, static_cast<std::uint64_t>(granted) + 1);
    std::uint32_t taken = population.cells->first(cell);
    for (std::uint64_t skip = ((word >> 32) * there) >> 32; skip > 0; --skip) {
      taken = population.cells->next(taken);
    }
    population.cells->leave(taken);
    std::uint32_t table = population.tables.front();
    for (const std::uint32_t t : population.tables) {
      table = population.bases[t] <= taken ? t : table;
    }
    const std::uint32_t taken_row = taken - population.bases[table];
    commands.despawn(store_->table(table).ids()[taken_row]);
    if (table == table_in_hand_ && !ended_.empty()) {
      ended_[taken_row] = 1;
    }
  }
  grant(effect, row, granted);
}

void LiveWorld::leave(std::uint32_t row) {
  for (std::vector<Population>* populations : {&reached_, &claimed_}) {
    for (Population& population : *populations) {
      if (table_in_hand_ < population.bases.size() && population.bases[table_in_hand_] != kNoBase) {
        population.cells->leave(population.bases[table_in_hand_] + row);
      }
    }
  }
  if (!cell_of_row_.empty()) {
    occupy(cell_of_row_[row], false);
  }
}

}  // namespace bw
