// The neighbour index: a packed copy, sorted by (cell, id), of what a phase reads of others, ghosts
// and periodic images included. It is the state at the start of the phase, so tables need no second
// buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.hpp"
#include "base/large_memory.hpp"
#include "base/thread_pool.hpp"
#include "space/cell_box.hpp"
#include "space/domain.hpp"

namespace bw {

// A strided column that is copied into the index.
struct SourceColumn {
  const std::byte* data = nullptr;
  std::int64_t stride = 0;
};

// Rows that go into the index: those of one local table, or the ghosts.
struct IndexSource {
  std::span<const EntityId> ids;
  PlaceColumn places;
  std::vector<SourceColumn> columns;
};

class NeighborIndex {
 public:
  // `column_sizes`: bytes per value of each packed column.
  NeighborIndex(const Domain& domain, std::vector<std::size_t> column_sizes);

  void build(ThreadPool& pool, const CellBox& box, std::span<const IndexSource> sources);

  const CellBox& box() const { return box_; }
  std::size_t slot_count() const { return ids_.size(); }
  const EntityId* ids() const { return ids_.data(); }
  const double* coordinates(std::size_t axis) const { return coordinates_[axis].data(); }
  double* coordinates(std::size_t axis) { return coordinates_[axis].data(); }

  // The same side by side, x, y (z) of each slot; continuous domains only, else nullptr.
  const double* places() const { return places_.empty() ? nullptr : places_.data(); }

  // The item in each slot: rows of all sources, numbered source after source.
  const std::uint32_t* items() const { return item_of_slot_.data(); }
  std::byte* column(std::size_t index) { return columns_[index].data(); }
  std::size_t column_size(std::size_t index) const { return sizes_[index]; }
  std::size_t column_count() const { return sizes_.size(); }

  // Slots of box cell c: starts()[c] .. starts()[c + 1].
  const std::uint32_t* starts() const { return starts_.data(); }

  // The slot and the box cell of a row of a source (its own place, never an image).
  std::uint32_t slot_of(std::size_t source, std::size_t row) const {
    return slot_of_item_[bases_[source] + row];
  }
  std::uint32_t cell_of(std::size_t source, std::size_t row) const {
    return cell_of_item_[bases_[source] + row];
  }
  const std::uint32_t* slots_of(std::size_t source) const {
    return slot_of_item_.data() + bases_[source];
  }
  const std::uint32_t* cells_of(std::size_t source) const {
    return cell_of_item_.data() + bases_[source];
  }

 private:
  static constexpr std::uint32_t kOutside = ~std::uint32_t{0};

  void place_items(ThreadPool& pool, std::span<const IndexSource> sources);
  template <bool kWhole, class PlaceOf>
  void place_source(ThreadPool& pool, PlaceOf place_of, std::size_t first, std::size_t last);
  void count_images();
  void scatter_items(ThreadPool& pool, std::span<const IndexSource> sources);
  void sort_cells(ThreadPool& pool);
  void sort_cell(std::uint32_t begin, std::uint32_t end);
  void sort_crowd(std::uint32_t begin, std::uint32_t end);
  void copy_images();
  void pack(ThreadPool& pool, std::span<const IndexSource> sources);
  void pack_lines(std::int64_t begin, std::int64_t end, std::span<const IndexSource> sources);
  void pack_slots(std::uint32_t begin, std::uint32_t end, const Place& shift,
                  std::span<const IndexSource> sources);
  std::size_t source_of(std::uint32_t item) const;

  Domain domain_;
  std::vector<std::size_t> sizes_;
  CellBox box_;
  std::vector<std::size_t> bases_;  // first item of each source; one more at the end
  LargeVector<std::uint32_t> cell_of_item_;
  LargeVector<std::uint32_t> slot_of_item_;
  LargeVector<std::uint32_t> item_of_slot_;
  LargeVector<std::uint32_t> starts_;
  LargeVector<EntityId> ids_;
  LargeVector<double> coordinates_[kAxes];
  LargeVector<double> places_;
  std::vector<LargeVector<std::byte>> columns_;
};

}  // namespace bw
