// A small channel and shorthands for the tests of this room.
#pragma once

#include <cstring>
#include <vector>

#include "event/event_list.hpp"

namespace bw {

inline Field whole_field(const char* name, std::int64_t initial) {
  Field field{name, {Scalar::i64, 1}, std::vector<std::byte>(sizeof(initial))};
  std::memcpy(field.initial.data(), &initial, sizeof(initial));
  return field;
}

inline Channel small_channel(std::size_t most_events = kMostEvents) {
  Field flag{"flag", {Scalar::boolean, 1}, {std::byte{1}}};
  return Channel("Word", {flag, whole_field("value", 7)}, most_events);
}

inline void set_value(const Channel& channel, std::byte* record, std::int64_t value) {
  std::memcpy(record + channel.offset(1), &value, sizeof(value));
}

inline std::int64_t value_of(const Channel& channel, const std::byte* record) {
  std::int64_t value;
  std::memcpy(&value, record + channel.offset(1), sizeof(value));
  return value;
}

}  // namespace bw
