// Around: the cells within a radius of a cell of a grid, line by line, in each of the metrics that
// grids have. All that looks around a cell takes its lines from here.
//
// Hexagons stand in offset rows: those of odd lines are shifted half a cell to the right ("odd-r",
// Patel 2013, redblobgames.com/grids/hexagons). In coordinates of half cells, 2 x + (y odd), a line
// dy away has the cells within r steps from -(2 r - |dy|) to 2 r - |dy|, every second one. Which
// columns these are depends on whether the centre's line is odd; lines are counted from the world's
// first one, and periodic worlds have an even number of them, so that this holds across the edge.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "space/domain.hpp"

namespace bw {

// The columns low..high, counted from the centre's own, of one line around a cell.
struct Columns {
  std::int64_t low;
  std::int64_t high;
};

// How many lines up and down of the centre's a layer dz away reaches.
template <Metric kMetric>
constexpr std::int64_t lines_within(std::int64_t reach, std::int64_t dz) {
  return kMetric == Metric::manhattan ? reach - std::abs(dz) : reach;
}

// The columns of the line dy, dz away; `odd`: the centre stands in an odd line.
template <Metric kMetric>
constexpr Columns columns_within(std::int64_t reach, std::int64_t dy, std::int64_t dz, bool odd) {
  if constexpr (kMetric == Metric::hexagonal) {
    const std::int64_t halves = 2 * reach - std::abs(dy);
    const std::int64_t shift = (dy & 1) == 0 ? 0 : odd ? 1 : -1;  // from the centre's line to it
    return {(shift - halves) / 2, (shift + halves) / 2};
  } else {
    const std::int64_t left =
        kMetric == Metric::manhattan ? reach - std::abs(dz) - std::abs(dy) : reach;
    return {-left, left};
  }
}

// Calls visit(dy, dz, columns) for each line, in the order of places.
template <Metric kMetric, class Visit>
void for_each_line(int dims, std::int64_t reach, bool odd, Visit&& visit) {
  const std::int64_t layers = dims > 2 ? reach : 0;
  for (std::int64_t dz = -layers; dz <= layers; ++dz) {
    const std::int64_t lines = lines_within<kMetric>(reach, dz);
    for (std::int64_t dy = -lines; dy <= lines; ++dy) {
      visit(dy, dz, columns_within<kMetric>(reach, dy, dz, odd));
    }
  }
}

template <class Visit>
void for_each_line(const Domain& domain, std::int64_t reach, bool odd, Visit&& visit) {
  switch (domain.metric) {
    case Metric::chebyshev:
      return for_each_line<Metric::chebyshev>(domain.dims, reach, odd, visit);
    case Metric::manhattan:
      return for_each_line<Metric::manhattan>(domain.dims, reach, odd, visit);
    case Metric::hexagonal:
      return for_each_line<Metric::hexagonal>(domain.dims, reach, odd, visit);
  }
}

// Whether the cell at a place looks around as those of odd lines do; false where all look alike.
inline bool stands_odd(const Domain& domain, const Place& place) {
  return domain.metric == Metric::hexagonal && (static_cast<std::int64_t>(place[1]) & 1) != 0;
}

// Steps from a hexagon to the one dx columns and dy lines away.
inline double hexagonal_steps(double dx, double dy, bool odd) {
  const bool changes = (static_cast<std::int64_t>(dy) & 1) != 0;
  const double halves = std::abs(2.0 * dx + (changes ? (odd ? -1.0 : 1.0) : 0.0));
  const double lines = std::abs(dy);
  return std::max(lines, (halves + lines) / 2.0);
}

}  // namespace bw
