// Sorting rows by cell: by counting where the world has not many more cells than there are rows,
// else by keys.
#include "space/locality.hpp"

#include <numeric>

#include "base/radix_sort.hpp"

namespace bw {
namespace {

// Of a rank's rows among many ranks the world has far more cells than rows.
constexpr std::uint64_t kCellsPerRow = 8;
constexpr std::uint64_t kFewCells = std::uint64_t{1} << 20;

using Order = std::vector<std::uint32_t>;

Order order_by_counting(const CellBox& world, const Domain& domain, const PlaceColumn& places,
                        std::size_t rows, double most_falls) {
  std::vector<std::uint32_t> cells(rows);
  std::size_t falls = 0;
  std::uint32_t before = 0;
  for_each_cell(world, domain, places, rows, [&](std::size_t row, std::int64_t cell) {
    cells[row] = static_cast<std::uint32_t>(cell);
    falls += cells[row] < before ? 1u : 0u;
    before = cells[row];
  });
  if (static_cast<double>(falls) <= most_falls) {
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
  Order order(rows);
  for (std::uint32_t row = 0; row < rows; ++row) {
    order[starts[cells[row]]++] = row;
  }
  return order;
}

Order order_by_keys(const CellBox& world, const Domain& domain, const PlaceColumn& places,
                    std::size_t rows, double most_falls) {
  std::vector<KeyedIndex> entries(rows);
  std::size_t falls = 0;
  std::uint64_t before = 0;
  for_each_cell(world, domain, places, rows, [&](std::size_t row, std::int64_t cell) {
    entries[row] = {static_cast<std::uint64_t>(cell), static_cast<std::uint32_t>(row)};
    falls += entries[row].key < before ? 1u : 0u;
    before = entries[row].key;
  });
  if (static_cast<double>(falls) <= most_falls) {
    return {};
  }
  sort_by_key(entries);
  Order order(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    order[row] = entries[row].index;
  }
  return order;
}

}  // namespace

std::vector<std::uint32_t> order_by_cell(const CellBox& world, const Domain& domain,
                                         const PlaceColumn& places, std::size_t rows,
                                         double tolerance) {
  const double most_falls = tolerance * static_cast<double>(rows);
  const auto cells = static_cast<std::uint64_t>(world.volume());
  return cells <= kFewCells || cells <= kCellsPerRow * rows
             ? order_by_counting(world, domain, places, rows, most_falls)
             : order_by_keys(world, domain, places, rows, most_falls);
}

}  // namespace bw
