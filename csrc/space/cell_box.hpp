// A cell box: the part of the global cell grid that one rank holds, with a halo of cells around it.
// Box coordinates are unwrapped: a halo cell beyond a periodic edge stands for the cell on the
// other side, shifted by the world's length.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "space/domain.hpp"
#include "space/tiling.hpp"

namespace bw {

struct CellBox {
  int dims = 2;
  bool periodic = false;
  std::int64_t reach = 1;                           // halo width, in cells
  std::array<std::int64_t, kAxes> cells{1, 1, 1};   // of the whole world
  std::array<std::int64_t, kAxes> low{};            // first cell of the box, halo included
  std::array<std::int64_t, kAxes> extent{1, 1, 1};  // cells of the box, halo included
  std::array<double, kAxes> per_length{1, 1, 1};    // cells per unit length

  std::int64_t volume() const { return extent[0] * extent[1] * extent[2]; }
  std::int64_t line_stride() const { return extent[0]; }
  std::int64_t layer_stride() const { return extent[0] * extent[1]; }

  std::int64_t axis_cell(std::size_t axis, double coordinate) const {
    auto cell = static_cast<std::int64_t>(coordinate * per_length[axis]);
    return cell < cells[axis] ? cell : cells[axis] - 1;
  }

  // Where a global cell stands in the box: its own place if the box has it, else its nearest image;
  // -1 if neither.
  std::int64_t canonical(std::size_t axis, std::int64_t cell) const {
    const std::int64_t high = low[axis] + extent[axis];
    if (cell >= low[axis] && cell < high) {
      return cell - low[axis];
    }
    if (periodic && cell - cells[axis] >= low[axis]) {
      return cell - cells[axis] - low[axis];
    }
    if (periodic && cell + cells[axis] < high) {
      return cell + cells[axis] - low[axis];
    }
    return -1;
  }

  // The whole world's lengths by which a box coordinate is shifted: -1, 0 or 1.
  std::int64_t shift(std::size_t axis, std::int64_t box_coordinate) const {
    const std::int64_t cell = box_coordinate + low[axis];
    return cell < 0 ? -1 : cell >= cells[axis] ? 1 : 0;
  }

  std::int64_t index(std::int64_t x, std::int64_t y, std::int64_t z) const {
    return (z * extent[1] + y) * extent[0] + x;
  }
};

// The box of cells no smaller than `radius` around a rank's region. `population` (of the whole
// world) bounds the number of cells, so that a tiny radius costs no memory.
CellBox continuous_box(const Domain& domain, const Region& region, double radius,
                       std::uint64_t population);

// The box of a grid's own cells around a rank's region.
CellBox grid_box(const Domain& domain, const Region& region, std::int64_t reach);

// The cells of the whole world, without a halo: a grid's own, or a lattice of `cells` over a
// continuous domain.
CellBox world_box(const Domain& domain, const std::array<std::int64_t, kAxes>& cells);

// The global cell at a place (x fastest); places beyond a periodic edge are wrapped, others outside
// give -1.
std::int64_t cell_at(const CellBox& world, const Domain& domain, const Place& place);

// The same for whole coordinates of a two-dimensional grid: no arithmetic in doubles where they lie
// in the world.
inline std::int64_t cell_at(const CellBox& world, const Domain& domain, std::int64_t x,
                            std::int64_t y) {
  const bool inside = static_cast<std::uint64_t>(x) < static_cast<std::uint64_t>(world.cells[0]) &&
                      static_cast<std::uint64_t>(y) < static_cast<std::uint64_t>(world.cells[1]);
  return inside ? y * world.cells[0] + x
                : cell_at(world, domain, {static_cast<double>(x), static_cast<double>(y), 0.0});
}

// The place of a cell of a world of fewer than 2^32 cells, along each axis: division is what it
// costs, and half as wide numbers take half the time.
inline std::array<std::uint32_t, kAxes> place_of_cell(const CellBox& world, std::uint32_t cell) {
  std::array<std::uint32_t, kAxes> at{};
  for (std::size_t a = 0; a + 1 < static_cast<std::size_t>(world.dims); ++a) {
    const auto cells = static_cast<std::uint32_t>(world.cells[a]);
    at[a] = cell % cells;
    cell /= cells;
  }
  at[static_cast<std::size_t>(world.dims) - 1] = cell;
  return at;
}

// The same for a place as it stands in a column.
inline std::int64_t cell_of_place(const CellBox& world, const Domain& domain,
                                  const std::byte* place) {
  if (domain.integral() && domain.dims == 2) {
    std::array<std::int32_t, 2> at;
    std::memcpy(at.data(), place, sizeof(at));
    return cell_at(world, domain, at[0], at[1]);
  }
  return cell_at(world, domain, PlaceColumn{place, 0}.at(domain, 0));
}

// Calls visit(row, global cell) for rows [0, count) of a column of places.
template <class Visit>
void for_each_cell(const CellBox& world, const Domain& domain, const PlaceColumn& places,
                   std::size_t count, Visit&& visit) {
  if (domain.integral() && domain.dims == 2) {
    for (std::size_t row = 0; row < count; ++row) {
      std::array<std::int32_t, 2> at;
      std::memcpy(at.data(), places.data + static_cast<std::int64_t>(row) * places.stride,
                  sizeof(at));
      visit(row, cell_at(world, domain, at[0], at[1]));
    }
    return;
  }
  for (std::size_t row = 0; row < count; ++row) {
    visit(row, cell_at(world, domain, places.at(domain, row)));
  }
}

// Calls visit(image, canonical), in ascending order, for each cell of a periodic box that is an
// image of another of its cells.
template <class Visit>
void for_each_image(const CellBox& box, Visit&& visit) {
  if (!box.periodic) {
    return;
  }
  const auto canonical = [&](std::size_t axis, std::int64_t at) {
    const std::int64_t n = box.cells[axis];
    const std::int64_t cell = ((at + box.low[axis]) % n + n) % n;
    return box.canonical(axis, cell);
  };
  // Most cells are their own canonical cell: only lines of images, and the ends of other lines, are
  // visited one by one.
  const std::int64_t edge = std::min(box.extent[0], 2 * box.reach);
  for (std::int64_t z = 0; z < box.extent[2]; ++z) {
    const std::int64_t from_z = box.dims > 2 ? canonical(2, z) : z;
    for (std::int64_t y = 0; y < box.extent[1]; ++y) {
      const std::int64_t from_y = canonical(1, y);
      const bool whole_line = from_y != y || from_z != z;
      const auto visit_range = [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t x = begin; x < end; ++x) {
          const std::int64_t from_x = canonical(0, x);
          if (whole_line || from_x != x) {
            visit(static_cast<std::size_t>(box.index(x, y, z)),
                  static_cast<std::size_t>(box.index(from_x, from_y, from_z)));
          }
        }
      };
      const std::int64_t middle = whole_line ? box.extent[0] : edge;
      visit_range(0, middle);
      visit_range(std::max(middle, box.extent[0] - edge), box.extent[0]);
    }
  }
}

// Why a radius cannot be searched in this domain, if it cannot.
std::optional<const char*> refuse_radius(const Domain& domain, double radius);

}  // namespace bw
