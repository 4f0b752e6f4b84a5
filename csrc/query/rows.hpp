// Rows that a query found, as columns in the order that it asks for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "query/scan.hpp"

namespace bw {

struct FoundRows {
  std::vector<EntityId> ids;
  std::vector<std::vector<std::uint64_t>> order;  // by term: the places of the rows' values in it
  std::vector<std::vector<std::byte>> columns;    // values side by side
};

// The first `limit` rows of a plan, of these sources, in its order: the same on any number of
// threads. Throws UserError where they take more memory than it allows.
FoundRows find_rows(const QueryPlan& plan, const Schema& schema,
                    std::span<const QuerySource> sources, ThreadPool& pool);

// The sizes of the values of a plan's columns, in bytes.
std::vector<std::size_t> column_sizes(const QueryPlan& plan, const Schema& schema);

}  // namespace bw
