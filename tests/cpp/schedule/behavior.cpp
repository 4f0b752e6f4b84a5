// behavior.cpp: tests of triggers, of radii that come from parameters, and of records.
#include "schedule/behavior.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

namespace {

using bw::Behavior;
using bw::NumberSource;
using bw::Trigger;

std::vector<std::int64_t> ticks_of(const Trigger& trigger) {
  std::vector<std::int64_t> ticks;
  for (std::int64_t tick = 0; tick < 12; ++tick) {
    if (trigger.fires(tick)) {
      ticks.push_back(tick);
    }
  }
  return ticks;
}

TEST_CASE("a behavior fires every so many ticks from a tick on, or in the ticks that are named") {
  CHECK(ticks_of({}).size() == 12);
  CHECK(ticks_of({4, 0, {}, true}) == std::vector<std::int64_t>{0, 4, 8});
  CHECK(ticks_of({3, 5, {}, true}) == std::vector<std::int64_t>{5, 8, 11});
  CHECK(ticks_of({1, 10, {}, true}) == std::vector<std::int64_t>{10, 11});
  CHECK(ticks_of({1, 0, {2, 3, 7}, true}) == std::vector<std::int64_t>{2, 3, 7});
  CHECK(ticks_of({1, 0, {}, false}).empty());
  CHECK(ticks_of({1, 0, {2}, false}).empty());
}

TEST_CASE("a radius is a constant, or a number of the parameter block, real or whole") {
  std::vector<std::byte> block(24);
  const double real = 2.5;
  const std::int64_t whole = 7;
  std::memcpy(block.data() + 8, &real, sizeof(real));
  std::memcpy(block.data() + 16, &whole, sizeof(whole));
  CHECK(NumberSource{NumberSource::Kind::constant, 1.25, 0}.value(block) == 1.25);
  CHECK(NumberSource{NumberSource::Kind::real_parameter, 0.0, 8}.value(block) == 2.5);
  CHECK(NumberSource{NumberSource::Kind::whole_parameter, 0.0, 16}.value(block) == 7.0);
}

TEST_CASE("fields of a record stand at multiples of eight bytes, filled with their defaults") {
  bw::Schema schema;
  const auto one = static_cast<std::byte>(1);
  schema.add({"Bird",
              {{"position", {bw::Scalar::f64, 2}, {}},
               {"kind", {bw::Scalar::u8, 1}, {one}},
               {"name", {bw::Scalar::bytes, 9}, {}},
               {"age", {bw::Scalar::i32, 1}, {one}}}});
  const bw::RecordLayout layout = bw::record_layout(schema, {{0, 1}, {0, 2}, {0, 3}, {0, 0}});
  CHECK(layout.offsets == std::vector<std::size_t>{0, 8, 24, 32});
  CHECK(layout.size == 48);
  CHECK(layout.initial.size() == 48);
  CHECK(layout.initial[0] == one);
  CHECK(layout.initial[24] == one);
  // Without fields too it stands somewhere: its address says that the order was taken.
  CHECK(bw::record_layout(schema, {}).size == 8);
}

TEST_CASE("a behavior writes the fields that it declared as written") {
  Behavior behavior;
  behavior.columns = {{{0, 1}, true, false}, {{0, 2}, false, true}};
  CHECK_FALSE(behavior.writes({0, 1}));
  CHECK(behavior.writes({0, 2}));
  CHECK_FALSE(behavior.writes({1, 2}));
}

}  // namespace
