// divide.cpp: tests of how tiles are shared out: every kind gives each rank its share of what tiles
// cost, and pieces hang together as they should.
#include "cluster/divide.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

#include "../space/random_world.hpp"
#include "cluster/graph_division.hpp"

namespace {

using namespace bw;
using bw::space_tests::Draw;

constexpr PartitionKind kKinds[] = {PartitionKind::blocks, PartitionKind::bisection,
                                    PartitionKind::curve, PartitionKind::graph};

Domain square(double side, bool periodic = false) {
  return {SpaceKind::continuous, 2, {side, side, 0.0}, periodic, false, {}};
}

std::vector<std::uint64_t> random_costs(TileId tiles, std::uint64_t seed) {
  Draw draw(seed);
  std::vector<std::uint64_t> costs;
  for (TileId tile = 0; tile < tiles; ++tile) {
    costs.push_back(static_cast<std::uint64_t>(draw.whole(500, 1499)));
  }
  return costs;
}

Partition divided(PartitionKind kind, const Domain& domain, const Tiling& tiling,
                  const std::vector<std::uint64_t>& costs, std::uint32_t ranks) {
  Sharing sharing;
  sharing.kind = kind;
  return divide(sharing, domain, tiling, costs, touching_tiles(domain, tiling), ranks);
}

TEST_CASE("each kind shares random costs out evenly, and no rank is left without a tile") {
  for (const std::uint32_t ranks : {1u, 2u, 3u, 4u, 7u, 16u}) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      const Domain domain = square(100.0, seed % 2 == 0);
      const Tiling tiling(domain, 400);
      const std::vector<std::uint64_t> costs = random_costs(tiling.count(), seed);
      for (const PartitionKind kind : kKinds) {
        CAPTURE(ranks);
        CAPTURE(static_cast<int>(kind));
        const Partition found = divided(kind, domain, tiling, costs, ranks);
        // 400 tiles of 500 to 1500: a rank of 25 tiles is off by a few tiles at most.
        CHECK(imbalance(found, costs, ranks) < (ranks > 4 ? 0.25 : 0.1));
        for (RankId rank = 0; rank < ranks; ++rank) {
          CHECK(!found.tiles_of(rank).empty());
        }
      }
    }
  }
}

TEST_CASE("beside a tile that costs more than all others little else is done") {
  const Domain domain = square(8.0);
  const Tiling tiling(domain, 64);
  std::vector<std::uint64_t> costs(tiling.count(), 10);
  costs[27] = 100'000;
  for (const PartitionKind kind : kKinds) {
    CAPTURE(static_cast<int>(kind));
    const Partition found = divided(kind, domain, tiling, costs, 2);
    // Lines and boxes cannot leave one tile out of their middle: they leave out a side of it.
    const std::size_t others = found.tiles_of(1 - found.owner(28)).size();
    CHECK(others >= (kind == PartitionKind::graph ? 63u : 24u));
  }
}

TEST_CASE("more ranks than tiles: each tile has a rank, and no rank more than one") {
  const Domain domain = square(8.0);
  const Tiling tiling(domain, 4);
  const std::vector<std::uint64_t> costs(tiling.count(), 1);
  for (const PartitionKind kind : kKinds) {
    CAPTURE(static_cast<int>(kind));
    const Partition found = divided(kind, domain, tiling, costs, 9);
    const std::set<RankId> owners(found.owners().begin(), found.owners().end());
    CHECK(owners.size() == 4);
  }
}

TEST_CASE("pieces of a bisection are boxes") {
  const Domain domain = square(60.0);
  const Tiling tiling(domain, 144);
  const Partition found =
      divided(PartitionKind::bisection, domain, tiling, random_costs(tiling.count(), 3), 5);
  for (RankId rank = 0; rank < 5; ++rank) {
    const std::vector<TileId> tiles = found.tiles_of(rank);
    const Region box = bounding_region(tiling, tiles);
    const double area = (box.high[0] - box.low[0]) * (box.high[1] - box.low[1]);
    CHECK(area == doctest::Approx(25.0 * static_cast<double>(tiles.size())));
  }
}

TEST_CASE("tiles that follow each other on the curve touch each other") {
  // A power of two along each axis: then the Hilbert curve makes no leaps. Equal costs and as many
  // ranks as tiles number the tiles in the order of the curve.
  const auto check = [](const Domain& domain, const Tiling& tiling) {
    const std::vector<std::uint64_t> costs(tiling.count(), 1);
    const Partition found = divided(PartitionKind::curve, domain, tiling, costs, tiling.count());
    for (RankId rank = 0; rank + 1 < tiling.count(); ++rank) {
      const Region one = tiling.region(found.tiles_of(rank).at(0));
      const Region next = tiling.region(found.tiles_of(rank + 1).at(0));
      int axes_apart = 0;
      for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
        axes_apart += one.low[a] != next.low[a] ? 1 : 0;
        CHECK((one.low[a] == next.low[a] || one.high[a] == next.low[a] ||
               next.high[a] == one.low[a]));
      }
      CHECK(axes_apart == 1);
    }
  };
  const Domain flat = square(16.0);
  check(flat, Tiling(flat, 256));
  const Domain deep{SpaceKind::grid, 3, {16.0, 16.0, 16.0}, false, false, {}};
  check(deep, Tiling(deep, 512));
}

TEST_CASE("what exchanges much stays together") {
  // Four groups of ids, shuffled; inside of a group all exchange, between them little.
  const Domain nowhere;
  const Tiling tiling(nowhere, 64);
  const std::vector<std::uint64_t> costs(64, 100);
  const auto group = [](TileId tile) { return tile * 37 % 64 / 16; };
  std::vector<TileTraffic> traffic;
  for (TileId a = 1; a <= 64; ++a) {
    for (TileId b = a + 1; b <= 64; ++b) {
      if (group(a) == group(b) || (a + b) % 13 == 0) {
        traffic.push_back({a, b, group(a) == group(b) ? 50u : 1u});
      }
    }
  }
  Sharing sharing;
  sharing.kind = PartitionKind::graph;
  const Partition found = divide(sharing, nowhere, tiling, costs, traffic, 4);
  for (TileId a = 1; a <= 64; ++a) {
    for (TileId b = a + 1; b <= 64; ++b) {
      CHECK((found.owner(a) == found.owner(b)) == (group(a) == group(b)));
    }
  }
}

TEST_CASE("the tolerance says how uneven a division may be to keep together what exchanges much") {
  // Tiles exchange within one of two groups only; one group costs 13 % more than half of all.
  const Domain nowhere;
  const Tiling tiling(nowhere, 64);
  std::vector<std::uint64_t> costs;
  std::vector<TileTraffic> traffic;
  for (TileId a = 1; a <= 64; ++a) {
    costs.push_back(a % 2 == 0 ? 100 : 130);
    for (TileId b = a + 2; b <= 64; b += 2) {
      traffic.push_back({a, b, 10});
    }
  }
  Sharing sharing;
  sharing.kind = PartitionKind::graph;
  sharing.tolerance = 0.2;
  const Partition together = divide(sharing, nowhere, tiling, costs, traffic, 2);
  CHECK(crossing(together, traffic) == 0);
  CHECK(imbalance(together, costs, 2) == doctest::Approx(0.13).epsilon(0.01));
  sharing.tolerance = 0.05;
  const Partition even = divide(sharing, nowhere, tiling, costs, traffic, 2);
  CHECK(crossing(even, traffic) > 0);
  CHECK(imbalance(even, costs, 2) <= 0.05);
}

TEST_CASE("another library can divide the graph") {
  const Domain domain = square(8.0);
  const Tiling tiling(domain, 64);
  Sharing sharing;
  sharing.kind = PartitionKind::graph;
  sharing.tolerance = 0.25;
  sharing.divider = [](const TileGraph& graph, std::uint32_t parts, double tolerance) {
    CHECK(tolerance == 0.25);
    CHECK(graph.first.back() == static_cast<std::int64_t>(graph.partners.size()));
    CHECK(graph.partners.size() == 2 * 2 * 8 * 7);  // both ends of all sides
    std::vector<RankId> owners(graph.size());
    for (std::size_t v = 0; v < owners.size(); ++v) {
      owners[v] = static_cast<RankId>(v % parts);
    }
    return owners;
  };
  const std::vector<std::uint64_t> costs(64, 1);
  const Partition found = divide(sharing, domain, tiling, costs, touching_tiles(domain, tiling), 3);
  CHECK(found.owner(1) == 0);
  CHECK(found.owner(6) == 2);
}

TEST_CASE("pieces are numbered so that most of them stays where it is") {
  const std::vector<std::uint64_t> costs(6, 10);
  const std::vector<RankId> owners{0, 0, 1, 1, 2, 2};
  const std::vector<RankId> turned{2, 2, 0, 0, 1, 0};
  const Partition before = Partition::of(owners, 3);
  const Partition found = renumbered(Partition::of(turned, 3), before, costs, 3);
  CHECK(std::vector<RankId>(found.owners().begin(), found.owners().end()) ==
        std::vector<RankId>{0, 0, 1, 1, 2, 1});
}

TEST_CASE("tiles around a periodic world touch, each pair once") {
  const Domain domain = square(9.0, true);
  const Tiling tiling(domain, 9);
  const std::vector<TileTraffic> traffic = touching_tiles(domain, tiling);
  CHECK(traffic.size() == 18);
  std::set<std::pair<TileId, TileId>> pairs;
  for (const TileTraffic& one : traffic) {
    CHECK(one.a < one.b);
    pairs.insert({one.a, one.b});
  }
  CHECK(pairs.size() == 18);
}

}  // namespace
