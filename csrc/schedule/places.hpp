// Places that behaviors wrote: brought back into a periodic world, refused outside a bounded one,
// and on exclusive grids asked for.
#pragma once

#include <string>

#include "schedule/worker.hpp"

namespace bw {

// Settles the place that stands at `place`, as in a column. Returns what is wrong with it, or
// nothing.
std::string settle_place(const Domain& domain, std::byte* place);

// Settles what rows [begin, end) wrote to their places, right after their kernel; those that are
// wrong are failures.
void check_places(const TableRun& run, std::size_t begin, std::size_t end, Worker& worker);

// Exclusive grids, where many may want one cell. Before the kernel the places of its rows are kept;
// after it those who wrote another one ask for it, and all stand again where they stood.
void keep_places(const TableRun& run, std::size_t begin, std::size_t end, Worker& worker);
void ask_for_places(const TableRun& run, std::size_t begin, std::size_t end, Worker& worker);

// The first of rows [begin, end) whose place lies outside of the world as it stands there, or
// `end`.
std::size_t first_outside(const TableRun& run, std::size_t begin, std::size_t end);

// Settles rows [begin, end); returns the first row whose place is wrong (and why), or `end`.
std::size_t settle_places(const TableRun& run, std::size_t begin, std::size_t end,
                          std::string& why);

}  // namespace bw
