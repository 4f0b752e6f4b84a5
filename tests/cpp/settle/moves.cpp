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
    Occupancy occupancy;
    occupancy.clear(30);
    std::vector<std::uint32_t> left;
    occupancy.list_empty(left);
    CHECK(left.size() == 30);
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
      std::vector<std::uint32_t> empty;
      occupancy.list_empty(empty);
      occupancy.drop_taken(left);
      CHECK(left == empty);
      CHECK(std::is_sorted(empty.begin(), empty.end()));
      CHECK(std::none_of(empty.begin(), empty.end(), [&](auto cell) { return taken[cell]; }));
      CHECK(empty.size() ==
            static_cast<std::size_t>(std::count(taken.begin(), taken.end(), false)));
    }
  }
}

TEST_CASE("cells that are left are empty again, and a table that is cleared has only empty ones") {
  Occupancy occupancy;
  std::vector<std::uint32_t> empty;
  for (const std::size_t cells : {13u, 5u, 16u}) {
    occupancy.clear(cells);
    for (std::uint64_t cell = 0; cell < cells; ++cell) {
      occupancy.take(cell);
    }
    occupancy.list_empty(empty);
    CHECK(empty.empty());
    occupancy.leave(4);
    occupancy.leave(2);
    occupancy.list_empty(empty);
    CHECK(empty == std::vector<std::uint32_t>{2, 4});
    CHECK(occupancy.settle(std::vector<MoveClaim>{{4, 7, 1}, {3, 1, 2}, {4, 6, 3}}) ==
          std::vector<std::uint8_t>{0, 0, 1});
    occupancy.drop_taken(empty);
    CHECK(empty == std::vector<std::uint32_t>{2});
  }
}

}  // namespace
