// Search: the agents within a radius of one agent, listed from the neighbour index in (cell, id)
// order. The wider variants find the same hits with the same bits as the plain one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/cpu.hpp"
#include "space/neighbor_index.hpp"

namespace bw {

// Memory for the hits of one search, or of a block of searches one after another; it belongs to one
// worker and is overwritten by the next search.
struct Hits {
  std::int64_t count = 0;
  std::vector<std::uint32_t> slots;
  std::vector<double> offset[kAxes];
  std::vector<double> distance2;
  std::vector<std::uint32_t> starts;  // blocks: the first hit of each search, and the end of all
  std::vector<double> centers;  // blocks without geometry: x, y (z) of where each search started

  // Room for this many candidates, and for the last vector's overhang.
  void reserve(std::size_t candidates) {
    if (candidates + kOverhang > slots.size()) {
      grow(candidates + kOverhang);
    }
  }

 private:
  static constexpr std::size_t kOverhang = 16;
  void grow(std::size_t candidates);
};

// Where a search starts: a place, its box cell, and the slot of the agent that searches (kNoSlot
// where it is not in the index).
struct Center {
  Place place;
  std::uint32_t cell;
  std::uint32_t slot;
};
inline constexpr std::uint32_t kNoSlot = ~std::uint32_t{0};

// All agents within `radius` of a centre, except the one that searches.
using SearchFunction = void (*)(const NeighborIndex& index, const Center& center, double radius,
                                Hits& hits);

// Agents of the index that search one after another: their slots and box cells.
struct Searchers {
  const std::uint32_t* slots;
  const std::uint32_t* cells;
  std::size_t count;
};

// The same for several agents, the hits of all one after another. A block ends before its
// candidates would be more than kMostOfBlock, but not before its first search: returned is how many
// searches were made. Continuous domains only.
using BlockSearchFunction = std::size_t (*)(const NeighborIndex& index, const Searchers& searchers,
                                            double radius, Hits& hits);
inline constexpr std::size_t kMostOfBlock = 4096;

// The centre of a search for an agent of the index, and for any place in the rank's region.
Center center_of_slot(const NeighborIndex& index, std::uint32_t slot, std::uint32_t cell);
Center center_of_place(const NeighborIndex& index, const Place& place);

// Whether offsets and distances are wanted, or only who is there; a block of searches then tells
// from where they went, so that offsets can be had of the index's coordinates.
enum class Geometry : bool { unwanted, wanted };

// The search for worlds of this shape, by the quickest variant that the processor has. All variants
// find the same bits.
SearchFunction choose_search(const Domain& domain, Geometry geometry = Geometry::wanted,
                             Simd simd = chosen_simd());

// nullptr on grids.
BlockSearchFunction choose_block_search(const Domain& domain, Geometry geometry = Geometry::wanted,
                                        Simd simd = chosen_simd());

// Slots that lie side by side.
struct SlotRange {
  std::uint32_t begin;
  std::uint32_t end;
};

// The candidates of a continuous search: the cells around the centre, line by line in the order of
// places.
template <std::size_t Dims>
struct CandidateLines {
  static constexpr std::size_t kLines = Dims == 3 ? 9 : 3;

  std::array<SlotRange, kLines> ranges;
  std::size_t count = 0;
};

// Finds them; made once for many searches.
template <std::size_t Dims>
class LineFinder {
 public:
  explicit LineFinder(const NeighborIndex& index) : starts_(index.starts()) {
    for (std::size_t line = 0; line < kLines; ++line) {
      const std::int64_t dy = static_cast<std::int64_t>(line % 3) - 1;
      const std::int64_t dz = Dims == 3 ? static_cast<std::int64_t>(line / 3) - 1 : 0;
      steps_[line] = dy * index.box().line_stride() + dz * index.box().layer_stride();
    }
  }

  [[gnu::always_inline]] inline CandidateLines<Dims> around(std::uint32_t cell) const {
    CandidateLines<Dims> lines;
    for (std::size_t line = 0; line < kLines; ++line) {
      const std::uint32_t* middle = starts_ + (cell + steps_[line]);
      lines.ranges[line] = {middle[-1], middle[2]};
      lines.count += middle[2] - middle[-1];
    }
    return lines;
  }

 private:
  static constexpr std::size_t kLines = CandidateLines<Dims>::kLines;
  const std::uint32_t* starts_;
  std::array<std::int64_t, kLines> steps_;
};

// The centres of a block of searches, and of a search by itself: what the variants loop over.
template <std::size_t Dims>
class SearcherCenters {
 public:
  SearcherCenters(const NeighborIndex& index, const Searchers& searchers) : searchers_(searchers) {
    for (std::size_t a = 0; a < Dims; ++a) {
      coordinates_[a] = index.coordinates(a);
    }
  }
  std::size_t size() const { return searchers_.count; }
  Center operator[](std::size_t i) const {
    Center center{{}, searchers_.cells[i], searchers_.slots[i]};
    for (std::size_t a = 0; a < Dims; ++a) {
      center.place[a] = coordinates_[a][center.slot];
    }
    return center;
  }

 private:
  Searchers searchers_;
  std::array<const double*, Dims> coordinates_;
};

struct OneCenter {
  const Center& center;
  std::size_t size() const { return 1; }
  const Center& operator[](std::size_t) const { return center; }
};

// Where a block of searches stands: room for the next one is made, and its end is noted.
class BlockOfHits {
 public:
  BlockOfHits(Hits& hits, std::size_t searches) : hits_(&hits) {
    hits.reserve(kMostOfBlock);
    if (hits.starts.size() <= searches) {
      hits.starts.resize(searches + 1);
    }
    starts_ = hits.starts.data();
    starts_[0] = 0;
    if (hits.centers.size() < kAxes * searches) {
      hits.centers.resize(kAxes * searches);
    }
    centers_ = hits.centers.data();
  }

  // Whether the block has room for the candidates of one more search. The first one always has:
  // where it needs more than usual the memory moves, which `moved` then says.
  [[gnu::always_inline]] inline bool open(std::size_t candidates, bool& moved) {
    if (count + candidates > kMostOfBlock) [[unlikely]] {
      return open_crowd(candidates, moved);
    }
    return true;
  }

  template <std::size_t Dims, Geometry kGeometry>
  [[gnu::always_inline]] inline void close_search(const Place& center) {
    if constexpr (kGeometry == Geometry::unwanted) {
      for (std::size_t a = 0; a < Dims; ++a) {
        centers_[searches_ * Dims + a] = center[a];
      }
    }
    starts_[++searches_] = static_cast<std::uint32_t>(count);
  }

  std::size_t close() {
    hits_->count = static_cast<std::int64_t>(count);
    return searches_;
  }

  std::size_t count = 0;  // hits so far

 private:
  bool open_crowd(std::size_t candidates, bool& moved);

  Hits* hits_;
  std::uint32_t* starts_;
  double* centers_;
  std::size_t searches_ = 0;
};

// One variant of the continuous search.
struct ContinuousSearch {
  SearchFunction one;
  BlockSearchFunction block;
  BlockSearchFunction block_of_slots;  // without geometry
};

// Ranges of cells of a live index that are searched: three lines in two dimensions, nine in three,
// each in two parts where it crosses a periodic edge.
struct LiveRanges {
  static constexpr std::size_t kMost = 18;
  std::array<std::uint32_t, kMost> begin;
  std::array<std::uint32_t, kMost> end;
  std::size_t count = 0;

  void add(std::uint32_t first, std::uint32_t last) {
    begin[count] = first;
    end[count++] = last;
  }
};

// A search among those that stand in a live index: the offsets are the shortest way.
struct RangeSearch {
  const Domain* domain;
  const NeighborIndex* index;
  Place center;
  double radius2;
  std::uint32_t self;  // the slot that searches
};

// Appends the hits among the slots of the ranges; there is room for all candidates.
using RangeSearchFunction = void (*)(const RangeSearch& search, const LiveRanges& ranges,
                                     Hits& hits);

namespace wide {
// The same searches in wider vectors; defined where the processor family has them.
ContinuousSearch search_avx2(int dims);
ContinuousSearch search_avx512(int dims);
RangeSearchFunction search_ranges_avx512(int dims);
}  // namespace wide

}  // namespace bw
