// The cost meter: how long a processor is busy with the rows of each tile. A range of rows is timed
// as a whole, and its time is shared out evenly among them. It decides where tiles live and nothing
// else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/ids.hpp"

namespace bw {

struct TableRun;

class CostMeter {
 public:
  CostMeter(TileId tiles, int threads)
      : nanoseconds_(static_cast<std::size_t>(threads)), tiles_(tiles) {}

  // How many rows of a range stand in which tile, run after run of rows in one tile.
  using RowsOfTiles = std::vector<std::pair<TileId, std::uint64_t>>;

  // Counts some rows in.
  static void count(const TableRun& run, std::size_t begin, std::size_t end, RowsOfTiles& rows);

  // Does some work on a thread and charges its time to the tiles.
  template <class Work>
  void charge(int thread, const RowsOfTiles& rows, Work&& work) {
    const std::uint64_t began = thread_nanoseconds();
    std::forward<Work>(work)();
    add(thread, rows, thread_nanoseconds() - began);
  }

  // What each tile has cost since the last call, in nanoseconds, from tile 1 on.
  std::vector<std::uint64_t> take();

 private:
  static std::uint64_t thread_nanoseconds();
  void add(int thread, const RowsOfTiles& rows, std::uint64_t nanoseconds);

  std::vector<std::vector<std::uint64_t>> nanoseconds_;  // by thread and tile, once it has some
  TileId tiles_;
};

}  // namespace bw
