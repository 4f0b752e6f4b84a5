// The halo of a cell layer: which rows are copies of cells that other ranks own (or of the other
// side of a periodic world), and the plan by which they are brought up to date.
#pragma once

#include <span>
#include <vector>

#include "cluster/communicator.hpp"
#include "cluster/partition.hpp"
#include "lattice/cell_layer.hpp"

namespace bw {

class HaloPlan {
 public:
  // Collective: layers[h] is the layer of the h-th hosted rank.
  HaloPlan(Communicator& communicator, std::span<CellLayer* const> layers, const Tiling& tiling,
           const Partition& partition);

  // Collective: brings these columns of all halo rows up to date.
  void refresh(Communicator& communicator, std::span<CellLayer* const> layers,
               std::span<const std::size_t> columns) const;

 private:
  using Rows = std::vector<std::uint32_t>;
  std::vector<std::vector<Rows>> send_;     // by hosted rank and receiver
  std::vector<std::vector<Rows>> receive_;  // by hosted rank and sender
};

}  // namespace bw
