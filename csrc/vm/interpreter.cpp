// interpreter.cpp: the interpreter for the baseline, and the choice between its variants.
#include "vm/interpreter.hpp"

#define BW_VM_VARIANT baseline
#define BW_VM_TARGET
#include "vm/interpreter_loop.hpp"

namespace bw {

namespace {

struct Search {
  template <Direction kDirection>
  [[gnu::always_inline]] static inline std::uint32_t find(const TemplateQuery& query) {
    return find_complement(query, Simd::kScalar);
  }
};

}  // namespace

Interpreter interpreter_for(Simd simd, bool flawed) {
#if defined(__x86_64__)
  if (simd != Simd::kScalar) return wide::interpreter(flawed);
#endif
  (void)simd;
  return flawed ? baseline::run<true, Search> : baseline::run<false, Search>;
}

Stop interpret(const InstructionSet& set, Stretch& stretch, Organism& organism) {
  stretch.soup_size = stretch.soup->size();
  const InstructionSet::Code& code = set.code(stretch.flaw != 0);
  return code.run(code.targets.data(), &stretch, &organism, nullptr);
}

std::array<const void*, 256> interpreter_targets(Interpreter interpreter,
                                                 const std::array<Handler, 256>& handlers) {
  const void* const* addresses = nullptr;
  interpreter(nullptr, nullptr, nullptr, &addresses);
  std::array<const void*, 256> targets;
  for (std::size_t byte = 0; byte < targets.size(); ++byte) {
    targets[byte] = addresses[static_cast<std::size_t>(handlers[byte])];
  }
  constexpr std::size_t kHandlers = static_cast<std::size_t>(Handler::divide) + 1;
  targets[kEdge] = addresses[kHandlers];
  return targets;
}

}  // namespace bw
