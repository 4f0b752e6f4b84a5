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

// A bit for each of the 32 cells from `candidate` on that begins a complement.
[[gnu::target("avx2")]] inline std::uint32_t matches(const TemplateQuery& q,
                                                     const std::uint8_t* candidate) {
  __m256i differ = _mm256_setzero_si256();
  for (std::uint32_t j = 0; j < q.length; ++j) {
    const __m256i wanted = _mm256_set1_epi8(static_cast<char>(q.cells[q.at + j] ^ 1u));
    const __m256i cells = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(candidate + j));
    differ = _mm256_or_si256(differ, _mm256_xor_si256(cells, wanted));
  }
  const __m256i equal = _mm256_cmpeq_epi8(differ, _mm256_setzero_si256());
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(equal));
}

}  // namespace

[[gnu::target("avx2")]] std::uint32_t find_complement_avx2(const TemplateQuery& q,
                                                           std::uint32_t k) {
  const std::uint8_t* forward = q.cells + q.at + q.length + 1;
  const std::uint8_t* backward = q.cells + q.at - q.length - 1;
  for (; k <= q.limit; k += kCells) {
    std::uint32_t in_front = kNotFound;
    std::uint32_t behind = kNotFound;
    if (q.direction != Direction::kBackward) {
      const std::uint32_t found = matches(q, forward + k);
      if (found != 0) in_front = k + static_cast<std::uint32_t>(std::countr_zero(found));
    }
    if (q.direction != Direction::kForward) {
      const std::uint32_t found = matches(q, backward - k - (kCells - 1));
      if (found != 0) behind = k + static_cast<std::uint32_t>(std::countl_zero(found));
    }
    if (in_front == kNotFound && behind == kNotFound) continue;
    if (in_front <= behind) {
      return in_front <= q.limit ? q.at + q.length + 1 + in_front : kNotFound;
    }
    return behind <= q.limit ? q.at - q.length - 1 - behind : kNotFound;
  }
  return kNotFound;
}

}  // namespace bw::wide

#endif
