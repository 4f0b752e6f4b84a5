// The cell layer: the components of cells, one row per cell of a rank's box, halo included. Rows of
// the halo are copies of what other ranks (or the other side of a periodic world) own, refreshed
// when a phase reads them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/state.hpp"
#include "ecs/table.hpp"
#include "space/cell_box.hpp"
#include "space/tiling.hpp"

namespace bw {

// A run of rows of owned cells that lie side by side on a line.
struct CellRun {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

class CellLayer {
 public:
  static constexpr std::uint64_t kNoCell = ~std::uint64_t{0};

  // `owned(tile)` says whether this rank has a tile.
  template <class Owned>
  CellLayer(const Schema& schema, Archetype components, const Domain& domain, const CellBox& box,
            const Tiling& tiling, Owned&& owned)
      : domain_(domain), box_(box), table_(schema, std::move(components)) {
    lay_out();
    mark_owned(tiling, owned);
  }

  Table& table() { return table_; }
  const Table& table() const { return table_; }
  const CellBox& box() const { return box_; }
  const Domain& domain() const { return domain_; }
  std::span<const CellRun> owned_runs() const { return runs_; }
  std::size_t owned_count() const { return owned_count_; }
  bool is_owned(std::size_t row) const { return owned_[row] != 0; }
  std::uint64_t cell_id(std::size_t row) const { return table_.ids()[row]; }

  // Whether a row is a hexagon of an odd line.
  bool is_odd(std::size_t row) const {
    const std::int64_t line = static_cast<std::int64_t>(row) / box_.extent[0] % box_.extent[1];
    return domain_.metric == Metric::hexagonal && ((line + box_.low[1]) & 1) != 0;
  }

  // The row of the cell at a place inside the world, or -1 where this rank does not hold it.
  std::int64_t row_at(const Place& place) const;

  // The row of a global cell that this rank owns or holds in its halo, or -1.
  std::int64_t row_of_cell(std::uint64_t cell) const;

  // The centre of a cell in world coordinates (grids: the cell itself).
  Place place_of_cell(std::uint64_t cell) const;

  void list_state(const StateSink& sink) const;

 private:
  void lay_out();
  template <class Owned>
  void mark_owned(const Tiling& tiling, Owned&& owned);

  Domain domain_;
  CellBox box_;
  Table table_;
  std::vector<std::uint8_t> owned_;
  std::vector<CellRun> runs_;
  std::size_t owned_count_ = 0;
};

template <class Owned>
void CellLayer::mark_owned(const Tiling& tiling, Owned&& owned) {
  owned_.assign(table_.size(), 0);
  for (std::int64_t line = 0; line < box_.extent[1] * box_.extent[2]; ++line) {
    bool running = false;
    for (std::int64_t x = 0; x < box_.extent[0]; ++x) {
      const auto row = static_cast<std::size_t>(line * box_.extent[0] + x);
      const bool image = box_.shift(0, x) != 0 ||
                         (box_.dims > 1 && box_.shift(1, line % box_.extent[1]) != 0) ||
                         (box_.dims > 2 && box_.shift(2, line / box_.extent[1]) != 0);
      const bool mine =
          !image && cell_id(row) != kNoCell && owned(tiling.tile_at(place_of_cell(cell_id(row))));
      owned_[row] = mine ? 1 : 0;
      owned_count_ += mine ? 1 : 0;
      if (mine && running) {
        runs_.back().end = static_cast<std::uint32_t>(row + 1);
      } else if (mine) {
        runs_.push_back({static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(row + 1)});
      }
      running = mine;
    }
  }
}

}  // namespace bw
