// Empty cells: the k-th is what a plain list says, whatever comes and goes.
#include "space/empty_cells.hpp"

#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "base/philox.hpp"

namespace {

TEST_CASE("the k-th empty cell is that of a plain list, after any comings and goings") {
  bw::EmptyCells empty;
  std::uint64_t draw = 0;
  const auto below = [&](std::uint64_t n) { return bw::random_word(17, 1, 0, draw++) % n; };
  for (const std::size_t cells : {1u, 2u, 63u, 64u, 65u, 1024u, 1025u, 16500u, 300000u, 70u}) {
    std::vector<std::uint32_t> agents(cells, 0);
    std::vector<std::uint64_t> standing;
    empty.clear(cells, bw::EmptyCells::Crowd::any);
    for (std::size_t i = 0; i < cells; ++i) {
      const std::uint64_t cell = below(cells);
      empty.enter(cell);
      ++agents[cell];
      standing.push_back(cell);
    }
    empty.finish();
    for (int round = 0; round < 3; ++round) {
      for (std::size_t i = 0; i < 1 + cells / 3; ++i) {
        const std::size_t who = below(standing.size());
        const std::uint64_t to = below(cells);
        empty.occupy(to);
        ++agents[to];
        empty.vacate(standing[who]);
        --agents[standing[who]];
        standing[who] = to;
      }
      std::vector<std::uint64_t> expected;
      bool alike = true;
      for (std::uint64_t cell = 0; cell < cells; ++cell) {
        alike = alike && empty.taken(cell) == (agents[cell] > 0);
        if (agents[cell] == 0) {
          expected.push_back(cell);
        }
      }
      CHECK(alike);
      REQUIRE(empty.size() == expected.size());
      for (std::uint64_t k = 0; k < expected.size(); ++k) {
        alike = alike && empty.at(k) == expected[k];
      }
      CHECK(alike);
    }
  }
}

TEST_CASE("all cells can be taken, and left again") {
  bw::EmptyCells empty;
  empty.clear(1000, bw::EmptyCells::Crowd::one);
  empty.finish();
  for (std::uint64_t cell = 0; cell < 1000; ++cell) {
    empty.occupy(999 - cell);
  }
  CHECK(empty.size() == 0);
  empty.vacate(500);
  CHECK(empty.size() == 1);
  CHECK(empty.at(0) == 500);
}

}  // namespace
