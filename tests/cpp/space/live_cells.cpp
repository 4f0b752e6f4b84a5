// live_cells.cpp: tests of the lists of agents by cell against brute force, while agents enter,
// move and leave.
#include "space/live_cells.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <vector>

#include "brute_force.hpp"
#include "random_world.hpp"

namespace {

using bw::Domain;
using bw::Hits;
using bw::LiveCells;
using bw::Place;
using bw::space_tests::Draw;

using Places = std::vector<std::optional<Place>>;

struct Found {
  std::uint32_t item;
  Place offset;
  double distance2;

  friend bool operator==(const Found&, const Found&) = default;
};

std::vector<Found> found_by_force(const Domain& domain, const Places& places, const Place& center,
                                  std::uint32_t self, double radius) {
  std::vector<Found> found;
  for (std::uint32_t item = 0; item < places.size(); ++item) {
    if (!places[item] || item == self) {
      continue;
    }
    Found other{item, {}, 0.0};
    for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
      double d = (*places[item])[a] - center[a];
      if (domain.periodic && std::abs(d) > domain.size[a] / 2) {
        d = d > 0 ? d - domain.size[a] : d + domain.size[a];
      }
      other.offset[a] = d;
    }
    other.distance2 = bw::space_tests::distance2_of(domain, center, other.offset);
    if (bw::space_tests::near_enough(domain, other.offset, other.distance2, radius)) {
      found.push_back(other);
    }
  }
  return found;
}

std::vector<Found> listed(const Domain& domain, const Hits& hits) {
  std::vector<Found> out;
  for (std::size_t i = 0; i < static_cast<std::size_t>(hits.count); ++i) {
    Found other{hits.slots[i], {}, hits.distance2[i]};
    for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
      other.offset[a] = hits.offset[a][i];
    }
    out.push_back(other);
  }
  std::sort(out.begin(), out.end(), [](const Found& a, const Found& b) { return a.item < b.item; });
  return out;
}

TEST_CASE("after any enters, moves and leaves a search finds what brute force finds") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    const Domain domain = bw::space_tests::random_domain(draw);
    const double radius = bw::space_tests::random_radius(domain, draw);
    const auto items = static_cast<std::uint32_t>(draw.one_of({1, 3, 10, 40}));
    LiveCells cells(domain, radius, items, items);
    Places places(items);
    Hits hits;
    for (int step = 0; step < 120; ++step) {
      const auto item = static_cast<std::uint32_t>(draw.whole(0, items - 1));
      const Place place = bw::space_tests::random_place(domain, radius, draw);
      if (!places[item]) {
        cells.enter(item, place);
        places[item] = place;
      } else if (draw.chance(0.2)) {
        cells.leave(item);
        places[item].reset();
      } else {
        cells.move(item, place);
        places[item] = place;
      }
      CHECK(cells.present(item) == places[item].has_value());
      const auto asked = static_cast<std::uint32_t>(draw.whole(0, items - 1));
      if (places[asked]) {
        CHECK(cells.place(asked) == *places[asked]);
        cells.search(asked, radius, hits);
        CHECK(listed(domain, hits) ==
              found_by_force(domain, places, *places[asked], asked, radius));
      }
      cells.search_place(place, radius, hits);
      CHECK(listed(domain, hits) ==
            found_by_force(domain, places, place, LiveCells::kNone, radius));
    }
  }
}

TEST_CASE("the list of a cell holds the agents that are in it, each once") {
  const Domain domain{bw::SpaceKind::grid, 2, {3.0, 2.0}, true, false};
  LiveCells cells(domain, 1.0, 6, 6);
  for (std::uint32_t item = 0; item < 6; ++item) {
    cells.enter(item, {static_cast<double>(item % 3), 1.0, 0.0});
  }
  cells.move(0, {1.0, 1.0, 0.0});
  cells.leave(4);
  cells.leave(4);
  std::set<std::uint32_t> there;
  for (std::uint32_t item = cells.first(cells.cell_of({1.0, 1.0, 0.0})); item != LiveCells::kNone;
       item = cells.next(item)) {
    CHECK(there.insert(item).second);
  }
  CHECK(there == std::set<std::uint32_t>{0, 1});
}

TEST_CASE(
    "the order of hits follows from who entered and moved when, not from how items are numbered") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    const Domain domain = bw::space_tests::random_domain(draw);
    const double radius = bw::space_tests::random_radius(domain, draw);
    constexpr std::uint32_t kItems = 20;
    std::vector<std::uint32_t> renamed(kItems);
    for (std::uint32_t i = 0; i < kItems; ++i) {
      renamed[i] = (i * 7 + 3) % kItems;
    }
    LiveCells one(domain, radius, kItems, kItems);
    LiveCells other(domain, radius, kItems, kItems);
    const auto both = [&](std::uint32_t item, const Place& place, bool enters) {
      enters ? one.enter(item, place) : one.move(item, place);
      enters ? other.enter(renamed[item], place) : other.move(renamed[item], place);
    };
    for (std::uint32_t item = 0; item < kItems; ++item) {
      both(item, bw::space_tests::random_place(domain, radius, draw), true);
    }
    Hits hits;
    Hits other_hits;
    for (int step = 0; step < 50; ++step) {
      both(static_cast<std::uint32_t>(draw.whole(0, kItems - 1)),
           bw::space_tests::random_place(domain, radius, draw), false);
      const auto asked = static_cast<std::uint32_t>(draw.whole(0, kItems - 1));
      one.search(asked, radius, hits);
      other.search(renamed[asked], radius, other_hits);
      REQUIRE(hits.count == other_hits.count);
      for (std::size_t i = 0; i < static_cast<std::size_t>(hits.count); ++i) {
        CHECK(renamed[hits.slots[i]] == other_hits.slots[i]);
      }
    }
  }
}

}  // namespace
