// random_world.hpp: random small worlds for the tests of the space room: shapes, radii and places
// that lie where rounding and edges bite (multiples of the radius, edges of cells and tiles, the
// far edge itself, points beside them).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/ids.hpp"
#include "base/philox.hpp"
#include "space/cell_box.hpp"
#include "space/domain.hpp"
#include "space/neighbor_index.hpp"

namespace bw::space_tests {

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : stream_(seed, 0x7E57, 0) {}

  double real(double low, double high) { return low + (high - low) * stream_.uniform(); }
  std::int64_t whole(std::int64_t low, std::int64_t high) {
    return low +
           static_cast<std::int64_t>(stream_.integers(static_cast<std::uint64_t>(high - low + 1)));
  }
  bool chance(double p) { return stream_.uniform() < p; }
  std::uint64_t word() { return stream_.word(); }
  template <class T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[whole(0, static_cast<std::int64_t>(values.size()) - 1)];
  }

 private:
  RandomStream stream_;
};

inline Domain random_domain(Draw& draw) {
  Domain domain;
  domain.kind = draw.chance(0.5) ? SpaceKind::grid : SpaceKind::continuous;
  domain.dims = draw.chance(0.6) ? 2 : 3;
  domain.periodic = draw.chance(0.5);
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
    domain.size[a] = domain.integral()
                         ? static_cast<double>(draw.one_of({1, 2, 3, 4, 5, 7, 10, 16, 23}))
                         : draw.one_of({0.1, 1.0, 3.0, 7.5, 10.0, 100.0 / 3.0, 1e3}) *
                               draw.one_of({1.0, 1.0, 1.1});
  }
  if (domain.integral() && draw.chance(0.5)) {
    domain.metric = Metric::manhattan;
  } else if (domain.integral() && domain.dims == 2 && draw.chance(0.5)) {
    domain.metric = Metric::hexagonal;
    if (domain.periodic && std::fmod(domain.size[1], 2.0) != 0.0) {
      domain.size[1] += 1.0;  // odd lines have to meet even ones
    }
  }
  return domain;
}

// A radius that the domain takes, often a little below the most that it takes.
inline double random_radius(const Domain& domain, Draw& draw) {
  const auto end = domain.size.begin() + domain.dims;
  const double shortest = *std::min_element(domain.size.begin(), end);
  const double longest = *std::max_element(domain.size.begin(), end);
  if (domain.integral()) {
    const auto most = domain.periodic ? static_cast<std::int64_t>((shortest - 1.0) / 2.0) : 4;
    return static_cast<double>(draw.whole(0, std::min<std::int64_t>(most, 4)));
  }
  const double share = draw.one_of({0.0, 0.001, 0.1, 0.2, 0.25, 1.0 / 3.0, 0.49, 0.4999999999});
  const double radius =
      share * (domain.periodic ? shortest : longest) * draw.one_of({1.0, 1.0, 0.77});
  return radius;
}

inline double beside(double x, Draw& draw) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return draw.one_of({x, x, std::nextafter(x, kInfinity), std::nextafter(x, -kInfinity)});
}

// A coordinate of the domain: anywhere, or at (or just beside) a place where something changes.
inline double random_coordinate(const Domain& domain, std::size_t axis, double radius, Draw& draw) {
  const double length = domain.size[axis];
  if (domain.integral()) {
    return static_cast<double>(draw.whole(0, static_cast<std::int64_t>(length) - 1));
  }
  double x = draw.real(0.0, length);
  switch (draw.whole(0, 4)) {
    case 0:
      x = beside(radius * static_cast<double>(draw.whole(0, 6)), draw);
      break;
    case 1:
      x = beside(length * static_cast<double>(draw.whole(0, 12)) / 12.0, draw);
      break;
    case 2:
      x = beside(length - radius * static_cast<double>(draw.whole(0, 3)), draw);
      break;
    default:
      break;
  }
  const double last = domain.periodic ? std::nextafter(length, 0.0) : length;
  return std::clamp(x, 0.0, last);
}

inline Place random_place(const Domain& domain, double radius, Draw& draw) {
  Place place{};
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
    place[a] = random_coordinate(domain, a, radius, draw);
  }
  return place;
}

// Agents with distinct ids in random order, their places as a column, and one more column that
// names them.
struct Agents {
  std::vector<EntityId> ids;
  std::vector<Place> places;

  std::size_t size() const { return ids.size(); }
};

inline Agents random_agents(const Domain& domain, double radius, std::size_t count, Draw& draw) {
  Agents agents;
  for (std::size_t i = 0; i < count; ++i) {
    agents.ids.push_back(make_id(static_cast<TileId>(draw.whole(0, 3)),
                                 16 * i + static_cast<std::uint64_t>(draw.whole(1, 16))));
    agents.places.push_back(random_place(domain, radius, draw));
  }
  for (std::size_t i = count; i > 1; --i) {
    std::swap(
        agents.ids[i - 1],
        agents.ids[static_cast<std::size_t>(draw.whole(0, static_cast<std::int64_t>(i) - 1))]);
  }
  return agents;
}

// The bytes of agents as a table would hold them: places and a value (the id again), with gaps
// between rows.
class SourceBytes {
 public:
  SourceBytes(const Domain& domain, const Agents& agents) : stride_(domain.place_size() + 8 + 4) {
    bytes_.resize(stride_ * agents.size() + 1);
    ids_ = agents.ids;
    for (std::size_t i = 0; i < agents.size(); ++i) {
      std::byte* at = bytes_.data() + i * stride_;
      for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
        const auto cell = static_cast<std::int32_t>(agents.places[i][a]);
        domain.integral()
            ? std::memcpy(at + a * sizeof(cell), &cell, sizeof(cell))
            : std::memcpy(at + a * sizeof(double), &agents.places[i][a], sizeof(double));
      }
      std::memcpy(at + domain.place_size(), &agents.ids[i], sizeof(EntityId));
    }
    source_ = {ids_, {bytes_.data(), stride()}, {{bytes_.data() + domain.place_size(), stride()}}};
  }
  SourceBytes(const SourceBytes&) = delete;
  SourceBytes& operator=(const SourceBytes&) = delete;

  const IndexSource& source() const { return source_; }

 private:
  std::int64_t stride() const { return static_cast<std::int64_t>(stride_); }

  std::size_t stride_;
  std::vector<std::byte> bytes_;
  std::vector<EntityId> ids_;
  IndexSource source_;
};

}  // namespace bw::space_tests
