// Sending, forgetting, and the state of events that wait.
#include "event/event_list.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/errors.hpp"
#include "base/hash.hpp"

namespace bw {
namespace {

// What an event is called in the state: made of its stamp, which no two events of a channel share.
std::uint64_t key_of(const Stamp& stamp) {
  const Hash128 start = hashing::permute({stamp.sender, stamp.ordinal});
  return hashing::absorb(start, static_cast<std::uint64_t>(stamp.sent), 0).low;
}

const StateColumn& column_named(const StateSection& section, const std::string& name,
                                FieldType type) {
  for (const StateColumn& column : section.columns) {
    if (column.name == name && column.type == type) {
      return column;
    }
  }
  throw UserError("the state of events '" + section.name + "' has no column '" + name +
                  "' of the type that this model gives it");
}

void read(const StateColumn& column, std::size_t row, std::size_t size, void* to) {
  std::memcpy(to, column.data + static_cast<std::int64_t>(row) * column.stride, size);
}

}  // namespace

PhaseClock::PhaseClock(std::vector<std::uint32_t> phase_of_place, std::size_t phases)
    : phase_of_place_(std::move(phase_of_place)), moments_(static_cast<std::int64_t>(phases) + 1) {}

std::int64_t PhaseClock::moment(const Envelope& envelope) const {
  const std::uint32_t place = place_of_ordinal(envelope.stamp.ordinal);
  return place == 0 ? envelope.due * moments_ : moment(envelope.due, phase_of_place_[place - 1]);
}

std::byte* EventList::add(const Envelope& envelope) {
  envelopes_.push_back(envelope);
  const std::size_t at = records_.size();
  records_.insert(records_.end(), channel_->initial().begin(), channel_->initial().end());
  std::memcpy(records_.data() + at, &envelope.stamp.sender, sizeof(EntityId));
  return records_.data() + at;
}

std::byte* EventList::post(EntityId sender, EntityId target, std::int64_t tick, std::int64_t delay,
                           std::uint32_t place) {
  std::uint64_t ordinal = make_ordinal(place, 0);
  if (!empty()) {
    const Stamp& last = envelopes_.back().stamp;
    if (last.sender == sender && last.sent == tick && place_of_ordinal(last.ordinal) == place) {
      ordinal = last.ordinal + 1;
    }
  }
  return add({target, {sender, tick, ordinal}, tick + delay});
}

void EventList::append(std::span<const Envelope> envelopes, std::span<const std::byte> records) {
  envelopes_.insert(envelopes_.end(), envelopes.begin(), envelopes.end());
  records_.insert(records_.end(), records.begin(), records.end());
}

EventList EventList::due(const PhaseClock& clock, std::int64_t since, std::int64_t before) const {
  EventList found(*channel_);
  for (std::size_t i = 0; i < size(); ++i) {
    if (const std::int64_t moment = clock.moment(envelopes_[i]);
        moment >= since && moment < before) {
      found.append({&envelopes_[i], 1}, {record(i), channel_->stride()});
    }
  }
  return found;
}

void EventList::take(EventList& other) {
  if (empty()) {
    std::swap(envelopes_, other.envelopes_);
    std::swap(records_, other.records_);
    return;
  }
  append(other.envelopes_, other.records_);
  other.clear();
}

std::size_t EventList::forget(const PhaseClock& clock, std::int64_t before) {
  const std::size_t stride = channel_->stride();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < size(); ++i) {
    if (clock.moment(envelopes_[i]) < before) {
      continue;
    }
    if (kept != i) {
      envelopes_[kept] = envelopes_[i];
      std::memcpy(records_.data() + kept * stride, records_.data() + i * stride, stride);
    }
    ++kept;
  }
  const std::size_t forgotten = size() - kept;
  envelopes_.resize(kept);
  records_.resize(kept * stride);
  return forgotten;
}

void EventList::clear() {
  envelopes_.clear();
  records_.clear();
}

void EventList::list_state(const StateSink& sink) const {
  if (empty()) {
    return;
  }
  std::vector<std::uint64_t> keys(size());
  std::transform(envelopes_.begin(), envelopes_.end(), keys.begin(),
                 [](const Envelope& envelope) { return key_of(envelope.stamp); });
  const auto of_envelopes = [](const char* name, Scalar scalar, const void* first) {
    return StateColumn{name, {scalar, 1}, static_cast<const std::byte*>(first), sizeof(Envelope)};
  };
  const Envelope& first = envelopes_.front();
  StateSection section{"event", channel_->name(), keys, {}};
  section.columns = {of_envelopes("target", Scalar::u64, &first.target),
                     of_envelopes("sender", Scalar::u64, &first.stamp.sender),
                     of_envelopes("sent", Scalar::i64, &first.stamp.sent),
                     of_envelopes("ordinal", Scalar::u64, &first.stamp.ordinal),
                     of_envelopes("due", Scalar::i64, &first.due)};
  for (std::size_t f = 0; f < channel_->fields().size(); ++f) {
    section.columns.push_back({channel_->label(f), channel_->fields()[f].type,
                               records_.data() + channel_->offset(f),
                               static_cast<std::int64_t>(channel_->stride())});
  }
  sink(section);
}

void EventList::load(const StateSection& section, const PhaseClock& clock) {
  constexpr FieldType kWord{Scalar::u64, 1};
  constexpr FieldType kTick{Scalar::i64, 1};
  const StateColumn& target = column_named(section, "target", kWord);
  const StateColumn& sender = column_named(section, "sender", kWord);
  const StateColumn& sent = column_named(section, "sent", kTick);
  const StateColumn& ordinal = column_named(section, "ordinal", kWord);
  const StateColumn& due = column_named(section, "due", kTick);
  std::vector<const StateColumn*> fields;
  for (std::size_t f = 0; f < channel_->fields().size(); ++f) {
    fields.push_back(&column_named(section, channel_->label(f), channel_->fields()[f].type));
  }
  for (std::size_t row = 0; row < section.keys.size(); ++row) {
    Envelope envelope;
    read(target, row, sizeof(EntityId), &envelope.target);
    read(sender, row, sizeof(EntityId), &envelope.stamp.sender);
    read(sent, row, sizeof(std::int64_t), &envelope.stamp.sent);
    read(ordinal, row, sizeof(std::uint64_t), &envelope.stamp.ordinal);
    read(due, row, sizeof(std::int64_t), &envelope.due);
    if (place_of_ordinal(envelope.stamp.ordinal) > clock.places()) {
      throw UserError("the state has an event '" + section.name +
                      "' of a behavior that this model does not have");
    }
    std::byte* record = add(envelope);
    for (std::size_t f = 0; f < fields.size(); ++f) {
      read(*fields[f], row, channel_->fields()[f].type.size(), record + channel_->offset(f));
    }
  }
}

}  // namespace bw
