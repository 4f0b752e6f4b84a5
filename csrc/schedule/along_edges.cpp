// Walking edges, and taking orders for them.
#include "schedule/along_edges.hpp"

#include "schedule/failures.hpp"

#include <algorithm>
#include <numeric>

#include "schedule/live_world.hpp"

namespace bw {
namespace {

Worker& worker_of(bw_call* call) {
  return *static_cast<Worker*>(call->engine);
}

// What an order says of who gave it and for which edge.
EdgeOrder order_of(const TableRun& run, std::int64_t effect, std::int64_t row, EntityId target,
                   EdgeOrder::Kind kind) {
  const EntityId source = run.table->ids()[static_cast<std::size_t>(row)];
  EdgeOrder order{};
  order.source = source;
  order.target = target;
  order.agent = source;
  order.graph = run.run->behavior->links[static_cast<std::size_t>(effect)];
  order.behavior = run.run->order;
  order.kind = kind;
  return order;
}

// The hits of one row: as they lie in the graph, where nothing has to be left out or added.
bw_hits find_along_edges(const TableRun& run, const ReachView& reach, std::size_t row,
                         EdgeHits& found) {
  bw_hits hits{};
  const std::vector<std::uint32_t>& nodes = reach.places->node_of_row[run.number];
  const std::uint32_t node = row < nodes.size() ? nodes[row] : kNoNode;
  if (node == kNoNode) {
    return hits;
  }
  const std::uint32_t begin = reach.graph->starts()[node];
  const std::uint32_t end = reach.graph->starts()[node + 1];
  const std::uint32_t* heads = reach.graph->heads().data();
  if (reach.present == nullptr) {
    hits.count = end - begin;
    hits.slots = heads + begin;
    if (!reach.edge_columns.empty()) {
      found.edges.resize(std::max<std::size_t>(found.edges.size(), end - begin));
      std::iota(found.edges.data(), found.edges.data() + (end - begin), begin);
    }
  } else {
    found.slots.clear();
    found.edges.clear();
    for (std::uint32_t e = begin; e < end; ++e) {
      if (reach.present[heads[e]] != 0) {
        found.slots.push_back(heads[e]);
        found.edges.push_back(e);
      }
    }
    hits.count = static_cast<std::int64_t>(found.slots.size());
    hits.slots = found.slots.data();
  }
  hits.edges = found.edges.data();
  return hits;
}

bw_hits find(Worker& worker, std::size_t k, std::int64_t row, EdgeHits& found) {
  const TableRun& run = *worker.run;
  if (run.live != nullptr) {
    run.live->search_along_edges(k, static_cast<std::uint32_t>(row), found);
    bw_hits hits{};
    hits.count = static_cast<std::int64_t>(found.slots.size());
    hits.slots = found.slots.data();
    hits.edges = found.edges.data();
    return hits;
  }
  return find_along_edges(run, run.run->reaches[k], static_cast<std::size_t>(row), found);
}

}  // namespace

std::int64_t gather_along_edges(Worker& worker, std::size_t reach, std::int64_t row) {
  worker.call.hits = find(worker, reach, row, worker.edge_hits);
  return worker.call.hits.count;
}

std::int64_t gather_row_along_edges(Worker& worker, std::size_t reach, std::int64_t row) {
  worker.call.rows_hits = find(worker, reach, row, worker.rows_edge_hits);
  worker.rows_hits.starts.assign({0, static_cast<std::uint32_t>(worker.call.rows_hits.count)});
  worker.call.hit_starts = worker.rows_hits.starts.data();
  return 1;
}

char* link_service(bw_call* call, std::int64_t effect, std::int64_t row, std::uint64_t target,
                   std::int64_t fields) {
  Worker& worker = worker_of(call);
  const bool is_new = fields == BW_NEW_EDGE;
  EdgeOrder order = order_of(*worker.run, effect, row, target,
                             is_new ? EdgeOrder::Kind::add : EdgeOrder::Kind::change);
  order.fields = static_cast<std::uint64_t>(fields);
  if (target == order.source) {
    worker.refusal = "it linked itself; an edge leads to another agent";
    return nullptr;
  }
  if (worker.edge_orders.full()) {
    worker.refusal =
        "more than " + std::to_string(kMostEdgeOrders) + " edges are ordered in a phase, the limit";
    return nullptr;
  }
  const Graph& graph = worker.run->around->graphs[order.graph];
  return reinterpret_cast<char*>(worker.edge_orders.add(order, graph.initial()));
}

void unlink_service(bw_call* call, std::int64_t effect, std::int64_t row, std::uint64_t target) {
  Worker& worker = worker_of(call);
  if (worker.edge_orders.full()) {
    worker.keep(failure_behind(*worker.run, row,
                               "more than " + std::to_string(kMostEdgeOrders) +
                                   " edges are ordered in a phase, the limit"));
    return;
  }
  worker.edge_orders.add(order_of(*worker.run, effect, row, target, EdgeOrder::Kind::remove), {});
}

}  // namespace bw
