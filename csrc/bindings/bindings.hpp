// bindings.hpp: the functions that put one room each into the extension bigworlds._core.
#pragma once

#include <pybind11/pybind11.h>

namespace bw::bindings {

void bind_abi(pybind11::module_& module);
void bind_base(pybind11::module_& module);
void bind_checksum(pybind11::module_& module);

// ModelSpec, Simulation.
void bind_engine(pybind11::module_& module);

}  // namespace bw::bindings
