// Charging time to tiles.
#include "schedule/cost_meter.hpp"

#include <ctime>

#include "schedule/worker.hpp"

namespace bw {

void CostMeter::count(const TableRun& run, std::size_t begin, std::size_t end, RowsOfTiles& rows) {
  for (std::size_t row = begin; row < end; ++row) {
    const TileId tile = home_of(run, row);
    if (rows.empty() || rows.back().first != tile) {
      rows.emplace_back(tile, 0);
    }
    ++rows.back().second;
  }
}

std::uint64_t CostMeter::thread_nanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
         static_cast<std::uint64_t>(now.tv_nsec);
}

void CostMeter::add(int thread, const RowsOfTiles& rows, std::uint64_t nanoseconds) {
  std::vector<std::uint64_t>& mine = nanoseconds_[static_cast<std::size_t>(thread)];
  mine.resize(tiles_, 0);
  std::uint64_t all = 0;
  for (const auto& [tile, count] : rows) {
    all += count;
  }
  for (const auto& [tile, count] : rows) {
    if (tile != kWorldTile) {  // cells beyond the edges
      mine[tile - 1] += nanoseconds * count / all;
    }
  }
}

std::vector<std::uint64_t> CostMeter::take() {
  std::vector<std::uint64_t> sum(tiles_, 0);
  for (std::vector<std::uint64_t>& of_thread : nanoseconds_) {
    for (std::size_t i = 0; i < of_thread.size(); ++i) {
      sum[i] += of_thread[i];
    }
    of_thread.clear();
  }
  return sum;
}

}  // namespace bw
