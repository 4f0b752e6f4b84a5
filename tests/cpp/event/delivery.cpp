// Who gets what, in which order, compared with sorting everything.
#include "event/delivery.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/philox.hpp"
#include "events.hpp"

using namespace bw;

namespace {

constexpr std::uint64_t kKey = 0x5EED;

// Entities 1..30 are on this rank, in two tables; others are elsewhere.
std::optional<Location> find_here(EntityId id) {
  if (id > 30) {
    return std::nullopt;
  }
  return Location{static_cast<std::uint32_t>(id % 2), static_cast<std::uint32_t>(id / 2)};
}

EventList random_events(const Channel& channel, std::uint64_t run, std::size_t count) {
  EventList events(channel);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t word = random_word(kKey, run, 0, i);
    const EntityId target = word % 40;  // 0: everyone
    const Stamp stamp{1 + (word >> 8) % 5, static_cast<std::int64_t>((word >> 16) % 3),
                      make_ordinal(1, i)};
    set_value(channel, events.add({target, stamp, static_cast<std::int64_t>((word >> 24) % 4)}),
              static_cast<std::int64_t>(i));
  }
  return events;
}

std::vector<std::int64_t> values(const Channel& channel, Letters letters) {
  std::vector<std::int64_t> found;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    found.push_back(value_of(channel, letters.records + i * channel.stride()));
  }
  return found;
}

}  // namespace

TEST_CASE("delivery: each row gets what is due for its entity, in the order of stamps") {
  const Channel channel = small_channel();
  const PhaseClock clock({0}, 1);
  Delivery delivery;  // one for all runs: nothing of a run may be left in the next
  for (std::uint64_t run = 0; run < 20; ++run) {
    const EventList events = random_events(channel, run, run * 20);
    const std::int64_t since = clock.moment(1, 0);
    const std::int64_t before = clock.moment(3, 0);
    delivery.collect(events, clock, since, before, find_here);
    std::map<EntityId, std::vector<std::pair<Stamp, std::int64_t>>> expected;
    for (std::size_t i = 0; i < events.size(); ++i) {
      const Envelope& envelope = events.envelopes()[i];
      if (envelope.due == 1 || envelope.due == 2) {
        expected[envelope.target].emplace_back(envelope.stamp, value_of(channel, events.record(i)));
      }
    }
    std::size_t elsewhere = 0;
    for (auto& [target, letters] : expected) {
      std::sort(letters.begin(), letters.end());
      elsewhere += target > 30 ? letters.size() : 0;
    }
    for (EntityId id = 0; id <= 30; ++id) {
      const Location at = find_here(id).value();
      const Letters got =
          id == kEveryone ? delivery.to_everyone() : delivery.to_row(at.table, at.row);
      std::vector<std::int64_t> wanted;
      for (const auto& [stamp, value] : expected[id]) {
        wanted.push_back(value);
      }
      CHECK(values(channel, got) == wanted);
    }
    CHECK(delivery.not_found() == elsewhere);
    for (std::uint32_t table = 0; table < 2; ++table) {
      std::vector<std::uint32_t> rows;
      for (EntityId id = table == 0 ? 2 : 1; id <= 30; id += 2) {
        if (!expected[id].empty()) {
          rows.push_back(find_here(id)->row);
        }
      }
      CHECK(delivery.rows_with_letters(table) == rows);
    }
  }
}

TEST_CASE("delivery: many events go to their rows as few do") {
  const Channel channel = small_channel();
  const PhaseClock clock({0}, 1);
  constexpr EntityId kRows = 5000;
  EventList events(channel);
  std::map<EntityId, std::vector<std::int64_t>> expected;
  for (EntityId sender = 1; sender <= 20000; ++sender) {
    const EntityId target = 1 + random_word(kKey, sender, 1, 0) % kRows;
    set_value(channel, events.post(sender, target, 0, 0, 1), static_cast<std::int64_t>(sender));
    expected[target].push_back(static_cast<std::int64_t>(sender));
  }
  Delivery delivery;
  delivery.collect(events, clock, 0, clock.moment(1, 0), [](EntityId id) {
    return std::optional(Location{2, static_cast<std::uint32_t>((id * 7919) % kRows)});
  });
  for (EntityId id = 1; id <= kRows; ++id) {
    CHECK(values(channel, delivery.to_row(2, (id * 7919) % kRows)) == expected[id]);
  }
}

TEST_CASE("delivery: rows and tables that nobody wrote to have no letters") {
  Delivery delivery;
  CHECK(delivery.to_row(3, 1000).size() == 0);
  CHECK(delivery.to_everyone().size() == 0);
  CHECK(delivery.rows_with_letters(3).empty());
}

TEST_CASE("delivery: merging keeps the order of stamps") {
  const Channel channel = small_channel();
  const PhaseClock clock({0}, 1);
  EventList events(channel);
  const std::vector<std::pair<EntityId, EntityId>> sent{{4, 2}, {1, 0}, {3, 2},
                                                        {2, 0}, {9, 2}, {5, 0}};
  for (const auto& [sender, target] : sent) {
    set_value(channel, events.post(sender, target, 0, 0, 1), static_cast<std::int64_t>(sender));
  }
  Delivery delivery;
  delivery.collect(events, clock, 0, clock.moment(1, 0), find_here);
  std::vector<std::byte> records;
  const Location at = find_here(2).value();
  REQUIRE(merge(delivery.to_row(at.table, at.row), delivery.to_everyone(), delivery.stride(),
                records) == 6);
  std::vector<std::int64_t> order;
  for (std::size_t i = 0; i < 6; ++i) {
    order.push_back(value_of(channel, records.data() + i * channel.stride()));
  }
  CHECK(order == std::vector<std::int64_t>{1, 2, 3, 4, 5, 9});
}
