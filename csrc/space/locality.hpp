// Locality: rows near in space brought near in memory. The order of rows is never observable; only
// speed depends on it.
#pragma once

#include <cstdint>
#include <vector>

#include "space/cell_box.hpp"
#include "space/domain.hpp"

namespace bw {

// The order of rows by the cell that they are in, rows of a cell as they stood, or nothing where so
// few of them (less than `tolerance` of all) stand in an earlier cell than the row before them that
// sorting would not pay.
std::vector<std::uint32_t> order_by_cell(const CellBox& world, const Domain& domain,
                                         const PlaceColumn& places, std::size_t rows,
                                         double tolerance);

}  // namespace bw
