// Generators: the edges that a graph begins with, over nodes 0 .. n - 1. What comes out depends on
// the arguments and the key of the random stream only; time and memory are in the order of the
// edges.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bw {

// Edges by the numbers of their ends. No edge is there twice; where `directed` is false, not in
// the other direction either. None leads from a node to itself.
struct EdgeEnds {
  std::vector<std::uint32_t> sources;
  std::vector<std::uint32_t> targets;

  void add(std::uint64_t source, std::uint64_t target);
};

// Every node with the k / 2 nodes that follow it around a circle; k even, below n.
EdgeEnds ring(std::uint32_t n, std::uint32_t k);

// The ring with each edge's target drawn anew with probability `rewire`: Watts and Strogatz,
// "Collective dynamics of 'small-world' networks" (1998), doi:10.1038/30918.
EdgeEnds small_world(std::uint32_t n, std::uint32_t k, double rewire, std::uint64_t key);

// m + 1 nodes that are all linked; then each further one with m distinct nodes, drawn in proportion
// to their degree: Barabasi and Albert, "Emergence of scaling in random networks" (1999),
// doi:10.1126/science.286.5439.509.
EdgeEnds scale_free(std::uint32_t n, std::uint32_t m, std::uint64_t key);

// Each possible edge with probability p: Gilbert, "Random graphs" (1959),
// doi:10.1214/aoms/1177706098; by skips: Batagelj and Brandes, "Efficient generation of large
// random networks" (2005), doi:10.1103/PhysRevE.71.036113.
EdgeEnds independent_edges(std::uint32_t n, double p, bool directed, std::uint64_t key);

// `count` of all possible edges, each set of so many alike: Erdos and Renyi, "On random graphs I"
// (1959).
EdgeEnds counted_edges(std::uint32_t n, std::uint64_t count, bool directed, std::uint64_t key);

// Blocks of nodes, one after another; an edge from block a to block b with probability
// p[a * blocks + b]: Holland, Laskey and Leinhardt, "Stochastic blockmodels: first steps" (1983),
// doi:10.1016/0378-8733(83)90021-7.
EdgeEnds block_edges(std::span<const std::uint32_t> sizes, std::span<const double> p, bool directed,
                     std::uint64_t key);

}  // namespace bw
