// rooms.cpp: tests of rooms that keep entities of their own: their rows are seen like any others,
// on any ranks and threads and across a saved state, and only they change them.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/errors.hpp"
#include "engine/simulation.hpp"
#include "yeast.hpp"

namespace {

using namespace bw::engine_tests;
using bw::EntityId;
using bw::RunSpec;
using bw::Simulation;

bool is_unlucky(double size) {
  return size > 0.93 && size < 0.96;
}

// Rows of yeast get sugar by their size, and those of some sizes end.
std::int32_t sweeten(bw_call* call, std::int64_t begin, std::int64_t end) {
  for (std::int64_t row = begin; row < end; ++row) {
    const double size = at<double>(call, 0, row);
    at<std::int32_t>(call, 1, row) += size > 0.5 ? 1 : 0;
    if (is_unlucky(size)) {
      call->services->despawn(call, row);
    }
  }
  return BW_OK;
}

// Animals take up the sizes of the yeast around them, in the order of the neighbours.
std::int32_t smell(bw_call* call, std::int64_t begin, std::int64_t end) {
  for (std::int64_t row = begin; row < end; ++row) {
    double& energy = at<double>(call, 0, row);
    call->services->gather(call, 0, row);
    for (std::int64_t k = 0; k < call->hits.count; ++k) {
      energy = energy * 0.75 + of_other<double>(call, 0, 0, call->hits.slots[k]);
    }
  }
  return BW_OK;
}

// Large yeast gives birth to animals, which are the engine's.
std::int32_t spore(bw_call* call, std::int64_t begin, std::int64_t end) {
  for (std::int64_t row = begin; row < end; ++row) {
    if (at<double>(call, 1, row) > 0.95) {
      char* record = call->services->spawn(call, 0, row);
      std::memcpy(record, bytes_at(call, 0, row), 16);
    }
  }
  return BW_OK;
}

bw::Behavior on_yeast(bw_kernel kernel, std::vector<bw::ColumnUse> columns, const char* name) {
  bw::Behavior behavior = behavior_of_animals(kernel, std::move(columns));
  behavior.components = {kYeast};
  behavior.name = name;
  return behavior;
}

bw::Behavior sweetening() {
  return on_yeast(sweeten, {{kSize, true, false}, {kSugar, true, true}}, "sweeten");
}

bw::ModelSpec yeast_model(bool in_space, const std::vector<bw::Behavior>& behaviors = {}) {
  Zoo zoo;
  zoo.domain = in_space ? continuous({12.0, 9.0, 0.0}, true) : no_space();
  zoo.tiles = 9;
  zoo.parameters.radius = 1.5;
  if (in_space) {
    zoo.lattice = {4, 3, 1};
    zoo.phases = {{"wander"}};
  }
  bw::ModelSpec model = model_of(zoo);
  model.schema.add(yeast_component(zoo.domain));
  const std::uint32_t tiles = bw::Tiling(zoo.domain, zoo.tiles).count();
  CHECK(tiles > 3);
  model.rooms = {yeast_room(zoo.domain, zoo.tiles)};
  model.rooms.front().ends_by_order = true;
  model.phases.push_back({{}, 0});
  for (const bw::Behavior& behavior : behaviors) {
    model.phases.push_back({{behavior}});
  }
  return model;
}

// All of it in one model: yeast, animals that smell it, spores.
bw::ModelSpec brewery() {
  bw::Behavior nose = behavior_of_animals(smell, {{kEnergy, true, true}});
  nose.name = "smell";
  nose.reaches = {reach_of_animals()};
  nose.reaches.front().component = kYeast;
  nose.reaches.front().fields = {kSize};
  bw::Behavior spores =
      on_yeast(spore, {{kYeastPosition, true, false}, {kSize, true, false}}, "spore");
  spores.spawns = {{{kAnimal}, {kPosition}}};
  return yeast_model(true, {sweetening(), nose, spores});
}

std::unique_ptr<Simulation> started(bw::ModelSpec model, RunSpec run) {
  Zoo zoo;
  zoo.domain = model.domain;
  zoo.lattice = model.lattice;
  auto simulation = std::make_unique<Simulation>(std::move(model), run);
  fill(*simulation, zoo);
  simulation->start_rooms();
  return simulation;
}

// What the list of state has of one column of the yeast.
template <class T>
std::map<EntityId, T> listed(const Simulation& simulation, const std::string& name) {
  std::map<EntityId, T> values;
  simulation.list_state([&](const bw::StateSection& section) {
    CHECK(section.name != "Yeast");  // listed once, by its owner
    for (const bw::StateColumn& column : section.columns) {
      for (std::size_t i = 0;
           section.room == "yeast" && column.name == name && i < section.keys.size(); ++i) {
        std::memcpy(&values[section.keys[i]],
                    column.data + static_cast<std::int64_t>(i) * column.stride, sizeof(T));
      }
    }
  });
  return values;
}

template <class Act>
std::string refusal(Act&& act) {
  try {
    act();
  } catch (const bw::Error& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("a world with a room of its own rows has one digest on any ranks, threads and restarts") {
  for (const bool in_space : {false, true}) {
    const auto model = [&] { return in_space ? brewery() : yeast_model(false, {sweetening()}); };
    std::string halfway, whole;
    for (const std::uint32_t ranks : {1u, 2u, 3u}) {
      for (const int threads : {1, 3}) {
        const auto simulation = started(model(), {ranks, threads, false});
        simulation->run(15, {});
        halfway = halfway.empty() ? simulation->digest().hex() : halfway;
        CHECK(simulation->digest().hex() == halfway);
        const SavedState saved(*simulation);
        simulation->run(15, {});
        whole = whole.empty() ? simulation->digest().hex() : whole;
        CHECK(simulation->digest().hex() == whole);
        Simulation resumed(model(), {ranks % 3 + 1, threads, false});
        resumed.load(saved.sections());
        CHECK(resumed.digest().hex() == halfway);
        resumed.run(15, {});
        CHECK(resumed.digest().hex() == whole);
      }
    }
    CHECK(halfway != whole);
  }
}

TEST_CASE("yeast lives: it is born, dies, drifts, is written and ended by others, and spores") {
  const auto simulation = started(brewery(), {2, 2, false});
  const auto first = listed<double>(*simulation, "size");
  const std::uint64_t animals = simulation->count(kAnimal);
  simulation->run(30, {});
  const auto now = listed<double>(*simulation, "size");
  const auto is_old = [&](const auto& entry) { return first.contains(entry.first); };
  const auto kept = static_cast<std::size_t>(std::count_if(now.begin(), now.end(), is_old));
  CHECK(kept < first.size());
  CHECK(kept < now.size());
  const auto positive = [](const auto& entry) { return entry.second > 0; };
  const auto sugar = listed<std::int32_t>(*simulation, "sugar");
  CHECK(std::any_of(sugar.begin(), sugar.end(), positive));
  const auto drifted = listed<std::int32_t>(*simulation, "drifted");
  CHECK(std::any_of(drifted.begin(), drifted.end(), positive));
  CHECK(std::none_of(now.begin(), now.end(),
                     [](const auto& entry) { return is_unlucky(entry.second); }));
  CHECK(simulation->count(kAnimal) >= animals);
}

TEST_CASE("rows of a room are found by id, counted and read, tick after tick") {
  for (const std::uint32_t ranks : {1u, 3u}) {
    const auto simulation = started(yeast_model(true, {sweetening()}), {ranks, 1, false});
    std::map<EntityId, double> before;
    for (int tick = 0; tick < 12; ++tick) {
      const auto sizes = listed<double>(*simulation, "size");
      CHECK(simulation->count(kYeast) == sizes.size());
      CHECK(simulation->population() == sizes.size() + simulation->count(kAnimal));
      for (const auto& [id, size] : sizes) {
        CHECK(simulation->components_of(id) == bw::Archetype{kYeast});
        double read = 0.0;
        CHECK(simulation->read(id, kSize, reinterpret_cast<std::byte*>(&read)));
        CHECK(read == size);
      }
      for (const auto& [id, size] : before) {
        CHECK(simulation->components_of(id).has_value() == sizes.contains(id));
      }
      before = sizes;
      simulation->run(1, {});
    }
  }
}

TEST_CASE("from outside, a room's rows are changed as its owner allows") {
  for (const std::uint32_t ranks : {1u, 2u}) {
    bw::ModelSpec model = yeast_model(false);
    const auto allowed = started(model, {ranks, 1, false});
    const std::vector<EntityId> ids{listed<double>(*allowed, "size").begin()->first, 3};
    const std::int32_t five = 5;
    const bw::SpawnColumn sugar{kSugar, reinterpret_cast<const std::byte*>(&five), 0};
    allowed->write_all({ids.data(), 1}, sugar);
    CHECK(listed<std::int32_t>(*allowed, "sugar").at(ids[0]) == 5);
    CHECK(allowed->despawn(ids, Simulation::Carry::no) == 0);
    CHECK(allowed->despawn(ids) == 2);  // yeast and an animal
    CHECK(!listed<double>(*allowed, "size").contains(ids[0]));
    CHECK(!allowed->components_of(ids[0]));
    CHECK(!allowed->components_of(3));

    model.rooms.front().ends_by_order = false;
    const auto refusing = started(model, {ranks, 1, false});
    const auto digest = refusing->digest().hex();
    const double one = 1.0;
    const bw::SpawnColumn size{kSize, reinterpret_cast<const std::byte*>(&one), 0};
    CHECK(refusal([&] { refusing->despawn(ids); }) ==
          "entity " + std::to_string(ids[0]) +
              " is one of yeast, which ends its entities itself. Nothing was changed");
    CHECK(refusal([&] { refusing->write_all({ids.data(), 1}, size); }) ==
          "Yeast.size belongs to entities of yeast, which lets nobody else write it; nothing was "
          "changed");
    CHECK(refusal([&] { refusing->write(ids[0], kSize, size.data); }).starts_with("Yeast.size"));
    CHECK(refusal([&] { refusing->attach({ids.data(), 1}, kHunter, {}); }) ==
          "entity " + std::to_string(ids[0]) +
              " is one of yeast, whose entities have always the same components; nothing was "
              "changed");
    CHECK(refusal([&] { refusing->detach({ids.data(), 1}, kYeast); }).find("same components") !=
          std::string::npos);
    CHECK(refusal([&] { refusing->attach({&ids[1], 1}, kYeast, {}); }) ==
          "Yeast belongs to entities of yeast, which makes them itself; nothing was changed");
    CHECK(refusal([&] { refusing->spawn({kYeast}, 2, {}); }).starts_with("Yeast belongs"));
    const std::vector<EntityId> twice{ids[0], ids[0]};
    CHECK(refusal([&] { allowed->despawn(twice); }).find("there are no entities") !=
          std::string::npos);
    CHECK(refusing->digest().hex() == digest);
  }
}

TEST_CASE("a behavior that asks too much of a room's rows is refused by the model") {
  const auto refused = [&](const bw::Behavior& behavior) {
    return refusal([&] { Simulation(yeast_model(false, {behavior}), {1, 1, false}); });
  };
  bw::Behavior behavior = sweetening();
  behavior.columns[0].writes = true;
  CHECK(refused(behavior) ==
        "behavior 'sweeten' writes Yeast.size: the entities of yeast are changed by yeast alone");
  behavior = sweetening();
  behavior.sequential = true;
  CHECK(refused(behavior).find("one after another") != std::string::npos);
  behavior = sweetening();
  behavior.changes = {{{kHunter}, {}}};
  CHECK(refused(behavior).find("attaches") != std::string::npos);
  behavior = sweetening();
  behavior.spawns = {{{kYeast}, {}}};
  CHECK(refused(behavior).find("makes or changes Yeast") != std::string::npos);
  CHECK(refused(sweetening()).empty());
}

TEST_CASE("who may not end a room's rows is told where, when and by which behavior") {
  bw::ModelSpec model = yeast_model(false, {sweetening()});
  model.rooms.front().ends_by_order = false;
  const auto simulation = started(std::move(model), {1, 1, false});
  const std::string told = refusal([&] { simulation->run(30, {}); });
  CHECK(told.starts_with("behavior 'sweeten' failed"));
  CHECK(told.find("it ordered the end of an entity of yeast, which ends its entities itself") !=
        std::string::npos);
}

TEST_CASE("a room that shows rows outside of their tile is a defect that is named") {
  bw::ModelSpec model = yeast_model(true);
  const bw::Domain domain = model.domain;
  // It takes its tiles for those of a world that is cut otherwise.
  model.rooms.front().make = [domain](std::span<const bw::TileId> own) {
    return std::make_unique<YeastRoom>(domain, 30, own, true);
  };
  CHECK(refusal([&] { started(std::move(model), {1, 1, false}); }).find("inside of their tile") !=
        std::string::npos);
}

}  // namespace
