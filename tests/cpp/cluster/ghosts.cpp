// ghosts.cpp: tests that every rank gets all agents that its own can see, and not the whole world.
#include "cluster/ghosts.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "../space/brute_force.hpp"
#include "spread.hpp"

namespace {

using namespace bw::cluster_tests;
using bw::EntityId;
using bw::Place;

std::vector<bw::Ghosts> exchange(Spread& world, const bw::GhostRequest& request,
                                 std::size_t rows_of_raster = 80) {
  bw::Mail mail = world.communicator.empty_mail();
  bw::ThreadPool pool(2);
  for (bw::RankId rank = 0; rank < world.stores.size(); ++rank) {
    bw::Border border(world.domain, world.tiling, world.partition, rank, request.radius,
                      rows_of_raster);
    const std::vector<std::size_t> sent =
        bw::pack_ghosts(pool, world.stores[rank], world.domain, border, request, mail[rank]);
    for (std::size_t to = 0; to < sent.size(); ++to) {
      if (sent[to] == 0) {
        mail[rank][to].clear();  // a message without ghosts may as well not be sent
      }
    }
  }
  mail = world.communicator.exchange("test", std::move(mail));
  std::vector<bw::Ghosts> ghosts;
  for (bw::RankId rank = 0; rank < world.stores.size(); ++rank) {
    std::vector<bw::Reader> readers(mail[rank].begin(), mail[rank].end());
    ghosts.push_back(bw::unpack_ghosts(world.stores[rank], world.domain, request, readers));
    for (const bw::Reader& reader : readers) {
      CHECK(reader.done());
    }
  }
  return ghosts;
}

TEST_CASE(
    "whoever an agent can see is on its rank or among the rank's ghosts, with places and values") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    const bw::Domain domain = bw::space_tests::random_domain(draw);
    const double radius = bw::space_tests::random_radius(domain, draw);
    Spread world(domain, static_cast<std::uint32_t>(draw.whole(1, 40)),
                 static_cast<std::uint32_t>(draw.whole(2, 5)));
    bw::space_tests::Agents agents;
    for (EntityId id = 1; id <= 80; ++id) {
      // Many stand exactly on edges of tiles, or a radius from there.
      Place place = bw::space_tests::random_place(domain, radius, draw);
      if (draw.chance(0.5)) {
        const bw::Region region =
            world.tiling.region(static_cast<bw::TileId>(draw.whole(1, world.tiling.count())));
        for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
          const double beyond = domain.integral() ? 0.0 : draw.one_of({0.0, 0.0, radius, -radius});
          const double x = domain.integral()
                               ? region.low[a]
                               : bw::space_tests::beside(region.low[a] + beyond, draw);
          place[a] = x >= 0.0 && x < domain.size[a] ? x : place[a];
        }
      }
      world.add(world.owner_of(place), id, place, id % 3 == 0);
      agents.ids.push_back(id);
      agents.places.push_back(place);
    }
    const bw::GhostRequest request{kBird, {kName}, radius};
    const std::vector<bw::Ghosts> ghosts =
        exchange(world, request, static_cast<std::size_t>(draw.whole(0, 100'000)));
    for (bw::RankId rank = 0; rank < ghosts.size(); ++rank) {
      const std::set<EntityId> known(ghosts[rank].ids.begin(), ghosts[rank].ids.end());
      CHECK(known.size() == ghosts[rank].ids.size());
      const bw::IndexSource source = ghosts[rank].source(domain, {sizeof(EntityId)});
      for (std::size_t i = 0; i < ghosts[rank].ids.size(); ++i) {
        CHECK(world.owner_of(world.places[source.ids[i]]) != rank);
        CHECK(source.places.at(domain, i) == world.places[source.ids[i]]);
        CHECK(std::memcmp(
                  source.columns[0].data + static_cast<std::int64_t>(i) * source.columns[0].stride,
                  &source.ids[i], 8) == 0);
      }
      for (std::size_t i = 0; i < agents.size(); ++i) {
        if (world.owner_of(agents.places[i]) != rank) {
          continue;
        }
        for (const auto& other : bw::space_tests::neighbors_by_force(
                 domain, agents, agents.places[i], agents.ids[i], radius)) {
          const bool here = world.owner_of(world.places[other.id]) == rank;
          CHECK((here || known.contains(other.id)));
        }
      }
    }
  }
}

TEST_CASE(
    "agents far from a rank's tiles are not its ghosts, and only those of the kind that is asked "
    "for") {
  const bw::Domain domain{bw::SpaceKind::continuous, 2, {100.0, 100.0}, false, false};
  Spread world(domain, 4, 2);
  world.add(0, 1, {10.0, 10.0, 0.0}, false);
  world.add(0, 2, {10.0, 49.5, 0.0}, false);
  world.add(0, 3, {20.0, 49.5, 0.0}, true);
  world.add(1, 4, {10.0, 50.5, 0.0}, true);
  std::vector<bw::Ghosts> ghosts = exchange(world, {kBird, {}, 1.0});
  CHECK(ghosts[1].ids == std::vector<EntityId>{2, 3});
  CHECK(ghosts[0].ids == std::vector<EntityId>{4});
  ghosts = exchange(world, {kNest, {}, 1.0});
  CHECK(ghosts[1].ids == std::vector<EntityId>{3});
}

TEST_CASE(
    "an agent that only rounding brings within reach of another rank's edge is a ghost there") {
  int within = 0;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    bw::Domain domain{
        bw::SpaceKind::continuous, 2, {10.0, draw.real(1.0, 100.0), 0.0}, false, false};
    Spread world(domain, 64, 8);  // each rank has one row of tiles
    const auto row = static_cast<bw::TileId>(draw.whole(1, 6));
    const double edge = world.tiling.region(1 + 8 * row).low[1];
    const double beside = draw.chance(0.5) ? edge : std::nextafter(edge, 0.0);
    // As far from there as rounding may still call within the radius.
    const double radius = draw.real(0.01, 0.5) * domain.size[1];
    const double way = beside == edge ? -radius : radius;
    double far = beside + way;
    for (std::int64_t step = draw.whole(0, 3); step > 0; --step) {
      far = std::nextafter(far, far + way);
    }
    const double d = far - beside;
    if (far < 0.0 || far >= domain.size[1] || d * d > radius * radius) {
      continue;
    }
    const bw::RankId here = world.owner_of({5.0, beside, 0.0});
    const bw::RankId there = world.owner_of({5.0, far, 0.0});
    world.add(here, 1, {5.0, beside, 0.0}, false);
    world.add(there, 2, {5.0, far, 0.0}, false);
    const std::vector<bw::Ghosts> ghosts = exchange(world, {kBird, {}, radius});
    CHECK(ghosts[here].ids == std::vector<EntityId>{2});
    CHECK(ghosts[there].ids == std::vector<EntityId>{1});
    ++within;
  }
  CHECK(within > 500);
}

}  // namespace
