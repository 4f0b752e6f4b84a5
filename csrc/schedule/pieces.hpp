// Pieces: rows cut at random, to find out whether a kernel computes row i from row i alone.
#pragma once

#include <cstdint>
#include <vector>

#include "bigworlds/behavior_abi.h"

namespace bw {

// How the rows of a behavior are cut into ranges for its kernel. `usual` is what is quick; with the
// others, which model.check() compares, every result must be the same.
enum class Cut : std::uint8_t { usual, whole, random };

// Rows begin..end-1 in pieces of random lengths and in random order, each row once: a function of
// (key, number of the table, tick).
std::vector<bw_span> random_pieces(std::int64_t begin, std::int64_t end, std::uint64_t key,
                                   std::uint64_t table, std::int64_t tick);

}  // namespace bw
