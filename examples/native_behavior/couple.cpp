// The behavior `couple` of native_behavior.py in C++. Build it with `python build.py`.
#include <bigworlds/behavior_abi.h>

namespace {

constexpr double kTurn = 2.0 * 3.141592653589793;

// The parameters as the model declares them, 8 bytes each.
struct Params {
  int64_t n;
  double radius;
  double coupling;
  double dt;
};

// Columns in the order of reads= and then writes=: phase (both), speed.
enum Column { kPhase, kSpeed };

double& at(const bw_column& column, int64_t row) {
  return *reinterpret_cast<double*>(column.data + row * column.stride);
}

// Rows begin..end-1; the engine calls this on several threads, each with a call of its own.
int32_t couple(bw_call* call, int64_t begin, int64_t end) {
  const auto* p = reinterpret_cast<const Params*>(call->parameters);
  const bw_reach& others = call->reaches[0];
  for (int64_t row = begin; row < end; ++row) {
    double& phase = at(call->columns[kPhase], row);
    const int64_t count = call->services->gather(call, 0, row);
    double pull = 0.0;
    for (int64_t k = 0; k < count; ++k) {
      pull += call->services->sin(at(others.columns[0], call->hits.slots[k]) - phase);
    }
    phase += p->dt * (at(call->columns[kSpeed], row) + p->coupling * pull);
    if (phase >= kTurn) {
      phase -= kTurn;
    }
  }
  return BW_OK;
}

}  // namespace

extern "C" {
extern const bw_behavior bw_behavior_couple;
const bw_behavior bw_behavior_couple = {BW_ABI_VERSION, 0, couple};
}
