// Keeping edges: insertion, removal and orders, all by one merge of sorted rows.
#include "graph/graph.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "base/errors.hpp"
#include "base/hash.hpp"
#include "base/strided.hpp"

namespace bw {
namespace {

// The distinct ids among two lists, ascending. Ids of one world lie close together: marks in a
// range of them are quicker than a sort.
std::vector<EntityId> distinct_ids(std::span<const EntityId> some, std::span<const EntityId> more) {
  std::vector<EntityId> ids;
  if (some.empty() && more.empty()) {
    return ids;
  }
  EntityId low = ~EntityId{0};
  EntityId high = 0;
  for (const std::span<const EntityId> list : {some, more}) {
    for (const EntityId id : list) {
      low = std::min(low, id);
      high = std::max(high, id);
    }
  }
  const std::size_t count = some.size() + more.size();
  if (high - low < 8 * count) {
    std::vector<std::uint8_t> marks(high - low + 1, 0);
    for (const std::span<const EntityId> list : {some, more}) {
      for (const EntityId id : list) {
        marks[id - low] = 1;
      }
    }
    for (std::size_t i = 0; i < marks.size(); ++i) {
      if (marks[i] != 0) {
        ids.push_back(low + i);
      }
    }
    return ids;
  }
  ids.reserve(count);
  ids.insert(ids.end(), some.begin(), some.end());
  ids.insert(ids.end(), more.begin(), more.end());
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::uint32_t place_among(std::span<const EntityId> ascending, EntityId id) {
  if (ascending.empty() || id < ascending.front()) {
    return kNoNode;
  }
  // Where no id is missing it stands as far from the first as its number is.
  const std::uint64_t guess = id - ascending.front();
  if (guess < ascending.size() && ascending[guess] == id) {
    return static_cast<std::uint32_t>(guess);
  }
  const auto found = std::lower_bound(ascending.begin(), ascending.end(), id);
  return found != ascending.end() && *found == id
             ? static_cast<std::uint32_t>(found - ascending.begin())
             : kNoNode;
}

// A stable counting sort of `order` by keys[order[i]] < buckets.
void sort_by(std::span<const std::uint32_t> keys, std::size_t buckets,
             std::vector<std::uint32_t>& order) {
  std::vector<std::uint32_t> starts(buckets + 1, 0);
  for (const std::uint32_t key : keys) {
    ++starts[key + 1];
  }
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  std::vector<std::uint32_t> sorted(order.size());
  for (const std::uint32_t item : order) {
    sorted[starts[keys[item]]++] = item;
  }
  order.swap(sorted);
}

// The order of edges by (source, target).
std::vector<std::uint32_t> sorted_order(const EdgeSpan& edges) {
  std::vector<std::uint32_t> order(edges.sources.size());
  std::iota(order.begin(), order.end(), 0);
  const auto key = [&](std::uint32_t i) { return EdgePair{edges.sources[i], edges.targets[i]}; };
  const auto before = [&](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); };
  if (std::is_sorted(order.begin(), order.end(), before)) {
    return order;
  }
  const std::vector<EntityId> ids = distinct_ids(edges.sources, edges.targets);
  for (const std::span<const EntityId> ends : {edges.targets, edges.sources}) {
    std::vector<std::uint32_t> places(ends.size());
    std::transform(ends.begin(), ends.end(), places.begin(),
                   [&](EntityId id) { return place_among(ids, id); });
    sort_by(places, ids.size(), order);
  }
  return order;
}

// The used ones of some nodes and fresh ids, ascending; moved[i]: where node i is among them.
std::vector<EntityId> merged_nodes(std::span<const EntityId> nodes,
                                   const std::vector<std::uint8_t>& used,
                                   std::span<const EntityId> fresh,
                                   std::vector<std::uint32_t>& moved) {
  std::vector<EntityId> merged;
  merged.reserve(nodes.size() + fresh.size());
  for (std::size_t i = 0, k = 0; i < nodes.size() || k < fresh.size();) {
    const bool old = i < nodes.size() && (k == fresh.size() || nodes[i] <= fresh[k]);
    const bool both = old && k < fresh.size() && nodes[i] == fresh[k];
    if (!old || both || used[i] != 0) {
      if (old) {
        moved[i] = static_cast<std::uint32_t>(merged.size());
      }
      merged.push_back(old ? nodes[i] : fresh[k]);
    }
    k += !old || both ? 1 : 0;
    i += old ? 1 : 0;
  }
  return merged;
}

const StateColumn& column_named(const StateSection& section, const std::string& name,
                                FieldType type) {
  for (const StateColumn& column : section.columns) {
    if (column.name == name && column.type == type) {
      return column;
    }
  }
  throw UserError("the state of graph '" + section.name + "' has no column '" + name +
                  "' of the type that this model gives it");
}

std::vector<EntityId> ids_in(const StateColumn& column, std::size_t rows) {
  std::vector<EntityId> ids(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    std::memcpy(&ids[i], column.data + static_cast<std::int64_t>(i) * column.stride,
                sizeof(EntityId));
  }
  return ids;
}

}  // namespace

std::uint64_t edge_key(EntityId source, EntityId target) {
  return hashing::permute({source, target}).low;
}

EdgeSpan span_of(const EdgeRows& rows, const Graph& graph) {
  EdgeSpan span{rows.sources, rows.targets, {}};
  for (std::size_t f = 0; f < graph.field_count(); ++f) {
    span.columns.push_back(
        {rows.columns[f].data(), static_cast<std::int64_t>(graph.field(f).type.size())});
  }
  return span;
}

Graph::Graph(const Schema& schema, GraphSpec spec)
    : schema_(&schema),
      spec_(spec),
      starts_(1, 0),
      columns_(schema.component(spec.edge).fields.size()) {
  if (field_count() > kMostEdgeFields) {
    throw ModelError(name() + " has " + std::to_string(field_count()) +
                     " fields; an edge can have at most " + std::to_string(kMostEdgeFields));
  }
  for (std::size_t f = 0; f < field_count(); ++f) {
    offsets_.push_back(initial_.size());
    const std::vector<std::byte>& value = field(f).initial;
    initial_.resize((initial_.size() + value.size() + 7) & ~std::size_t{7});
    std::copy(value.begin(), value.end(),
              initial_.begin() + static_cast<std::ptrdiff_t>(offsets_.back()));
  }
  initial_.resize(std::max<std::size_t>(initial_.size(), 8));  // a record is always somewhere
}

std::uint32_t Graph::node_of(EntityId id) const {
  return place_among(nodes_, id);
}

std::optional<std::uint32_t> Graph::find(EntityId source, EntityId target) const {
  const std::uint32_t from = node_of(source);
  const std::uint32_t to = node_of(target);
  if (from == kNoNode || to == kNoNode) {
    return std::nullopt;
  }
  const auto begin = heads_.begin() + starts_[from];
  const auto end = heads_.begin() + starts_[from + 1];
  const auto found = std::lower_bound(begin, end, to);
  return found != end && *found == to
             ? std::optional(static_cast<std::uint32_t>(found - heads_.begin()))
             : std::nullopt;
}

EdgeRows Graph::empty_rows() const {
  EdgeRows rows;
  rows.columns.resize(field_count());
  return rows;
}

void Graph::append(EdgeRows& rows, std::uint32_t node, std::uint32_t edge) const {
  rows.sources.push_back(nodes_[node]);
  rows.targets.push_back(nodes_[heads_[edge]]);
  for (std::size_t f = 0; f < field_count(); ++f) {
    const std::size_t size = field(f).type.size();
    const std::byte* value = columns_[f].data() + edge * size;
    rows.columns[f].insert(rows.columns[f].end(), value, value + size);
  }
}

std::optional<EdgePair> Graph::clash(const EdgeSpan& edges) const {
  EdgePair last{kNoEntity, kNoEntity};
  for (const std::uint32_t i : sorted_order(edges)) {
    const EdgePair pair{edges.sources[i], edges.targets[i]};
    if (pair == last || find(pair.first, pair.second)) {
      return pair;
    }
    last = pair;
  }
  return std::nullopt;
}

void Graph::insert(const EdgeSpan& edges) {
  if (!edges.sources.empty()) {
    rebuild({}, edges, sorted_order(edges));
  }
}

// By node: whether an edge that is kept begins or ends there.
std::vector<std::uint8_t> Graph::used_nodes(const std::vector<std::uint8_t>& removed) const {
  std::vector<std::uint8_t> used(nodes_.size(), removed.empty() ? 1 : 0);
  for (std::uint32_t node = 0; !removed.empty() && node < nodes_.size(); ++node) {
    for (std::uint32_t e = starts_[node]; e < starts_[node + 1]; ++e) {
      if (removed[e] == 0) {
        used[node] = 1;
        used[heads_[e]] = 1;
      }
    }
  }
  return used;
}

// New arrays from the edges that are kept and those that are added (`order`: by source and target).
void Graph::rebuild(const std::vector<std::uint8_t>& removed, const EdgeSpan& added,
                    std::span<const std::uint32_t> order) {
  if (heads_.size() + order.size() > kMostEdges) {
    throw Error("graph " + name() + " would have more than " + std::to_string(kMostEdges) +
                " half-edges on one rank, the limit");
  }
  std::vector<std::uint32_t> moved(nodes_.size(), kNoNode);
  std::vector<EntityId> nodes =
      merged_nodes(nodes_, used_nodes(removed), distinct_ids(added.sources, added.targets), moved);
  std::vector<std::uint32_t> starts{0};
  std::vector<std::uint32_t> heads;
  std::vector<std::uint32_t> origins;  // an old edge, or from size() on an added one
  starts.reserve(nodes.size() + 1);
  heads.reserve(size() + order.size());
  origins.reserve(size() + order.size());
  const auto added_from = static_cast<std::uint32_t>(size());
  std::uint32_t old = 0;
  std::size_t next = 0;
  for (const EntityId id : nodes) {
    for (; old < nodes_.size() && nodes_[old] < id; ++old) {
    }
    const bool known = old < nodes_.size() && nodes_[old] == id;
    std::uint32_t e = known ? starts_[old] : 0;
    const std::uint32_t end = known ? starts_[old + 1] : 0;
    while (true) {
      for (; e < end && !removed.empty() && removed[e] != 0; ++e) {
      }
      const bool more = next < order.size() && added.sources[order[next]] == id;
      if (more && (e == end || added.targets[order[next]] < nodes_[heads_[e]])) {
        heads.push_back(place_among(nodes, added.targets[order[next]]));
        origins.push_back(added_from + order[next++]);
      } else if (e < end) {
        heads.push_back(moved[heads_[e]]);
        origins.push_back(e++);
      } else {
        break;
      }
    }
    starts.push_back(static_cast<std::uint32_t>(heads.size()));
  }
  merge_columns(origins, added);
  nodes_.swap(nodes);
  starts_.swap(starts);
  heads_.swap(heads);
}

void Graph::merge_columns(std::span<const std::uint32_t> origins, const EdgeSpan& added) {
  for (std::size_t f = 0; f < field_count(); ++f) {
    for_value_size(field(f).type.size(), [&](auto size) {
      std::vector<std::byte> column(origins.size() * size);
      for (std::size_t i = 0; i < origins.size(); ++i) {
        const std::byte* from =
            origins[i] < heads_.size()
                ? columns_[f].data() + origins[i] * size
                : added.columns[f].data + static_cast<std::int64_t>(origins[i] - heads_.size()) *
                                              added.columns[f].stride;
        std::memcpy(column.data() + i * size, from, size);
      }
      columns_[f].swap(column);
    });
  }
}

void Graph::forget(std::span<const EntityId> ended) {
  std::vector<std::uint8_t> gone;
  for (const EntityId id : ended) {
    if (const std::uint32_t node = node_of(id); node != kNoNode) {
      gone.resize(nodes_.size(), 0);
      gone[node] = 1;
    }
  }
  if (gone.empty()) {
    return;
  }
  std::vector<std::uint8_t> removed(heads_.size(), 0);
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    for (std::uint32_t e = starts_[node]; e < starts_[node + 1]; ++e) {
      removed[e] = gone[node] | gone[heads_[e]];
    }
  }
  rebuild(removed, {}, {});
}

std::vector<EdgeRows> Graph::take(const std::vector<std::vector<std::uint8_t>>& marks) {
  std::vector<EdgeRows> taken(marks.size(), empty_rows());
  std::vector<std::uint8_t> removed;
  for (std::size_t r = 0; r < marks.size(); ++r) {
    for (std::uint32_t node = 0; node < marks[r].size(); ++node) {
      for (std::uint32_t e = starts_[node]; marks[r][node] != 0 && e < starts_[node + 1]; ++e) {
        append(taken[r], node, e);
        removed.resize(size(), 0);
        removed[e] = 1;
      }
    }
  }
  if (!removed.empty()) {
    rebuild(removed, {}, {});
  }
  return taken;
}

void Graph::write(std::uint32_t edge, const std::byte* record, std::uint64_t fields) {
  for (std::size_t f = 0; f < field_count(); ++f) {
    if (((fields >> f) & 1) != 0) {
      const std::size_t size = field(f).type.size();
      std::memcpy(columns_[f].data() + edge * size, record + offsets_[f], size);
    }
  }
}

// Carries out the orders for one half-edge, one after another.
std::uint32_t Graph::settle(std::span<const EdgeOrder> group, std::span<const std::byte> records,
                            std::vector<std::uint8_t>& removed, EdgeRows& added) {
  constexpr std::uint64_t kAll = ~std::uint64_t{0};
  const std::optional<std::uint32_t> edge = find(group.front().source, group.front().target);
  bool present = edge.has_value();
  std::uint32_t missed = 0;
  std::vector<std::byte> fresh;  // of an edge that was not there
  for (const EdgeOrder& order : group) {
    const std::byte* record = records.data() + order.record;
    if (order.kind == EdgeOrder::Kind::remove) {
      present = false;
    } else if (order.kind == EdgeOrder::Kind::change && !present) {
      missed += order.agent == order.source ? 1u : 0u;  // not once for each half
    } else if (edge) {
      write(*edge, record, order.kind == EdgeOrder::Kind::add ? kAll : order.fields);
      present = true;
    } else {
      fresh.resize(initial_.size());
      for (std::size_t f = 0; f < field_count(); ++f) {
        if (order.kind == EdgeOrder::Kind::add || ((order.fields >> f) & 1) != 0) {
          std::memcpy(fresh.data() + offsets_[f], record + offsets_[f], field(f).type.size());
        }
      }
      present = true;
    }
  }
  if (edge && !present) {
    removed.resize(heads_.size(), 0);
    removed[*edge] = 1;
  } else if (!edge && present) {
    added.sources.push_back(group.front().source);
    added.targets.push_back(group.front().target);
    for (std::size_t f = 0; f < field_count(); ++f) {
      const std::byte* value = fresh.data() + offsets_[f];
      added.columns[f].insert(added.columns[f].end(), value, value + field(f).type.size());
    }
  }
  return missed;
}

std::size_t Graph::apply(std::span<const EdgeOrder> orders, std::span<const std::byte> records) {
  std::vector<std::uint8_t> removed;
  EdgeRows added = empty_rows();
  std::size_t missed = 0;
  for (std::size_t begin = 0, end = 0; begin < orders.size(); begin = end) {
    while (end < orders.size() && orders[end].source == orders[begin].source &&
           orders[end].target == orders[begin].target) {
      ++end;
    }
    missed += settle(orders.subspan(begin, end - begin), records, removed, added);
  }
  if (!removed.empty() || !added.sources.empty()) {
    std::vector<std::uint32_t> order(added.sources.size());
    std::iota(order.begin(), order.end(), 0);
    rebuild(removed, span_of(added, *this), order);
  }
  return missed;
}

EdgeRows Graph::rows() const {
  EdgeRows rows = empty_rows();
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    for (std::uint32_t e = starts_[node]; e < starts_[node + 1]; ++e) {
      if (spec_.directed || node < heads_[e]) {
        append(rows, node, e);
      }
    }
  }
  return rows;
}

void Graph::clear() {
  nodes_.clear();
  starts_.assign(1, 0);
  heads_.clear();
  for (std::vector<std::byte>& column : columns_) {
    column.clear();
  }
}

void Graph::list_state(const StateSink& sink) const {
  if (size() == 0) {
    return;
  }
  const EdgeRows edges = rows();
  std::vector<std::uint64_t> keys(edges.sources.size());
  std::transform(edges.sources.begin(), edges.sources.end(), edges.targets.begin(), keys.begin(),
                 edge_key);
  const auto of_ids = [](const char* label, const std::vector<EntityId>& ids) {
    return StateColumn{
        label, {Scalar::u64, 1}, reinterpret_cast<const std::byte*>(ids.data()), sizeof(EntityId)};
  };
  StateSection section{"graph", name(), keys, {}};
  section.columns = {of_ids("source", edges.sources), of_ids("target", edges.targets)};
  for (std::size_t f = 0; f < field_count(); ++f) {
    section.columns.push_back({name() + "." + field(f).name, field(f).type, edges.columns[f].data(),
                               static_cast<std::int64_t>(field(f).type.size())});
  }
  sink(section);
}

void Graph::load(const StateSection& section) {
  constexpr FieldType kWord{Scalar::u64, 1};
  const std::size_t rows = section.keys.size();
  const std::vector<EntityId> sources = ids_in(column_named(section, "source", kWord), rows);
  const std::vector<EntityId> targets = ids_in(column_named(section, "target", kWord), rows);
  EdgeSpan edges{sources, targets, {}};
  for (std::size_t f = 0; f < field_count(); ++f) {
    const StateColumn& column = column_named(section, name() + "." + field(f).name, field(f).type);
    edges.columns.push_back({column.data, column.stride});
  }
  for (const bool back : {false, true}) {
    if (back && spec_.directed) {
      return;
    }
    if (const auto twice = clash(edges)) {
      throw UserError("the state of graph '" + section.name + "' has the edge from " +
                      std::to_string(twice->first) + " to " + std::to_string(twice->second) +
                      " twice");
    }
    insert(edges);
    std::swap(edges.sources, edges.targets);
  }
}

std::size_t Graph::bytes() const {
  std::size_t sum = nodes_.capacity() * sizeof(EntityId) +
                    (starts_.capacity() + heads_.capacity()) * sizeof(std::uint32_t);
  for (const std::vector<std::byte>& column : columns_) {
    sum += column.capacity();
  }
  return sum;
}

}  // namespace bw
