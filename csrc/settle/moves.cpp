// One round of moves.
#include "settle/moves.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace bw {

std::vector<std::uint8_t> Occupancy::settle(std::span<const MoveClaim> claims) {
  std::vector<std::uint32_t> order(claims.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::tuple(claims[a].cell, claims[a].priority, claims[a].mover) <
           std::tuple(claims[b].cell, claims[b].priority, claims[b].mover);
  });
  std::vector<std::uint8_t> won(claims.size(), 0);
  for (const std::uint32_t i : order) {
    if (!taken(claims[i].cell)) {
      take(claims[i].cell);
      won[i] = 1;
    }
  }
  return won;
}

std::vector<std::uint64_t> Occupancy::empty_cells() const {
  // Each cell is written, and stays if it is empty: no branch on what cannot be foreseen.
  const auto taken = static_cast<std::size_t>(std::count(taken_.begin(), taken_.end(), 1));
  std::vector<std::uint64_t> cells(taken_.size() - taken + 1);
  std::size_t count = 0;
  for (std::uint64_t cell = 0; cell < taken_.size(); ++cell) {
    cells[count] = cell;
    count += static_cast<std::size_t>(taken_[cell] == 0);
  }
  cells.resize(count);
  return cells;
}

}  // namespace bw
