// moves.cpp: tests of a round of claims of cells: one winner a cell, the one with the smallest
// (priority, id).
#include "settle/moves.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "base/philox.hpp"

namespace {

using bw::MoveClaim;
using bw::Occupancy;

TEST_CASE(
    "each empty cell goes to the claimant with the smallest priority, then id; taken cells to "
    "nobody") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    bw::RandomStream draw(seed, 1, 0);
    Occupancy occupancy(30);
    std::vector<bool> taken(30);
    for (int i = 0; i < 10; ++i) {
      const std::uint64_t cell = draw.integers(30);
      occupancy.take(cell);
      taken[cell] = true;
    }
    for (int round = 0; round < 3; ++round) {
      std::vector<MoveClaim> claims;
      for (std::uint64_t i = draw.integers(40); i > 0; --i) {
        claims.push_back({draw.integers(30), draw.integers(5), 100 * i + draw.integers(50)});
      }
      std::map<std::uint64_t, std::tuple<std::uint64_t, bw::EntityId>> best;
      for (const MoveClaim& claim : claims) {
        const auto mine = std::tuple(claim.priority, claim.mover);
        const auto [at, first] = best.try_emplace(claim.cell, mine);
        at->second = std::min(at->second, mine);
      }
      const std::vector<std::uint8_t> won = occupancy.settle(claims);
      REQUIRE(won.size() == claims.size());
      for (std::size_t i = 0; i < claims.size(); ++i) {
        const bool first = best[claims[i].cell] == std::tuple(claims[i].priority, claims[i].mover);
        CHECK((won[i] != 0) == (first && !taken[claims[i].cell]));
      }
      for (const auto& [cell, claim] : best) {
        taken[cell] = true;
      }
      for (std::uint64_t cell = 0; cell < 30; ++cell) {
        CHECK(occupancy.taken(cell) == taken[cell]);
      }
      const std::vector<std::uint64_t> empty = occupancy.empty_cells();
      CHECK(std::is_sorted(empty.begin(), empty.end()));
      CHECK(empty.size() ==
            static_cast<std::size_t>(std::count(taken.begin(), taken.end(), false)));
    }
  }
}

}  // namespace
