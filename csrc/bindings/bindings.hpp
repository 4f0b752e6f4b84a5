// bindings.hpp: the functions that put one room each into the extension bigworlds._core.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <string>

#include "base/state.hpp"

namespace bw {
class Communicator;
struct Sharing;
class Simulation;
}  // namespace bw

namespace bw::bindings {

void bind_abi(pybind11::module_& module);
void bind_base(pybind11::module_& module);
void bind_checksum(pybind11::module_& module);

// The Python exception for one of the core's.
pybind11::object python_error(const std::exception_ptr& exception);

// The type of a field by its code ("f8"), and as NumPy says it; of elements of an array of `length`
// each.
Scalar scalar_from(const std::string& code);
pybind11::dtype dtype_of(FieldType type);
FieldType type_of(const pybind11::dtype& dtype, std::uint32_t length);

// A communicator whose calls a Python object carries out (bigworlds/cluster); nothing for None.
std::shared_ptr<Communicator> communicator_from(const pybind11::object& processes);

// How tiles are shared out: (kind, ticks between looks, tolerance, what divides graphs or None).
Sharing sharing_from(const pybind11::tuple& terms);
// Which rank has which tile.
void bind_sharing(pybind11::class_<Simulation>& simulation);

// ModelSpec, Simulation.
void bind_engine(pybind11::module_& module);

// Texts, bytes and lists of any length.
void bind_open_values(pybind11::module_& module);

// Queries over a simulation.
void bind_query(pybind11::module_& module);

// Generators of graphs, and the edges of a simulation.
void bind_graph(pybind11::module_& module);

// Instruction sets, organisms alone.
void bind_organism(pybind11::module_& module);
// Soups of a world, into the module of organisms.
void bind_soup(pybind11::module_& organism);

}  // namespace bw::bindings
