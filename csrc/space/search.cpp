// Searches of the neighbour index: the lines of cells around an agent, and the plain filter of their agents.
#include "space/search.hpp"

#include <algorithm>
#include <cstdlib>

namespace bw {
namespace {

constexpr std::size_t kOverhang = 16;

template <int Dims>
void filter_plain(const Candidates& c, Hits& hits) {
  auto count = static_cast<std::size_t>(hits.count);
  for (std::uint32_t slot = c.begin; slot < c.end; ++slot) {
    double distance2 = 0.0;
    for (std::size_t a = 0; a < static_cast<std::size_t>(Dims); ++a) {
      const double d = c.coordinates[a][slot] - c.center[a];
      hits.offset[a][count] = d;
      distance2 = a == 0 ? d * d : distance2 + d * d;
    }
    hits.slots[count] = slot;
    hits.distance2[count] = distance2;
    // The candidate is always written and only counted if it is a hit: no branch to mispredict.
    count += static_cast<std::size_t>(distance2 <= c.radius2 && slot != c.self);
  }
  hits.count = static_cast<std::int64_t>(count);
}

// The slots of the cells x - reach .. x + reach on the line that is (dy, dz) away.
struct LineRange {
  std::uint32_t begin;
  std::uint32_t end;
};
LineRange line_range(const NeighborIndex& index, std::uint32_t cell, std::int64_t dy, std::int64_t dz,
                     std::int64_t reach) {
  const CellBox& box = index.box();
  const std::int64_t middle = cell + dy * box.line_stride() + dz * box.layer_stride();
  return {index.starts()[middle - reach], index.starts()[middle + reach + 1]};
}

enum class Filter { plain, avx2, avx512 };

template <int Dims, Filter kFilter>
void search_continuous(const NeighborIndex& index, const Center& center, double radius, Hits& hits) {
  constexpr std::int64_t kLayers = Dims == 3 ? 1 : 0;
  Candidates candidates{};
  for (std::size_t a = 0; a < static_cast<std::size_t>(Dims); ++a) {
    candidates.coordinates[a] = index.coordinates(a);
    candidates.center[a] = center.place[a];
  }
  candidates.self = center.slot;
  candidates.radius2 = radius * radius;
  hits.count = 0;
  for (std::int64_t dz = -kLayers; dz <= kLayers; ++dz) {
    for (std::int64_t dy = -1; dy <= 1; ++dy) {
      const LineRange range = line_range(index, center.cell, dy, dz, 1);
      candidates.begin = range.begin;
      candidates.end = range.end;
      hits.reserve(static_cast<std::size_t>(hits.count) + range.end - range.begin);
      if constexpr (kFilter == Filter::avx512) {
        wide::filter_avx512(candidates, Dims, hits);
      } else if constexpr (kFilter == Filter::avx2) {
        wide::filter_avx2(candidates, Dims, hits);
      } else {
        filter_plain<Dims>(candidates, hits);
      }
    }
  }
}

// On grids the lines of cells are exact: every agent on them is a hit.
template <int Dims>
void search_grid(const NeighborIndex& index, const Center& center, bool manhattan, double radius, Hits& hits) {
  const auto reach = static_cast<std::int64_t>(radius);
  const std::int64_t layers = Dims == 3 ? reach : 0;
  std::size_t count = 0;
  for (std::int64_t dz = -layers; dz <= layers; ++dz) {
    const std::int64_t left_z = manhattan ? reach - std::abs(dz) : reach;
    for (std::int64_t dy = -left_z; dy <= left_z; ++dy) {
      const LineRange range = line_range(index, center.cell, dy, dz, manhattan ? left_z - std::abs(dy) : reach);
      hits.reserve(count + range.end - range.begin);
      for (std::uint32_t other = range.begin; other < range.end; ++other) {
        double distance2 = 0.0;
        for (std::size_t a = 0; a < static_cast<std::size_t>(Dims); ++a) {
          const double d = index.coordinates(a)[other] - center.place[a];
          hits.offset[a][count] = d;
          distance2 += d * d;
        }
        hits.distance2[count] = distance2;
        hits.slots[count] = other;
        count += static_cast<std::size_t>(other != center.slot);
      }
    }
  }
  hits.count = static_cast<std::int64_t>(count);
}

template <int Dims, bool kManhattan>
void search_grid_entry(const NeighborIndex& index, const Center& center, double radius, Hits& hits) {
  search_grid<Dims>(index, center, kManhattan, radius, hits);
}

template <int Dims>
SearchFunction choose_continuous([[maybe_unused]] Simd simd) {
#if defined(__x86_64__)
  switch (simd) {
    case Simd::kAvx512:
      return search_continuous<Dims, Filter::avx512>;
    case Simd::kAvx2:
      return search_continuous<Dims, Filter::avx2>;
    default:
      break;
  }
#endif
  return search_continuous<Dims, Filter::plain>;
}

}  // namespace

Center center_of_slot(const NeighborIndex& index, std::uint32_t slot, std::uint32_t cell) {
  Center center{{}, cell, slot};
  for (std::size_t a = 0; a < static_cast<std::size_t>(index.box().dims); ++a) {
    center.place[a] = index.coordinates(a)[slot];
  }
  return center;
}

Center center_of_place(const NeighborIndex& index, const Place& place) {
  const CellBox& box = index.box();
  std::array<std::int64_t, kAxes> at{};
  for (std::size_t a = 0; a < static_cast<std::size_t>(box.dims); ++a) {
    at[a] = box.canonical(a, box.axis_cell(a, place[a]));
  }
  return {place, static_cast<std::uint32_t>(box.index(at[0], at[1], at[2])), kNoSlot};
}

void Hits::reserve(std::size_t candidates) {
  if (candidates + kOverhang <= slots.size()) {
    return;
  }
  const std::size_t size = std::max<std::size_t>(256, 2 * (candidates + kOverhang));
  slots.resize(size);
  distance2.resize(size);
  for (std::vector<double>& axis : offset) {
    axis.resize(size);
  }
}

SearchFunction choose_search(const Domain& domain, Simd simd) {
  if (domain.integral()) {
    if (domain.dims == 3) {
      return domain.manhattan ? search_grid_entry<3, true> : search_grid_entry<3, false>;
    }
    return domain.manhattan ? search_grid_entry<2, true> : search_grid_entry<2, false>;
  }
  return domain.dims == 3 ? choose_continuous<3>(simd) : choose_continuous<2>(simd);
}

}  // namespace bw
