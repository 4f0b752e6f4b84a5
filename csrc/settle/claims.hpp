// Settling claims: in each cell the claimants, sorted by (random priority, id), get what is there; agents in id order.
// Runs on the rank that owns the cells, over claims from all ranks, so that the outcome is the same on any number of them.
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
  std::vector<Grant> grants;     // with a count above zero
  std::vector<EntityId> taken;   // agents that were granted; they end
};

ClaimOutcome settle_claims(std::vector<Claim> claims, std::span<const ClaimTarget> targets, const Store& store,
                           CellLayer* cells, const Domain& domain, const CellBox& lattice);

// Adds deposits to the cells that this rank owns; their order does not matter.
void settle_deposits(std::span<const Deposit> deposits, std::span<const FieldKey> fields, CellLayer& cells);

}  // namespace bw
