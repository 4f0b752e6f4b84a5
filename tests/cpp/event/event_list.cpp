// Records, stamps, moments, and events as state.
#include "event/event_list.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <string>

#include "base/errors.hpp"
#include "events.hpp"

using namespace bw;

TEST_CASE("channel: a record is the sender and the fields at multiples of 8 bytes, with defaults") {
  const Channel channel = small_channel();
  CHECK(channel.offset(0) == 8);
  CHECK(channel.offset(1) == 16);
  CHECK(channel.stride() == 24);
  CHECK(channel.label(1) == "Word.value");
  EventList events(channel);
  const std::byte* record = events.post(41, 5, 3, 0, 1);
  EntityId sender;
  std::memcpy(&sender, record, sizeof(sender));
  CHECK(sender == 41);
  CHECK(record[8] == std::byte{1});
  CHECK(value_of(channel, record) == 7);
}

TEST_CASE("event list: ordinals count a sender's events of one behavior and tick") {
  const Channel channel = small_channel();
  EventList events(channel);
  events.post(1, 9, 3, 0, 2);
  events.post(1, 9, 3, 0, 2);
  events.post(2, 9, 3, 0, 2);
  events.post(2, 9, 3, 0, 3);
  events.post(2, 9, 4, 0, 3);
  std::vector<std::uint64_t> ordinals;
  for (const Envelope& envelope : events.envelopes()) {
    ordinals.push_back(envelope.stamp.ordinal);
  }
  CHECK(ordinals == std::vector<std::uint64_t>{make_ordinal(2, 0), make_ordinal(2, 1),
                                               make_ordinal(2, 0), make_ordinal(3, 0),
                                               make_ordinal(3, 0)});
}

TEST_CASE(
    "phase clock: an event can be received after its sender's phase, one from outside from the "
    "start") {
  const PhaseClock clock({0, 0, 1}, 2);
  const Envelope outside{1, {kOutside, 5, make_ordinal(0, 12)}, 5};
  const Envelope early{1, {8, 5, make_ordinal(2, 0)}, 5};
  const Envelope late{1, {8, 5, make_ordinal(3, 0)}, 5};
  CHECK(clock.moment(outside) < clock.moment(5, 0));
  CHECK(clock.moment(outside) > clock.moment(4, 1));
  CHECK(clock.moment(early) == clock.moment(5, 0));
  CHECK(clock.moment(late) == clock.moment(5, 1));
  CHECK(clock.moment(-1, 1) < 0);
}

TEST_CASE("event list: what all have received is forgotten, the rest keeps its records") {
  const Channel channel = small_channel();
  const PhaseClock clock({0, 1}, 2);
  EventList events(channel);
  for (std::int64_t i = 0; i < 6; ++i) {
    set_value(channel, events.post(10, 1, i, i % 2 == 0 ? 0 : 100, 1), i);
  }
  CHECK(events.due(clock, clock.moment(2, 0), clock.moment(4, 0)).size() == 1);
  CHECK(events.forget(clock, clock.moment(50, 0)) == 3);
  REQUIRE(events.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(value_of(channel, events.record(i)) == 2 * static_cast<std::int64_t>(i) + 1);
    CHECK(events.envelopes()[i].due == 101 + 2 * static_cast<std::int64_t>(i));
  }
}

TEST_CASE("event list: a list that is taken over is empty, and all events are in the other") {
  const Channel channel = small_channel();
  EventList a(channel);
  EventList b(channel);
  set_value(channel, b.post(1, 2, 0, 0, 1), 40);
  a.take(b);
  set_value(channel, b.post(3, 2, 0, 0, 1), 41);
  a.take(b);
  CHECK(b.empty());
  REQUIRE(a.size() == 2);
  CHECK(value_of(channel, a.record(0)) == 40);
  CHECK(value_of(channel, a.record(1)) == 41);
}

TEST_CASE("event list: full at the channel's limit") {
  const Channel channel = small_channel(2);
  EventList events(channel);
  events.post(1, 2, 0, 0, 1);
  CHECK(!events.full());
  events.post(1, 2, 0, 0, 1);
  CHECK(events.full());
}

TEST_CASE("event list: its state loads into an equal list, in any order of columns") {
  const Channel channel = small_channel();
  const PhaseClock clock({0}, 1);
  EventList events(channel);
  for (std::int64_t i = 0; i < 5; ++i) {
    set_value(channel,
              events.post(static_cast<EntityId>(100 - i), static_cast<EntityId>(i), 3, i, 1),
              1000 + i);
  }
  EventList loaded(channel);
  std::vector<std::uint64_t> keys;
  events.list_state([&](const StateSection& section) {
    CHECK(section.room == "event");
    CHECK(section.name == "Word");
    keys.assign(section.keys.begin(), section.keys.end());
    StateSection turned = section;
    std::reverse(turned.columns.begin(), turned.columns.end());
    loaded.load(turned, clock);
  });
  std::sort(keys.begin(), keys.end());
  CHECK(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
  REQUIRE(loaded.size() == events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    CHECK(loaded.envelopes()[i].target == events.envelopes()[i].target);
    CHECK(loaded.envelopes()[i].stamp == events.envelopes()[i].stamp);
    CHECK(loaded.envelopes()[i].due == events.envelopes()[i].due);
    CHECK(std::memcmp(loaded.record(i), events.record(i), channel.stride()) == 0);
  }
}

TEST_CASE(
    "event list: state with a missing column, or of a behavior that is not there, is refused") {
  const Channel channel = small_channel();
  EventList events(channel);
  events.post(1, 2, 0, 0, 4);
  EventList loaded(channel);
  events.list_state([&](const StateSection& section) {
    CHECK_THROWS_WITH_AS(
        loaded.load(section, PhaseClock({0}, 1)),
        "the state has an event 'Word' of a behavior that this model does not have", UserError);
    StateSection cut = section;
    cut.columns.pop_back();
    CHECK_THROWS_AS(loaded.load(cut, PhaseClock({0, 0, 0, 0}, 1)), UserError);
  });
  CHECK(loaded.empty());
}
