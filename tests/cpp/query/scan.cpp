// scan.cpp: tests that a scan shows exactly the rows that pass: of the tables that are meant, over
// the borders of blocks and chunks, by id, and through one filter behind another.
#include "query/scan.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "flock.hpp"

namespace {

using namespace bw::query_tests;
using bw::EntityId;
using bw::QueryPlan;

std::vector<EntityId> scanned(const QueryPlan& plan, const bw::Schema& schema,
                              const std::vector<bw::QuerySource>& sources) {
  const bw::QueryChunks chunks(plan, schema, sources);
  bw::QueryScan scan(plan);
  std::vector<EntityId> ids;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    CHECK(chunks[i].count <= bw::kQueryChunk);
    scan.visit(chunks[i], [&](const bw::QueryRows& rows, const bw::QueryMachine&) {
      CHECK(rows.count > 0);
      CHECK(rows.count <= bw::kQueryBlock);
      for (std::size_t r = 0; r < rows.count; ++r) {
        ids.push_back(rows.table->ids()[rows.row(r)]);
      }
    });
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

template <class Keep>
std::vector<EntityId> kept(const Flock& flock, Keep&& keep) {
  std::vector<EntityId> ids;
  for (const Bird& bird : flock.birds()) {
    if (keep(bird)) {
      ids.push_back(bird.id);
    }
  }
  return ids;
}

}  // namespace

TEST_CASE("query scan: components that rows have, over the borders of blocks and chunks") {
  const bw::Schema schema = flock_schema();
  for (const EntityId count : {1u, 1023u, 1024u, 1025u, 200'000u}) {
    const Flock flock(schema, 1, 1 + count);
    const std::vector<bw::QuerySource> sources{flock.source()};
    QueryPlan plan;
    plan.all = {kBird};
    CHECK(scanned(plan, schema, sources) == kept(flock, [](const Bird&) { return true; }));
    plan.none = {kHungry};
    CHECK(scanned(plan, schema, sources) == kept(flock, [](const Bird& b) { return !b.hungry; }));
    plan.none = {};
    plan.any = {{kHungry}};
    CHECK(scanned(plan, schema, sources) == kept(flock, [](const Bird& b) { return b.hungry; }));
  }
}

TEST_CASE("query scan: one filter behind another; a later one sees what passed only") {
  const bw::Schema schema = flock_schema();
  const Flock flock(schema, 1, 10'000);
  QueryPlan plan;
  plan.all = {kBird};
  plan.filters.push_back(older_than(0));
  // 12 // age == 3: fails where age is 0, which does not pass the first.
  bw::QueryProgram second;
  ProgramMaker make(second);
  const auto age = make.load(kAge, bw::QueryType::whole);
  const auto dozen = make.constant(std::int64_t{12}, bw::QueryType::whole);
  const auto quotient = make.step("floor_divide whole", bw::QueryType::whole, dozen, age);
  make.step("equal whole", bw::QueryType::truth, quotient,
            make.constant(std::int64_t{3}, bw::QueryType::whole));
  plan.filters.push_back(second);
  const auto expected = kept(flock, [](const Bird& b) { return b.age == 4; });
  REQUIRE(!expected.empty());
  CHECK(scanned(plan, schema, {{flock.source()}}) == expected);
}

TEST_CASE("query scan: ids are looked up, on the ranks that have them") {
  const bw::Schema schema = flock_schema();
  const Flock odd(schema, 1, 5000, 2);
  const Flock even(schema, 2, 5000, 2);
  QueryPlan plan;
  plan.all = {kBird};
  plan.ids = std::vector<EntityId>{3, 4, 8, 77, 4999, 100'000};
  CHECK(scanned(plan, schema, {odd.source(0), even.source(1)}) ==
        std::vector<EntityId>{3, 4, 8, 77, 4999});
  plan.none = {kHungry};
  CHECK(scanned(plan, schema, {odd.source(0), even.source(1)}) ==
        std::vector<EntityId>{3, 77, 4999});
}
