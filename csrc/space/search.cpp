// Searches of the neighbour index: the lines of cells around an agent, and the plain filter of
// their agents.
#include "space/search.hpp"

#include <algorithm>

#include "space/around.hpp"

namespace bw {
namespace {

// The slots of these columns on the line that is (dy, dz) away.
SlotRange line_range(const NeighborIndex& index, std::uint32_t cell, std::int64_t dy,
                     std::int64_t dz, Columns columns) {
  const CellBox& box = index.box();
  const std::int64_t middle = cell + dy * box.line_stride() + dz * box.layer_stride();
  return {index.starts()[middle + columns.low], index.starts()[middle + columns.high + 1]};
}

template <std::size_t Dims, Geometry kGeometry, class Centers>
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
          distance2 = a == 0 ? d * d : distance2 + d * d;
          if constexpr (kGeometry == Geometry::wanted) {
            hits.offset[a][count] = d;
          }
        }
        hits.slots[count] = slot;
        if constexpr (kGeometry == Geometry::wanted) {
          hits.distance2[count] = distance2;
        }
        // The candidate is always written and only counted if it is a hit: no branch to mispredict.
        count += static_cast<std::size_t>(distance2 <= radius2 && slot != center.slot);
      }
    }
    block.count = count;
    block.close_search<Dims, kGeometry>(center.place);
  }
  return block.close();
}

// On grids the lines of cells are exact: every agent on them is a hit.
template <int Dims, Geometry kGeometry, Metric kMetric>
void search_grid(const NeighborIndex& index, const Center& center, double radius, Hits& hits) {
  const bool odd =
      kMetric == Metric::hexagonal && (static_cast<std::int64_t>(center.place[1]) & 1) != 0;
  std::size_t count = 0;
  for_each_line<kMetric>(Dims, static_cast<std::int64_t>(radius), odd,
                         [&](std::int64_t dy, std::int64_t dz, Columns columns) {
                           const SlotRange range = line_range(index, center.cell, dy, dz, columns);
                           hits.reserve(count + range.end - range.begin);
                           for (std::uint32_t other = range.begin; other < range.end; ++other) {
                             if constexpr (kGeometry == Geometry::wanted) {
                               double distance2 = 0.0;
                               for (std::size_t a = 0; a < static_cast<std::size_t>(Dims); ++a) {
                                 const double d = index.coordinates(a)[other] - center.place[a];
                                 hits.offset[a][count] = d;
                                 distance2 += d * d;
                               }
                               if constexpr (kMetric == Metric::hexagonal) {
                                 const double steps = hexagonal_steps(hits.offset[0][count],
                                                                      hits.offset[1][count], odd);
                                 distance2 = steps * steps;
                               }
                               hits.distance2[count] = distance2;
                             }
                             hits.slots[count] = other;
                             count += static_cast<std::size_t>(other != center.slot);
                           }
                         });
  hits.count = static_cast<std::int64_t>(count);
}

template <Geometry kGeometry>
SearchFunction choose_grid(const Domain& domain) {
  switch (domain.metric) {
    case Metric::manhattan:
      return domain.dims == 3 ? search_grid<3, kGeometry, Metric::manhattan>
                              : search_grid<2, kGeometry, Metric::manhattan>;
    case Metric::hexagonal:
      return search_grid<2, kGeometry, Metric::hexagonal>;
    default:
      return domain.dims == 3 ? search_grid<3, kGeometry, Metric::chebyshev>
                              : search_grid<2, kGeometry, Metric::chebyshev>;
  }
}

template <std::size_t Dims, Geometry kGeometry>
std::size_t plain_block(const NeighborIndex& index, const Searchers& searchers, double radius,
                        Hits& hits) {
  return search_all<Dims, kGeometry>(index, SearcherCenters<Dims>(index, searchers), radius, hits);
}

template <std::size_t Dims>
ContinuousSearch plain_search() {
  return {[](const NeighborIndex& index, const Center& center, double radius, Hits& hits) {
            search_all<Dims, Geometry::wanted>(index, OneCenter{center}, radius, hits);
          },
          plain_block<Dims, Geometry::wanted>, plain_block<Dims, Geometry::unwanted>};
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

BlockSearchFunction choose_block_search(const Domain& domain, Geometry geometry, Simd simd) {
  if (domain.integral()) {
    return nullptr;
  }
  const ContinuousSearch search = choose_continuous(domain.dims, simd);
  return geometry == Geometry::wanted ? search.block : search.block_of_slots;
}

SearchFunction choose_search(const Domain& domain, Geometry geometry, Simd simd) {
  if (!domain.integral()) {
    return choose_continuous(domain.dims, simd).one;
  }
  return geometry == Geometry::unwanted ? choose_grid<Geometry::unwanted>(domain)
                                        : choose_grid<Geometry::wanted>(domain);
}

}  // namespace bw
