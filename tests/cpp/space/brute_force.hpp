// brute_force.hpp: neighbours found by looking at every agent and every image of it: what searches
// are compared with.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <tuple>
#include <vector>

#include "random_world.hpp"

namespace bw::space_tests {

// A neighbour with the bits that a kernel sees of it.
struct Neighbor {
  EntityId id = 0;
  Place offset{};
  double distance2 = 0.0;

  friend bool operator==(const Neighbor&, const Neighbor&) = default;
  friend bool operator<(const Neighbor& a, const Neighbor& b) {
    return std::tie(a.id, a.offset) < std::tie(b.id, b.offset);
  }
};

// Steps between hexagons by cube coordinates: three axes whose sum is 0, and each step changes two.
inline double cube_steps(const Place& a, const Place& b) {
  const auto cube = [](const Place& cell) {
    const double odd = std::abs(std::fmod(cell[1], 2.0));
    const double q = cell[0] - (cell[1] - odd) / 2.0;
    return std::array<double, 3>{q, cell[1], -q - cell[1]};
  };
  double most = 0.0;
  for (std::size_t k = 0; k < 3; ++k) {
    most = std::max(most, std::abs(cube(a)[k] - cube(b)[k]));
  }
  return most;
}

// The squared distance that a search tells of what is an offset away.
inline double distance2_of(const Domain& domain, const Place& center, const Place& offset) {
  if (domain.metric == Metric::hexagonal) {
    const double steps = cube_steps(center, {center[0] + offset[0], center[1] + offset[1], 0.0});
    return steps * steps;
  }
  double distance2 = 0.0;
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
    distance2 = a == 0 ? offset[a] * offset[a] : distance2 + offset[a] * offset[a];
  }
  return distance2;
}

inline bool near_enough(const Domain& domain, const Place& offset, double distance2,
                        double radius) {
  if (domain.metric == Metric::hexagonal) {
    return distance2 <= radius * radius;
  }
  if (!domain.integral()) {
    return distance2 <= radius * radius;
  }
  double widest = 0.0;
  double along_axes = 0.0;
  for (const double d : offset) {
    widest = std::max(widest, std::abs(d));
    along_axes += std::abs(d);
  }
  return domain.metric == Metric::manhattan ? along_axes <= radius : widest <= radius;
}

// All agents within the radius of a place, except the one called `self`, by id. An image of an
// agent stands at its coordinate plus or minus the world's length.
inline std::vector<Neighbor> neighbors_by_force(const Domain& domain, const Agents& agents,
                                                const Place& center, EntityId self, double radius) {
  const int turns = domain.periodic ? 1 : 0;
  const int layers = domain.dims == 3 ? turns : 0;
  std::vector<Neighbor> found;
  for (std::size_t i = 0; i < agents.size(); ++i) {
    for (int z = -layers; z <= layers; ++z) {
      for (int y = -turns; y <= turns; ++y) {
        for (int x = -turns; x <= turns; ++x) {
          const std::array<int, kAxes> turn{x, y, z};
          Neighbor other{agents.ids[i], {}, 0.0};
          for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
            const double image =
                agents.places[i][a] + static_cast<double>(turn[a]) * domain.size[a];
            other.offset[a] = image - center[a];
          }
          other.distance2 = distance2_of(domain, center, other.offset);
          if (other.id != self && near_enough(domain, other.offset, other.distance2, radius)) {
            found.push_back(other);
          }
        }
      }
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace bw::space_tests
