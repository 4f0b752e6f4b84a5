// A graph: edges between agents, with data of their own, as one rank keeps them: those that begin
// at its agents, by source and then by target, both in the order of ids. An undirected graph keeps
// every edge twice, once at each end, with the same data; state lists it once.
//
// At most one edge leads from an agent to another, and none to itself. The arrays are dense
// (compressed sparse rows) and are rebuilt in one pass when edges come or go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/state.hpp"
#include "ecs/schema.hpp"
#include "graph/edge_orders.hpp"

namespace bw {

struct GraphSpec {
  ComponentId edge = 0;  // the component of its edges: their fields, and the graph's name
  bool directed = false;
};

// Limits: of the half-edges of one graph on one rank, and of the fields of an edge.
inline constexpr std::size_t kMostEdges = std::size_t{1} << 31;
inline constexpr std::size_t kMostEdgeFields = 63;

inline constexpr std::uint32_t kNoNode = ~std::uint32_t{0};

using EdgePair = std::pair<EntityId, EntityId>;

// What an edge is called in state: no order of ranks or rows shows in it.
std::uint64_t edge_key(EntityId source, EntityId target);

// Values of one field of some edges: the value of edge i stands at data + i * stride.
struct EdgeColumn {
  const std::byte* data = nullptr;
  std::int64_t stride = 0;
};

// Edges that somebody else keeps, one column for each field, in any order.
struct EdgeSpan {
  std::span<const EntityId> sources;
  std::span<const EntityId> targets;
  std::vector<EdgeColumn> columns;
};

// Edges as rows, one dense column for each field.
struct EdgeRows {
  std::vector<EntityId> sources;
  std::vector<EntityId> targets;
  std::vector<std::vector<std::byte>> columns;
};

class Graph {
 public:
  Graph(const Schema& schema, GraphSpec spec);

  const std::string& name() const { return schema_->component(spec_.edge).name; }
  ComponentId edge() const { return spec_.edge; }
  bool directed() const { return spec_.directed; }
  std::size_t field_count() const { return columns_.size(); }
  const Field& field(std::size_t f) const { return schema_->component(spec_.edge).fields[f]; }

  // How a record of an edge is laid out, each field at a multiple of 8 bytes; and one with all
  // defaults.
  std::size_t offset(std::size_t f) const { return offsets_[f]; }
  const std::vector<std::byte>& initial() const { return initial_; }

  // Half-edges here.
  std::size_t size() const { return heads_.size(); }

  // All agents at which an edge begins or ends, ascending. Edges of nodes()[i] are those from
  // starts()[i] on, below starts()[i + 1]; edge e leads to nodes()[heads()[e]].
  std::span<const EntityId> nodes() const { return nodes_; }
  std::span<const std::uint32_t> starts() const { return starts_; }
  std::span<const std::uint32_t> heads() const { return heads_; }
  const std::byte* column(std::size_t f) const { return columns_[f].data(); }

  std::optional<std::uint32_t> find(EntityId source, EntityId target) const;

  // A pair of these half-edges that is there already, or is twice among them.
  std::optional<EdgePair> clash(const EdgeSpan& edges) const;

  // Takes in half-edges that do not clash.
  void insert(const EdgeSpan& edges);

  // Removes all half-edges that begin or end at one of these agents.
  void forget(std::span<const EntityId> ended);

  // Takes out the half-edges that begin at the nodes of marks[r], for each r; no marks: at none.
  std::vector<EdgeRows> take(const std::vector<std::vector<std::uint8_t>>& marks);

  // Carries out orders for half-edges that begin here, in ascending order (edge_orders.hpp).
  // Returns how many of them were to change an edge that is not there.
  std::size_t apply(std::span<const EdgeOrder> orders, std::span<const std::byte> records);

  EdgeRows empty_rows() const;
  // All edges, those of an undirected graph once: at their smaller end.
  EdgeRows rows() const;

  void clear();
  void list_state(const StateSink& sink) const;
  // Takes in rows of a section that list_state made; undirected edges become two halves again.
  void load(const StateSection& section);

  // Memory in use.
  std::size_t bytes() const;

 private:
  std::uint32_t node_of(EntityId id) const;
  void append(EdgeRows& rows, std::uint32_t node, std::uint32_t edge) const;
  std::uint32_t settle(std::span<const EdgeOrder> group, std::span<const std::byte> records,
                       std::vector<std::uint8_t>& removed, EdgeRows& added);
  void write(std::uint32_t edge, const std::byte* record, std::uint64_t fields);
  std::vector<std::uint8_t> used_nodes(const std::vector<std::uint8_t>& removed) const;
  void rebuild(const std::vector<std::uint8_t>& removed, const EdgeSpan& added,
               std::span<const std::uint32_t> order);
  void merge_columns(std::span<const std::uint32_t> origins, const EdgeSpan& added);

  const Schema* schema_;
  GraphSpec spec_;
  std::vector<std::size_t> offsets_;
  std::vector<std::byte> initial_;
  std::vector<EntityId> nodes_;
  std::vector<std::uint32_t> starts_;
  std::vector<std::uint32_t> heads_;
  std::vector<std::vector<std::byte>> columns_;  // by field
};

// The span of rows.
EdgeSpan span_of(const EdgeRows& rows, const Graph& graph);

}  // namespace bw
