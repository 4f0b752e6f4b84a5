// Settlement: moves on exclusive grids, claims and deposits are brought to the ranks that own their cells, settled there, and the
// outcome is brought back to those who asked.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/philox.hpp"
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

// floor(word * n / 2^64): a whole number below n.
std::uint64_t scale_word(std::uint64_t word, std::uint64_t n) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((static_cast<Wide>(word) * n) >> 64);
}

}  // namespace

Occupancy Simulation::occupancy() const {
  // Each rank lists the cells of its agents; all ranks know all of them.
  const std::size_t hosted = ranks_.size();
  Routed<std::uint64_t> cells = routes<std::uint64_t>(hosted, communicator_->ranks());
  for (std::size_t h = 0; h < hosted; ++h) {
    std::vector<std::uint64_t> mine;
    const Store& store = ranks_[h]->store;
    for (std::uint32_t t = 0; t < store.table_count(); ++t) {
      const auto position = store.position_column(t);
      if (!position) {
        continue;
      }
      const Column& column = store.table(t).column(*position);
      const PlaceColumn places{column.data(), column.stride()};
      for (std::size_t row = 0; row < store.table(t).size(); ++row) {
        mine.push_back(static_cast<std::uint64_t>(cell_at(lattice_, model_.domain, places.at(model_.domain, row))));
      }
    }
    std::fill(cells[h].begin(), cells[h].end(), mine);
  }
  Occupancy occupancy(static_cast<std::size_t>(lattice_.volume()));
  const auto received = exchange_items(*communicator_, cells);
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
  bool synchronous = false;
  for (std::size_t b = 0; b < behaviors.size(); ++b) {
    synchronous = synchronous || (firing_[b] != 0 && !behaviors[b].sequential);
    drawn = drawn || (firing_[b] != 0 && behaviors[b].draws_empty_cells);
  }
  if (model_.domain.exclusive && synchronous && (moving_ || drawn)) {
    taken_ = occupancy();
    if (drawn) {
      empty_cells_ = taken_->empty_cells();
    }
  }
}

Column& Simulation::places_of(std::size_t rank, std::uint32_t table) {
  Store& store = ranks_[rank]->store;
  return store.table(table).column(store.position_column(table).value());
}

void Simulation::remember_places(std::size_t phase) {
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
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
          old_places_[h].push_back({t, &run, Bytes(column.data(), column.data() + size)});
        }
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
    for (std::uint32_t row = 0; row < table.size(); ++row) {
      if (std::memcmp(column.at(row), old.values.data() + row * column.value_size(), column.value_size()) != 0) {
        const Place place = PlaceColumn{column.at(row), 0}.at(model_.domain, 0);
        const EntityId id = table.ids()[row];
        movers.push_back({static_cast<std::uint64_t>(cell_at(lattice_, model_.domain, place)),
                          random_word(old.mover->claim_key, id, tick_, 0), id, from, row});
      }
    }
  }
  return movers;
}

void Simulation::put(std::size_t h, const Mover& mover, bool back) {
  const OldPlaces& old = old_places_[h][mover.from];
  Column& column = places_of(h, old.table);
  if (back) {
    std::memcpy(column.at(mover.row), old.values.data() + mover.row * column.value_size(), column.value_size());
    return;
  }
  std::array<std::int32_t, kAxes> at{};
  std::uint64_t cell = mover.cell;
  for (std::size_t a = 0; a < kAxes; ++a) {
    at[a] = static_cast<std::int32_t>(cell % static_cast<std::uint64_t>(lattice_.cells[a]));
    cell /= static_cast<std::uint64_t>(lattice_.cells[a]);
  }
  std::memcpy(column.at(mover.row), at.data(), column.value_size());
}

// Losers that had drawn their cell draw another one, as often as the behavior allows; the others go back.
std::vector<Simulation::Mover> Simulation::redraw(std::size_t h, std::vector<Mover> losers, std::int32_t round) {
  std::vector<Mover> again;
  for (Mover& loser : losers) {
    const BehaviorRun& run = *old_places_[h][loser.from].mover;
    if (!run.behavior->draws_empty_cells || round >= run.behavior->redraws || empty_cells_.empty()) {
      put(h, loser, true);
      continue;
    }
    const std::uint64_t word = random_word(run.claim_key, loser.id, tick_, static_cast<std::uint64_t>(round) + 1);
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
    // Every rank sees all claims of a round and comes to the same outcome.
    Routed<MoveClaim> sent = routes<MoveClaim>(ranks_.size(), communicator_->ranks());
    for (std::size_t h = 0; h < ranks_.size(); ++h) {
      std::vector<MoveClaim> mine;
      for (const Mover& mover : movers[h]) {
        mine.push_back({mover.cell, mover.priority, mover.id});
      }
      std::fill(sent[h].begin(), sent[h].end(), mine);
    }
    std::vector<MoveClaim> claims;
    std::vector<std::size_t> first_of_rank;
    const auto received = exchange_items(*communicator_, sent);
    for (const std::vector<MoveClaim>& from : received.front()) {
      first_of_rank.push_back(claims.size());
      claims.insert(claims.end(), from.begin(), from.end());
    }
    if (claims.empty()) {
      return;
    }
    const std::vector<std::uint8_t> won = taken_->settle(claims);
    for (std::size_t h = 0; h < ranks_.size(); ++h) {
      std::vector<Mover> losers;
      const std::size_t first = first_of_rank[ranks_[h]->id];
      for (std::size_t i = 0; i < movers[h].size(); ++i) {
        if (won[first + i] != 0) {
          put(h, movers[h][i], false);
        } else {
          losers.push_back(movers[h][i]);
        }
      }
      movers[h] = redraw(h, std::move(losers), round);
    }
  }
}

void Simulation::settle_claims_and_deposits() {
  if (claim_targets_.empty() && deposit_fields_.empty()) {
    return;
  }
  const std::size_t hosted = ranks_.size();
  Routed<Claim> claims = routes<Claim>(hosted, communicator_->ranks());
  Routed<Deposit> deposits = routes<Deposit>(hosted, communicator_->ranks());
  for (std::size_t h = 0; h < hosted; ++h) {
    for (RequestBuffer* buffer : ranks_[h]->executor.request_buffers()) {
      for (const Claim& claim : buffer->claims) {
        claims[h][owner_of_cell(claim.cell)].push_back(claim);
      }
      for (const Deposit& deposit : buffer->deposits) {
        deposits[h][owner_of_cell(deposit.cell)].push_back(deposit);
      }
      buffer->clear();
    }
  }
  const Routed<Claim> asked = exchange_items(*communicator_, claims);
  const Routed<Deposit> given = exchange_items(*communicator_, deposits);
  Routed<Grant> grants = routes<Grant>(hosted, communicator_->ranks());
  for (std::size_t h = 0; h < hosted; ++h) {
    Rank& rank = *ranks_[h];
    std::vector<Claim> all;
    for (const std::vector<Claim>& from : asked[h]) {
      all.insert(all.end(), from.begin(), from.end());
    }
    if (!all.empty()) {
      // Agents in the cells of this rank are this rank's only after a hand-over: claims see where agents were.
      ClaimOutcome outcome = settle_claims(std::move(all), claim_targets_, rank.store, rank.cells.get(), model_.domain, lattice_);
      std::fill(grants[h].begin(), grants[h].end(), outcome.grants);
      for (const EntityId taken : outcome.taken) {
        rank.executor.command_buffers().front()->despawn(taken);
      }
    }
    for (const std::vector<Deposit>& from : given[h]) {
      settle_deposits(from, deposit_fields_, *rank.cells);
    }
  }
  const Routed<Grant> granted = exchange_items(*communicator_, grants);
  std::vector<FieldKey> results;
  for (const Phase& phase : model_.phases) {
    for (const Behavior& behavior : phase.behaviors) {
      for (const ClaimUse& claim : behavior.claims) {
        results.push_back(claim.result);
      }
    }
  }
  for (std::size_t h = 0; h < hosted; ++h) {
    Store& store = ranks_[h]->store;
    for (const std::vector<Grant>& from : granted[h]) {
      for (const Grant& grant : from) {
        if (const auto at = store.find(grant.claimant)) {
          Table& table = store.table(at->table);
          Column& column = table.column(table.find_column(results[grant.kind]).value());
          add_whole(column.type().scalar, column.at(at->row), grant.count);
        }
      }
    }
  }
}

}  // namespace bw
