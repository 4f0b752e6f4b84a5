// Keeping the live index, and the candidates of its searches.
#include "space/live_index.hpp"

#include <algorithm>
#include <limits>

namespace bw {
namespace {

CellBox box_without_halo(const Domain& domain, double radius, std::uint64_t population) {
  const CellBox haloed = continuous_box(domain, {{}, domain.size}, radius, population);
  return world_box(domain, haloed.cells);
}

// The cells along one axis that are within reach of a cell: one after another, or, across a
// periodic edge, in two parts.
struct Span {
  std::int64_t begin[2];
  std::int64_t end[2];
  int parts;
};

Span around(const CellBox& box, std::size_t axis, std::int64_t at) {
  const std::int64_t n = box.cells[axis];
  const std::int64_t low = at - 1;
  const std::int64_t high = at + 1;
  if (!box.periodic || n <= 3) {
    return box.periodic ? Span{{0, 0}, {n, 0}, 1}
                        : Span{{std::max<std::int64_t>(low, 0), 0}, {std::min(high + 1, n), 0}, 1};
  }
  if (low < 0) {
    return {{n - 1, 0}, {n, high + 1}, 2};
  }
  if (high >= n) {
    return {{low, 0}, {n, 1}, 2};
  }
  return {{low, 0}, {high + 1, 0}, 1};
}

// All ranges of cells around a cell, in the order of places unless an edge is between them.
LiveRanges ranges_around(const CellBox& box, std::uint32_t cell) {
  LiveRanges ranges;
  const std::int64_t x = cell % box.extent[0];
  const std::int64_t y = cell / box.extent[0] % box.extent[1];
  const Span xs = around(box, 0, x);
  const Span ys = around(box, 1, y);
  const Span zs = box.dims == 3 ? around(box, 2, cell / (box.extent[0] * box.extent[1]))
                                : Span{{0, 0}, {1, 0}, 1};
  for (int k = 0; k < zs.parts; ++k) {
    for (std::int64_t z = zs.begin[k]; z < zs.end[k]; ++z) {
      for (int j = 0; j < ys.parts; ++j) {
        for (std::int64_t at = ys.begin[j]; at < ys.end[j]; ++at) {
          const std::int64_t line = (z * box.extent[1] + at) * box.extent[0];
          for (int i = 0; i < xs.parts; ++i) {
            ranges.add(static_cast<std::uint32_t>(line + xs.begin[i]),
                       static_cast<std::uint32_t>(line + xs.end[i]));
          }
        }
      }
    }
  }
  return ranges;
}

// The shortest way along one axis, as LiveCells and all variants compute it.
double shortest(const Domain& domain, std::size_t axis, double d) {
  const double length = domain.size[axis];
  if (domain.periodic && (d > length / 2 || d < -length / 2)) {
    d = d > 0.0 ? d - length : d + length;
  }
  return d;
}

template <std::size_t Dims>
void search_ranges(const RangeSearch& search, const LiveRanges& ranges, Hits& hits) {
  auto count = static_cast<std::size_t>(hits.count);
  const std::uint32_t* starts = search.index->starts();
  for (std::size_t r = 0; r < ranges.count; ++r) {
    const std::uint32_t end = starts[ranges.end[r]];
    for (std::uint32_t slot = starts[ranges.begin[r]]; slot < end; ++slot) {
      double distance2 = 0.0;
      for (std::size_t a = 0; a < Dims; ++a) {
        const double d =
            shortest(*search.domain, a, search.index->coordinates(a)[slot] - search.center[a]);
        hits.offset[a][count] = d;
        distance2 = a == 0 ? d * d : distance2 + d * d;
      }
      hits.slots[count] = search.index->items()[slot];
      hits.distance2[count] = distance2;
      count += static_cast<std::size_t>(distance2 <= search.radius2 && slot != search.self);
    }
  }
  hits.count = static_cast<std::int64_t>(count);
}

RangeSearchFunction choose_ranges(int dims, [[maybe_unused]] Simd simd) {
#if defined(__x86_64__)
  if (simd == Simd::kAvx512) {
    return wide::search_ranges_avx512(dims);
  }
#endif
  return dims == 3 ? search_ranges<3> : search_ranges<2>;
}

}  // namespace

LiveIndex::LiveIndex(const Domain& domain, double radius, std::uint64_t population,
                     std::span<const IndexSource> sources, Simd simd)
    : domain_(domain), index_(domain, {}), search_ranges_(choose_ranges(domain.dims, simd)) {
  ThreadPool pool(1);
  index_.build(pool, box_without_halo(domain, radius, population), sources);
  std::size_t items = 0;
  for (const IndexSource& source : sources) {
    items += source.ids.size();
  }
  // All sources' items stand one after another in the index's tables.
  slot_.resize(items);
  cell_.resize(items);
  if (items > 0) {
    std::copy_n(index_.slots_of(0), items, slot_.begin());
    std::copy_n(index_.cells_of(0), items, cell_.begin());
  }
  head_.assign(static_cast<std::size_t>(index_.box().volume()), kNone);
  next_.assign(items, kNone);
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
    moved_to_[a].resize(items);
  }
}

std::uint32_t LiveIndex::cell_of(const Place& place) const {
  const CellBox& box = index_.box();
  std::int64_t index = 0;
  for (std::size_t a = static_cast<std::size_t>(box.dims); a-- > 0;) {
    index = index * box.cells[a] + box.axis_cell(a, place[a]);
  }
  return static_cast<std::uint32_t>(index);
}

Place LiveIndex::place(std::uint32_t item) const {
  Place place{};
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain_.dims); ++a) {
    place[a] = slot_[item] == kMoved ? moved_to_[a][item] : index_.coordinates(a)[slot_[item]];
  }
  return place;
}

// Takes an item from where it stands; nothing is near a place that is no number.
void LiveIndex::strike_out(std::uint32_t item) {
  if (slot_[item] != kMoved) {
    index_.coordinates(0)[slot_[item]] = std::numeric_limits<double>::quiet_NaN();
    return;
  }
  std::uint32_t* link = &head_[cell_[item]];
  while (*link != item) {
    link = &next_[*link];
  }
  *link = next_[item];
}

void LiveIndex::leave(std::uint32_t item) {
  if (present(item)) {
    strike_out(item);
    slot_[item] = kGone;
  }
}

void LiveIndex::move(std::uint32_t item, const Place& place) {
  const std::uint32_t cell = cell_of(place);
  const auto axes = static_cast<std::size_t>(domain_.dims);
  if (cell == cell_[item] && slot_[item] != kMoved) {
    for (std::size_t a = 0; a < axes; ++a) {
      index_.coordinates(a)[slot_[item]] = place[a];
    }
    return;
  }
  if (cell != cell_[item]) {
    strike_out(item);
    slot_[item] = kMoved;
    cell_[item] = cell;
    std::uint32_t* link = &head_[cell];
    while (!turns_.empty() && *link != kNone && turns_[*link] > turns_[item]) {
      link = &next_[*link];
    }
    next_[item] = *link;
    *link = item;
  }
  for (std::size_t a = 0; a < axes; ++a) {
    moved_to_[a][item] = place[a];
  }
}

void LiveIndex::search(std::uint32_t item, double radius, Hits& hits) const {
  search_around(place(item), cell_[item], item, radius, hits);
}

void LiveIndex::search_place(const Place& place, double radius, Hits& hits) const {
  search_around(place, cell_of(place), kNone, radius, hits);
}

void LiveIndex::search_around(const Place& center, std::uint32_t cell, std::uint32_t self,
                              double radius, Hits& hits) const {
  const LiveRanges ranges = ranges_around(index_.box(), cell);
  const std::uint32_t* starts = index_.starts();
  std::size_t candidates = 0;
  for (std::size_t r = 0; r < ranges.count; ++r) {
    candidates += starts[ranges.end[r]] - starts[ranges.begin[r]];
  }
  hits.reserve(candidates);
  hits.count = 0;
  const double radius2 = radius * radius;
  search_ranges_({&domain_, &index_, center, radius2, self == kNone ? kNone : slot_[self]}, ranges,
                 hits);
  search_arrivals(ranges, center, self, radius2, hits);
}

void LiveIndex::search_arrivals(const LiveRanges& ranges, const Place& center, std::uint32_t self,
                                double radius2, Hits& hits) const {
  auto count = static_cast<std::size_t>(hits.count);
  for (std::size_t r = 0; r < ranges.count; ++r) {
    for (std::uint32_t cell = ranges.begin[r]; cell < ranges.end[r]; ++cell) {
      for (std::uint32_t other = head_[cell]; other != kNone; other = next_[other]) {
        hits.reserve(count + 1);
        double distance2 = 0.0;
        for (std::size_t a = 0; a < static_cast<std::size_t>(domain_.dims); ++a) {
          const double d = shortest(domain_, a, moved_to_[a][other] - center[a]);
          hits.offset[a][count] = d;
          distance2 = a == 0 ? d * d : distance2 + d * d;
        }
        hits.slots[count] = other;
        hits.distance2[count] = distance2;
        count += static_cast<std::size_t>(distance2 <= radius2 && other != self);
      }
    }
  }
  hits.count = static_cast<std::int64_t>(count);
}

void LiveIndex::prefetch(std::uint32_t item) const {
  __builtin_prefetch(&slot_[item]);
  __builtin_prefetch(&cell_[item]);
}

void LiveIndex::prefetch_cells(std::uint32_t item) const {
  if (!present(item)) {
    return;
  }
  const CellBox& box = index_.box();
  const std::int64_t cell = cell_[item];
  for (const std::int64_t step : {-box.line_stride(), std::int64_t{0}, box.line_stride()}) {
    if (cell + step >= 0 && cell + step < box.volume()) {
      __builtin_prefetch(&head_[static_cast<std::size_t>(cell + step)]);
      __builtin_prefetch(index_.starts() + cell + step);
    }
  }
  if (slot_[item] != kMoved) {
    __builtin_prefetch(index_.coordinates(0) + slot_[item]);
    __builtin_prefetch(index_.coordinates(1) + slot_[item]);
  }
}

}  // namespace bw
