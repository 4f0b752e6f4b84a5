// Growing halves of a graph and moving vertices between them.
#include "cluster/graph_division.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <set>
#include <utility>

namespace bw {
namespace {

constexpr int kPasses = 6;
// So many moves without a new best end a pass.
constexpr int kMovesInVain = 64;

using Vertex = std::int64_t;

// Two halves of some vertices of a graph.
class Halves {
 public:
  // Half 0 is to have a share of the cost; each half may be off by `slack` of the smaller one, or
  // by a vertex of mean cost.
  Halves(const TileGraph& graph, std::vector<Vertex> vertices, double share, double slack)
      : graph_(&graph), vertices_(std::move(vertices)), side_(graph.size(), kElsewhere) {
    for (const Vertex v : vertices_) {
      side_[at(v)] = 1;
      total_ += cost(v);
    }
    wanted_ = static_cast<std::int64_t>(share * static_cast<double>(total_));
    slack_ = std::max(total_ / static_cast<std::int64_t>(vertices_.size()),
                      static_cast<std::int64_t>(slack * std::min(share, 1.0 - share) *
                                                static_cast<double>(total_)));
  }

  // Grows half 0 to its share, always by the vertex that exchanges most with it. `least` vertices
  // stay in each half.
  void grow(std::size_t least_first, std::size_t least_second) {
    std::set<std::pair<std::int64_t, Vertex>> rim;  // (-what is exchanged with half 0, vertex)
    std::vector<std::int64_t> with_half(graph_->size(), 0);
    const Vertex start = at_the_rim();
    rim.insert({0, start});
    std::size_t unseen = 0;
    while (weight_ + half_of_next(rim) <= wanted_ || count_ < least_first) {
      if (vertices_.size() - count_ <= least_second) {
        return;
      }
      if (rim.empty()) {  // another part of the graph
        while (side_[at(vertices_[unseen])] == 0) {
          ++unseen;
        }
        rim.insert({0, vertices_[unseen]});
        continue;
      }
      const Vertex v = rim.begin()->second;
      rim.erase(rim.begin());
      take(v);
      for_partners(v, [&](Vertex other, std::int64_t weight) {
        if (side_[at(other)] == 1) {
          rim.erase({-with_half[at(other)], other});
          with_half[at(other)] += weight;
          rim.insert({-with_half[at(other)], other});
        }
      });
    }
  }

  // Moves vertices over the border while that is a gain on the whole; returns whether it was.
  bool refine(std::size_t least_first, std::size_t least_second) {
    std::set<std::pair<std::int64_t, Vertex>> gains;  // (-gain, vertex)
    std::vector<std::int64_t> gain(graph_->size(), 0);
    for (const Vertex v : vertices_) {
      for_partners(v, [&](Vertex other, std::int64_t weight) {
        gain[at(v)] += side_[at(other)] == side_[at(v)] ? -weight : weight;
      });
      gains.insert({-gain[at(v)], v});
    }
    std::vector<Vertex> moved;
    std::int64_t sum = 0;
    std::size_t kept = 0;
    const Merit before = merit(0);
    Merit best = before;
    while (static_cast<int>(moved.size() - kept) < kMovesInVain) {
      const auto next = std::find_if(gains.begin(), gains.end(), [&](const auto& one) {
        return may_move(one.second, least_first, least_second);
      });
      if (next == gains.end()) {
        break;
      }
      const Vertex v = next->second;
      sum -= next->first;
      gains.erase(next);
      flip(v);
      moved.push_back(v);
      for_partners(v, [&](Vertex other, std::int64_t weight) {
        if (gains.erase({-gain[at(other)], other}) > 0) {
          gain[at(other)] += side_[at(other)] == side_[at(v)] ? -2 * weight : 2 * weight;
          gains.insert({-gain[at(other)], other});
        }
      });
      if (merit(sum) < best) {
        best = merit(sum);
        kept = moved.size();
      }
    }
    while (moved.size() > kept) {
      flip(moved.back());
      moved.pop_back();
    }
    return best < before;
  }

  std::vector<Vertex> half(std::int8_t side) const {
    std::vector<Vertex> found;
    for (const Vertex v : vertices_) {
      if (side_[at(v)] == side) {
        found.push_back(v);
      }
    }
    return found;
  }

 private:
  static constexpr std::int8_t kElsewhere = -1;

  // The smaller the better: how far beyond the slack, what was lost at the border, how far off.
  using Merit = std::array<std::int64_t, 3>;
  Merit merit(std::int64_t gained) const {
    const std::int64_t off = std::abs(weight_ - wanted_);
    return {std::max<std::int64_t>(0, off - slack_), -gained, off};
  }

  static std::size_t at(Vertex v) { return static_cast<std::size_t>(v); }
  std::int64_t cost(Vertex v) const { return graph_->costs[at(v)]; }

  // Half of what the next vertex costs: it is taken where that brings the half nearer to its share.
  std::int64_t half_of_next(const std::set<std::pair<std::int64_t, Vertex>>& rim) const {
    return rim.empty() ? 0 : cost(rim.begin()->second) / 2;
  }

  template <class Visit>
  void for_partners(Vertex v, Visit&& visit) const {
    for (std::int64_t i = graph_->first[at(v)]; i < graph_->first[at(v) + 1]; ++i) {
      const Vertex other = graph_->partners[at(i)];
      if (side_[at(other)] != kElsewhere) {
        visit(other, graph_->weights[at(i)]);
      }
    }
  }

  void take(Vertex v) {
    side_[at(v)] = 0;
    weight_ += cost(v);
    ++count_;
  }
  void flip(Vertex v) {
    const bool enters = side_[at(v)] == 1;
    side_[at(v)] = enters ? 0 : 1;
    weight_ += enters ? cost(v) : -cost(v);
    enters ? ++count_ : --count_;
  }
  bool may_move(Vertex v, std::size_t least_first, std::size_t least_second) const {
    const bool enters = side_[at(v)] == 1;
    const std::int64_t after = weight_ + (enters ? cost(v) : -cost(v));
    const bool leaves_enough =
        enters ? vertices_.size() - count_ > least_second : count_ > least_first;
    return leaves_enough && (std::abs(after - wanted_) <= slack_ ||
                             std::abs(after - wanted_) < std::abs(weight_ - wanted_));
  }

  // The last vertex of a search in breadth from the first: far from the others.
  Vertex at_the_rim() const {
    std::vector<std::uint8_t> seen(graph_->size(), 0);
    std::vector<Vertex> queue{vertices_.front()};
    seen[at(queue.front())] = 1;
    for (std::size_t i = 0; i < queue.size(); ++i) {
      for_partners(queue[i], [&](Vertex other, std::int64_t) {
        if (std::exchange(seen[at(other)], std::uint8_t{1}) == 0) {
          queue.push_back(other);
        }
      });
    }
    return queue.back();
  }

  const TileGraph* graph_;
  std::vector<Vertex> vertices_;
  std::vector<std::int8_t> side_;
  std::int64_t total_ = 0;
  std::int64_t wanted_ = 0;
  std::int64_t slack_ = 0;
  std::int64_t weight_ = 0;  // of half 0
  std::size_t count_ = 0;
};

// What halves may be off by, so that after all bisections a part is not off by more than allowed.
double slack_of_halves(std::uint32_t parts, double tolerance) {
  return std::pow(1.0 + tolerance, 1.0 / std::bit_width(parts - 1)) - 1.0;
}

void divide_some(const TileGraph& graph, std::vector<Vertex> vertices, RankId first,
                 std::uint32_t parts, double slack, std::vector<RankId>& part_of) {
  if (parts <= 1 || vertices.size() <= 1) {
    for (const Vertex v : vertices) {
      part_of[static_cast<std::size_t>(v)] = first;
    }
    return;
  }
  const std::uint32_t left = parts / 2;
  // Each part has a vertex, as long as there are enough.
  const std::size_t least_first = std::min<std::size_t>(left, vertices.size() / 2);
  const std::size_t least_second =
      std::min<std::size_t>(parts - left, vertices.size() - vertices.size() / 2);
  Halves halves(graph, std::move(vertices), static_cast<double>(left) / parts, slack);
  halves.grow(least_first, least_second);
  for (int pass = 0; pass < kPasses && halves.refine(least_first, least_second); ++pass) {
  }
  divide_some(graph, halves.half(0), first, left, slack, part_of);
  divide_some(graph, halves.half(1), first + left, parts - left, slack, part_of);
}

}  // namespace

std::vector<RankId> divide_graph(const TileGraph& graph, std::uint32_t parts, double tolerance) {
  std::vector<RankId> part_of(graph.size(), 0);
  std::vector<Vertex> all(graph.size());
  std::iota(all.begin(), all.end(), Vertex{0});
  const double slack = parts > 1 ? slack_of_halves(parts, tolerance) : 0.0;
  divide_some(graph, std::move(all), 0, parts, slack, part_of);
  return part_of;
}

}  // namespace bw
