// Settlement: claims and deposits are brought to the ranks that own their cells, settled there, and
// the outcome is brought back to those who asked.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "base/errors.hpp"
#include "base/strided.hpp"
#include "base/whole.hpp"
#include "engine/simulation.hpp"
#include "settle/claims.hpp"

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

// One rank: lists the agents that a phase may claim, before it runs, and shows its behaviors what
// there is to be claimed, as far as that stays as it is until the claims are settled.
void Simulation::show_claimed(std::size_t phase) {
  const std::vector<Behavior>& behaviors = model_.phases[phase].behaviors;
  for (const auto& rank : ranks_) {
    for (std::size_t b = 0; b < behaviors.size(); ++b) {
      rank->prepared[phase][b].run.claimed.assign(behaviors[b].claims.size(), {});
    }
  }
  Rank& rank = *ranks_.front();
  std::fill(rank.claimed_shown.begin(), rank.claimed_shown.end(), std::uint8_t{0});
  for (std::size_t b = 0; b < behaviors.size(); ++b) {
    BehaviorRun& run = rank.prepared[phase][b].run;
    if (firing_[b] == 0 || sequential_ || communicator_->ranks() > 1) {
      continue;
    }
    for (std::size_t k = 0; k < behaviors[b].claims.size(); ++k) {
      const ClaimUse& use = behaviors[b].claims[k];
      if (use.stock && !fires_writer(phase, *use.stock)) {
        run.claimed[k].cells = rank.cells.get();
        run.claimed[k].stock =
            &rank.cells->table().column(rank.cells->table().find_column(*use.stock).value());
      } else if (use.agents && !moves_any(phase, *use.agents)) {
        const std::size_t kind = run.first_claim + k;
        rank.claimed[kind].take_all(rank.store, *use.agents, model_.domain, lattice_);
        rank.claimed_shown[kind] = 1;
        run.claimed[k].agents = &rank.claimed[kind];
      }
    }
  }
}

bool Simulation::fires_writer(std::size_t phase, FieldKey field) const {
  const std::vector<Behavior>& behaviors = model_.phases[phase].behaviors;
  for (std::size_t b = 0; b < behaviors.size(); ++b) {
    if (firing_[b] != 0 && behaviors[b].writes(field)) {
      return true;
    }
  }
  return false;
}

// Whether agents with a component may move in a phase.
bool Simulation::moves_any(std::size_t phase, ComponentId component) const {
  const Store& store = ranks_.front()->store;
  const std::vector<std::uint32_t> tables = store.tables_with({&component, 1});
  return std::any_of(tables.begin(), tables.end(), [&](std::uint32_t t) {
    const auto position = store.position_column(t);
    return position && fires_writer(phase, store.table(t).column_key(*position));
  });
}

// The kinds of claims of agents among some.
std::vector<std::uint32_t> Simulation::kinds_of_agents(std::span<const Claim> claims) const {
  std::vector<std::uint8_t> asked(claim_targets_.size(), 0);
  for (const Claim& claim : claims) {
    asked[claim.kind] = 1;
  }
  std::vector<std::uint32_t> kinds;
  for (std::uint32_t kind = 0; kind < asked.size(); ++kind) {
    if (asked[kind] != 0 && claim_targets_[kind].agents) {
      kinds.push_back(kind);
    }
  }
  return kinds;
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
  if (claims.empty()) {
    return;
  }
  for (const std::uint32_t kind : kinds_of_agents(claims)) {
    if (rank.claimed_shown[kind] == 0) {
      const ComponentId agents = *claim_targets_[kind].agents;
      rank.claimed[kind].take_all(rank.store, agents, model_.domain, lattice_);
    }
  }
  hand_out(rank.store, settle_on(0, claims).grants);
  claims.clear();
}

void Simulation::settle_claims() {
  const std::vector<std::vector<Claim>> claims = route_claims();
  const std::vector<std::vector<AgentAt>> agents =
      find_claimed_agents(std::vector<std::span<const Claim>>(claims.begin(), claims.end()));
  Routed<Grant> grants = routes<Grant>(ranks_.size(), communicator_->ranks());
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    for (const std::uint32_t kind : kinds_of_agents(claims[h])) {
      ranks_[h]->claimed[kind].take(agents[h], kind, static_cast<std::size_t>(lattice_.volume()));
    }
    std::fill(grants[h].begin(), grants[h].end(), settle_on(h, claims[h]).grants);
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
const ClaimOutcome& Simulation::settle_on(std::size_t h, std::span<const Claim> claims) {
  Rank& rank = *ranks_[h];
  const ClaimOutcome& outcome =
      rank.claim_settler.settle(claims, claim_targets_, rank.claimed, rank.cells.get(),
                                static_cast<std::size_t>(lattice_.volume()), tick_);
  for (const Sighting& taken : outcome.taken) {
    rank.executor.command_buffers().front()->despawn(taken.id, taken.at);
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
