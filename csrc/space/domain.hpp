// The domain: what shape the world has, and how a place in it is written in a column.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace bw {

inline constexpr int kAxes = 3;

enum class SpaceKind : std::uint8_t { none, continuous, grid };

// How a grid counts the steps between two cells: by the largest difference along an axis (8
// neighbours in the plane), by their sum (4), or from hexagon to hexagon (6). See space/around.hpp.
enum class Metric : std::uint8_t { chebyshev, manhattan, hexagonal };

struct Domain {
  SpaceKind kind = SpaceKind::none;
  int dims = 0;                      // 2 or 3; 0 without a space
  std::array<double, kAxes> size{};  // length of each axis; whole numbers of cells on a grid
  bool periodic = false;
  bool exclusive = false;             // grids: at most one agent a cell
  Metric metric = Metric::chebyshev;  // grids; hexagonal ones have two axes

  bool exists() const { return kind != SpaceKind::none; }
  bool integral() const { return kind == SpaceKind::grid; }
  std::int64_t cells(int axis) const {
    return static_cast<std::int64_t>(size[static_cast<std::size_t>(axis)]);
  }

  // Bytes of a place in a column: f64 per axis, or i32 per axis on grids.
  std::size_t place_size() const {
    return static_cast<std::size_t>(dims) * (integral() ? sizeof(std::int32_t) : sizeof(double));
  }
};

// A finite coordinate brought into [0, length). Near the edge the common case is one step.
inline double wrap_coordinate(double x, double length) {
  if (x < 0.0) {
    x += length;
  } else if (x >= length) {
    x -= length;
  }
  if (!(x >= 0.0 && x < length)) {
    x -= length * std::floor(x / length);
    x = x >= 0.0 && x < length ? x : 0.0;  // rounding put it on the edge itself
  }
  return x;
}

using Place = std::array<double, kAxes>;

// Whether a place lies in the domain; the far edge belongs to a bounded continuous one.
inline bool holds(const Domain& domain, const Place& place) {
  bool inside = true;
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
    const bool on_far_edge = !domain.periodic && !domain.integral() && place[a] == domain.size[a];
    inside = inside && ((place[a] >= 0.0 && place[a] < domain.size[a]) || on_far_edge);
  }
  return inside;
}

// Places standing in a column (or in a message): f64 or i32 per axis.
struct PlaceColumn {
  const std::byte* data = nullptr;
  std::int64_t stride = 0;

  Place at(const Domain& domain, std::size_t row) const {
    Place place{};
    const std::byte* from = data + static_cast<std::int64_t>(row) * stride;
    if (domain.integral()) {
      std::array<std::int32_t, kAxes> cell{};
      std::memcpy(cell.data(), from, domain.place_size());
      for (std::size_t a = 0; a < kAxes; ++a) {
        place[a] = cell[a];
      }
    } else {
      std::memcpy(place.data(), from, domain.place_size());
    }
    return place;
  }
};

}  // namespace bw
