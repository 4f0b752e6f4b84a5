// table.cpp: tests of rows that come, go and travel, against a plain list of rows.
#include "ecs/table.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/philox.hpp"
#include "herd.hpp"

namespace {

using namespace bw::ecs_tests;
using bw::EntityId;
using bw::Table;

void set_age(Table& table, std::size_t row, std::int64_t age) {
  std::memcpy(table.column(table.find_column(kAge).value()).at(row), &age, sizeof(age));
}

std::int64_t age_of(const Table& table, std::size_t row) {
  std::int64_t age;
  std::memcpy(&age, table.column(table.find_column(kAge).value()).at(row), sizeof(age));
  return age;
}

TEST_CASE("a table has the columns of its components, and a name made of theirs") {
  const bw::Schema schema = herd_schema();
  const Table table(schema, {kBody, kName, kTag});
  CHECK(table.column_count() == 3);
  CHECK(table.has(kTag));
  CHECK_FALSE(table.has(kHunger));
  CHECK(table.find_column(kText) == 2);
  CHECK_FALSE(table.find_column(kLevel));
  CHECK(table.column_name(2) == "Name.text");
  CHECK(table.label() == "Body+Name+Tag");
  CHECK(table.row_size() == 16 + 8 + 5);
  CHECK(Table(schema, {}).label().empty());
}

TEST_CASE("new rows have their ids and the default values") {
  const bw::Schema schema = herd_schema();
  Table table(schema, {kBody, kHunger});
  const std::vector<EntityId> ids{7, 3, 9};
  CHECK(table.append(ids) == 0);
  CHECK(table.append_raw(20, 2) == 3);
  table.fill_default(1, 3, 5);
  CHECK(std::vector<EntityId>(table.ids().begin(), table.ids().end()) ==
        std::vector<EntityId>{7, 3, 9, 20, 21});
  for (std::size_t row = 0; row < 5; ++row) {
    CHECK(age_of(table, row) == 5);
  }
}

TEST_CASE(
    "after any removals the rows that are left have their values, and those that moved are told") {
  const bw::Schema schema = herd_schema();
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    bw::RandomStream draw(seed, 5, 0);
    Table table(schema, {kBody, kHunger, kName});
    std::map<EntityId, std::int64_t> ages;
    EntityId next = 1;
    for (int round = 0; round < 6; ++round) {
      for (std::uint64_t i = draw.integers(40); i > 0; --i) {
        const std::vector<EntityId> id{next++};
        const auto age = static_cast<std::int64_t>(draw.integers(1000));
        set_age(table, table.append(id), age);
        ages[id[0]] = age;
      }
      const std::uint64_t share = draw.integers(11);
      std::vector<std::uint32_t> doomed;
      std::map<EntityId, std::uint32_t> places;
      for (std::uint32_t row = 0; row < table.size(); ++row) {
        places[table.ids()[row]] = row;
        if (draw.integers(10) < share) {
          doomed.push_back(row);
          ages.erase(table.ids()[row]);
        }
      }
      for (const bw::RowMove& move : table.remove(doomed)) {
        CHECK(places[table.ids()[move.to]] == move.from);
        places[table.ids()[move.to]] = move.to;
      }
      REQUIRE(table.size() == ages.size());
      for (std::uint32_t row = 0; row < table.size(); ++row) {
        const EntityId id = table.ids()[row];
        CHECK(places[id] == row);
        CHECK(ages.at(id) == age_of(table, row));
      }
    }
  }
}

TEST_CASE("a row travels as bytes, and rows are reordered with their ids") {
  const bw::Schema schema = herd_schema();
  Table from(schema, {kBody, kName});
  const std::vector<EntityId> ids{1, 2, 3};
  from.append(ids);
  for (std::size_t row = 0; row < 3; ++row) {
    set_age(from, row, static_cast<std::int64_t>(100 + row));
  }
  std::vector<std::byte> bytes(from.row_size());
  from.pack_row(1, bytes.data());
  Table to(schema, {kBody, kName});
  to.append(ids);
  to.unpack_row(2, bytes.data());
  CHECK(age_of(to, 2) == 101);
  CHECK(age_of(to, 1) == 5);

  const std::vector<std::uint32_t> order{2, 0, 1};
  from.permute(order);
  CHECK(std::vector<EntityId>(from.ids().begin(), from.ids().end()) ==
        std::vector<EntityId>{3, 1, 2});
  CHECK(age_of(from, 0) == 102);
  from.append(ids);
  CHECK(age_of(from, 0) == 102);
}

}  // namespace
