// isa.hpp: an instruction set as the interpreter uses it: for each byte the code that carries it
// out.
//
// A set is a table (bigworlds/organism/isa/*.isa): each instruction names a handler of the
// catalogue below and the registers that it works on. A byte that no instruction has is invalid: it
// does nothing but count as an error.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/cpu.hpp"

namespace bw {

struct Organism;
struct Stretch;
enum class Stop : std::uint8_t;

// The loop that carries out instructions (interpreter_loop.hpp).
using Interpreter = Stop (*)(const void* const* targets, Stretch* stretch, Organism* organism,
                             const void* const** addresses);

// The catalogue: identifier, name of the handler, operands that it exists for.
#define BW_VM_HANDLERS(X)         \
  X(invalid, "invalid", "")       \
  X(nop, "nop", "")               \
  X(flip_low_bit_c, "not0", "c")  \
  X(shift_left_c, "shl", "c")     \
  X(clear_c, "zero", "c")         \
  X(if_zero_c, "ifz", "c")        \
  X(subtract_cab, "sub", "cab")   \
  X(subtract_aac, "sub", "aac")   \
  X(increment_a, "inc", "a")      \
  X(increment_b, "inc", "b")      \
  X(decrement_c, "dec", "c")      \
  X(increment_c, "inc", "c")      \
  X(push_a, "push", "a")          \
  X(push_b, "push", "b")          \
  X(push_c, "push", "c")          \
  X(push_d, "push", "d")          \
  X(pop_a, "pop", "a")            \
  X(pop_b, "pop", "b")            \
  X(pop_c, "pop", "c")            \
  X(pop_d, "pop", "d")            \
  X(jump_outward, "jump", "o")    \
  X(jump_backward, "jump", "b")   \
  X(call_outward, "call", "o")    \
  X(return_, "ret", "")           \
  X(move_dc, "mov", "dc")         \
  X(move_ba, "mov", "ba")         \
  X(copy, "copy", "ab")           \
  X(address_outward, "adr", "o")  \
  X(address_backward, "adr", "b") \
  X(address_forward, "adr", "f")  \
  X(allocate, "mal", "ca")        \
  X(divide, "divide", "")

enum class Handler : std::uint8_t {
#define BW_VM_NAME(id, name, operands) id,
  BW_VM_HANDLERS(BW_VM_NAME)
#undef BW_VM_NAME
};

struct InstructionRow {
  std::uint8_t byte = 0;
  std::string handler;
  std::string operands;
};

// Bytes with a fixed meaning: the cells of templates, and what stands behind the end of a soup.
inline constexpr std::uint8_t kTemplate0 = 0;
inline constexpr std::uint8_t kTemplate1 = 1;
inline constexpr std::uint8_t kEdge = 255;

class InstructionSet {
 public:
  // Throws UserError: a byte that two instructions have or that is kEdge, no instruction at all, a
  // handler that the catalogue does not have, a nop elsewhere than at kTemplate0 and kTemplate1.
  // The code is that for `simd`; it is the same on every one that the processor has.
  explicit InstructionSet(const std::vector<InstructionRow>& rows, Simd simd = chosen_simd());

  Handler handler(std::uint8_t byte) const { return handlers_[byte]; }

  // How many bytes mean an instruction: mutations draw one of them.
  std::uint32_t count() const { return static_cast<std::uint32_t>(bytes_.size()); }
  std::uint8_t byte(std::uint32_t place) const { return bytes_[place]; }

  // The bits that a byte of the set has: 5 for 32 instructions. A flip changes one of them.
  std::uint32_t bits() const { return bits_; }

  // The interpreter's code for each byte.
  struct Code {
    Interpreter run = nullptr;
    std::array<const void*, 256> targets{};
  };
  const Code& code(bool flawed) const { return code_[flawed ? 1 : 0]; }

 private:
  std::array<Handler, 256> handlers_{};
  std::vector<std::uint8_t> bytes_;
  std::uint32_t bits_ = 0;
  Code code_[2];
};

}  // namespace bw
