// base.cpp: the base room in Python: random words, mathematics, exact sums, hashes, and the errors'
// classes.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstring>
#include <exception>
#include <span>
#include <string>
#include <string_view>

#include "base/cpu.hpp"
#include "base/errors.hpp"
#include "base/exact_sum.hpp"
#include "base/hash.hpp"
#include "base/math.hpp"
#include "base/math_services.hpp"
#include "base/philox.hpp"
#include "bindings/bindings.hpp"

namespace py = pybind11;

namespace bw::bindings {

namespace {

template <class Value>
using Array = py::array_t<Value, py::array::c_style | py::array::forcecast>;

template <class Value>
std::span<const Value> span_of(const Array<Value>& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

// --- errors ----------------------------------------------------------------------------------

py::object error_class(const char* name) {
  return py::module_::import("bigworlds.errors").attr(name);
}

py::object behavior_error(const RunError& error) {
  py::object instance = error_class("BehaviorError")(error.what());
  instance.attr("behavior") = error.behavior();
  instance.attr("entity_id") = error.entity_id();
  instance.attr("tick") = error.tick();
  instance.attr("code") = error.code();
  return instance;
}

void translate_error(std::exception_ptr exception) {
  try {
    if (exception) std::rethrow_exception(exception);
  } catch (const Error&) {
    const py::object instance = python_error(exception);
    PyErr_SetObject(py::type::of(instance).ptr(), instance.ptr());
  }
}

// --- random words ----------------------------------------------------------------------------

py::array_t<std::uint64_t> random_words(std::uint64_t key, std::int64_t tick,
                                        const Array<std::uint64_t>& ids, std::uint64_t first,
                                        std::size_t count) {
  const auto n = static_cast<std::size_t>(ids.size());
  py::array_t<std::uint64_t> words({n, count});
  const std::uint64_t* from = ids.data();
  std::uint64_t* to = words.mutable_data();
  {
    const py::gil_scoped_release released;
    fill_random_words(key, tick, from, n, first, count, to);
  }
  return words;
}

// --- mathematics -----------------------------------------------------------------------------

void bind_math(py::module_& module) {
  py::module_ math = module.def_submodule("math", "The engine's mathematics, element by element.");
  const auto unary = [&math](const char* name, double (*function)(double)) {
    math.def(name, py::vectorize(function), py::arg("x"));
  };
  const auto binary = [&math](const char* name, double (*function)(double, double),
                              const char* first, const char* second) {
    math.def(name, py::vectorize(function), py::arg(first), py::arg(second));
  };
  unary("sin", math::sin);
  unary("cos", math::cos);
  unary("tan", math::tan);
  unary("asin", math::asin);
  unary("acos", math::acos);
  unary("atan", math::atan);
  binary("atan2", math::atan2, "y", "x");
  unary("sinh", math::sinh);
  unary("cosh", math::cosh);
  unary("tanh", math::tanh);
  unary("exp", math::exp);
  unary("expm1", math::expm1);
  unary("log", math::log);
  unary("log1p", math::log1p);
  unary("log2", math::log2);
  unary("log10", math::log10);
  binary("pow", math::pow, "x", "y");
  unary("cbrt", math::cbrt);
  binary("hypot", math::hypot, "x", "y");
  binary("fmod", math::fmod, "x", "y");
  math.def("normal", py::vectorize(math::normal), py::arg("word"));
  math.def("exponential", py::vectorize(math::exponential), py::arg("word"));
}

const bw_services& math_services() {
  static const bw_services services = [] {
    bw_services table{};
    fill_math_services(table);
    return table;
  }();
  return services;
}

// --- sums ------------------------------------------------------------------------------------

template <class Sum>
py::bytes bytes_of(const Sum& sum) {
  return {reinterpret_cast<const char*>(&sum), sizeof(sum)};
}

template <class Sum>
Sum sum_of_bytes(const py::bytes& bytes) {
  const auto text = static_cast<std::string_view>(bytes);
  if (text.size() != sizeof(Sum)) {
    throw UserError("a sum has " + std::to_string(sizeof(Sum)) + " bytes, found " +
                    std::to_string(text.size()));
  }
  Sum sum;
  std::memcpy(static_cast<void*>(&sum), text.data(), sizeof(sum));
  return sum;
}

template <class Sum, class Value>
void add_array(Sum& sum, const Array<Value>& values) {
  const auto span = span_of(values);
  const py::gil_scoped_release released;
  sum.add_range(span);
}

py::int_ integer_of(std::uint64_t low, std::int64_t high) {
  return py::int_(py::int_(high).attr("__lshift__")(64).attr("__or__")(py::int_(low)));
}

void bind_sums(py::module_& module) {
  py::class_<ExactSum>(module, "ExactSum")
      .def(py::init<>())
      .def("add", &add_array<ExactSum, double>, py::arg("values"))
      .def("merge", &ExactSum::merge, py::arg("other"))
      .def("value", &ExactSum::value)
      .def("to_bytes",
           [](ExactSum sum) {
             sum.normalise();
             return bytes_of(sum);
           })
      .def_static("from_bytes", &sum_of_bytes<ExactSum>, py::arg("bytes"));
  py::class_<IntegerSum>(module, "IntegerSum")
      .def(py::init<>())
      .def("add_signed", &add_array<IntegerSum, std::int64_t>, py::arg("values"))
      .def("add_unsigned", &add_array<IntegerSum, std::uint64_t>, py::arg("values"))
      .def("merge", &IntegerSum::merge, py::arg("other"))
      .def("value", &IntegerSum::value)
      .def("integer", [](const IntegerSum& sum) { return integer_of(sum.low(), sum.high()); })
      .def("to_bytes", &bytes_of<IntegerSum>)
      .def_static("from_bytes", &sum_of_bytes<IntegerSum>, py::arg("bytes"));
}

// --- hashes ----------------------------------------------------------------------------------

py::int_ unsigned_integer_of(std::uint64_t low, std::uint64_t high) {
  return py::int_(py::int_(high).attr("__lshift__")(64).attr("__or__")(py::int_(low)));
}

py::int_ hash_of_bytes(const py::buffer& buffer, std::uint64_t seed) {
  const py::buffer_info info = buffer.request();
  if (!PyBuffer_IsContiguous(info.view(), 'C')) {
    throw UserError("hash128 needs contiguous bytes; pass a copy of the array");
  }
  const Hash128 hash = hash128(info.ptr, static_cast<std::size_t>(info.size * info.itemsize), seed);
  return unsigned_integer_of(hash.low, hash.high);
}

// The sum of the hashes of rows: row i is all that values[i] holds, its key keys[i].
py::int_ digest_column(std::string_view room, std::string_view name,
                       const Array<std::uint64_t>& keys, const py::array& values) {
  if (values.ndim() < 1 || values.shape(0) != keys.size()) {
    throw UserError("digest_column needs one row of values per key: found " +
                    std::to_string(keys.size()) + " keys and " +
                    std::to_string(values.ndim() < 1 ? 0 : values.shape(0)) + " rows");
  }
  if (values.dtype().kind() == 'O' || !values.dtype().attr("isnative").cast<bool>()) {
    throw UserError("digest_column needs plain numbers in the machine's byte order, found dtype " +
                    py::str(values.dtype()).cast<std::string>());
  }
  const py::array rows = py::array::ensure(values, py::array::c_style);
  const auto n = static_cast<std::size_t>(keys.size());
  const std::size_t row_size = n == 0 ? 0 : static_cast<std::size_t>(rows.nbytes()) / n;
  const void* bytes = rows.data();
  const std::uint64_t* key_words = keys.data();
  Digest sum;
  if (n != 0) {
    const py::gil_scoped_release released;
    const ColumnHash hash(room, name, row_size);
    sum = hash.of_column(key_words, bytes, static_cast<std::ptrdiff_t>(row_size), n);
  }
  return unsigned_integer_of(sum.low, sum.high);
}

}  // namespace

py::object python_error(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const ModelError& error) {
    return error_class("ModelError")(error.what());
  } catch (const UserError& error) {
    return error_class("UserError")(error.what());
  } catch (const RunError& error) {
    return behavior_error(error);
  } catch (const Error& error) {
    return error_class("BigworldsError")(error.what());
  } catch (const std::exception& error) {
    return py::module_::import("builtins").attr("RuntimeError")(error.what());
  }
}

void bind_base(py::module_& module) {
  py::register_exception_translator(&translate_error);
  bind_math(module);
  bind_sums(module);
  module.def("simd", [] { return simd_name(chosen_simd()); });
  module.def("services_address", [] { return reinterpret_cast<std::uintptr_t>(&math_services()); });
  module.def("rng_key", &rng_key, py::arg("seed"), py::arg("stream"));
  module.def("random_words", &random_words, py::arg("key"), py::arg("tick"), py::arg("ids"),
             py::arg("first"), py::arg("count"));
  module.def("hash128", &hash_of_bytes, py::arg("bytes"), py::arg("seed") = 0);
  module.def("digest_column", &digest_column, py::arg("room"), py::arg("name"), py::arg("keys"),
             py::arg("values"));
}

}  // namespace bw::bindings
