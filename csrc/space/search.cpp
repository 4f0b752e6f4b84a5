// Searches of the neighbour index: the lines of cells around an agent, and the plain filter of
// their agents.
#include "space/search.hpp"

#include <algorithm>
#include <cstdlib>

namespace bw {
namespace {

// The slots of the cells x - reach .. x + reach on the line that is (dy, dz) away.
SlotRange line_range(const NeighborIndex& index, std::uint32_t cell, std::int64_t dy,
                     std::int64_t dz, std::int64_t reach) {
  const CellBox& box = index.box();
  const std::int64_t middle = cell + dy * box.line_stride() + dz * box.layer_stride();
  return {index.starts()[middle - reach], index.starts()[middle + reach + 1]};
}

template <std::size_t Dims, class Centers>
std::size_t search_all(const NeighborIndex& index, const Centers& centers, double radius,
                       Hits& hits) {
  BlockOfHits block(hits, centers.size());
  const LineFinder<Dims> finder(index);
  const double radius2 = radius * radius;
  for (std::size_t i = 0; i < centers.size(); ++i) {
    const Center center = centers[i];
    const CandidateLines<Dims> lines = finder.around(center.cell);
    bool moved = false;
    if (!block.open(lines.count, moved)) {
      break;
    }
    std::size_t count = block.count;
    for (const SlotRange& line : lines.ranges) {
      for (std::uint32_t slot = line.begin; slot < line.end; ++slot) {
        double distance2 = 0.0;
        for (std::size_t a = 0; a < Dims; ++a) {
          const double d = index.coordinates(a)[slot] - center.place[a];
          hits.offset[a][count] = d;
          distance2 = a == 0 ? d * d : distance2 + d * d;
        }
        hits.slots[count] = slot;
        hits.distance2[count] = distance2;
        // The candidate is always written and only counted if it is a hit: no branch to mispredict.
        count += static_cast<std::size_t>(distance2 <= radius2 && slot != center.slot);
      }
    }
    block.count = count;
    block.close_search();
  }
  return block.close();
}

// On grids the lines of cells are exact: every agent on them is a hit.
template <int Dims, Geometry kGeometry>
void search_grid(const NeighborIndex& index, const Center& center, bool manhattan, double radius,
                 Hits& hits) {
  const auto reach = static_cast<std::int64_t>(radius);
  const std::int64_t layers = Dims == 3 ? reach : 0;
  std::size_t count = 0;
  for (std::int64_t dz = -layers; dz <= layers; ++dz) {
    const std::int64_t left_z = manhattan ? reach - std::abs(dz) : reach;
    for (std::int64_t dy = -left_z; dy <= left_z; ++dy) {
      const SlotRange range =
          line_range(index, center.cell, dy, dz, manhattan ? left_z - std::abs(dy) : reach);
      hits.reserve(count + range.end - range.begin);
      for (std::uint32_t other = range.begin; other < range.end; ++other) {
        if constexpr (kGeometry == Geometry::wanted) {
          double distance2 = 0.0;
          for (std::size_t a = 0; a < static_cast<std::size_t>(Dims); ++a) {
            const double d = index.coordinates(a)[other] - center.place[a];
            hits.offset[a][count] = d;
            distance2 += d * d;
          }
          hits.distance2[count] = distance2;
        }
        hits.slots[count] = other;
        count += static_cast<std::size_t>(other != center.slot);
      }
    }
  }
  hits.count = static_cast<std::int64_t>(count);
}

template <int Dims, Geometry kGeometry, bool kManhattan>
void search_grid_entry(const NeighborIndex& index, const Center& center, double radius,
                       Hits& hits) {
  search_grid<Dims, kGeometry>(index, center, kManhattan, radius, hits);
}

template <int Dims, Geometry kGeometry>
SearchFunction choose_grid(bool manhattan) {
  return manhattan ? search_grid_entry<Dims, kGeometry, true>
                   : search_grid_entry<Dims, kGeometry, false>;
}

template <std::size_t Dims>
ContinuousSearch plain_search() {
  return {[](const NeighborIndex& index, const Center& center, double radius, Hits& hits) {
            search_all<Dims>(index, OneCenter{center}, radius, hits);
          },
          [](const NeighborIndex& index, const Searchers& searchers, double radius, Hits& hits) {
            return search_all<Dims>(index, SearcherCenters<Dims>(index, searchers), radius, hits);
          }};
}

ContinuousSearch choose_continuous(int dims, [[maybe_unused]] Simd simd) {
#if defined(__x86_64__)
  switch (simd) {
    case Simd::kAvx512:
      return wide::search_avx512(dims);
    case Simd::kAvx2:
      return wide::search_avx2(dims);
    default:
      break;
  }
#endif
  return dims == 3 ? plain_search<3>() : plain_search<2>();
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

bool BlockOfHits::open_crowd(std::size_t candidates, bool& moved) {
  if (searches_ > 0) {
    return false;
  }
  hits_->reserve(candidates);
  moved = true;
  return true;
}

void Hits::grow(std::size_t candidates) {
  const std::size_t size = std::max<std::size_t>(256, 2 * candidates);
  slots.resize(size);
  distance2.resize(size);
  for (std::vector<double>& axis : offset) {
    axis.resize(size);
  }
}

BlockSearchFunction choose_block_search(const Domain& domain, Simd simd) {
  return domain.integral() ? nullptr : choose_continuous(domain.dims, simd).block;
}

SearchFunction choose_search(const Domain& domain, Geometry geometry, Simd simd) {
  if (!domain.integral()) {
    return choose_continuous(domain.dims, simd).one;
  }
  if (geometry == Geometry::unwanted) {
    return domain.dims == 3 ? choose_grid<3, Geometry::unwanted>(domain.manhattan)
                            : choose_grid<2, Geometry::unwanted>(domain.manhattan);
  }
  return domain.dims == 3 ? choose_grid<3, Geometry::wanted>(domain.manhattan)
                          : choose_grid<2, Geometry::wanted>(domain.manhattan);
}

}  // namespace bw
