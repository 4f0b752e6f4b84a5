// live_index.cpp: tests of the live index against brute force while agents move and leave, and of
// its variants against each other.
#include "space/live_index.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "base/cpu.hpp"
#include "brute_force.hpp"
#include "random_world.hpp"

namespace {

using bw::Domain;
using bw::Hits;
using bw::IndexSource;
using bw::LiveIndex;
using bw::Place;
using bw::Simd;
using bw::space_tests::Agents;
using bw::space_tests::Draw;
using bw::space_tests::SourceBytes;

constexpr std::uint32_t kNobody = ~std::uint32_t{0};

struct Found {
  std::uint32_t item;
  Place offset;
  double distance2;

  friend bool operator==(const Found&, const Found&) = default;
};

struct World {
  Domain domain;
  double radius;
  Agents agents;
  std::vector<std::optional<Place>> places;  // now
};

World random_world(Draw& draw) {
  World world;
  do {
    world.domain = bw::space_tests::random_domain(draw);
  } while (world.domain.integral());
  world.radius = bw::space_tests::random_radius(world.domain, draw);
  const auto count = static_cast<std::size_t>(draw.one_of({1, 3, 10, 40, 120}));
  world.agents = bw::space_tests::random_agents(world.domain, world.radius, count, draw);
  world.places.assign(world.agents.places.begin(), world.agents.places.end());
  return world;
}

std::vector<Found> found_by_force(const World& world, const Place& center, std::uint32_t self) {
  std::vector<Found> found;
  for (std::uint32_t item = 0; item < world.places.size(); ++item) {
    if (!world.places[item] || item == self) {
      continue;
    }
    Found other{item, {}, 0.0};
    for (std::size_t a = 0; a < static_cast<std::size_t>(world.domain.dims); ++a) {
      const double length = world.domain.size[a];
      double d = (*world.places[item])[a] - center[a];
      if (world.domain.periodic && std::abs(d) > length / 2) {
        d = d > 0 ? d - length : d + length;
      }
      other.offset[a] = d;
      other.distance2 = a == 0 ? d * d : other.distance2 + d * d;
    }
    if (other.distance2 <= world.radius * world.radius) {
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
  return out;
}

std::vector<Found> by_item(std::vector<Found> found) {
  std::sort(found.begin(), found.end(),
            [](const Found& a, const Found& b) { return a.item < b.item; });
  return found;
}

std::vector<Simd> variants() {
  std::vector<Simd> usable;
  for (const Simd simd : {Simd::kScalar, Simd::kAvx2, Simd::kAvx512}) {
    if (simd <= bw::widest_simd()) {
      usable.push_back(simd);
    }
  }
  return usable;
}

TEST_CASE("while agents move and leave all variants find what brute force finds, in one order") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    World world = random_world(draw);
    const SourceBytes bytes(world.domain, world.agents);
    const std::vector<IndexSource> sources{bytes.source()};
    std::vector<LiveIndex> indices;
    for (const Simd simd : variants()) {
      indices.emplace_back(world.domain, world.radius, world.agents.size(), sources, simd);
    }
    const auto items = static_cast<std::int64_t>(world.places.size());
    for (int step = 0; step < 120; ++step) {
      const auto item = static_cast<std::uint32_t>(draw.whole(0, items - 1));
      const Place place = bw::space_tests::random_place(world.domain, world.radius, draw);
      const bool leaves = draw.chance(0.05);
      for (LiveIndex& index : indices) {
        if (leaves) {
          index.leave(item);
          index.leave(item);
        } else if (world.places[item]) {
          index.move(item, place);
        }
      }
      if (leaves) {
        world.places[item].reset();
      } else if (world.places[item]) {
        world.places[item] = place;
      }
      const auto asked = static_cast<std::uint32_t>(draw.whole(0, items - 1));
      std::vector<Found> first;
      for (const LiveIndex& index : indices) {
        Hits hits;
        REQUIRE(index.present(asked) == world.places[asked].has_value());
        if (world.places[asked]) {
          CHECK(index.place(asked) == *world.places[asked]);
          index.search(asked, world.radius, hits);
          const std::vector<Found> found = listed(world.domain, hits);
          CHECK(by_item(found) == found_by_force(world, *world.places[asked], asked));
          first = &index == indices.data() ? found : first;
          CHECK(found == first);
        }
        index.search_place(place, world.radius, hits);
        CHECK(by_item(listed(world.domain, hits)) == found_by_force(world, place, kNobody));
      }
    }
  }
}

TEST_CASE("the order of hits follows from ids and moves, not from how items are numbered") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    World world = random_world(draw);
    const std::size_t items = world.places.size();
    World turned = world;
    std::reverse(turned.agents.ids.begin(), turned.agents.ids.end());
    std::reverse(turned.agents.places.begin(), turned.agents.places.end());
    const SourceBytes bytes(world.domain, world.agents);
    const SourceBytes other_bytes(turned.domain, turned.agents);
    LiveIndex one(world.domain, world.radius, items, std::vector<IndexSource>{bytes.source()});
    LiveIndex other(world.domain, world.radius, items,
                    std::vector<IndexSource>{other_bytes.source()});
    const auto renamed = [&](std::uint32_t item) {
      return static_cast<std::uint32_t>(items) - 1 - item;
    };
    Hits hits;
    Hits other_hits;
    for (int step = 0; step < 60; ++step) {
      const auto item =
          static_cast<std::uint32_t>(draw.whole(0, static_cast<std::int64_t>(items) - 1));
      const Place place = bw::space_tests::random_place(world.domain, world.radius, draw);
      one.move(item, place);
      other.move(renamed(item), place);
      one.search(item, world.radius, hits);
      other.search(renamed(item), world.radius, other_hits);
      REQUIRE(hits.count == other_hits.count);
      for (std::size_t i = 0; i < static_cast<std::size_t>(hits.count); ++i) {
        CHECK(hits.slots[i] == renamed(other_hits.slots[i]));
      }
    }
  }
}

}  // namespace
