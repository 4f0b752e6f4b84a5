// Claims, settled cell by cell.
#include "settle/claims.hpp"

#include <algorithm>
#include <utility>

#include "base/philox.hpp"
#include "base/whole.hpp"

namespace bw {
namespace {

constexpr std::size_t kAhead = 16;  // claims between a prefetch and its use

}  // namespace

std::vector<CellsOfKind> cells_with_agents_claimed(std::span<const Claim> claims,
                                                   std::span<const ClaimTarget> targets,
                                                   std::size_t cells_of_world) {
  std::vector<CellsOfKind> asked;
  std::vector<std::size_t> place(targets.size(), targets.size());  // of each kind in `asked`
  for (const Claim& claim : claims) {
    if (!targets[claim.kind].agents) {
      continue;
    }
    if (place[claim.kind] == targets.size()) {
      place[claim.kind] = asked.size();
      asked.push_back({claim.kind, RowSet(cells_of_world)});
    }
    asked[place[claim.kind]].cells.add(static_cast<std::uint32_t>(claim.cell));
  }
  return asked;
}

void find_agents(const CellsOfKind& asked, ComponentId component, const Store& store,
                 const Domain& domain, const CellBox& lattice, std::vector<AgentAt>& found) {
  for (std::uint32_t t = 0; t < store.table_count(); ++t) {
    const Table& table = store.table(t);
    const auto position = store.position_column(t);
    if (!table.has(component) || !position) {
      continue;
    }
    const Column& column = table.column(*position);
    const std::span<const EntityId> ids = table.ids();
    for_each_cell(lattice, domain, {column.data(), column.stride()}, table.size(),
                  [&](std::size_t row, std::int64_t cell) {
                    if (cell >= 0 && asked.cells.has(static_cast<std::uint32_t>(cell))) {
                      found.push_back({asked.kind,
                                       static_cast<std::uint64_t>(cell),
                                       ids[row],
                                       {t, static_cast<std::uint32_t>(row)}});
                    }
                  });
  }
}

// The cells of claims are anywhere: what is known of them is brought near some claims ahead.
void ClaimSettler::prefetch(std::size_t claim) const {
  if (claim + kAhead < claims_.size()) {
    __builtin_prefetch(&contest_of_[claims_[claim + kAhead].cell], 1);
  }
}

std::uint64_t ClaimSettler::priority(EntityId claimant) const {
  switch (target_->turns) {
    case TurnOrder::activation:
      return activation_priority(turns_word_, claimant);
    case TurnOrder::ids:
      return 0;
    default:
      return random_word(target_->key, claimant, tick_, 0);
  }
}

ClaimSettler::Contest& ClaimSettler::chain(std::uint32_t claim) {
  std::uint32_t& place = contest_of_[claims_[claim].cell];
  if (place == kNone) {
    place = static_cast<std::uint32_t>(contests_.size());
    contests_.push_back({.cell = claims_[claim].cell});
  }
  Contest& contest = contests_[place];
  next_claim_[claim] = contest.first_claim;
  contest.first_claim = claim;
  contest.asked += claims_[claim].count;
  ++contest.claims;
  return contest;
}

// The claims of a cell, with their claimants' priorities where order matters.
void ClaimSettler::collect(const Contest& contest, bool in_order) {
  turns_.clear();
  for (std::uint32_t i = contest.first_claim; i != kNone; i = next_claim_[i]) {
    const EntityId claimant = claims_[i].claimant;
    turns_.push_back({in_order ? priority(claimant) : 0, claimant, i});
  }
  if (in_order) {
    std::sort(turns_.begin(), turns_.end());
  }
}

void ClaimSettler::grant(const Claim& claim, std::int64_t count) {
  outcome_.grants.push_back(
      {claim.claimant, claim.kind, static_cast<std::uint32_t>(count), claim.at});
}

void ClaimSettler::forget_cells() {
  for (const Contest& contest : contests_) {
    contest_of_[contest.cell] = kNone;
  }
  contests_.clear();
}

void ClaimSettler::settle_stock(std::uint32_t kind, FieldKey field, CellLayer& cells) {
  Column& stock = cells.table().column(cells.table().find_column(field).value());
  const Scalar scalar = stock.type().scalar;
  for (std::uint32_t i = 0; i < claims_.size(); ++i) {
    prefetch(i);
    if (claims_[i].kind != kind) {
      continue;
    }
    const auto row = static_cast<std::size_t>(cells.row_of_cell(claims_[i].cell));
    if (read_stock(scalar, stock.at(row)) > 0) {
      chain(i).row = row;
    }
  }
  for (const Contest& contest : contests_) {
    std::byte* at = stock.at(contest.row);
    take_from_stock(scalar, at, share_stock(contest, read_stock(scalar, at)));
  }
  forget_cells();
}

// What is there of a cell's stock to its claimants; returns how much of it.
std::int64_t ClaimSettler::share_stock(const Contest& contest, std::int64_t left) {
  if (contest.claims == 1) {  // most are: no turns to be told
    const Claim& claim = claims_[contest.first_claim];
    const std::int64_t granted = std::min<std::int64_t>(left, claim.count);
    grant(claim, granted);
    return granted;
  }
  const std::int64_t before = left;
  collect(contest, contest.asked > static_cast<std::uint64_t>(left));
  for (const Turn& turn : turns_) {
    const Claim& claim = claims_[turn.claim];
    const std::int64_t granted = std::min<std::int64_t>(left, claim.count);
    left -= granted;
    if (granted > 0) {
      grant(claim, granted);
    }
  }
  return before - left;
}

void ClaimSettler::settle_agents(std::uint32_t kind, const ClaimedAgents& agents) {
  // What an earlier kind was granted is no longer there.
  std::vector<EntityId> gone(outcome_.taken.size());
  std::transform(outcome_.taken.begin(), outcome_.taken.end(), gone.begin(),
                 [](const Sighting& taken) { return taken.id; });
  std::sort(gone.begin(), gone.end());
  for (std::uint32_t i = 0; i < claims_.size(); ++i) {
    prefetch(i);
    if (claims_[i].kind == kind && !agents.empty(claims_[i].cell)) {
      chain(i);
    }
  }
  for (const Contest& contest : contests_) {
    agents.list(contest.cell, there_);
    if (!gone.empty()) {
      std::erase_if(there_, [&](const Sighting& one) {
        return std::binary_search(gone.begin(), gone.end(), one.id);
      });
    }
    target_->turns == TurnOrder::claims ? share_agents(contest) : draw_agents(contest);
  }
  forget_cells();
}

// Each claimant in its turn draws of the agents that are left; none of them is a claimant.
void ClaimSettler::draw_agents(const Contest& contest) {
  collect(contest, contest.claims > 1);
  for (const Turn& turn : turns_) {
    const Claim& claim = claims_[turn.claim];
    std::uint32_t granted = 0;
    for (; granted < claim.count && !there_.empty(); ++granted) {
      std::size_t drawn = 0;
      if (there_.size() > 1) {
        const std::uint64_t word =
            random_word(target_->key, claim.claimant, tick_, std::uint64_t{granted} + 1);
        drawn = scale_word(word, there_.size());
      }
      outcome_.taken.push_back(there_[drawn]);
      there_.erase(there_.begin() + static_cast<std::ptrdiff_t>(drawn));
    }
    if (granted > 0) {
      grant(claim, granted);
    }
  }
}

// The agents of a cell to its claimants, in both their orders.
void ClaimSettler::share_agents(const Contest& contest) {
  const auto is_there = [&](const Claim& claim) {
    return std::ranges::binary_search(there_, claim.claimant, {}, &Sighting::id);
  };
  bool order_matters = contest.asked > there_.size() && contest.claims > 1;
  for (std::uint32_t i = contest.first_claim; i != kNone; i = next_claim_[i]) {
    order_matters = order_matters || is_there(claims_[i]);
  }
  collect(contest, order_matters);
  std::size_t next = 0;
  Sighting passed;  // left to others because it is the claimant itself
  for (const Turn& turn : turns_) {
    const Claim& claim = claims_[turn.claim];
    std::uint32_t granted = 0;
    const auto take = [&](const Sighting& agent) {
      outcome_.taken.push_back(agent);
      ++granted;
    };
    if (passed.id != kNoEntity && passed.id != claim.claimant) {
      take(std::exchange(passed, {}));
    }
    for (; granted < claim.count && next < there_.size(); ++next) {
      if (there_[next].id == claim.claimant) {
        passed = there_[next];
      } else {
        take(there_[next]);
      }
    }
    if (granted > 0) {
      grant(claim, granted);
    }
  }
}

const ClaimOutcome& ClaimSettler::settle(std::span<const Claim> claims,
                                         std::span<const ClaimTarget> targets,
                                         std::span<const ClaimedAgents> agents, CellLayer* cells,
                                         std::size_t cells_of_world, std::int64_t tick) {
  claims_ = claims;
  tick_ = tick;
  outcome_.grants.clear();
  outcome_.taken.clear();
  contest_of_.resize(cells_of_world, kNone);
  next_claim_.resize(claims.size());
  std::vector<std::uint8_t> asked(targets.size(), 0);
  for (const Claim& claim : claims) {
    asked[claim.kind] = 1;
  }
  for (std::uint32_t kind = 0; kind < targets.size(); ++kind) {
    if (asked[kind] == 0) {
      continue;
    }
    target_ = &targets[kind];
    turns_word_ = activation_word(target_->turns_key, tick);
    if (target_->stock) {
      settle_stock(kind, *target_->stock, *cells);
    } else {
      settle_agents(kind, agents[kind]);
    }
  }
  return outcome_;
}

}  // namespace bw
