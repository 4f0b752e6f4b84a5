// sequential.cpp: tests of agents that act one after another: in which order, what they see, what
// they get.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "base/errors.hpp"
#include "base/hash.hpp"
#include "engine/simulation.hpp"
#include "schedule/activation.hpp"
#include "zoo.hpp"

namespace {

using namespace bw::engine_tests;
using bw::EntityId;
using bw::Simulation;

// What kernels note while they run; sequential behaviors run in one thread.
std::vector<EntityId> noted;

std::map<EntityId, double> energies_of(const Simulation& simulation) {
  std::map<EntityId, double> energies;
  const bw::Store& store = simulation.local_ranks().front()->store;
  for (std::uint32_t t = 0; t < store.table_count(); ++t) {
    const bw::Table& table = store.table(t);
    const auto column = table.find_column(kEnergy);
    for (std::size_t row = 0; column && row < table.size(); ++row) {
      std::memcpy(&energies[table.ids()[row]], table.column(*column).at(row), sizeof(double));
    }
  }
  return energies;
}

template <class T>
std::map<EntityId, std::array<T, 2>> places_of(const Simulation& simulation) {
  std::map<EntityId, std::array<T, 2>> places;
  const bw::Store& store = simulation.local_ranks().front()->store;
  for (std::uint32_t t = 0; t < store.table_count(); ++t) {
    const bw::Table& table = store.table(t);
    const auto column = table.find_column(kPosition);
    for (std::size_t row = 0; column && row < table.size(); ++row) {
      std::memcpy(places[table.ids()[row]].data(), table.column(*column).at(row), 2 * sizeof(T));
    }
  }
  return places;
}

std::unique_ptr<Simulation> sequential(const Zoo& zoo, bw_kernel kernel,
                                       const std::function<void(bw::Behavior&)>& adjust = {}) {
  bw::ModelSpec model = model_of(zoo);
  bw::Behavior behavior =
      behavior_of_animals(kernel, {{kPosition, true, true}, {kEnergy, true, true}});
  behavior.name = "tested";
  behavior.rng_key = bw::rng_key(zoo.seed, "tested");
  behavior.sequential = true;
  if (adjust) {
    adjust(behavior);
  }
  model.phases.push_back({{behavior}});
  auto simulation = std::make_unique<Simulation>(std::move(model), bw::RunSpec{1, 2, false});
  fill(*simulation, zoo);
  return simulation;
}

Zoo zoo_on(bw::Domain domain, std::size_t animals, std::uint64_t seed = 1) {
  Zoo zoo;
  zoo.domain = domain;
  zoo.animals = animals;
  zoo.seed = seed;
  return zoo;
}

// Ids in the order of their turns: by random priority, then id.
std::vector<EntityId> turns(const Zoo& zoo, std::int64_t tick, std::vector<EntityId> ids) {
  const std::uint64_t key = bw::rng_key(bw::rng_key(zoo.seed, "tested"), "activation");
  const std::uint64_t word = bw::activation_word(key, tick);
  std::sort(ids.begin(), ids.end(), [&](EntityId a, EntityId b) {
    return std::pair(bw::activation_priority(word, a), a) <
           std::pair(bw::activation_priority(word, b), b);
  });
  return ids;
}

std::vector<EntityId> counted(std::size_t n) {
  std::vector<EntityId> ids;
  for (EntityId id = 1; id <= n; ++id) {
    ids.push_back(id);
  }
  return ids;
}

const bw_kernel kNote = [](bw_call* call, std::int64_t begin, std::int64_t end) -> std::int32_t {
  return for_rows(call, begin, end, [&](std::int64_t row) {
    noted.push_back(call->ids[row]);
    return BW_OK;
  });
};

TEST_CASE(
    "agents act in the order of random priorities, another one every tick, whatever rows they "
    "stand in") {
  const Zoo zoo = zoo_on(grid({30.0, 30.0, 0.0}, true), 5000);
  const auto simulation = sequential(zoo, kNote);
  std::vector<EntityId> before;
  for (std::int64_t tick = 0; tick < 10; ++tick) {
    noted.clear();
    simulation->run(1, {});
    CHECK(noted == turns(zoo, tick, counted(5000)));
    CHECK(noted != before);
    before = noted;
  }
}

TEST_CASE("without shuffling agents act in the order of their ids") {
  const auto simulation = sequential(zoo_on(grid({30.0, 30.0, 0.0}, true), 500), kNote,
                                     [](bw::Behavior& b) { b.shuffle = false; });
  for (int tick = 0; tick < 9; ++tick) {
    noted.clear();
    simulation->run(1, {});
    CHECK(noted == counted(500));
  }
}

// Everyone takes up the mean of what those around have now, and moves.
const bw_kernel kMingle = [](bw_call* call, std::int64_t begin, std::int64_t end) -> std::int32_t {
  return for_rows(call, begin, end, [&](std::int64_t row) {
    const std::int64_t count = call->services->gather(call, 0, row);
    double sum = 1.0;
    for (std::int64_t i = 0; i < count; ++i) {
      sum = std::max(sum, 1.0 + of_other<double>(call, 0, 0, call->hits.slots[i]));
    }
    at<double>(call, 1, row) = sum;
    bw::RandomStream draw = stream_of(call, row);
    char* place = bytes_at(call, 0, row);
    write_place(call, place, stroll(call, read_place(call, place), draw));
    return BW_OK;
  });
};

double way(double from, double to, double length, bool periodic) {
  const double d = std::abs(to - from);
  return periodic ? std::min(d, length - d) : d;
}

TEST_CASE(
    "everyone sees what those before have done, and is seen where it is now, by those after") {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    const bool periodic = seed % 2 == 0;
    Zoo zoo = zoo_on(continuous({12.0, 9.0, 0.0}, periodic), 80, seed);
    zoo.parameters.radius = 1.5;
    const auto simulation =
        sequential(zoo, kMingle, [](bw::Behavior& b) { b.reaches = {reach_of_animals()}; });
    std::map<EntityId, double> energy = energies_of(*simulation);
    auto place = places_of<double>(*simulation);
    for (std::int64_t tick = 0; tick < 5; ++tick) {
      for (const EntityId id : turns(zoo, tick, counted(80))) {
        double most = 1.0;
        for (const auto& [other, at] : place) {
          const double dx = way(place[id][0], at[0], 12.0, periodic);
          const double dy = way(place[id][1], at[1], 9.0, periodic);
          most = other != id && dx * dx + dy * dy <= 1.5 * 1.5 ? std::max(most, 1.0 + energy[other])
                                                               : most;
        }
        energy[id] = most;
        bw::RandomStream draw(bw::rng_key(seed, "tested"), id, tick);
        for (std::size_t a = 0; a < 2; ++a) {
          const double moved = place[id][a] + (2.0 * draw.uniform() - 1.0);
          place[id][a] = periodic ? bw::wrap_coordinate(moved, zoo.domain.size[a])
                                  : std::clamp(moved, 0.0, zoo.domain.size[a]);
        }
      }
      simulation->run(1, {});
      CHECK(energies_of(*simulation) == energy);
      CHECK(places_of<double>(*simulation) == place);
    }
  }
}

TEST_CASE("several tables of those that are looked for are seen live as well") {
  Zoo zoo = zoo_on(grid({8.0, 8.0, 0.0}, true), 60);
  // Animals that are hunters look at all animals, hunters or not.
  const auto simulation = sequential(zoo, kMingle, [](bw::Behavior& b) {
    b.reaches = {reach_of_animals()};
    b.components = {kAnimal, kHunter};
  });
  std::vector<EntityId> hunters;
  for (EntityId id = 1; id <= 60; id += 3) {
    hunters.push_back(id);
  }
  simulation->attach(hunters, kHunter, {});
  std::map<EntityId, double> energy = energies_of(*simulation);
  auto place = places_of<std::int32_t>(*simulation);
  for (const EntityId id : turns(zoo, 0, hunters)) {
    double most = 1.0;
    for (const auto& [other, at] : place) {
      const double dx = way(place[id][0], at[0], 8.0, true);
      const double dy = way(place[id][1], at[1], 8.0, true);
      most = other != id && std::max(dx, dy) <= 1.0 ? std::max(most, 1.0 + energy[other]) : most;
    }
    energy[id] = most;
    bw::RandomStream draw(bw::rng_key(zoo.seed, "tested"), id, 0);
    for (std::size_t a = 0; a < 2; ++a) {
      place[id][a] =
          (place[id][a] + static_cast<std::int32_t>(std::floor(2.0 * draw.uniform() - 0.5)) + 8) %
          8;
    }
  }
  simulation->run(1, {});
  CHECK(energies_of(*simulation) == energy);
  CHECK(places_of<std::int32_t>(*simulation) == place);
}

TEST_CASE("who looks for another kind than its own sees all of them around it, live or not") {
  const bw_kernel weighing = [](bw_call* call, std::int64_t begin,
                                std::int64_t end) -> std::int32_t {
    return for_rows(call, begin, end, [&](std::int64_t row) {
      const std::int64_t count = call->services->gather(call, 0, row);
      double sum = 0.0;
      for (std::int64_t i = 0; i < count; ++i) {
        sum += of_other<double>(call, 0, 0, call->hits.slots[i]);
      }
      at<double>(call, 1, row) = sum;
      return BW_OK;
    });
  };
  for (const bool live : {true, false}) {
    for (const bool on_grid : {true, false}) {
      Zoo zoo =
          zoo_on(on_grid ? grid({8.0, 6.0, 0.0}, true) : continuous({8.0, 6.0, 0.0}, true), 40);
      const auto simulation = sequential(zoo, weighing, [&](bw::Behavior& b) {
        b.reaches = {reach_of_animals()};
        b.reaches[0].component = kRock;
        b.reaches[0].fields = {kMass};
        b.columns[0].writes = false;
        b.sequential = live;
      });
      std::map<std::pair<int, int>, double> rocks;
      for (int i = 0; i < 30; ++i) {
        const std::array<std::int32_t, 2> cell{i * 5 % 8, i * 7 % 6};
        const std::array<double, 2> place{cell[0] + 0.5, cell[1] + 0.5};
        const double mass = 1 << i % 20;
        rocks[{cell[0], cell[1]}] += mass;
        const auto* at = on_grid ? reinterpret_cast<const std::byte*>(&cell)
                                 : reinterpret_cast<const std::byte*>(&place);
        const std::vector<bw::SpawnColumn> columns{
            {kRockPosition, at, 0}, {kMass, reinterpret_cast<const std::byte*>(&mass), 0}};
        simulation->spawn({kRock}, 1, columns);
      }
      const auto total = [&](double x, double y) {
        double sum = 0.0;
        for (const auto& [cell, mass] : rocks) {
          const double dx = way(x, cell.first + (on_grid ? 0.0 : 0.5), 8.0, true);
          const double dy = way(y, cell.second + (on_grid ? 0.0 : 0.5), 6.0, true);
          sum += (on_grid ? std::max(dx, dy) <= 1.0 : dx * dx + dy * dy <= 1.0) ? mass : 0.0;
        }
        return sum;
      };
      simulation->run(1, {});
      const std::map<EntityId, double> felt = energies_of(*simulation);
      REQUIRE(felt.size() == 40);
      for (const auto& [id, sum] : felt) {
        CHECK(sum == (on_grid ? total(places_of<std::int32_t>(*simulation)[id][0],
                                      places_of<std::int32_t>(*simulation)[id][1])
                              : total(places_of<double>(*simulation)[id][0],
                                      places_of<double>(*simulation)[id][1])));
      }
    }
  }
}

TEST_CASE("agents of an exclusive grid find the empty cells as they are now") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    Zoo zoo = zoo_on(grid({8.0, 6.0, 0.0}, seed % 2 == 0, true), 23, seed);
    const bw_kernel jumping = [](bw_call* call, std::int64_t begin,
                                 std::int64_t end) -> std::int32_t {
      return for_rows(call, begin, end, [&](std::int64_t row) {
        bw::RandomStream draw = stream_of(call, row);
        if (draw.uniform() < 0.2) {
          call->services->despawn(call, row);
          call->services->despawn(call, row);
        }
        if (call->services->random_empty(call, draw.word()) == 0) {
          write_place(call, bytes_at(call, 0, row), {call->place[0], call->place[1], 0.0});
        }
        return BW_OK;
      });
    };
    const auto simulation =
        sequential(zoo, jumping, [](bw::Behavior& b) { b.draws_empty_cells = true; });
    for (int tick = 0; tick < 8; ++tick) {
      // A cell that is taken would be an error.
      CHECK(simulation->run(1, {}) == 1);
      std::set<std::array<std::int32_t, 2>> cells;
      for (const auto& [id, cell] : places_of<std::int32_t>(*simulation)) {
        CHECK(cells.insert(cell).second);
      }
    }
  }
}

TEST_CASE("to move onto an occupied cell of an exclusive grid is an error that says so") {
  const bw_kernel crowding = [](bw_call* call, std::int64_t begin,
                                std::int64_t end) -> std::int32_t {
    return for_rows(call, begin, end, [&](std::int64_t row) {
      write_place(call, bytes_at(call, 0, row), {7.0, 5.0, 0.0});
      return BW_OK;
    });
  };
  const auto simulation = sequential(zoo_on(grid({8.0, 6.0, 0.0}, true, true), 5), crowding);
  try {
    simulation->run(1, {});
    CHECK(false);
  } catch (const bw::RunError& error) {
    CHECK(std::string(error.what()).find("it moved onto an occupied cell") != std::string::npos);
  }
}

// Everyone eats one of those at its place.
const bw_kernel kDevour = [](bw_call* call, std::int64_t begin, std::int64_t end) -> std::int32_t {
  return for_rows(call, begin, end, [&](std::int64_t row) {
    noted.push_back(call->ids[row]);
    const auto place = read_place(call, bytes_at(call, 0, row));
    call->services->claim(call, 0, row, place.data(), 1);
    call->services->gather(call, 0, row);
    at<double>(call, 1, row) = static_cast<double>(call->hits.count);
    return BW_OK;
  });
};

TEST_CASE(
    "who eats its own kind is not eaten by itself; the eaten act no more, and are seen no more") {
  for (const bool on_grid : {true, false}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      CAPTURE(seed);
      Zoo zoo = zoo_on(on_grid ? grid({5.0, 4.0, 0.0}, true) : continuous({5.0, 4.0, 0.0}, true),
                       60, seed);
      zoo.lattice = {5, 4, 1};
      zoo.parameters.radius = on_grid ? 1.0 : 1.25;
      const auto simulation = sequential(zoo, kDevour, [](bw::Behavior& b) {
        b.claims = {{std::nullopt, kAnimal, kCaught}};
        b.reaches = {reach_of_animals()};
        b.columns[0].writes = false;
      });
      // A plain model of it: who is eaten is drawn, so it is told by who does not act.
      std::map<EntityId, int> cell;
      const auto reads = [&](const auto& places) {
        for (const auto& [id, at] : places) {
          cell[id] = static_cast<int>(at[0]) + 5 * static_cast<int>(at[1]);
        }
      };
      on_grid ? reads(places_of<std::int32_t>(*simulation)) : reads(places_of<double>(*simulation));
      std::map<int, int> before;
      for (const auto& [id, c] : cell) {
        ++before[c];
      }
      noted.clear();
      simulation->run(1, {});
      const std::map<EntityId, double> seen = energies_of(*simulation);
      CHECK(std::set<EntityId>(noted.begin(), noted.end()).size() == noted.size());
      std::map<int, int> after;
      for (const auto& [id, count] : seen) {
        CHECK(std::find(noted.begin(), noted.end(), id) != noted.end());
        ++after[cell[id]];
      }
      // Everyone eats who acts while there is another one in its cell.
      std::map<int, int> left = before;
      for (const EntityId id : noted) {
        left[cell[id]] -= left[cell[id]] > 1 ? 1 : 0;
      }
      CHECK(after == left);
      CHECK(simulation->population() < 45);
      // The last to act sees the survivors around it, nobody else.
      const auto last = std::find_if(noted.rbegin(), noted.rend(),
                                     [&](EntityId id) { return seen.contains(id); });
      if (on_grid && last == noted.rbegin()) {
        double around = 0.0;
        for (const auto& [c, count] : after) {
          const double dx = way(cell[*last] % 5, c % 5, 5.0, true);
          const double dy = way(cell[*last] / 5, c / 5, 4.0, true);
          around += std::max(dx, dy) <= 1.0 ? count - (c == cell[*last] ? 1 : 0) : 0;
        }
        CHECK(seen.at(*last) == around);
      }
    }
  }
}

TEST_CASE("stock is granted at once, in the order of turns, until there is none") {
  Zoo zoo = zoo_on(grid({3.0, 3.0, 0.0}, true), 50);
  const bw_kernel grazing = [](bw_call* call, std::int64_t begin,
                               std::int64_t end) -> std::int32_t {
    return for_rows(call, begin, end, [&](std::int64_t row) {
      const auto place = read_place(call, bytes_at(call, 0, row));
      call->services->claim(call, 0, row, place.data(), 2);
      at<double>(call, 1, row) = static_cast<double>(at<std::int64_t>(call, 2, row));
      return BW_OK;
    });
  };
  const auto simulation = sequential(zoo, grazing, [](bw::Behavior& b) {
    b.claims = {{kGrown, std::nullopt, kFed}};
    b.columns = {{kPosition, true, false}, {kEnergy, true, true}, {kFed, true, false}};
  });
  std::map<int, std::int64_t> stock;
  const auto& cells = *simulation->local_ranks().front()->cells;
  for (std::uint64_t cell = 0; cell < 9; ++cell) {
    std::memcpy(&stock[static_cast<int>(cell)],
                cells.table().column(0).at(static_cast<std::size_t>(cells.row_of_cell(cell))), 8);
  }
  const auto place = places_of<std::int32_t>(*simulation);
  std::map<EntityId, double> wanted;
  for (const EntityId id : turns(zoo, 0, counted(50))) {
    std::int64_t& left = stock[place.at(id)[0] + 3 * place.at(id)[1]];
    const std::int64_t granted = std::min<std::int64_t>(left, 2);
    left -= granted;
    wanted[id] = static_cast<double>(granted);
  }
  simulation->run(1, {});
  CHECK(energies_of(*simulation) == wanted);
}

TEST_CASE(
    "a sequential world has one digest on any number of threads, also from a saved state on") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    Zoo zoo =
        zoo_on(seed % 2 == 0 ? grid({9.0, 8.0, 0.0}, true) : continuous({9.0, 8.0, 0.0}, false),
               100, seed);
    zoo.lattice = {6, 7, 1};
    zoo.sequential = true;
    zoo.parameters.death = 0.05;
    zoo.phases = {{"wander"}, {"graze"}, {"roam"}, {"turn"}, {"mark"}};
    if (seed % 3 == 0) {
      zoo.phases.pop_back();
      zoo.phases.pop_back();
      zoo.phases.push_back({"diffuse"});
    }
    zoo.phases.erase(
        std::remove(zoo.phases.begin(), zoo.phases.end(), std::vector<std::string>{"turn"}),
        zoo.phases.end());
    const auto one = make(zoo, {1, 1, false});
    one->run(6, {});
    const SavedState state(*one);
    one->run(6, {});
    const auto other = make(zoo, {1, 2, false});
    other->run(12, {});
    CHECK(other->digest() == one->digest());
    const auto continued = make(zoo, {1, 2, false});
    continued->load(state.sections());
    continued->run(6, {});
    CHECK(continued->digest() == one->digest());
  }
}

}  // namespace
