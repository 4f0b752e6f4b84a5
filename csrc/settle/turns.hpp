// Turns: in which order agents act one after another, and in which claimants of one cell are
// served.
#pragma once

#include <cstdint>

#include "base/hash.hpp"
#include "base/ids.hpp"
#include "base/philox.hpp"

namespace bw {

enum class TurnOrder : std::uint8_t {
  claims,      // by random words of their own
  activation,  // as they act one after another, in random order
  ids          // as they act one after another, by id
};

// What the priorities of one tick are made of.
inline std::uint64_t activation_word(std::uint64_t key, std::int64_t tick) {
  return random_word(key, kNoEntity, tick, 0);
}

// A whole stream of words is not needed of each agent: its priority is a hash of the word and its
// id.
constexpr std::uint32_t activation_priority(std::uint64_t word, EntityId id) {
  return static_cast<std::uint32_t>(hashing::moremur(word + id * hashing::kFoldMultiplier0) >> 32);
}

}  // namespace bw
