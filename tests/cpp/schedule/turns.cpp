// Who may act: exactly those whom no unfinished one of an earlier turn is near, by brute force; and
// rounds go on until all have acted, each after all before it that are near.
#include "schedule/turns.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "base/philox.hpp"
#include "schedule/reach.hpp"

namespace {

struct World {
  bw::Domain domain;
  std::vector<std::array<double, 3>> reals;
  std::vector<std::array<std::int32_t, 3>> cells;
  std::vector<std::uint32_t> order;

  bw::PlaceColumn places() const {
    return domain.integral()
               ? bw::PlaceColumn{reinterpret_cast<const std::byte*>(cells.data()), sizeof(cells[0])}
               : bw::PlaceColumn{reinterpret_cast<const std::byte*>(reals.data()),
                                 sizeof(reals[0])};
  }
  bool near(std::uint32_t a, std::uint32_t b, double distance) const {
    return bw::are_within(domain, places().at(domain, a), places().at(domain, b), distance);
  }
};

World world_of(bw::SpaceKind kind, int dims, bool periodic, std::size_t rows, std::uint64_t key) {
  World world;
  world.domain.kind = kind;
  world.domain.dims = dims;
  world.domain.periodic = periodic;
  const std::array<double, 3> sides{23.0, 17.0, 11.0};
  for (std::size_t a = 0; a < static_cast<std::size_t>(dims); ++a) {
    world.domain.size[a] = sides[a];
  }
  for (std::size_t row = 0; row < rows; ++row) {
    std::array<double, 3> at{};
    for (std::size_t a = 0; a < 3; ++a) {
      const std::uint64_t word = bw::random_word(key, row, 0, a);
      at[a] = static_cast<double>(word >> 11) * 0x1p-53 * sides[a];
    }
    world.reals.push_back(at);
    world.cells.push_back({static_cast<std::int32_t>(at[0]), static_cast<std::int32_t>(at[1]),
                           static_cast<std::int32_t>(at[2])});
  }
  world.order.resize(rows);
  std::iota(world.order.begin(), world.order.end(), 0u);
  std::sort(world.order.begin(), world.order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return bw::random_word(key, a, 1, 0) < bw::random_word(key, b, 1, 0);
  });
  return world;
}

// Runs rounds of both parts of the rows, as two ranks that know of all; returns the turns taken.
std::vector<std::uint32_t> run(const World& world, double distance, std::size_t own) {
  bw::Turns one(world.domain, distance, world.places(), world.order, own);
  std::vector<std::uint8_t> done(world.order.size(), 0);
  std::vector<std::uint32_t> taken;
  while (one.left() > 0) {
    const std::span<const std::uint32_t> found = one.next();
    const std::vector<std::uint32_t> ready(found.begin(), found.end());
    // Expected: an own row waits for the unfinished of others, and for own that wait.
    std::vector<std::uint32_t> waiting;
    std::vector<std::uint32_t> expected;
    for (const std::uint32_t row : world.order) {
      if (done[row] != 0) {
        continue;
      }
      const bool waits =
          row >= own || std::any_of(waiting.begin(), waiting.end(), [&](std::uint32_t before) {
            return world.near(row, before, distance);
          });
      (waits ? waiting : expected).push_back(row);
    }
    CHECK(ready == expected);
    for (const std::uint32_t row : ready) {
      one.finish(row);
      done[row] = 1;
      taken.push_back(row);
    }
    // The first of the others acts: nobody of them is before it.
    const auto other = std::find_if(world.order.begin(), world.order.end(), [&](std::uint32_t row) {
      return row >= own && done[row] == 0;
    });
    if (other != world.order.end()) {
      one.finish(*other);
      done[*other] = 1;
      taken.push_back(*other);
    }
  }
  return taken;
}

TEST_CASE("those act whom nobody unfinished of an earlier turn is near") {
  std::uint64_t key = 1;
  for (const bw::SpaceKind kind : {bw::SpaceKind::grid, bw::SpaceKind::continuous}) {
    for (const int dims : {2, 3}) {
      for (const bool periodic : {true, false}) {
        for (const double distance : {0.0, 1.0, 2.0, 5.0, 40.0}) {
          const World world = world_of(kind, dims, periodic, 90, ++key);
          std::vector<std::size_t> turn(90);
          for (std::size_t t = 0; t < 90; ++t) {
            turn[world.order[t]] = t;
          }
          const std::vector<std::uint32_t> taken = run(world, distance, 50);
          for (std::size_t i = 0; i < taken.size(); ++i) {
            for (std::size_t j = 0; j < i; ++j) {
              CHECK((!world.near(taken[i], taken[j], distance) || turn[taken[j]] < turn[taken[i]]));
            }
          }
        }
      }
    }
  }
}

TEST_CASE("nobody acts from the turn on at which somebody failed") {
  const World world = world_of(bw::SpaceKind::grid, 2, true, 60, 77);
  bw::Turns turns(world.domain, 0.0, world.places(), world.order, 60);
  turns.stop_at(world.order[40]);
  turns.stop_at(world.order[50]);
  for (const std::uint32_t row : turns.next()) {
    CHECK(std::find(world.order.begin(), world.order.end(), row) - world.order.begin() < 40);
  }
}

}  // namespace
