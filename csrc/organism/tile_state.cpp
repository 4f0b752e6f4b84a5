// tile_state.cpp: a tile's state as it is listed, and how it is taken in again: checked, since it
// may come from a file.
#include <algorithm>
#include <string>

#include "base/errors.hpp"
#include "organism/tile.hpp"

namespace bw {

namespace {

void must(bool holds, const char* what) {
  if (!holds) throw UserError(std::string("the state of a soup is none: ") + what);
}

bool is_permutation(std::span<const std::uint32_t> order, std::size_t size) {
  std::vector<bool> seen(size, false);
  for (const std::uint32_t place : order) {
    if (place >= size || seen[place]) return false;
    seen[place] = true;
  }
  return order.size() == size;
}

}  // namespace

TileState Tile::state() const {
  TileState state;
  state.counts = counts_;
  state.averages = averages_;
  state.until_copy = stretch_.until_copy;
  state.until_background = until_background_;
  state.until_flaw = until_flaw_;
  state.next_measure = next_measure_;
  state.organism_instructions = organism_instructions_;
  state.measured_births = measured_births_;
  state.replication_instructions = replication_instructions_;
  for (std::size_t i = 0; i < kStreams; ++i) state.drawn[i] = draws_[i].count();
  state.reaper_order = reaper_order();
  state.slicer_order = slicer_order();
  return state;
}

void Tile::restore(const TileState& state, std::span<const std::uint8_t> cells,
                   std::span<const Organism> organisms, std::span<const Biography> biographies) {
  const std::size_t count = organisms.size();
  must(cells.size() == soup_.size(), "it has another number of cells");
  must(biographies.size() == count && count < kNobody, "not every organism has a biography");
  must(is_permutation(state.reaper_order, count), "the reaper's queue has an organism twice");
  must(is_permutation(state.slicer_order, count), "an organism has two turns");
  must(state.until_background > 0 && state.until_flaw > 0 && state.until_copy > 0,
       "a mutation is overdue");
  std::vector<Block> blocks;
  std::uint64_t adults = 0;
  for (const Organism& one : organisms) {
    must(one.size != 0 && one.cpu.ip < soup_.size() && one.cpu.top < kStackDepth,
         "an organism is nowhere");
    blocks.push_back({one.start, one.size});
    if (one.child_size != 0) blocks.push_back({one.child_start, one.child_size});
    adults += one.size;
  }
  soup_.rebuild(std::move(blocks));
  std::copy(cells.begin(), cells.end(), soup_.cells());
  organisms_.assign(organisms.begin(), organisms.end());
  biographies_.assign(biographies.begin(), biographies.end());
  size_sum_ = adults;
  reaper_.clear();
  next_turn_ = executing_ = kNobody;
  for (const std::uint32_t place : state.reaper_order) enter_reaper(place);
  for (const std::uint32_t place : state.slicer_order) enter_slicer(place, next_turn_);

  counts_ = state.counts;
  averages_ = state.averages;
  stretch_.until_copy = state.until_copy;
  until_background_ = state.until_background;
  until_flaw_ = state.until_flaw;
  next_measure_ = state.next_measure;
  organism_instructions_ = state.organism_instructions;
  measured_births_ = state.measured_births;
  replication_instructions_ = state.replication_instructions;
  for (std::size_t i = 0; i < kStreams; ++i) draws_[i].set_count(state.drawn[i]);
  use_averages();
}

}  // namespace bw
