// Edits of edges from outside, between ticks: all edges of a call are added, written or removed, or
// none. Collective: every process gives the same edges, and each rank changes the halves it keeps.
#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/errors.hpp"
#include "engine/simulation.hpp"

namespace bw {
namespace {

// What is known of a given edge: three counts, each 0 or 1 over all ranks.
constexpr std::size_t kCounts = 3;
enum Count : std::size_t { kSourceIsThere, kTargetIsThere, kEdgeIsThere };

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

// By edge, kCounts after one another.
std::vector<std::uint64_t> Simulation::know_edges(std::size_t g, const EdgeSpan& edges) const {
  std::vector<std::uint64_t> counts(kCounts * edges.sources.size(), 0);
  for (const auto& rank : ranks_) {
    const Graph& graph = rank->graphs.at(g);
    for (std::size_t i = 0; i < edges.sources.size(); ++i) {
      std::uint64_t* of = counts.data() + kCounts * i;
      of[kTargetIsThere] += rank->store.find_own(edges.targets[i]) ? 1u : 0u;
      if (rank->store.find_own(edges.sources[i])) {
        ++of[kSourceIsThere];
        of[kEdgeIsThere] += graph.find(edges.sources[i], edges.targets[i]) ? 1u : 0u;
      }
    }
  }
  return communicator_->sum("edges given", counts);
}

std::vector<std::uint8_t> Simulation::has_edges(std::size_t g, const EdgeSpan& edges) const {
  const std::vector<std::uint64_t> counts = know_edges(g, edges);
  std::vector<std::uint8_t> there;
  for (std::size_t i = 0; i < edges.sources.size(); ++i) {
    there.push_back(counts[kCounts * i + kEdgeIsThere] > 0 ? 1 : 0);
  }
  return there;
}

void Simulation::check_edges(std::size_t g, EdgeOrder::Kind kind, const EdgeSpan& edges) const {
  const Graph& first = ranks_.front()->graphs.at(g);
  const auto refuse = [&](const std::string& why) {
    throw UserError("graph " + first.name() + ": " + why + ". Nothing was changed");
  };
  const std::vector<std::uint64_t> counts = know_edges(g, edges);
  for (std::size_t i = 0; i < edges.sources.size(); ++i) {
    const EntityId source = edges.sources[i];
    const EntityId target = edges.targets[i];
    const std::uint64_t* of = counts.data() + kCounts * i;
    if (of[kSourceIsThere] == 0 || of[kTargetIsThere] == 0) {
      refuse("there is no entity " + std::to_string(of[kSourceIsThere] == 0 ? source : target) +
             "; it has ended, or was never there");
    }
    if (source == target) {
      refuse(shown(source, target) + " leads to its own agent");
    }
    const bool there = of[kEdgeIsThere] > 0;
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
