// Spans and stencils of a cell layer.
#include "lattice/stencil.hpp"

#include <algorithm>

#include "base/checks.hpp"
#include "space/around.hpp"

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
  shape.odd = layer_->is_odd(row);
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
  const auto within = [&](std::size_t axis, std::int64_t at) {
    return at >= -shape.below[axis] && at <= shape.above[axis];
  };
  for_each_line(domain, radius, shape.odd, [&](std::int64_t y, std::int64_t z, Columns columns) {
    if (!within(1, y) || !within(2, z)) {
      return;
    }
    const std::int64_t last = std::min(columns.high, shape.above[0]);
    for (std::int64_t x = std::max(columns.low, -shape.below[0]); x <= last; ++x) {
      if (x == 0 && y == 0 && z == 0) {
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
      if (domain.metric == Metric::hexagonal) {
        const double count = hexagonal_steps(offset[0], offset[1], shape.odd);
        distance2 = count * count;
      }
      steps.distance2.push_back(distance2);
    }
  });
  return steps;
}

}  // namespace bw
