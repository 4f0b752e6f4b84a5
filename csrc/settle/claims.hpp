// Settling claims: in each cell the claimants, sorted by (random priority, id), get what is there;
// agents in id order, each granted once, and none to itself. Kinds of claims are settled in the
// order of the behaviors. Runs on the rank that owns the cells, over claims from all ranks, so that
// the outcome is the same on any number of them. A claimant's priority is the first random word of
// (the kind's key, its id, the tick).
//
// Claimants that act one after another have the turns of their activation instead, and draw whom
// they get of the agents that are left: what they would have been granted at once, where nothing
// that they do depends on it (Behavior::turns_in_claims_only).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ecs/row_set.hpp"
#include "ecs/store.hpp"
#include "lattice/cell_layer.hpp"
#include "settle/claimed_agents.hpp"
#include "settle/requests.hpp"
#include "settle/turns.hpp"
#include "space/cell_box.hpp"

namespace bw {

// What a kind of claim asks for: a whole-number field of cells, or agents of a component; and whose
// turn it is when.
struct ClaimTarget {
  std::optional<FieldKey> stock;
  std::optional<ComponentId> agents;
  std::uint64_t key = 0;  // of the random words of its claimants
  TurnOrder turns = TurnOrder::claims;
  std::uint64_t turns_key = 0;  // of the activation
};

struct ClaimOutcome {
  std::vector<Grant> grants;    // with a count above zero
  std::vector<Sighting> taken;  // agents that were granted; they end
};

// The cells of the world in which one kind of claim asks for agents.
struct CellsOfKind {
  std::uint32_t kind = 0;
  RowSet cells;
};

// Settling goes in steps, because the agents of a cell may live on other ranks than the one that
// owns the cell (cells over a continuous world are not cut as tiles are): agents in claimed cells
// are looked for on all ranks; then the owner settles.
std::vector<CellsOfKind> cells_with_agents_claimed(std::span<const Claim> claims,
                                                   std::span<const ClaimTarget> targets,
                                                   std::size_t cells_of_world);
void find_agents(const CellsOfKind& asked, ComponentId component, const Store& store,
                 const Domain& domain, const CellBox& lattice, std::vector<AgentAt>& found);

// Settles claims. They come in any order and are chained by cell; priorities are drawn where a cell
// has less than is asked for. It keeps nothing but memory between calls.
class ClaimSettler {
 public:
  // `agents`: by kind of claim. The outcome stands until the next call.
  const ClaimOutcome& settle(std::span<const Claim> claims, std::span<const ClaimTarget> targets,
                             std::span<const ClaimedAgents> agents, CellLayer* cells,
                             std::size_t cells_of_world, std::int64_t tick);

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  // A cell in which something is claimed.
  struct Contest {
    std::uint64_t cell = 0;
    std::size_t row = 0;  // of the cell, where it has a stock
    std::uint64_t asked = 0;
    std::uint32_t first_claim = kNone;
    std::uint32_t claims = 0;
  };
  struct Turn {  // of a claimant
    std::uint64_t priority;
    EntityId claimant;
    std::uint32_t claim;

    friend constexpr auto operator<=>(const Turn&, const Turn&) = default;
  };

  std::uint64_t priority(EntityId claimant) const;
  Contest& chain(std::uint32_t claim);
  void prefetch(std::size_t claim) const;
  std::int64_t share_stock(const Contest& contest, std::int64_t left);
  void collect(const Contest& contest, bool in_order);
  void settle_stock(std::uint32_t kind, FieldKey field, CellLayer& cells);
  void settle_agents(std::uint32_t kind, const ClaimedAgents& agents);
  void share_agents(const Contest& contest);
  void draw_agents(const Contest& contest);
  void grant(const Claim& claim, std::int64_t count);
  void forget_cells();

  std::span<const Claim> claims_;
  const ClaimTarget* target_ = nullptr;
  std::uint64_t turns_word_ = 0;
  std::int64_t tick_ = 0;
  ClaimOutcome outcome_;
  std::vector<Contest> contests_;
  std::vector<std::uint32_t> contest_of_;  // by cell of the world; kNone between calls
  std::vector<std::uint32_t> next_claim_;  // by claim: the next of its cell
  std::vector<Turn> turns_;                // of the cell in hand
  std::vector<Sighting> there_;            // agents of the cell in hand, by ascending id
};

}  // namespace bw
