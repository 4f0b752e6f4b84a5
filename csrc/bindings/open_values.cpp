// Bindings of values of any length: of a simulation's entities, and of the rows that a Python
// kernel has in hand.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bindings/bindings.hpp"
#include "bindings/given_columns.hpp"
#include "engine/simulation.hpp"
#include "schedule/open_values.hpp"

namespace py = pybind11;

namespace bw::bindings {
namespace {

py::bytes as_bytes(std::span<const std::byte> from) {
  return {reinterpret_cast<const char*>(from.data()), from.size()};
}

// (ids, sizes in bytes, all contents one after another) of the rows of this process.
py::tuple of_simulation(const Simulation& simulation, ComponentId component, std::uint32_t field) {
  std::vector<EntityId> ids;
  std::vector<std::uint64_t> sizes;
  std::string contents;
  for (const auto& rank : simulation.local_ranks()) {
    for (std::uint32_t t = 0; t < rank->store.table_count(); ++t) {
      const Table& table = rank->store.table(t);
      if (!table.has(component)) {
        continue;
      }
      const Column& column = table.column(table.find_column({component, field}).value());
      ids.insert(ids.end(), table.ids().begin(), table.ids().end());
      for (std::size_t row = 0; row < table.size(); ++row) {
        const std::span<const std::byte> value = column.contents(row);
        sizes.push_back(value.size());
        contents.append(reinterpret_cast<const char*>(value.data()), value.size());
      }
    }
  }
  const auto count = static_cast<py::ssize_t>(ids.size());
  return py::make_tuple(py::array_t<std::uint64_t>(count, ids.data()),
                        py::array_t<std::uint64_t>(count, sizes.data()), py::bytes(contents));
}

const bw_call& call_at(std::uintptr_t address) {
  return *reinterpret_cast<const bw_call*>(address);
}

py::list of_rows(std::uintptr_t call, std::size_t column, std::size_t begin, std::size_t end) {
  const Column& values = open_column(call_at(call), column);
  py::list out;
  for (std::size_t row = begin; row < end; ++row) {
    out.append(as_bytes(values.contents(row)));
  }
  return out;
}

void write_rows(std::uintptr_t call, std::size_t column, std::size_t begin, const py::list& given) {
  Column& values = open_column(call_at(call), column);
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string contents = given[i].cast<py::bytes>();
    values.assign(begin + i, std::as_bytes(std::span(contents)));
  }
}

}  // namespace

GivenColumns::GivenColumns(const py::list& given, std::size_t count) {
  for (const py::handle item : given) {
    const auto [field, values] = item.cast<std::pair<py::object, py::array>>();
    const auto key = field.cast<std::pair<ComponentId, std::uint32_t>>();
    const bool one_for_all = values.shape(0) == 1 && count != 1;
    SpawnColumn& column = columns_.emplace_back();
    column.field = {key.first, key.second};
    if (values.dtype().kind() != 'O') {
      column.data = static_cast<const std::byte*>(values.data());
      column.stride = one_for_all ? 0 : static_cast<std::int64_t>(values.strides(0));
      continue;
    }
    std::vector<ArenaSpan>& spans = spans_.emplace_back();
    std::string& arena = arenas_.emplace_back();
    for (const py::handle value : values) {
      const std::string contents = value.cast<py::bytes>();
      spans.push_back({arena.size(), contents.size()});
      arena += contents;
    }
    column.data = reinterpret_cast<const std::byte*>(spans.data());
    column.stride = one_for_all ? 0 : sizeof(ArenaSpan);
    column.arena = reinterpret_cast<const std::byte*>(arena.data());
  }
}

void bind_open_values(py::module_& module) {
  module.attr("MOST_VALUE_BYTES") = kMostValueBytes;
  py::module_ open = module.def_submodule("open_values", "Texts, bytes and lists of any length.");
  open.def("of_simulation", of_simulation);
  open.def("of_rows", of_rows);
  open.def("write_rows", write_rows);
}

}  // namespace bw::bindings
