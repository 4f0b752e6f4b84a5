// Spans and stencils of a cell layer.
#include "lattice/stencil.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/checks.hpp"

namespace bw {

SpanList::SpanList(const CellLayer& layer) : layer_(&layer) {
  for (const CellRun& run : layer.owned_runs()) {
    for (std::uint32_t row = run.begin; row < run.end; row = end_of_shape(row, run.end)) {
      const CellShape shape = shape_at(row);
      if (std::find(shapes_.begin(), shapes_.end(), shape) == shapes_.end()) {
        shapes_.push_back(shape);
      }
    }
  }
  for (const CellRun& run : layer.owned_runs()) {
    cut(run, spans_);
  }
}

CellShape SpanList::shape_at(std::uint32_t row) const {
  const CellBox& box = layer_->box();
  CellShape shape;
  std::int64_t rest = row;
  for (std::size_t a = 0; a < static_cast<std::size_t>(box.dims); ++a) {
    const std::int64_t cell = box.low[a] + rest % box.extent[a];
    rest /= box.extent[a];
    shape.below[a] = box.periodic ? box.reach : std::min(cell, box.reach);
    shape.above[a] = box.periodic ? box.reach : std::min(box.cells[a] - 1 - cell, box.reach);
  }
  return shape;
}

// Where on the row's line, at the latest at `end`, cells of another shape begin. Along a line only
// the distance to its two ends differs.
std::uint32_t SpanList::end_of_shape(std::uint32_t row, std::uint32_t end) const {
  const CellBox& box = layer_->box();
  if (box.periodic) {
    return end;
  }
  const std::int64_t cell = box.low[0] + row % box.extent[0];
  const std::int64_t last_inner = box.cells[0] - 1 - box.reach;  // beyond it the far end comes near
  const bool inner = cell >= box.reach && cell <= last_inner;
  const std::int64_t next = inner ? last_inner + 1 : cell + 1;
  return std::min(end, static_cast<std::uint32_t>(row + (next - cell)));
}

std::int64_t SpanList::number_of(const CellShape& shape) const {
  const auto found = std::find(shapes_.begin(), shapes_.end(), shape);
  BW_CHECK(found != shapes_.end(), "every owned cell has a known shape");
  return found - shapes_.begin();
}

void SpanList::cut(CellRun run, std::vector<bw_span>& spans) const {
  for (std::uint32_t begin = run.begin; begin < run.end;) {
    const CellShape shape = shape_at(begin);
    const std::uint32_t end = end_of_shape(begin, run.end);
    spans.push_back({begin, end, number_of(shape)});
    begin = end;
  }
}

Stencils::Stencils(const Domain& domain, const CellBox& box, std::int64_t radius,
                   std::span<const CellShape> shapes)
    : radius_(radius) {
  for (const CellShape& shape : shapes) {
    steps_.push_back(steps_of(domain, box, radius, shape));
  }
  for (const Steps& steps : steps_) {
    views_.push_back({static_cast<std::int64_t>(steps.rows.size()),
                      steps.rows.data(),
                      {steps.offset[0].data(), steps.offset[1].data(), steps.offset[2].data()},
                      steps.distance2.data()});
  }
}

Stencils::Steps Stencils::steps_of(const Domain& domain, const CellBox& box, std::int64_t radius,
                                   const CellShape& shape) {
  Steps steps;
  std::array<std::int64_t, kAxes> low{};
  std::array<std::int64_t, kAxes> high{};
  for (std::size_t a = 0; a < static_cast<std::size_t>(box.dims); ++a) {
    low[a] = -std::min(radius, shape.below[a]);
    high[a] = std::min(radius, shape.above[a]);
  }
  for (std::int64_t z = low[2]; z <= high[2]; ++z) {
    for (std::int64_t y = low[1]; y <= high[1]; ++y) {
      for (std::int64_t x = low[0]; x <= high[0]; ++x) {
        const bool beyond = domain.manhattan && std::abs(x) + std::abs(y) + std::abs(z) > radius;
        if (beyond || (x == 0 && y == 0 && z == 0)) {
          continue;
        }
        steps.rows.push_back(z * box.layer_stride() + y * box.line_stride() + x);
        const std::array<double, kAxes> offset{static_cast<double>(x), static_cast<double>(y),
                                               static_cast<double>(z)};
        double distance2 = 0.0;
        for (std::size_t a = 0; a < kAxes; ++a) {
          steps.offset[a].push_back(offset[a]);
          distance2 += offset[a] * offset[a];
        }
        steps.distance2.push_back(distance2);
      }
    }
  }
  return steps;
}

}  // namespace bw
