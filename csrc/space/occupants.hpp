// Occupants: who stands where on a grid with at most one agent a cell, and a copy, by cell, of what
// is read of them; a border of cells around holds images and ghosts. It is what kernels look at
// that go over the cells around an agent themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/large_memory.hpp"
#include "base/thread_pool.hpp"
#include "space/cell_box.hpp"
#include "space/domain.hpp"
#include "space/neighbor_index.hpp"

namespace bw {

class Occupants {
 public:
  static constexpr std::size_t kLanes = 8;  // cells of a run

  static constexpr std::int64_t kNone = -1;

  // `column_sizes`: bytes per value of each column. `coded`: one of bytes that nobody writes while
  // the occupants follow moves, or kNone. It is told by the bytes that say who stands where, so
  // that kernels need look nowhere else.
  Occupants(const Domain& domain, std::vector<std::size_t> column_sizes,
            std::int64_t coded = kNone);

  // All agents of the sources enter empty cells. An error where two stand in one.
  void build(ThreadPool& pool, const CellBox& box, double radius,
             std::span<const IndexSource> sources);

  // Agents that act one after another: one leaves its cell (of the world), or stands in one with
  // the values that a row has in these columns.
  void leave(std::uint32_t cell);
  void stand(std::uint32_t cell, std::span<const SourceColumn> columns, std::size_t row);

  const CellBox& box() const { return box_; }
  std::size_t cell_count() const { return cells_; }
  // By cell: 0 where nobody stands.
  const std::uint8_t* occupied() const { return occupied_.data(); }
  // The column whose values, plus 1, these are where somebody does; kNone where one is too large.
  std::int64_t coded() const { return fits_ ? coded_ : kNone; }
  std::byte* column(std::size_t index) { return columns_[index].data(); }
  std::size_t column_size(std::size_t index) const { return sizes_[index]; }
  std::size_t column_count() const { return sizes_.size(); }

  // The cell of the place 0, 0, 0; it may lie outside of the box.
  std::int64_t origin() const;
  // From a cell to those around it, in the order of places; and the same in runs of kLanes cells.
  // Hexagons look around in one way from even lines and in another from odd ones: as many cells and
  // runs, with the same lanes, in other places. In square cells the two are one.
  std::span<const std::int64_t> neighbors(bool odd = false) const { return steps(odd).neighbors; }
  std::span<const std::int64_t> runs(bool odd = false) const { return steps(odd).runs; }
  std::span<const std::uint64_t> lanes() const { return lanes_; }

 private:
  void lay_out(const CellBox& box, double radius);
  struct Steps {
    std::vector<std::int64_t> neighbors;
    std::vector<std::int64_t> runs;
  };
  const Steps& steps(bool odd) const {
    return odd && domain_.metric == Metric::hexagonal ? odd_steps_ : steps_;
  }
  void look_around(bool odd, Steps& steps);
  void add_line(Steps& steps, std::int64_t first, std::int64_t cells, std::int64_t self);
  std::size_t enter(ThreadPool& pool, const IndexSource& source);
  std::uint8_t code_of(std::span<const SourceColumn> columns, std::size_t row) const;
  void copy_cell(std::size_t to, std::size_t from);
  [[noreturn]] void refuse_crowd(std::span<const IndexSource> sources) const;
  template <class Visit>
  void for_images_of(std::uint32_t cell, Visit&& visit) const;

  Domain domain_;
  std::vector<std::size_t> sizes_;
  std::int64_t coded_;
  bool fits_ = true;
  CellBox box_;
  double radius_ = -1.0;
  std::size_t cells_ = 0;
  LargeVector<std::uint8_t> occupied_;
  std::vector<LargeVector<std::byte>> columns_;
  Steps steps_;
  Steps odd_steps_;  // hexagons: from cells of odd lines
  std::vector<std::uint64_t> lanes_;
};

}  // namespace bw
