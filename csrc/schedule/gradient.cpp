// Differences between the cells around a cell: of squares along each axis, of hexagons by least
// squares.
#include "schedule/gradient.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "space/around.hpp"

namespace bw {

double RealField::at(std::int64_t row) const {
  const char* at = values.data + row * values.stride;
  if (scalar == Scalar::f64) {
    double value;
    std::memcpy(&value, at, sizeof(value));
    return value;
  }
  float value;
  std::memcpy(&value, at, sizeof(value));
  return static_cast<double>(value);
}

namespace {

// Half the difference of the two cells beside a cell, along each axis.
void gradient_of_squares(const RealField& field, std::int64_t row, double* gradient) {
  const CellBox& box = field.cells->box();
  const std::array<std::int64_t, kAxes> strides{1, box.line_stride(), box.layer_stride()};
  for (std::size_t a = 0; a < static_cast<std::size_t>(box.dims); ++a) {
    std::int64_t steps = 0;
    std::array<double, 2> beside{};
    for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
      const std::int64_t there = side == 0 ? row - strides[a] : row + strides[a];
      const bool exists = field.exists(there);
      beside[side] = field.at(exists ? there : row);
      steps += exists ? 1 : 0;
    }
    if (steps > 0) {
      const double rise = (beside[1] - beside[0]) / static_cast<double>(steps);
      gradient[a] = rise * box.per_length[a];
    }
  }
}

// Least squares over the hexagons around that exist, with e their directions and v the differences:
// (sum of e e^T) gradient = sum of v e. Where all lie on one line, along that line.
void gradient_of_hexagons(const RealField& field, std::int64_t row, double* gradient) {
  const bool odd = field.cells->is_odd(static_cast<std::size_t>(row));
  const double height = std::sqrt(3.0) / 2.0;  // of a line over the one below
  double xx = 0.0, xy = 0.0, yy = 0.0, vx = 0.0, vy = 0.0;
  for_each_line(field.cells->domain(), 1, odd, [&](std::int64_t dy, std::int64_t, Columns columns) {
    for (std::int64_t dx = columns.low; dx <= columns.high; ++dx) {
      const std::int64_t there = row + dy * field.cells->box().line_stride() + dx;
      if (there == row || !field.exists(there)) {
        continue;
      }
      const double half = dy == 0 ? 0.0 : odd ? -0.5 : 0.5;
      const double x = static_cast<double>(dx) + half;
      const double y = static_cast<double>(dy) * height;
      const double rise = field.at(there) - field.at(row);
      xx += x * x;
      xy += x * y;
      yy += y * y;
      vx += rise * x;
      vy += rise * y;
    }
  });
  const double determinant = xx * yy - xy * xy;
  if (determinant > 1e-6) {
    gradient[0] = (yy * vx - xy * vy) / determinant;
    gradient[1] = (xx * vy - xy * vx) / determinant;
  } else if (xx + yy > 0.0) {
    gradient[0] = vx / (xx + yy);
    gradient[1] = vy / (xx + yy);
  }
}

}  // namespace

void find_gradient(const RealField& field, std::int64_t row, double* gradient) {
  std::fill_n(gradient, kAxes, 0.0);
  if (field.cells->domain().metric == Metric::hexagonal) {
    gradient_of_hexagons(field, row, gradient);
  } else {
    gradient_of_squares(field, row, gradient);
  }
}

}  // namespace bw
