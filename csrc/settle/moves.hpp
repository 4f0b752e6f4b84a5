// Settling moves on exclusive grids: a position that an agent wrote is a claim of that cell. A cell
// that was empty at the start of the phase goes to the claimant with the smallest (random priority,
// id); the others draw again or stay.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.hpp"

namespace bw {

// An agent that wants to be in another cell.
struct MoveClaim {
  std::uint64_t cell = 0;
  std::uint64_t priority = 0;
  EntityId mover = kNoEntity;
};

// Which cells of the world are taken: at the start of the phase, then also by the winners of each
// round.
class Occupancy {
 public:
  explicit Occupancy(std::size_t cells) : taken_(cells, 0) {}

  void take(std::uint64_t cell) { taken_[cell] = 1; }
  bool taken(std::uint64_t cell) const { return taken_[cell] != 0; }

  // One round: for each claim (in the order given), whether it won. Winners take their cells.
  std::vector<std::uint8_t> settle(std::span<const MoveClaim> claims);

  // Cells not taken, ascending.
  std::vector<std::uint64_t> empty_cells() const;

 private:
  std::vector<std::uint8_t> taken_;
};

}  // namespace bw
