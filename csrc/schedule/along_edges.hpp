// Services along the edges of graphs: who is at their other ends, and orders for edges.
#pragma once

#include "schedule/worker.hpp"

namespace bw {

// The neighbours of a row along the edges of a reach, into the worker's call, in the order of their
// ids; returns their count. In sequential behaviors: those that live now.
std::int64_t gather_along_edges(Worker& worker, std::size_t reach, std::int64_t row);

// The same as a block of one row, for services->gather_rows.
std::int64_t gather_row_along_edges(Worker& worker, std::size_t reach, std::int64_t row);

// services->link and services->unlink.
char* link_service(bw_call* call, std::int64_t effect, std::int64_t row, std::uint64_t target,
                   std::int64_t fields);
void unlink_service(bw_call* call, std::int64_t effect, std::int64_t row, std::uint64_t target);

}  // namespace bw
