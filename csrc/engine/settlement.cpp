// Settlement: moves on exclusive grids, claims and deposits are brought to the ranks that own their
// cells, settled there, and the outcome is brought back to those who asked.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "base/errors.hpp"
#include "base/philox.hpp"
#include "base/strided.hpp"
#include "base/whole.hpp"
#include "engine/simulation.hpp"
#include "settle/claims.hpp"
#include "settle/moves.hpp"

namespace bw {
namespace {

template <class T>
using Routed = std::vector<std::vector<std::vector<T>>>;  // by hosted rank and other rank

template <class T>
Routed<T> routes(std::size_t hosted, std::size_t ranks) {
  return Routed<T>(hosted, std::vector<std::vector<T>>(ranks));
}

// What each hosted rank received, from all ranks together.
template <class T>
std::vector<std::vector<T>> joined(const Routed<T>& received) {
  std::vector<std::vector<T>> all(received.size());
  for (std::size_t h = 0; h < received.size(); ++h) {
    for (const std::vector<T>& from : received[h]) {
      all[h].insert(all[h].end(), from.begin(), from.end());
    }
  }
  return all;
}

}  // namespace

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

Occupancy Simulation::occupancy() const {
  Occupancy occupancy(static_cast<std::size_t>(lattice_.volume()));
  if (communicator_->ranks() == 1) {
    visit_cells_of_agents(0, [&](std::uint64_t cell) { occupancy.take(cell); });
    return occupancy;
  }
  // Each rank lists the cells of its agents; all ranks know all of them.
  const std::size_t hosted = ranks_.size();
  Routed<std::uint64_t> cells = routes<std::uint64_t>(hosted, communicator_->ranks());
  for (std::size_t h = 0; h < hosted; ++h) {
    std::vector<std::uint64_t> mine;
    visit_cells_of_agents(h, [&](std::uint64_t cell) { mine.push_back(cell); });
    std::fill(cells[h].begin(), cells[h].end(), mine);
  }
  const auto received = exchange_items(*communicator_, "occupied cells", cells);
  for (const std::vector<std::uint64_t>& from : received.front()) {
    for (const std::uint64_t cell : from) {
      occupancy.take(cell);
    }
  }
  return occupancy;
}

void Simulation::list_empty_cells(std::size_t phase) {
  taken_.reset();
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
    taken_ = occupancy();
    if (drawn) {
      empty_cells_ = taken_->empty_cells();
    }
  }
}

// Whether agents may claim cells of an exclusive grid in this phase; a sequential behavior settles
// its moves itself.
bool Simulation::settles_moves() const {
  return model_.domain.exclusive && moving_ && !sequential_;
}

Column& Simulation::places_of(std::size_t rank, std::uint32_t table) {
  Store& store = ranks_[rank]->store;
  return store.table(table).column(store.position_column(table).value());
}

void Simulation::remember_places(std::size_t phase) {
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    std::vector<Bytes> memory;  // of earlier phases
    for (OldPlaces& old : old_places_[h]) {
      memory.push_back(std::move(old.values));
    }
    old_places_[h].clear();
    Store& store = ranks_[h]->store;
    for (std::size_t b = 0; b < firing_.size(); ++b) {
      const BehaviorRun& run = ranks_[h]->prepared[phase][b].run;
      if (firing_[b] == 0) {
        continue;
      }
      for (const std::uint32_t t : store.tables_with(run.behavior->components)) {
        const auto position = store.position_column(t);
        if (position && run.behavior->writes(store.table(t).column_key(*position))) {
          const Column& column = store.table(t).column(*position);
          const std::size_t size = store.table(t).size() * column.value_size();
          Bytes values;
          if (!memory.empty()) {
            values.swap(memory.back());
            memory.pop_back();
          }
          values.assign(column.data(), column.data() + size);
          old_places_[h].push_back({t, &run, std::move(values)});
          show_places_before(h, phase, old_places_[h].back());
        }
      }
    }
  }
}

// Behaviors that look at cells look around the places of the start, wherever others move them to.
void Simulation::show_places_before(std::size_t h, std::size_t phase, const OldPlaces& old) {
  for (PreparedBehavior& prepared : ranks_[h]->prepared[phase]) {
    for (ReachView& view : prepared.run.reaches) {
      if (view.occupants != nullptr && &prepared.run != old.mover) {
        view.places_before.emplace_back(old.table, old.values.data());
      }
    }
  }
}

std::vector<Simulation::Mover> Simulation::find_movers(std::size_t h) {
  std::vector<Mover> movers;
  for (std::uint32_t from = 0; from < old_places_[h].size(); ++from) {
    const OldPlaces& old = old_places_[h][from];
    const Table& table = ranks_[h]->store.table(old.table);
    const Column& column = places_of(h, old.table);
    const auto moved = [&](std::uint32_t row, auto size) {
      return std::memcmp(column.data() + row * size, old.values.data() + row * size, size) != 0;
    };
    for_value_size(column.value_size(), [&](auto size) {
      for (std::uint32_t row = 0; row < table.size(); ++row) {
        if (!moved(row, size)) {
          continue;
        }
        const Place place = PlaceColumn{column.at(row), 0}.at(model_.domain, 0);
        const EntityId id = table.ids()[row];
        movers.push_back({static_cast<std::uint64_t>(cell_at(lattice_, model_.domain, place)),
                          random_word(old.mover->claim_key, id, tick_, 0), id, from, row});
      }
    });
  }
  return movers;
}

void Simulation::write_cell(std::uint64_t cell, std::byte* place) const {
  std::array<std::int32_t, kAxes> at{};
  for (std::size_t a = 0; a < kAxes; ++a) {
    at[a] = static_cast<std::int32_t>(cell % static_cast<std::uint64_t>(lattice_.cells[a]));
    cell /= static_cast<std::uint64_t>(lattice_.cells[a]);
  }
  std::memcpy(place, at.data(), model_.domain.place_size());
}

void Simulation::put(std::size_t h, const Mover& mover, bool back) {
  const OldPlaces& old = old_places_[h][mover.from];
  Column& column = places_of(h, old.table);
  if (back) {
    std::memcpy(column.at(mover.row), old.values.data() + mover.row * column.value_size(),
                column.value_size());
  } else {
    write_cell(mover.cell, column.at(mover.row));
  }
}

// Losers that had drawn their cell draw another one, as often as the behavior allows; the others go
// back.
std::vector<Simulation::Mover> Simulation::redraw(std::size_t h, std::vector<Mover> losers,
                                                  std::int32_t round) {
  std::vector<Mover> again;
  for (Mover& loser : losers) {
    const BehaviorRun& run = *old_places_[h][loser.from].mover;
    if (!run.behavior->draws_empty_cells || round >= run.behavior->redraws ||
        empty_cells_.empty()) {
      put(h, loser, true);
      continue;
    }
    const std::uint64_t word =
        random_word(run.claim_key, loser.id, tick_, static_cast<std::uint64_t>(round) + 1);
    loser.cell = empty_cells_[scale_word(word, empty_cells_.size())];
    again.push_back(loser);
  }
  return again;
}

void Simulation::settle_moves() {
  std::vector<std::vector<Mover>> movers;
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    movers.push_back(find_movers(h));
  }
  for (std::int32_t round = 0;; ++round) {
    std::vector<std::vector<MoveClaim>> claims(ranks_.size());
    for (std::size_t h = 0; h < ranks_.size(); ++h) {
      for (const Mover& mover : movers[h]) {
        claims[h].push_back({mover.cell, mover.priority, mover.id});
      }
    }
    const auto won = settle_round(claims);
    if (!won) {
      return;
    }
    for (std::size_t h = 0; h < ranks_.size(); ++h) {
      std::vector<Mover> losers;
      for (std::size_t i = 0; i < movers[h].size(); ++i) {
        if ((*won)[h][i] != 0) {
          put(h, movers[h][i], false);
        } else {
          losers.push_back(movers[h][i]);
        }
      }
      movers[h] = redraw(h, std::move(losers), round);
    }
  }
}

// Collective: one round of claims of cells, by hosted rank. Every rank sees all of them and comes
// to the same outcome: for each claim, whether it won; nothing where no rank has any.
std::optional<std::vector<std::vector<std::uint8_t>>> Simulation::settle_round(
    const std::vector<std::vector<MoveClaim>>& claims) {
  Routed<MoveClaim> sent = routes<MoveClaim>(ranks_.size(), communicator_->ranks());
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    std::fill(sent[h].begin(), sent[h].end(), claims[h]);
  }
  std::vector<MoveClaim> all;
  std::vector<std::size_t> first_of_rank;
  const auto received = exchange_items(*communicator_, "moves", sent);
  for (const std::vector<MoveClaim>& from : received.front()) {
    first_of_rank.push_back(all.size());
    all.insert(all.end(), from.begin(), from.end());
  }
  if (all.empty()) {
    return std::nullopt;
  }
  const std::vector<std::uint8_t> outcome = taken_->settle(all);
  std::vector<std::vector<std::uint8_t>> won;
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    const auto first = outcome.begin() + static_cast<std::ptrdiff_t>(first_of_rank[ranks_[h]->id]);
    won.emplace_back(first, first + static_cast<std::ptrdiff_t>(claims[h].size()));
  }
  return won;
}

void Simulation::settle_claims_and_deposits() {
  if (!claim_targets_.empty()) {
    communicator_->ranks() == 1 ? settle_own_claims() : settle_claims();
  }
  if (!deposit_fields_.empty()) {
    settle_deposits();
  }
}

void Simulation::settle_deposits() {
  const std::size_t hosted = ranks_.size();
  Routed<Deposit> deposits = routes<Deposit>(hosted, communicator_->ranks());
  for (std::size_t h = 0; h < hosted; ++h) {
    for (RequestBuffer* buffer : ranks_[h]->executor.request_buffers()) {
      for (const Deposit& deposit : buffer->deposits) {
        const RankId owner = communicator_->ranks() == 1 ? 0 : owner_of_cell(deposit.cell);
        deposits[h][owner].push_back(deposit);
      }
      buffer->deposits.clear();
    }
  }
  // All deposits of a cell are summed before the sum is added: so it is rounded once, however many
  // ranks there are.
  const std::vector<std::vector<Deposit>> given =
      joined(exchange_items(*communicator_, "deposits", deposits));
  std::optional<DepositOverflow> first;
  for (std::size_t h = 0; h < hosted; ++h) {
    if (!given[h].empty()) {
      Rank& rank = *ranks_[h];
      const auto found = rank.deposit_settler.settle(given[h], deposit_fields_, *rank.cells);
      if (found && (!first || std::tuple(found->field, found->cell) <
                                  std::tuple(first->field, first->cell))) {
        first = found;
      }
    }
  }
  if (first) {
    raise_overflow(*first);
  }
}

void Simulation::raise_overflow(const DepositOverflow& overflow) const {
  const BehaviorRun* depositor = nullptr;
  for (const BehaviorRun* run : ranks_.front()->runs) {
    depositor = run->first_deposit <= overflow.field ? run : depositor;
  }
  const std::string& name = depositor->behavior->name;
  const std::string field = model_.schema.label(deposit_fields_[overflow.field]);
  char value[32];
  std::snprintf(value, sizeof(value), "%.17g", overflow.value);
  throw RunError("behavior '" + name + "' failed at cell " + std::to_string(overflow.cell) +
                     ", tick " + std::to_string(tick_) + ": with what was deposited " + field +
                     " would be " + value + ", which its type cannot hold; use a wider one",
                 name, overflow.cell, tick_, BW_FAILED);
}

// Claims by the hosted rank that owns their cells.
std::vector<std::vector<Claim>> Simulation::route_claims() {
  Routed<Claim> claims = routes<Claim>(ranks_.size(), communicator_->ranks());
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    for (RequestBuffer* buffer : ranks_[h]->executor.request_buffers()) {
      for (const Claim& claim : buffer->claims) {
        claims[h][owner_of_cell(claim.cell)].push_back(claim);
      }
      buffer->claims.clear();
    }
  }
  return joined(exchange_items(*communicator_, "claims", claims));
}

// One rank: its claims stay where they are, and claimants stand where they asked.
void Simulation::settle_own_claims() {
  Rank& rank = *ranks_.front();
  const std::vector<RequestBuffer*> buffers = rank.executor.request_buffers();
  std::vector<Claim>& claims = buffers.front()->claims;
  for (std::size_t i = 1; i < buffers.size(); ++i) {
    claims.insert(claims.end(), buffers[i]->claims.begin(), buffers[i]->claims.end());
    buffers[i]->claims.clear();
  }
  if (!claims.empty()) {
    const std::vector<std::span<const Claim>> all{claims};
    hand_out(rank.store, settle_on(0, claims, find_claimed_agents(all).front()).grants);
    claims.clear();
  }
}

void Simulation::settle_claims() {
  const std::vector<std::vector<Claim>> claims = route_claims();
  const std::vector<std::vector<AgentAt>> agents =
      find_claimed_agents(std::vector<std::span<const Claim>>(claims.begin(), claims.end()));
  Routed<Grant> grants = routes<Grant>(ranks_.size(), communicator_->ranks());
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    std::fill(grants[h].begin(), grants[h].end(), settle_on(h, claims[h], agents[h]).grants);
  }
  std::vector<std::vector<Grant>> granted =
      joined(exchange_items(*communicator_, "grants", grants));
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    // Claimants may have been handed over since they asked.
    Store& store = ranks_[h]->store;
    std::erase_if(granted[h], [&](Grant& grant) {
      grant.at = store.find(grant.claimant).value_or(kNowhere);
      return grant.at == kNowhere;
    });
    hand_out(store, granted[h]);
  }
}

// Settles the claims of cells that a rank owns; agents that were granted end.
const ClaimOutcome& Simulation::settle_on(std::size_t h, std::span<const Claim> claims,
                                          std::span<const AgentAt> agents) {
  Rank& rank = *ranks_[h];
  const ClaimOutcome& outcome =
      rank.claim_settler.settle(claims, claim_targets_, agents, rank.cells.get(),
                                static_cast<std::size_t>(lattice_.volume()), tick_);
  for (const EntityId taken : outcome.taken) {
    rank.executor.command_buffers().front()->despawn(taken);
  }
  return outcome;
}

// Adds what was granted to the claimants' results; each grant says where its claimant stands.
void Simulation::hand_out(Store& store, std::span<const Grant> grants) const {
  Column* column = nullptr;
  std::uint32_t table = 0;
  std::uint32_t kind = 0;
  for (const Grant& grant : grants) {
    if (column == nullptr || grant.at.table != table || grant.kind != kind) {
      table = grant.at.table;
      kind = grant.kind;
      Table& of = store.table(table);
      column = &of.column(of.find_column(claim_results_[kind]).value());
    }
    add_whole(column->type().scalar, column->at(grant.at.row), grant.count);
  }
}

// The agents in claimed cells, by the hosted rank that owns the cells.
std::vector<std::vector<AgentAt>> Simulation::find_claimed_agents(
    const std::vector<std::span<const Claim>>& claims) {
  std::vector<std::vector<AgentAt>> found(ranks_.size());
  const auto look = [&](std::size_t h, std::span<const CellsOfKind> asked,
                        std::vector<AgentAt>& agents) {
    for (const CellsOfKind& one : asked) {
      find_agents(one, *claim_targets_[one.kind].agents, ranks_[h]->store, model_.domain, lattice_,
                  agents);
    }
  };
  const auto cells = static_cast<std::size_t>(lattice_.volume());
  if (communicator_->ranks() == 1 || model_.domain.integral()) {
    // Tiles of a grid are made of whole cells: who owns a cell has its agents.
    for (std::size_t h = 0; h < ranks_.size(); ++h) {
      look(h, cells_with_agents_claimed(claims[h], claim_targets_, cells), found[h]);
    }
    return found;
  }
  Mail mail = communicator_->empty_mail();
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    Bytes message;
    for (const CellsOfKind& one : cells_with_agents_claimed(claims[h], claim_targets_, cells)) {
      Writer(message).value(one.kind);
      Writer(message).values(std::span<const std::uint32_t>(one.cells.list()));
    }
    std::fill(mail[h].begin(), mail[h].end(), message);
  }
  mail = communicator_->exchange("claimed cells", std::move(mail));
  Routed<AgentAt> answers = routes<AgentAt>(ranks_.size(), communicator_->ranks());
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    for (std::size_t r = 0; r < mail[h].size(); ++r) {
      std::vector<CellsOfKind> asked;
      for (Reader reader(mail[h][r]); !reader.done();) {
        const auto kind = reader.value<std::uint32_t>();
        CellsOfKind& one = asked.emplace_back(CellsOfKind{kind, RowSet(cells)});
        for (const std::uint32_t cell : reader.values<std::uint32_t>()) {
          one.cells.add(cell);
        }
      }
      look(h, asked, answers[h][r]);
    }
  }
  return joined(exchange_items(*communicator_, "claimed agents", answers));
}

}  // namespace bw
