// balance.cpp: tests that where tiles live never changes a result: tiles that go to random ranks
// after each tick, all kinds of partitions, and balancing by measured cost in each tick.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "engine/simulation.hpp"
#include "random_zoo.hpp"

namespace {

using namespace bw::engine_tests;

bw::Partition random_partition(const bw::Simulation& simulation, bw::RandomStream& draw) {
  std::vector<bw::RankId> owners;
  for (std::size_t i = 0; i < simulation.partition().owners().size(); ++i) {
    owners.push_back(static_cast<bw::RankId>(draw.integers(simulation.ranks())));
  }
  return bw::Partition::of(owners, simulation.ranks());
}

std::vector<std::string> digests_by_tick(bw::Simulation& simulation, int ticks) {
  std::vector<std::string> found;
  for (int i = 0; i < ticks; ++i) {
    simulation.run(1, {});
    found.push_back(simulation.digest().hex());
  }
  return found;
}

TEST_CASE("tiles may go to any rank after any tick") {
  for (std::uint64_t seed = 300; seed < 360; ++seed) {
    CAPTURE(seed);
    Zoo zoo = random_zoo(seed);
    choose_phases(zoo);
    INFO(described(zoo));
    const std::vector<std::string> wanted = digests_by_tick(*make(zoo, {1, 1, false}), 9);
    const auto simulation = make(zoo, {2 + static_cast<std::uint32_t>(seed % 3), 2, false});
    bw::RandomStream draw(seed, 96, 0);
    std::vector<std::string> found;
    for (int i = 0; i < 9; ++i) {
      simulation->place_tiles(random_partition(*simulation, draw));
      CHECK(simulation->digest() == simulation->digest());
      found.push_back(digests_by_tick(*simulation, 1).front());
    }
    CHECK(found == wanted);
    if (simulation->partition().owners().size() > 8) {
      CHECK(simulation->tiles_moved() > 8);
    }
  }
}

TEST_CASE("moving tiles alone changes nothing") {
  Zoo zoo;
  zoo.domain = grid({16.0, 12.0, 0.0}, true);
  zoo.parameters.radius = 1.0;
  zoo.parameters.birth = 0.05;
  zoo.phases = {{"wander"}, {"roam"}, {"graze"}, {"diffuse"}};
  const auto simulation = make(zoo, {3, 1, false});
  simulation->run(4, {});
  const bw::Digest before = simulation->digest();
  const std::uint64_t population = simulation->population();
  bw::RandomStream draw(5, 96, 0);
  for (int i = 0; i < 6; ++i) {
    simulation->place_tiles(random_partition(*simulation, draw));
    CHECK(simulation->digest() == before);
    CHECK(simulation->population() == population);
  }
}

TEST_CASE("all kinds of partitions, with tiles that move for the sake of balance in each tick") {
  std::uint64_t moved = 0;
  for (std::uint64_t seed = 400; seed < 440; ++seed) {
    CAPTURE(seed);
    Zoo zoo = random_zoo(seed);
    choose_phases(zoo);
    INFO(described(zoo));
    const std::vector<std::string> wanted = digests_by_tick(*make(zoo, {1, 1, false}), 8);
    for (int kind = 0; kind < 4; ++kind) {
      const bool needs_space = kind == 1 || kind == 2;
      if (needs_space && !zoo.domain.exists()) {
        continue;
      }
      CAPTURE(kind);
      bw::RunSpec run{2 + static_cast<std::uint32_t>((seed + static_cast<std::uint64_t>(kind)) % 3),
                      1 + kind % 2, false};
      run.sharing.kind = static_cast<bw::PartitionKind>(kind);
      run.sharing.balance_every = 1;
      run.sharing.tolerance = 0.0;
      const auto simulation = make(zoo, run);
      CHECK(digests_by_tick(*simulation, 8) == wanted);
      moved += simulation->tiles_moved();
    }
  }
  CHECK(moved > 500);
}

TEST_CASE("a crowd in a corner is shared out by what it costs") {
  Zoo zoo;
  zoo.domain = continuous({64.0, 64.0, 0.0}, false);
  zoo.lattice = {1, 1, 1};
  zoo.animals = 6000;
  zoo.parameters.radius = 1.0;
  zoo.parameters.step = 0.01;
  zoo.phases = {{"look"}};
  zoo.tiles = 256;
  for (int kind = 0; kind < 4; ++kind) {
    CAPTURE(kind);
    bw::RunSpec run{4, 1, false};
    run.sharing.kind = static_cast<bw::PartitionKind>(kind);
    run.sharing.balance_every = 2;
    run.sharing.tolerance = 0.05;
    bw::Simulation simulation(model_of(zoo), run);
    std::vector<double> places;
    for (std::size_t i = 0; i < zoo.animals; ++i) {
      bw::RandomStream draw(1, i + 1, 0);
      places.push_back(24.0 * draw.uniform());
      places.push_back(24.0 * draw.uniform());
    }
    const bw::SpawnColumn column{kPosition, reinterpret_cast<const std::byte*>(places.data()),
                                 2 * sizeof(double)};
    simulation.spawn({kAnimal}, zoo.animals, {&column, 1});
    simulation.run(8, {});
    // All stand in 36 of 256 tiles: blocks would give them to two ranks of four.
    for (const auto& rank : simulation.local_ranks()) {
      CHECK(rank->store.size() > zoo.animals / 8);
    }
  }
}

}  // namespace
