// checksum.cpp: _core.checksum, the checksum of stored bytes as Python sees it.
#include "base/checksum.hpp"

#include <pybind11/pybind11.h>

#include <cstdint>

#include "bindings/bindings.hpp"

namespace bw::bindings {
namespace {

namespace py = pybind11;

// Gives a buffer back when it goes out of scope.
class HeldBuffer {
 public:
  explicit HeldBuffer(const py::object& owner) {
    // PyBUF_SIMPLE: contiguous bytes, whatever the exporter's element type; others raise
    // BufferError.
    if (PyObject_GetBuffer(owner.ptr(), &view_, PyBUF_SIMPLE) != 0) throw py::error_already_set();
  }
  ~HeldBuffer() { PyBuffer_Release(&view_); }
  HeldBuffer(const HeldBuffer&) = delete;
  HeldBuffer& operator=(const HeldBuffer&) = delete;

  const void* data() const { return view_.buf; }
  std::size_t size() const { return static_cast<std::size_t>(view_.len); }

 private:
  Py_buffer view_{};
};

std::uint32_t checksum_of_buffer(const py::object& buffer, std::uint32_t before) {
  const HeldBuffer held(buffer);
  const py::gil_scoped_release without_gil;
  return checksum(held.data(), held.size(), before);
}

}  // namespace

void bind_checksum(py::module_& module) {
  module.def("checksum", checksum_of_buffer, py::arg("buffer"), py::arg("before") = 0,
             "The CRC-32C of a contiguous buffer's bytes.\n\n"
             "`before` is the checksum of the bytes that stand before them: parts given one after\n"
             "the other have the checksum of the whole. Runs without the GIL.");
  module.def("joined_checksum", joined_checksum, py::arg("before"), py::arg("after"),
             py::arg("after_size"),
             "The CRC-32C of two ranges of bytes, one behind the other, of their checksums.");
}

}  // namespace bw::bindings
