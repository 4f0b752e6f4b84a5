// One phase of agents that act one after another: who acts when, what is where, who gets what.
#include "schedule/live_world.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/errors.hpp"
#include "schedule/places.hpp"
#include "schedule/reach.hpp"

namespace bw {

void refuse_archetypes(const Behavior& behavior) {
  throw ModelError(
      "sequential behavior '" + behavior.name +
      "' matches agents of several archetypes; give it a component that only one archetype has");
}

LiveWorld::LiveWorld(Store& store, const Surroundings& around, BehaviorRun& run, LiveMemory& memory)
    : store_(&store),
      around_(&around),
      run_(&run),
      memory_(&memory),
      tracks_cells_(around.domain->exclusive ||
                    (around.domain->integral() && run.behavior->draws_empty_cells)),
      reach_(with_rounding(*around.domain, run.behavior->reach_now(*around.parameters))) {
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
          *around.domain, run.reaches[k].radius, around.population, population.items,
          use.wants_geometry ? Geometry::wanted : Geometry::unwanted);
      enter_all(population);
    } else {
      population.places = std::make_unique<LiveIndex>(*around.domain, run.reaches[k].radius,
                                                      around.population, sources_of(population));
    }
    view_columns(population, use, run.reaches[k]);
  }
  for (std::size_t k = 0; k < behavior.claims.size(); ++k) {
    gather_claimed(k);
  }
  searches_ = std::any_of(reached_.begin(), reached_.end(), [](const Population& population) {
    return population.cells || population.places;
  });
  if (tracks_cells_ && !memory.kept) {
    count_empty_cells();
  }
  memory.ended.resize(store.table_count());
  for (std::uint32_t t = 0; t < store.table_count(); ++t) {
    memory.ended[t].assign(store.table(t).size(), 0);
  }
}

std::uint64_t LiveWorld::cell_in(const Table& table, std::size_t position, std::size_t row) const {
  const Column& column = table.column(position);
  const Place place = PlaceColumn{column.data(), column.stride()}.at(*around_->domain, row);
  return static_cast<std::uint64_t>(cell_at(around_->lattice, *around_->domain, place));
}

void LiveWorld::count_empty_cells() {
  EmptyCells& empty = memory_->empty;
  empty.clear(static_cast<std::size_t>(around_->lattice.volume()),
              around_->domain->exclusive ? EmptyCells::Crowd::one : EmptyCells::Crowd::any);
  for (std::uint32_t t = 0; t < store_->table_count(); ++t) {
    if (const auto position = store_->position_column(t)) {
      const Column& column = store_->table(t).column(*position);
      for_each_cell(around_->lattice, *around_->domain, {column.data(), column.stride()},
                    store_->table(t).size(), [&](std::size_t, std::int64_t cell) {
                      empty.enter(static_cast<std::uint64_t>(cell));
                    });
    }
  }
  empty.finish();
}

bool LiveWorld::begin(std::deque<TableRun>& runs) {
  if (runs.empty()) {
    return false;
  }
  if (runs.size() > 1) {
    refuse_archetypes(*run_->behavior);
  }
  in_hand_ = &runs.front();
  table_in_hand_ = in_hand_->number;
  in_hand_->live = this;
  show_reaches(*in_hand_);
  view_table_in_hand();
  find_turns();
  find_cells_of_rows();
  note_beginnings();
  view_claims();
  return true;
}

void LiveWorld::act(std::span<const std::uint32_t> rows, const Call& call) {
  rows_ = rows;
  turn_ = 0;
  if (std::none_of(claimed_.begin(), claimed_.end(),
                   [&](const Claimed& claimed) { return acts(claimed.agents); })) {
    call(*in_hand_, rows_.data(), rows_.size());
    return;
  }
  for (const std::uint32_t row : rows_) {
    if (!has_ended({table_in_hand_, row})) {
      call(*in_hand_, &row, 1);
    }
  }
}

// Looks up what is asked of the table in hand at every commit.
void LiveWorld::view_table_in_hand() {
  const Table& table = *in_hand_->table;
  if (in_hand_->position) {
    const Column& column = table.column(*in_hand_->position);
    places_ = {column.data(), column.stride()};
  }
  for (std::size_t k = 0; k < reached_.size(); ++k) {
    Population& population = reached_[k];
    population.shown.clear();
    if (population.occupants == nullptr || !table.has(population.component)) {
      continue;
    }
    for (const FieldKey field : run_->behavior->reaches[k].fields) {
      const Column& column = table.column(table.find_column(field).value());
      population.shown.push_back({column.data(), column.stride()});
    }
  }
}

void LiveWorld::find_turns() {
  const std::span<const EntityId> ids = in_hand_->table->ids();
  if (!run_->behavior->shuffle) {
    turns_ = memory_->activation.by_id(ids);
    return;
  }
  const std::uint64_t key = activation_key(*run_->behavior);
  turns_ = memory_->activation.shuffled(ids, activation_word(key, around_->tick));
}

void LiveWorld::find_cells_of_rows() {
  if (!tracks_cells_ || !in_hand_->position || memory_->kept) {
    return;
  }
  LargeVector<std::uint32_t>& cells = memory_->cell_of_row;
  cells.resize(in_hand_->table->size());
  const Column& column = in_hand_->table->column(*in_hand_->position);
  for_each_cell(
      around_->lattice, *around_->domain, {column.data(), column.stride()}, cells.size(),
      [&](std::size_t row, std::int64_t cell) { cells[row] = static_cast<std::uint32_t>(cell); });
}

// Whether somebody could see that a row of the table in hand has moved, or what it has written.
bool LiveWorld::needs_commits() const {
  const auto sees = [&](const Population& population) {
    return table_in_hand_ < population.bases.size() && population.bases[table_in_hand_] != kNoBase;
  };
  return tracks_cells_ || searches_ || std::any_of(reached_.begin(), reached_.end(), sees) ||
         std::any_of(claimed_.begin(), claimed_.end(),
                     [&](const Claimed& claimed) { return sees(claimed.agents); });
}

// Takes a cell for a row that has moved; false where another agent of an exclusive grid has it.
bool LiveWorld::move_to(std::uint32_t row, std::uint32_t cell) {
  std::uint32_t& stood = memory_->cell_of_row[row];
  if (cell == stood) {
    return true;
  }
  if (around_->domain->exclusive && memory_->empty.taken(cell)) {
    reason_ = "it moved onto an occupied cell; this grid holds at most one agent a cell";
    return false;
  }
  memory_->empty.occupy(cell);
  memory_->empty.vacate(stood);
  stood = cell;
  return true;
}

// Brings what a row wrote as its place into the world, and notes where it is now; false where it
// cannot be there.
bool LiveWorld::settle_place_of(std::uint32_t row) {
  if (!knows_cells()) {
    return settle_places(*in_hand_, row, row + 1, reason_) != row;
  }
  const std::byte* place = places_.data + row * places_.stride;
  std::int64_t cell = cell_of_place(around_->lattice, *around_->domain, place);
  if (cell < 0 || around_->domain->periodic) {
    if (settle_places(*in_hand_, row, row + 1, reason_) == row) {
      return false;
    }
    cell = cell_of_place(around_->lattice, *around_->domain, place);
  }
  return has_ended({table_in_hand_, row}) || move_to(row, static_cast<std::uint32_t>(cell));
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
  if (knows_cells()) {
    __builtin_prefetch(&memory_->cell_of_row[far]);
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
    population.visit_finder([&](const auto& finder) {
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

bool LiveWorld::commit(std::uint32_t row) {
  if (searches_) {
    look_ahead(row);
  }
  const std::uint32_t before = knows_cells() ? memory_->cell_of_row[row] : 0;
  if (in_hand_->moves && !settle_place_of(row)) {
    return false;
  }
  show(row, before);
  return true;
}

// Shows what a row has written to those who look around; `before` is the cell where it stood.
void LiveWorld::show(std::uint32_t row, std::uint32_t before) {
  for (std::size_t k = 0; k < reached_.size(); ++k) {
    Population& population = reached_[k];
    if (table_in_hand_ >= population.bases.size() || population.bases[table_in_hand_] == kNoBase) {
      continue;
    }
    if (population.occupants != nullptr) {
      if (!has_ended({table_in_hand_, row})) {
        const std::uint32_t now = memory_->cell_of_row[row];
        if (now != before) {
          population.occupants->leave(before);
        }
        population.occupants->stand(now, population.shown, row);
      }
      continue;
    }
    const std::uint32_t item = population.bases[table_in_hand_] + row;
    if (population.tables.size() > 1) {
      copy_row(population, run_->behavior->reaches[k], item, row);
    }
    if (in_hand_->moves) {
      population.visit_finder([&](auto& finder) {
        if (finder.present(item)) {
          finder.move(item, places_.at(*around_->domain, row));
        }
      });
    }
  }
}

// Where an agent stands for those who look around: a row whose turn it is, in the cell of its
// start.
std::uint32_t LiveWorld::cell_of(Location at) const {
  if (at.table == table_in_hand_ && knows_cells()) {
    return memory_->cell_of_row[at.row];
  }
  const std::size_t position = store_->position_column(at.table).value();
  return static_cast<std::uint32_t>(cell_in(store_->table(at.table), position, at.row));
}

void LiveWorld::leave(std::uint32_t row) {
  end({table_in_hand_, row}, nullptr);
}

// Takes an agent out of all lists; once. `known`: it has left this one already.
void LiveWorld::end(Location at, const Population* known) {
  if (std::exchange(memory_->ended[at.table][at.row], std::uint8_t{1}) != 0) {
    return;
  }
  const auto leave = [&](Population& population) {
    if (&population != known && at.table < population.bases.size() &&
        population.bases[at.table] != kNoBase) {
      drop(population, at);
    }
  };
  std::for_each(reached_.begin(), reached_.end(), leave);
  std::for_each(claimed_.begin(), claimed_.end(), [&](Claimed& claimed) { leave(claimed.agents); });
  if (!tracks_cells_) {
    return;
  }
  if (store_->position_column(at.table)) {
    memory_->empty.vacate(cell_of(at));
  }
}

}  // namespace bw
