// Occupants against brute force: who stands in the cells around a cell, and with which value, told
// by steps and by runs; from the start, and while agents leave and come.
#include "space/occupants.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/errors.hpp"
#include "brute_force.hpp"
#include "random_world.hpp"

namespace {

using bw::Domain;
using bw::Occupants;
using bw::Place;
using bw::space_tests::Draw;

constexpr std::uint32_t kNobody = 0;

// A grid, at most one agent a cell, and a radius that it allows.
struct Town {
  Domain domain;
  double radius = 1.0;
  std::vector<Place> cells;
  std::vector<std::uint32_t> who;  // by cell; tags begin with 1
};

Town random_town(Draw& draw) {
  Town town;
  do {
    town.domain = bw::space_tests::random_domain(draw);
    town.radius = static_cast<double>(draw.whole(0, 5));
  } while (!town.domain.integral() || bw::refuse_radius(town.domain, town.radius));
  town.domain.exclusive = true;
  for (std::int64_t z = 0; z < (town.domain.dims > 2 ? town.domain.cells(2) : 1); ++z) {
    for (std::int64_t y = 0; y < town.domain.cells(1); ++y) {
      for (std::int64_t x = 0; x < town.domain.cells(0); ++x) {
        town.cells.push_back(
            {static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)});
      }
    }
  }
  const double share = draw.real(0.0, 1.0);
  for (std::size_t i = 0; i < town.cells.size(); ++i) {
    town.who.push_back(draw.chance(share) ? static_cast<std::uint32_t>(i + 1) : kNobody);
  }
  return town;
}

// The rows of a table of all agents, and their tags as the one column that is read of others.
struct Rows {
  std::vector<bw::EntityId> ids;
  std::vector<std::int32_t> places;
  std::vector<std::uint32_t> tags;

  explicit Rows(const Town& town) {
    for (std::size_t i = 0; i < town.cells.size(); ++i) {
      if (town.who[i] != kNobody) {
        add(town.domain, town.cells[i], town.who[i]);
      }
    }
  }

  void add(const Domain& domain, const Place& place, std::uint32_t tag) {
    ids.push_back(tag);
    tags.push_back(tag);
    for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
      places.push_back(static_cast<std::int32_t>(place[a]));
    }
  }

  bw::IndexSource source(const Domain& domain) const {
    const auto* tag = reinterpret_cast<const std::byte*>(tags.data());
    return {ids,
            {reinterpret_cast<const std::byte*>(places.data()),
             static_cast<std::int64_t>(domain.place_size())},
            {{tag, sizeof(std::uint32_t)}}};
  }
};

Occupants made(const Town& town) {
  Occupants occupants(town.domain, {sizeof(std::uint32_t)});
  bw::ThreadPool pool(2);
  const Rows rows(town);
  const std::vector<bw::IndexSource> sources{rows.source(town.domain)};
  occupants.build(
      pool,
      bw::grid_box(town.domain, {{}, town.domain.size}, static_cast<std::int64_t>(town.radius)),
      town.radius, sources);
  return occupants;
}

std::vector<std::uint32_t> around_by_force(const Town& town, const Place& center) {
  std::vector<std::uint32_t> found;
  for (std::size_t i = 0; i < town.cells.size(); ++i) {
    Place offset{};
    for (std::size_t a = 0; a < static_cast<std::size_t>(town.domain.dims); ++a) {
      double d = town.cells[i][a] - center[a];
      if (town.domain.periodic && std::abs(d) > town.domain.size[a] / 2) {
        d = d > 0 ? d - town.domain.size[a] : d + town.domain.size[a];
      }
      offset[a] = d;
    }
    const double distance2 = bw::space_tests::distance2_of(town.domain, center, offset);
    if (town.who[i] != kNobody && town.cells[i] != center &&
        bw::space_tests::near_enough(town.domain, offset, distance2, town.radius)) {
      found.push_back(town.who[i]);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::uint32_t tag_at(Occupants& occupants, std::int64_t cell) {
  std::uint32_t tag;
  std::memcpy(&tag, occupants.column(0) + static_cast<std::size_t>(cell) * sizeof(tag),
              sizeof(tag));
  return tag;
}

std::int64_t cell_of(const Occupants& occupants, const Place& place) {
  const bw::CellBox& box = occupants.box();
  return occupants.origin() + static_cast<std::int64_t>(place[0]) +
         static_cast<std::int64_t>(place[1]) * box.line_stride() +
         static_cast<std::int64_t>(place[2]) * (box.dims > 2 ? box.layer_stride() : 0);
}

void check_all(const Town& town, Occupants& occupants) {
  for (const Place& center : town.cells) {
    const bool odd = static_cast<std::int64_t>(center[1]) % 2 != 0;
    const std::int64_t own = cell_of(occupants, center);
    std::vector<std::uint32_t> by_steps;
    for (const std::int64_t step : occupants.neighbors(odd)) {
      if (occupants.occupied()[own + step] != 0) {
        by_steps.push_back(tag_at(occupants, own + step));
      }
    }
    std::vector<std::uint32_t> by_runs;
    for (std::size_t r = 0; r < occupants.runs(odd).size(); ++r) {
      for (std::int64_t k = 0; k < static_cast<std::int64_t>(Occupants::kLanes); ++k) {
        const std::int64_t cell = own + occupants.runs(odd)[r] + k;
        if (((occupants.lanes()[r] >> (8 * k)) & 1) != 0 && occupants.occupied()[cell] != 0) {
          by_runs.push_back(tag_at(occupants, cell));
        }
      }
    }
    REQUIRE(by_runs == by_steps);
    std::sort(by_steps.begin(), by_steps.end());
    REQUIRE(by_steps == around_by_force(town, center));
  }
}

TEST_CASE("occupants: those around any cell, by steps and by runs, are those of brute force") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    Town town = random_town(draw);
    Occupants occupants = made(town);
    check_all(town, occupants);
    for (int round = 0; round < 3; ++round) {
      for (int turn = 0; turn < 20; ++turn) {
        const auto last = static_cast<std::int64_t>(town.cells.size()) - 1;
        const auto from = static_cast<std::size_t>(draw.whole(0, last));
        const auto to = static_cast<std::size_t>(draw.whole(0, last));
        if (town.who[from] == kNobody || town.who[to] != kNobody) {
          continue;
        }
        // It comes with another value than it had.
        town.who[to] = town.who[from] + 1000;
        town.who[from] = kNobody;
        occupants.leave(static_cast<std::uint32_t>(from));
        const auto* tags = reinterpret_cast<const std::byte*>(town.who.data());
        const std::vector<bw::SourceColumn> columns{{tags, sizeof(town.who[to])}};
        occupants.stand(static_cast<std::uint32_t>(to), columns, to);
      }
      check_all(town, occupants);
    }
  }
}

TEST_CASE("occupants: cells tell the bytes of those who stand there, unless one is 255") {
  Town town;
  town.domain.kind = bw::SpaceKind::grid;
  town.domain.dims = 2;
  town.domain.size = {4.0, 3.0, 0.0};
  town.domain.exclusive = true;
  Rows rows(town);
  rows.add(town.domain, {1.0, 2.0, 0.0}, 1);
  rows.add(town.domain, {3.0, 0.0, 0.0}, 2);
  std::vector<std::uint8_t> values{0, 254};
  const auto* data = reinterpret_cast<const std::byte*>(values.data());
  std::vector<bw::IndexSource> sources{rows.source(town.domain)};
  sources.front().columns = {{data, 1}};
  bw::ThreadPool pool(1);
  const auto build = [&](Occupants& occupants) {
    occupants.build(pool, bw::grid_box(town.domain, {{}, town.domain.size}, 1), 1.0, sources);
  };
  Occupants occupants(town.domain, {1}, 0);
  build(occupants);
  const auto told = [&](double x, double y) {
    return int{occupants.occupied()[cell_of(occupants, {x, y, 0.0})]};
  };
  CHECK(occupants.coded() == 0);
  CHECK(told(1.0, 2.0) == 1);
  CHECK(told(3.0, 0.0) == 255);
  CHECK(told(0.0, 0.0) == 0);
  occupants.leave(3);
  occupants.stand(0, sources.front().columns, 1);
  CHECK(told(3.0, 0.0) == 0);
  CHECK(told(0.0, 0.0) == 255);
  values[0] = 255;
  build(occupants);
  CHECK(occupants.coded() == Occupants::kNone);
  CHECK(told(1.0, 2.0) != 0);
  Occupants uncoded(town.domain, {1});
  build(uncoded);
  CHECK(uncoded.coded() == Occupants::kNone);
}

TEST_CASE("occupants: two agents in a cell are refused, and the cell is named") {
  Town town;
  town.domain.kind = bw::SpaceKind::grid;
  town.domain.dims = 2;
  town.domain.size = {5.0, 4.0, 0.0};
  town.domain.exclusive = true;
  Rows rows(town);
  rows.add(town.domain, {1.0, 2.0, 0.0}, 1);
  rows.add(town.domain, {3.0, 2.0, 0.0}, 2);
  rows.add(town.domain, {1.0, 2.0, 0.0}, 3);
  Occupants occupants(town.domain, {sizeof(std::uint32_t)});
  bw::ThreadPool pool(1);
  const std::vector<bw::IndexSource> sources{rows.source(town.domain)};
  CHECK_THROWS_WITH_AS(
      occupants.build(pool, bw::grid_box(town.domain, {{}, town.domain.size}, 1), 1.0, sources),
      doctest::Contains("two agents stand in the cell (1, 2)"), bw::UserError);
}

}  // namespace
