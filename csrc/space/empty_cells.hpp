// Empty cells of a grid while agents come and go: which is the k-th, in the order of places. What
// is asked depends on who stands where only, not on the way there. A bit a cell, and above it, by
// groups of words, groups of groups and so on, how many are empty before each member of a group: a
// question or a change is a few steps without branches a level.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bw {

class EmptyCells {
 public:
  // How many agents a cell holds: where it is one at most, nobody need be counted.
  enum class Crowd : std::uint8_t { any, one };

  // All cells are empty; memory stays. Agents enter before finish(), which counts.
  void clear(std::size_t cells, Crowd crowd);
  void enter(std::uint64_t cell);
  void finish();

  // One agent comes to a cell, or leaves it.
  void occupy(std::uint64_t cell);
  void vacate(std::uint64_t cell);

  bool taken(std::uint64_t cell) const { return (words_[cell / 64] >> (cell % 64) & 1) == 0; }
  std::uint64_t size() const { return size_; }

  // The k-th empty cell, k below size().
  std::uint64_t at(std::uint64_t k) const;

 private:
  void change(std::uint64_t cell, std::uint32_t step);

  std::uint64_t size_ = 0;
  std::vector<std::uint32_t> agents_;  // by cell, where a cell may hold several
  std::vector<std::uint64_t> words_;   // a bit a cell: 1 where it is empty
  // By level and member (words, groups of words, ...): the empty cells of those before it in its
  // group. Whole groups.
  std::vector<std::vector<std::uint32_t>> before_;
};

}  // namespace bw
