// Counting sort of rows by cell.
#include "space/locality.hpp"

#include <numeric>

namespace bw {

std::vector<std::uint32_t> order_by_cell(const CellBox& world, const Domain& domain,
                                         const PlaceColumn& places, std::size_t rows,
                                         double tolerance) {
  std::vector<std::uint32_t> cells(rows);
  std::size_t falls = 0;
  std::uint32_t before = 0;
  for_each_cell(world, domain, places, rows, [&](std::size_t row, std::int64_t cell) {
    cells[row] = static_cast<std::uint32_t>(cell);
    falls += cells[row] < before ? 1u : 0u;
    before = cells[row];
  });
  if (static_cast<double>(falls) <= tolerance * static_cast<double>(rows)) {
    return {};
  }
  // Places beyond a bounded world's edge have no cell; they cannot be in a table, but must not
  // break the sort.
  const auto last = static_cast<std::uint32_t>(world.volume() - 1);
  std::vector<std::uint32_t> starts(static_cast<std::size_t>(world.volume()) + 1, 0);
  for (std::uint32_t& cell : cells) {
    cell = cell > last ? last : cell;
    ++starts[cell + 1];
  }
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  std::vector<std::uint32_t> order(rows);
  for (std::uint32_t row = 0; row < rows; ++row) {
    order[starts[cells[row]]++] = row;
  }
  return order;
}

}  // namespace bw
