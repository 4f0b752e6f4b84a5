// abi.cpp: the layout of behavior_abi.h as Python sees it, for those who write kernels from Python.
#include <cstddef>

#include "bigworlds/behavior_abi.h"
#include "bindings/bindings.hpp"

namespace py = pybind11;

namespace bw::bindings {

namespace {

#define BW_MEMBER(type, member) layout[#type "." #member] = offsetof(type, member)
#define BW_SIZE(type) layout["sizeof." #type] = sizeof(type)

void add_data_layout(py::dict& layout) {
  BW_MEMBER(bw_column, data);
  BW_MEMBER(bw_column, stride);
  BW_MEMBER(bw_hits, count);
  BW_MEMBER(bw_hits, slots);
  BW_MEMBER(bw_hits, offset);
  BW_MEMBER(bw_hits, distance2);
  BW_MEMBER(bw_hits, edges);
  BW_MEMBER(bw_stencil, count);
  BW_MEMBER(bw_stencil, steps);
  BW_MEMBER(bw_stencil, offset);
  BW_MEMBER(bw_stencil, distance2);
  BW_MEMBER(bw_span, begin);
  BW_MEMBER(bw_span, end);
  BW_MEMBER(bw_span, shape);
  BW_MEMBER(bw_occupants, occupied);
  BW_MEMBER(bw_occupants, places);
  BW_MEMBER(bw_occupants, strides);
  BW_MEMBER(bw_occupants, origin);
  BW_MEMBER(bw_occupants, neighbor_count);
  BW_MEMBER(bw_occupants, neighbors);
  BW_MEMBER(bw_occupants, run_count);
  BW_MEMBER(bw_occupants, runs);
  BW_MEMBER(bw_occupants, lanes);
  BW_MEMBER(bw_occupants, odd_neighbors);
  BW_MEMBER(bw_occupants, odd_runs);
  BW_MEMBER(bw_occupants, coded);
  BW_MEMBER(bw_reach, columns);
  BW_MEMBER(bw_reach, ids);
  BW_MEMBER(bw_reach, edge_columns);
  BW_MEMBER(bw_reach, slot_count);
  BW_MEMBER(bw_reach, stencils);
  BW_MEMBER(bw_reach, occupants);
  BW_MEMBER(bw_reach, places);
  BW_MEMBER(bw_cells, columns);
  BW_MEMBER(bw_inbox, count);
  BW_MEMBER(bw_inbox, records);
  BW_MEMBER(bw_inbox, stride);
  BW_MEMBER(bw_behavior, version);
  BW_MEMBER(bw_behavior, reserved);
  BW_MEMBER(bw_behavior, kernel);
}

void add_services_layout(py::dict& layout) {
  BW_MEMBER(bw_services, gather);
  BW_MEMBER(bw_services, spawn);
  BW_MEMBER(bw_services, despawn);
  BW_MEMBER(bw_services, attach);
  BW_MEMBER(bw_services, detach);
  BW_MEMBER(bw_services, claim);
  BW_MEMBER(bw_services, deposit);
  BW_MEMBER(bw_services, send);
  BW_MEMBER(bw_services, inbox);
  BW_MEMBER(bw_services, cell_at);
  BW_MEMBER(bw_services, random_empty);
  BW_MEMBER(bw_services, commit);
  BW_MEMBER(bw_services, gather_rows);
  BW_MEMBER(bw_services, gather_slots);
}

void add_math_layout(py::dict& layout) {
  BW_MEMBER(bw_services, sin);
  BW_MEMBER(bw_services, cos);
  BW_MEMBER(bw_services, tan);
  BW_MEMBER(bw_services, asin);
  BW_MEMBER(bw_services, acos);
  BW_MEMBER(bw_services, atan);
  BW_MEMBER(bw_services, atan2);
  BW_MEMBER(bw_services, sinh);
  BW_MEMBER(bw_services, cosh);
  BW_MEMBER(bw_services, tanh);
  BW_MEMBER(bw_services, exp);
  BW_MEMBER(bw_services, expm1);
  BW_MEMBER(bw_services, log);
  BW_MEMBER(bw_services, log1p);
  BW_MEMBER(bw_services, log2);
  BW_MEMBER(bw_services, log10);
  BW_MEMBER(bw_services, pow);
  BW_MEMBER(bw_services, cbrt);
  BW_MEMBER(bw_services, hypot);
  BW_MEMBER(bw_services, fmod);
  BW_MEMBER(bw_services, normal);
  BW_MEMBER(bw_services, exponential);
  BW_MEMBER(bw_services, link);
  BW_MEMBER(bw_services, unlink);
  BW_MEMBER(bw_services, gradient);
}

void add_call_layout(py::dict& layout) {
  BW_MEMBER(bw_call, version);
  BW_MEMBER(bw_call, struct_size);
  BW_MEMBER(bw_call, tick);
  BW_MEMBER(bw_call, rng_key);
  BW_MEMBER(bw_call, ids);
  BW_MEMBER(bw_call, columns);
  BW_MEMBER(bw_call, parameters);
  BW_MEMBER(bw_call, reaches);
  BW_MEMBER(bw_call, cells);
  BW_MEMBER(bw_call, services);
  BW_MEMBER(bw_call, order);
  BW_MEMBER(bw_call, hits);
  BW_MEMBER(bw_call, place);
  BW_MEMBER(bw_call, extent);
  BW_MEMBER(bw_call, failed_row);
  BW_MEMBER(bw_call, engine);
  BW_MEMBER(bw_call, rows_hits);
  BW_MEMBER(bw_call, hit_starts);
  BW_MEMBER(bw_call, spans);
  BW_MEMBER(bw_call, hit_centers);
}

py::dict abi_layout() {
  py::dict layout;
  add_call_layout(layout);
  add_data_layout(layout);
  add_services_layout(layout);
  add_math_layout(layout);
  BW_SIZE(bw_call);
  BW_SIZE(bw_column);
  BW_SIZE(bw_hits);
  BW_SIZE(bw_stencil);
  BW_SIZE(bw_span);
  BW_SIZE(bw_occupants);
  BW_SIZE(bw_reach);
  BW_SIZE(bw_cells);
  BW_SIZE(bw_inbox);
  BW_SIZE(bw_services);
  BW_SIZE(bw_behavior);
  return layout;
}

#undef BW_MEMBER
#undef BW_SIZE

}  // namespace

void bind_abi(py::module_& module) {
  module.attr("ABI_VERSION") = BW_ABI_VERSION;
  module.def("abi_layout", &abi_layout);
}

}  // namespace bw::bindings
