// Drawing edges. Each generator draws from one stream, one number after another.
#include "graph/generators.hpp"

#include <algorithm>
#include <string>

#include "base/errors.hpp"
#include "base/math.hpp"
#include "base/philox.hpp"
#include "ecs/entity_index.hpp"
#include "graph/graph.hpp"

namespace bw {
namespace {

// Calls hit(i) for each of 0 .. count - 1 with probability p, in ascending order: the distance to
// the next one is geometrically distributed.
template <class Hit>
void for_each_hit(std::uint64_t count, double p, RandomStream& random, Hit&& hit) {
  if (p <= 0.0) {
    return;
  }
  const double scale = p < 1.0 ? 1.0 / math::log1p(-p) : 0.0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const double skip = p < 1.0 ? math::log(1.0 - random.uniform()) * scale : 0.0;
    if (skip >= static_cast<double>(count - i)) {
      return;
    }
    i += static_cast<std::uint64_t>(skip);
    if (i < count) {
      hit(i);
    }
  }
}

// Pairs a > b of one set, numbered row by row; asked for in ascending order.
class Triangle {
 public:
  std::pair<std::uint64_t, std::uint64_t> operator()(std::uint64_t i) {
    for (; i - first_ >= row_; ++row_) {
      first_ += row_;
    }
    return {row_, i - first_};
  }

 private:
  std::uint64_t row_ = 1;
  std::uint64_t first_ = 0;
};

// Ordered pairs of distinct nodes of one set of n.
std::pair<std::uint64_t, std::uint64_t> ordered_pair(std::uint64_t i, std::uint64_t n) {
  const std::uint64_t a = i / (n - 1);
  const std::uint64_t b = i % (n - 1);
  return {a, b < a ? b : b + 1};
}

// All edges among n nodes.
std::uint64_t possible_edges(std::uint64_t n, bool directed) {
  return n < 2 ? 0 : (directed ? n * (n - 1) : n * (n - 1) / 2);
}

// Edges within one block of n nodes that begin at `first`.
void add_within(EdgeEnds& edges, std::uint64_t first, std::uint64_t n, double p, bool directed,
                RandomStream& random) {
  Triangle triangle;
  for_each_hit(possible_edges(n, directed), p, random, [&](std::uint64_t i) {
    const auto [a, b] = directed ? ordered_pair(i, n) : triangle(i);
    edges.add(first + a, first + b);
  });
}

// The lattice of a small world: the k / 2 targets of each node side by side.
class Lattice {
 public:
  Lattice(std::uint32_t n, std::uint32_t k)
      : n_(n), half_(k / 2), targets_(std::size_t{n} * half_), in_degree_(n, k / 2) {
    for (std::uint32_t i = 0; i < n; ++i) {
      for (std::uint32_t j = 0; j < half_; ++j) {
        at(i, j) = static_cast<std::uint32_t>((std::uint64_t{i} + j + 1) % n);
      }
    }
  }

  std::uint32_t& at(std::uint32_t i, std::uint32_t j) {
    return targets_[std::size_t{i} * half_ + j];
  }

  // Draws a new target for an edge: none that is linked already.
  void rewire(std::uint32_t i, std::uint32_t j, RandomStream& random) {
    if (half_ + in_degree_[i] >= n_ - 1) {
      return;  // linked to all
    }
    std::uint32_t target = i;
    while (target == i || leads(i, target) || leads(target, i)) {
      target = static_cast<std::uint32_t>(random.integers(n_));
    }
    --in_degree_[at(i, j)];
    ++in_degree_[target];
    at(i, j) = target;
  }

 private:
  bool leads(std::uint32_t from, std::uint32_t to) {
    const std::uint32_t* first = &at(from, 0);
    return std::find(first, first + half_, to) != first + half_;
  }

  std::uint32_t n_;
  std::uint32_t half_;
  std::vector<std::uint32_t> targets_;
  std::vector<std::uint32_t> in_degree_;
};

}  // namespace

void EdgeEnds::add(std::uint64_t source, std::uint64_t target) {
  if (sources.size() >= kMostEdges / 2) {
    throw UserError("a generator draws more than " + std::to_string(kMostEdges / 2) +
                    " edges, the limit; ask for fewer");
  }
  sources.push_back(static_cast<std::uint32_t>(source));
  targets.push_back(static_cast<std::uint32_t>(target));
}

EdgeEnds ring(std::uint32_t n, std::uint32_t k) {
  return small_world(n, k, 0.0, 0);
}

EdgeEnds small_world(std::uint32_t n, std::uint32_t k, double rewire, std::uint64_t key) {
  Lattice lattice(n, k);
  RandomStream random(key, 0, 0);
  for (std::uint32_t j = 0; rewire > 0.0 && j < k / 2; ++j) {
    for (std::uint32_t i = 0; i < n; ++i) {
      if (random.uniform() < rewire) {
        lattice.rewire(i, j, random);
      }
    }
  }
  EdgeEnds edges;
  for (std::uint32_t i = 0; i < n; ++i) {
    for (std::uint32_t j = 0; j < k / 2; ++j) {
      edges.add(i, lattice.at(i, j));
    }
  }
  return edges;
}

EdgeEnds scale_free(std::uint32_t n, std::uint32_t m, std::uint64_t key) {
  RandomStream random(key, 0, 0);
  EdgeEnds edges;
  for (std::uint32_t a = 0; a <= m && a < n; ++a) {
    for (std::uint32_t b = 0; b < a; ++b) {
      edges.add(a, b);
    }
  }
  // A node stands as often among the ends of all edges as it has edges.
  const auto end_of_edge = [&](std::uint64_t i) {
    return i % 2 == 0 ? edges.sources[i / 2] : edges.targets[i / 2];
  };
  std::vector<std::uint32_t> chosen;
  for (std::uint32_t node = m + 1; node < n; ++node) {
    chosen.clear();
    const std::uint64_t ends = 2 * edges.sources.size();
    while (chosen.size() < m) {
      const std::uint32_t target = end_of_edge(random.integers(ends));
      if (std::find(chosen.begin(), chosen.end(), target) == chosen.end()) {
        chosen.push_back(target);
      }
    }
    for (const std::uint32_t target : chosen) {
      edges.add(node, target);
    }
  }
  return edges;
}

EdgeEnds independent_edges(std::uint32_t n, double p, bool directed, std::uint64_t key) {
  RandomStream random(key, 0, 0);
  EdgeEnds edges;
  add_within(edges, 0, n, p, directed, random);
  return edges;
}

EdgeEnds counted_edges(std::uint32_t n, std::uint64_t count, bool directed, std::uint64_t key) {
  RandomStream random(key, 0, 0);
  const std::uint64_t possible = possible_edges(n, directed);
  // The smaller of the set and its complement is drawn, one after another until it is complete.
  const bool complement = count > possible / 2;
  FlatMap drawn;
  std::vector<std::uint64_t> numbers;
  for (const std::uint64_t wanted = complement ? possible - count : count; drawn.size() < wanted;) {
    const std::uint64_t number = random.integers(possible);
    if (drawn.find(number + 1) == nullptr) {
      drawn[number + 1] = 1;
      numbers.push_back(number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  if (complement) {
    std::vector<std::uint64_t> others;
    for (std::uint64_t i = 0, k = 0; i < possible; ++i) {
      if (k < numbers.size() && numbers[k] == i) {
        ++k;
      } else {
        others.push_back(i);
      }
    }
    numbers.swap(others);
  }
  EdgeEnds edges;
  Triangle triangle;
  for (const std::uint64_t number : numbers) {
    const auto [a, b] = directed ? ordered_pair(number, n) : triangle(number);
    edges.add(a, b);
  }
  return edges;
}

EdgeEnds block_edges(std::span<const std::uint32_t> sizes, std::span<const double> p, bool directed,
                     std::uint64_t key) {
  RandomStream random(key, 0, 0);
  EdgeEnds edges;
  std::uint64_t row = 0;
  for (std::size_t a = 0; a < sizes.size(); row += sizes[a++]) {
    std::uint64_t column = 0;
    for (std::size_t b = 0; b < sizes.size(); column += sizes[b++]) {
      const double chance = p[a * sizes.size() + b];
      if (a == b) {
        add_within(edges, row, sizes[a], chance, directed, random);
      } else if (directed || a < b) {
        const std::uint64_t width = sizes[b];
        for_each_hit(sizes[a] * width, chance, random,
                     [&](std::uint64_t i) { edges.add(row + i / width, column + i % width); });
      }
    }
  }
  return edges;
}

}  // namespace bw
