// interpreter_loop.hpp: the loop over instructions. Each handler ends with its own jump to the
// next, so that the processor learns which instruction follows which (Ertl, Gregg, "The structure
// and performance of efficient interpreters", 2003). The code of a byte is found in one table of
// addresses; the cells behind the end of the soup hold a byte whose code steps back to its
// beginning, so that no instruction has to look whether the end is reached.
//
// Compiled once for each variant: BW_VM_VARIANT is its namespace, BW_VM_TARGET the attribute of its
// code. All variants do the same.
#pragma once

#include "vm/interpreter.hpp"
#include "vm/machine.hpp"

namespace bw::BW_VM_VARIANT {

// Why the loop is left when such an instruction says so.
constexpr Stop stop_after(Handler handler) {
  return handler == Handler::allocate ? Stop::kAllocate
         : handler == Handler::divide ? Stop::kDivide
         : handler == Handler::copy   ? Stop::kCopied
                                      : Stop::kBudget;
}

// Runs an organism; without one, only tells the addresses of the handlers and, last, of the edge.
template <bool kFlawed, class Search>
BW_VM_TARGET Stop run(const void* const* targets, Stretch* stretch, Organism* organism,
                      const void* const** addresses) {
#define BW_VM_ADDRESS(id, name, operands) &&at_##id,
  static const void* const all[] = {BW_VM_HANDLERS(BW_VM_ADDRESS) && at_edge};
#undef BW_VM_ADDRESS
  if (organism == nullptr) {
    *addresses = all;
    return Stop::kBudget;
  }
  Machine<kFlawed, Search> machine(*stretch, *organism);
  std::int64_t left = stretch->budget;
  Stop stop = Stop::kBudget;

#define BW_VM_NEXT             \
  if (left == 0) goto stopped; \
  --left;                      \
  goto* targets[machine.cells[machine.ip]]

  BW_VM_NEXT;

#define BW_VM_STEP(id, name, operands)                                \
  at_##id : if constexpr (stop_after(Handler::id) != Stop::kBudget) { \
    if (machine.id()) {                                               \
      stop = stop_after(Handler::id);                                 \
      goto stopped;                                                   \
    }                                                                 \
  }                                                                   \
  else {                                                              \
    machine.id();                                                     \
  }                                                                   \
  BW_VM_NEXT;

  BW_VM_HANDLERS(BW_VM_STEP)

at_edge:
  if (machine.ip < machine.soup_size()) goto at_invalid;  // a foreign genome may hold such a byte
  machine.ip -= machine.soup_size();
  goto* targets[machine.cells[machine.ip]];
#undef BW_VM_STEP
#undef BW_VM_NEXT

stopped:
  machine.keep();
  stretch->budget = left;
  return stop;
}

}  // namespace bw::BW_VM_VARIANT
