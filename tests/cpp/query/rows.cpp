// rows.cpp: tests that rows come in the order that is asked for, then of their ids, cut at the
// limit, page by page; the same however they are spread over tables, ranks and threads.
#include "query/rows.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "base/errors.hpp"
#include "flock.hpp"

namespace {

using namespace bw::query_tests;
using bw::EntityId;
using bw::FoundRows;
using bw::QueryColumn;
using bw::QueryPlan;
using bw::QueryType;

// All birds by speed, then by age downwards; columns: id, age, speed.
QueryPlan by_speed_and_age(bool speed_descends) {
  QueryPlan plan;
  plan.all = {kBird};
  ProgramMaker make(plan.outputs);
  const auto speed = make.load(kSpeed, QueryType::real);
  const auto age = make.load(kAge, QueryType::whole);
  plan.order = {{speed, speed_descends}, {age, true}};
  plan.columns = {{QueryColumn::What::id, {}, 0},
                  {QueryColumn::What::field, kAge, 0},
                  {QueryColumn::What::value, {}, speed}};
  return plan;
}

std::vector<EntityId> expected_order(const Flock& flock, bool speed_descends) {
  std::vector<Bird> birds = flock.birds();
  std::sort(birds.begin(), birds.end(), [&](const Bird& one, const Bird& other) {
    if (std::isnan(one.speed) != std::isnan(other.speed)) return std::isnan(other.speed);
    if (!std::isnan(one.speed) && one.speed != other.speed) {
      return (one.speed < other.speed) != speed_descends;
    }
    return one.age != other.age ? one.age > other.age : one.id < other.id;
  });
  std::vector<EntityId> ids;
  for (const Bird& bird : birds) {
    ids.push_back(bird.id);
  }
  return ids;
}

}  // namespace

TEST_CASE("query rows: the order, ties by id, on any ranks and threads") {
  const bw::Schema schema = flock_schema();
  const EntityId end = 150'000;
  const Flock whole(schema, 1, end);
  const Flock odd(schema, 1, end, 2);
  const Flock even(schema, 2, end, 2);
  const std::vector<bw::QuerySource> one{whole.source()};
  const std::vector<bw::QuerySource> two{even.source(0), odd.source(1)};
  for (const bool descends : {false, true}) {
    const QueryPlan plan = by_speed_and_age(descends);
    const std::vector<EntityId> expected = expected_order(whole, descends);
    for (const int threads : {1, 3}) {
      bw::ThreadPool pool(threads);
      for (const auto& sources : {one, two}) {
        const FoundRows found = bw::find_rows(plan, schema, sources, pool);
        REQUIRE(found.ids == expected);
        for (std::size_t i = 0; i < found.ids.size(); i += 997) {
          std::int32_t age = 0;
          EntityId id = 0;
          std::memcpy(&id, found.columns[0].data() + i * 8, 8);
          std::memcpy(&age, found.columns[1].data() + i * 4, 4);
          CHECK(id == expected[i]);
          CHECK(age == bird_of(expected[i]).age);
        }
      }
    }
  }
}

TEST_CASE("query rows: pages give each row once") {
  const bw::Schema schema = flock_schema();
  const Flock flock(schema, 1, 3000);
  const std::vector<bw::QuerySource> sources{flock.source()};
  bw::ThreadPool pool(2);
  QueryPlan plan = by_speed_and_age(true);
  plan.limit = 271;
  std::vector<EntityId> ids;
  for (std::size_t page = 0; page < 100; ++page) {
    const FoundRows found = bw::find_rows(plan, schema, sources, pool);
    ids.insert(ids.end(), found.ids.begin(), found.ids.end());
    if (found.ids.size() < plan.limit) {
      break;
    }
    plan.after = {found.order[0].back(), found.order[1].back(), found.ids.back()};
  }
  CHECK(ids == expected_order(flock, true));
}

TEST_CASE("query rows: none, and more than may be") {
  const bw::Schema schema = flock_schema();
  const Flock flock(schema, 1, 3000);
  const std::vector<bw::QuerySource> sources{flock.source()};
  bw::ThreadPool pool(1);
  QueryPlan plan = by_speed_and_age(false);
  plan.filters.push_back(older_than(1000));
  const FoundRows none = bw::find_rows(plan, schema, sources, pool);
  CHECK(none.ids.empty());
  CHECK(none.columns.size() == 3);
  plan.filters.clear();
  CHECK(bw::column_sizes(plan, schema) == std::vector<std::size_t>{8, 4, 8});
  // An id, two places of the order and the columns: 44 bytes a row.
  plan.most_bytes = 2999 * 44;
  CHECK(bw::find_rows(plan, schema, sources, pool).ids.size() == 2999);
  plan.most_bytes -= 1;
  CHECK_THROWS_AS(bw::find_rows(plan, schema, sources, pool), bw::UserError);
}
