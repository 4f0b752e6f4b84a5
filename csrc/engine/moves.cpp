// Moves on exclusive grids: which cells are taken and which are empty, kept from phase to phase as
// long as nothing but settled moves changes them; and rounds in which those who want to move get
// the cells they want, draw others, or stay.
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/philox.hpp"
#include "engine/simulation.hpp"
#include "settle/moves.hpp"

namespace bw {

// Calls visit(cell) for each agent of a rank that has a place.
template <class Visit>
void Simulation::visit_cells_of_agents(std::size_t h, Visit&& visit) const {
  const Store& store = ranks_[h]->store;
  for (std::uint32_t t = 0; t < store.table_count(); ++t) {
    if (const auto position = store.position_column(t)) {
      const Column& column = store.table(t).column(*position);
      for_each_cell(
          lattice_, model_.domain, {column.data(), column.stride()}, store.table(t).size(),
          [&](std::size_t, std::int64_t cell) { visit(static_cast<std::uint64_t>(cell)); });
    }
  }
}

// Which version of who is where is in hand: equal ones are the same but for moves that were
// settled, of which all is told that is kept.
std::uint64_t Simulation::ground() const {
  return upheavals_ + ranks_.front()->store.changes();
}

bool Simulation::keeps_ground() const {
  return model_.domain.exclusive && communicator_->ranks() == 1;
}

void Simulation::find_taken_cells() {
  if (keeps_ground() && taken_ground_ == ground()) {
    return;
  }
  taken_ground_ = ground();
  taken_.clear(static_cast<std::size_t>(lattice_.volume()));
  if (communicator_->ranks() == 1) {
    visit_cells_of_agents(0, [&](std::uint64_t cell) { taken_.take(cell); });
    return;
  }
  // Each rank lists the cells of its agents; all ranks know all of them.
  Mail mail = communicator_->empty_mail();
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    std::vector<std::uint64_t> mine;
    visit_cells_of_agents(h, [&](std::uint64_t cell) { mine.push_back(cell); });
    Bytes message;
    Writer(message).values(std::span<const std::uint64_t>(mine));
    std::fill(mail[h].begin(), mail[h].end(), message);
  }
  mail = communicator_->exchange("occupied cells", std::move(mail));
  for (const Bytes& message : mail.front()) {
    for (const std::uint64_t cell : Reader(message).values<std::uint64_t>()) {
      taken_.take(cell);
    }
  }
}

void Simulation::list_empty_cells(std::size_t phase) {
  taken_found_ = false;
  empty_cells_.clear();
  const std::vector<Behavior>& behaviors = model_.phases[phase].behaviors;
  bool drawn = false;
  bearing_ = false;
  for (std::size_t b = 0; b < behaviors.size(); ++b) {
    const bool synchronous = firing_[b] != 0 && !behaviors[b].sequential;
    drawn = drawn || (synchronous && behaviors[b].draws_empty_cells);
    bearing_ = bearing_ || (firing_[b] != 0 && !behaviors[b].spawns.empty());
  }
  const bool contested = model_.domain.exclusive && (settles_moves() || (bearing_ && !sequential_));
  if (model_.domain.integral() && (contested || drawn)) {
    find_taken_cells();
    taken_found_ = true;
    if (drawn) {
      taken_.list_empty(empty_cells_);
    }
  }
}

// Whether agents may claim cells of an exclusive grid in this phase; a sequential behavior settles
// its moves itself.
bool Simulation::settles_moves() const {
  return model_.domain.exclusive && moving_ && !sequential_;
}

// Behaviors that look at cells look around the places of the start, also while another behavior of
// the phase writes them.
void Simulation::show_places_before(std::size_t phase) {
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    old_places_[h].clear();
    Store& store = ranks_[h]->store;
    std::deque<PreparedBehavior>& prepared = ranks_[h]->prepared[phase];
    for (std::size_t b = 0; b < prepared.size() && prepared.size() > 1; ++b) {
      if (firing_[b] == 0) {
        continue;
      }
      const Behavior& mover = *prepared[b].run.behavior;
      for (const std::uint32_t t : store.tables_with(mover.components)) {
        const auto position = store.position_column(t);
        if (position && mover.writes(store.table(t).column_key(*position))) {
          const Column& column = store.table(t).column(*position);
          const std::size_t size = store.table(t).size() * column.value_size();
          const Bytes& kept = old_places_[h].emplace_back(column.data(), column.data() + size);
          for (PreparedBehavior& other : prepared) {
            show_places_to(other, &other == &prepared[b], t, kept);
          }
        }
      }
    }
  }
}

void Simulation::show_places_to(PreparedBehavior& other, bool itself, std::uint32_t table,
                                const Bytes& places) {
  for (ReachView& view : other.run.reaches) {
    if (view.occupants != nullptr && !itself) {
      view.places_before.emplace_back(table, places.data());
    }
  }
}

void Simulation::write_cell(std::uint64_t cell, std::byte* place) const {
  const std::array<std::uint32_t, kAxes> at =
      place_of_cell(lattice_, static_cast<std::uint32_t>(cell));
  std::memcpy(place, at.data(), model_.domain.place_size());
}

// Random words number `first` of those who move, of each behavior together.
void Simulation::draw_words(const Rank& rank, const Movers& movers, std::uint64_t first) {
  const std::size_t count = movers.who.size();
  ids_drawing_.resize(count);
  words_drawn_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    ids_drawing_[i] = movers.claims[i].mover;
  }
  for (std::size_t begin = 0, end = 0; begin < count; begin = end) {
    const std::uint32_t behavior = movers.who[begin].behavior;
    while (end < count && movers.who[end].behavior == behavior) {
      ++end;
    }
    fill_random_words(rank.runs[behavior]->claim_key, tick_, ids_drawing_.data() + begin,
                      end - begin, first, 1, words_drawn_.data() + begin);
  }
}

// Takes what the agents of a rank asked for.
void Simulation::take_movers(Rank& rank, Movers& movers) {
  movers.claims.clear();
  movers.who.clear();
  for (RequestBuffer* buffer : rank.executor.request_buffers()) {
    for (const Move& move : buffer->moves) {
      movers.claims.push_back({move.cell, 0, move.mover});
      movers.who.push_back({move.at, move.behavior});
    }
    buffer->moves.clear();
  }
  draw_words(rank, movers, 0);
  for (std::size_t i = 0; i < movers.who.size(); ++i) {
    movers.claims[i].priority = words_drawn_[i];
  }
}

// Agents are put into the cells that they won, the others remain.
void Simulation::put_winners(Rank& rank, Movers& movers, std::span<const std::uint8_t> won) {
  std::size_t losers = 0;
  Column* places = nullptr;
  std::uint32_t table = 0;
  for (std::size_t i = 0; i < movers.who.size(); ++i) {
    if (won[i] == 0) {
      movers.claims[losers] = movers.claims[i];
      movers.who[losers++] = movers.who[i];
      continue;
    }
    const Location at = movers.who[i].at;
    if (places == nullptr || table != at.table) {
      table = at.table;
      places = &rank.store.table(table).column(rank.store.position_column(table).value());
    }
    std::byte* place = places->at(at.row);
    if (keeps_ground()) {
      const auto left = static_cast<std::uint32_t>(cell_of_place(lattice_, model_.domain, place));
      left_cells_.push_back(left);
      tell_occupants(rank, at, left, static_cast<std::uint32_t>(movers.claims[i].cell));
    }
    write_cell(movers.claims[i].cell, place);
  }
  movers.claims.resize(losers);
  movers.who.resize(losers);
}

// What is kept of who stands where follows an agent that moves to a cell.
void Simulation::tell_occupants(Rank& rank, Location at, std::uint32_t from, std::uint32_t to) {
  for (KeptOccupants& kept : kept_occupants_) {
    if (kept.table != at.table) {
      kept.show_table(rank.store, at.table);
    }
    if (kept.concerned) {
      kept.occupants->leave(from);
      kept.occupants->stand(to, kept.columns, at.row);
    }
  }
}

// Looks up what is read of the rows of a table, for all of them that move one after another.
void Simulation::KeptOccupants::show_table(const Store& store, std::uint32_t number) {
  const Table& of = store.table(number);
  table = number;
  concerned = of.has(use->component);
  columns.clear();
  for (const FieldKey field : use->fields) {
    if (concerned) {
      const Column& column = of.column(of.find_column(field).value());
      columns.push_back({column.data(), column.stride()});
    }
  }
}

// The occupants of all phases that show the ground in hand.
void Simulation::list_kept_occupants() {
  kept_occupants_.clear();
  for (std::deque<PreparedBehavior>& phase : ranks_.front()->prepared) {
    for (PreparedBehavior& prepared : phase) {
      for (std::size_t k = 0; k < prepared.reaches.size(); ++k) {
        PreparedReach& reach = prepared.reaches[k];
        if (reach.occupants && reach.ground == ground()) {
          kept_occupants_.push_back(
              {.use = &prepared.run.behavior->reaches[k], .occupants = reach.occupants.get()});
        }
      }
    }
  }
}

// Losers that had drawn their cell draw another one of those that are still empty, as often as the
// behavior allows; the others stay.
void Simulation::redraw(const Rank& rank, Movers& losers, std::int32_t round) {
  std::size_t again = 0;
  for (std::size_t i = 0; i < losers.who.size(); ++i) {
    const Behavior& behavior = *rank.runs[losers.who[i].behavior]->behavior;
    if (behavior.draws_empty_cells && round < behavior.redraws && !empty_cells_.empty()) {
      losers.claims[again] = losers.claims[i];
      losers.who[again++] = losers.who[i];
    }
  }
  losers.claims.resize(again);
  losers.who.resize(again);
  draw_words(rank, losers, static_cast<std::uint64_t>(round) + 1);
  for (std::size_t i = 0; i < again; ++i) {
    losers.claims[i].cell = empty_cells_[scale_word(words_drawn_[i], empty_cells_.size())];
  }
}

void Simulation::settle_moves() {
  std::vector<std::span<const MoveClaim>> claims(ranks_.size());
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    take_movers(*ranks_[h], movers_[h]);
  }
  if (keeps_ground()) {
    list_kept_occupants();
  }
  std::vector<std::vector<std::uint8_t>> won;
  for (std::int32_t round = 0;; ++round) {
    for (std::size_t h = 0; h < ranks_.size(); ++h) {
      claims[h] = movers_[h].claims;
    }
    if (!settle_round(claims, won)) {
      return;
    }
    taken_.drop_taken(empty_cells_);
    for (std::size_t h = 0; h < ranks_.size(); ++h) {
      put_winners(*ranks_[h], movers_[h], won[h]);
      redraw(*ranks_[h], movers_[h], round);
    }
  }
}

// Collective: one round of claims of cells, by hosted rank. Every rank sees all of them and comes
// to the same outcome: for each claim, whether it won. False where no rank has any.
bool Simulation::settle_round(std::span<const std::span<const MoveClaim>> claims,
                              std::vector<std::vector<std::uint8_t>>& won) {
  won.resize(claims.size());
  if (communicator_->ranks() == 1) {
    won.front() = taken_.settle(claims.front());
    return !claims.front().empty();
  }
  Mail mail = communicator_->empty_mail();
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    Bytes message;
    Writer(message).values(claims[h]);
    std::fill(mail[h].begin(), mail[h].end(), message);
  }
  mail = communicator_->exchange("moves", std::move(mail));
  std::vector<MoveClaim> all;
  std::vector<std::size_t> first_of_rank;
  for (const Bytes& message : mail.front()) {
    first_of_rank.push_back(all.size());
    const std::vector<MoveClaim> from = Reader(message).values<MoveClaim>();
    all.insert(all.end(), from.begin(), from.end());
  }
  const std::vector<std::uint8_t>& outcome = taken_.settle(all);
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    const auto first = outcome.begin() + static_cast<std::ptrdiff_t>(first_of_rank[ranks_[h]->id]);
    won[h].assign(first, first + static_cast<std::ptrdiff_t>(claims[h].size()));
  }
  return !all.empty();
}

// At the end of a phase the cells that agents left are empty again.
void Simulation::free_left_cells() {
  for (const std::uint64_t cell : left_cells_) {
    taken_.leave(cell);
  }
  left_cells_.clear();
}

}  // namespace bw
