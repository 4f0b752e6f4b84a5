// one_behavior.hpp: a zoo with one behavior whose kernel the test brings, and what its animals
// hold.
#pragma once

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "zoo.hpp"

namespace bw::engine_tests {

template <class T>
std::map<EntityId, T> values_of(const Simulation& simulation, FieldKey field) {
  std::map<EntityId, T> values;
  simulation.list_state([&](const StateSection& section) {
    for (const StateColumn& column : section.columns) {
      if (section.room == "ecs" && column.name == simulation.model().schema.label(field)) {
        for (std::size_t i = 0; i < section.keys.size(); ++i) {
          std::memcpy(&values[section.keys[i]],
                      column.data + static_cast<std::int64_t>(i) * column.stride, sizeof(T));
        }
      }
    }
  });
  return values;
}

// A zoo with one behavior whose kernel the test brings.
inline Zoo empty_zoo(Domain domain) {
  Zoo zoo;
  zoo.domain = domain;
  zoo.animals = 60;
  return zoo;
}

inline std::unique_ptr<Simulation> with_kernel(const Zoo& zoo, bw_kernel kernel, RunSpec run,
                                               const std::function<void(Behavior&)>& adjust = {}) {
  ModelSpec model = model_of(zoo);
  Behavior behavior = behavior_of_animals(kernel, {{kPosition, true, true}, {kEnergy, true, true}});
  behavior.name = "tested";
  behavior.rng_key = rng_key(zoo.seed, "tested");
  if (!zoo.domain.exists()) {
    behavior.columns.erase(behavior.columns.begin());
  }
  if (adjust) {
    adjust(behavior);
  }
  model.phases.push_back({{behavior}});
  auto simulation = std::make_unique<Simulation>(std::move(model), run);
  fill(*simulation, zoo);
  return simulation;
}

inline bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace bw::engine_tests
