// operators.cpp: what happens to genomes at birth: mutations of one instruction, and pieces that
// are exchanged with, or taken from, another organism, or lost.
//
// A genome is seen as a row of units: its instructions, or its segments, each a template with the
// code behind it up to the next. An operator works on whole units, so the two kinds are one.
#include <algorithm>

#include "base/checks.hpp"
#include "organism/tile.hpp"
#include "vm/isa.hpp"
#include "vm/mutation.hpp"

namespace bw {

namespace {

using Cells = std::span<const std::uint8_t>;
using Edges = std::vector<std::uint32_t>;

// Where units begin, and the genome's end.
void find_edges(Cells genome, bool segments, Edges& edges) {
  edges.clear();
  const auto size = static_cast<std::uint32_t>(genome.size());
  for (std::uint32_t i = 0; i < size; ++i) {
    const bool begins = i == 0 || (genome[i] <= kTemplate1 && genome[i - 1] > kTemplate1);
    if (!segments || begins) edges.push_back(i);
  }
  edges.push_back(size);
}

}  // namespace

// Births of one kind of mutation: it strikes again and again with probability one in `per`.
template <class Strike>
void Tile::strike(double per, MutationKind kind, Strike&& once) {
  if (per == 0.0) return;
  while (draws(Stream::kBirth).chance(1.0 / per)) {
    if (once()) ++counts_.mutations[static_cast<std::size_t>(kind)];
  }
}

void Tile::apply_operators() {
  const MutationSettings& rates = settings_.mutation;
  using Kind = MutationKind;
  strike(rates.point, Kind::kPoint, [&] { return mutate_child(); });
  strike(rates.same_size_crossover, Kind::kSameSizeCrossover, [&] { return cross_same_size(); });
  strike(rates.crossover, Kind::kCrossover, [&] { return cross(false); });
  strike(rates.insertion, Kind::kInsertion, [&] { return insert(false); });
  strike(rates.deletion, Kind::kDeletion, [&] { return remove(false); });
  strike(rates.segment_crossover, Kind::kSegmentCrossover, [&] { return cross(true); });
  strike(rates.segment_insertion, Kind::kSegmentInsertion, [&] { return insert(true); });
  strike(rates.segment_deletion, Kind::kSegmentDeletion, [&] { return remove(true); });
}

// The part of the child's block that was written to.
Block Tile::child_genome() const {
  const Organism& mother = organisms_[executing_];
  return {mother.child_start + mother.moved_begin, mother.moved_end - mother.moved_begin};
}

bool Tile::mutate_child() {
  const Block genome = child_genome();
  const std::uint32_t address = genome.start + draws(Stream::kBirth).below(genome.size);
  std::uint8_t& cell = soup_.cells()[address];
  cell = mutated(cell, *set_, settings_.mutation.flip_share, draws(Stream::kBirth));
  return true;
}

// Any organism but the mother; kNobody if she is alone.
std::uint32_t Tile::draw_mate() {
  const std::size_t others = organisms_.size() - 1;
  if (others == 0) return kNobody;
  const std::uint32_t place = draws(Stream::kBirth).below(others);
  return place < executing_ ? place : place + 1;
}

// The beginning or the end of the child becomes that of a mate of the same size: of the first in
// the order of places from a random one on.
bool Tile::cross_same_size() {
  const Block genome = child_genome();
  const std::uint32_t first = draw_mate();
  if (first == kNobody || genome.size < 2) return false;
  std::uint32_t mate = first;
  while (organisms_[mate].size != genome.size || mate == executing_) {
    mate = mate + 1 == organisms_.size() ? 0 : mate + 1;
    if (mate == first) return false;
  }
  Draws& draw = draws(Stream::kBirth);
  const std::uint32_t cut = 1 + draw.below(genome.size - 1);
  const bool beginning = draw.below(2) == 0;
  const std::uint32_t from = beginning ? 0 : cut;
  const std::uint32_t to = beginning ? cut : genome.size;
  std::uint8_t* cells = soup_.cells();
  const std::uint8_t* mates = cells + organisms_[mate].start;
  std::copy(mates + from, mates + to, cells + genome.start + from);
  return true;
}

// The child's units up to an edge, then a mate's from an edge on.
bool Tile::cross(bool segments) {
  const Block genome = child_genome();
  const std::uint32_t mate = draw_mate();
  if (mate == kNobody) return false;
  const Cells own{soup_.cells() + genome.start, genome.size};
  const Cells other{soup_.cells() + organisms_[mate].start, organisms_[mate].size};
  find_edges(own, segments, own_edges_);
  find_edges(other, segments, mate_edges_);
  if (own_edges_.size() < 3 || mate_edges_.size() < 3) return false;
  Draws& draw = draws(Stream::kBirth);
  const std::uint32_t cut = own_edges_[1 + draw.below(own_edges_.size() - 2)];
  const std::uint32_t from = mate_edges_[1 + draw.below(mate_edges_.size() - 2)];
  made_.assign(own.begin(), own.begin() + cut);
  made_.insert(made_.end(), other.begin() + from, other.end());
  return replace_child();
}

// Up to half of a mate's units, put in at an edge of the child.
bool Tile::insert(bool segments) {
  const Block genome = child_genome();
  const std::uint32_t mate = draw_mate();
  if (mate == kNobody) return false;
  const Cells own{soup_.cells() + genome.start, genome.size};
  const Cells other{soup_.cells() + organisms_[mate].start, organisms_[mate].size};
  find_edges(own, segments, own_edges_);
  find_edges(other, segments, mate_edges_);
  Draws& draw = draws(Stream::kBirth);
  const std::size_t units = mate_edges_.size() - 1;
  const std::uint32_t count = 1 + draw.below(std::max<std::size_t>(units / 2, 1));
  const std::uint32_t first = draw.below(units - count + 1);
  const std::uint32_t at = own_edges_[draw.below(own_edges_.size())];
  made_.assign(own.begin(), own.begin() + at);
  made_.insert(made_.end(), other.begin() + mate_edges_[first],
               other.begin() + mate_edges_[first + count]);
  made_.insert(made_.end(), own.begin() + at, own.end());
  return replace_child();
}

// Up to half of the child's units are lost.
bool Tile::remove(bool segments) {
  const Block genome = child_genome();
  const Cells own{soup_.cells() + genome.start, genome.size};
  find_edges(own, segments, own_edges_);
  const std::size_t units = own_edges_.size() - 1;
  if (units < 2) return false;
  Draws& draw = draws(Stream::kBirth);
  const std::uint32_t count = 1 + draw.below(units / 2);
  const std::uint32_t first = draw.below(units - count + 1);
  made_.assign(own.begin(), own.begin() + own_edges_[first]);
  made_.insert(made_.end(), own.begin() + own_edges_[first + count], own.end());
  return replace_child();
}

// The child's genome becomes `made_`, in a block of just its size. Refused where the child would be
// too small, too large for its mother, or could not be born.
bool Tile::replace_child() {
  const auto size = static_cast<std::uint32_t>(made_.size());
  const Organism& asking = organisms_[executing_];
  const Block old{asking.child_start, asking.child_size};
  if (size < settings_.least_size || size < settings_.least_genome) return false;
  if (size > settings_.most_child * asking.size || size > settings_.cells) return false;
  if (settings_.same_size && size != asking.size) return false;
  const Organism before = asking;
  std::uint32_t start = old.start;
  if (size != old.size) {
    release_child();
    const std::optional<std::uint32_t> found = find_memory(size);
    // A mother who is alone may find none: then her old block is still free.
    if (!found) {
      BW_CHECK(soup_.allocate_at(old), "what was released is free where nobody else lives");
      keep_child(before);
      return false;
    }
    start = *found;
  }
  std::copy(made_.begin(), made_.end(), soup_.cells() + start);
  set_child({start, size});
  return true;
}

// The mother's child is as it was.
void Tile::keep_child(const Organism& before) {
  set_child({before.child_start, before.child_size});
  Organism& mother = organisms_[executing_];
  mother.moved = before.moved;
  mother.moved_begin = before.moved_begin;
  mother.moved_end = before.moved_end;
}

// The mother's child has a block of which all is written.
void Tile::set_child(Block block) {
  Organism& mother = organisms_[executing_];
  mother.child_start = block.start;
  mother.child_size = block.size;
  mother.moved = block.size;
  mother.moved_begin = 0;
  mother.moved_end = block.size;
}

}  // namespace bw
