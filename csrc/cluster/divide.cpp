// Dividing tiles: along lines, by halving the space, and by what they exchange.
#include "cluster/divide.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

#include "base/errors.hpp"
#include "cluster/graph_division.hpp"

namespace bw {
namespace {

using Index = std::array<std::int64_t, kAxes>;

// A cut along a longer axis is taken where no other one is better by more than this share.
constexpr double kWorthAnotherAxis = 0.05;
// Costs of vertices are scaled to this sum, so that libraries can count in 32 bits.
constexpr double kCostsOfAll = 1e9;

// Tiles that cost nothing are shared out too.
double cost_of(std::span<const std::uint64_t> costs, TileId tile) {
  return static_cast<double>(std::max<std::uint64_t>(costs[tile - 1], 1));
}

// Cuts a line of tiles into consecutive pieces of nearly equal cost; each rank has a tile, as long
// as there are enough.
void cut_line(std::span<const TileId> line, std::span<const std::uint64_t> costs,
              std::uint32_t ranks, std::vector<RankId>& owners) {
  double total = 0.0;
  for (const TileId tile : line) {
    total += cost_of(costs, tile);
  }
  double passed = 0.0;
  RankId next = 0;  // the first rank that has no tile yet
  for (std::size_t i = 0; i < line.size(); ++i) {
    const double cost = cost_of(costs, line[i]);
    const auto wanted = static_cast<RankId>(ranks * ((passed + 0.5 * cost) / total));
    const std::size_t left = line.size() - i;
    RankId rank = std::min({wanted, next, ranks - 1});
    if (left <= ranks - std::min<std::size_t>(next, ranks)) {
      rank = std::min(next, ranks - 1);  // the last tiles are for the last ranks
    }
    owners[line[i] - 1] = rank;
    next = rank + 1;
    passed += cost;
  }
}

// Halves a box of tiles again and again, each time between ranks in the proportion of their number.
class Bisection {
 public:
  Bisection(const Domain& domain, const Tiling& tiling, std::span<const std::uint64_t> costs,
            std::vector<RankId>& owners)
      : domain_(&domain), tiling_(&tiling), costs_(costs), owners_(&owners) {}

  void share(const Index& low, const Index& high, RankId first, std::uint32_t ranks) {
    const std::optional<Cut> cut =
        ranks > 1 ? choose_cut(low, high, ranks / 2, ranks - ranks / 2) : std::nullopt;
    if (!cut) {
      for_tiles(low, high, [&](TileId tile, const Index&) { (*owners_)[tile - 1] = first; });
      return;
    }
    Index middle_high = high;
    Index middle_low = low;
    middle_high[cut->axis] = cut->at;
    middle_low[cut->axis] = cut->at;
    share(low, middle_high, first, ranks / 2);
    share(middle_low, high, first + ranks / 2, ranks - ranks / 2);
  }

 private:
  struct Cut {
    std::size_t axis = 0;
    std::int64_t at = 0;
    bool enough = false;  // each rank gets a tile
    double load = 0.0;    // of the busier half, per rank
  };

  template <class Visit>
  void for_tiles(const Index& low, const Index& high, Visit&& visit) const {
    for (std::int64_t z = low[2]; z < high[2]; ++z) {
      for (std::int64_t y = low[1]; y < high[1]; ++y) {
        for (std::int64_t x = low[0]; x < high[0]; ++x) {
          const Index at{x, y, z};
          visit(tiling_->tile_of(at), at);
        }
      }
    }
  }

  std::optional<Cut> choose_cut(const Index& low, const Index& high, std::uint32_t left,
                                std::uint32_t right) const {
    std::array<std::vector<double>, kAxes> slices;
    for (std::size_t a = 0; a < kAxes; ++a) {
      slices[a].assign(static_cast<std::size_t>(high[a] - low[a]), 0.0);
    }
    for_tiles(low, high, [&](TileId tile, const Index& at) {
      for (std::size_t a = 0; a < kAxes; ++a) {
        slices[a][static_cast<std::size_t>(at[a] - low[a])] += cost_of(costs_, tile);
      }
    });
    std::array<std::size_t, kAxes> axes{0, 1, 2};
    std::stable_sort(axes.begin(), axes.end(), [&](std::size_t a, std::size_t b) {
      return length(a, low, high) > length(b, low, high);
    });
    std::optional<Cut> best;
    for (const std::size_t axis : axes) {
      const std::optional<Cut> cut = best_cut(axis, slices[axis], low, high, left, right);
      if (!cut) {
        continue;
      }
      const bool better =
          !best || (cut->enough && !best->enough) ||
          (cut->enough == best->enough && cut->load * (1.0 + kWorthAnotherAxis) < best->load);
      best = better ? cut : best;
    }
    return best;
  }

  double length(std::size_t axis, const Index& low, const Index& high) const {
    return domain_->size[axis] * static_cast<double>(high[axis] - low[axis]) /
           static_cast<double>(tiling_->per_axis()[axis]);
  }

  static std::optional<Cut> best_cut(std::size_t axis, const std::vector<double>& slices,
                                     const Index& low, const Index& high, std::uint32_t left,
                                     std::uint32_t right) {
    std::int64_t tiles_of_slice = 1;
    for (std::size_t a = 0; a < kAxes; ++a) {
      tiles_of_slice *= a == axis ? 1 : high[a] - low[a];
    }
    const double total = std::accumulate(slices.begin(), slices.end(), 0.0);
    std::optional<Cut> best;
    double passed = 0.0;
    for (std::size_t i = 1; i < slices.size(); ++i) {
      passed += slices[i - 1];
      const auto below = static_cast<std::int64_t>(i) * tiles_of_slice;
      const auto above = static_cast<std::int64_t>(slices.size() - i) * tiles_of_slice;
      const Cut cut{axis, low[axis] + static_cast<std::int64_t>(i),
                    below >= std::int64_t{left} && above >= std::int64_t{right},
                    std::max(passed / left, (total - passed) / right)};
      const bool better = !best || (cut.enough && !best->enough) ||
                          (cut.enough == best->enough && cut.load < best->load);
      best = better ? cut : best;
    }
    return best;
  }

  const Domain* domain_;
  const Tiling* tiling_;
  std::span<const std::uint64_t> costs_;
  std::vector<RankId>* owners_;
};

// The place on a Hilbert curve through a cube of 2^bits cells along each of `dims` axes (Skilling
// 2004, doi:10.1063/1.1751381).
std::uint64_t place_on_curve(Index at, std::size_t dims, int bits) {
  const std::int64_t highest = std::int64_t{1} << (bits - 1);
  for (std::int64_t q = highest; q > 1; q >>= 1) {
    for (std::size_t a = 0; a < dims; ++a) {
      if ((at[a] & q) != 0) {
        at[0] ^= q - 1;
      } else {
        const std::int64_t swapped = (at[0] ^ at[a]) & (q - 1);
        at[0] ^= swapped;
        at[a] ^= swapped;
      }
    }
  }
  for (std::size_t a = 1; a < dims; ++a) {
    at[a] ^= at[a - 1];
  }
  std::int64_t turned = 0;
  for (std::int64_t q = highest; q > 1; q >>= 1) {
    turned ^= (at[dims - 1] & q) != 0 ? q - 1 : 0;
  }
  std::uint64_t place = 0;
  for (int bit = bits - 1; bit >= 0; --bit) {
    for (std::size_t a = 0; a < dims; ++a) {
      place = place << 1 | (static_cast<std::uint64_t>((at[a] ^ turned) >> bit) & 1u);
    }
  }
  return place;
}

Index index_of(const Tiling& tiling, TileId tile) {
  const Index& sizes = tiling.per_axis();
  const auto number = static_cast<std::int64_t>(tile) - 1;
  return {number % sizes[0], number / sizes[0] % sizes[1], number / sizes[0] / sizes[1]};
}

std::vector<TileId> along_curve(const Domain& domain, const Tiling& tiling) {
  int bits = 1;
  while (*std::max_element(tiling.per_axis().begin(), tiling.per_axis().end()) > std::int64_t{1}
                                                                                     << bits) {
    ++bits;
  }
  std::vector<std::pair<std::uint64_t, TileId>> places;
  for (TileId tile = 1; tile <= tiling.count(); ++tile) {
    places.emplace_back(
        place_on_curve(index_of(tiling, tile), static_cast<std::size_t>(domain.dims), bits), tile);
  }
  std::sort(places.begin(), places.end());
  std::vector<TileId> line;
  for (const auto& [place, tile] : places) {
    line.push_back(tile);
  }
  return line;
}

TileGraph graph_of(std::span<const std::uint64_t> costs, std::span<const TileTraffic> traffic) {
  TileGraph graph;
  double total = 0.0;
  double heaviest = 1.0;
  for (TileId tile = 1; tile <= costs.size(); ++tile) {
    total += cost_of(costs, tile);
  }
  for (TileId tile = 1; tile <= costs.size(); ++tile) {
    graph.costs.push_back(std::max<std::int64_t>(
        1, static_cast<std::int64_t>(cost_of(costs, tile) / total * kCostsOfAll)));
  }
  std::vector<std::vector<std::pair<std::int64_t, std::uint64_t>>> partners(costs.size());
  for (const TileTraffic& one : traffic) {
    partners[one.a - 1].emplace_back(std::int64_t{one.b} - 1, one.weight);
    partners[one.b - 1].emplace_back(std::int64_t{one.a} - 1, one.weight);
    heaviest = std::max(heaviest, static_cast<double>(one.weight));
  }
  const double scale = std::min(1.0, 1e6 / heaviest);
  for (auto& of_tile : partners) {
    graph.first.push_back(static_cast<std::int64_t>(graph.partners.size()));
    std::sort(of_tile.begin(), of_tile.end());
    for (const auto& [partner, weight] : of_tile) {
      graph.partners.push_back(partner);
      graph.weights.push_back(std::max<std::int64_t>(
          1, static_cast<std::int64_t>(static_cast<double>(weight) * scale)));
    }
  }
  graph.first.push_back(static_cast<std::int64_t>(graph.partners.size()));
  return graph;
}

std::vector<double> loads_of(const Partition& partition, std::span<const std::uint64_t> costs,
                             std::uint32_t ranks) {
  std::vector<double> loads(ranks, 0.0);
  for (TileId tile = 1; tile <= costs.size(); ++tile) {
    loads[partition.owner(tile)] += static_cast<double>(costs[tile - 1]);
  }
  return loads;
}

}  // namespace

Partition divide(const Sharing& sharing, const Domain& domain, const Tiling& tiling,
                 std::span<const std::uint64_t> costs, std::span<const TileTraffic> traffic,
                 std::uint32_t ranks) {
  std::vector<RankId> owners(tiling.count(), 0);
  if (sharing.kind == PartitionKind::graph) {
    const TileGraph graph = graph_of(costs, traffic);
    const bool other = sharing.divider && !graph.partners.empty() && ranks > 1;
    owners = other ? sharing.divider(graph, ranks, sharing.tolerance)
                   : divide_graph(graph, ranks, sharing.tolerance);
    if (owners.size() != tiling.count()) {
      throw InternalError("a graph of " + std::to_string(tiling.count()) +
                          " tiles was divided as " + std::to_string(owners.size()));
    }
  } else if (sharing.kind == PartitionKind::bisection) {
    Bisection(domain, tiling, costs, owners).share({0, 0, 0}, tiling.per_axis(), 0, ranks);
  } else {
    std::vector<TileId> line(tiling.count());
    std::iota(line.begin(), line.end(), TileId{1});
    cut_line(sharing.kind == PartitionKind::curve ? along_curve(domain, tiling) : line, costs,
             ranks, owners);
  }
  return Partition::of(owners, ranks);
}

double imbalance(const Partition& partition, std::span<const std::uint64_t> costs,
                 std::uint32_t ranks) {
  const std::vector<double> loads = loads_of(partition, costs, ranks);
  const double mean = std::accumulate(loads.begin(), loads.end(), 0.0) / ranks;
  return mean > 0.0 ? *std::max_element(loads.begin(), loads.end()) / mean - 1.0 : 0.0;
}

std::uint64_t crossing(const Partition& partition, std::span<const TileTraffic> traffic) {
  std::uint64_t sum = 0;
  for (const TileTraffic& one : traffic) {
    sum += partition.owner(one.a) != partition.owner(one.b) ? one.weight : 0;
  }
  return sum;
}

Partition renumbered(const Partition& pieces, const Partition& before,
                     std::span<const std::uint64_t> costs, std::uint32_t ranks) {
  std::map<std::pair<RankId, RankId>, double> common;  // of a piece and a rank
  for (TileId tile = 1; tile <= costs.size(); ++tile) {
    common[{pieces.owner(tile), before.owner(tile)}] += cost_of(costs, tile);
  }
  std::vector<std::tuple<double, RankId, RankId>> order;
  for (const auto& [pair, cost] : common) {
    order.emplace_back(-cost, pair.first, pair.second);
  }
  std::sort(order.begin(), order.end());
  constexpr RankId kNone = ~RankId{0};
  std::vector<RankId> rank_of(ranks, kNone);
  std::vector<std::uint8_t> taken(ranks, 0);
  for (const auto& [cost, piece, rank] : order) {
    if (rank_of[piece] == kNone && taken[rank] == 0) {
      rank_of[piece] = rank;
      taken[rank] = 1;
    }
  }
  RankId free = 0;
  for (RankId& rank : rank_of) {
    while (rank == kNone && taken[free] != 0) {
      ++free;
    }
    if (rank == kNone) {
      rank = free;
      taken[free] = 1;
    }
  }
  std::vector<RankId> owners;
  for (const RankId piece : pieces.owners()) {
    owners.push_back(rank_of[piece]);
  }
  return Partition::of(owners, ranks);
}

std::vector<TileTraffic> touching_tiles(const Domain& domain, const Tiling& tiling) {
  std::vector<TileTraffic> traffic;
  const Index& sizes = tiling.per_axis();
  for (TileId tile = 1; domain.exists() && tile <= tiling.count(); ++tile) {
    const Index at = index_of(tiling, tile);
    for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
      Index next = at;
      next[a] = (at[a] + 1) % sizes[a];
      // Around the world only where that is another tile than the one before.
      if (next[a] > at[a] || (domain.periodic && sizes[a] > 2)) {
        const TileId other = tiling.tile_of(next);
        traffic.push_back({std::min(tile, other), std::max(tile, other), 1});
      }
    }
  }
  std::sort(traffic.begin(), traffic.end(), [](const TileTraffic& x, const TileTraffic& y) {
    return std::pair(x.a, x.b) < std::pair(y.a, y.b);
  });
  return traffic;
}

}  // namespace bw
