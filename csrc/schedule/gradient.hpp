// Gradient: how fast a field of cells grows around one of them, and in which direction.
#pragma once

#include <cstdint>

#include "base/state.hpp"
#include "bigworlds/behavior_abi.h"
#include "lattice/cell_layer.hpp"

namespace bw {

// A column of f32 or f64 of a layer's cells, as it is read.
struct RealField {
  const CellLayer* cells;
  Scalar scalar;
  bw_column values;

  bool exists(std::int64_t row) const {
    return cells->cell_id(static_cast<std::size_t>(row)) != CellLayer::kNoCell;
  }
  double at(std::int64_t row) const;
};

// Into gradient[0..2], per unit length along each axis; see bw_services. The row is a cell of the
// world whose neighbours the layer holds.
void find_gradient(const RealField& field, std::int64_t row, double* gradient);

}  // namespace bw
