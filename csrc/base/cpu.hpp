// cpu.hpp: which of the wider variants of hot loops this processor can run.
//
// The package is built for a portable baseline; a few loops exist again for wider vectors and are
// chosen at run time. All variants give the same bits. The environment variable
// BIGWORLDS_SIMD=scalar|avx2|avx512 lowers the choice (never raises it above what the processor
// has), so that tests can compare them.
#pragma once

#include <optional>
#include <string_view>

namespace bw {

// Ordered: a processor that has one has all before it.
enum class Simd {
  kScalar,  // the baseline that the package is built for
  kAvx2,
  kAvx512,  // with the F, VL and DQ groups
};

std::string_view simd_name(Simd simd);

// What the processor and the operating system support.
Simd widest_simd();

// What is left of `widest` under a value of BIGWORLDS_SIMD (none: not set). Throws UserError for an
// unknown value.
Simd lowered_simd(Simd widest, std::optional<std::string_view> wanted);

// The variant to use in this process: decided once, at the first call.
Simd chosen_simd();

}  // namespace bw
