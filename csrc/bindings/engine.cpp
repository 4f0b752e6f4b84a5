// Bindings of the engine room: models described by plain Python values, simulations, and their
// state as NumPy arrays.
#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/checks.hpp"
#include "base/errors.hpp"
#include "base/exact_sum.hpp"
#include "bindings/bindings.hpp"
#include "bindings/given_columns.hpp"
#include "engine/simulation.hpp"
#include "schedule/spread.hpp"

namespace py = pybind11;

namespace bw::bindings {
namespace {

// An array over memory that `owner` keeps alive: shape (n,) or (n, length).
py::array array_over(FieldType type, std::size_t rows, std::int64_t stride, const void* data,
                     py::handle owner) {
  std::vector<py::ssize_t> shape{static_cast<py::ssize_t>(rows)};
  std::vector<py::ssize_t> strides{static_cast<py::ssize_t>(stride)};
  if (type.length > 1 && type.scalar != Scalar::bytes) {
    shape.push_back(type.length);
    strides.push_back(static_cast<py::ssize_t>(scalar_size(type.scalar)));
  }
  return {dtype_of(type), shape, strides, data, owner};
}

FieldKey field_key(const py::handle& pair) {
  const auto key = pair.cast<std::pair<ComponentId, std::uint32_t>>();
  return {key.first, key.second};
}

std::vector<FieldKey> field_keys(const py::handle& list) {
  std::vector<FieldKey> keys;
  for (const py::handle pair : list) {
    keys.push_back(field_key(pair));
  }
  return keys;
}

// ("constant", value), or the type code and offset of a parameter.
NumberSource number_from(const py::handle& given) {
  const auto [kind, value] = given.cast<std::pair<std::string, py::object>>();
  NumberSource number;
  if (kind == "constant") {
    number.constant = value.cast<double>();
    return number;
  }
  number.kind =
      kind == "f8" ? NumberSource::Kind::real_parameter : NumberSource::Kind::whole_parameter;
  number.offset = value.cast<std::uint32_t>();
  return number;
}

std::vector<std::byte> bytes_from(const py::bytes& bytes) {
  const std::string text = bytes;
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

std::vector<Prototype> prototypes_from(const py::handle& list) {
  std::vector<Prototype> prototypes;
  for (const py::handle item : list) {
    const auto [components, fields, values] =
        item.cast<std::tuple<std::vector<ComponentId>, py::list, py::list>>();
    Prototype& prototype = prototypes.emplace_back(Prototype{components, field_keys(fields)});
    for (const py::handle given : values) {
      const auto pair = given.cast<std::pair<py::object, py::bytes>>();
      prototype.values.emplace_back(field_key(pair.first), bytes_from(pair.second));
    }
  }
  return prototypes;
}

bw_kernel kernel_from(const py::dict& dict, const char* key) {
  return reinterpret_cast<bw_kernel>(dict[key].cast<std::uintptr_t>());
}

std::vector<ReachUse> reaches_from(const py::handle& list) {
  std::vector<ReachUse> reaches;
  for (const py::handle item : list) {
    const auto dict = item.cast<py::dict>();
    reaches.push_back({dict["component"].cast<ComponentId>(), field_keys(dict["fields"]),
                       number_from(dict["radius"]), dict["of_cells"].cast<bool>(),
                       dict["wants_geometry"].cast<bool>(), dict["by_cell"].cast<bool>(),
                       dict["graph"].cast<std::optional<std::uint32_t>>(),
                       dict["edge_fields"].cast<std::vector<std::uint32_t>>()});
  }
  return reaches;
}

std::vector<ClaimUse> claims_from(const py::handle& list) {
  std::vector<ClaimUse> claims;
  for (const py::handle item : list) {
    const auto dict = item.cast<py::dict>();
    ClaimUse& claim = claims.emplace_back();
    claim.result = field_key(dict["result"]);
    if (!dict["stock"].is_none()) {
      claim.stock = field_key(dict["stock"]);
    } else {
      claim.agents = dict["agents"].cast<ComponentId>();
    }
  }
  return claims;
}

Behavior behavior_from(const py::dict& dict) {
  Behavior behavior;
  behavior.name = dict["name"].cast<std::string>();
  behavior.rng_key = dict["rng_key"].cast<std::uint64_t>();
  behavior.kernel = kernel_from(dict, "kernel");
  behavior.explain = kernel_from(dict, "explain");
  behavior.one_thread = dict["one_thread"].cast<bool>();
  behavior.of_cells = dict["of_cells"].cast<bool>();
  behavior.takes_spans = dict["takes_spans"].cast<bool>();
  behavior.sequential = dict["sequential"].cast<bool>();
  behavior.shuffle = dict["shuffle"].cast<bool>();
  behavior.turns_in_claims_only = dict["turns_in_claims_only"].cast<bool>();
  for (const py::handle number : dict["reach"]) {
    behavior.reach.push_back(number_from(number));
  }
  behavior.draws_empty_cells = dict["draws_empty_cells"].cast<bool>();
  behavior.redraws = dict["redraws"].cast<std::int32_t>();
  behavior.components = dict["components"].cast<std::vector<ComponentId>>();
  for (const py::handle item : dict["columns"]) {
    const auto use = item.cast<std::tuple<py::object, bool, bool>>();
    behavior.columns.push_back({field_key(std::get<0>(use)), std::get<1>(use), std::get<2>(use)});
  }
  behavior.reaches = reaches_from(dict["reaches"]);
  for (const py::handle item : dict["cells"]) {
    const auto pair = item.cast<std::pair<py::list, bool>>();
    behavior.cells.push_back({field_keys(pair.first), pair.second});
  }
  behavior.spawns = prototypes_from(dict["spawns"]);
  behavior.changes = prototypes_from(dict["changes"]);
  behavior.claims = claims_from(dict["claims"]);
  behavior.deposits = field_keys(dict["deposits"]);
  behavior.sends = dict["sends"].cast<std::vector<ChannelId>>();
  behavior.inboxes = dict["inboxes"].cast<std::vector<ChannelId>>();
  if (!dict["spread"].is_none()) {
    const auto pair = dict["spread"].cast<std::pair<py::object, py::object>>();
    behavior.spread = SpreadRule{number_from(pair.first), number_from(pair.second)};
  }
  behavior.links = dict["links"].cast<std::vector<std::uint32_t>>();
  if (!dict["on"].is_none()) {
    behavior.on_inbox = dict["on"].cast<std::size_t>();
  }
  behavior.once = dict["once"].cast<bool>();
  return behavior;
}

Component component_from(const std::string& name, const py::list& fields) {
  Component component{name, {}};
  for (const py::handle item : fields) {
    const auto [field, code, length, initial] =
        item.cast<std::tuple<std::string, std::string, std::uint32_t, py::bytes>>();
    const std::string bytes = initial;
    const auto* first = reinterpret_cast<const std::byte*>(bytes.data());
    component.fields.push_back({field, {scalar_from(code), length}, {first, first + bytes.size()}});
  }
  return component;
}

void set_domain(ModelSpec& model, const std::string& kind, const std::vector<double>& size,
                bool periodic, bool exclusive, const std::string& metric,
                const std::vector<std::int64_t>& lattice) {
  model.domain.kind = kind == "grid" ? SpaceKind::grid : SpaceKind::continuous;
  model.domain.dims = static_cast<int>(size.size());
  std::copy(size.begin(), size.end(), model.domain.size.begin());
  model.domain.periodic = periodic;
  model.domain.exclusive = exclusive;
  model.domain.metric = metric == "hexagonal"   ? Metric::hexagonal
                        : metric == "manhattan" ? Metric::manhattan
                                                : Metric::chebyshev;
  std::copy(lattice.begin(), lattice.end(), model.lattice.begin());
}

// The stored form of one value of a field.
std::vector<std::byte> value_from(const Simulation& simulation, FieldKey field,
                                  const py::bytes& given) {
  std::vector<std::byte> value = bytes_from(given);
  BW_CHECK(value.size() == simulation.model().schema.field(field).type.size(),
           "a value has the size of its field");
  return value;
}

// The stored form of a value that `read(to)` finds, or None.
template <class Read>
py::object bytes_or_none(const Simulation& simulation, FieldKey field, Read&& read) {
  std::string value(simulation.model().schema.field(field).type.size(), '\0');
  if (!read(reinterpret_cast<std::byte*>(value.data()))) {
    return py::none();
  }
  return py::bytes(value);
}

using Ids = py::array_t<std::uint64_t, py::array::c_style>;

std::span<const EntityId> span_of(const Ids& ids) {
  return {ids.data(), static_cast<std::size_t>(ids.size())};
}

Simulation::Carry carry_unless(bool only_check) {
  return only_check ? Simulation::Carry::no : Simulation::Carry::yes;
}

std::int64_t run(Simulation& simulation, std::int64_t ticks, const py::object& keep_going) {
  const auto ask = [&] {
    py::gil_scoped_acquire acquire;
    if (PyErr_CheckSignals() != 0) {
      throw py::error_already_set();
    }
    return keep_going.is_none() || keep_going().cast<bool>();
  };
  py::gil_scoped_release release;
  return simulation.run(ticks, ask);
}

// The state as a list of (room, name, keys, {column: array}), copied.
py::list sections(const Simulation& simulation) {
  py::list out;
  simulation.list_state([&](const StateSection& section) {
    py::dict columns;
    for (const StateColumn& column : section.columns) {
      columns[py::str(column.name)] = py::array(array_over(column.type, section.keys.size(),
                                                           column.stride, column.data, py::none()))
                                          .attr("copy")();
    }
    const py::array keys =
        array_over({Scalar::u64, 1}, section.keys.size(), 8, section.keys.data(), py::none());
    out.append(py::make_tuple(section.room, section.name, keys.attr("copy")(), columns));
  });
  return out;
}

void load(Simulation& simulation, const py::list& given) {
  std::vector<StateSection> parts;
  for (const py::handle item : given) {
    const auto [room, name, keys, columns] =
        item.cast<std::tuple<std::string, std::string, py::array_t<std::uint64_t>, py::dict>>();
    StateSection& section = parts.emplace_back();
    section.room = room;
    section.name = name;
    section.keys = {keys.data(), static_cast<std::size_t>(keys.shape(0))};
    for (const auto& [label, values] : columns) {
      const auto array = values.cast<py::array>();
      const auto length = array.ndim() > 1 ? static_cast<std::uint32_t>(array.shape(1)) : 1u;
      section.columns.push_back({label.cast<std::string>(), type_of(array.dtype(), length),
                                 static_cast<const std::byte*>(array.data()),
                                 static_cast<std::int64_t>(array.strides(0))});
    }
  }
  simulation.load(parts);
}

// Values of a column: over its memory, which they keep alive; or a copy, where a room lends it that
// does not share it. What others may not write is read-only.
py::array values_of(Table& table, Column& column, bool may_write) {
  std::shared_ptr<std::byte[]> memory = column.share();
  const bool shared = memory.use_count() > 0 || column.data() == nullptr;
  py::array values;
  if (shared) {
    auto* keep = new std::shared_ptr<std::byte[]>(std::move(memory));
    const py::capsule owner(keep,
                            [](void* p) { delete static_cast<std::shared_ptr<std::byte[]>*>(p); });
    values = array_over(column.type(), table.size(), column.stride(), column.data(), owner);
  } else {
    values = array_over(column.type(), table.size(), column.stride(), column.data(), py::none())
                 .attr("copy")();
  }
  if (!may_write || !shared) {
    values.attr("flags").attr("writeable") = false;
  }
  return values;
}

// Views of one field, a pair (ids, values) for each table of this process that has it. No copy: a
// view keeps its memory alive, but goes stale at the next tick or structural change.
py::list views(Simulation& simulation, ComponentId component, std::uint32_t field) {
  simulation.let_write();
  const FieldKey key{component, field};
  if (simulation.model().schema.field(key).type.is_open()) {
    throw UserError(
        simulation.model().schema.label(key) +
        " has values of any length, which are no column of numbers; read them by sim.table");
  }
  py::list out;
  for (const auto& rank : simulation.local_ranks()) {
    for (std::uint32_t t = 0; t < rank->store.table_count(); ++t) {
      Table& table = rank->store.table(t);
      if (!table.has(component)) {
        continue;
      }
      Column& column = table.column(table.find_column({component, field}).value());
      const py::array ids =
          array_over({Scalar::u64, 1}, table.size(), 8, table.ids().data(), py::none());
      out.append(py::make_tuple(
          ids.attr("copy")(), values_of(table, column, simulation.may_write({component, field}))));
    }
  }
  return out;
}

// The ids of all entities of this process that have a component.
std::vector<EntityId> ids(const Simulation& simulation, ComponentId component) {
  std::vector<EntityId> out;
  for (const auto& rank : simulation.local_ranks()) {
    for (std::uint32_t t = 0; t < rank->store.table_count(); ++t) {
      const Table& table = rank->store.table(t);
      if (table.has(component)) {
        out.insert(out.end(), table.ids().begin(), table.ids().end());
      }
    }
  }
  return out;
}

// The cells that the ranks of this process own.
py::array_t<std::uint64_t> owned_cells(const Simulation& simulation) {
  std::vector<std::uint64_t> cells;
  for (const auto& rank : simulation.local_ranks()) {
    for (const CellRun& run : rank->cells->owned_runs()) {
      for (std::uint32_t row = run.begin; row < run.end; ++row) {
        cells.push_back(rank->cells->cell_id(row));
      }
    }
  }
  return py::array_t<std::uint64_t>(static_cast<py::ssize_t>(cells.size()), cells.data());
}

// One field of all cells, in the order of global cells; those of other processes are left open.
py::array cell_values(const Simulation& simulation, ComponentId component, std::uint32_t field) {
  const FieldType type = simulation.model().schema.field({component, field}).type;
  const auto cells = static_cast<std::size_t>(simulation.cell_count());
  py::array out = py::array(
      array_over(type, cells, static_cast<std::int64_t>(type.size()), nullptr, py::handle()));
  auto* to = static_cast<std::byte*>(out.mutable_data());
  for (const auto& rank : simulation.local_ranks()) {
    const Table& table = rank->cells->table();
    const Column& column = table.column(table.find_column({component, field}).value());
    for (const CellRun& owned : rank->cells->owned_runs()) {
      std::memcpy(to + rank->cells->cell_id(owned.begin) * type.size(), column.at(owned.begin),
                  (owned.end - owned.begin) * type.size());
    }
  }
  return out;
}

}  // namespace

void bind_engine(py::module_& module) {
  py::class_<ModelSpec>(module, "ModelSpec")
      .def(py::init<>())
      .def("add_component",
           [](ModelSpec& model, const std::string& name, const py::list& fields) {
             return model.schema.add(component_from(name, fields));
           })
      .def("set_domain", set_domain)
      .def("add_graph",
           [](ModelSpec& model, ComponentId edge, bool directed) {
             model.graphs.push_back({edge, directed});
             return model.graphs.size() - 1;
           })
      .def("set_cells", [](ModelSpec& model,
                           const Archetype& components) { model.cell_components = components; })
      .def("set_parameters",
           [](ModelSpec& model, const py::bytes& block) { model.parameters = bytes_from(block); })
      .def("add_channel",
           [](ModelSpec& model, const std::string& name, const py::list& fields) {
             model.channels.emplace_back(name, component_from(name, fields).fields);
             return model.channels.size() - 1;
           })
      .def("add_phase",
           [](ModelSpec& model, const py::list& behaviors) {
             Phase& phase = model.phases.emplace_back();
             for (const py::handle behavior : behaviors) {
               phase.behaviors.push_back(behavior_from(behavior.cast<py::dict>()));
             }
           })
      .def_readwrite("tiles", &ModelSpec::tiles)
      .def_readwrite("seed", &ModelSpec::seed);

  module.def("spread_kernel", [] { return reinterpret_cast<std::uintptr_t>(&spread_field); });
  module.attr("MOST_INPUTS") = kMostInputs;
  module.attr("MOST_INPUT_BYTES") = kMostInputBytes;

  py::class_<Simulation> simulation_class(module, "Simulation");
  bind_sharing(simulation_class);
  simulation_class
      .def(py::init([](const ModelSpec& model, std::uint32_t ranks, const py::object& processes,
                       int threads, bool check_values, const py::tuple& sharing) {
             return std::make_unique<Simulation>(
                 model, RunSpec{ranks, threads, check_values, communicator_from(processes),
                                sharing_from(sharing)});
           }),
           py::arg("model"), py::kw_only(), py::arg("ranks"), py::arg("processes"),
           py::arg("threads"), py::arg("check_values"),
           py::arg("sharing") = py::make_tuple("blocks", 0, 0.1, py::none()))
      .def("run", run, py::arg("ticks"), py::arg("keep_going"))
      .def_property_readonly("tick", &Simulation::tick)
      .def_property_readonly("seed", &Simulation::seed)
      .def_property_readonly("ranks", &Simulation::ranks)
      .def_property_readonly("threads", &Simulation::threads)
      .def_property_readonly("population", &Simulation::population)
      .def_property_readonly("phase_seconds", &Simulation::phase_seconds)
      .def("measure", &Simulation::measure, py::arg("on"))
      .def_property_readonly("spent",
                             [](const Simulation& simulation) {
                               const Traffic& traffic = simulation.traffic();
                               return py::make_tuple(simulation.watch().seconds(), traffic.meetings,
                                                     traffic.messages, traffic.bytes);
                             })
      .def("count", &Simulation::count)
      .def("count_equal",
           [](const Simulation& simulation, ComponentId component, std::uint32_t field,
              const py::bytes& value) {
             return simulation.count_equal({component, field}, bytes_from(value));
           })
      .def("start_rooms", &Simulation::start_rooms)
      .def_property_readonly("next_id", &Simulation::next_id)
      .def("ids", ids)
      .def("own_rows",
           [](const Simulation& simulation, std::size_t count, const py::list& places) {
             const GivenColumns given(places, count);
             const std::vector<std::uint32_t> own = simulation.own_rows(
                 count, given.columns().empty() ? nullptr : given.columns().data());
             return py::array_t<std::uint32_t>(static_cast<py::ssize_t>(own.size()), own.data());
           })
      .def("spawn_own",
           [](Simulation& simulation, Archetype components, std::size_t count,
              const py::array_t<std::uint32_t, py::array::c_style>& own, const py::list& columns) {
             const std::span<const std::uint32_t> rows{own.data(),
                                                       static_cast<std::size_t>(own.size())};
             simulation.spawn_own(std::move(components), count, rows,
                                  GivenColumns(columns, rows.size()).columns());
           })
      .def("spawn",
           [](Simulation& simulation, Archetype components, std::size_t count,
              const py::list& columns) {
             return simulation.spawn(std::move(components), count,
                                     GivenColumns(columns, count).columns());
           })
      .def(
          "despawn",
          [](Simulation& simulation, const Ids& ids, bool only_check) {
            return simulation.despawn(span_of(ids), carry_unless(only_check));
          },
          py::arg("ids"), py::arg("only_check") = false)
      .def(
          "attach",
          [](Simulation& simulation, const Ids& ids, ComponentId component, const py::list& columns,
             bool only_check) {
            simulation.attach(span_of(ids), component,
                              GivenColumns(columns, static_cast<std::size_t>(ids.size())).columns(),
                              carry_unless(only_check));
          },
          py::arg("ids"), py::arg("component"), py::arg("columns"), py::arg("only_check") = false)
      .def(
          "detach",
          [](Simulation& simulation, const Ids& ids, ComponentId component, bool only_check) {
            simulation.detach(span_of(ids), component, carry_unless(only_check));
          },
          py::arg("ids"), py::arg("component"), py::arg("only_check") = false)
      .def(
          "write_all",
          [](Simulation& simulation, const Ids& ids, const py::tuple& column, bool only_check) {
            py::list columns;
            columns.append(column);
            simulation.write_all(
                span_of(ids),
                GivenColumns(columns, static_cast<std::size_t>(ids.size())).columns().front(),
                carry_unless(only_check));
          },
          py::arg("ids"), py::arg("column"), py::arg("only_check") = false)
      .def("set_cells",
           [](Simulation& simulation, ComponentId component, std::uint32_t field,
              const py::array& values) {
             simulation.set_cells({component, field}, static_cast<const std::byte*>(values.data()),
                                  static_cast<std::int64_t>(values.strides(0)));
           })
      .def("set_parameters",
           [](Simulation& simulation, const py::bytes& block) {
             simulation.set_parameters(bytes_from(block));
           })
      .def_property_readonly("parameter_block",
                             [](const Simulation& simulation) {
                               const std::vector<std::byte>& block = simulation.model().parameters;
                               return py::bytes(reinterpret_cast<const char*>(block.data()),
                                                block.size());
                             })
      .def("set_trigger",
           [](Simulation& simulation, std::size_t phase, std::size_t behavior, std::int64_t every,
              std::int64_t after, std::vector<std::int64_t> at, bool enabled) {
             simulation.set_trigger(phase, behavior, {every, after, std::move(at), enabled});
           })
      .def("set_act", &Simulation::set_act)
      .def("set_cut",
           [](Simulation& simulation, std::size_t phase, std::size_t behavior,
              std::optional<std::uint64_t> key) {
             simulation.set_cut(phase, behavior, key ? Cut::random : Cut::whole, key.value_or(0));
           })
      .def("send",
           [](Simulation& simulation, ChannelId channel,
              const py::array_t<std::uint64_t, py::array::c_style>& targets,
              const py::bytes& record, std::int64_t delay) {
             const auto count = static_cast<std::size_t>(targets.size());
             simulation.send(channel, {targets.data(), count}, bytes_from(record), delay);
           })
      .def("waiting_events", &Simulation::waiting_events)
      .def_property_readonly("events_from_outside", &Simulation::events_from_outside)
      .def("add_input",
           [](Simulation& simulation, std::int64_t due, std::string sender, std::string name,
              std::string arguments) {
             return simulation.inputs().add(due, std::move(sender), std::move(name),
                                            std::move(arguments));
           })
      .def("first_due_input",
           [](Simulation& simulation) -> py::object {
             const auto input = simulation.inputs().first_due(simulation.tick());
             if (!input) {
               return py::none();
             }
             return py::make_tuple(input->number, input->sender, input->name, input->arguments);
           })
      .def("remove_first_input", [](Simulation& simulation) { simulation.inputs().remove_first(); })
      .def_property_readonly("waiting_inputs",
                             [](Simulation& simulation) { return simulation.inputs().size(); })
      .def_property_readonly("next_input_due",
                             [](Simulation& simulation) { return simulation.inputs().next_due(); })
      .def_property_readonly(
          "next_input_number",
          [](Simulation& simulation) { return simulation.inputs().next_number(); })
      .def("components_of", &Simulation::components_of)
      .def("read",
           [](const Simulation& simulation, EntityId id, ComponentId component,
              std::uint32_t field) -> py::object {
             const std::optional<Bytes> value = simulation.value(id, {component, field});
             return value ? py::object(py::bytes(reinterpret_cast<const char*>(value->data()),
                                                 value->size()))
                          : py::object(py::none());
           })
      .def("read_cell",
           [](const Simulation& simulation, std::uint64_t cell, ComponentId component,
              std::uint32_t field) -> py::object {
             return bytes_or_none(simulation, {component, field}, [&](std::byte* to) {
               return simulation.read_cell(cell, {component, field}, to);
             });
           })
      .def("write",
           [](Simulation& simulation, EntityId id, ComponentId component, std::uint32_t field,
              const py::bytes& value) {
             return simulation.write(id, {component, field},
                                     value_from(simulation, {component, field}, value).data());
           })
      .def("write_cell",
           [](Simulation& simulation, std::uint64_t cell, ComponentId component,
              std::uint32_t field, const py::bytes& value) {
             return simulation.write_cell(cell, {component, field},
                                          value_from(simulation, {component, field}, value).data());
           })
      .def_property_readonly("dropped_events", &Simulation::dropped_events)
      .def("digest", [](const Simulation& simulation) { return simulation.digest().hex(); })
      .def("sections", sections)
      .def("load", load)
      .def("views", views)
      .def("owned_cells", owned_cells)
      .def("cell_values", cell_values);
}

}  // namespace bw::bindings
