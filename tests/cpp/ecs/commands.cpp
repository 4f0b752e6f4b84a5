// commands.cpp: tests that orders of a phase have one outcome, however they are shared out over
// workers, against a plain model.
#include "ecs/commands.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "base/hash.hpp"
#include "base/philox.hpp"
#include "herd.hpp"

namespace {

using namespace bw::ecs_tests;
using bw::CommandBuffer;
using bw::EntityId;
using bw::RecordPlan;
using bw::Store;

RecordPlan plan_of(const bw::Schema& schema, bw::Archetype components,
                   std::vector<bw::FieldKey> fields) {
  RecordPlan plan{std::move(components), std::move(fields), {}, {}};
  for (const bw::FieldKey key : plan.fields) {
    plan.offsets.push_back(plan.initial.size());
    plan.initial.resize(plan.initial.size() + (schema.field(key).type.size() + 7) / 8 * 8);
    std::copy(schema.field(key).initial.begin(), schema.field(key).initial.end(),
              plan.initial.begin() + static_cast<std::ptrdiff_t>(plan.offsets.back()));
  }
  return plan;
}

// What one row orders: the commands of a kernel call, in their order.
struct Order {
  enum class Kind { birth, attach, detach, death } kind;
  std::uint32_t plan;
  std::int64_t value;
};
struct Row {
  EntityId id;
  std::uint32_t behavior;
  std::vector<Order> orders;
};

enum Plan : std::uint32_t { kLamb, kCub, kHungry, kTagged, kNamed };

std::vector<RecordPlan> all_plans(const bw::Schema& schema) {
  return {plan_of(schema, {kBody, kTag}, {kAge}),
          plan_of(schema, {kBody, kHunger}, {kLevel, kPosition, kAge}),
          plan_of(schema, {kHunger}, {kLevel}), plan_of(schema, {kTag}, {}),
          plan_of(schema, {kName}, {kText})};
}

bw::TileId tile_of(EntityId id) {
  return static_cast<bw::TileId>(id % 3 + 1);
}

void order(CommandBuffer& buffer, const Row& row, const std::vector<RecordPlan>& plans) {
  for (const Order& o : row.orders) {
    const RecordPlan& plan = plans[o.plan];
    std::byte* record = nullptr;
    if (o.kind == Order::Kind::birth) {
      record = buffer.spawn(row.id, tile_of(row.id), o.plan, row.behavior, plan);
    } else if (o.kind == Order::Kind::attach) {
      record = buffer.attach(row.id, o.plan, row.behavior, plan);
    } else if (o.kind == Order::Kind::detach) {
      buffer.detach(row.id, o.plan, row.behavior);
    } else {
      buffer.despawn(row.id);
    }
    for (std::size_t f = 0; record != nullptr && f < plan.fields.size(); ++f) {
      if (plan.fields[f] == kAge) {
        std::memcpy(record + plan.offsets[f], &o.value, sizeof(o.value));
      } else if (plan.fields[f] == kLevel) {
        const auto level = static_cast<float>(o.value);
        std::memcpy(record + plan.offsets[f], &level, sizeof(level));
      }
    }
  }
}

struct Beast {
  std::set<bw::ComponentId> components;
  std::int64_t age = 5;
  float level = 1.5f;

  friend bool operator==(const Beast&, const Beast&) = default;
};
using Herd = std::map<EntityId, Beast>;

Herd herd_of(const Store& store) {
  Herd herd;
  for (std::uint32_t t = 0; t < store.table_count(); ++t) {
    const bw::Table& table = store.table(t);
    for (std::size_t row = 0; row < table.size(); ++row) {
      Beast& beast = herd[table.ids()[row]];
      CHECK(store.find(table.ids()[row]) == bw::Location{t, static_cast<std::uint32_t>(row)});
      beast.components = {table.archetype().begin(), table.archetype().end()};
      if (const auto c = table.find_column(kAge)) {
        std::memcpy(&beast.age, table.column(*c).at(row), sizeof(beast.age));
      }
      if (const auto c = table.find_column(kLevel)) {
        std::memcpy(&beast.level, table.column(*c).at(row), sizeof(beast.level));
      }
    }
  }
  return herd;
}

void attach(Beast& beast, const Order& o) {
  const std::map<std::uint32_t, bw::ComponentId> added{
      {kHungry, kHunger}, {kTagged, kTag}, {kNamed, kName}};
  beast.components.insert(added.at(o.plan));
  if (o.plan == kHungry) {
    beast.level = static_cast<float>(o.value);
  }
}

void detach(Beast& beast, const Order& o) {
  const std::map<std::uint32_t, bw::ComponentId> taken{
      {kHungry, kHunger}, {kTagged, kTag}, {kNamed, kName}};
  beast.components.erase(taken.at(o.plan));
  beast.level = o.plan == kHungry ? 1.5f : beast.level;
}

// The rules of the room, row by row.
Herd expected(Herd herd, std::vector<Row> rows, std::vector<std::uint64_t>& next) {
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return std::tie(a.behavior, a.id) < std::tie(b.behavior, b.id);
  });
  for (const Row& row : rows) {
    for (const Order& o : row.orders) {
      if (o.kind == Order::Kind::death) {
        herd.erase(row.id);
      }
    }
  }
  Herd born;
  for (const Row& row : rows) {
    for (const Order& o : row.orders) {
      const auto at = herd.find(row.id);
      if (o.kind == Order::Kind::birth) {
        const EntityId id = bw::make_id(tile_of(row.id), next[tile_of(row.id)]++);
        born[id] = o.plan == kLamb ? Beast{{kBody, kTag}, o.value, 1.5f}
                                   : Beast{{kBody, kHunger}, o.value, static_cast<float>(o.value)};
      } else if (at != herd.end() && o.kind == Order::Kind::attach) {
        attach(at->second, o);
      } else if (at != herd.end() && o.kind == Order::Kind::detach) {
        detach(at->second, o);
      }
    }
  }
  herd.merge(born);
  return herd;
}

std::vector<Row> random_rows(const Herd& herd, bw::RandomStream& draw) {
  std::vector<Row> rows;
  for (const auto& [id, beast] : herd) {
    for (const std::uint32_t behavior : {3u, 8u}) {
      Row row{id, behavior, {}};
      for (std::uint64_t i = draw.integers(4); i > 0 && draw.integers(3) == 0; --i) {
        const auto kind = static_cast<Order::Kind>(draw.integers(4));
        const bool birth = kind == Order::Kind::birth;
        row.orders.push_back(
            {kind, static_cast<std::uint32_t>(birth ? draw.integers(2) : 2 + draw.integers(3)),
             static_cast<std::int64_t>(draw.integers(1000))});
      }
      rows.push_back(row);
    }
  }
  return rows;
}

TEST_CASE(
    "any split of the orders over workers, and any order of rows, has the outcome that the rules "
    "give") {
  const bw::Schema schema = herd_schema();
  const std::vector<RecordPlan> plans = all_plans(schema);
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    bw::RandomStream draw(seed, 8, 0);
    std::vector<std::uint64_t> next(5, 1);
    Store store(schema);
    std::vector<EntityId> ids;
    for (EntityId id = 1; id <= 40; ++id) {
      ids.push_back(id);
    }
    store.table_for({kBody});
    store.bear(0, ids);
    store.table(0).fill_default(0, 0, 40);
    store.table(0).fill_default(1, 0, 40);
    for (int phase = 0; phase < 4; ++phase) {
      const Herd before = herd_of(store);
      std::vector<Row> rows = random_rows(before, draw);
      std::vector<std::uint64_t> model_next = next;
      const Herd wanted = expected(before, rows, model_next);
      // Rows run in any order, on any worker.
      for (std::size_t i = rows.size(); i > 1; --i) {
        std::swap(rows[i - 1], rows[draw.integers(i)]);
      }
      std::vector<CommandBuffer> workers(1 + draw.integers(4));
      std::vector<CommandBuffer*> buffers;
      for (CommandBuffer& worker : workers) {
        buffers.push_back(&worker);
      }
      for (const Row& row : rows) {
        order(workers[draw.integers(workers.size())], row, plans);
      }
      const bw::ApplyResult result = bw::apply_commands(store, buffers, plans, next);
      CHECK(herd_of(store) == wanted);
      CHECK(next == model_next);
      CHECK(store.size() == before.size() - result.deaths + result.births);
      for (const CommandBuffer& worker : workers) {
        CHECK(worker.empty());
      }
    }
  }
}

TEST_CASE("many births of parents in any order are numbered by the parents' ids") {
  const bw::Schema schema = herd_schema();
  const std::vector<RecordPlan> plans = all_plans(schema);
  Store store(schema);
  std::vector<std::uint64_t> next(5, 1);
  CommandBuffer one;
  CommandBuffer other;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    const EntityId parent = bw::make_id(static_cast<bw::TileId>(i % 7), i * 2741 % 5003 + 1);
    const Row row{parent,
                  static_cast<std::uint32_t>(i % 2),
                  {{Order::Kind::birth, kLamb, static_cast<std::int64_t>(parent)}}};
    order(i % 3 == 0 ? one : other, row, plans);
  }
  std::vector<CommandBuffer*> buffers{&one, &other};
  CHECK(bw::apply_commands(store, buffers, plans, next).births == 5000);
  std::map<bw::TileId, std::vector<std::pair<EntityId, std::int64_t>>> born;
  for (const auto& [id, beast] : herd_of(store)) {
    born[bw::birth_tile(id)].emplace_back(id, beast.age);
  }
  for (const auto& [tile, children] : born) {
    CHECK(children.front().first == bw::make_id(tile, 1));
    CHECK(next[tile] == children.size() + 1);
    // Behavior 0's children first, each behavior's by parent.
    int descents = 0;
    for (std::size_t i = 1; i < children.size(); ++i) {
      descents += children[i].second < children[i - 1].second ? 1 : 0;
    }
    CHECK(descents == 1);
  }
}

TEST_CASE(
    "an entity that is ordered to end twice ends once, and one that is unknown is passed over") {
  const bw::Schema schema = herd_schema();
  Store store(schema);
  const std::vector<EntityId> ids{1, 2};
  store.insert(store.table_for({kTag}), ids);
  CommandBuffer buffer;
  buffer.despawn(2);
  buffer.despawn(2);
  buffer.despawn(77);
  std::vector<CommandBuffer*> buffers{&buffer};
  std::vector<std::uint64_t> next(2, 1);
  CHECK(bw::apply_commands(store, buffers, {}, next).deaths == 1);
  CHECK(store.size() == 1);
}

}  // namespace
