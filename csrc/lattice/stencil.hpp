// Stencils: the cells around a cell, as steps between rows of a cell layer. Cells whose
// neighbourhood is cut off alike by the edges of a bounded world have one shape, and each shape has
// a stencil of its own, so that no step leads out of the world and nothing is asked per neighbour.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "bigworlds/behavior_abi.h"
#include "lattice/cell_layer.hpp"

namespace bw {

// How many cells the world goes on on both sides of a cell, counted up to the layer's reach, and
// whether it is a hexagon of an odd line.
struct CellShape {
  std::array<std::int64_t, kAxes> below{};
  std::array<std::int64_t, kAxes> above{};
  bool odd = false;

  friend bool operator==(const CellShape&, const CellShape&) = default;
};

// The spans of a layer's owned cells, and their shapes.
class SpanList {
 public:
  explicit SpanList(const CellLayer& layer);

  std::span<const bw_span> spans() const { return spans_; }
  std::span<const CellShape> shapes() const { return shapes_; }

  // Cuts a run of owned cells into spans.
  void cut(CellRun run, std::vector<bw_span>& spans) const;

 private:
  CellShape shape_at(std::uint32_t row) const;
  std::uint32_t end_of_shape(std::uint32_t row, std::uint32_t end) const;
  std::int64_t number_of(const CellShape& shape) const;

  const CellLayer* layer_;
  std::vector<bw_span> spans_;
  std::vector<CellShape> shapes_;
};

// The steps to all cells within a radius that lie in the world, by shape, in the order of places:
// z, then y, then x.
class Stencils {
 public:
  Stencils(const Domain& domain, const CellBox& box, std::int64_t radius,
           std::span<const CellShape> shapes);
  Stencils(const Stencils&) = delete;
  Stencils& operator=(const Stencils&) = delete;

  const bw_stencil* by_shape() const { return views_.data(); }
  std::int64_t radius() const { return radius_; }

 private:
  struct Steps {
    std::vector<std::int64_t> rows;
    std::array<std::vector<double>, kAxes> offset;
    std::vector<double> distance2;
  };
  static Steps steps_of(const Domain& domain, const CellBox& box, std::int64_t radius,
                        const CellShape& shape);

  std::int64_t radius_;
  std::vector<Steps> steps_;
  std::vector<bw_stencil> views_;
};

}  // namespace bw
