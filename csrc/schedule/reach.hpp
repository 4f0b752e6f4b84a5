// How far two places are from each other along an axis, which is what the declared reach of
// sequential behaviors is about. Nobody is further than that by any other measure of steps or
// distances.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "space/domain.hpp"

namespace bw {

// A distance, and what rounding may add to it where coordinates are reals.
inline double with_rounding(const Domain& domain, double distance) {
  const double longest = *std::max_element(domain.size.begin(), domain.size.end());
  return domain.integral() ? distance : distance * (1.0 + 1e-9) + longest * 1e-12;
}

// Whether two places, perhaps beyond the edge, are within a distance along each axis, by the
// shortest way.
inline bool are_within(const Domain& domain, const Place& a, const Place& b, double distance) {
  for (std::size_t axis = 0; axis < static_cast<std::size_t>(domain.dims); ++axis) {
    const double length = domain.size[axis];
    double d = std::abs(a[axis] - b[axis]);
    if (domain.periodic && d > length / 2) {
      d = std::abs(std::remainder(d, length));
    }
    if (!(d <= distance)) {
      return false;
    }
  }
  return true;
}

}  // namespace bw
