// The agents that one kind of claim may be granted, by cell of the world: all of a component on one
// rank, or those that several ranks have found.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.hpp"
#include "base/whole.hpp"
#include "ecs/store.hpp"
#include "lattice/cell_layer.hpp"
#include "space/cell_box.hpp"
#include "space/cell_chains.hpp"

namespace bw {

// An agent that stands in a cell where agents of its kind of claim are claimed.
struct AgentAt {
  std::uint32_t kind = 0;
  std::uint64_t cell = 0;
  EntityId id = kNoEntity;
  Location at = kNowhere;  // on the rank that found it

  friend constexpr bool operator==(const AgentAt&, const AgentAt&) = default;
};

class ClaimedAgents {
 public:
  // All agents of a component that have a place. They stay where they are until the claims are
  // settled.
  void take_all(const Store& store, ComponentId component, const Domain& domain,
                const CellBox& lattice);

  // Those of one kind among some, which the caller keeps.
  void take(std::span<const AgentAt> found, std::uint32_t kind, std::size_t cells_of_world);

  bool empty(std::uint64_t cell) const { return chains_.empty(cell); }
  void prefetch(std::uint64_t cell) const { chains_.prefetch(cell); }
  const std::byte* spot(std::uint64_t cell) const { return chains_.spot(cell); }
  static bool empty_at(const std::byte* spot) { return CellChains::empty_at(spot); }

  // Those in a cell, by ascending id.
  void list(std::uint64_t cell, std::vector<Sighting>& there) const;

 private:
  struct Rows {  // of a table, numbered on from `first`
    std::uint32_t table;
    std::uint32_t first;
    std::span<const EntityId> ids;
  };
  Sighting sighting(std::uint32_t item) const;

  std::vector<Rows> tables_;
  std::span<const AgentAt> found_;
  CellChains chains_;
};

// What can be seen of a kind of claim while it is asked for: a claim of what is not there need not
// be kept. Empty where that may change until the claims are settled. Only where one rank has all
// cells.
struct ClaimView {
  const ClaimedAgents* agents = nullptr;
  const CellLayer* cells = nullptr;
  const Column* stock = nullptr;

  // Where it can be seen what is in a cell: to be fetched ahead, for cells may be anywhere.
  const std::byte* spot(std::uint64_t cell) const {
    if (stock != nullptr) {
      return stock->at(row(cell));
    }
    return agents != nullptr ? agents->spot(cell) : nullptr;
  }
  bool nothing_at(const std::byte* spot) const {
    if (stock != nullptr) {
      return read_whole(stock->type().scalar, spot) <= 0;
    }
    return agents != nullptr && ClaimedAgents::empty_at(spot);
  }

 private:
  std::size_t row(std::uint64_t cell) const {
    const CellBox& box = cells->box();
    if (box.dims != 2) {
      return static_cast<std::size_t>(cells->row_of_cell(cell));
    }
    const auto line = static_cast<std::uint32_t>(box.cells[0]);
    const std::uint32_t y = static_cast<std::uint32_t>(cell) / line;
    const std::uint32_t x = static_cast<std::uint32_t>(cell) - y * line;
    return static_cast<std::size_t>((y - box.low[1]) * box.line_stride() + x - box.low[0]);
  }
};

}  // namespace bw
