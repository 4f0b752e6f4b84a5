// simulation.cpp: tests of what a simulation promises: when it stops, triggers, what it refuses.
#include <doctest/doctest.h>

#include <limits>
#include <map>
#include <string>

#include "base/errors.hpp"
#include "one_behavior.hpp"

namespace {

using namespace bw::engine_tests;
using bw::EntityId;
using bw::Simulation;

TEST_CASE("a run stops at a tick boundary when it is told to") {
  Zoo zoo = empty_zoo(no_space());
  zoo.phases = {{"fade"}};
  const auto simulation = make(zoo, {1, 1, false});
  CHECK(simulation->run(5, {}) == 5);
  CHECK(simulation->tick() == 5);
  const std::int64_t ran = simulation->run(1'000'000'000, [] { return false; });
  CHECK(ran > 0);
  CHECK(simulation->tick() == 5 + ran);
}

TEST_CASE("a behavior runs in the ticks of its trigger, and a trigger can be changed") {
  const bw_kernel count = [](bw_call* call, std::int64_t begin, std::int64_t end) -> std::int32_t {
    for (std::int64_t row = begin; row < end; ++row) {
      at<double>(call, 0, row) += 1.0;
    }
    return BW_OK;
  };
  Zoo zoo = empty_zoo(no_space());
  const auto simulation =
      with_kernel(zoo, count, {2, 2, false}, [](bw::Behavior& b) { b.trigger = {3, 1, {}, true}; });
  const double before = values_of<double>(*simulation, kEnergy)[1];
  simulation->run(8, {});  // ticks 1, 4, 7
  CHECK(values_of<double>(*simulation, kEnergy)[1] == before + 3.0);
  simulation->set_trigger(0, 0, {1, 0, {9, 8, 11}, true});
  simulation->run(8, {});  // ticks 8, 9, 11
  CHECK(values_of<double>(*simulation, kEnergy)[1] == before + 6.0);
  CHECK_THROWS_AS(simulation->set_trigger(0, 0, {0, 0, {}, true}), bw::UserError);
}

TEST_CASE("positions that were written from outside are looked at before the next tick") {
  Zoo zoo = empty_zoo(continuous({9.0, 9.0, 0.0}, false));
  zoo.phases = {{"look"}};
  const auto simulation = make(zoo, {2, 1, false});
  simulation->let_write();
  CHECK_NOTHROW(simulation->run(1, {}));
  for (const auto& rank : simulation->local_ranks()) {
    if (rank->store.size() > 0) {
      const double bad = 9.5;
      std::memcpy(rank->store.table(0).column(0).at(0), &bad, sizeof(bad));
    }
  }
  simulation->let_write();
  CHECK_THROWS_AS(simulation->run(1, {}), bw::UserError);
}

// --- what is refused ----------------------------------------------------------------------------

TEST_CASE("models that cannot run are refused before they do, with the behavior's name") {
  const auto refused = [](const Zoo& zoo, const std::function<void(bw::ModelSpec&)>& spoil,
                          std::uint32_t ranks, const std::string& part) {
    bw::ModelSpec model = model_of(zoo);
    spoil(model);
    try {
      const Simulation simulation(std::move(model), {ranks, 1, false});
      CHECK_MESSAGE(false, "expected an error with: " << part);
    } catch (const bw::UserError& error) {
      CHECK(says(error.what(), part));
      CHECK(says(error.what(), "behavior '"));
    }
  };
  Zoo zoo = empty_zoo(grid({9.0, 9.0, 0.0}, true));
  zoo.phases = {{"look"}};
  const auto first = [](bw::ModelSpec& model) -> bw::Behavior& {
    return model.phases[0].behaviors[0];
  };
  refused(
      zoo,
      [&](bw::ModelSpec& m) {
        m.domain = {};
        m.cell_components = {};
      },
      1, "the world has no space");
  refused(zoo, [&](bw::ModelSpec& m) { first(m).sequential = true; }, 2, "declares no reach");
  refused(
      zoo,
      [&](bw::ModelSpec& m) {
        first(m).reaches[0].radius = {};
        first(m).reaches[0].radius.constant = 4.5;
      },
      1, "around the periodic world");
  refused(
      zoo, [&](bw::ModelSpec& m) { first(m).reaches[0].of_cells = true; }, 1, "looks for cells");
  zoo.phases = {{"look", "mark"}};
  refused(zoo, [&](bw::ModelSpec& m) { first(m).sequential = true; }, 1, "shares its phase");
  zoo.phases = {{"graze"}};
  refused(zoo, [&](bw::ModelSpec& m) { first(m).of_cells = true; }, 1, "of cells claims");
}

TEST_CASE("a radius over cells is measured in cells, not in the world's length") {
  Zoo zoo = empty_zoo(continuous({1.0, 1.0, 0.0}, true));
  zoo.lattice = {20, 20, 1};
  zoo.phases = {{"diffuse"}};
  CHECK_NOTHROW(make(zoo, {2, 1, false})->run(2, {}));
  zoo.domain = continuous({1000.0, 1000.0, 0.0}, true);
  zoo.lattice = {2, 2, 1};
  CHECK_THROWS_AS(make(zoo, {1, 1, false}), bw::UserError);
}

TEST_CASE(
    "parameters that do not fit are refused at once, and the world goes on with the old ones") {
  Zoo zoo = empty_zoo(grid({9.0, 9.0, 0.0}, true));
  zoo.phases = {{"look"}};
  const auto simulation = make(zoo, {1, 1, false});
  const bw::Digest before = simulation->digest();
  CHECK_THROWS_AS(simulation->set_parameters(std::vector<std::byte>(3)), bw::UserError);
  Parameters parameters = zoo.parameters;
  for (const double radius : {4.5, -1.0, std::numeric_limits<double>::infinity()}) {
    parameters.radius = radius;
    const auto* bytes = reinterpret_cast<const std::byte*>(&parameters);
    CHECK_THROWS_AS(simulation->set_parameters({bytes, bytes + sizeof(parameters)}), bw::UserError);
  }
  CHECK(simulation->digest() == before);
  CHECK(simulation->run(2, {}) == 2);
}

TEST_CASE("neighbours are looked for by entities that have a place") {
  const auto simulation = make(empty_zoo(grid({9.0, 9.0, 0.0}, true)), {1, 1, false});
  bw::ModelSpec model = model_of(empty_zoo(grid({9.0, 9.0, 0.0}, true)));
  bw::Behavior lost = named_behavior("look");
  lost.components = {kHunter};
  lost.columns = {{kStrength, true, true}};
  model.phases.push_back({{lost}});
  Simulation without_place(std::move(model), {1, 1, false});
  without_place.spawn({kHunter}, 3, {});
  CHECK_THROWS_AS(without_place.run(1, {}), bw::ModelError);
}

TEST_CASE("a state of another model is refused") {
  Zoo zoo = empty_zoo(grid({4.0, 4.0, 0.0}, true));
  const auto simulation = make(zoo, {1, 1, false});
  const std::vector<std::uint64_t> keys{1};
  const double value = 1.0;
  const auto* bytes = reinterpret_cast<const std::byte*>(&value);
  const auto refuses = [&](const std::string& room, const std::string& name,
                           const std::string& column, bw::Scalar scalar, std::uint64_t key) {
    const std::vector<std::uint64_t> one{key};
    const std::vector<bw::StateSection> sections{
        {room, name, one, {{column, {scalar, 1}, bytes, 8}}}};
    CHECK_THROWS_AS(make(zoo, {1, 1, false})->load(sections), bw::UserError);
  };
  refuses("ecs", "Animal+Ghost", "Animal.energy", bw::Scalar::f64, 1);
  refuses("ecs", "Animal", "Animal.mood", bw::Scalar::f64, 1);
  refuses("ecs", "Animal", "Animal.energy", bw::Scalar::i64, 1);
  refuses("lattice", "Grass", "Grass.scent", bw::Scalar::f64, 16);
  refuses("weather", "rain", "drops", bw::Scalar::f64, 1);
}

}  // namespace
