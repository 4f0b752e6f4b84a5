// machine.hpp: what each handler of the catalogue does, on a processor whose registers are local
// variables of the interpreter's loop. Included by the variants of interpreter_loop.hpp alone,
// which say how the nearest complement is found.
//
// With kFlawed a handler gets its number wrong by `flaw`, once: the result of arithmetic, moves,
// pushes and pops; where a jump, a call or a return leads; the address that was found; the address
// that is copied to; the size of the memory that is asked for; what an `ifz` compares with zero.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "vm/interpreter.hpp"
#include "vm/template_search.hpp"

// A call would force the registers into memory.
#define BW_VM_INLINE [[gnu::always_inline]] BW_VM_TARGET inline

namespace bw::BW_VM_VARIANT {

// `Search::find<direction>(query)` is find_complement for this variant.
template <bool kFlawed, class Search>
struct Machine {
  BW_VM_INLINE Machine(Stretch& with, Organism& of)
      : cells(with.soup->cells()), stretch(with), organism(of) {
    a = of.cpu.registers[0];
    b = of.cpu.registers[1];
    c = of.cpu.registers[2];
    d = of.cpu.registers[3];
    ip = of.cpu.ip;
    const std::uint8_t flags = of.cpu.flags;
    stretch.outcome = (flags & kErrorFlag) != 0  ? kError
                      : (flags & kSignFlag) != 0 ? -1
                      : (flags & kZeroFlag) != 0 ? 0
                                                 : 1;
  }

  BW_VM_INLINE void keep() {
    Cpu& cpu = organism.cpu;
    cpu.registers = {a, b, c, d};
    cpu.ip = ip >= soup_size() ? ip - soup_size() : ip;
    const std::int64_t outcome = stretch.outcome;
    cpu.flags = outcome == kError ? kErrorFlag
                : outcome < 0     ? kSignFlag
                : outcome == 0    ? kZeroFlag
                                  : std::uint8_t{0};
  }

  BW_VM_INLINE std::uint32_t soup_size() const { return stretch.soup_size; }

  BW_VM_INLINE std::uint32_t flaw() const {
    if constexpr (kFlawed) return static_cast<std::uint32_t>(stretch.flaw);
    return 0;
  }

  BW_VM_INLINE void clear() { stretch.outcome = 1; }
  BW_VM_INLINE void fail() {
    stretch.outcome = kError;
    ++stretch.errors;
  }
  BW_VM_INLINE void set(std::uint32_t& to, std::uint32_t value) {
    to = value;
    stretch.outcome = static_cast<std::int32_t>(value);
  }
  // A number as an address.
  BW_VM_INLINE std::uint32_t ring(std::uint32_t number) const {
    if (number < soup_size()) [[likely]]
      return number;
    return stretch.soup->address(number);
  }

  BW_VM_INLINE void invalid() {
    fail();
    ++ip;
  }
  BW_VM_INLINE void nop() {
    clear();
    ++ip;
  }

  BW_VM_INLINE void flip_low_bit_c() { arithmetic(c, c ^ (1 + flaw())); }
  BW_VM_INLINE void shift_left_c() { arithmetic(c, c << (1 + flaw())); }
  BW_VM_INLINE void clear_c() { arithmetic(c, flaw()); }
  BW_VM_INLINE void subtract_cab() { arithmetic(c, a - b + flaw()); }
  BW_VM_INLINE void subtract_aac() { arithmetic(a, a - c + flaw()); }
  BW_VM_INLINE void increment_a() { arithmetic(a, a + 1 + flaw()); }
  BW_VM_INLINE void increment_b() { arithmetic(b, b + 1 + flaw()); }
  BW_VM_INLINE void increment_c() { arithmetic(c, c + 1 + flaw()); }
  BW_VM_INLINE void decrement_c() { arithmetic(c, c - 1 + flaw()); }
  BW_VM_INLINE void move_dc() { arithmetic(d, c + flaw()); }
  BW_VM_INLINE void move_ba() { arithmetic(b, a + flaw()); }

  BW_VM_INLINE void if_zero_c() {
    clear();
    ip += c + flaw() == 0 ? 1u : 2u;
  }

  BW_VM_INLINE void push_a() { push(a); }
  BW_VM_INLINE void push_b() { push(b); }
  BW_VM_INLINE void push_c() { push(c); }
  BW_VM_INLINE void push_d() { push(d); }
  BW_VM_INLINE void pop_a() { arithmetic(a, pop() + flaw()); }
  BW_VM_INLINE void pop_b() { arithmetic(b, pop() + flaw()); }
  BW_VM_INLINE void pop_c() { arithmetic(c, pop() + flaw()); }
  BW_VM_INLINE void pop_d() { arithmetic(d, pop() + flaw()); }

  BW_VM_INLINE void jump_outward() { jump<Direction::kOutward>(); }
  BW_VM_INLINE void jump_backward() { jump<Direction::kBackward>(); }

  BW_VM_INLINE void call_outward() {
    const std::uint32_t length = template_here();
    const std::uint32_t behind = ring(ip + 1 + length);
    if (length == 0) {
      put(behind);
      clear();
      ip = ring(behind + flaw());
      return;
    }
    const std::uint32_t found = find<Direction::kOutward>(length);
    if (found == kNotFound) return;
    put(behind);
    clear();
    ip = ring(found + length + flaw());
  }

  BW_VM_INLINE void return_() { set(ip, ring(pop() + flaw())); }

  BW_VM_INLINE void address_outward() { address<Direction::kOutward>(); }
  BW_VM_INLINE void address_backward() { address<Direction::kBackward>(); }
  BW_VM_INLINE void address_forward() { address<Direction::kForward>(); }

  // Whether the copy's mutation is due.
  BW_VM_INLINE bool copy() {
    const std::uint32_t to = ring(a + flaw());
    const std::uint32_t from = ring(b);
    ++ip;
    const std::uint32_t place = to - organism.child_start;
    const bool in_child = place < organism.child_size;
    if (to == from || !(in_child || is_writable(to))) [[unlikely]] {
      fail();
      return false;
    }
    cells[to] = cells[from];
    if (in_child) {
      ++organism.moved;
      if (place < organism.moved_begin) organism.moved_begin = place;
      if (place >= organism.moved_end) organism.moved_end = place + 1;
    }
    clear();
    if (--stretch.until_copy != 0) [[likely]]
      return false;
    stretch.copied_to = to;
    return true;
  }

  // Whether there may be memory, or a birth: what is refused at once is an error and goes on.
  BW_VM_INLINE bool allocate() {
    const std::uint32_t request = c + flaw();
    ++ip;
    const bool is_refused = static_cast<std::int32_t>(request) <= 0 ||
                            request == organism.child_size || request > soup_size() ||
                            static_cast<double>(request) > stretch.most_child * organism.size;
    if (is_refused) {
      fail();
      return false;
    }
    stretch.request = request;
    return true;
  }
  BW_VM_INLINE bool divide() {
    ++ip;
    const std::uint32_t size = organism.child_size;
    const auto least_moved = static_cast<std::uint32_t>(size * stretch.moved_share);
    if (size < stretch.least_size || organism.moved < least_moved) {
      fail();
      return false;
    }
    return true;
  }

  // What the processor has no register for is better kept in memory by us than by the compiler.
  std::uint32_t a, b, c, d, ip;
  std::uint8_t* cells;
  Stretch& stretch;
  Organism& organism;

 private:
  BW_VM_INLINE void arithmetic(std::uint32_t& to, std::uint32_t value) {
    set(to, value);
    ++ip;
  }

  BW_VM_INLINE void put(std::uint32_t value) {
    std::uint8_t& top = organism.cpu.top;
    top = top == kStackDepth - 1 ? std::uint8_t{0} : static_cast<std::uint8_t>(top + 1);
    organism.cpu.stack[top] = value;
  }
  BW_VM_INLINE void push(std::uint32_t value) {
    put(value + flaw());
    clear();
    ++ip;
  }
  BW_VM_INLINE std::uint32_t pop() {
    std::uint8_t& top = organism.cpu.top;
    const std::uint32_t value = organism.cpu.stack[top];
    top = top == 0 ? std::uint8_t{kStackDepth - 1} : static_cast<std::uint8_t>(top - 1);
    return value;
  }

  BW_VM_INLINE bool is_writable(std::uint32_t at) const {
    return at - organism.start < organism.size || stretch.soup->is_free(at);
  }

  // The length of the template behind the instruction.
  BW_VM_INLINE std::uint32_t template_here() const {
    std::uint64_t word;
    std::memcpy(&word, cells + ip + 1, sizeof(word));
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    const std::uint64_t others = word & 0xFEFEFEFEFEFEFEFE;
    const std::uint32_t length = static_cast<std::uint32_t>(std::countr_zero(others)) / 8;
    // Eight nops or more, or the end of the soup: the rest is counted cell by cell.
    if (length < 8 && ip + 1 + length < soup_size()) [[likely]]
      return length;
    return template_length(cells, soup_size(), ring(ip + 1));
  }

  // Looks for the complement of the template behind the instruction; where there is none, goes on
  // behind the template.
  template <Direction kDirection>
  BW_VM_INLINE std::uint32_t find(std::uint32_t length) {
    std::uint32_t found = kNotFound;
    if (length >= stretch.shortest_template) {
      found = Search::template find<kDirection>(
          {cells, soup_size(), ring(ip + 1), length, stretch.search_limit, kDirection});
    }
    if (found == kNotFound) {
      fail();
      ip = ring(ip + 1 + length);
    }
    return found;
  }

  template <Direction kDirection>
  BW_VM_INLINE void jump() {
    const std::uint32_t length = template_here();
    if (length == 0) {
      clear();
      ip = ring(b + flaw());
      return;
    }
    const std::uint32_t found = find<kDirection>(length);
    if (found == kNotFound) return;
    clear();
    ip = ring(found + length + flaw());
  }

  template <Direction kDirection>
  BW_VM_INLINE void address() {
    const std::uint32_t length = template_here();
    if (length == 0) {
      fail();
      ++ip;
      return;
    }
    const std::uint32_t found = find<kDirection>(length);
    if (found == kNotFound) return;
    a = ring(found + length + flaw());
    c = length;
    clear();
    ip = ring(ip + 1 + length);
  }
};

}  // namespace bw::BW_VM_VARIANT

#undef BW_VM_INLINE
