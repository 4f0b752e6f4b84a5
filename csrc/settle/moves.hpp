// Settling moves on exclusive grids: a position that an agent wrote is a claim of that cell. A cell
// that was empty at the start of the phase goes to the claimant with the smallest (random priority,
// id); the others draw again or stay.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.hpp"
#include "base/large_memory.hpp"

namespace bw {

// An agent that wants to be in another cell.
struct MoveClaim {
  std::uint64_t cell = 0;
  std::uint64_t priority = 0;
  EntityId mover = kNoEntity;
};

// Which cells of the world are taken: at the start of the phase, then also by the winners of each
// round. It can be kept from phase to phase, if those who leave a cell are told when all rounds are
// over.
class Occupancy {
 public:
  // Takes nothing yet.
  void clear(std::size_t cells);

  void take(std::uint64_t cell) { taken_[cell] = 1; }
  void leave(std::uint64_t cell) { taken_[cell] = 0; }
  bool taken(std::uint64_t cell) const { return taken_[cell] != 0; }

  // One round: for each claim (in the order given), whether it won; it lasts until the next round.
  // Winners take their cells.
  const std::vector<std::uint8_t>& settle(std::span<const MoveClaim> claims);

  // Lists the cells that are not taken, ascending.
  void list_empty(std::vector<std::uint32_t>& cells) const;
  // Takes out of such a list the cells that have been taken since.
  void drop_taken(std::vector<std::uint32_t>& cells) const;

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  std::size_t cells_ = 0;
  LargeVector<std::uint8_t> taken_;    // by cell, then up to a whole word of cells that are taken
  LargeVector<std::uint32_t> winner_;  // by cell: its best claim; kNone between rounds
  std::vector<std::uint8_t> won_;      // by claim
};

}  // namespace bw
