// Events between phases: who receives what, the exchange by which events reach the ranks of their
// receivers, and when an event has been received by all.
#include <algorithm>
#include <limits>
#include <utility>

#include "base/errors.hpp"
#include "engine/simulation.hpp"

namespace bw {
namespace {

constexpr std::array<std::uint64_t, 1> kOneKey{0};

void check_room(const EventList& events) {
  if (events.size() > events.channel().most_events()) {
    throw Error(std::to_string(events.size()) + " events " + events.channel().name() +
                " wait to be received; at most " + std::to_string(events.channel().most_events()) +
                " may. Send fewer, or let the behaviors that receive them run more often");
  }
}

}  // namespace

void Simulation::list_receivers() {
  receivers_of_.resize(model_.channels.size());
  std::vector<std::uint32_t> phase_of_place;
  for (std::uint32_t phase = 0; phase < model_.phases.size(); ++phase) {
    for (const Behavior& behavior : model_.phases[phase].behaviors) {
      const auto place = static_cast<std::uint32_t>(phase_of_place.size());
      for (const ChannelId channel : behavior.inboxes) {
        if (receivers_of_[channel].empty() || receivers_of_[channel].back() != place) {
          receivers_of_[channel].push_back(place);
        }
      }
      phase_of_place.push_back(phase);
      receivers_.push_back({phase, !behavior.inboxes.empty(), kNeverRan});
    }
  }
  phase_clock_ = PhaseClock(std::move(phase_of_place), model_.phases.size());
  events_found_.resize(ranks_.size());
  events_unheard_.resize(ranks_.size());
}

// The moment from which on a behavior has received nothing yet.
std::int64_t Simulation::received_until(std::uint32_t place) const {
  return phase_clock_.moment(receivers_[place].ran, receivers_[place].phase);
}

// Whether a behavior that runs on events has some. On several ranks only the exchange tells.
bool Simulation::any_due(const PreparedBehavior& prepared) const {
  if (communicator_->ranks() > 1) {
    return true;
  }
  const Behavior& behavior = *prepared.run.behavior;
  const std::int64_t since = received_until(prepared.run.order);
  const std::int64_t now = phase_clock_.moment(tick_, receivers_[prepared.run.order].phase);
  const std::span<const Envelope> waiting =
      ranks_.front()->events[behavior.inboxes[*behavior.on_inbox]].envelopes();
  return std::any_of(waiting.begin(), waiting.end(), [&](const Envelope& envelope) {
    const std::int64_t moment = phase_clock_.moment(envelope);
    return moment >= since && moment < now;
  });
}

// By hosted rank and channel: the events of all ranks that this phase may receive. A sender does
// not know where its receiver is: every rank gets them all and keeps what is for its own agents.
std::vector<std::vector<EventList>> Simulation::gather_due(std::size_t phase) const {
  std::vector<std::int64_t> since(model_.channels.size(), std::numeric_limits<std::int64_t>::max());
  const std::deque<PreparedBehavior>& prepared = ranks_.front()->prepared[phase];
  for (std::size_t b = 0; b < prepared.size(); ++b) {
    for (const ChannelId channel : prepared[b].run.behavior->inboxes) {
      since[channel] = firing_[b] != 0
                           ? std::min(since[channel], received_until(prepared[b].run.order))
                           : since[channel];
    }
  }
  Mail mail = communicator_->empty_mail();
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    Bytes message;
    Writer writer(message);
    for (ChannelId channel = 0; channel < since.size(); ++channel) {
      const EventList due = ranks_[h]->events[channel].due(phase_clock_, since[channel],
                                                           phase_clock_.moment(tick_, phase));
      writer.values(due.envelopes());
      writer.values(due.records());
    }
    std::fill(mail[h].begin(), mail[h].end(), message);
  }
  mail = communicator_->exchange("events", std::move(mail));
  std::vector<std::vector<EventList>> gathered;
  for (const std::vector<Bytes>& messages : mail) {
    std::vector<EventList>& lists =
        gathered.emplace_back(model_.channels.begin(), model_.channels.end());
    for (const Bytes& message : messages) {
      Reader reader(message);
      for (EventList& list : lists) {
        const auto envelopes = reader.values<Envelope>();
        list.append(envelopes, reader.values<std::byte>());
      }
    }
  }
  return gathered;
}

void Simulation::deliver(std::size_t phase) {
  const std::vector<Behavior>& behaviors = model_.phases[phase].behaviors;
  bool receives = false;
  for (std::size_t b = 0; b < behaviors.size(); ++b) {
    receives = receives || (firing_[b] != 0 && !behaviors[b].inboxes.empty());
  }
  if (!receives) {
    return;
  }
  const Lap lap(watch_, Part::halo);
  std::vector<std::vector<EventList>> gathered;
  if (communicator_->ranks() > 1) {
    gathered = gather_due(phase);
  }
  const std::int64_t now = phase_clock_.moment(tick_, phase);
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    Rank& rank = *ranks_[h];
    const std::vector<EventList>& events = gathered.empty() ? rank.events : gathered[h];
    for (std::size_t b = 0; b < behaviors.size(); ++b) {
      PreparedBehavior& prepared = rank.prepared[phase][b];
      for (std::size_t k = 0; firing_[b] != 0 && k < behaviors[b].inboxes.size(); ++k) {
        const ChannelId channel = behaviors[b].inboxes[k];
        Delivery& delivery = prepared.deliveries[k];
        delivery.collect(events[channel], phase_clock_, received_until(prepared.run.order), now,
                         [&](EntityId id) { return rank.store.find(id); });
        if (prepared.run.order == receivers_of_[channel].front()) {
          events_looked_for_ += h == 0 ? delivery.found() + delivery.not_found() : 0;
          events_found_[h] += delivery.found();
        }
      }
    }
  }
}

// What the behaviors of a phase have sent waits on the rank of its sender.
void Simulation::collect_events() {
  for (ChannelId channel = 0; channel < model_.channels.size(); ++channel) {
    for (const auto& rank : ranks_) {
      const std::size_t before = rank->events[channel].size();
      rank->executor.collect_events(channel, rank->events[channel]);
      count_events(*rank, rank->events[channel], before);
      check_room(rank->events[channel]);
    }
    if (receivers_of_[channel].empty()) {
      forget_received(channel);
    }
  }
}

// The behaviors of a phase have had their turn, whether or not there were rows for them.
void Simulation::pass_moment(std::size_t phase) {
  const std::deque<PreparedBehavior>& prepared = ranks_.front()->prepared[phase];
  for (const PreparedBehavior& one : prepared) {
    const Behavior& behavior = *one.run.behavior;
    if (behavior.inboxes.empty() ||
        !(behavior.trigger.fires(tick_) || !behavior.trigger.may_fire(tick_))) {
      continue;
    }
    receivers_[one.run.order].ran = tick_;
    for (const ChannelId channel : behavior.inboxes) {
      forget_received(channel);
    }
  }
}

void Simulation::forget_received(ChannelId channel) {
  std::int64_t until = std::numeric_limits<std::int64_t>::max();
  for (const std::uint32_t place : receivers_of_[channel]) {
    until = std::min(until, received_until(place));
  }
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    const std::size_t forgotten = ranks_[h]->events[channel].forget(phase_clock_, until);
    events_unheard_[h] += receivers_of_[channel].empty() ? forgotten : 0;
  }
}

void Simulation::send(ChannelId channel, std::span<const EntityId> targets,
                      std::span<const std::byte> record, std::int64_t delay) {
  const Channel& of = model_.channels.at(channel);
  if (record.size() != of.stride()) {
    throw UserError("a record of " + of.name() + " has " + std::to_string(of.stride()) +
                    " bytes; found " + std::to_string(record.size()));
  }
  if (delay < 0 || delay > kMostDelay) {
    throw UserError("an event " + of.name() + " can be sent 0 to " + std::to_string(kMostDelay) +
                    " ticks after; found " + std::to_string(delay));
  }
  EventList& events = ranks_.front()->events[channel];
  for (const EntityId target : targets) {
    const Stamp stamp{kOutside, tick_, make_ordinal(acting_, sent_from_outside_++)};
    if (ranks_.front()->id == 0) {
      std::byte* to = events.add({target, stamp, tick_ + delay});
      std::copy(record.begin() + sizeof(EntityId), record.end(), to + sizeof(EntityId));
    }
  }
  check_room(events);
  if (receivers_of_[channel].empty()) {
    forget_received(channel);
  }
}

std::uint64_t Simulation::waiting_events(ChannelId channel) const {
  std::vector<std::uint64_t> waiting;
  for (const auto& rank : ranks_) {
    waiting.push_back(rank->events.at(channel).size());
  }
  return global_sum("waiting events", waiting);
}

std::uint64_t Simulation::dropped_events() const {
  return events_looked_for_ - global_sum("events found", events_found_) +
         global_sum("events unheard", events_unheard_);
}

void Simulation::list_receivers_state(const StateSink& sink) const {
  std::vector<std::uint64_t> places;
  std::vector<std::int64_t> ran;
  for (std::size_t place = 0; place < receivers_.size(); ++place) {
    if (receivers_[place].has_inbox) {
      places.push_back(place);
      ran.push_back(receivers_[place].ran);
    }
  }
  if (!places.empty()) {
    sink({"engine",
          "receivers",
          places,
          {{"ran", {Scalar::i64, 1}, reinterpret_cast<const std::byte*>(ran.data()), 8}}});
  }
  if (sent_from_outside_ > 0) {
    const auto* sent = reinterpret_cast<const std::byte*>(&sent_from_outside_);
    sink({"engine", "outside", kOneKey, {{"events", {Scalar::u64, 1}, sent, 8}}});
  }
}

void Simulation::forget_events() {
  sent_from_outside_ = 0;
  for (Receiver& receiver : receivers_) {
    receiver.ran = kNeverRan;
  }
  for (const auto& rank : ranks_) {
    for (EventList& events : rank->events) {
      events.clear();
    }
  }
}

void Simulation::load_events(const StateSection& section) {
  for (EventList& events : ranks_.front()->events) {
    if (events.channel().name() == section.name) {
      if (ranks_.front()->id == 0) {  // every process reads them; one keeps them
        events.load(section, phase_clock_);
      }
      return;
    }
  }
  throw UserError("the state has events '" + section.name + "' that this model does not have");
}

void Simulation::load_receivers(const StateSection& section) {
  for (std::size_t i = 0; i < section.keys.size(); ++i) {
    if (section.keys[i] >= receivers_.size() || !receivers_[section.keys[i]].has_inbox) {
      throw UserError("the state has a behavior at place " + std::to_string(section.keys[i]) +
                      " that receives events; in this model none there does");
    }
    const StateColumn& ran = section.columns.at(0);
    std::memcpy(&receivers_[section.keys[i]].ran,
                ran.data + static_cast<std::int64_t>(i) * ran.stride, sizeof(std::int64_t));
  }
}

}  // namespace bw
