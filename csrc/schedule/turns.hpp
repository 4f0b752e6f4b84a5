// Turns: who may act now, where agents act one after another and others of them are on other ranks.
// An agent acts when no unfinished one that comes before it is near it (Blelloch, Fineman, Shun,
// "Greedy sequential maximal independent set and matching are parallel on average", 2012): agents
// that are far from each other cannot tell which of them was first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "space/domain.hpp"

namespace bw {

class Turns {
 public:
  // `order`: rows in the order of their turns; those below `own` are this rank's, the others are
  // shown here as long as they are within `distance` (along each axis) of its tiles. `places` are
  // those of the rows: nobody moves before its turn.
  Turns(const Domain& domain, double distance, const PlaceColumn& places,
        std::span<const std::uint32_t> order, std::size_t own);

  // This rank's rows that may act now, in the order of their turns; until the next call.
  std::span<const std::uint32_t> next();

  // A row of this rank or of another has acted, or has ended before its turn.
  void finish(std::uint32_t row);

  // Neither this row nor any of this rank that comes after it will act.
  void stop_at(std::uint32_t row);

  // How many rows of this rank have not acted.
  std::size_t left() const { return left_; }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  struct Waiting {
    Place place;
    std::uint32_t next;  // in the same cell
  };

  std::size_t cell_along(std::size_t axis, double coordinate) const;
  std::size_t cell_of(const Place& place) const;
  void wait(const Place& place);
  bool is_near_waiting(const Place& place) const;

  Domain domain_;
  double distance_;
  PlaceColumn places_;
  std::size_t own_;
  std::size_t left_;
  std::vector<std::uint32_t> unfinished_;  // in the order of turns
  std::vector<std::uint8_t> finished_;     // by row
  std::vector<std::uint32_t> turn_;        // by row
  std::uint32_t stop_ = kNone;             // the turn from which on nobody of this rank acts
  std::vector<std::uint32_t> ready_;
  // A raster of cells no smaller than the distance: who waits in which.
  std::size_t cells_[kAxes] = {1, 1, 1};
  std::vector<std::uint32_t> first_;  // by cell
  std::vector<Waiting> waiting_;
};

}  // namespace bw
