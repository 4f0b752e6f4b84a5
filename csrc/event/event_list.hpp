// Events that have been sent and not yet been received, of one channel on one rank.
//
// The rule of delivery. An event can be received from the phase after the one that sent it, or as
// many ticks later as it was put off (one from outside: from the first phase of the tick). Each
// behavior that receives its channel sees it exactly once, in its first run from then on; until the
// last of them has run, the event waits. A behavior that is switched off, or past its last tick, is
// not waited for. A run sees its events in the order of (sender, when sent): tick, behavior,
// ordinal. Nothing of this depends on ranks, threads, rows or arrival.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.hpp"
#include "base/state.hpp"
#include "event/channel.hpp"

namespace bw {

// Target of an event to all who listen; sender of one from outside.
inline constexpr EntityId kEveryone = 0;
inline constexpr EntityId kOutside = 0;

// When a sender sent an event: its behavior's place in the order (from 1; 0 from outside) above how
// many it sent before.
inline constexpr unsigned kOrdinalBits = 40;
constexpr std::uint64_t make_ordinal(std::uint32_t place, std::uint64_t count) {
  return (std::uint64_t{place} << kOrdinalBits) | count;
}
constexpr std::uint32_t place_of_ordinal(std::uint64_t ordinal) {
  return static_cast<std::uint32_t>(ordinal >> kOrdinalBits);
}

// Events of one run stand in this order.
struct Stamp {
  EntityId sender = kOutside;
  std::int64_t sent = 0;  // tick
  std::uint64_t ordinal = 0;

  friend constexpr auto operator<=>(const Stamp&, const Stamp&) = default;
};

// What an event carries beside its record.
struct Envelope {
  EntityId target = kEveryone;
  Stamp stamp;
  std::int64_t due = 0;  // tick from which on it can be received: after the sender's phase, or from
                         // the tick's start
};

// Counts moments since the start of the world, so that ticks and phases compare as one number: the
// start of a tick, its phases.
class PhaseClock {
 public:
  PhaseClock() = default;
  // `phase_of_place[p]` is the phase of the behavior at place p + 1 of the order.
  PhaseClock(std::vector<std::uint32_t> phase_of_place, std::size_t phases);

  std::size_t places() const { return phase_of_place_.size(); }
  std::int64_t moment(std::int64_t tick, std::size_t phase) const {
    return tick * moments_ + static_cast<std::int64_t>(phase) + 1;
  }
  // The moment after which an event can be received.
  std::int64_t moment(const Envelope& envelope) const;

 private:
  std::vector<std::uint32_t> phase_of_place_;
  std::int64_t moments_ = 1;  // in a tick
};

class EventList {
 public:
  explicit EventList(const Channel& channel) : channel_(&channel) {}

  const Channel& channel() const { return *channel_; }
  std::size_t size() const { return envelopes_.size(); }
  bool empty() const { return envelopes_.empty(); }
  std::span<const Envelope> envelopes() const { return envelopes_; }
  std::span<const std::byte> records() const { return records_; }
  const std::byte* record(std::size_t i) const { return records_.data() + i * channel_->stride(); }
  bool full() const { return size() >= channel_->most_events(); }

  // Appends an event with the channel's defaults; returns its record, sender filled in, valid until
  // the next call.
  std::byte* add(const Envelope& envelope);

  // Appends an event that a behavior sends. Its ordinal follows from the event before, so one
  // sender's events of a behavior must come one after another.
  std::byte* post(EntityId sender, EntityId target, std::int64_t tick, std::int64_t delay,
                  std::uint32_t place);

  // Takes over all events of another list, which is then empty.
  void take(EventList& other);
  void append(std::span<const Envelope> envelopes, std::span<const std::byte> records);

  // A copy of the events whose moments are in [since, before).
  EventList due(const PhaseClock& clock, std::int64_t since, std::int64_t before) const;

  // Forgets the events that could be received before a moment; returns how many.
  std::size_t forget(const PhaseClock& clock, std::int64_t before);
  void clear();

  void list_state(const StateSink& sink) const;
  // Takes in rows of a section that list_state made.
  void load(const StateSection& section, const PhaseClock& clock);

 private:
  const Channel* channel_;
  std::vector<Envelope> envelopes_;
  std::vector<std::byte> records_;
};

}  // namespace bw
