// zoo.hpp: models made of the kernels, over any space, and simulations of them, filled with the
// same animals on any ranks.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.hpp"
#include "engine/simulation.hpp"
#include "kernels.hpp"

namespace bw::engine_tests {

enum : ComponentId { kAnimal = 0, kHunter = 1, kGrass = 2, kRock = 3 };

inline constexpr FieldKey kPosition{kAnimal, 0};
inline constexpr FieldKey kEnergy{kAnimal, 1};
inline constexpr FieldKey kSeen{kAnimal, 2};
inline constexpr FieldKey kFed{kAnimal, 3};
inline constexpr FieldKey kCaught{kAnimal, 4};
inline constexpr FieldKey kStrength{kHunter, 0};
inline constexpr FieldKey kGrown{kGrass, 0};
inline constexpr FieldKey kScent{kGrass, 1};
inline constexpr FieldKey kRockPosition{kRock, 0};
inline constexpr FieldKey kMass{kRock, 1};

// What a model of the zoo is made of; behaviors by name.
struct Zoo {
  Domain domain;
  std::array<std::int64_t, kAxes> lattice{1, 1, 1};
  Parameters parameters;
  std::vector<std::vector<std::string>> phases;
  std::uint32_t tiles = 64;
  std::size_t animals = 100;
  std::uint64_t seed = 1;
  bool sequential = false;
};

inline Domain no_space() {
  return {};
}
inline Domain grid(std::array<double, kAxes> size, bool periodic, bool exclusive = false,
                   Metric metric = Metric::chebyshev) {
  return {SpaceKind::grid, size[2] > 0 ? 3 : 2, size, periodic, exclusive, metric};
}
inline Domain continuous(std::array<double, kAxes> size, bool periodic) {
  return {SpaceKind::continuous, size[2] > 0 ? 3 : 2, size, periodic};
}

inline Schema zoo_schema(const Domain& domain) {
  Schema schema;
  const FieldType number{Scalar::f64, 1};
  const FieldType whole{Scalar::i64, 1};
  const auto dims = static_cast<std::uint32_t>(std::max(domain.dims, 1));
  // Without a space the first field is called otherwise: nobody has a place.
  const std::string position = domain.exists() ? "position" : "nothing";
  schema.add({"Animal",
              {{position, {domain.integral() ? Scalar::i32 : Scalar::f64, dims}, {}},
               {"energy", number, {}},
               {"seen", whole, {}},
               {"fed", whole, {}},
               {"caught", whole, {}}}});
  schema.add({"Hunter", {{"strength", number, {}}}});
  schema.add({"Grass", {{"grown", whole, {}}, {"scent", number, {}}}});
  schema.add({"Rock",
              {{position, {domain.integral() ? Scalar::i32 : Scalar::f64, dims}, {}},
               {"mass", number, {}}}});
  return schema;
}

inline ReachUse reach_of_animals() {
  ReachUse use;
  use.component = kAnimal;
  use.fields = {kEnergy};
  use.radius = {NumberSource::Kind::real_parameter, 0.0, 0};
  return use;
}

inline ReachUse reach_of_cells() {
  ReachUse use;
  use.component = kGrass;
  use.fields = {kScent};
  use.radius.constant = 1.0;
  use.of_cells = true;
  return use;
}

inline Behavior behavior_of_animals(bw_kernel kernel, std::vector<ColumnUse> columns) {
  Behavior behavior;
  behavior.kernel = kernel;
  behavior.components = {kAnimal};
  behavior.columns = std::move(columns);
  return behavior;
}

inline Behavior named_behavior(const std::string& name) {
  const ColumnUse reads_place{kPosition, true, false}, writes_place{kPosition, true, true};
  const ColumnUse reads_energy{kEnergy, true, false}, writes_energy{kEnergy, true, true};
  const ColumnUse seen{kSeen, false, true}, fed{kFed, true, false}, caught{kCaught, true, false};
  const Prototype child{{kAnimal}, {kPosition, kEnergy}};
  Behavior behavior;
  if (name == "wander") {
    behavior = behavior_of_animals(wander, {writes_place, writes_energy, seen});
    behavior.reaches = {reach_of_animals()};
  } else if (name == "look") {
    behavior = behavior_of_animals(look, {writes_energy, seen});
    behavior.reaches = {reach_of_animals()};
  } else if (name == "roam") {
    behavior = behavior_of_animals(roam, {writes_place, writes_energy});
    behavior.spawns = {child};
  } else if (name == "graze") {
    behavior = behavior_of_animals(graze, {reads_place, writes_energy});
    behavior.claims = {{kGrown, std::nullopt, kFed}};
    behavior.cells = {{{kScent}}};
  } else if (name == "hunt") {
    behavior = behavior_of_animals(hunt, {reads_place, writes_energy});
    behavior.components = {kAnimal, kHunter};
    behavior.claims = {{std::nullopt, kAnimal, kCaught}, {std::nullopt, kHunter, kCaught}};
  } else if (name == "digest_food") {
    behavior = behavior_of_animals(digest_food, {writes_energy, fed, caught});
  } else if (name == "mark") {
    behavior = behavior_of_animals(mark, {reads_place, reads_energy});
    behavior.deposits = {kScent};
  } else if (name == "turn") {
    behavior = behavior_of_animals(turn, {reads_energy});
    behavior.changes = {{{kHunter}, {kStrength}}};
  } else if (name == "fade") {
    behavior = behavior_of_animals(fade, {writes_energy});
    behavior.spawns = {{{kAnimal}, {kEnergy}}};
  } else if (name == "diffuse") {
    behavior = behavior_of_animals(diffuse, {{kScent, true, true}, {kGrown, true, true}});
    behavior.reaches = {reach_of_cells()};
  } else if (name == "sprout") {
    behavior = behavior_of_animals(sprout, {{kGrown, true, false}});
    behavior.reaches = {reach_of_animals()};
    behavior.spawns = {{{kAnimal}, {kPosition}}};
  } else if (name == "settle_down") {
    behavior = behavior_of_animals(settle_down, {writes_place, reads_energy});
    behavior.draws_empty_cells = true;
  } else if (name == "breed_apart") {
    behavior = behavior_of_animals(breed_apart, {reads_place, reads_energy});
    behavior.spawns = {child};
    behavior.draws_empty_cells = true;
  }
  if (name == "diffuse" || name == "sprout") {
    behavior.of_cells = true;
    behavior.components = {kGrass};
  }
  behavior.name = name;
  return behavior;
}

inline ModelSpec model_of(const Zoo& zoo) {
  ModelSpec model;
  model.schema = zoo_schema(zoo.domain);
  model.domain = zoo.domain;
  model.lattice = zoo.lattice;
  model.tiles = zoo.tiles;
  model.seed = zoo.seed;
  if (zoo.domain.exists()) {
    model.cell_components = {kGrass};
  }
  Parameters parameters = zoo.parameters;
  parameters.dims = zoo.domain.dims;
  parameters.integral = zoo.domain.integral() ? 1 : 0;
  parameters.periodic = zoo.domain.periodic ? 1 : 0;
  const auto* bytes = reinterpret_cast<const std::byte*>(&parameters);
  model.parameters.assign(bytes, bytes + sizeof(parameters));
  for (const std::vector<std::string>& names : zoo.phases) {
    Phase& phase = model.phases.emplace_back();
    for (const std::string& name : names) {
      phase.behaviors.push_back(named_behavior(name));
      phase.behaviors.back().rng_key = rng_key(zoo.seed, name);
      phase.behaviors.back().sequential = zoo.sequential && !phase.behaviors.back().of_cells;
    }
  }
  return model;
}

// Places of the animals, as a column holds them. On exclusive grids each has a cell of its own.
inline std::vector<std::byte> random_places(const Zoo& zoo) {
  const Domain& domain = zoo.domain;
  std::vector<std::byte> bytes;
  std::uint64_t cell = 0;
  for (std::size_t i = 0; i < zoo.animals; ++i) {
    RandomStream draw(zoo.seed, i + 1, 0);
    cell += 1 + draw.integers(2);
    std::uint64_t rest = cell;
    for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
      const auto cells = static_cast<std::uint64_t>(domain.cells(static_cast<int>(a)));
      const double real =
          draw.integers(4) == 0 ? std::floor(draw.uniform() * 8.0) / 8.0 : draw.uniform();
      const double coordinate =
          domain.exclusive ? static_cast<double>(rest % cells) : domain.size[a] * real;
      rest /= std::max<std::uint64_t>(cells, 1);
      const auto whole = static_cast<std::int32_t>(coordinate);
      const auto* from = domain.integral() ? reinterpret_cast<const std::byte*>(&whole)
                                           : reinterpret_cast<const std::byte*>(&coordinate);
      bytes.insert(bytes.end(), from,
                   from + (domain.integral() ? sizeof(whole) : sizeof(coordinate)));
    }
  }
  return bytes;
}

inline void fill(Simulation& simulation, const Zoo& zoo) {
  const std::vector<std::byte> places = random_places(zoo);
  std::vector<double> energies;
  for (std::size_t i = 0; i < zoo.animals; ++i) {
    energies.push_back(RandomStream(zoo.seed, i + 1, 1).uniform());
  }
  std::vector<SpawnColumn> columns{
      {kEnergy, reinterpret_cast<const std::byte*>(energies.data()), sizeof(double)}};
  if (zoo.domain.exists()) {
    columns.push_back(
        {kPosition, places.data(), static_cast<std::int64_t>(zoo.domain.place_size())});
  }
  simulation.spawn({kAnimal}, zoo.animals, columns);
  if (zoo.domain.exists()) {
    std::vector<std::int64_t> grown;
    for (std::int64_t cell = 0; cell < world_box(zoo.domain, zoo.lattice).volume(); ++cell) {
      grown.push_back(static_cast<std::int64_t>(
          RandomStream(zoo.seed, static_cast<std::uint64_t>(cell), 2).integers(4)));
    }
    simulation.set_cells(kGrown, reinterpret_cast<const std::byte*>(grown.data()),
                         sizeof(std::int64_t));
  }
}

inline std::unique_ptr<Simulation> make(const Zoo& zoo, RunSpec run) {
  auto simulation = std::make_unique<Simulation>(model_of(zoo), run);
  fill(*simulation, zoo);
  return simulation;
}

// A copy of a simulation's state, as a snapshot holds it.
class SavedState {
 public:
  explicit SavedState(const Simulation& simulation) {
    simulation.list_state([&](const StateSection& section) {
      StateSection& copy = sections_.emplace_back();
      copy.room = section.room;
      copy.name = section.name;
      copy.keys = {keep(section.keys.data(), section.keys.size()), section.keys.size()};
      for (const StateColumn& column : section.columns) {
        const std::size_t size = column.type.size();
        std::vector<std::byte>& bytes = bytes_.emplace_back(size * section.keys.size() + 1);
        for (std::size_t i = 0; i < section.keys.size(); ++i) {
          std::memcpy(bytes.data() + i * size,
                      column.data + static_cast<std::int64_t>(i) * column.stride, size);
        }
        copy.columns.push_back(
            {column.name, column.type, bytes.data(), static_cast<std::int64_t>(size)});
      }
    });
  }

  std::span<const StateSection> sections() const { return sections_; }

 private:
  const std::uint64_t* keep(const std::uint64_t* keys, std::size_t count) {
    return keys_.emplace_back(keys, keys + count).data();
  }

  std::vector<StateSection> sections_;
  std::deque<std::vector<std::byte>> bytes_;
  std::deque<std::vector<std::uint64_t>> keys_;
};

}  // namespace bw::engine_tests
