// A channel: one type of event, its fields, and how a record of it is laid out: the sender's id,
// then the fields in declared order, each at a multiple of 8 bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "ecs/schema.hpp"

namespace bw {

using ChannelId = std::uint32_t;

// Limits: of the events of one channel that wait at a time on one rank, and of the ticks that one
// can be put off.
inline constexpr std::size_t kMostEvents = std::size_t{1} << 31;
inline constexpr std::int64_t kMostDelay = std::int64_t{1} << 40;

class Channel {
 public:
  Channel(std::string name, std::vector<Field> fields, std::size_t most_events = kMostEvents);

  const std::string& name() const { return name_; }
  const std::vector<Field>& fields() const { return fields_; }
  std::size_t offset(std::size_t field) const { return offsets_[field]; }
  std::size_t stride() const { return initial_.size(); }
  std::size_t most_events() const { return most_events_; }

  // A record with all defaults, from nobody.
  const std::vector<std::byte>& initial() const { return initial_; }

  // "Infection.strength": how a field is called in state and messages.
  std::string label(std::size_t field) const { return name_ + "." + fields_[field].name; }

 private:
  std::string name_;
  std::vector<Field> fields_;
  std::vector<std::size_t> offsets_;
  std::vector<std::byte> initial_;
  std::size_t most_events_;
};

}  // namespace bw
