// One binding function per room; module.cpp calls them in the order of the floors.
#pragma once

#include <pybind11/pybind11.h>

namespace bw {

void bind_base(pybind11::module_& module);
void bind_engine(pybind11::module_& module);

}  // namespace bw
