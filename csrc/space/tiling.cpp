// Which tile a place or an id belongs to.
#include "space/tiling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "base/errors.hpp"

namespace bw {
namespace {

[[noreturn]] void refuse_count(std::uint64_t found) {
  throw ModelError("the number of tiles must be between 1 and " + std::to_string(kTileLimit - 1) +
                   "; found " + std::to_string(found));
}

}  // namespace

Tiling::Tiling(const Domain& domain, std::uint32_t wanted) : domain_(domain), count_(wanted) {
  if (wanted == 0 || wanted >= kTileLimit) {
    refuse_count(wanted);
  }
  if (!domain.exists()) {
    return;
  }
  const double side = std::pow(static_cast<double>(wanted), 1.0 / domain.dims);
  std::uint64_t count = 1;
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
    per_axis_[a] = std::max<std::int64_t>(1, std::llround(side));
    if (domain.integral()) {
      per_axis_[a] = std::min(per_axis_[a], domain.cells(static_cast<int>(a)));
    }
    count *= static_cast<std::uint64_t>(per_axis_[a]);
    cut_axis(a);
  }
  if (count >= kTileLimit) {
    refuse_count(count);
  }
  count_ = static_cast<TileId>(count);
}

void Tiling::cut_axis(std::size_t axis) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::int64_t n = per_axis_[axis];
  std::vector<double>& edges = edges_[axis];
  edges.assign(1, 0.0);
  for (std::int64_t t = 1; t < n; ++t) {
    double edge = axis_low(axis, t);
    // Rounding may put it a step beside the first coordinate that axis_tile counts to the tile:
    // regions hold exactly the places of their tiles.
    while (axis_tile(axis, edge) < t) {
      edge = std::nextafter(edge, kInfinity);
    }
    while (axis_tile(axis, std::nextafter(edge, -kInfinity)) >= t && !domain_.integral()) {
      edge = std::nextafter(edge, -kInfinity);
    }
    edges.push_back(edge);
  }
  edges.push_back(domain_.size[axis]);
  if (domain_.integral() && domain_.cells(static_cast<int>(axis)) <= kMostInTable) {
    std::vector<std::uint32_t> tiles;
    for (std::int64_t cell = 0; cell < domain_.cells(static_cast<int>(axis)); ++cell) {
      tiles.push_back(static_cast<std::uint32_t>(axis_tile(axis, static_cast<double>(cell))));
    }
    tile_of_cell_[axis] = std::move(tiles);
  }
}

std::int64_t Tiling::axis_tile(std::size_t axis, double coordinate) const {
  const std::int64_t n = per_axis_[axis];
  std::int64_t tile;
  if (domain_.integral()) {
    // Whole cells only: cell c belongs to tile floor(c * n / size), in integers.
    if (coordinate >= 0.0 && coordinate < static_cast<double>(tile_of_cell_[axis].size())) {
      return tile_of_cell_[axis][static_cast<std::size_t>(coordinate)];
    }
    tile = static_cast<std::int64_t>(coordinate) * n / domain_.cells(static_cast<int>(axis));
  } else {
    tile = static_cast<std::int64_t>(coordinate * (static_cast<double>(n) / domain_.size[axis]));
  }
  return std::clamp<std::int64_t>(tile, 0, n - 1);
}

double Tiling::axis_low(std::size_t axis, std::int64_t index) const {
  const std::int64_t n = per_axis_[axis];
  if (domain_.integral()) {
    const std::int64_t cells = domain_.cells(static_cast<int>(axis));
    return static_cast<double>((index * cells + n - 1) / n);
  }
  return domain_.size[axis] * static_cast<double>(index) / static_cast<double>(n);
}

TileId Tiling::tile_at(const Place& place) const {
  const bool by_table = !tile_of_cell_[0].empty() && !tile_of_cell_[1].empty() && domain_.dims == 2;
  if (by_table && place[0] >= 0.0 && place[0] < domain_.size[0] && place[1] >= 0.0 &&
      place[1] < domain_.size[1]) {  // what every birth on a grid asks
    const std::uint32_t column = tile_of_cell_[0][static_cast<std::uint32_t>(place[0])];
    const std::uint32_t line = tile_of_cell_[1][static_cast<std::uint32_t>(place[1])];
    return line * static_cast<std::uint32_t>(per_axis_[0]) + column + 1;
  }
  std::int64_t index = 0;
  for (std::size_t a = kAxes; a-- > 0;) {
    index = index * per_axis_[a] + (per_axis_[a] > 1 ? axis_tile(a, place[a]) : 0);
  }
  return static_cast<TileId>(index + 1);
}

TileId Tiling::tile_of_id(EntityId id) const {
  // Runs of 4096 births stay together: their data were made together and often meet.
  const std::uint64_t run = (birth_counter(id) >> 12) + birth_tile(id);
  return static_cast<TileId>(run % count_) + 1;
}

Region Tiling::region(TileId tile) const {
  Region region;
  auto index = static_cast<std::int64_t>(tile - 1);
  for (std::size_t a = 0; a < kAxes; ++a) {
    const std::int64_t at = index % per_axis_[a];
    index /= per_axis_[a];
    if (!edges_[a].empty()) {
      region.low[a] = edges_[a][static_cast<std::size_t>(at)];
      region.high[a] = edges_[a][static_cast<std::size_t>(at) + 1];
    }
  }
  return region;
}

void Tiling::tiles_touching(const Region& block, std::vector<TileId>& out) const {
  // Per axis, the distinct tile indices that the block's interval covers.
  std::array<std::vector<std::int64_t>, kAxes> covered;
  for (std::size_t a = 0; a < kAxes; ++a) {
    std::vector<std::int64_t>& axis = covered[a];
    if (a >= static_cast<std::size_t>(domain_.dims) || per_axis_[a] == 1) {
      axis.push_back(0);
      continue;
    }
    const double length = domain_.size[a];
    const std::int64_t n = per_axis_[a];
    for (std::int64_t t = 0; t < n; ++t) {
      const double low = edges_[a][static_cast<std::size_t>(t)];
      const double high = edges_[a][static_cast<std::size_t>(t) + 1];
      bool touches = block.low[a] <= high && block.high[a] >= low;
      if (domain_.periodic) {
        touches = touches || (block.low[a] + length <= high && block.high[a] + length >= low) ||
                  (block.low[a] - length <= high && block.high[a] - length >= low);
      }
      if (touches) {
        axis.push_back(t);
      }
    }
  }
  out.clear();
  for (const std::int64_t z : covered[2]) {
    for (const std::int64_t y : covered[1]) {
      for (const std::int64_t x : covered[0]) {
        out.push_back(tile_of({x, y, z}));
      }
    }
  }
}

Region bounding_region(const Tiling& tiling, std::span<const TileId> tiles) {
  Region bounds = tiles.empty() ? Region{} : tiling.region(tiles.front());
  for (const TileId tile : tiles) {
    const Region region = tiling.region(tile);
    for (std::size_t a = 0; a < kAxes; ++a) {
      bounds.low[a] = std::min(bounds.low[a], region.low[a]);
      bounds.high[a] = std::max(bounds.high[a], region.high[a]);
    }
  }
  return bounds;
}

}  // namespace bw
