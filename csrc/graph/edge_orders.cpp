// Collecting orders for edges, and the order in which they take effect.
#include "graph/edge_orders.hpp"

#include <tuple>

namespace bw {

bool comes_before(const EdgeOrder& a, const EdgeOrder& b) {
  return std::tie(a.source, a.target, a.behavior, a.agent, a.ordinal) <
         std::tie(b.source, b.target, b.behavior, b.agent, b.ordinal);
}

std::byte* EdgeOrders::add(EdgeOrder order, std::span<const std::byte> initial) {
  // One agent's orders of a behavior stand side by side in one buffer, so a place in it will do.
  order.ordinal = static_cast<std::uint32_t>(orders_.size());
  order.record = records_.size();
  orders_.push_back(order);
  records_.insert(records_.end(), initial.begin(), initial.end());
  return records_.data() + order.record;
}

void EdgeOrders::append(std::span<const EdgeOrder> orders, std::span<const std::byte> records) {
  for (EdgeOrder order : orders) {
    order.record += records_.size();
    orders_.push_back(order);
  }
  records_.insert(records_.end(), records.begin(), records.end());
}

void EdgeOrders::clear() {
  orders_.clear();
  records_.clear();
}

}  // namespace bw
