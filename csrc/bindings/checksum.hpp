// checksum.hpp: what the module's definition calls to bind the checksum.
#pragma once

#include <pybind11/pybind11.h>

namespace bw::bindings {

void bind_checksum(pybind11::module_& module);

}  // namespace bw::bindings
