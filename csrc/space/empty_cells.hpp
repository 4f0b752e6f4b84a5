// Empty cells of a grid while agents come and go: which is the k-th, in the order of places. What
// is asked depends on who stands where only, not on the way there. Counts by groups of cells,
// groups of groups and so on: a change and a question take a few steps a level.
#pragma once

#include <cstdint>
#include <vector>

namespace bw {

class EmptyCells {
 public:
  // All cells are empty; memory stays. Agents enter before finish(), which counts.
  void clear(std::size_t cells);
  void enter(std::uint64_t cell) { ++agents_[cell]; }
  void finish();

  // One agent comes to a cell, or leaves it.
  void occupy(std::uint64_t cell);
  void vacate(std::uint64_t cell);

  bool taken(std::uint64_t cell) const { return agents_[cell] > 0; }
  std::uint64_t size() const { return size_; }

  // The k-th empty cell, k below size().
  std::uint64_t at(std::uint64_t k) const;

 private:
  void change(std::uint64_t cell, bool empty);

  std::uint64_t size_ = 0;
  std::vector<std::uint32_t> agents_;               // by cell
  std::vector<std::uint64_t> words_;                // a bit a cell: 1 where it is empty
  std::vector<std::vector<std::uint32_t>> counts_;  // of kFan words, of kFan of those, ...
};

}  // namespace bw
