// Activation: who acts when, where agents act one after another: in the order of (random priority,
// id), another one in every tick; or of their ids. It is a function of key, tick and ids: the order
// in which the ids are given makes no difference.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.hpp"
#include "base/large_memory.hpp"
#include "settle/turns.hpp"

namespace bw {

class Activation {
 public:
  // The positions in `ids` in the order of turns; valid until the next call. At most 2^32 ids.
  std::span<const std::uint32_t> shuffled(std::span<const EntityId> ids, std::uint64_t word);
  std::span<const std::uint32_t> by_id(std::span<const EntityId> ids);

 private:
  void sort_digits(std::span<const EntityId> ids, std::uint64_t word);
  void sort_rest(std::span<const EntityId> ids);

  // Memory that stays, with nothing in it that counts.
  LargeVector<std::uint64_t> entries_;  // priority, position
  LargeVector<std::uint64_t> other_;
  std::vector<std::uint32_t> counts_;
  LargeVector<std::uint32_t> order_;
};

}  // namespace bw
