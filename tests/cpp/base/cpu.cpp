// cpu.cpp: tests of the choice between variants of hot loops.
#include "base/cpu.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <optional>

#include "base/errors.hpp"

namespace {

using bw::Simd;

TEST_CASE("the environment lowers the choice and never raises it") {
  CHECK(bw::lowered_simd(Simd::kAvx512, std::nullopt) == Simd::kAvx512);
  CHECK(bw::lowered_simd(Simd::kAvx512, "") == Simd::kAvx512);
  CHECK(bw::lowered_simd(Simd::kAvx512, "avx2") == Simd::kAvx2);
  CHECK(bw::lowered_simd(Simd::kAvx512, "scalar") == Simd::kScalar);
  CHECK(bw::lowered_simd(Simd::kAvx2, "avx512") == Simd::kAvx2);
  CHECK(bw::lowered_simd(Simd::kScalar, "avx512") == Simd::kScalar);
}

TEST_CASE("an unknown variant is refused by name") {
  CHECK_THROWS_WITH_AS(
      bw::lowered_simd(Simd::kAvx2, "sse9"),
      "BIGWORLDS_SIMD must be scalar, avx2 or avx512, found 'sse9'; unset it to use the "
      "widest that this processor has",
      bw::UserError);
}

TEST_CASE("the choice in force is one that the processor has") {
  CHECK(bw::chosen_simd() <= bw::widest_simd());
  const char* wanted = std::getenv("BIGWORLDS_SIMD");
  if (wanted == nullptr) CHECK(bw::chosen_simd() == bw::widest_simd());
}

}  // namespace
