// mutation.hpp: how one cell of a soup mutates.
#pragma once

#include <cstdint>

#include "vm/draws.hpp"
#include "vm/isa.hpp"

namespace bw {

// The cell's new content: with probability `flip_share` one of its bits is flipped, else it becomes
// an instruction drawn from the set, which may be the one that it was.
inline std::uint8_t mutated(std::uint8_t cell, const InstructionSet& set, double flip_share,
                            Draws& draws) {
  if (draws.chance(flip_share))
    return static_cast<std::uint8_t>(cell ^ 1u << draws.below(set.bits()));
  return set.byte(draws.below(set.count()));
}

}  // namespace bw
