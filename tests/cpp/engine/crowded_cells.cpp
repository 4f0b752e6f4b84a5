// crowded_cells.cpp: tests of grids whose cells hold one agent, and of cells that are empty.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "base/errors.hpp"
#include "one_behavior.hpp"

namespace {

using namespace bw::engine_tests;
using bw::EntityId;

TEST_CASE("on an exclusive grid no cell ever holds two agents, whatever they want") {
  std::set<EntityId> born;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    bw::RandomStream draw(seed, 4, 0);
    Zoo zoo;
    zoo.seed = seed;
    zoo.domain =
        grid({static_cast<double>(6 + draw.integers(8)), 7.0, 0.0}, draw.integers(2) == 0, true);
    zoo.animals = static_cast<std::size_t>(zoo.domain.size[0] * 7.0 / 2.0) - 2;
    zoo.parameters.birth = draw.integers(2) == 0 ? 0.6 : 0.1;
    zoo.parameters.death = 0.15;
    zoo.phases = {{"settle_down"}, {"breed_apart"}, {"roam"}};
    zoo.sequential = draw.integers(4) == 0;
    if (zoo.sequential) {
      zoo.phases = {{"breed_apart"}};
    }
    const auto simulation = make(
        zoo, {zoo.sequential ? 1u : static_cast<std::uint32_t>(1 + draw.integers(3)), 1, false});
    for (int tick = 0; tick < 20; ++tick) {
      simulation->run(1, {});
      const auto places = values_of<std::array<std::int32_t, 2>>(*simulation, kPosition);
      std::set<std::array<std::int32_t, 2>> cells;
      for (const auto& [id, cell] : places) {
        CHECK(cells.insert(cell).second);
        born.insert(bw::birth_tile(id) != bw::kWorldTile ? id : 0);
      }
    }
  }
  CHECK(born.size() > 200);
}

TEST_CASE("on a grid for any number of agents an empty cell is one without agents, live or not") {
  const bw_kernel jumping = [](bw_call* call, std::int64_t begin,
                               std::int64_t end) -> std::int32_t {
    return for_rows(call, begin, end, [&](std::int64_t row) {
      bw::RandomStream draw = stream_of(call, row);
      at<double>(call, 1, row) = call->services->random_empty(call, draw.word()) == 0
                                     ? 1.0 + call->place[0] + 100.0 * call->place[1]
                                     : 0.0;
      return BW_OK;
    });
  };
  for (const bool sequential : {false, true}) {
    Zoo zoo = empty_zoo(grid({9.0, 9.0, 0.0}, true));
    const auto simulation = with_kernel(zoo, jumping, {1, 1, false}, [&](bw::Behavior& b) {
      b.draws_empty_cells = true;
      b.sequential = sequential;
      b.columns[0].writes = false;
    });
    simulation->run(1, {});
    std::set<double> taken;
    for (const auto& [id, cell] : values_of<std::array<std::int32_t, 2>>(*simulation, kPosition)) {
      taken.insert(1.0 + cell[0] + 100.0 * cell[1]);
    }
    for (const auto& [id, drawn] : values_of<double>(*simulation, kEnergy)) {
      CHECK(drawn > 0.0);
      CHECK_FALSE(taken.contains(drawn));
    }
  }
}

TEST_CASE(
    "a birth that finds no free cell does not happen, and those that do are numbered without a "
    "gap") {
  const bw_kernel crowding = [](bw_call* call, std::int64_t begin,
                                std::int64_t end) -> std::int32_t {
    for (std::int64_t row = begin; row < end; ++row) {
      // Everyone wants its two children in the same two cells.
      write_place(call, call->services->spawn(call, 0, row), {8.0, 8.0, 0.0});
      write_place(call, call->services->spawn(call, 0, row), {8.0, 7.0, 0.0});
    }
    return BW_OK;
  };
  std::set<std::string> digests;
  for (const std::uint32_t ranks : {1u, 3u}) {
    Zoo zoo = empty_zoo(grid({9.0, 9.0, 0.0}, true, true));
    zoo.animals = 20;
    const auto simulation = with_kernel(zoo, crowding, {ranks, 1, false}, [](bw::Behavior& b) {
      b.spawns = {{{kAnimal}, {kPosition}}};
      b.columns[0].writes = false;
    });
    simulation->run(2, {});
    CHECK(simulation->population() == 22);
    const auto places = values_of<std::array<std::int32_t, 2>>(*simulation, kPosition);
    std::set<std::uint64_t> counters;
    for (const auto& [id, cell] : places) {
      if (bw::birth_tile(id) != bw::kWorldTile) {
        counters.insert(bw::birth_counter(id));
      }
    }
    CHECK(*counters.rbegin() <= 2);
    digests.insert(simulation->digest().hex());
  }
  CHECK(digests.size() == 1);
}

}  // namespace
