// Types of fields as Python and NumPy write them.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <string>
#include <utility>
#include <vector>

#include "base/errors.hpp"
#include "bindings/bindings.hpp"

namespace py = pybind11;

namespace bw::bindings {

Scalar scalar_from(const std::string& code) {
  static const std::vector<std::pair<std::string, Scalar>> codes{
      {"b1", Scalar::boolean}, {"i1", Scalar::i8},  {"i2", Scalar::i16}, {"i4", Scalar::i32},
      {"i8", Scalar::i64},     {"u1", Scalar::u8},  {"u2", Scalar::u16}, {"u4", Scalar::u32},
      {"u8", Scalar::u64},     {"f4", Scalar::f32}, {"f8", Scalar::f64}, {"S", Scalar::bytes}};
  for (const auto& [name, scalar] : codes) {
    if (name == code) {
      return scalar;
    }
  }
  throw ModelError("unknown type code '" + code + "'");
}

py::dtype dtype_of(FieldType type) {
  switch (type.scalar) {
    case Scalar::boolean:
      return py::dtype("?");
    case Scalar::i8:
      return py::dtype("i1");
    case Scalar::i16:
      return py::dtype("i2");
    case Scalar::i32:
      return py::dtype("i4");
    case Scalar::i64:
      return py::dtype("i8");
    case Scalar::u8:
      return py::dtype("u1");
    case Scalar::u16:
      return py::dtype("u2");
    case Scalar::u32:
      return py::dtype("u4");
    case Scalar::u64:
      return py::dtype("u8");
    case Scalar::f32:
      return py::dtype("f4");
    case Scalar::f64:
      return py::dtype("f8");
    case Scalar::bytes:
      return py::dtype("S" + std::to_string(type.length));
  }
  throw ModelError("unknown scalar");
}

FieldType type_of(const py::dtype& dtype, std::uint32_t length) {
  if (dtype.kind() == 'S') {
    return {Scalar::bytes, static_cast<std::uint32_t>(dtype.itemsize())};
  }
  return {scalar_from(std::string(1, dtype.kind()) + std::to_string(dtype.itemsize())), length};
}

}  // namespace bw::bindings
