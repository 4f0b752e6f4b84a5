// processor.hpp: an organism as its processor sees it: registers, stack, flags, and the memory that
// is its own. Two cache lines, nothing else is touched while its instructions run.
#pragma once

#include <array>
#include <cstdint>

namespace bw {

inline constexpr std::uint32_t kStackDepth = 10;

// Flags: set by the last instruction, or all clear.
inline constexpr std::uint8_t kErrorFlag = 1;
inline constexpr std::uint8_t kSignFlag = 2;
inline constexpr std::uint8_t kZeroFlag = 4;

// Registers hold 32-bit two's complement numbers; they are kept unsigned, where wrapping is
// defined.
struct Cpu {
  std::array<std::uint32_t, 4> registers{};  // a, b, c, d
  std::uint32_t ip = 0;                      // where the next instruction is; below the soup's size
  std::array<std::uint32_t, kStackDepth> stack{};
  std::uint8_t top = 0;  // the place of the stack's top; the stack is a ring
  std::uint8_t flags = 0;
  std::uint16_t padding = 0;
};
static_assert(sizeof(Cpu) == 64);

// No organism: places of organisms are below it.
inline constexpr std::uint32_t kNobody = ~std::uint32_t{0};

// The ring of turns is a doubly linked list of places of organisms.
struct Links {
  std::uint32_t before = kNobody;
  std::uint32_t after = kNobody;
};

struct alignas(64) Organism {
  Cpu cpu;

  std::uint32_t start = 0;        // its own block
  std::uint32_t size = 0;         //
  std::uint32_t child_start = 0;  // the block that it asked for, for a child
  std::uint32_t child_size = 0;   // 0: none
  std::uint32_t moved = 0;        // instructions copied into that block
  std::uint32_t moved_begin = 0;  // the part of it that was written to, [begin, end)
  std::uint32_t moved_end = 0;
  std::uint32_t errors = 0;
  Links slicer;                   // after: runs next
  std::uint32_t slot = kNobody;   // in the queue of the reaper
  std::uint32_t since_birth = 0;  // instructions since it last gave birth, or was born
  std::uint64_t number = 0;       // the tile's how manieth organism
  std::uint32_t births = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(Organism) == 128);

}  // namespace bw
