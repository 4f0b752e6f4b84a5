// Tiles: the fixed pieces that a model is cut into. Their number and shape belong to the model,
// never to ranks or threads. Spatial tiles are blocks of the domain; without a space they are
// classes of ids.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "space/domain.hpp"

namespace bw {

// A block of the domain: [low, high) on every axis; the far edge of a bounded domain belongs to its
// last block.
struct Region {
  Place low{};
  Place high{};
  bool operator==(const Region&) const = default;
};

class Tiling {
 public:
  Tiling(const Domain& domain, std::uint32_t wanted);

  // Tiles are numbered 1..count(); 0 is the world.
  TileId count() const { return count_; }

  TileId tile_at(const Place& place) const;
  TileId tile_of_id(EntityId id) const;
  Region region(TileId tile) const;

  // The tiles of a space stand in a grid: how many there are along an axis, the edges of the tiles
  // at a place on it, and the tile at a place on every axis.
  std::int64_t along(std::size_t axis) const { return per_axis_[axis]; }
  std::pair<double, double> edges(std::size_t axis, std::int64_t at) const {
    return {edges_[axis][static_cast<std::size_t>(at)],
            edges_[axis][static_cast<std::size_t>(at) + 1]};
  }
  const std::array<std::int64_t, kAxes>& per_axis() const { return per_axis_; }
  TileId tile_of(const std::array<std::int64_t, kAxes>& at) const {
    return static_cast<TileId>((at[2] * per_axis_[1] + at[1]) * per_axis_[0] + at[0] + 1);
  }

  // The tiles that a block touches, periodic images included. Blocks may reach beyond the domain.
  void tiles_touching(const Region& block, std::vector<TileId>& out) const;

 private:
  void cut_axis(std::size_t axis);
  std::int64_t axis_tile(std::size_t axis, double coordinate) const;
  double axis_low(std::size_t axis, std::int64_t index) const;

  Domain domain_;
  std::array<std::int64_t, kAxes> per_axis_{1, 1, 1};
  std::array<std::vector<double>, kAxes>
      edges_;  // the first coordinate of each tile, and the length
  // Grids: the tile along an axis of each cell, where there are few enough for a table.
  static constexpr std::int64_t kMostInTable = std::int64_t{1} << 20;
  std::array<std::vector<std::uint32_t>, kAxes> tile_of_cell_;
  TileId count_ = 1;
};

// The smallest block that holds the regions of all these tiles.
Region bounding_region(const Tiling& tiling, std::span<const TileId> tiles);

}  // namespace bw
