// One phase of agents that act one after another: who acts when, what is where, who gets what.
#include "schedule/live_world.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/errors.hpp"
#include "base/hash.hpp"
#include "schedule/places.hpp"

namespace bw {
namespace {

// Calls `visit` with what a population is found by: its index, or its lists by cell; those along
// edges have neither.
template <class Population, class Visit>
void with_finder(Population& population, Visit&& visit) {
  if (population.places) {
    visit(*population.places);
  } else if (population.cells) {
    visit(*population.cells);
  }
}

}  // namespace

LiveWorld::LiveWorld(Store& store, const Surroundings& around, BehaviorRun& run, LiveMemory& memory)
    : store_(&store),
      around_(&around),
      run_(&run),
      occupants_(memory.occupants),
      empty_(memory.empty),
      place_in_empty_(memory.place_in_empty),
      cell_of_row_(memory.cell_of_row),
      activation_(memory.activation) {
  occupants_.clear();
  empty_.clear();
  cell_of_row_.clear();
  const Behavior& behavior = *run.behavior;
  for (std::size_t k = 0; k < behavior.reaches.size(); ++k) {
    const ReachUse& use = behavior.reaches[k];
    if (use.of_cells) {
      reached_.emplace_back();
      continue;
    }
    Population& population =
        reached_.emplace_back(gather_population(use.component, use.within_radius()));
    if (use.by_cell) {
      population.occupants = run.reaches[k].occupants;
      continue;
    }
    if (use.graph) {
      find_items_of_nodes(population, run.reaches[k]);
    } else if (around.domain->integral()) {
      population.cells = std::make_unique<LiveCells>(
          *around.domain, run.reaches[k].radius, store.size(), population.items,
          use.wants_geometry ? Geometry::wanted : Geometry::unwanted);
      enter_all(population);
    } else {
      population.places = std::make_unique<LiveIndex>(*around.domain, run.reaches[k].radius,
                                                      store.size(), sources_of(population));
    }
    view_columns(population, use, run.reaches[k]);
  }
  for (const ClaimUse& use : behavior.claims) {
    Population& population =
        claimed_.emplace_back(use.agents ? gather_population(*use.agents, true) : Population{});
    Column* stock = nullptr;
    if (use.stock) {
      Table& cells = around.cells->table();
      stock = &cells.column(cells.find_column(*use.stock).value());
    } else if (acts(population)) {
      population.cells =
          std::make_unique<LiveCells>(*around.domain, around.lattice, population.items);
      enter_all(population);
    } else {
      while (memory.chains.size() < claimed_.size()) {
        memory.chains.emplace_back();
      }
      chain_all(population, memory.chains[claimed_.size() - 1]);
    }
    stocks_.push_back(stock);
  }
  searches_ = std::any_of(reached_.begin(), reached_.end(), [](const Population& population) {
    return population.cells || population.places;
  });
  if (around.domain->exclusive || (around.domain->integral() && behavior.draws_empty_cells)) {
    list_empty_cells();
  }
  for (std::uint32_t t = 0; t < store.table_count(); ++t) {
    ended_.emplace_back(store.table(t).size(), std::uint8_t{0});
  }
}

// All that have a component; `placed`: and a place.
LiveWorld::Population LiveWorld::gather_population(ComponentId component, bool placed) {
  Population population;
  population.component = component;
  population.bases.assign(store_->table_count(), kNoBase);
  for (std::uint32_t t = 0; t < store_->table_count(); ++t) {
    if (store_->table(t).has(component) && store_->table(t).size() > 0 &&
        (!placed || store_->position_column(t))) {
      population.tables.push_back(t);
      population.bases[t] = population.items;
      population.items += static_cast<std::uint32_t>(store_->table(t).size());
    }
  }
  return population;
}

std::vector<IndexSource> LiveWorld::sources_of(const Population& population) const {
  std::vector<IndexSource> sources;
  for (const std::uint32_t t : population.tables) {
    const Table& table = store_->table(t);
    const Column& column = table.column(store_->position_column(t).value());
    sources.push_back({table.ids(), {column.data(), column.stride()}, {}});
  }
  return sources;
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

Location LiveWorld::location_of(const Population& population, std::uint32_t item) const {
  std::uint32_t table = population.tables.front();
  for (const std::uint32_t t : population.tables) {
    table = population.bases[t] <= item ? t : table;
  }
  return {table, item - population.bases[table]};
}

EntityId LiveWorld::id_of(const Population& population, std::uint32_t item) const {
  const Location at = location_of(population, item);
  return store_->table(at.table).ids()[at.row];
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
    view.columns.push_back({reinterpret_cast<char*>(population.copies.back().data()),
                            static_cast<std::int64_t>(size)});
  }
  population.copies.emplace_back(population.items * sizeof(EntityId));
  view.ids = reinterpret_cast<const EntityId*>(population.copies.back().data());
  for (const std::uint32_t t : population.tables) {
    const Table& table = store_->table(t);
    std::memcpy(population.copies.back().data() + population.bases[t] * sizeof(EntityId),
                table.ids().data(), table.size() * sizeof(EntityId));
    for (std::size_t f = 0; f < use.fields.size(); ++f) {
      const Column& column = table.column(table.find_column(use.fields[f]).value());
      column.copy_out(table.size(),
                      population.copies[f].data() + population.bases[t] * column.value_size());
    }
  }
}

void LiveWorld::copy_row(Population& population, const ReachUse& use, std::uint32_t item,
                         std::uint32_t row) {
  for (std::size_t f = 0; f < use.fields.size(); ++f) {
    const Column& column =
        in_hand_->table->column(in_hand_->table->find_column(use.fields[f]).value());
    std::memcpy(population.copies[f].data() + item * column.value_size(), column.at(row),
                column.value_size());
  }
}

std::uint64_t LiveWorld::cell_in(const Table& table, std::size_t position, std::size_t row) const {
  const Column& column = table.column(position);
  const Place place = PlaceColumn{column.data(), column.stride()}.at(*around_->domain, row);
  return static_cast<std::uint64_t>(cell_at(around_->lattice, *around_->domain, place));
}

void LiveWorld::list_empty_cells() {
  const auto cells = static_cast<std::size_t>(around_->lattice.volume());
  occupants_.assign(cells, 0);
  place_in_empty_.resize(cells);
  for (std::uint32_t t = 0; t < store_->table_count(); ++t) {
    if (const auto position = store_->position_column(t)) {
      const Column& column = store_->table(t).column(*position);
      for_each_cell(around_->lattice, *around_->domain, {column.data(), column.stride()},
                    store_->table(t).size(), [&](std::size_t, std::int64_t cell) {
                      ++occupants_[static_cast<std::size_t>(cell)];
                    });
    }
  }
  // Each cell is written, and stays if it is empty: no branch on what cannot be foreseen.
  empty_.resize(cells + 1);
  std::uint32_t count = 0;
  for (std::uint32_t cell = 0; cell < cells; ++cell) {
    empty_[count] = cell;
    place_in_empty_[cell] = count;
    count += static_cast<std::uint32_t>(occupants_[cell] == 0);
  }
  empty_.resize(count);
}

void LiveWorld::occupy(std::uint64_t cell) {
  if (occupants_[cell]++ > 0) {
    return;
  }
  // The last empty cell takes the place of the one that is occupied now.
  const std::uint32_t place = place_in_empty_[cell];
  empty_[place] = empty_.back();
  place_in_empty_[empty_[place]] = place;
  empty_.pop_back();
}

void LiveWorld::vacate(std::uint64_t cell) {
  if (--occupants_[cell] == 0) {
    place_in_empty_[cell] = static_cast<std::uint32_t>(empty_.size());
    empty_.push_back(static_cast<std::uint32_t>(cell));
  }
}

// Whether agents of a population have turns of their own in this phase.
bool LiveWorld::acts(const Population& population) const {
  return std::any_of(population.tables.begin(), population.tables.end(), [&](std::uint32_t t) {
    const Table& table = store_->table(t);
    return std::all_of(run_->behavior->components.begin(), run_->behavior->components.end(),
                       [&](ComponentId c) { return table.has(c); });
  });
}

void LiveWorld::chain_all(Population& population, CellChains& chains) {
  chains.clear(static_cast<std::size_t>(around_->lattice.volume()), population.items);
  for (const std::uint32_t t : population.tables) {
    const Column& column = store_->table(t).column(store_->position_column(t).value());
    for_each_cell(around_->lattice, *around_->domain, {column.data(), column.stride()},
                  store_->table(t).size(), [&](std::size_t row, std::int64_t cell) {
                    chains.add(population.bases[t] + static_cast<std::uint32_t>(row),
                               static_cast<std::uint64_t>(cell));
                  });
  }
  population.chains = &chains;
}

void LiveWorld::act(std::deque<TableRun>& runs, const Call& call) {
  if (runs.empty()) {
    return;
  }
  if (runs.size() > 1) {
    throw ModelError(
        "sequential behavior '" + run_->behavior->name +
        "' matches agents of several archetypes; give it a component that only one archetype has");
  }
  in_hand_ = &runs.front();
  table_in_hand_ = store_->find(in_hand_->table->ids().front())->table;
  in_hand_->live = this;
  show_reaches(*in_hand_);
  find_turns();
  find_cells_of_rows();
  for (const ClaimUse& use : run_->behavior->claims) {
    Table& table = *in_hand_->table;
    results_.push_back(&table.column(table.find_column(use.result).value()));
  }
  if (std::none_of(claimed_.begin(), claimed_.end(),
                   [&](const Population& population) { return acts(population); })) {
    call(*in_hand_, rows_.data(), rows_.size());
    return;
  }
  for (const std::uint32_t row : rows_) {
    if (ended_[table_in_hand_][row] == 0) {
      call(*in_hand_, &row, 1);
    }
  }
}

void LiveWorld::find_turns() {
  const std::span<const EntityId> ids = in_hand_->table->ids();
  turn_ = 0;
  if (!run_->behavior->shuffle) {
    rows_ = activation_.by_id(ids);
    return;
  }
  const std::uint64_t key = rng_key(run_->behavior->rng_key, "activation");
  rows_ = activation_.shuffled(ids, activation_word(key, around_->tick));
}

void LiveWorld::find_cells_of_rows() {
  if (occupants_.empty() || !in_hand_->position) {
    return;
  }
  cell_of_row_.resize(in_hand_->table->size());
  const Column& column = in_hand_->table->column(*in_hand_->position);
  for_each_cell(around_->lattice, *around_->domain, {column.data(), column.stride()},
                cell_of_row_.size(), [&](std::size_t row, std::int64_t cell) {
                  cell_of_row_[row] = static_cast<std::uint32_t>(cell);
                });
}

void LiveWorld::search(std::size_t reach, std::uint32_t row, Hits& hits) const {
  const Population& population = reached_[reach];
  const double radius = run_->reaches[reach].radius;
  const std::uint32_t base = population.bases[table_in_hand_];
  with_finder(population, [&](const auto& finder) {
    if (base != kNoBase && finder.present(base + row)) {
      finder.search(base + row, radius, hits);
      return;
    }
    // Of another kind than those that it looks for.
    const Column& column = in_hand_->table->column(*in_hand_->position);
    finder.search_place(PlaceColumn{column.at(row), 0}.at(*around_->domain, 0), radius, hits);
  });
}

void LiveWorld::find_items_of_nodes(Population& population, const ReachView& view) const {
  population.gone.assign(population.items, 0);
  population.item_of_node.assign(view.places->at.size(), LiveCells::kNone);
  for (std::size_t node = 0; node < view.places->at.size(); ++node) {
    const Location at = view.places->at[node];
    if (at != kNowhere && population.bases[at.table] != kNoBase) {
      population.item_of_node[node] = population.bases[at.table] + at.row;
    }
  }
}

void LiveWorld::search_along_edges(std::size_t reach, std::uint32_t row, EdgeHits& hits) const {
  const Population& population = reached_[reach];
  const ReachView& view = run_->reaches[reach];
  hits.slots.clear();
  hits.edges.clear();
  const std::vector<std::uint32_t>& nodes = view.places->node_of_row[table_in_hand_];
  if (row >= nodes.size() || nodes[row] == kNoNode) {
    return;
  }
  const std::uint32_t end = view.graph->starts()[nodes[row] + 1];
  for (std::uint32_t e = view.graph->starts()[nodes[row]]; e < end; ++e) {
    const std::uint32_t item = population.item_of_node[view.graph->heads()[e]];
    if (item != LiveCells::kNone && population.gone[item] == 0) {
      hits.slots.push_back(item);
      hits.edges.push_back(e);
    }
  }
}

// Takes a cell for a row that has moved; false where another agent of an exclusive grid has it.
bool LiveWorld::move_to(std::uint32_t row, const Place& place) {
  const auto cell = static_cast<std::uint32_t>(cell_at(around_->lattice, *around_->domain, place));
  if (cell == cell_of_row_[row]) {
    return true;
  }
  if (around_->domain->exclusive && occupants_[cell] > 0) {
    reason_ = "it moved onto an occupied cell; this grid holds at most one agent a cell";
    return false;
  }
  occupy(cell);
  vacate(cell_of_row_[row]);
  cell_of_row_[row] = cell;
  return true;
}

// It is the turn of a row: not every one commits, or claims.
void LiveWorld::come_to(std::uint32_t row) {
  while (turn_ + 1 < rows_.size() && rows_[turn_] != row) {
    ++turn_;
  }
}

// Brings into the cache what the agents that act soon will ask for.
void LiveWorld::look_ahead(std::uint32_t row) {
  constexpr std::size_t kRow = 24;
  constexpr std::size_t kCells = 16;
  constexpr std::size_t kNeighbors = 8;
  come_to(row);
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
    if (population.occupants != nullptr) {
      continue;
    }
    const std::uint32_t base = population.bases[table_in_hand_];
    with_finder(population, [&](const auto& finder) {
      finder.prefetch(base + far);
      finder.prefetch_cells(base + rows_[turn_ + kCells]);
      finder.touch_neighbors(base + rows_[turn_ + kNeighbors], [&](std::uint32_t item) {
        for (const bw_column& column : run_->reaches[k].columns) {
          __builtin_prefetch(column.data + item * column.stride);
        }
      });
    });
  }
}

Place LiveWorld::place_of_cell(std::uint64_t cell) const {
  Place place{};
  for (std::size_t a = 0; a < static_cast<std::size_t>(around_->domain->dims); ++a) {
    const auto cells = static_cast<std::uint64_t>(around_->lattice.cells[a]);
    place[a] = static_cast<double>(cell % cells);
    cell /= cells;
  }
  return place;
}

// Shows a row of the table in hand in its cell, as it is now, to kernels that look at cells.
void LiveWorld::stand(Population& population, const ReachUse& use, std::uint32_t row,
                      const Place& before) {
  values_.clear();
  for (const FieldKey field : use.fields) {
    const Column& column = in_hand_->table->column(in_hand_->table->find_column(field).value());
    values_.push_back({column.at(row), 0});
  }
  const Column& column = in_hand_->table->column(*in_hand_->position);
  const Place now = PlaceColumn{column.at(row), 0}.at(*around_->domain, 0);
  if (now != before) {
    population.occupants->leave(before);
  }
  population.occupants->stand(now, values_);
}

bool LiveWorld::commit(std::uint32_t row) {
  if (searches_) {
    look_ahead(row);
  }
  const bool moved = in_hand_->moves;
  const std::uint32_t before = cell_of_row_.empty() ? 0 : cell_of_row_[row];
  Place place{};
  if (moved) {
    if (settle_places(*in_hand_, row, row + 1, reason_) == row) {
      return false;
    }
    const Column& column = in_hand_->table->column(*in_hand_->position);
    place = PlaceColumn{column.at(row), 0}.at(*around_->domain, 0);
    if (!cell_of_row_.empty() && ended_[table_in_hand_][row] == 0 && !move_to(row, place)) {
      return false;
    }
  }
  for (std::size_t k = 0; k < reached_.size(); ++k) {
    Population& population = reached_[k];
    if (table_in_hand_ >= population.bases.size() || population.bases[table_in_hand_] == kNoBase) {
      continue;
    }
    if (population.occupants != nullptr) {
      if (ended_[table_in_hand_][row] == 0) {
        stand(population, run_->behavior->reaches[k], row, place_of_cell(before));
      }
      continue;
    }
    const std::uint32_t item = population.bases[table_in_hand_] + row;
    if (population.tables.size() > 1) {
      copy_row(population, run_->behavior->reaches[k], item, row);
    }
    if (moved) {
      with_finder(population, [&](auto& finder) {
        if (finder.present(item)) {
          finder.move(item, place);
        }
      });
    }
  }
  return true;
}

// Where an agent stands for those who look around: a row whose turn it is, at the place of its
// start.
Place LiveWorld::place_of(Location at) const {
  if (at.table == table_in_hand_ && !cell_of_row_.empty()) {
    return place_of_cell(cell_of_row_[at.row]);
  }
  const Table& table = store_->table(at.table);
  const Column& column = table.column(store_->position_column(at.table).value());
  return PlaceColumn{column.at(at.row), 0}.at(*around_->domain, 0);
}

void LiveWorld::leave(std::uint32_t row) {
  end({table_in_hand_, row});
}

void LiveWorld::drop(Population& population, Location at) {
  const std::uint32_t item = population.bases[at.table] + at.row;
  if (population.occupants != nullptr) {
    population.occupants->leave(place_of(at));
  } else if (population.chains != nullptr) {
    const std::size_t position = store_->position_column(at.table).value();
    population.chains->remove(item, cell_in(store_->table(at.table), position, at.row));
  } else {
    with_finder(population, [&](auto& finder) { finder.leave(item); });
    if (!population.gone.empty()) {
      population.gone[item] = 1;
    }
  }
}

// Takes an agent out of all lists; once.
void LiveWorld::end(Location at) {
  if (std::exchange(ended_[at.table][at.row], std::uint8_t{1}) != 0) {
    return;
  }
  for (std::vector<Population>* populations : {&reached_, &claimed_}) {
    for (Population& population : *populations) {
      if (at.table < population.bases.size() && population.bases[at.table] != kNoBase) {
        drop(population, at);
      }
    }
  }
  if (occupants_.empty()) {
    return;
  }
  if (at.table == table_in_hand_ && !cell_of_row_.empty()) {
    vacate(cell_of_row_[at.row]);
  } else if (const auto position = store_->position_column(at.table)) {
    vacate(cell_in(store_->table(at.table), *position, at.row));
  }
}

}  // namespace bw
