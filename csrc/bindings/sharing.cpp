// How a run shares its tiles out, from Python: the terms, and a library that divides graphs.
#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "base/errors.hpp"
#include "bindings/bindings.hpp"
#include "cluster/divide.hpp"
#include "engine/simulation.hpp"

namespace py = pybind11;

namespace bw::bindings {
namespace {

py::array_t<std::int64_t> array_of(const std::vector<std::int64_t>& values) {
  return py::array_t<std::int64_t>(static_cast<py::ssize_t>(values.size()), values.data());
}

GraphDivider divider_from(const py::object& divide) {
  if (divide.is_none()) {
    return {};
  }
  // The core may drop it where it does not hold the lock of Python.
  const std::shared_ptr<py::object> held(new py::object(divide), [](py::object* object) {
    const py::gil_scoped_acquire acquire;
    delete object;
  });
  return [held](const TileGraph& graph, std::uint32_t parts, double tolerance) {
    const py::gil_scoped_acquire acquire;
    return (*held)(array_of(graph.first), array_of(graph.partners), array_of(graph.weights),
                   array_of(graph.costs), parts, tolerance)
        .cast<std::vector<RankId>>();
  };
}

}  // namespace

Sharing sharing_from(const py::tuple& terms) {
  const auto [kind, every, tolerance, divide] =
      terms.cast<std::tuple<std::string, std::int64_t, double, py::object>>();
  Sharing sharing;
  if (kind == "bisection") {
    sharing.kind = PartitionKind::bisection;
  } else if (kind == "curve") {
    sharing.kind = PartitionKind::curve;
  } else if (kind == "graph") {
    sharing.kind = PartitionKind::graph;
  } else if (kind != "blocks") {
    throw InternalError("there is no partition '" + kind + "'");
  }
  sharing.balance_every = every;
  sharing.tolerance = tolerance;
  sharing.divider = divider_from(divide);
  return sharing;
}

void bind_sharing(py::class_<Simulation>& simulation) {
  simulation
      .def_property_readonly("tile_owners",
                             [](const Simulation& of) {
                               const std::span<const RankId> owners = of.partition().owners();
                               return py::array_t<RankId>(static_cast<py::ssize_t>(owners.size()),
                                                          owners.data());
                             })
      .def("place_tiles",
           [](Simulation& of, const std::vector<RankId>& owners) {
             if (owners.size() != of.partition().owners().size()) {
               throw UserError("the world has " + std::to_string(of.partition().owners().size()) +
                               " tiles; found owners of " + std::to_string(owners.size()));
             }
             const Partition to = Partition::of(owners, of.ranks());
             const py::gil_scoped_release release;
             of.place_tiles(to);
           })
      .def_property_readonly("tiles_moved", &Simulation::tiles_moved);
}

}  // namespace bw::bindings
