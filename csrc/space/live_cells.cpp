// Lists of items by cell, and searches over them with the shortest way in a periodic world.
#include "space/live_cells.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "space/around.hpp"

namespace bw {

LiveCells::LiveCells(const Domain& domain, double radius, std::uint64_t population,
                     std::size_t items, Geometry geometry)
    : domain_(domain), geometry_(geometry) {
  if (domain.integral()) {
    box_ = world_box(domain, {});
  } else {
    const Region whole{{}, domain.size};
    const CellBox haloed = continuous_box(domain, whole, radius, population);
    box_ = world_box(domain, haloed.cells);
  }
  make_lists(items);
}

LiveCells::LiveCells(const Domain& domain, const CellBox& world, std::size_t items)
    : domain_(domain), box_(world), geometry_(Geometry::unwanted) {
  make_lists(items);
}

void LiveCells::make_lists(std::size_t items) {
  head_.assign(static_cast<std::size_t>(box_.volume()), kNone);
  next_.assign(items, kNone);
  previous_.assign(items, kNone);
  cell_.assign(items, kNone);
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain_.dims); ++a) {
    coordinates_[a].resize(items);
  }
}

std::uint32_t LiveCells::cell_of(const Place& place) const {
  std::int64_t index = 0;
  for (std::size_t a = static_cast<std::size_t>(box_.dims); a-- > 0;) {
    index = index * box_.cells[a] + box_.axis_cell(a, place[a]);
  }
  return static_cast<std::uint32_t>(index);
}

Place LiveCells::place(std::uint32_t item) const {
  Place place{};
  for (std::size_t a = 0; a < static_cast<std::size_t>(box_.dims); ++a) {
    place[a] = coordinates_[a][item];
  }
  return place;
}

void LiveCells::enter(std::uint32_t item, const Place& place) {
  for (std::size_t a = 0; a < static_cast<std::size_t>(box_.dims); ++a) {
    coordinates_[a][item] = place[a];
  }
  const std::uint32_t cell = cell_of(place);
  std::uint32_t before = kNone;
  std::uint32_t after = head_[cell];
  while (after != kNone && came_later(after, item)) {
    before = after;
    after = next_[after];
  }
  next_[item] = after;
  previous_[item] = before;
  if (after != kNone) {
    previous_[after] = item;
  }
  (before == kNone ? head_[cell] : next_[before]) = item;
  cell_[item] = cell;
}

void LiveCells::order_arrivals(std::vector<std::uint32_t> turns) {
  turns_ = std::move(turns);
  moved_in_.assign(turns_.size(), 0);
}

void LiveCells::leave(std::uint32_t item) {
  if (cell_[item] == kNone) {
    return;
  }
  const std::uint32_t before = previous_[item];
  const std::uint32_t after = next_[item];
  (before == kNone ? head_[cell_[item]] : next_[before]) = after;
  if (after != kNone) {
    previous_[after] = before;
  }
  cell_[item] = kNone;
}

void LiveCells::move(std::uint32_t item, const Place& place) {
  if (cell_of(place) != cell_[item]) {
    leave(item);
    if (!turns_.empty()) {
      moved_in_[item] = turns_[item];
    }
    enter(item, place);
    return;
  }
  for (std::size_t a = 0; a < static_cast<std::size_t>(box_.dims); ++a) {
    coordinates_[a][item] = place[a];
  }
}

std::size_t LiveCells::line_below(std::uint32_t cell) const {
  const auto line = static_cast<std::size_t>(box_.cells[0]);
  return cell >= line ? cell - line : cell;
}

void LiveCells::prefetch(std::uint32_t item) const {
  __builtin_prefetch(&cell_[item]);
  for (std::size_t a = 0; a < static_cast<std::size_t>(box_.dims); ++a) {
    __builtin_prefetch(&coordinates_[a][item]);
  }
}

void LiveCells::prefetch_cells(std::uint32_t item) const {
  const std::uint32_t cell = cell_[item];
  if (cell == kNone) {
    return;
  }
  const auto line = static_cast<std::size_t>(box_.cells[0]);
  for (std::size_t at = line_below(cell); at < head_.size() && at <= cell + line; at += line) {
    __builtin_prefetch(&head_[at]);
  }
}

void LiveCells::search_line(std::int64_t first_cell, std::int64_t count, std::uint32_t self,
                            Hits& hits) const {
  auto found = static_cast<std::size_t>(hits.count);
  if (domain_.exclusive) {
    // One agent a cell at most: no lists to follow, no branch on what is there.
    hits.reserve(found + static_cast<std::size_t>(count));
    for (std::int64_t c = first_cell; c < first_cell + count; ++c) {
      const std::uint32_t other = head_[static_cast<std::size_t>(c)];
      hits.slots[found] = other;
      found += static_cast<std::size_t>(other != kNone && other != self);
    }
    hits.count = static_cast<std::int64_t>(found);
    return;
  }
  for (std::int64_t c = first_cell; c < first_cell + count; ++c) {
    for (std::uint32_t other = head_[static_cast<std::size_t>(c)]; other != kNone;
         other = next_[other]) {
      hits.reserve(found + 1);
      hits.slots[found] = other;
      found += static_cast<std::size_t>(other != self);
    }
  }
  hits.count = static_cast<std::int64_t>(found);
}

template <int Dims>
void LiveCells::search_lists(const Place& center, std::uint32_t self, double radius,
                             Hits& hits) const {
  const std::int64_t reach = domain_.integral() ? static_cast<std::int64_t>(radius) : 1;
  std::array<std::int64_t, kAxes> at{};
  for (std::size_t a = 0; a < static_cast<std::size_t>(Dims); ++a) {
    at[a] = box_.axis_cell(a, center[a]);
  }
  // On each axis the reach may wrap around a periodic world; where it covers all cells each is
  // visited once.
  const auto wrap = [&](std::size_t axis, std::int64_t cell) {
    const std::int64_t n = box_.cells[axis];
    return cell < 0 ? cell + n : cell >= n ? cell - n : cell;
  };
  // A grid's reach never exceeds a whole round, so it goes from the far left to the far right
  // (docs/decisions/order-of-neighbors-a-whole-round-around.md).
  const std::int64_t round = 2 * reach + 1 - (domain_.integral() ? 1 : 0);
  const auto from = [&](std::size_t axis) {
    return domain_.periodic ? (round >= box_.cells[axis] ? 0 : at[axis] - reach)
                            : std::max<std::int64_t>(0, at[axis] - reach);
  };
  const auto to = [&](std::size_t axis) {
    return domain_.periodic ? (round >= box_.cells[axis] ? box_.cells[axis] - 1 : at[axis] + reach)
                            : std::min(box_.cells[axis] - 1, at[axis] + reach);
  };
  for (std::int64_t z = Dims == 3 ? from(2) : 0; z <= (Dims == 3 ? to(2) : 0); ++z) {
    const std::int64_t layer = Dims == 3 ? wrap(2, z) * box_.cells[1] : 0;
    for (std::int64_t y = from(1); y <= to(1); ++y) {
      const std::int64_t line = (layer + wrap(1, y)) * box_.cells[0];
      const std::int64_t low = from(0);
      const std::int64_t high = to(0);
      if (low < 0) {
        search_line(line + low + box_.cells[0], -low, self, hits);
      }
      search_line(line + std::max<std::int64_t>(0, low),
                  std::min(high, box_.cells[0] - 1) - std::max<std::int64_t>(0, low) + 1, self,
                  hits);
      if (high >= box_.cells[0]) {
        search_line(line, high - box_.cells[0] + 1, self, hits);
      }
    }
  }
}

void LiveCells::search_around(const Place& center, std::uint32_t self, double radius,
                              Hits& hits) const {
  hits.count = 0;
  box_.dims == 3 ? search_lists<3>(center, self, radius, hits)
                 : search_lists<2>(center, self, radius, hits);
  if (geometry_ == Geometry::wanted || !domain_.integral() || domain_.metric != Metric::chebyshev) {
    measure(center, radius, hits);
  }
}

void LiveCells::measure(const Place& center, double radius, Hits& hits) const {
  // Offsets by the shortest way; on continuous domains, and on grids where fewer than all cells of
  // the block count, only those near enough stay.
  const double radius2 = radius * radius;
  const bool odd = stands_odd(domain_, center);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(hits.count); ++i) {
    const std::uint32_t other = hits.slots[i];
    double distance2 = 0.0;
    double steps = 0.0;
    for (std::size_t a = 0; a < static_cast<std::size_t>(box_.dims); ++a) {
      double d = coordinates_[a][other] - center[a];
      const double length = domain_.size[a];
      if (domain_.periodic && (d > length / 2 || d < -length / 2)) {
        d = d > 0.0 ? d - length : d + length;
      }
      hits.offset[a][kept] = d;
      distance2 = a == 0 ? d * d : distance2 + d * d;
      steps += std::abs(d);
    }
    if (domain_.metric == Metric::hexagonal) {
      steps = hexagonal_steps(hits.offset[0][kept], hits.offset[1][kept], odd);
      distance2 = steps * steps;
    }
    hits.slots[kept] = other;
    hits.distance2[kept] = distance2;
    const bool near_enough = domain_.integral()
                                 ? domain_.metric == Metric::chebyshev || steps <= radius
                                 : distance2 <= radius2;
    kept += static_cast<std::size_t>(near_enough);
  }
  hits.count = static_cast<std::int64_t>(kept);
}

}  // namespace bw
