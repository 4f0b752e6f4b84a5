// Division: how a world's tiles are shared out among ranks, by what they cost and by what they
// exchange. The outcome is a partition; nothing here communicates.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "cluster/partition.hpp"
#include "space/domain.hpp"
#include "space/tiling.hpp"

namespace bw {

enum class PartitionKind : std::uint8_t {
  blocks,     // consecutive tiles; without a space tiles are classes of ids
  bisection,  // the space is halved again and again (Berger, Bokhari 1987)
  curve,      // pieces of a Hilbert curve through the space
  graph,      // what exchanges much stays together
};

// What two tiles exchange, a < b.
struct TileTraffic {
  TileId a = 0;
  TileId b = 0;
  std::uint64_t weight = 0;
};

// Tiles and what they exchange, each tile's partners in a row; vertex v is tile v + 1.
struct TileGraph {
  std::vector<std::int64_t> first;  // by vertex: of its partners; one more at the end
  std::vector<std::int64_t> partners;
  std::vector<std::int64_t> weights;  // of what is exchanged with each
  std::vector<std::int64_t> costs;    // by vertex

  std::size_t size() const { return costs.size(); }
};

// Gives each vertex a part, 0 .. parts - 1, none of which costs much more than the tolerance
// allows.
using GraphDivider =
    std::function<std::vector<RankId>(const TileGraph&, std::uint32_t parts, double tolerance)>;

// How a run shares its tiles out, at the start and while it goes on. Never part of the state.
struct Sharing {
  PartitionKind kind = PartitionKind::blocks;
  std::int64_t balance_every = 0;  // ticks between two looks at what ranks have to do; 0: never
  double tolerance = 0.1;  // the busiest rank may have so much more than the mean, as a share
  GraphDivider divider;    // of another library; without one ours is used
};

// Costs are by tile, from tile 1 on; traffic is ascending, each pair once.
Partition divide(const Sharing& sharing, const Domain& domain, const Tiling& tiling,
                 std::span<const std::uint64_t> costs, std::span<const TileTraffic> traffic,
                 std::uint32_t ranks);

// How much more than the mean the busiest rank has to do, as a share: 0 is even.
double imbalance(const Partition& partition, std::span<const std::uint64_t> costs,
                 std::uint32_t ranks);

// How much of the traffic is between ranks.
std::uint64_t crossing(const Partition& partition, std::span<const TileTraffic> traffic);

// The same pieces, numbered so that as much as possible stays where it is.
Partition renumbered(const Partition& pieces, const Partition& before,
                     std::span<const std::uint64_t> costs, std::uint32_t ranks);

// Tiles that touch exchange what stands at their borders: one unit for each side in common.
std::vector<TileTraffic> touching_tiles(const Domain& domain, const Tiling& tiling);

}  // namespace bw
