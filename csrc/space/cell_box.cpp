// Sizes of cell boxes.
#include "space/cell_box.hpp"

#include <algorithm>
#include <cmath>

namespace bw {
namespace {

// Cells per agent that still pay: with two, the nine cells around an agent hold four or five
// others, which one vector takes; emptier cells make the index larger, not the search faster.
constexpr double kCellsPerAgent = 2.0;

// By how much the cells grow until they are few enough.
constexpr double kGrowth = 1.125;

// Cells are a little larger than the radius, so that rounding of a coordinate never puts two agents
// that are just within reach two cells apart.
constexpr double kMargin = 1.0 + 1e-9;

double cells_along(const Domain& domain, std::size_t axis, double side) {
  return std::max(1.0, std::floor(domain.size[axis] / side));
}

// The side of cells that are no smaller than the radius and not more than allowed. Found by exact
// steps alone, so that every machine finds the same one: the order of neighbours depends on it.
double cell_side(const Domain& domain, double radius, std::uint64_t population) {
  const double most = std::max(64.0, kCellsPerAgent * static_cast<double>(population));
  const auto axes = static_cast<std::size_t>(domain.dims);
  int exponents = 0;  // 2^exponents is at most the world's volume
  for (std::size_t a = 0; a < axes; ++a) {
    exponents += std::ilogb(domain.size[a]);
  }
  const int steps = exponents - std::ilogb(most) - 1;
  const int floored =
      steps >= 0 ? steps / domain.dims : -((-steps + domain.dims - 1) / domain.dims);
  double side = std::max(radius * kMargin, std::ldexp(1.0, floored));
  const auto cells = [&] {
    double product = 1.0;
    for (std::size_t a = 0; a < axes; ++a) {
      product *= cells_along(domain, a, side);
    }
    return product;
  };
  while (cells() > most) {
    side *= kGrowth;
  }
  return side;
}

}  // namespace

CellBox continuous_box(const Domain& domain, const Region& region, double radius,
                       std::uint64_t population) {
  CellBox box;
  box.dims = domain.dims;
  box.periodic = domain.periodic;
  box.reach = 1;
  const double side = cell_side(domain, radius, population);
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
    box.cells[a] = static_cast<std::int64_t>(cells_along(domain, a, side));
    box.per_length[a] = static_cast<double>(box.cells[a]) / domain.size[a];
    const std::int64_t first = box.axis_cell(a, region.low[a]);
    const std::int64_t last = box.axis_cell(a, region.high[a]);
    box.low[a] = first - box.reach;
    box.extent[a] = last - first + 1 + 2 * box.reach;
  }
  return box;
}

CellBox grid_box(const Domain& domain, const Region& region, std::int64_t reach) {
  CellBox box;
  box.dims = domain.dims;
  box.periodic = domain.periodic;
  box.reach = reach;
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
    box.cells[a] = domain.cells(static_cast<int>(a));
    const auto first = static_cast<std::int64_t>(region.low[a]);
    const auto end = static_cast<std::int64_t>(region.high[a]);
    box.low[a] = first - reach;
    box.extent[a] = end - first + 2 * reach;
  }
  return box;
}

CellBox world_box(const Domain& domain, const std::array<std::int64_t, kAxes>& cells) {
  CellBox box;
  box.dims = domain.dims;
  box.periodic = domain.periodic;
  box.reach = 0;
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
    box.cells[a] = domain.integral() ? domain.cells(static_cast<int>(a)) : cells[a];
    box.extent[a] = box.cells[a];
    box.per_length[a] = static_cast<double>(box.cells[a]) / domain.size[a];
  }
  return box;
}

std::int64_t cell_at(const CellBox& world, const Domain& domain, const Place& place) {
  std::int64_t index = 0;
  for (std::size_t a = static_cast<std::size_t>(domain.dims); a-- > 0;) {
    double coordinate = place[a];
    if (!(coordinate >= 0.0 && coordinate < domain.size[a])) {
      const bool on_far_edge =
          !domain.periodic && !domain.integral() && coordinate == domain.size[a];
      if (domain.periodic && std::isfinite(coordinate)) {
        coordinate = wrap_coordinate(coordinate, domain.size[a]);
      } else if (!on_far_edge) {
        return -1;
      }
    }
    index = index * world.cells[a] + world.axis_cell(a, coordinate);
  }
  return index;
}

std::optional<const char*> refuse_radius(const Domain& domain, double radius) {
  if (!(radius >= 0.0) || !std::isfinite(radius)) {
    return "a radius must be a finite number and not negative";
  }
  if (!domain.periodic) {
    return std::nullopt;
  }
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
    const bool meets_itself =
        domain.integral() ? 2.0 * radius + 1.0 > domain.size[a] : 2.0 * radius >= domain.size[a];
    if (meets_itself) {
      return "the radius reaches around the periodic world, so an agent would meet the same "
             "neighbour twice; "
             "use a radius below half of the shortest side, a larger world, or bounded edges";
    }
  }
  return std::nullopt;
}

}  // namespace bw
