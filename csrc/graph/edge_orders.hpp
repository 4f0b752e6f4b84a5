// Orders for edges: what behaviors want added, changed or removed. They are carried out at the end
// of the phase; those for one edge one after another, in the order of (behavior, agent, ordinal).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.hpp"

namespace bw {

// Limit of the orders of one worker in one phase.
inline constexpr std::size_t kMostEdgeOrders = std::size_t{1} << 31;

struct EdgeOrder {
  enum class Kind : std::uint32_t { add, change, remove };

  EntityId source;  // of the half-edge that it is for
  EntityId target;
  EntityId agent;        // who ordered it: one of the two
  std::uint64_t fields;  // that a change writes, one bit each
  std::uint64_t record;  // where its record begins
  std::uint32_t graph;
  std::uint32_t behavior;  // its place in the order
  std::uint32_t ordinal;   // among the orders of the agent and behavior
  Kind kind;
};

// By half-edge, and for one half-edge in the order in which they take effect.
bool comes_before(const EdgeOrder& a, const EdgeOrder& b);

// Orders of one worker, or gathered from many. Records stay where they are until they are applied.
class EdgeOrders {
 public:
  std::span<const EdgeOrder> orders() const { return orders_; }
  std::span<const std::byte> records() const { return records_; }
  bool empty() const { return orders_.empty(); }
  bool full() const { return orders_.size() >= kMostEdgeOrders; }

  // Appends an order of an agent, numbered; returns its record, a copy of `initial`, to be filled.
  std::byte* add(EdgeOrder order, std::span<const std::byte> initial);

  // Appends all of other orders, with their numbers.
  void append(std::span<const EdgeOrder> orders, std::span<const std::byte> records);
  void clear();

 private:
  std::vector<EdgeOrder> orders_;
  std::vector<std::byte> records_;
};

}  // namespace bw
