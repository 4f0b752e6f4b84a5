// Bindings of organisms: instruction sets, and single organisms that are watched.
#include "bindings/bindings.hpp"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <string_view>
#include <tuple>
#include <vector>

#include "organism/specimen.hpp"

namespace py = pybind11;

namespace bw::bindings {
namespace {

using Rows = std::vector<std::tuple<std::uint8_t, std::string, std::string>>;

std::shared_ptr<InstructionSet> set_of(const Rows& rows) {
  std::vector<InstructionRow> made;
  for (const auto& [byte, handler, operands] : rows) made.push_back({byte, handler, operands});
  return std::make_shared<InstructionSet>(made);
}

std::vector<std::uint8_t> bytes_of(const py::bytes& bytes) {
  const std::string_view view = bytes;
  return {view.begin(), view.end()};
}

py::bytes as_bytes(const std::vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::unique_ptr<Specimen> specimen_of(const std::shared_ptr<InstructionSet>& set,
                                      const py::bytes& genome, const py::bytes& host,
                                      std::uint32_t cells) {
  SoupSettings settings;
  settings.cells = cells;
  return std::make_unique<Specimen>(set, settings, bytes_of(genome), bytes_of(host));
}

py::dict state_of(const Specimen& specimen) {
  const Organism& organism = specimen.organism();
  py::dict state;
  std::vector<std::int32_t> registers;
  for (const std::uint32_t value : organism.cpu.registers) {
    registers.push_back(static_cast<std::int32_t>(value));
  }
  std::vector<std::int32_t> stack;  // the top first
  for (std::uint32_t i = 0; i < kStackDepth; ++i) {
    const std::uint32_t place = (organism.cpu.top + kStackDepth - i) % kStackDepth;
    stack.push_back(static_cast<std::int32_t>(organism.cpu.stack[place]));
  }
  state["registers"] = registers;
  state["stack"] = stack;
  state["ip"] = organism.cpu.ip;
  state["start"] = organism.start;
  state["cell"] = specimen.soup().cells()[organism.cpu.ip];
  state["errors"] = organism.errors;
  state["error_flag"] = (organism.cpu.flags & kErrorFlag) != 0;
  state["sign_flag"] = (organism.cpu.flags & kSignFlag) != 0;
  state["zero_flag"] = (organism.cpu.flags & kZeroFlag) != 0;
  return state;
}

py::list daughters_of(const Specimen& specimen) {
  py::list daughters;
  for (const Daughter& daughter : specimen.daughters()) {
    daughters.append(
        py::make_tuple(daughter.instructions, daughter.moved, as_bytes(daughter.genome)));
  }
  return daughters;
}

}  // namespace

void bind_organism(py::module_& module) {
  py::module_ organism =
      module.def_submodule("organism", "Organisms: programs that live in soups.");
  py::class_<InstructionSet, std::shared_ptr<InstructionSet>>(organism, "InstructionSet")
      .def(py::init(&set_of), py::arg("rows"));
  py::class_<Specimen>(organism, "Specimen")
      .def(py::init(&specimen_of), py::arg("set"), py::arg("genome"), py::arg("host"),
           py::arg("cells"))
      .def("run", &Specimen::run, py::arg("instructions"), py::call_guard<py::gil_scoped_release>())
      .def_property_readonly("instructions", &Specimen::instructions)
      .def_property_readonly("daughters", &daughters_of)
      .def("state", &state_of);
  bind_soup(organism);
}

}  // namespace bw::bindings
