// cpu.cpp: asks the processor, and the environment, which variants of hot loops to use.
#include "base/cpu.hpp"

#include <cstdlib>
#include <string>

#include "base/errors.hpp"

namespace bw {

namespace {

constexpr Simd kAll[] = {Simd::kScalar, Simd::kAvx2, Simd::kAvx512};

Simd choose_simd() {
  const char* wanted = std::getenv("BIGWORLDS_SIMD");
  return lowered_simd(widest_simd(),
                      wanted == nullptr ? std::nullopt : std::optional<std::string_view>(wanted));
}

}  // namespace

std::string_view simd_name(Simd simd) {
  switch (simd) {
    case Simd::kAvx2:
      return "avx2";
    case Simd::kAvx512:
      return "avx512";
    case Simd::kScalar:
      break;
  }
  return "scalar";
}

Simd widest_simd() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2")) return Simd::kScalar;
  const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                          __builtin_cpu_supports("avx512dq");
  return has_avx512 ? Simd::kAvx512 : Simd::kAvx2;
#else
  return Simd::kScalar;
#endif
}

Simd lowered_simd(Simd widest, std::optional<std::string_view> wanted) {
  if (!wanted || wanted->empty()) return widest;
  for (const Simd simd : kAll) {
    if (simd_name(simd) == *wanted) return simd < widest ? simd : widest;
  }
  throw UserError("BIGWORLDS_SIMD must be scalar, avx2 or avx512, found '" + std::string(*wanted) +
                  "'; unset it to use the widest that this processor has");
}

Simd chosen_simd() {
  static const Simd chosen = choose_simd();
  return chosen;
}

}  // namespace bw
