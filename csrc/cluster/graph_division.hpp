// Division of a graph into parts of nearly equal cost between which little is exchanged: for worlds
// where no other library does it.
#pragma once

#include "cluster/divide.hpp"

namespace bw {

// Recursive bisection: a half grows from a vertex at the rim, then vertices at the border change
// sides where that is a gain (Fiduccia, Mattheyses 1982, doi:10.1109/DAC.1982.1585498). A part may
// cost so much more than the mean, as a share, where less is exchanged for it; or by a vertex.
std::vector<RankId> divide_graph(const TileGraph& graph, std::uint32_t parts, double tolerance);

}  // namespace bw
