// random_zoo.hpp: random worlds of the zoo, for tests of the first law.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "zoo.hpp"

namespace bw::engine_tests {

using Names = std::vector<std::string>;

inline Zoo random_zoo(std::uint64_t seed) {
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
inline void choose_phases(Zoo& zoo) {
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

inline std::string described(const Zoo& zoo) {
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

}  // namespace bw::engine_tests
