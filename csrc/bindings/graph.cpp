// Bindings of graphs: generators, and the edges of a simulation.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <utility>
#include <vector>

#include "bindings/bindings.hpp"
#include "engine/simulation.hpp"
#include "graph/generators.hpp"

namespace py = pybind11;

namespace bw::bindings {
namespace {

using Ends = py::array_t<EntityId, py::array::c_style | py::array::forcecast>;

// An array that takes over a vector's memory.
template <class T>
py::array_t<T> array_of(std::vector<T> values) {
  auto* kept = new std::vector<T>(std::move(values));
  const py::capsule owner(kept, [](void* p) { delete static_cast<std::vector<T>*>(p); });
  return py::array_t<T>(static_cast<py::ssize_t>(kept->size()), kept->data(), owner);
}

// A generator with the GIL released: a pair of uint32 arrays.
template <class Generate>
py::tuple ends(Generate&& generate) {
  EdgeEnds edges;
  {
    const py::gil_scoped_release release;
    edges = generate();
  }
  return py::make_tuple(array_of(std::move(edges.sources)), array_of(std::move(edges.targets)));
}

EdgeSpan edge_span_of(const Ends& sources, const Ends& targets,
                      const std::vector<py::array>& columns) {
  const auto count = static_cast<std::size_t>(sources.size());
  EdgeSpan edges{{sources.data(), count}, {targets.data(), count}, {}};
  for (const py::array& column : columns) {
    const bool one_for_all = column.shape(0) == 1 && count != 1;
    edges.columns.push_back({static_cast<const std::byte*>(column.data()),
                             one_for_all ? 0 : static_cast<std::int64_t>(column.strides(0))});
  }
  return edges;
}

void connect(Simulation& simulation, std::size_t graph, const Ends& sources, const Ends& targets,
             const std::vector<py::array>& columns) {
  const EdgeSpan edges = edge_span_of(sources, targets, columns);
  const py::gil_scoped_release release;
  simulation.connect(graph, edges);
}

// `what` is "add", "write" or "remove".
void edit_edges(Simulation& simulation, std::size_t graph, const std::string& what,
                const Ends& sources, const Ends& targets, const std::vector<std::uint32_t>& fields,
                const std::vector<py::array>& columns, bool only_check) {
  const EdgeSpan edges = edge_span_of(sources, targets, columns);
  const EdgeOrder::Kind kind = what == "add"     ? EdgeOrder::Kind::add
                               : what == "write" ? EdgeOrder::Kind::change
                                                 : EdgeOrder::Kind::remove;
  const py::gil_scoped_release release;
  simulation.edit_edges(graph, kind, edges, fields,
                        only_check ? Simulation::Carry::no : Simulation::Carry::yes);
}

py::array_t<std::uint8_t> has_edges(const Simulation& simulation, std::size_t graph,
                                    const Ends& sources, const Ends& targets) {
  return array_of(simulation.has_edges(graph, edge_span_of(sources, targets, {})));
}

// Sources, targets, and the bytes of each field.
py::tuple edges_of(const Simulation& simulation, std::size_t graph) {
  EdgeRows rows = simulation.edges(graph);
  py::list columns;
  for (const std::vector<std::byte>& column : rows.columns) {
    columns.append(py::bytes(reinterpret_cast<const char*>(column.data()), column.size()));
  }
  return py::make_tuple(array_of(std::move(rows.sources)), array_of(std::move(rows.targets)),
                        columns);
}

py::array_t<std::uint64_t> edge_keys(const Ends& sources, const Ends& targets) {
  std::vector<std::uint64_t> keys(static_cast<std::size_t>(sources.size()));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    keys[i] = edge_key(sources.data()[i], targets.data()[i]);
  }
  return array_of(std::move(keys));
}

void bind_generators(py::module_& graph) {
  graph.def("ring",
            [](std::uint32_t n, std::uint32_t k) { return ends([&] { return ring(n, k); }); });
  graph.def("small_world", [](std::uint32_t n, std::uint32_t k, double rewire, std::uint64_t key) {
    return ends([&] { return small_world(n, k, rewire, key); });
  });
  graph.def("scale_free", [](std::uint32_t n, std::uint32_t m, std::uint64_t key) {
    return ends([&] { return scale_free(n, m, key); });
  });
  graph.def("independent_edges", [](std::uint32_t n, double p, bool directed, std::uint64_t key) {
    return ends([&] { return independent_edges(n, p, directed, key); });
  });
  graph.def("counted_edges",
            [](std::uint32_t n, std::uint64_t count, bool directed, std::uint64_t key) {
              return ends([&] { return counted_edges(n, count, directed, key); });
            });
  graph.def("block_edges", [](const std::vector<std::uint32_t>& sizes, const std::vector<double>& p,
                              bool directed, std::uint64_t key) {
    return ends([&] { return block_edges(sizes, p, directed, key); });
  });
}

}  // namespace

void bind_graph(py::module_& module) {
  py::module_ graph = module.def_submodule("graph", "Graphs: generators and edges.");
  graph.attr("MOST_EDGE_FIELDS") = kMostEdgeFields;
  bind_generators(graph);
  graph.def("connect", connect);
  graph.def("edit", edit_edges);
  graph.def("has", has_edges);
  graph.def("edges", edges_of);
  graph.def("edge_count", &Simulation::edge_count);
  graph.def("dropped_orders", &Simulation::dropped_edge_orders);
  graph.def("edge_keys", edge_keys);
}

}  // namespace bw::bindings
