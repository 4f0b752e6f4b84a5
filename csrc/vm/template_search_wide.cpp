// template_search_wide.cpp: the search for complements, 32 candidates at a time: the same answers
// as the plain one. Whole in one function, because code for wider vectors cannot be inlined into
// code for the baseline.
#include "vm/template_search.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#include <bit>

namespace bw::wide {
namespace {

constexpr std::uint32_t kCells = 32;

// The cells from `candidate` on that differ from the complement's cell j.
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i differing(const std::uint8_t* candidate,
                                                                     __m256i wanted) {
  return _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(candidate)), wanted);
}

// A bit for each of the 32 cells from `candidate` on that begins a complement. Most templates have
// four cells: the first four are looked at without a branch where there are so many.
[[gnu::target("avx2"), gnu::always_inline]] inline std::uint32_t matches(
    const std::uint8_t* candidate, const std::uint8_t* pattern, std::uint32_t length,
    const __m256i (&wanted)[4]) {
  __m256i differ = differing(candidate, wanted[0]);
  std::uint32_t j = 1;
  if (length >= 4) {
    differ = _mm256_or_si256(differ, differing(candidate + 1, wanted[1]));
    differ = _mm256_or_si256(differ, differing(candidate + 2, wanted[2]));
    differ = _mm256_or_si256(differ, differing(candidate + 3, wanted[3]));
    j = 4;
  }
  for (; j < length; ++j) {
    const __m256i cell = _mm256_set1_epi8(static_cast<char>(pattern[j] ^ 1u));
    differ = _mm256_or_si256(differ, differing(candidate + j, cell));
  }
  const __m256i equal = _mm256_cmpeq_epi8(differ, _mm256_setzero_si256());
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(equal));
}

}  // namespace

[[gnu::target("avx2,bmi,lzcnt")]] std::uint32_t find_complement_avx2(const TemplateQuery& q) {
  const std::uint32_t length = q.length;
  const std::uint32_t limit = q.limit;
  const std::uint8_t* pattern = q.cells + q.at;
  const std::uint8_t* forward = pattern + length + 1;
  const std::uint8_t* backward = pattern - length - 1;
  __m256i wanted[4];
  for (std::uint32_t j = 0; j < 4; ++j) {
    wanted[j] = _mm256_set1_epi8(static_cast<char>(pattern[j] ^ 1u));
  }
  for (std::uint32_t k = 0; k <= limit; k += kCells) {
    std::uint32_t in_front = 0;
    std::uint32_t behind = 0;
    if (q.direction != Direction::kBackward) {
      in_front = matches(forward + k, pattern, length, wanted);
    }
    if (q.direction != Direction::kForward) {
      behind = matches(backward - k - (kCells - 1), pattern, length, wanted);
    }
    if ((in_front | behind) == 0) continue;
    // 32 where there is none.
    const std::uint32_t ahead = static_cast<std::uint32_t>(std::countr_zero(in_front));
    const std::uint32_t back = static_cast<std::uint32_t>(std::countl_zero(behind));
    const bool is_ahead = ahead <= back;
    const std::uint32_t step = k + (is_ahead ? ahead : back);
    if (step > limit) return kNotFound;
    return is_ahead ? q.at + length + 1 + step : q.at - length - 1 - step;
  }
  return kNotFound;
}

}  // namespace bw::wide

#endif
