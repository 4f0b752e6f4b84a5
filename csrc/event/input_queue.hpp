// Numbered inputs that wait to be applied: what someone outside asked for, by number, with the tick
// at whose start it is due. Numbers count up from 1 and are never used again; inputs of one tick
// are applied in the order of their numbers. What an input means and does is not known here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/state.hpp"

namespace bw {

// Limits: of inputs that wait at a time, and of the bytes of one input's sender, name and arguments
// together.
inline constexpr std::size_t kMostInputs = std::size_t{1} << 20;
inline constexpr std::size_t kMostInputBytes = std::size_t{1} << 16;

struct Input {
  std::uint64_t number = 0;
  std::int64_t due = 0;   // tick
  std::string sender;     // who asked
  std::string name;       // of the function that is applied
  std::string arguments;  // JSON
};

class InputQueue {
 public:
  // Gives an input its number.
  std::uint64_t add(std::int64_t due, std::string sender, std::string name, std::string arguments);

  // The first input that is due at a tick or before: in the order of (due, number).
  std::optional<Input> first_due(std::int64_t tick) const;
  void remove_first() { waiting_.erase(waiting_.begin()); }

  std::size_t size() const { return waiting_.size(); }
  std::uint64_t next_number() const { return next_; }
  std::optional<std::int64_t> next_due() const;

  void list_state(const StateSink& sink) const;
  void load(const StateSection& section);
  void clear();

 private:
  std::map<std::pair<std::int64_t, std::uint64_t>, Input> waiting_;  // by due tick and number
  std::uint64_t next_ = 1;
};

}  // namespace bw
