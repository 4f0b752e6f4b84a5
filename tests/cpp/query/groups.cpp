// groups.cpp: tests that aggregates are those of the rows, and the same to the last bit however
// rows are split: over threads, ranks, and partial results sent as bytes.
#include "query/groups.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include "base/errors.hpp"
#include "flock.hpp"

namespace {

using namespace bw::query_tests;
using bw::EntityId;
using bw::QueryAggregate;
using bw::QueryGroups;
using bw::QueryPlan;
using bw::QueryType;
using Kind = QueryAggregate::Kind;

// count(lost), sum(seen), sum(speed), least age, greatest speed, histogram of speed; by age.
QueryPlan by_age(bool grouped) {
  QueryPlan plan;
  plan.all = {kBird};
  ProgramMaker make(plan.outputs);
  const auto lost = make.load(kLost, QueryType::truth);
  const auto seen = make.load(kSeen, QueryType::natural);
  const auto speed = make.load(kSpeed, QueryType::real);
  const auto age = make.load(kAge, QueryType::whole);
  if (grouped) {
    plan.keys = {{std::nullopt, age}};
  }
  plan.aggregates = {
      {Kind::count, lost, {}},     {Kind::sum, seen, {}},
      {Kind::sum, speed, {}},      {Kind::least, age, {}},
      {Kind::greatest, speed, {}}, {Kind::histogram, speed, {-50.0, -10.0, 0.0, 25.0}}};
  return plan;
}

struct Row {
  std::uint64_t count = 0;
  std::uint64_t lost = 0;
  std::uint64_t seen = 0;
  double fastest = -1e9;
  std::vector<std::uint64_t> bins = std::vector<std::uint64_t>(6);
};

void add(Row& row, const Bird& bird) {
  ++row.count;
  row.lost += bird.lost ? 1 : 0;
  row.seen += bird.seen;
  row.fastest = std::isnan(bird.speed) ? row.fastest : std::max(row.fastest, bird.speed);
  const std::size_t bin = std::isnan(bird.speed) ? 5
                          : bird.speed > 25.0    ? 4
                          : bird.speed < -50.0   ? 3
                          : bird.speed >= 0.0    ? 2
                          : bird.speed >= -10.0  ? 1
                                                 : 0;
  ++row.bins[bin];
}

// The same groups with the same values, to the last bit of the rounded sums.
void check_same(const QueryGroups& found, const QueryGroups& expected, const QueryPlan& plan) {
  const auto order = found.in_order();
  const auto other = expected.in_order();
  REQUIRE(order.size() == other.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::uint32_t a = order[i];
    const std::uint32_t b = other[i];
    CHECK(found.key(a) == expected.key(b));
    CHECK(found.count(a) == expected.count(b));
    for (const std::size_t integers : {0u, 1u}) {
      CHECK(found.values(integers).integers[a] == expected.values(integers).integers[b]);
    }
    const double sum = found.values(2).reals[a].value();
    const double sum_expected = expected.values(2).reals[b].value();
    CHECK(std::memcmp(&sum, &sum_expected, 8) == 0);
    for (const std::size_t extremes : {3u, 4u}) {
      CHECK(found.values(extremes).extremes[a] == expected.values(extremes).extremes[b]);
      CHECK(found.values(extremes).has_nan[a] == expected.values(extremes).has_nan[b]);
    }
    for (std::size_t bin = 0; bin < found.bins(5); ++bin) {
      CHECK(found.values(5).bins[a * found.bins(5) + bin] ==
            expected.values(5).bins[b * expected.bins(5) + bin]);
    }
  }
  CHECK(plan.aggregates.size() == 6);
}

}  // namespace

TEST_CASE("query groups: aggregates are those of the rows") {
  const bw::Schema schema = flock_schema();
  const Flock flock(schema, 1, 20'000);
  std::map<std::int32_t, Row> expected;
  for (const Bird& bird : flock.birds()) {
    add(expected[bird.age], bird);
  }
  const std::vector<bw::QuerySource> sources{flock.source()};
  const QueryPlan plan = by_age(true);
  bw::ThreadPool pool(2);
  const QueryGroups found = bw::find_groups(plan, schema, sources, pool);
  REQUIRE(found.size() == expected.size());
  std::size_t place = 0;
  const auto order = found.in_order();
  for (const auto& [age, row] : expected) {  // ascending, as the groups
    const std::uint32_t g = order[place++];
    CHECK(found.count(g) == row.count);
    CHECK(found.values(0).integers[g].low() == row.lost);
    CHECK(found.values(1).integers[g].low() == row.seen);
    CHECK(found.values(3).extremes[g] == bw::ordered_bits(std::int64_t{age}));
    CHECK(found.values(4).extremes[g] == bw::ordered_bits(row.fastest));
    CHECK(found.values(4).has_nan[g] == (row.bins[5] > 0 ? 1 : 0));
    const auto* bins = found.values(5).bins.data() + g * found.bins(5);
    CHECK(std::vector<std::uint64_t>(bins, bins + 6) == row.bins);
  }
}

TEST_CASE("query groups: the same answer however rows are split") {
  const bw::Schema schema = flock_schema();
  const EntityId end = 150'000;
  const Flock whole(schema, 1, end);
  std::deque<Flock> parts;  // flocks stay where they are
  for (EntityId first = 1; first <= 3; ++first) {
    parts.emplace_back(schema, first, end, 3);
  }
  for (const bool grouped : {false, true}) {
    const QueryPlan plan = by_age(grouped);
    bw::ThreadPool one(1);
    bw::ThreadPool three(3);
    const std::vector<bw::QuerySource> source{whole.source()};
    const QueryGroups expected = bw::find_groups(plan, schema, source, one);
    check_same(bw::find_groups(plan, schema, source, three), expected, plan);
    QueryGroups merged(plan);
    QueryGroups from_bytes(plan);
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      const std::vector<bw::QuerySource> some{part->source()};
      const QueryGroups partial = bw::find_groups(plan, schema, some, three);
      merged.merge(partial);
      from_bytes.merge(partial.to_bytes());
    }
    check_same(merged, expected, plan);
    check_same(from_bytes, expected, plan);
  }
}

TEST_CASE("query groups: texts as keys, no rows at all, and too many groups") {
  const bw::Schema schema = flock_schema();
  const Flock flock(schema, 1, 1000);
  const std::vector<bw::QuerySource> sources{flock.source()};
  bw::ThreadPool pool(1);
  QueryPlan plan = by_age(false);
  plan.keys = {{kName, 0}};
  const QueryGroups names = bw::find_groups(plan, schema, sources, pool);
  REQUIRE(names.size() == 2);
  CHECK(names.key(names.in_order()[0]) == std::string("bo\0\0", 4));
  CHECK(names.key(names.in_order()[1]) == "lost");

  plan = by_age(false);
  plan.filters.push_back(older_than(1000));
  const QueryGroups none = bw::find_groups(plan, schema, sources, pool);
  REQUIRE(none.size() == 1);
  CHECK(none.count(0) == 0);

  plan = by_age(true);
  plan.most_groups = 12;
  CHECK_THROWS_AS(bw::find_groups(plan, schema, sources, pool), bw::UserError);
  plan.most_groups = 13;
  CHECK(bw::find_groups(plan, schema, sources, pool).size() == 13);
}
