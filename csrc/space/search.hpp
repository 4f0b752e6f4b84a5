// Search: the agents within a radius of one agent, listed from the neighbour index in (cell, id) order. The wider
// variants find the same hits with the same bits as the plain one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/cpu.hpp"
#include "space/neighbor_index.hpp"

namespace bw {

// Memory for the hits of one search; it belongs to one worker and is overwritten by the next search.
struct Hits {
  std::int64_t count = 0;
  std::vector<std::uint32_t> slots;
  std::vector<double> offset[kAxes];
  std::vector<double> distance2;

  // Room for this many candidates, and for the last vector's overhang.
  void reserve(std::size_t candidates);
};

// Where a search starts: a place, its box cell, and the slot of the agent that searches (kNoSlot where it is not in the index).
struct Center {
  Place place;
  std::uint32_t cell;
  std::uint32_t slot;
};
inline constexpr std::uint32_t kNoSlot = ~std::uint32_t{0};

// All agents within `radius` of a centre, except the one that searches.
using SearchFunction = void (*)(const NeighborIndex& index, const Center& center, double radius, Hits& hits);

// The centre of a search for an agent of the index, and for any place in the rank's region.
Center center_of_slot(const NeighborIndex& index, std::uint32_t slot, std::uint32_t cell);
Center center_of_place(const NeighborIndex& index, const Place& place);

// The search for worlds of this shape, by the quickest variant that the processor has. All variants find the same bits.
SearchFunction choose_search(const Domain& domain, Simd simd = chosen_simd());

// One candidate range of a continuous search; shared with the wide variants.
struct Candidates {
  const double* coordinates[kAxes];
  std::uint32_t begin;
  std::uint32_t end;
  std::uint32_t self;
  double center[kAxes];
  double radius2;
};

namespace wide {
// Appends the hits among the candidates; dims is 2 or 3. Defined where the processor family has them.
void filter_avx2(const Candidates& candidates, int dims, Hits& hits);
void filter_avx512(const Candidates& candidates, int dims, Hits& hits);
}  // namespace wide

}  // namespace bw
