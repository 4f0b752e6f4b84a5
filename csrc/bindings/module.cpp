// module.cpp: the extension bigworlds._core: a list of its rooms.
#include <pybind11/pybind11.h>

#include "bindings/bindings.hpp"

PYBIND11_MODULE(_core, module) {
  module.doc() = "The compiled core of bigworlds.";
  bw::bindings::bind_abi(module);
  bw::bindings::bind_base(module);
  bw::bindings::bind_checksum(module);
  bw::bindings::bind_engine(module);
  bw::bindings::bind_graph(module);
  bw::bindings::bind_organism(module);
  bw::bindings::bind_open_values(module);
  bw::bindings::bind_query(module);
}
