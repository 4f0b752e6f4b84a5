// Bindings of soups in a world: how a model gets them, what is known of all of them, their cells.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/checks.hpp"
#include "bindings/bindings.hpp"
#include "engine/simulation.hpp"
#include "organism/room.hpp"

namespace py = pybind11;

namespace bw::bindings {
namespace {

template <class T>
void take(const py::dict& from, const char* name, T& to) {
  to = from[name].cast<T>();
}

MutationSettings mutation_from(const py::dict& from) {
  MutationSettings rates;
  take(from, "copy", rates.copy);
  take(from, "background", rates.background);
  take(from, "flaw", rates.flaw);
  take(from, "point", rates.point);
  take(from, "same_size_crossover", rates.same_size_crossover);
  take(from, "crossover", rates.crossover);
  take(from, "insertion", rates.insertion);
  take(from, "deletion", rates.deletion);
  take(from, "segment_crossover", rates.segment_crossover);
  take(from, "segment_insertion", rates.segment_insertion);
  take(from, "segment_deletion", rates.segment_deletion);
  take(from, "flip_share", rates.flip_share);
  return rates;
}

// Every setting by its name, rules as numbers of their enumerations.
SoupSettings settings_from(const py::dict& from) {
  SoupSettings settings;
  take(from, "cells", settings.cells);
  settings.slice_rule = static_cast<SliceRule>(from["slice_rule"].cast<std::uint8_t>());
  take(from, "slice", settings.slice);
  take(from, "slice_power", settings.slice_power);
  take(from, "most_slice", settings.most_slice);
  take(from, "uniform_slices", settings.uniform_slices);
  settings.fit = static_cast<Fit>(from["fit"].cast<std::uint8_t>());
  take(from, "reach", settings.reach);
  take(from, "reap_near", settings.reap_near);
  take(from, "most_child", settings.most_child);
  take(from, "least_size", settings.least_size);
  take(from, "least_genome", settings.least_genome);
  take(from, "moved_share", settings.moved_share);
  take(from, "same_size", settings.same_size);
  take(from, "same_genome", settings.same_genome);
  take(from, "search_limit", settings.search_limit);
  take(from, "shortest_template", settings.shortest_template);
  take(from, "reap_share", settings.reap_share);
  take(from, "lazy", settings.lazy);
  settings.mutation = mutation_from(from["mutation"].cast<py::dict>());
  return settings;
}

// Adds soups, one in each tile, and their phase, behind the phases that the model has.
void add_soups(ModelSpec& model, ComponentId component, const std::shared_ptr<InstructionSet>& set,
               const py::dict& settings, std::uint64_t instructions,
               const std::vector<py::bytes>& ancestors, double migration,
               std::int64_t migration_every) {
  auto spec = std::make_shared<SoupSpec>();
  spec->set = set;
  spec->settings = settings_from(settings);
  spec->seed = model.seed;
  spec->tiles = model.tiles;
  spec->instructions = instructions;
  for (const std::string ancestor : ancestors) {
    spec->ancestors.emplace_back(ancestor.begin(), ancestor.end());
  }
  spec->migration = migration;
  spec->migration_every = migration_every;
  spec->component = component;
  const std::vector<OrganismField> lent = organism_fields();
  const std::vector<Field>& fields = model.schema.component(component).fields;
  BW_CHECK(std::equal(fields.begin(), fields.end(), lent.begin(), lent.end(),
                      [](const Field& field, const OrganismField& one) {
                        return field.name == one.name && field.type == one.type;
                      }),
           "the component of organisms has the fields that soups lend");
  model.rooms.push_back(soup_room(std::move(spec)));
  model.phases.push_back({{}, static_cast<std::uint32_t>(model.rooms.size() - 1)});
}

// The parts of the soups that this process has.
std::vector<const SoupRoom*> rooms_of(const Simulation& simulation) {
  std::vector<const SoupRoom*> rooms;
  for (const auto& rank : simulation.local_ranks()) {
    for (const RoomPart& part : rank->rooms) {
      if (const auto* room = dynamic_cast<const SoupRoom*>(part.room.get())) rooms.push_back(room);
    }
  }
  return rooms;
}

// What is known of the soups of this process: instructions, births, errors, emigrants, immigrants,
// organisms, the sum of their sizes, deaths by cause, mutations by kind.
std::vector<std::uint64_t> totals_of(const Simulation& simulation) {
  std::vector<std::uint64_t> sums(7 + kDeathCauses + kMutationKinds);
  for (const SoupRoom* room : rooms_of(simulation)) {
    const SoupTotals totals = room->totals();
    const TileCounts& counts = totals.counts;
    std::vector<std::uint64_t> mine{counts.instructions, counts.births,     counts.errors,
                                    counts.emigrants,    counts.immigrants, totals.population,
                                    totals.size_sum};
    mine.insert(mine.end(), counts.deaths.begin(), counts.deaths.end());
    mine.insert(mine.end(), counts.mutations.begin(), counts.mutations.end());
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += mine[i];
  }
  return sums;
}

// (tiles, their cells, a row a tile), copied.
py::tuple cells_of(const Simulation& simulation) {
  std::vector<std::uint64_t> tiles;
  std::vector<const Soup*> soups;
  for (const SoupRoom* room : rooms_of(simulation)) {
    for (const TileId tile : room->tiles()) {
      tiles.push_back(tile);
      soups.push_back(&room->soup(tile).soup());
    }
  }
  const std::size_t size = soups.empty() ? 0 : soups.front()->size();
  py::array_t<std::uint8_t> cells({soups.size(), size});
  for (std::size_t i = 0; i < soups.size(); ++i) {
    std::copy_n(soups[i]->cells(), size, cells.mutable_data() + i * size);
  }
  return py::make_tuple(
      py::array_t<std::uint64_t>(static_cast<py::ssize_t>(tiles.size()), tiles.data()), cells);
}

}  // namespace

void bind_soup(py::module_& organism) {
  organism.def("check_settings", [](const py::dict& given) { check(settings_from(given)); });
  organism.def("add_soups", &add_soups, py::arg("model"), py::arg("component"), py::kw_only(),
               py::arg("set"), py::arg("settings"), py::arg("instructions"), py::arg("ancestors"),
               py::arg("migration"), py::arg("migration_every"));
  organism.def("totals", &totals_of, py::arg("simulation"));
  organism.def("cells", &cells_of, py::arg("simulation"));
}

}  // namespace bw::bindings
