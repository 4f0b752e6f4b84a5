// Graphs in the tick: what a phase reads along edges is brought together before it runs; what it
// ordered is carried out at its end; edges follow their agents to other ranks.
//
// Who ended, and all orders for edges, go to every rank: a rank does not know where the agent at
// the other end of an edge lives. So all see the same orders, in the same order.
#include <algorithm>
#include <cstring>
#include <exception>

#include "base/errors.hpp"
#include "base/strided.hpp"
#include "cluster/hand_over.hpp"
#include "cluster/references.hpp"
#include "engine/simulation.hpp"

namespace bw {
namespace {

constexpr std::size_t kNodesPerTask = 8192;

// Whether the two ends of an edge are agents of a rank.
enum End : std::uint8_t { kSource = 1, kTarget = 2, kBoth = 3 };

// Copies a field of the nodes that a rank has, by node.
void pack_nodes(ThreadPool& pool, const Store& store, const GraphPlaces& places, FieldKey field,
                std::size_t value_size, std::byte* to) {
  std::vector<const std::byte*> first(store.table_count(), nullptr);
  for (std::uint32_t t = 0; t < store.table_count(); ++t) {
    if (const auto column = store.table(t).find_column(field)) {
      first[t] = store.table(t).column(*column).data();
    }
  }
  const std::size_t tasks = (places.at.size() + kNodesPerTask - 1) / kNodesPerTask;
  pool.parallel_for(tasks, [&](std::size_t task, int) {
    const std::size_t end = std::min(places.at.size(), (task + 1) * kNodesPerTask);
    for_value_size(value_size, [&](auto size) {
      for (std::size_t node = task * kNodesPerTask; node < end; ++node) {
        const Location at = places.at[node];
        if (at != kNowhere && first[at.table] != nullptr) {
          std::memcpy(to + node * size, first[at.table] + at.row * size, size);
        }
      }
    });
  });
}

// By node: whether the rank has it, with a component.
void mark_present(const Store& store, const GraphPlaces& places, ComponentId component,
                  std::vector<std::uint8_t>& present) {
  std::vector<std::uint8_t> has(store.table_count());
  for (std::uint32_t t = 0; t < store.table_count(); ++t) {
    has[t] = store.table(t).has(component) ? 1 : 0;
  }
  present.resize(places.at.size());
  std::transform(places.at.begin(), places.at.end(), present.begin(),
                 [&](Location at) { return at == kNowhere ? std::uint8_t{0} : has[at.table]; });
}

void write_rows(Writer& writer, const EdgeRows& rows) {
  writer.values(std::span<const EntityId>(rows.sources));
  writer.values(std::span<const EntityId>(rows.targets));
  for (const std::vector<std::byte>& column : rows.columns) {
    writer.values(std::span<const std::byte>(column));
  }
}

EdgeRows read_rows(Reader& reader, std::size_t fields) {
  EdgeRows rows{reader.values<EntityId>(), reader.values<EntityId>(), {}};
  for (std::size_t f = 0; f < fields; ++f) {
    rows.columns.push_back(reader.values<std::byte>());
  }
  return rows;
}

// Appends an edge of a span as a half-edge.
void append_half(EdgeRows& rows, const Graph& graph, const EdgeSpan& from, std::size_t i,
                 bool back) {
  rows.sources.push_back(back ? from.targets[i] : from.sources[i]);
  rows.targets.push_back(back ? from.sources[i] : from.targets[i]);
  for (std::size_t f = 0; f < graph.field_count(); ++f) {
    const std::byte* value =
        from.columns[f].data + static_cast<std::int64_t>(i) * from.columns[f].stride;
    rows.columns[f].insert(rows.columns[f].end(), value, value + graph.field(f).type.size());
  }
}

}  // namespace

void Simulation::refresh_graphs(std::size_t phase) {
  const std::vector<Behavior>& behaviors = model_.phases[phase].behaviors;
  std::vector<std::uint8_t> used(model_.graphs.size(), 0);
  bool any = false;
  for (std::size_t b = 0; b < behaviors.size(); ++b) {
    for (const ReachUse& use : behaviors[b].reaches) {
      if (firing_[b] != 0 && use.graph) {
        used[*use.graph] = 1;
        any = true;
      }
    }
  }
  if (!any) {
    return;
  }
  for (const auto& rank : ranks_) {
    for (std::size_t g = 0; g < used.size(); ++g) {
      if (used[g] != 0) {
        locate_nodes(*rank, g);
      }
    }
  }
  const Mail mail =
      communicator_->ranks() > 1 ? bring_referenced(phase, used) : Mail(ranks_.size());
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    std::vector<Reader> answers(mail[h].begin(), mail[h].end());
    for (std::size_t b = 0; b < behaviors.size(); ++b) {
      for (std::size_t k = 0; firing_[b] != 0 && k < behaviors[b].reaches.size(); ++k) {
        if (behaviors[b].reaches[k].graph) {
          view_edges(*ranks_[h], ranks_[h]->prepared[phase][b], k, answers);
        }
      }
    }
  }
}

void Simulation::locate_nodes(Rank& rank, std::size_t g) {
  GraphPlaces& places = rank.places[g];
  const std::span<const EntityId> nodes = rank.graphs[g].nodes();
  places.at.resize(nodes.size());
  rank.store.find_all(nodes, places.at.data());
  places.elsewhere.clear();
  places.node_of_row.resize(rank.store.table_count());
  for (std::uint32_t t = 0; t < rank.store.table_count(); ++t) {
    places.node_of_row[t].assign(rank.store.table(t).size(), kNoNode);
  }
  for (std::uint32_t node = 0; node < nodes.size(); ++node) {
    if (const Location at = places.at[node]; at != kNowhere) {
      places.node_of_row[at.table][at.row] = node;
    } else {
      places.elsewhere.push_back(node);
    }
  }
}

// Collective: asks all ranks for the nodes that live elsewhere. The answers follow the order of
// behaviors and their reaches.
Mail Simulation::bring_referenced(std::size_t phase, const std::vector<std::uint8_t>& used) {
  Mail mail = communicator_->empty_mail();
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    Bytes message;
    Writer writer(message);
    for (std::size_t g = 0; g < used.size(); ++g) {
      std::vector<EntityId> wanted;
      for (std::size_t i = 0; used[g] != 0 && i < ranks_[h]->places[g].elsewhere.size(); ++i) {
        wanted.push_back(ranks_[h]->graphs[g].nodes()[ranks_[h]->places[g].elsewhere[i]]);
      }
      writer.values(std::span<const EntityId>(wanted));
    }
    std::fill(mail[h].begin(), mail[h].end(), message);
  }
  mail = communicator_->exchange("agents at edges wanted", std::move(mail));
  Mail answers = communicator_->empty_mail();
  const std::vector<Behavior>& behaviors = model_.phases[phase].behaviors;
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    for (std::size_t r = 0; r < mail[h].size(); ++r) {
      Reader reader(mail[h][r]);
      std::vector<std::vector<EntityId>> wanted;
      while (!reader.done()) {
        wanted.push_back(reader.values<EntityId>());
      }
      for (std::size_t b = 0; b < behaviors.size(); ++b) {
        for (const ReachUse& use : behaviors[b].reaches) {
          if (firing_[b] != 0 && use.graph) {
            pack_referenced(ranks_[h]->store, wanted[*use.graph], {use.component, use.fields},
                            answers[h][r]);
          }
        }
      }
    }
  }
  return communicator_->exchange("agents at edges", std::move(answers));
}

// Makes one Neighbors argument ready: the columns of its nodes, the rank's own and those brought.
void Simulation::view_edges(Rank& rank, PreparedBehavior& prepared, std::size_t k,
                            std::vector<Reader>& answers) {
  const ReachUse& use = prepared.run.behavior->reaches[k];
  PreparedReach& reach = prepared.reaches[k];
  ReachView& view = prepared.run.reaches[k];
  const Graph& graph = rank.graphs[*use.graph];
  const GraphPlaces& places = rank.places[*use.graph];
  view.graph = &graph;
  view.places = &places;
  view.edge_columns.clear();
  for (const std::uint32_t f : use.edge_fields) {
    // Kernels read columns only; that edges stay as they are during a phase is the graph's rule.
    view.edge_columns.push_back({reinterpret_cast<char*>(const_cast<std::byte*>(graph.column(f))),
                                 static_cast<std::int64_t>(graph.field(f).type.size())});
  }
  if (prepared.run.behavior->sequential) {
    return;  // on the live state
  }
  mark_present(rank.store, places, use.component, reach.present);
  reach.copies.resize(use.fields.size());
  reach.sizes.clear();
  view.columns.clear();
  for (std::size_t c = 0; c < use.fields.size(); ++c) {
    const std::size_t size = model_.schema.field(use.fields[c]).type.size();
    reach.sizes.push_back(size);
    reach.copies[c].resize(places.at.size() * size);
    pack_nodes(pool_, rank.store, places, use.fields[c], size, reach.copies[c].data());
    view.columns.push_back(
        {reinterpret_cast<char*>(reach.copies[c].data()), static_cast<std::int64_t>(size)});
  }
  for (Reader& message : answers) {
    const Referenced brought =
        unpack_referenced(model_.schema, {use.component, use.fields}, message);
    for (std::size_t i = 0; i < brought.places.size(); ++i) {
      const std::uint32_t node = places.elsewhere[brought.places[i]];
      reach.present[node] = 1;
      for (std::size_t c = 0; c < use.fields.size(); ++c) {
        std::memcpy(reach.copies[c].data() + node * reach.sizes[c],
                    brought.columns[c].data() + i * reach.sizes[c], reach.sizes[c]);
      }
    }
  }
  const bool all = std::find(reach.present.begin(), reach.present.end(), 0) == reach.present.end();
  view.present = all ? nullptr : reach.present.data();
  view.ids = graph.nodes().data();
  view.slot_count = static_cast<std::int64_t>(graph.nodes().size());
}

// Agents that end in this phase, by hosted rank: deaths have been ordered and not yet applied.
std::vector<std::vector<EntityId>> Simulation::list_ended() const {
  std::vector<std::vector<EntityId>> ended(ranks_.size());
  for (std::size_t h = 0; h < ranks_.size() && !model_.graphs.empty(); ++h) {
    for (const CommandBuffer* buffer : ranks_[h]->executor.command_buffers()) {
      for (const Sighting& death : buffer->deaths()) {
        if (ranks_[h]->store.find_own(death.id)) {
          ended[h].push_back(death.id);
        }
      }
    }
  }
  return ended;
}

// Collective: who ended on any rank, and the orders of all.
std::vector<EntityId> Simulation::gather_changes(const std::vector<std::vector<EntityId>>& ended,
                                                 EdgeOrders& orders) {
  std::vector<EdgeOrders> own(ranks_.size());
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    for (EdgeOrders* buffer : ranks_[h]->executor.edge_orders()) {
      own[h].append(buffer->orders(), buffer->records());
      buffer->clear();
    }
  }
  if (communicator_->ranks() == 1) {
    orders = std::move(own.front());
    return ended.front();
  }
  Mail mail = communicator_->empty_mail();
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    Bytes message;
    Writer writer(message);
    writer.values(std::span<const EntityId>(ended[h]));
    writer.values(own[h].orders());
    writer.values(own[h].records());
    std::fill(mail[h].begin(), mail[h].end(), message);
  }
  mail = communicator_->exchange("orders for edges", std::move(mail));
  std::vector<EntityId> all;
  for (const Bytes& message : mail.front()) {
    Reader reader(message);
    const auto ids = reader.values<EntityId>();
    all.insert(all.end(), ids.begin(), ids.end());
    const auto theirs = reader.values<EdgeOrder>();
    orders.append(theirs, reader.values<std::byte>());
  }
  return all;
}

// By hosted rank and order: which of the edge's ends are agents of that rank. One more row: of any
// rank.
std::vector<std::vector<std::uint8_t>> Simulation::find_ends(std::span<const EdgeOrder> orders) {
  std::vector<std::vector<std::uint8_t>> ends(ranks_.size() + 1);
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    for (const EdgeOrder& order : orders) {
      const bool source = ranks_[h]->store.find_own(order.source).has_value();
      const bool target = ranks_[h]->store.find_own(order.target).has_value();
      ends[h].push_back(static_cast<std::uint8_t>((source ? kSource : 0) | (target ? kTarget : 0)));
    }
  }
  ends.back() = ends.front();
  if (communicator_->ranks() > 1) {
    std::vector<std::vector<std::vector<std::uint8_t>>> sent(ranks_.size());
    for (std::size_t h = 0; h < ranks_.size(); ++h) {
      sent[h].assign(communicator_->ranks(), ends[h]);
    }
    const auto received = exchange_items(*communicator_, "ends of edges", sent);
    for (const std::vector<std::uint8_t>& theirs : received.front()) {
      for (std::size_t i = 0; i < theirs.size(); ++i) {
        ends.back()[i] |= theirs[i];
      }
    }
  }
  return ends;
}

void Simulation::change_graphs(const std::vector<std::vector<EntityId>>& ended) {
  if (model_.graphs.empty()) {
    return;
  }
  EdgeOrders all;
  const std::vector<EntityId> gone = gather_changes(ended, all);
  for (const auto& rank : ranks_) {
    for (Graph& graph : rank->graphs) {
      graph.forget(gone);
    }
  }
  if (all.empty()) {
    return;
  }
  const std::span<const EdgeOrder> orders = all.orders();
  const std::vector<std::vector<std::uint8_t>> ends = find_ends(orders);
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    std::vector<std::vector<EdgeOrder>> halves(model_.graphs.size());
    for (std::size_t i = 0; i < orders.size(); ++i) {
      if (ends.back()[i] != kBoth) {
        const bool counts = orders[i].kind != EdgeOrder::Kind::remove && ranks_[h]->id == 0;
        dropped_edge_orders_[h] += counts ? 1u : 0u;
        continue;
      }
      EdgeOrder half = orders[i];
      if ((ends[h][i] & kSource) != 0) {
        halves[half.graph].push_back(half);
      }
      if (!model_.graphs[half.graph].directed && (ends[h][i] & kTarget) != 0) {
        std::swap(half.source, half.target);
        halves[half.graph].push_back(half);
      }
    }
    for (std::size_t g = 0; g < halves.size(); ++g) {
      std::sort(halves[g].begin(), halves[g].end(), comes_before);
      dropped_edge_orders_[h] += ranks_[h]->graphs[g].apply(halves[g], all.records());
    }
  }
}

// Edges go where the agents at which they begin are about to go.
void Simulation::hand_over_edges() {
  if (model_.graphs.empty()) {
    return;
  }
  Mail mail = communicator_->empty_mail();
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    Rank& rank = *ranks_[h];
    for (Graph& graph : rank.graphs) {
      const std::span<const EntityId> nodes = graph.nodes();
      std::vector<Location> at(nodes.size());
      rank.store.find_all(nodes, at.data());
      std::vector<std::vector<std::uint8_t>> leaving(communicator_->ranks());
      for (std::size_t node = 0; node < nodes.size(); ++node) {
        if (at[node] == kNowhere) {
          continue;
        }
        const RankId owner = partition_.owner(
            tile_of_row(rank.store, at[node].table, at[node].row, model_.domain, tiling_));
        if (owner != rank.id) {
          leaving[owner].resize(nodes.size(), 0);
          leaving[owner][node] = 1;
        }
      }
      // Marks are by the nodes of the whole graph, so all rows are found before any is taken out.
      std::vector<EdgeRows> rows = graph.take(leaving);
      for (std::size_t r = 0; r < rows.size(); ++r) {
        Writer writer(mail[h][r]);
        write_rows(writer, rows[r]);
      }
    }
  }
  mail = communicator_->exchange("edges handed over", std::move(mail));
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    for (const Bytes& message : mail[h]) {
      Reader reader(message);
      for (Graph& graph : ranks_[h]->graphs) {
        const EdgeRows rows = read_rows(reader, graph.field_count());
        graph.insert(span_of(rows, graph));
      }
    }
  }
}

// Edges of agents that live in other processes are dropped, where every process has taken in all.
void Simulation::drop_foreign_edges() {
  for (const auto& rank : ranks_) {
    for (Graph& graph : rank->graphs) {
      std::vector<std::uint8_t> foreign(graph.nodes().size(), 0);
      std::vector<Location> at(graph.nodes().size());
      rank->store.find_all(graph.nodes(), at.data());
      std::transform(at.begin(), at.end(), foreign.begin(),
                     [](Location location) { return location == kNowhere ? 1 : 0; });
      graph.take({foreign});
    }
  }
}

// The half-edges of each hosted rank, and how many of the ends are agents of this process.
std::vector<EdgeRows> Simulation::split_edges(std::size_t g, const EdgeSpan& edges,
                                              std::uint64_t* found) const {
  std::vector<EdgeRows> halves;
  for (const auto& rank : ranks_) {
    const Graph& graph = rank->graphs[g];
    EdgeRows& rows = halves.emplace_back(graph.empty_rows());
    for (std::size_t i = 0; i < edges.sources.size(); ++i) {
      if (rank->store.find_own(edges.sources[i])) {
        ++*found;
        append_half(rows, graph, edges, i, false);
      }
      if (rank->store.find_own(edges.targets[i])) {
        ++*found;
        if (!graph.directed()) {
          append_half(rows, graph, edges, i, true);
        }
      }
    }
  }
  return halves;
}

void Simulation::connect(std::size_t g, const EdgeSpan& edges) {
  const Graph& first = ranks_.front()->graphs.at(g);
  const auto refuse = [&](EntityId from, EntityId to, const std::string& why) {
    throw UserError("graph " + first.name() + ": the edge from " + std::to_string(from) + " to " +
                    std::to_string(to) + " " + why);
  };
  std::uint64_t found = 0;
  std::vector<EdgeRows> halves;
  std::exception_ptr wrong;
  try {
    for (std::size_t i = 0; i < edges.sources.size(); ++i) {
      if (edges.sources[i] == edges.targets[i]) {
        refuse(edges.sources[i], edges.targets[i], "leads to its own agent; leave such edges out");
      }
    }
    halves = split_edges(g, edges, &found);
    for (std::size_t h = 0; h < ranks_.size(); ++h) {
      const Graph& graph = ranks_[h]->graphs[g];
      if (const auto twice = graph.clash(span_of(halves[h], graph))) {
        refuse(twice->first, twice->second,
               graph.directed()
                   ? "is there already"
                   : "is there already (an undirected edge is given once, in one direction)");
      }
    }
  } catch (...) {
    wrong = std::current_exception();
  }
  const std::vector<std::uint64_t> all =
      communicator_->sum("edges", {found, wrong ? std::uint64_t{1} : std::uint64_t{0}});
  if (wrong) {
    communicator_->fail(wrong);
  }
  if (all[1] > 0) {
    communicator_->sum("refusal", {});  // throws what another process says
  }
  if (all[0] != 2 * edges.sources.size()) {
    throw UserError("graph " + first.name() + ": " +
                    std::to_string(2 * edges.sources.size() - all[0]) +
                    " ends of edges are no agents of this world");
  }
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    Graph& graph = ranks_[h]->graphs[g];
    graph.insert(span_of(halves[h], graph));
  }
}

// Of this process.
EdgeRows Simulation::edges(std::size_t g) const {
  EdgeRows all = ranks_.front()->graphs.at(g).rows();
  for (std::size_t h = 1; h < ranks_.size(); ++h) {
    const EdgeRows rows = ranks_[h]->graphs[g].rows();
    all.sources.insert(all.sources.end(), rows.sources.begin(), rows.sources.end());
    all.targets.insert(all.targets.end(), rows.targets.begin(), rows.targets.end());
    for (std::size_t f = 0; f < all.columns.size(); ++f) {
      all.columns[f].insert(all.columns[f].end(), rows.columns[f].begin(), rows.columns[f].end());
    }
  }
  return all;
}

std::uint64_t Simulation::edge_count(std::size_t g) const {
  std::vector<std::uint64_t> halves;
  for (const auto& rank : ranks_) {
    halves.push_back(rank->graphs.at(g).size());
  }
  return global_sum("edge count", halves) / (model_.graphs[g].directed ? 1 : 2);
}

void Simulation::load_edges(const StateSection& section) {
  // All edges enter the first rank of this process, as its agents do, and are handed over from
  // there.
  for (Graph& graph : ranks_.front()->graphs) {
    if (graph.name() == section.name) {
      graph.load(section);
      return;
    }
  }
  throw UserError("the state has a graph '" + section.name + "' that this model does not have");
}

void Simulation::check_loaded_edges() const {
  const Store& store = ranks_.front()->store;
  for (const Graph& graph : ranks_.front()->graphs) {
    for (const EntityId id : graph.nodes()) {
      if (!store.find_own(id)) {
        throw UserError("the state of graph '" + graph.name() + "' has an edge of entity " +
                        std::to_string(id) + ", which it does not have");
      }
      if (graph.find(id, id)) {
        throw UserError("the state of graph '" + graph.name() + "' has an edge from entity " +
                        std::to_string(id) + " to itself");
      }
    }
  }
}

}  // namespace bw
