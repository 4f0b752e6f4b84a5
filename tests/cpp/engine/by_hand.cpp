// by_hand.cpp: tests of entities that are made, changed and ended from outside.
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string>

#include "base/errors.hpp"
#include "one_behavior.hpp"

namespace {

using namespace bw::engine_tests;
using bw::EntityId;
using bw::Simulation;
using bw::SpawnColumn;

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

}  // namespace
