// Spread: the kernel of fields that diffuse and decay. In a tick a cell keeps the share 1 - diffuse
// of its value and gives the rest to the cells around it in equal parts; at an edge of a bounded
// world it keeps the parts for which there is no cell. Then all values are multiplied by 1 - decay.
// (Wilensky 1999, NetLogo: `diffuse` and `diffuse4`.) With v the value before, m the number of
// cells around a cell away from edges, and n(c) <= m those of cell c:
//
//   v'(c) = (v(c) * (1 - n(c) * diffuse / m) + diffuse / m * sum of v over the cells around c)
//           * (1 - decay)
//
// The sum is taken in the order of places, so the bits are the same for any cut into ranks, threads
// and vectors; without decay the total stays the same up to the rounding of each cell.
#pragma once

#include <cstdint>

#include "bigworlds/behavior_abi.h"

namespace bw {

// A kernel that takes spans, for behaviors with a SpreadRule: column 0 is the field, reach 0 the
// same field of the cells around, within 1.
std::int32_t spread_field(bw_call* call, std::int64_t begin, std::int64_t end);

}  // namespace bw
