// The loop over cells of a field that spreads.
#include "schedule/spread.hpp"

#include <algorithm>

#include "schedule/worker.hpp"

namespace bw {
namespace {

struct Factors {
  double kept;     // of a cell's own value
  double portion;  // of each value around
  double left;     // after decay
};

// `Count` cells are around each of the rows, or, where it is 0, as many as the stencil says: loops
// of a known length become vector code.
template <class T, std::int64_t Count>
void spread_rows(char* to_bytes, const char* from_bytes, const bw_span& span,
                 const bw_stencil& stencil, const Factors& factors) {
  T* __restrict to = reinterpret_cast<T*>(to_bytes);
  const T* from = reinterpret_cast<const T*>(from_bytes);
  const std::int64_t count = Count > 0 ? Count : stencil.count;
  const std::int64_t* steps = stencil.steps;
  for (std::int64_t row = span.begin; row < span.end; ++row) {
    double sum = 0.0;
    for (std::int64_t k = 0; k < count; ++k) {
      sum += static_cast<double>(from[row + steps[k]]);
    }
    const double value = static_cast<double>(from[row]) * factors.kept + factors.portion * sum;
    to[row] = static_cast<T>(value * factors.left);
  }
}

template <class T>
void spread_span(char* to, const char* from, const bw_span& span, const bw_stencil& stencil,
                 const Factors& factors) {
  switch (stencil.count) {
    case 4:
      return spread_rows<T, 4>(to, from, span, stencil, factors);
    case 6:
      return spread_rows<T, 6>(to, from, span, stencil, factors);
    case 8:
      return spread_rows<T, 8>(to, from, span, stencil, factors);
    case 26:
      return spread_rows<T, 26>(to, from, span, stencil, factors);
    default:
      return spread_rows<T, 0>(to, from, span, stencil, factors);
  }
}

}  // namespace

std::int32_t spread_field(bw_call* call, std::int64_t begin, std::int64_t end) {
  const TableRun& run = *static_cast<Worker*>(call->engine)->run;
  const Behavior& behavior = *run.run->behavior;
  const std::vector<std::byte>& parameters = *run.around->parameters;
  const double decay = behavior.spread->decay.value(parameters);
  const double portion = behavior.spread->diffuse.value(parameters) /
                         static_cast<double>(run.run->reaches.front().whole_stencils->count);
  const Scalar scalar =
      run.table->column(run.table->find_column(behavior.columns.front().field).value())
          .type()
          .scalar;
  char* to = call->columns[0].data;
  const char* from = call->reaches[0].columns[0].data;
  for (std::int64_t i = begin; i < end; ++i) {
    const bw_span& span = call->spans[i];
    const bw_stencil& stencil = call->reaches[0].stencils[span.shape];
    // Rounding must not make a cell that gives all away owe something.
    const double kept = std::max(0.0, 1.0 - static_cast<double>(stencil.count) * portion);
    const Factors factors{kept, portion, 1.0 - decay};
    scalar == Scalar::f32 ? spread_span<float>(to, from, span, stencil, factors)
                          : spread_span<double>(to, from, span, stencil, factors);
  }
  return BW_OK;
}

}  // namespace bw
