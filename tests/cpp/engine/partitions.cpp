// partitions.cpp: tests of the first law on random worlds: the same digest on any number of ranks
// and threads, and across a state that is written on some ranks and taken in on others.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "engine/simulation.hpp"
#include "zoo.hpp"

namespace {

using namespace bw::engine_tests;

using Names = std::vector<std::string>;

Zoo random_zoo(std::uint64_t seed) {
  bw::RandomStream draw(seed, 99, 0);
  const auto one_of = [&](auto... values) {
    const std::array all{values...};
    return all[draw.integers(all.size())];
  };
  Zoo zoo;
  zoo.seed = seed;
  zoo.animals = one_of(std::size_t{1}, std::size_t{40}, std::size_t{150}, std::size_t{300});
  zoo.tiles = one_of(1u, 4u, 9u, 30u, 64u);
  const bool periodic = draw.integers(2) == 0;
  const bool flat = draw.integers(3) != 0;
  const double depth = flat ? 0.0 : one_of(3.0, 4.0, 5.0);
  switch (draw.integers(4)) {
    case 0:
      zoo.domain = no_space();
      break;
    case 1:
      zoo.domain = grid({one_of(5.0, 9.0, 16.0), one_of(4.0, 7.0, 20.0), depth}, periodic, false,
                        draw.integers(2) == 0 ? bw::Metric::manhattan : bw::Metric::chebyshev);
      if (flat && draw.integers(3) == 0) {
        zoo.domain.metric = bw::Metric::hexagonal;
        zoo.domain.size[1] += std::fmod(zoo.domain.size[1], 2.0);
      }
      zoo.parameters.radius = 1.0;
      break;
    case 2: {
      // At most two thirds of the cells are taken at the start.
      zoo.domain = grid({one_of(12.0, 18.0), one_of(11.0, 15.0), flat ? 0.0 : 3.0}, periodic, true);
      const auto cells =
          static_cast<std::size_t>(zoo.domain.size[0] * zoo.domain.size[1] * (flat ? 1.0 : 3.0));
      zoo.animals = std::min(zoo.animals, cells / 2 - 2);
      zoo.parameters.radius = 1.0;
      break;
    }
    default:
      zoo.domain = bw::engine_tests::continuous(
          {one_of(10.0, 12.5, 30.0), one_of(9.0, 1.0 / 0.1, 21.0), 2.0 * depth}, periodic);
      zoo.lattice = {one_of(1, 6, 13), one_of(3, 7, 10), flat ? 1 : 4};
      if (periodic) {  // a reach of 1 over cells needs three of them
        for (std::size_t a = 0; a < (flat ? 2u : 3u); ++a) {
          zoo.lattice[a] = std::max<std::int64_t>(zoo.lattice[a], 3);
        }
      }
      zoo.parameters.radius = one_of(0.5, 1.25, 2.5);
      zoo.parameters.step = one_of(0.3, 2.0, 9.0);
  }
  zoo.parameters.death = one_of(0.0, 0.03, 0.1);
  zoo.parameters.birth = one_of(0.0, 0.04, 0.1);
  return zoo;
}

// Random phases of what the world can have; some behaviors share a phase.
void choose_phases(Zoo& zoo) {
  bw::RandomStream draw(zoo.seed, 98, 0);
  std::vector<Names> all{{"wander"},       {"roam"},
                         {"graze"},        {"hunt"},
                         {"digest_food"},  {"mark"},
                         {"turn"},         {"diffuse"},
                         {"sprout"},       {"look", "diffuse"},
                         {"mark", "turn"}, {"graze", "diffuse"}};
  if (!zoo.domain.exists()) {
    all = {{"fade"}, {"turn"}, {"digest_food"}};
  } else if (zoo.domain.exclusive) {
    all = {{"settle_down"}, {"breed_apart"}, {"graze"},   {"hunt"}, {"digest_food"},
           {"turn"},        {"look"},        {"diffuse"}, {"roam"}, {"settle_down", "turn"}};
  }
  for (std::uint64_t i = 2 + draw.integers(6); i > 0; --i) {
    zoo.phases.push_back(all[draw.integers(all.size())]);
  }
}

std::vector<std::string> digests(bw::Simulation& simulation, int stretches) {
  std::vector<std::string> found;
  for (int i = 0; i < stretches; ++i) {
    simulation.run(8, {});
    found.push_back(simulation.digest().hex());
  }
  return found;
}

std::string described(const Zoo& zoo) {
  std::string text = zoo.domain.exclusive ? "exclusive " : "";
  text += zoo.domain.integral() ? "grid" : zoo.domain.exists() ? "continuous" : "no space";
  text += zoo.domain.periodic ? ", periodic:" : ":";
  for (const Names& phase : zoo.phases) {
    text += " [";
    for (const std::string& name : phase) {
      text += " " + name;
    }
    text += " ]";
  }
  return text + " " + std::to_string(zoo.animals) + " animals, " + std::to_string(zoo.tiles) +
         " tiles";
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
