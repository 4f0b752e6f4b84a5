// The live index: neighbours in continuous space while agents act one after another and move. It
// starts as a neighbour index without images; who leaves its cell is struck out there and goes to a
// list of the cell that it enters, so that most candidates stay side by side in memory. Equal
// starts and moves give equal orders.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "space/neighbor_index.hpp"
#include "space/search.hpp"

namespace bw {

class LiveIndex {
 public:
  // Items are the rows of the sources, source after source. `population`: of the whole world.
  LiveIndex(const Domain& domain, double radius, std::uint64_t population,
            std::span<const IndexSource> sources, Simd simd = chosen_simd());

  bool present(std::uint32_t item) const { return slot_[item] != kGone; }
  Place place(std::uint32_t item) const;
  void move(std::uint32_t item, const Place& place);
  void leave(std::uint32_t item);

  // Where it is not told of moves in the order of turns: `turns[item]` is when an item moves, and
  // lists are as if all came in that order.
  void order_arrivals(std::vector<std::uint32_t> turns) { turns_ = std::move(turns); }

  // All items within the radius of one, itself excluded; or of a place. First come those who have
  // not left their cells, by (cell, id), then those who came into one, the last first; cells in the
  // order of places, from an edge of a periodic world on to the other.
  void search(std::uint32_t item, double radius, Hits& hits) const;
  void search_place(const Place& place, double radius, Hits& hits) const;

  // Hints for items whose turn comes soon, as those of LiveCells.
  void prefetch(std::uint32_t item) const;
  void prefetch_cells(std::uint32_t item) const;
  template <class Touch>
  void touch_neighbors(std::uint32_t item, Touch&& touch) const;

 private:
  static constexpr std::uint32_t kGone = ~std::uint32_t{0};
  static constexpr std::uint32_t kMoved = kGone - 1;
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  void strike_out(std::uint32_t item);
  std::uint32_t cell_of(const Place& place) const;
  void search_around(const Place& center, std::uint32_t cell, std::uint32_t self, double radius,
                     Hits& hits) const;
  void search_arrivals(const LiveRanges& ranges, const Place& center, std::uint32_t self,
                       double radius2, Hits& hits) const;

  Domain domain_;
  NeighborIndex index_;
  RangeSearchFunction search_ranges_;
  LargeVector<std::uint32_t> slot_;      // by item: where it stands in the index, kMoved or kGone
  LargeVector<std::uint32_t> cell_;      // by item
  LargeVector<std::uint32_t> head_;      // by cell: who came, kNone at the end
  LargeVector<std::uint32_t> next_;      // by item
  std::vector<std::uint32_t> turns_;     // by item, where arrivals are ordered
  LargeVector<double> moved_to_[kAxes];  // by item, where it has moved to another cell
};

template <class Touch>
void LiveIndex::touch_neighbors(std::uint32_t item, Touch&& touch) const {
  if (!present(item)) {
    return;
  }
  const CellBox& box = index_.box();
  const std::int64_t cell = cell_[item];
  for (const std::int64_t step : {-box.line_stride(), std::int64_t{0}, box.line_stride()}) {
    if (cell + step < 0 || cell + step >= box.volume()) {
      continue;
    }
    const std::uint32_t first = index_.starts()[cell + step];
    for (std::size_t a = 0; a < static_cast<std::size_t>(box.dims); ++a) {
      __builtin_prefetch(index_.coordinates(a) + first);
    }
    if (first < index_.slot_count()) {
      touch(index_.items()[first]);
    }
  }
}

}  // namespace bw
