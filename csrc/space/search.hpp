// Search: the agents within a radius of one agent, listed from the neighbour index in (cell, id)
// order. The wider variants find the same hits with the same bits as the plain one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/cpu.hpp"
#include "space/neighbor_index.hpp"

namespace bw {

// Memory for the hits of one search; it belongs to one worker and is overwritten by the next
// search.
struct Hits {
  std::int64_t count = 0;
  std::vector<std::uint32_t> slots;
  std::vector<double> offset[kAxes];
  std::vector<double> distance2;

  // Room for this many candidates, and for the last vector's overhang.
  void reserve(std::size_t candidates) {
    if (candidates + kOverhang > slots.size()) {
      grow(candidates + kOverhang);
    }
  }

 private:
  static constexpr std::size_t kOverhang = 16;
  void grow(std::size_t candidates);
};

// Where a search starts: a place, its box cell, and the slot of the agent that searches (kNoSlot
// where it is not in the index).
struct Center {
  Place place;
  std::uint32_t cell;
  std::uint32_t slot;
};
inline constexpr std::uint32_t kNoSlot = ~std::uint32_t{0};

// All agents within `radius` of a centre, except the one that searches.
using SearchFunction = void (*)(const NeighborIndex& index, const Center& center, double radius,
                                Hits& hits);

// The centre of a search for an agent of the index, and for any place in the rank's region.
Center center_of_slot(const NeighborIndex& index, std::uint32_t slot, std::uint32_t cell);
Center center_of_place(const NeighborIndex& index, const Place& place);

// Grids: whether offsets and distances are wanted, or only who is there.
enum class Geometry : bool { unwanted, wanted };

// The search for worlds of this shape, by the quickest variant that the processor has. All variants
// find the same bits.
SearchFunction choose_search(const Domain& domain, Geometry geometry = Geometry::wanted,
                             Simd simd = chosen_simd());

// Slots that lie side by side.
struct SlotRange {
  std::uint32_t begin;
  std::uint32_t end;
};

// The candidates of a continuous search: the cells around the centre, line by line in the order of
// places.
template <std::size_t Dims>
struct CandidateLines {
  static constexpr std::size_t kLines = Dims == 3 ? 9 : 3;

  [[gnu::always_inline]] inline CandidateLines(const NeighborIndex& index, const Center& center) {
    const CellBox& box = index.box();
    const std::uint32_t* starts = index.starts();
    for (std::size_t line = 0; line < kLines; ++line) {
      const std::int64_t dy = static_cast<std::int64_t>(line % 3) - 1;
      const std::int64_t dz = Dims == 3 ? static_cast<std::int64_t>(line / 3) - 1 : 0;
      const std::int64_t middle = center.cell + dy * box.line_stride() + dz * box.layer_stride();
      ranges[line] = {starts[middle - 1], starts[middle + 2]};
      count += ranges[line].end - ranges[line].begin;
    }
  }

  std::array<SlotRange, kLines> ranges;
  std::size_t count = 0;
};

namespace wide {
// The same search in wider vectors; defined where the processor family has them.
SearchFunction search_avx2(int dims);
SearchFunction search_avx512(int dims);
}  // namespace wide

}  // namespace bw
