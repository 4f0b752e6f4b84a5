// interpreter.hpp: carries out the instructions of one organism, until its budget is used up or it
// asks for what is beyond it: memory for a child, or birth. What the rules refuse by the numbers of
// the organism alone is refused here.
//
// An executed instruction counts as one, whatever it does and whether it fails or not. An error
// counts in Stretch::errors and sets the error flag; the one who calls brings it to the reaper.
#pragma once

#include <array>
#include <cstdint>

#include "vm/isa.hpp"
#include "vm/processor.hpp"
#include "vm/soup.hpp"

namespace bw {

inline constexpr std::int64_t kNever = std::int64_t{1} << 62;

inline constexpr std::int64_t kError = std::int64_t{1} << 40;  // no number of 32 bits

enum class Stop : std::uint8_t {
  kBudget,
  kAllocate,  // `mal` asks for Stretch::request cells, which an organism of this size may have
  kDivide,    // `divide` of a child that is large enough, of which enough was copied
  kCopied,    // a cell was copied to Stretch::copied_to, and its mutation is due
};

struct Stretch {
  Soup* soup = nullptr;
  std::int64_t budget = 0;              // instructions that may still be executed
  std::int64_t until_copy = kNever;     // copies until one mutates
  std::uint32_t search_limit = 0;       // candidates on each side
  std::uint32_t shortest_template = 1;  // shorter ones are not looked for: an error
  std::int32_t flaw = 0;                // -1 or 1: what a flawed instruction gets wrong
  std::uint32_t least_size = 0;         // of a child's block
  double most_child = 1e9;              // the most that a child may be larger than its mother
  double moved_share = 0;               // of a child's block, how much must have been copied

  // Out.
  std::uint32_t errors = 0;  // added to
  std::uint32_t request = 0;
  std::uint32_t copied_to = 0;

  // The loop's own.
  std::uint32_t soup_size = 0;
  std::int64_t outcome = 0;  // the last result, or kError: what the flags are made of
};

// Runs `organism`. After kAllocate and kDivide its flags wait for the answer: the error flag, or
// none. With a flaw all of the budget's instructions are flawed.
Stop interpret(const InstructionSet& set, Stretch& stretch, Organism& organism);

// The variant for a processor, for instructions without or with flaws.
Interpreter interpreter_for(Simd simd, bool flawed);

// The addresses of an interpreter's code for each byte of a set.
std::array<const void*, 256> interpreter_targets(Interpreter interpreter,
                                                 const std::array<Handler, 256>& handlers);

namespace wide {

#if defined(__x86_64__)
Interpreter interpreter(bool flawed);
#endif

}  // namespace wide
}  // namespace bw
