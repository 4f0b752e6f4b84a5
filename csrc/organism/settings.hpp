// settings.hpp: the rules of life in a soup, as numbers. The defaults are Tierra's classic ones.
#pragma once

#include <cstdint>

namespace bw {

// Where memory for a child is taken.
enum class Fit : std::uint8_t {
  kFirst,     // the first free block that is large enough
  kBetter,    // the smallest one that is large enough
  kRandom,    // near an address drawn at random
  kMother,    // near the mother's own block
  kRegister,  // near the address in register a
  kStack,     // near the address on top of the stack
};

enum class SliceRule : std::uint8_t {
  kFixed,  // `slice` instructions
  kSize,   // min(most_slice, ceil(size ^ slice_power) + slice)
};

struct MutationSettings {
  // Generations that pass on average until one is due in a genome; 0 turns a kind off.
  double copy = 0;         // of copied cells
  double background = 32;  // of cells anywhere in the soup
  double flaw = 32;        // instructions that come out wrong by one
  // One in so many births; 0 turns a kind off. In the order in which they are applied.
  double point = 32;
  double same_size_crossover = 32;
  double crossover = 32;
  double insertion = 32;
  double deletion = 32;
  double segment_crossover = 32;
  double segment_insertion = 32;
  double segment_deletion = 32;
  // Of mutated cells, those that have a bit flipped; the others become any instruction.
  double flip_share = 0.2;
};

struct SoupSettings {
  std::uint32_t cells = 60000;

  SliceRule slice_rule = SliceRule::kFixed;
  std::uint32_t slice = 25;
  double slice_power = 1.0;
  std::uint32_t most_slice = 1u << 20;
  bool uniform_slices = true;  // uniform among 0 .. twice what the rule says

  Fit fit = Fit::kBetter;
  double reach = 20.0;      // how far from an address memory is looked for, in mean sizes
  bool reap_near = true;    // where it is looked for near an address, death comes there too
  double most_child = 3.0;  // the most that a child may be larger than its mother

  std::uint32_t least_size = 12;    // of a child's block
  std::uint32_t least_genome = 12;  // of the part of it that was written to
  double moved_share = 0.7;         // of the block, how much must have been copied
  bool same_size = false;           // children have their mother's size
  bool same_genome = false;         // and genome

  double search_limit = 5.0;  // of templates, in mean sizes
  std::uint32_t shortest_template = 1;

  double reap_share = 0.3;  // the part of the queue, from the top, from which death draws
  double lazy = 10.0;       // dies after so many mean replication times without a birth; 0: never

  MutationSettings mutation;
};

// Turns all kinds off.
inline MutationSettings no_mutation() {
  return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.2};
}

// Throws UserError for what cannot be: rates below 0, shares outside [0, 1], and the like.
void check(const SoupSettings& settings);

}  // namespace bw
