// Queries: plans from Python's plain values, and what they find as NumPy arrays.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstring>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/errors.hpp"
#include "bindings/bindings.hpp"
#include "engine/simulation.hpp"
#include "query/groups.hpp"
#include "query/rows.hpp"

namespace py = pybind11;

namespace bw::bindings {
namespace {

using FieldNumbers = std::pair<ComponentId, std::uint32_t>;

QueryType query_type_from(const std::string& name) {
  if (name == "real") return QueryType::real;
  if (name == "whole") return QueryType::whole;
  if (name == "natural") return QueryType::natural;
  if (name == "truth") return QueryType::truth;
  throw InternalError("there is no type of values '" + name + "'");
}

QueryLoad::What load_from(const std::string& name) {
  if (name == "field") return QueryLoad::What::field;
  if (name == "place") return QueryLoad::What::place;
  if (name == "id") return QueryLoad::What::id;
  if (name == "rank") return QueryLoad::What::rank;
  if (name == "text_is") return QueryLoad::What::text_is;
  if (name == "text_like") return QueryLoad::What::text_like;
  throw InternalError("nothing of a row is called '" + name + "'");
}

std::uint64_t constant_bits(const py::handle& value, QueryType type) {
  if (type == QueryType::real) {
    const auto real = value.cast<double>();
    std::uint64_t bits = 0;
    std::memcpy(&bits, &real, 8);
    return bits;
  }
  return type == QueryType::whole ? static_cast<std::uint64_t>(value.cast<std::int64_t>())
                                  : value.cast<std::uint64_t>();
}

QueryProgram program_from(const py::dict& dict) {
  QueryProgram program;
  for (const py::handle name : dict["registers"]) {
    program.registers.push_back(query_type_from(name.cast<std::string>()));
  }
  for (const py::handle item : dict["constants"]) {
    const auto [to, value] = item.cast<std::pair<QueryRegister, py::object>>();
    program.constants.push_back({to, constant_bits(value, program.registers.at(to))});
  }
  for (const py::handle item : dict["loads"]) {
    const auto [what, field, element, text, to] = item.cast<
        std::tuple<std::string, FieldNumbers, std::uint32_t, std::string, QueryRegister>>();
    program.loads.push_back({load_from(what), {field.first, field.second}, element, text, to});
  }
  for (const py::handle item : dict["steps"]) {
    const auto [name, to, a, b, c] = item.cast<
        std::tuple<std::string, QueryRegister, QueryRegister, QueryRegister, QueryRegister>>();
    QueryOperation operation = find_query_operation(name);
    if (operation == nullptr) {
      throw InternalError("there is no operation '" + name + "'");
    }
    program.steps.push_back({operation, to, a, b, c});
  }
  program.result = dict["result"].cast<QueryRegister>();
  return program;
}

QueryColumn query_column_from(const py::handle& item) {
  const auto [what, field, value] =
      item.cast<std::tuple<std::string, FieldNumbers, QueryRegister>>();
  const QueryColumn::What kind = what == "id"      ? QueryColumn::What::id
                                 : what == "field" ? QueryColumn::What::field
                                                   : QueryColumn::What::value;
  return {kind, {field.first, field.second}, value};
}

QueryAggregate aggregate_from(const py::handle& item) {
  const auto [what, of, edges] =
      item.cast<std::tuple<std::string, QueryRegister, std::vector<double>>>();
  using Kind = QueryAggregate::Kind;
  const Kind kind = what == "count" ? Kind::count
                    : what == "sum" ? Kind::sum
                    : what == "min" ? Kind::least
                    : what == "max" ? Kind::greatest
                                    : Kind::histogram;
  return {kind, of, edges};
}

std::unique_ptr<QueryPlan> plan_from(const py::dict& dict) {
  auto plan = std::make_unique<QueryPlan>();
  plan->all = dict["all"].cast<std::vector<ComponentId>>();
  plan->none = dict["none"].cast<std::vector<ComponentId>>();
  plan->any = dict["any"].cast<std::vector<std::vector<ComponentId>>>();
  plan->of_cells = dict["of_cells"].cast<bool>();
  plan->with_place = dict["with_place"].cast<bool>();
  plan->ids = dict["ids"].cast<std::optional<std::vector<EntityId>>>();
  for (const py::handle item : dict["filters"]) {
    plan->filters.push_back(program_from(item.cast<py::dict>()));
  }
  plan->outputs = program_from(dict["outputs"].cast<py::dict>());
  for (const py::handle item : dict["columns"]) {
    plan->columns.push_back(query_column_from(item));
  }
  for (const py::handle item : dict["order"]) {
    const auto [by, descending] = item.cast<std::pair<QueryRegister, bool>>();
    plan->order.push_back({by, descending});
  }
  if (const auto limit = dict["limit"].cast<std::optional<std::size_t>>()) {
    plan->limit = *limit;
  }
  plan->after = dict["after"].cast<std::vector<std::uint64_t>>();
  for (const py::handle item : dict["keys"]) {
    const auto [text, value] = item.cast<std::pair<std::optional<FieldNumbers>, QueryRegister>>();
    QueryKey& key = plan->keys.emplace_back();
    key.value = value;
    if (text) {
      key.text = FieldKey{text->first, text->second};
    }
  }
  for (const py::handle item : dict["aggregates"]) {
    plan->aggregates.push_back(aggregate_from(item));
  }
  plan->most_bytes = dict["most_bytes"].cast<std::size_t>();
  plan->most_groups = dict["most_groups"].cast<std::size_t>();
  return plan;
}

// An array that owns the memory of a vector.
template <class T>
py::array array_of(std::vector<T> values) {
  using Element = std::conditional_t<std::is_same_v<T, std::byte>, std::uint8_t, T>;
  auto* keep = new std::vector<T>(std::move(values));
  const py::capsule owner(keep, [](void* p) { delete static_cast<std::vector<T>*>(p); });
  return py::array_t<Element>(static_cast<py::ssize_t>(keep->size()),
                              reinterpret_cast<const Element*>(keep->data()), owner);
}

// (ids, places in the order by term, columns as bytes).
py::tuple rows_of(const QueryPlan& plan, Simulation& simulation) {
  FoundRows found;
  {
    const py::gil_scoped_release release;
    found = simulation.find_rows(plan);
  }
  py::list order;
  for (std::vector<std::uint64_t>& places : found.order) {
    order.append(array_of(std::move(places)));
  }
  py::list columns;
  for (std::vector<std::byte>& values : found.columns) {
    columns.append(array_of(std::move(values)));
  }
  return py::make_tuple(array_of(std::move(found.ids)), order, columns);
}

py::bytes groups_of(const QueryPlan& plan, Simulation& simulation) {
  std::vector<std::byte> bytes;
  {
    const py::gil_scoped_release release;
    bytes = simulation.find_groups(plan).to_bytes();
  }
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The values of one aggregate: floats or integers of sums, places and signs of NaN of extremes,
// bins.
py::object values_of(const QueryGroups& groups, std::size_t aggregate,
                     const std::vector<std::uint32_t>& order) {
  const AggregateValues& values = groups.values(aggregate);
  py::list out;
  for (const std::uint32_t group : order) {
    if (!values.reals.empty()) {
      out.append(values.reals[group].value());
    } else if (!values.integers.empty()) {
      const IntegerSum& sum = values.integers[group];
      out.append(py::int_(sum.high()).attr("__lshift__")(64).attr("__or__")(py::int_(sum.low())));
    } else if (!values.bins.empty()) {
      const std::size_t bins = groups.bins(aggregate);
      const auto* first = values.bins.data() + group * bins;
      out.append(py::array_t<std::uint64_t>(static_cast<py::ssize_t>(bins), first));
    } else if (!values.extremes.empty()) {
      out.append(py::make_tuple(values.extremes[group], values.has_nan[group] != 0));
    }
  }
  return out;
}

// (keys, numbers of rows, values by aggregate) of what the processes found, in the order of keys.
py::tuple merged(const QueryPlan& plan, const std::vector<py::buffer>& parts) {
  QueryGroups all(plan);
  for (const py::buffer& part : parts) {
    const py::buffer_info info = part.request();
    all.merge(std::span(static_cast<const std::byte*>(info.ptr),
                        static_cast<std::size_t>(info.size * info.itemsize)));
  }
  const std::vector<std::uint32_t> order = all.in_order();
  std::string keys;
  std::vector<std::uint64_t> counts;
  for (const std::uint32_t group : order) {
    keys += all.key(group);
    counts.push_back(all.count(group));
  }
  py::list values;
  for (std::size_t a = 0; a < plan.aggregates.size(); ++a) {
    values.append(values_of(all, a, order));
  }
  return py::make_tuple(py::bytes(keys), array_of(std::move(counts)), values);
}

}  // namespace

void bind_query(py::module_& module) {
  py::module_ query = module.def_submodule("query", "Queries as the core carries them out.");
  query.attr("BLOCK") = kQueryBlock;
  py::class_<QueryPlan>(query, "Plan")
      .def(py::init(&plan_from), py::arg("plan"))
      .def("rows", &rows_of, py::arg("simulation"))
      .def("groups", &groups_of, py::arg("simulation"))
      .def("merged", &merged, py::arg("parts"));
}

}  // namespace bw::bindings
