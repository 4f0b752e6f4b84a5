// Places that behaviors wrote: brought back into a periodic world, refused outside a bounded one.
#pragma once

#include <string>

#include "schedule/worker.hpp"

namespace bw {

// Settles the place that stands at `place`, as in a column. Returns what is wrong with it, or
// nothing.
std::string settle_place(const Domain& domain, std::byte* place);

// Settles rows [begin, end); returns the first row whose place is wrong (and why), or `end`.
std::size_t settle_places(const TableRun& run, std::size_t begin, std::size_t end,
                          std::string& why);

}  // namespace bw
