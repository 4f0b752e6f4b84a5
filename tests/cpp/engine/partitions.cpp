// partitions.cpp: tests of the first law on random worlds: the same digest on any number of ranks
// and threads, and across a state that is written on some ranks and taken in on others.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "engine/simulation.hpp"
#include "random_zoo.hpp"

namespace {

using namespace bw::engine_tests;

std::vector<std::string> digests(bw::Simulation& simulation, int stretches) {
  std::vector<std::string> found;
  for (int i = 0; i < stretches; ++i) {
    simulation.run(8, {});
    found.push_back(simulation.digest().hex());
  }
  return found;
}

TEST_CASE("a world has the same digests on any number of ranks and threads") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    Zoo zoo = random_zoo(seed);
    choose_phases(zoo);
    INFO(described(zoo));
    const auto alone = make(zoo, {1, 1, false});
    const std::vector<std::string> wanted = digests(*alone, 4);
    // All of 1, 2, 3, 5 ranks with 1 and 2 threads, in two shares: each world runs on four of them.
    const std::vector<bw::RunSpec> runs =
        seed % 2 == 0
            ? std::vector<bw::RunSpec>{{1, 2, false}, {2, 1, false}, {3, 2, false}, {5, 1, false}}
            : std::vector<bw::RunSpec>{{1, 2, false}, {2, 2, false}, {3, 1, false}, {5, 2, false}};
    for (const bw::RunSpec& run : runs) {
      CAPTURE(run.ranks);
      CAPTURE(run.threads);
      const auto simulation = make(zoo, run);
      CHECK(simulation->population() == zoo.animals);
      CHECK(digests(*simulation, 4) == wanted);
      CHECK(simulation->population() == alone->population());
    }
  }
}

TEST_CASE("a state written on some ranks and taken in on others goes on to the same digests") {
  for (std::uint64_t seed = 200; seed < 240; ++seed) {
    CAPTURE(seed);
    Zoo zoo = random_zoo(seed);
    choose_phases(zoo);
    INFO(described(zoo));
    bw::RandomStream draw(seed, 97, 0);
    const auto ranks = static_cast<std::uint32_t>(1 + draw.integers(4));
    const auto simulation = make(zoo, {ranks, 1, false});
    simulation->run(9, {});
    const SavedState state(*simulation);
    const bw::Digest at_cut = simulation->digest();
    const std::vector<std::string> wanted = digests(*simulation, 2);
    for (const std::uint32_t other : {1u, 2u, 5u}) {
      CAPTURE(other);
      // What the other simulation was before does not matter.
      Zoo before = zoo;
      before.animals = zoo.animals / 2;
      const auto continued = make(before, {other, 2, false});
      continued->run(3, {});
      continued->load(state.sections());
      CHECK(continued->tick() == 9);
      CHECK(continued->digest() == at_cut);
      CHECK(digests(*continued, 2) == wanted);
    }
  }
}

TEST_CASE("more ranks than tiles leaves some ranks empty and the world as it is") {
  Zoo zoo = random_zoo(7);
  zoo.domain = grid({8.0, 8.0, 0.0}, true);
  zoo.parameters.radius = 0.0;
  zoo.tiles = 4;
  zoo.phases = {{"wander"}, {"roam"}, {"graze"}, {"hunt"}, {"turn"}, {"diffuse"}};
  const auto wanted = digests(*make(zoo, {1, 1, false}), 2);
  CHECK(digests(*make(zoo, {9, 2, false}), 2) == wanted);
}

TEST_CASE("two simulations in one process do not know of each other") {
  Zoo zoo = random_zoo(11);
  choose_phases(zoo);
  Zoo other = random_zoo(12);
  choose_phases(other);
  const auto wanted = digests(*make(zoo, {1, 1, false}), 3);
  const auto one = make(zoo, {2, 1, false});
  const auto interleaved = make(other, {3, 2, false});
  std::vector<std::string> found;
  for (int i = 0; i < 3; ++i) {
    interleaved->run(3, {});
    found.push_back(digests(*one, 1).front());
  }
  CHECK(found == wanted);
}

}  // namespace
