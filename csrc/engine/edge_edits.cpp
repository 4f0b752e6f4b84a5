// Edits of edges from outside, between ticks: all edges of a call are added, written or removed, or
// none. Collective: every process gives the same edges, and each rank changes the halves it keeps.
#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/errors.hpp"
#include "cluster/communicator.hpp"
#include "engine/simulation.hpp"

namespace bw {
namespace {

// What is known of a given edge, on one rank or on all.
enum Known : std::uint8_t { kSourceIsThere = 1, kTargetIsThere = 2, kEdgeIsThere = 4 };

std::string shown(EntityId source, EntityId target) {
  return "the edge from " + std::to_string(source) + " to " + std::to_string(target);
}

// An edge that is given twice, if one is; an undirected one has no direction.
std::optional<EdgePair> given_twice(const EdgeSpan& edges, bool directed) {
  std::vector<EdgePair> pairs;
  pairs.reserve(edges.sources.size());
  for (std::size_t i = 0; i < edges.sources.size(); ++i) {
    const EdgePair pair{edges.sources[i], edges.targets[i]};
    pairs.push_back(directed || pair.first < pair.second ? pair
                                                         : EdgePair{pair.second, pair.first});
  }
  std::sort(pairs.begin(), pairs.end());
  const auto twice = std::adjacent_find(pairs.begin(), pairs.end());
  return twice == pairs.end() ? std::nullopt : std::optional(*twice);
}

}  // namespace

// By edge: what is known of it on any rank.
std::vector<std::uint8_t> Simulation::know_edges(std::size_t g, const EdgeSpan& edges) const {
  const std::size_t count = edges.sources.size();
  std::vector<std::vector<std::vector<std::uint8_t>>> sent(ranks_.size());
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    const Store& store = ranks_[h]->store;
    const Graph& graph = ranks_[h]->graphs.at(g);
    std::vector<std::uint8_t> known(count, 0);
    for (std::size_t i = 0; i < count; ++i) {
      const bool source = store.find_own(edges.sources[i]).has_value();
      const bool target = store.find_own(edges.targets[i]).has_value();
      const bool edge = source && graph.find(edges.sources[i], edges.targets[i]).has_value();
      known[i] =
          static_cast<std::uint8_t>((source ? kSourceIsThere : 0) | (target ? kTargetIsThere : 0) |
                                    (edge ? kEdgeIsThere : 0));
    }
    sent[h].assign(communicator_->ranks(), known);
  }
  if (communicator_->ranks() == 1) {
    return sent.front().front();
  }
  std::vector<std::uint8_t> all(count, 0);
  const auto received = exchange_items(*communicator_, "edges given", sent);
  for (const std::vector<std::uint8_t>& theirs : received.front()) {
    for (std::size_t i = 0; i < count; ++i) {
      all[i] |= theirs[i];
    }
  }
  return all;
}

std::vector<std::uint8_t> Simulation::has_edges(std::size_t g, const EdgeSpan& edges) const {
  std::vector<std::uint8_t> there = know_edges(g, edges);
  for (std::uint8_t& known : there) {
    known = (known & kEdgeIsThere) != 0 ? 1 : 0;
  }
  return there;
}

void Simulation::check_edges(std::size_t g, EdgeOrder::Kind kind, const EdgeSpan& edges) const {
  const Graph& first = ranks_.front()->graphs.at(g);
  const auto refuse = [&](const std::string& why) {
    throw UserError("graph " + first.name() + ": " + why + ". Nothing was changed");
  };
  const std::vector<std::uint8_t> known = know_edges(g, edges);
  for (std::size_t i = 0; i < edges.sources.size(); ++i) {
    const EntityId source = edges.sources[i];
    const EntityId target = edges.targets[i];
    const bool begins = (known[i] & kSourceIsThere) != 0;
    if (!begins || (known[i] & kTargetIsThere) == 0) {
      refuse("there is no entity " + std::to_string(begins ? target : source) +
             "; it has ended, or was never there");
    }
    if (source == target) {
      refuse(shown(source, target) + " leads to its own agent");
    }
    const bool there = (known[i] & kEdgeIsThere) != 0;
    if (there && kind == EdgeOrder::Kind::add) {
      refuse(shown(source, target) + " is there already; write its fields by set_edges");
    }
    if (!there && kind != EdgeOrder::Kind::add) {
      refuse(shown(source, target) + " is not there");
    }
  }
  if (const auto twice = given_twice(edges, first.directed())) {
    refuse(shown(twice->first, twice->second) + " is given twice");
  }
}

void Simulation::edit_edges(std::size_t g, EdgeOrder::Kind kind, const EdgeSpan& edges,
                            std::span<const std::uint32_t> fields, Carry carry) {
  check_edges(g, kind, edges);
  if (carry == Carry::no) {
    return;
  }
  const Graph& first = ranks_.front()->graphs[g];
  EdgeOrders all;
  for (std::size_t i = 0; i < edges.sources.size(); ++i) {
    EdgeOrder order{};
    order.source = edges.sources[i];
    order.target = edges.targets[i];
    order.agent = order.source;
    order.graph = static_cast<std::uint32_t>(g);
    order.kind = kind;
    for (const std::uint32_t f : fields) {
      order.fields |= std::uint64_t{1} << f;
    }
    std::byte* record = all.add(order, first.initial());
    for (std::size_t k = 0; k < fields.size(); ++k) {
      const EdgeColumn& column = edges.columns[k];
      std::memcpy(record + first.offset(fields[k]),
                  column.data + static_cast<std::int64_t>(i) * column.stride,
                  first.field(fields[k]).type.size());
    }
  }
  for (const auto& rank : ranks_) {
    std::vector<EdgeOrder> halves;
    for (EdgeOrder half : all.orders()) {
      if (rank->store.find_own(half.source)) {
        halves.push_back(half);
      }
      if (!first.directed() && rank->store.find_own(half.target)) {
        std::swap(half.source, half.target);
        halves.push_back(half);
      }
    }
    std::sort(halves.begin(), halves.end(), comes_before);
    rank->graphs[g].apply(halves, all.records());
  }
}

}  // namespace bw
