// store.cpp: tests that tables and index agree while entities are born, arrive, end, and change
// their archetype.
#include "ecs/store.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include "base/errors.hpp"
#include "base/philox.hpp"
#include "herd.hpp"

namespace {

using namespace bw::ecs_tests;
using bw::Archetype;
using bw::EntityId;
using bw::Location;
using bw::Store;

// What an entity is known to have.
struct Beast {
  std::set<bw::ComponentId> components;
  std::int64_t age = 5;
  float level = 1.5f;
};
using Herd = std::map<EntityId, Beast>;

template <class T>
T read(const Store& store, Location at, bw::FieldKey key) {
  T value;
  const bw::Table& table = store.table(at.table);
  std::memcpy(&value, table.column(table.find_column(key).value()).at(at.row), sizeof(T));
  return value;
}

template <class T>
void write(Store& store, Location at, bw::FieldKey key, T value) {
  bw::Table& table = store.table(at.table);
  std::memcpy(table.column(table.find_column(key).value()).at(at.row), &value, sizeof(T));
}

void check_agrees(const Store& store, const Herd& herd) {
  REQUIRE(store.size() == herd.size());
  std::size_t rows = 0;
  for (std::uint32_t t = 0; t < store.table_count(); ++t) {
    rows += store.table(t).size();
  }
  CHECK(rows == herd.size());
  for (const auto& [id, beast] : herd) {
    const auto at = store.find(id);
    REQUIRE(at);
    const bw::Table& table = store.table(at->table);
    REQUIRE(table.ids()[at->row] == id);
    CHECK(std::set<bw::ComponentId>(table.archetype().begin(), table.archetype().end()) ==
          beast.components);
    if (beast.components.contains(kBody)) {
      CHECK(read<std::int64_t>(store, *at, kAge) == beast.age);
    }
    if (beast.components.contains(kHunger)) {
      CHECK(read<float>(store, *at, kLevel) == beast.level);
    }
  }
}

// Born with default values.
void bear(Store& store, Herd& herd, const Archetype& archetype, const std::vector<EntityId>& ids) {
  const std::uint32_t t = store.table_for(archetype);
  const std::uint32_t first = store.bear(t, ids);
  bw::Table& table = store.table(t);
  for (std::size_t c = 0; c < table.column_count(); ++c) {
    table.fill_default(c, first, table.size());
  }
  for (const EntityId id : ids) {
    herd[id] = {{archetype.begin(), archetype.end()}, 5, 1.5f};
  }
}

void change(Store& store, Herd& herd, EntityId id, bw::ComponentId component, bool attach) {
  const Location at = store.find(id).value();
  Archetype archetype = store.table(at.table).archetype();
  std::erase(archetype, component);
  Beast& beast = herd[id];
  if (attach) {
    archetype.push_back(component);
    beast.level = component == kHunger && !beast.components.contains(kHunger) ? 1.5f : beast.level;
    beast.age = component == kBody && !beast.components.contains(kBody) ? 5 : beast.age;
    beast.components.insert(component);
  } else {
    beast.components.erase(component);
  }
  const Location now = store.change_archetype(at, archetype);
  CHECK(store.find(id) == now);
}

TEST_CASE("an archetype has one table, whatever the order of its components") {
  const bw::Schema schema = herd_schema();
  Store store(schema);
  const std::uint32_t t = store.table_for({kTag, kBody});
  CHECK(store.table_for({kBody, kTag, kBody}) == t);
  CHECK(store.table_for({kBody}) != t);
  CHECK(store.table(t).archetype() == Archetype{kBody, kTag});
  const std::vector<bw::ComponentId> wanted{kBody};
  CHECK(store.tables_with(wanted) == std::vector<std::uint32_t>{0, 1});
  CHECK_FALSE(store.any_rows(wanted));
  CHECK(store.position_column(t) == 0);
  CHECK_FALSE(store.position_column(store.table_for({kHunger})));
}

TEST_CASE(
    "after any births, ends and changes of archetype every entity is where it says, with its "
    "values") {
  const bw::Schema schema = herd_schema();
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    bw::RandomStream draw(seed, 3, 0);
    Store store(schema);
    Herd herd;
    EntityId next = 1;
    const auto someone = [&] {
      auto at = herd.begin();
      std::advance(at, static_cast<std::ptrdiff_t>(draw.integers(herd.size())));
      return at->first;
    };
    for (int step = 0; step < 60; ++step) {
      std::vector<EntityId> ids;
      for (std::uint64_t i = draw.integers(30); i > 0; --i) {
        ids.push_back(next++);
      }
      Archetype archetype;
      for (const bw::ComponentId c : {kBody, kHunger, kName, kTag}) {
        if (draw.integers(2) == 0) {
          archetype.push_back(c);
        }
      }
      bear(store, herd, archetype, ids);
      for (std::uint64_t i = draw.integers(20); i > 0 && !herd.empty(); --i) {
        const EntityId id = someone();
        change(store, herd, id, static_cast<bw::ComponentId>(draw.integers(4)),
               draw.integers(2) == 0);
        if (herd[id].components.contains(kBody)) {
          herd[id].age = static_cast<std::int64_t>(draw.integers(100));
          write(store, store.find(id).value(), kAge, herd[id].age);
        }
        if (herd[id].components.contains(kHunger)) {
          herd[id].level = static_cast<float>(draw.integers(100));
          write(store, store.find(id).value(), kLevel, herd[id].level);
        }
      }
      std::vector<EntityId> doomed{next + 100};
      for (std::uint64_t i = draw.integers(30); i > 0 && !herd.empty(); --i) {
        doomed.push_back(someone());
      }
      std::size_t ended = 0;
      for (const EntityId id : doomed) {
        ended += herd.erase(id);
      }
      CHECK(store.remove(doomed) == ended);
      if (store.table_count() > 0 && draw.integers(3) == 0) {
        const auto t = static_cast<std::uint32_t>(draw.integers(store.table_count()));
        std::vector<std::uint32_t> order(store.table(t).size());
        for (std::uint32_t row = 0; row < order.size(); ++row) {
          order[row] = static_cast<std::uint32_t>(order.size()) - 1 - row;
        }
        store.permute(t, order);
      }
      check_agrees(store, herd);
    }
  }
}

TEST_CASE("many change their archetype in two steps: copied first, then dropped") {
  const bw::Schema schema = herd_schema();
  Store store(schema);
  Herd herd;
  std::vector<EntityId> ids;
  for (EntityId id = 1; id <= 500; ++id) {
    ids.push_back(id);
  }
  bear(store, herd, {kBody}, ids);
  for (const EntityId id : ids) {
    herd[id].age = static_cast<std::int64_t>(id * 3);
    write(store, store.find(id).value(), kAge, herd[id].age);
  }
  std::vector<std::uint32_t> rows;
  for (const EntityId id : {400u, 3u, 77u, 500u, 1u}) {
    rows.push_back(store.find(id)->row);
    herd[id].components.insert(kHunger);
  }
  const std::uint32_t from = store.table_for({kBody});
  const std::uint32_t to = store.table_for({kBody, kHunger});
  CHECK(store.copy_rows(from, rows, to) == 0);
  CHECK(store.table(to).ids()[0] == 400);
  std::sort(rows.begin(), rows.end());
  store.drop_rows(from, rows);
  check_agrees(store, herd);
}

TEST_CASE("rows in a new order are found, changed and removed as before") {
  const bw::Schema schema = herd_schema();
  Store store(schema);
  Herd herd;
  bear(store, herd, {kBody, kHunger}, {1, 2, 3, 4, 5, 6});
  const std::vector<std::uint32_t> order{5, 3, 1, 0, 2, 4};
  store.permute(0, order);
  const std::vector<EntityId> doomed{6, 2};
  CHECK(store.remove(doomed) == 2);
  herd.erase(6);
  herd.erase(2);
  store.permute(0, std::vector<std::uint32_t>{3, 2, 1, 0});
  change(store, herd, 4, kHunger, false);
  store.permute(0, std::vector<std::uint32_t>{2, 1, 0});
  const std::vector<std::uint32_t> first{0};
  herd.erase(store.table(0).ids()[0]);
  store.remove_rows(0, first);
  check_agrees(store, herd);
  CHECK_THROWS_AS(store.permute(0, std::vector<std::uint32_t>{0}), bw::InternalError);
}

TEST_CASE("the index is right whenever it is asked, however much went on since") {
  bw::RandomStream draw(5, 2, 0);
  const bw::Schema schema = herd_schema();
  Store store(schema);
  Herd herd;
  std::vector<EntityId> all;
  const std::uint32_t t = store.table_for({kBody, kHunger});
  std::uint64_t next = 1;
  for (int step = 0; step < 300; ++step) {
    std::vector<EntityId> born(draw.integers(60));
    for (EntityId& id : born) {
      id = bw::make_id(1, next++);
    }
    if (!born.empty()) {
      bear(store, herd, {kBody, kHunger}, born);
    }
    std::vector<bw::Sighting> seen;  // some where they are, some where they were, some twice
    const bw::Table& table = store.table(t);
    for (std::size_t i = draw.integers(60); i > 0 && table.size() > 0; --i) {
      const auto row = static_cast<std::uint32_t>(draw.integers(table.size()));
      const bool astray = draw.integers(4) == 0;
      seen.push_back({table.ids()[row], astray ? Location{t + 9, row + 1} : Location{t, row}});
    }
    seen.push_back({bw::make_id(7, 7), {t, 0}});
    std::set<EntityId> ended;
    for (const bw::Sighting& one : seen) {
      if (herd.erase(one.id) > 0) {
        ended.insert(one.id);
      }
    }
    CHECK(store.remove(seen) == ended.size());
    if (draw.integers(3) == 0 && table.size() > 1) {
      std::vector<std::uint32_t> order(table.size());
      std::iota(order.rbegin(), order.rend(), 0u);
      store.permute(t, order);
    }
    CHECK(store.size() == herd.size());
    if (draw.integers(12) == 0 || step % 100 < 10) {
      check_agrees(store, herd);
    }
    if (draw.integers(12) == 0 && !herd.empty()) {
      CHECK(store.index_bytes() > 0);
    }
  }
  check_agrees(store, herd);
}

TEST_CASE("those who come from elsewhere are known afterwards, with values to be written") {
  const bw::Schema schema = herd_schema();
  Store store(schema);
  const std::uint32_t t = store.table_for({kTag});
  const std::vector<EntityId> ids{bw::make_id(5, 77), bw::make_id(2, 1), bw::make_id(5, 78)};
  CHECK(store.insert(t, ids) == 0);
  CHECK(store.find(ids[2]) == Location{t, 2});
  CHECK(store.size() == 3);
  CHECK(store.count(kTag) == 3);
  CHECK(store.count(kBody) == 0);
}

TEST_CASE("state is listed for every table with entities, by the names of components and fields") {
  const bw::Schema schema = herd_schema();
  Store store(schema);
  Herd herd;
  bear(store, herd, {kBody, kTag}, {4, 9});
  bear(store, herd, {kTag}, {5});
  store.table_for({kName});
  std::vector<std::string> names;
  store.list_state([&](const bw::StateSection& section) {
    CHECK(section.room == "ecs");
    names.push_back(section.name);
    for (const bw::StateColumn& column : section.columns) {
      names.push_back(column.name);
    }
  });
  CHECK(names == std::vector<std::string>{"Body+Tag", "Body.position", "Body.age", "Tag"});
}

}  // namespace
