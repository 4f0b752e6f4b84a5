// Graphs against a plain map of pairs, under random insertions, removals and orders.
#include "graph/graph.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "base/errors.hpp"
#include "base/philox.hpp"

namespace {

using namespace bw;

struct Data {
  double weight = 1.0;
  std::int32_t mark = 5;
  friend bool operator==(const Data&, const Data&) = default;
};
using Plain = std::map<EdgePair, Data>;

template <class T>
std::vector<std::byte> bytes_of(T value) {
  std::vector<std::byte> bytes(sizeof(T));
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

Schema ties() {
  Schema schema;
  schema.add({"Tie",
              {{"weight", {Scalar::f64, 1}, bytes_of(1.0)},
               {"mark", {Scalar::i32, 1}, bytes_of(std::int32_t{5})}}});
  return schema;
}

// All half-edges of a graph, and that its arrays hold together.
Plain contents(const Graph& graph) {
  Plain found;
  REQUIRE(graph.starts().size() == graph.nodes().size() + 1);
  REQUIRE(graph.starts().back() == graph.heads().size());
  REQUIRE(std::is_sorted(graph.nodes().begin(), graph.nodes().end()));
  std::vector<bool> used(graph.nodes().size(), false);
  for (std::size_t node = 0; node < graph.nodes().size(); ++node) {
    for (std::uint32_t e = graph.starts()[node]; e < graph.starts()[node + 1]; ++e) {
      if (e > graph.starts()[node]) {
        CHECK(graph.heads()[e - 1] < graph.heads()[e]);
      }
      used[node] = used[graph.heads()[e]] = true;
      Data data;
      std::memcpy(&data.weight, graph.column(0) + e * sizeof(double), sizeof(double));
      std::memcpy(&data.mark, graph.column(1) + e * 4, 4);
      found[{graph.nodes()[node], graph.nodes()[graph.heads()[e]]}] = data;
    }
  }
  CHECK(std::all_of(used.begin(), used.end(), [](bool u) { return u; }));
  return found;
}

void insert(Graph& graph, const std::vector<EdgePair>& pairs, Plain& plain, RandomStream& random) {
  EdgeRows rows = graph.empty_rows();
  for (const EdgePair& pair : pairs) {
    const Data data{random.uniform(), static_cast<std::int32_t>(random.integers(100))};
    rows.sources.push_back(pair.first);
    rows.targets.push_back(pair.second);
    const auto weight = bytes_of(data.weight);
    const auto mark = bytes_of(data.mark);
    rows.columns[0].insert(rows.columns[0].end(), weight.begin(), weight.end());
    rows.columns[1].insert(rows.columns[1].end(), mark.begin(), mark.end());
    plain[pair] = data;
  }
  REQUIRE(!graph.clash(span_of(rows, graph)));
  graph.insert(span_of(rows, graph));
}

EntityId random_id(RandomStream& random) {
  // Of two tiles, so that ids are far apart.
  return make_id(static_cast<TileId>(random.integers(2)), 1 + random.integers(12));
}

TEST_CASE("a graph under random changes is a map of pairs") {
  const Schema schema = ties();
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    RandomStream random(seed, 1, 0);
    Graph graph(schema, {0, true});
    Plain plain;
    for (int round = 0; round < 40; ++round) {
      std::vector<EdgePair> fresh;
      for (int i = 0; i < 6; ++i) {
        const EdgePair pair{random_id(random), random_id(random)};
        if (!plain.contains(pair) && std::find(fresh.begin(), fresh.end(), pair) == fresh.end()) {
          fresh.push_back(pair);
        }
      }
      insert(graph, fresh, plain, random);
      const std::vector<EntityId> ended{random_id(random)};
      if (random.uniform() < 0.3) {
        graph.forget(ended);
        std::erase_if(plain, [&](const auto& edge) {
          return edge.first.first == ended[0] || edge.first.second == ended[0];
        });
      }
      CHECK(contents(graph) == plain);
      for (const auto& [pair, data] : plain) {
        CHECK(graph.find(pair.first, pair.second).has_value());
      }
      CHECK(!graph.find(random_id(random), 77777));
    }
  }
}

TEST_CASE("orders take effect one after another") {
  const Schema schema = ties();
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    RandomStream random(seed, 2, 0);
    Graph graph(schema, {0, true});
    Plain plain;
    insert(graph, {{1, 2}, {2, 3}, {3, 1}, {5, 2}}, plain, random);
    EdgeOrders orders;
    std::size_t missed = 0;
    for (std::uint32_t i = 0; i < 40; ++i) {
      EdgeOrder order{};
      order.source = order.agent = 1 + random.integers(5);
      order.target = 1 + random.integers(5);
      order.kind = static_cast<EdgeOrder::Kind>(random.integers(3));
      order.fields = 1 + random.integers(3);
      std::byte* record = orders.add(order, graph.initial());
      const double weight = random.uniform();
      std::memcpy(record + graph.offset(0), &weight, sizeof(weight));
    }
    std::vector<EdgeOrder> sorted(orders.orders().begin(), orders.orders().end());
    std::sort(sorted.begin(), sorted.end(), comes_before);
    for (const EdgeOrder& order : sorted) {
      const EdgePair pair{order.source, order.target};
      double weight = 0.0;
      std::memcpy(&weight, orders.records().data() + order.record + graph.offset(0), 8);
      if (order.kind == EdgeOrder::Kind::remove) {
        plain.erase(pair);
      } else if (order.kind == EdgeOrder::Kind::add) {
        plain[pair] = {weight, 5};
      } else if (const auto found = plain.find(pair); found != plain.end()) {
        found->second.weight = (order.fields & 1) != 0 ? weight : found->second.weight;
        found->second.mark = (order.fields & 2) != 0 ? 5 : found->second.mark;
      } else {
        ++missed;
      }
    }
    CHECK(graph.apply(sorted, orders.records()) == missed);
    CHECK(contents(graph) == plain);
  }
}

TEST_CASE("edges leave with their sources") {
  const Schema schema = ties();
  RandomStream random(3, 3, 0);
  Graph graph(schema, {0, true});
  Plain plain;
  insert(graph, {{1, 2}, {1, 3}, {2, 1}, {3, 1}, {4, 1}}, plain, random);
  std::vector<std::vector<std::uint8_t>> marks{{}, {1, 0, 0, 0}, {0, 0, 1, 0}};
  const std::vector<EdgeRows> rows = graph.take(marks);
  CHECK(rows[0].sources.empty());
  CHECK(rows[1].targets == std::vector<EntityId>{2, 3});
  CHECK(rows[2].sources == std::vector<EntityId>{3});
  Graph other(schema, {0, true});
  other.insert(span_of(rows[1], other));
  other.insert(span_of(rows[2], other));
  Plain together = contents(graph);
  CHECK(together.size() == 2);
  together.merge(contents(other));
  CHECK(together == plain);
}

TEST_CASE("an undirected graph lists each edge once and takes it in as two halves") {
  const Schema schema = ties();
  RandomStream random(4, 4, 0);
  Graph graph(schema, {0, false});
  Plain plain;
  insert(graph, {{7, 2}, {2, 7}, {2, 5}, {5, 2}}, plain, random);
  int sections = 0;
  graph.list_state([&](const StateSection& section) {
    ++sections;
    CHECK(section.name == "Tie");
    CHECK(section.keys.size() == 2);
    Graph copy(schema, {0, false});
    copy.load(section);
    CHECK(copy.rows().sources == std::vector<EntityId>{2, 2});
    CHECK(copy.rows().targets == std::vector<EntityId>{5, 7});
    CHECK(contents(copy).size() == 4);
    CHECK(contents(copy).at({7, 2}) == contents(copy).at({2, 7}));
    CHECK_THROWS_AS(copy.load(section), UserError);
  });
  CHECK(sections == 1);
  CHECK(graph.bytes() > 0);
}

TEST_CASE("clashes are found before anything changes") {
  const Schema schema = ties();
  RandomStream random(5, 5, 0);
  Graph graph(schema, {0, true});
  Plain plain;
  insert(graph, {{1, 2}}, plain, random);
  EdgeRows rows = graph.empty_rows();
  rows.sources = {3, 1};
  rows.targets = {4, 2};
  CHECK(graph.clash(span_of(rows, graph)) == EdgePair{1, 2});
  rows.sources = {3, 3};
  rows.targets = {4, 4};
  CHECK(graph.clash(span_of(rows, graph)) == EdgePair{3, 4});
}

}  // namespace
