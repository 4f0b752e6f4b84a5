// simulation.cpp: tests of what a simulation promises: entities by hand, triggers, errors that say
// where, and its limits.
#include "engine/simulation.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>

#include "base/errors.hpp"
#include "zoo.hpp"

namespace {

using namespace bw::engine_tests;
using bw::EntityId;
using bw::FieldKey;
using bw::RunSpec;
using bw::Simulation;
using bw::SpawnColumn;

template <class T>
std::map<EntityId, T> values_of(const Simulation& simulation, FieldKey field) {
  std::map<EntityId, T> values;
  simulation.list_state([&](const bw::StateSection& section) {
    for (const bw::StateColumn& column : section.columns) {
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
Zoo empty_zoo(bw::Domain domain) {
  Zoo zoo;
  zoo.domain = domain;
  zoo.animals = 60;
  return zoo;
}

std::unique_ptr<Simulation> with_kernel(const Zoo& zoo, bw_kernel kernel, RunSpec run,
                                        const std::function<void(bw::Behavior&)>& adjust = {}) {
  bw::ModelSpec model = model_of(zoo);
  bw::Behavior behavior =
      behavior_of_animals(kernel, {{kPosition, true, true}, {kEnergy, true, true}});
  behavior.name = "tested";
  behavior.rng_key = bw::rng_key(zoo.seed, "tested");
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

TEST_CASE("entities made by hand have ids in a row, the given values, and defaults elsewhere") {
  for (const std::uint32_t ranks : {1u, 3u}) {
    Zoo zoo = empty_zoo(grid({6.0, 5.0, 0.0}, true));
    zoo.animals = 0;
    const auto simulation = make(zoo, {ranks, 1, false});
    CHECK(simulation->next_id() == 1);
    const std::vector<double> energies{1.0, 2.0, 3.0};
    const std::array<std::int32_t, 6> places{0, 0, 5, 4, 3, 1};
    const std::vector<SpawnColumn> columns{
        {kEnergy, reinterpret_cast<const std::byte*>(energies.data()), 8},
        {kPosition, reinterpret_cast<const std::byte*>(places.data()), 8}};
    CHECK(simulation->spawn({kAnimal}, 3, columns) == 1);
    CHECK(simulation->next_id() == 4);
    const double same = 9.0;
    const std::vector<SpawnColumn> one_value{
        {kEnergy, reinterpret_cast<const std::byte*>(&same), 0}};
    CHECK(simulation->spawn({kHunter, kAnimal}, 2, one_value) == 4);
    CHECK(simulation->spawn({kAnimal}, 0, {}) == bw::kNoEntity);
    const std::map<EntityId, double> wanted{{1, 1.0}, {2, 2.0}, {3, 3.0}, {4, 9.0}, {5, 9.0}};
    CHECK(values_of<double>(*simulation, kEnergy) == wanted);
    CHECK(simulation->population() == 5);
    CHECK(simulation->count(kHunter) == 2);
    CHECK(simulation->count(kGrass) == 30);
    const bw::Digest before = simulation->digest();
    for (const std::vector<EntityId>& wrong : {std::vector<EntityId>{2, 77, 5}, {2, 5, 2}}) {
      CHECK_THROWS_AS(simulation->despawn(wrong), bw::UserError);
      CHECK(simulation->digest() == before);
      CHECK(simulation->components_of(2).has_value());
    }
    const std::vector<EntityId> doomed{5, 2};
    CHECK(simulation->despawn(doomed) == 2);
    CHECK(simulation->population() == 3);
    CHECK(!simulation->components_of(2));
  }
}

TEST_CASE("a spawn outside of the world is refused and makes nothing") {
  const auto simulation = make(empty_zoo(continuous({6.0, 5.0, 0.0}, false)), {2, 1, false});
  const bw::Digest before = simulation->digest();
  for (const double bad : {-0.1, 6.5, std::numeric_limits<double>::quiet_NaN()}) {
    const std::array<double, 4> places{1.0, 1.0, bad, 2.0};
    const std::vector<SpawnColumn> columns{
        {kPosition, reinterpret_cast<const std::byte*>(places.data()), 16}};
    CHECK_THROWS_AS(simulation->spawn({kAnimal}, 2, columns), bw::UserError);
    CHECK(simulation->digest() == before);
  }
  const std::array<double, 2> corner{6.0, 5.0};
  const std::vector<SpawnColumn> columns{
      {kPosition, reinterpret_cast<const std::byte*>(corner.data()), 16}};
  CHECK_NOTHROW(simulation->spawn({kAnimal}, 1, columns));
}

TEST_CASE("components are attached to many with values of their own, and detached again") {
  for (const std::uint32_t ranks : {1u, 3u}) {
    const auto simulation = make(empty_zoo(grid({6.0, 5.0, 0.0}, true)), {ranks, 1, false});
    const bw::Digest before = simulation->digest();
    const std::vector<EntityId> ids{40, 7, 12};
    const std::vector<double> strengths{4.0, 0.7, 1.2};
    const std::vector<SpawnColumn> columns{
        {kStrength, reinterpret_cast<const std::byte*>(strengths.data()), 8}};
    simulation->attach(ids, kHunter, columns);
    const std::map<EntityId, double> wanted{{40, 4.0}, {7, 0.7}, {12, 1.2}};
    CHECK(values_of<double>(*simulation, kStrength) == wanted);
    const std::vector<EntityId> all{12, 7, 40};
    simulation->detach(all, kHunter);
    CHECK(simulation->digest() == before);
  }
}

// Ids of the zoo's animals, 1 .. 60, so many times over that blocks of them are moved before a
// mistake is found.
TEST_CASE("a change of components with a mistake in it changes nothing") {
  for (const std::uint32_t ranks : {1u, 3u}) {
    Zoo zoo = empty_zoo(no_space());
    const auto simulation = make(zoo, {ranks, 1, false});
    simulation->spawn({kAnimal}, 5000, {});
    const std::vector<EntityId> hunters{3000};
    simulation->attach(hunters, kHunter, {});
    std::vector<EntityId> many;
    for (EntityId id = 1; id <= 5060; ++id) {
      many.push_back(id == 3000 ? 1 : id);
    }
    const auto with = [&](EntityId id) {
      std::vector<EntityId> ids(many.begin() + 1, many.end());
      ids[2998] = 1;
      ids.push_back(id);
      return ids;
    };
    const bw::Digest before = simulation->digest();
    const std::array<std::pair<EntityId, const char*>, 4> wrong{{{9999, "no entity 9999"},
                                                                 {17, "17 is named twice"},
                                                                 {5060, "5060 is named twice"},
                                                                 {3000, "3000 has"}}};
    for (const auto& [id, said] : wrong) {
      CAPTURE(id);
      CHECK_THROWS_WITH_AS(simulation->attach(with(id), kHunter, {}), doctest::Contains(said),
                           bw::UserError);
      CHECK(simulation->digest() == before);
      CHECK(simulation->count(kHunter) == 1);
      CHECK(simulation->components_of(4711) == bw::Archetype{kAnimal});
    }
    CHECK_THROWS_AS(simulation->detach(many, kHunter), bw::UserError);
    CHECK_THROWS_WITH_AS(simulation->detach(std::vector<EntityId>{5}, kAnimal),
                         doctest::Contains("despawn"), bw::UserError);
    CHECK(simulation->digest() == before);
    std::vector<EntityId> rest = with(2);
    rest.pop_back();
    simulation->attach(rest, kHunter, {});
    CHECK(simulation->count(kHunter) == 5060);
    simulation->detach(rest, kHunter);
    CHECK(simulation->digest() == before);
    simulation->run(2, {});
  }
}

TEST_CASE("entities without any component are state that can be taken in again") {
  Zoo zoo = empty_zoo(no_space());
  const auto simulation = make(zoo, {2, 1, false});
  simulation->spawn({}, 2, {});
  CHECK(simulation->population() == 62);
  const SavedState state(*simulation);
  const auto other = make(zoo, {3, 1, false});
  other->load(state.sections());
  CHECK(other->digest() == simulation->digest());
  CHECK(other->population() == 62);
}

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

// --- errors -------------------------------------------------------------------------------------

constexpr EntityId kVictim = 37;

template <class Act>
std::int32_t act_on_victim(bw_call* call, std::int64_t begin, std::int64_t end, Act&& act) {
  for (std::int64_t i = begin; i < end; ++i) {
    const std::int64_t row = call->order != nullptr ? call->order[i] : i;
    if (call->ids[row] == kVictim && call->tick == 2 && act(row) != BW_OK) {
      call->failed_row = row;
      return BW_FAILED;
    }
    if (call->services->commit(call, row) != BW_OK) {
      call->failed_row = row;
      return BW_FAILED;
    }
  }
  return BW_OK;
}

// The error of a world in which one entity does wrong in tick 2, the same on any ranks and threads.
std::string error_of(const Zoo& zoo, bw_kernel kernel, bool sequential = false,
                     bool check_values = false) {
  std::set<std::string> messages;
  for (const std::uint32_t ranks : {1u, 3u}) {
    for (const int threads : {1, 2}) {
      if (sequential && ranks > 1) {
        continue;
      }
      const auto simulation =
          with_kernel(zoo, kernel, {ranks, threads, check_values}, [&](bw::Behavior& b) {
            b.sequential = sequential;
            b.spawns = {{{kAnimal}, {kPosition}}};
            b.deposits = {kScent};
          });
      try {
        simulation->run(5, {});
        messages.insert("no error");
      } catch (const bw::RunError& error) {
        messages.insert(error.what());
        CHECK(error.behavior() == "tested");
        CHECK((error.entity_id() == kVictim || error.entity_id() == bw::kNoEntity));
        CHECK(error.tick() == 2);
        CHECK(error.code() == BW_FAILED);
      }
    }
  }
  CHECK(messages.size() == 1);
  return *messages.begin();
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a kernel that fails is an error with behavior, entity and tick") {
  const bw_kernel failing = [](bw_call* call, std::int64_t begin,
                               std::int64_t end) -> std::int32_t {
    return act_on_victim(call, begin, end, [&](std::int64_t) { return BW_FAILED; });
  };
  for (const bool sequential : {false, true}) {
    CHECK(error_of(empty_zoo(grid({9.0, 9.0, 0.0}, true)), failing, sequential) ==
          "behavior 'tested' failed at entity 37, tick 2");
  }
}

TEST_CASE(
    "leaving a bounded world, or going to a place that is not a number, is an error at that "
    "entity") {
  const bw_kernel leaving = [](bw_call* call, std::int64_t begin,
                               std::int64_t end) -> std::int32_t {
    return act_on_victim(call, begin, end, [&](std::int64_t row) {
      write_place(call, bytes_at(call, 0, row), {3.0, 77.0, 0.0});
      return BW_OK;
    });
  };
  const bw_kernel lost = [](bw_call* call, std::int64_t begin, std::int64_t end) -> std::int32_t {
    return act_on_victim(call, begin, end, [&](std::int64_t row) {
      write_place(call, bytes_at(call, 0, row),
                  {3.0, std::numeric_limits<double>::quiet_NaN(), 0.0});
      return BW_OK;
    });
  };
  for (const bool sequential : {false, true}) {
    for (const bw::Domain& domain :
         {grid({9.0, 9.0, 0.0}, false), continuous({9.0, 9.0, 0.0}, false)}) {
      const std::string error = error_of(empty_zoo(domain), leaving, sequential);
      CHECK(says(error, "'tested' failed at entity 37, tick 2: it left the bounded world"));
      CHECK(says(error, "axis y"));
    }
    CHECK(error_of(empty_zoo(grid({9.0, 9.0, 0.0}, true)), leaving, sequential) == "no error");
    CHECK(says(error_of(empty_zoo(continuous({9.0, 9.0, 0.0}, true)), lost, sequential),
               "position is not finite"));
  }
}

TEST_CASE(
    "a birth beyond a hard edge is an error at its parent; beyond a periodic edge it comes in on "
    "the other side") {
  const bw_kernel bearing = [](bw_call* call, std::int64_t begin,
                               std::int64_t end) -> std::int32_t {
    return act_on_victim(call, begin, end, [&](std::int64_t row) {
      write_place(call, call->services->spawn(call, 0, row), {10.0, -1.0, 0.0});
      return BW_OK;
    });
  };
  for (const bool sequential : {false, true}) {
    CHECK(says(error_of(empty_zoo(grid({9.0, 9.0, 0.0}, false)), bearing, sequential),
               "failed at entity 37, tick 2: it made an entity whose place is wrong: it left the "
               "bounded world"));
  }
  for (const bw::Domain& domain :
       {grid({9.0, 9.0, 0.0}, true), continuous({9.0, 9.0, 0.0}, true)}) {
    for (const std::uint32_t ranks : {1u, 3u}) {
      const auto simulation =
          with_kernel(empty_zoo(domain), bearing, {ranks, 1, false},
                      [](bw::Behavior& b) { b.spawns = {{{kAnimal}, {kPosition}}}; });
      simulation->run(4, {});
      REQUIRE(simulation->population() == 61);
      if (domain.integral()) {
        const auto places = values_of<std::array<std::int32_t, 2>>(*simulation, kPosition);
        CHECK(places.rbegin()->second == std::array<std::int32_t, 2>{1, 8});
      } else {
        const auto places = values_of<std::array<double, 2>>(*simulation, kPosition);
        CHECK(places.rbegin()->second == std::array<double, 2>{1.0, 8.0});
      }
    }
  }
}

TEST_CASE("a deposit that is not a number, or too large to be summed, is an error") {
  const bw_kernel pouring = [](bw_call* call, std::int64_t begin,
                               std::int64_t end) -> std::int32_t {
    return act_on_victim(call, begin, end, [&](std::int64_t) {
      const std::array<double, 3> place{1.0, 1.0, 0.0};
      call->services->deposit(call, 0, place.data(), std::numeric_limits<double>::infinity());
      return BW_OK;
    });
  };
  const bw_kernel flooding = [](bw_call* call, std::int64_t begin,
                                std::int64_t end) -> std::int32_t {
    return act_on_victim(call, begin, end, [&](std::int64_t) {
      const std::array<double, 3> place{1.0, 1.0, 0.0};
      call->services->deposit(call, 0, place.data(), 1e10);
      return BW_OK;
    });
  };
  for (const bool sequential : {false, true}) {
    CHECK(says(error_of(empty_zoo(grid({9.0, 9.0, 0.0}, true)), pouring, sequential),
               "tick 2: it deposited inf"));
    CHECK(says(error_of(empty_zoo(grid({9.0, 9.0, 0.0}, true)), flooding, sequential),
               "it deposited 10000000000"));
  }
}

TEST_CASE("where values are checked, the first number that is not finite is an error") {
  const bw_kernel dividing = [](bw_call* call, std::int64_t begin,
                                std::int64_t end) -> std::int32_t {
    return act_on_victim(call, begin, end, [&](std::int64_t row) {
      at<double>(call, 1, row) = std::numeric_limits<double>::quiet_NaN();
      return BW_OK;
    });
  };
  const Zoo zoo = empty_zoo(grid({9.0, 9.0, 0.0}, true));
  for (const bool sequential : {false, true}) {
    CHECK(says(error_of(zoo, dividing, sequential, true),
               "failed at entity 37, tick 2: it wrote nan to Animal.energy"));
    CHECK(error_of(zoo, dividing, sequential, false) == "no error");
  }
}

TEST_CASE(
    "a world that failed in the middle of a tick does not go on, but takes in a state and then "
    "does") {
  const bw_kernel failing = [](bw_call* call, std::int64_t begin,
                               std::int64_t end) -> std::int32_t {
    for (std::int64_t row = begin; row < end; ++row) {
      call->services->despawn(call, row);  // ordered, and never carried out
    }
    return act_on_victim(call, begin, end, [&](std::int64_t) { return BW_FAILED; });
  };
  const Zoo zoo = empty_zoo(grid({9.0, 9.0, 0.0}, true));
  const auto simulation =
      with_kernel(zoo, failing, {1, 1, false}, [](bw::Behavior& b) { b.trigger.at = {2}; });
  const SavedState state(*simulation);
  simulation->run(2, {});
  CHECK_THROWS_AS(simulation->run(1, {}), bw::RunError);
  CHECK_THROWS_AS(simulation->run(1, {}), bw::UserError);
  CHECK(simulation->tick() == 2);
  simulation->load(state.sections());
  CHECK(simulation->tick() == 0);
  CHECK(simulation->run(2, {}) == 2);
  CHECK(simulation->population() == 60);
}

TEST_CASE("the end of a cell cannot be ordered") {
  Zoo zoo = empty_zoo(grid({4.0, 4.0, 0.0}, true));
  const bw_kernel ending = [](bw_call* call, std::int64_t begin, std::int64_t) -> std::int32_t {
    call->services->despawn(call, begin);
    return BW_OK;
  };
  const auto simulation = with_kernel(zoo, ending, {1, 1, false}, [](bw::Behavior& b) {
    b.of_cells = true;
    b.components = {kGrass};
    b.columns = {{kScent, true, true}};
  });
  CHECK_THROWS_AS(simulation->run(1, {}), bw::RunError);
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
  refused(zoo, [&](bw::ModelSpec& m) { first(m).sequential = true; }, 2, "runs on one rank only");
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

// --- cells that hold one agent ------------------------------------------------------------------

TEST_CASE("on an exclusive grid no cell ever holds two agents, whatever they want") {
  std::set<EntityId> born;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    bw::RandomStream draw(seed, 4, 0);
    Zoo zoo;
    zoo.seed = seed;
    zoo.domain =
        grid({static_cast<double>(6 + draw.integers(8)), 7.0, 0.0}, draw.integers(2) == 0, true);
    zoo.animals = static_cast<std::size_t>(zoo.domain.size[0] * 7.0 / 2.0) - 2;
    zoo.parameters.birth = draw.integers(2) == 0 ? 0.6 : 0.1;
    zoo.parameters.death = 0.15;
    zoo.phases = {{"settle_down"}, {"breed_apart"}, {"roam"}};
    zoo.sequential = draw.integers(4) == 0;
    if (zoo.sequential) {
      zoo.phases = {{"breed_apart"}};
    }
    const auto simulation = make(
        zoo, {zoo.sequential ? 1u : static_cast<std::uint32_t>(1 + draw.integers(3)), 1, false});
    for (int tick = 0; tick < 20; ++tick) {
      simulation->run(1, {});
      const auto places = values_of<std::array<std::int32_t, 2>>(*simulation, kPosition);
      std::set<std::array<std::int32_t, 2>> cells;
      for (const auto& [id, cell] : places) {
        CHECK(cells.insert(cell).second);
        born.insert(bw::birth_tile(id) != bw::kWorldTile ? id : 0);
      }
    }
  }
  CHECK(born.size() > 200);
}

TEST_CASE("on a grid for any number of agents an empty cell is one without agents, live or not") {
  const bw_kernel jumping = [](bw_call* call, std::int64_t begin,
                               std::int64_t end) -> std::int32_t {
    return for_rows(call, begin, end, [&](std::int64_t row) {
      bw::RandomStream draw = stream_of(call, row);
      at<double>(call, 1, row) = call->services->random_empty(call, draw.word()) == 0
                                     ? 1.0 + call->place[0] + 100.0 * call->place[1]
                                     : 0.0;
      return BW_OK;
    });
  };
  for (const bool sequential : {false, true}) {
    Zoo zoo = empty_zoo(grid({9.0, 9.0, 0.0}, true));
    const auto simulation = with_kernel(zoo, jumping, {1, 1, false}, [&](bw::Behavior& b) {
      b.draws_empty_cells = true;
      b.sequential = sequential;
      b.columns[0].writes = false;
    });
    simulation->run(1, {});
    std::set<double> taken;
    for (const auto& [id, cell] : values_of<std::array<std::int32_t, 2>>(*simulation, kPosition)) {
      taken.insert(1.0 + cell[0] + 100.0 * cell[1]);
    }
    for (const auto& [id, drawn] : values_of<double>(*simulation, kEnergy)) {
      CHECK(drawn > 0.0);
      CHECK_FALSE(taken.contains(drawn));
    }
  }
}

TEST_CASE(
    "a birth that finds no free cell does not happen, and those that do are numbered without a "
    "gap") {
  const bw_kernel crowding = [](bw_call* call, std::int64_t begin,
                                std::int64_t end) -> std::int32_t {
    for (std::int64_t row = begin; row < end; ++row) {
      // Everyone wants its two children in the same two cells.
      write_place(call, call->services->spawn(call, 0, row), {8.0, 8.0, 0.0});
      write_place(call, call->services->spawn(call, 0, row), {8.0, 7.0, 0.0});
    }
    return BW_OK;
  };
  std::set<std::string> digests;
  for (const std::uint32_t ranks : {1u, 3u}) {
    Zoo zoo = empty_zoo(grid({9.0, 9.0, 0.0}, true, true));
    zoo.animals = 20;
    const auto simulation = with_kernel(zoo, crowding, {ranks, 1, false}, [](bw::Behavior& b) {
      b.spawns = {{{kAnimal}, {kPosition}}};
      b.columns[0].writes = false;
    });
    simulation->run(2, {});
    CHECK(simulation->population() == 22);
    const auto places = values_of<std::array<std::int32_t, 2>>(*simulation, kPosition);
    std::set<std::uint64_t> counters;
    for (const auto& [id, cell] : places) {
      if (bw::birth_tile(id) != bw::kWorldTile) {
        counters.insert(bw::birth_counter(id));
      }
    }
    CHECK(*counters.rbegin() <= 2);
    digests.insert(simulation->digest().hex());
  }
  CHECK(digests.size() == 1);
}

}  // namespace
