// Settling claims: in each cell the claimants, sorted by (random priority, id), get what is there;
// agents in id order, each granted once, and none to itself. Kinds of claims are settled in the
// order of the behaviors. Runs on the rank that owns the cells, over claims from all ranks, so that
// the outcome is the same on any number of them.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ecs/store.hpp"
#include "lattice/cell_layer.hpp"
#include "settle/requests.hpp"
#include "space/cell_box.hpp"

namespace bw {

// What a kind of claim asks for: a whole-number field of cells, or agents of a component.
struct ClaimTarget {
  std::optional<FieldKey> stock;
  std::optional<ComponentId> agents;
};

struct ClaimOutcome {
  std::vector<Grant> grants;    // with a count above zero
  std::vector<EntityId> taken;  // agents that were granted; they end
};

// An agent that stands in a cell where agents of its kind of claim are claimed.
struct AgentAt {
  std::uint32_t kind = 0;
  std::uint64_t cell = 0;
  EntityId id = kNoEntity;

  friend constexpr auto operator<=>(const AgentAt&, const AgentAt&) = default;
};

// The cells in which one kind of claim asks for agents, ascending.
struct CellsOfKind {
  std::uint32_t kind = 0;
  std::vector<std::uint64_t> cells;
};

// Settling goes in steps, because the agents of a cell may live on other ranks than the one that
// owns the cell (cells over a continuous world are not cut as tiles are): claims are sorted; agents
// in claimed cells are looked for on all ranks; then the owner settles.
void sort_claims(std::vector<Claim>& claims);
std::vector<CellsOfKind> cells_with_agents_claimed(std::span<const Claim> claims,
                                                   std::span<const ClaimTarget> targets);
void find_agents(const CellsOfKind& asked, ComponentId component, const Store& store,
                 const Domain& domain, const CellBox& lattice, std::vector<AgentAt>& found);
ClaimOutcome settle_claims(std::span<const Claim> claims, std::span<const ClaimTarget> targets,
                           std::vector<AgentAt> agents, CellLayer* cells);

// Adds deposits to the cells that this rank owns; their order does not matter.
void settle_deposits(std::span<const Deposit> deposits, std::span<const FieldKey> fields,
                     CellLayer& cells);

}  // namespace bw
