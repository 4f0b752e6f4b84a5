// interpreter.hpp: carries out the instructions of one organism, until its budget is used up or it
// asks for what is beyond it: memory for a child, or birth.
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

enum class Stop : std::uint8_t {
  kBudget,
  kAllocate,  // `mal` was executed: memory of Stretch::request cells is asked for
  kDivide,    // `divide` was executed
  kCopied,    // a cell was copied to Stretch::copied_to, and its mutation is due
};

struct Stretch {
  Soup* soup = nullptr;
  std::int64_t budget = 0;              // instructions that may still be executed
  std::int64_t until_copy = kNever;     // copies until one mutates
  std::uint32_t search_limit = 0;       // candidates on each side
  std::uint32_t shortest_template = 1;  // shorter ones are not looked for: an error
  std::int32_t flaw = 0;                // -1 or 1: what a flawed instruction gets wrong

  // Out.
  std::uint32_t errors = 0;  // added to
  std::uint32_t request = 0;
  std::uint32_t copied_to = 0;
};

// Runs `organism`. After kAllocate and kDivide its flags wait for the answer: the error flag, or
// none. With a flaw all of the budget's instructions are flawed.
Stop interpret(const InstructionSet& set, Stretch& stretch, Organism& organism);

// The addresses of the interpreter's code for each byte of a set.
InstructionSet::Targets interpreter_targets(const std::array<Handler, 256>& handlers, bool flawed);

}  // namespace bw
