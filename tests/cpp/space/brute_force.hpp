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

inline bool near_enough(const Domain& domain, const Place& offset, double distance2,
                        double radius) {
  if (!domain.integral()) {
    return distance2 <= radius * radius;
  }
  double widest = 0.0;
  double along_axes = 0.0;
  for (const double d : offset) {
    widest = std::max(widest, std::abs(d));
    along_axes += std::abs(d);
  }
  return domain.manhattan ? along_axes <= radius : widest <= radius;
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
            const double square = other.offset[a] * other.offset[a];
            other.distance2 = a == 0 ? square : other.distance2 + square;
          }
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
