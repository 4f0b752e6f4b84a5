// interpreter_wide.cpp: the interpreter for processors with AVX2, where the nearest 32 complements
// on each side are looked for in the loop itself: nearly all searches end there.
#if defined(__x86_64__)

#include <immintrin.h>

#include <bit>

#include "vm/interpreter.hpp"

#define BW_VM_VARIANT wide
#define BW_VM_TARGET [[gnu::target("avx2,bmi,bmi2,lzcnt")]]
#include "vm/interpreter_loop.hpp"

#define BW_VM_INLINE [[gnu::always_inline]] BW_VM_TARGET static inline

namespace bw::wide {
namespace {

struct Search {
  static constexpr std::uint32_t kCells = 32;
  static constexpr std::uint32_t kLongest = 8;
  static_assert(kCells + 2 * kLongest < kSoupMargin);

  // The complement's cell j in all bytes.
  BW_VM_INLINE __m256i complement(const std::uint8_t* cell) {
    return _mm256_xor_si256(_mm256_set1_epi8(static_cast<char>(*cell)), _mm256_set1_epi8(1));
  }
  BW_VM_INLINE __m256i equal(const std::uint8_t* cells, __m256i wanted) {
    return _mm256_cmpeq_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(cells)), wanted);
  }
  BW_VM_INLINE __m256i equal4(const std::uint8_t* cells, const __m256i (&wanted)[4]) {
    return _mm256_and_si256(
        _mm256_and_si256(equal(cells, wanted[0]), equal(cells + 1, wanted[1])),
        _mm256_and_si256(equal(cells + 2, wanted[2]), equal(cells + 3, wanted[3])));
  }
  BW_VM_INLINE std::uint32_t bits(__m256i bytes) {
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes));
  }

  // Of the first candidates the nearest; kNotFound where that is none of them, or uncertain.
  template <Direction kDirection>
  BW_VM_INLINE std::uint32_t near(const TemplateQuery& q) {
    constexpr bool kAhead = kDirection != Direction::kBackward;
    constexpr bool kBack = kDirection != Direction::kForward;
    const std::uint8_t* pattern = q.cells + q.at;
    const std::uint8_t* forward = pattern + q.length + 1;
    const std::uint8_t* backward = pattern - q.length - kCells;
    __m256i ahead = _mm256_set1_epi8(-1), back = ahead;
    if (q.length == 4) {
      const __m256i wanted[4] = {complement(pattern), complement(pattern + 1),
                                 complement(pattern + 2), complement(pattern + 3)};
      if constexpr (kAhead) ahead = equal4(forward, wanted);
      if constexpr (kBack) back = equal4(backward, wanted);
    } else {
      for (std::uint32_t j = 0; j < q.length; ++j) {
        const __m256i wanted = complement(pattern + j);
        if constexpr (kAhead) ahead = _mm256_and_si256(ahead, equal(forward + j, wanted));
        if constexpr (kBack) back = _mm256_and_si256(back, equal(backward + j, wanted));
      }
    }
    // 32 where there is none.
    const auto step_ahead = static_cast<std::uint32_t>(std::countr_zero(kAhead ? bits(ahead) : 0));
    const auto step_back = static_cast<std::uint32_t>(std::countl_zero(kBack ? bits(back) : 0));
    const std::uint32_t step = step_ahead <= step_back ? step_ahead : step_back;
    // It is the nearest if no candidate before it crosses the end of the soup.
    const std::uint32_t reach = q.length + 1 + step;
    const bool is_inside = q.at >= reach && q.at + q.length + reach <= q.soup_size;
    if (step == kCells || step > q.limit || !is_inside) [[unlikely]]
      return kNotFound;
    return step_ahead <= step_back ? q.at + reach : q.at - reach;
  }

  // All candidates.
  [[gnu::noinline, gnu::cold]] static std::uint32_t far(const std::uint8_t* cells,
                                                        std::uint32_t soup_size, std::uint32_t at,
                                                        std::uint32_t length, std::uint32_t limit,
                                                        Direction direction) {
    return find_complement({cells, soup_size, at, length, limit, direction}, Simd::kAvx2);
  }

  template <Direction kDirection>
  BW_VM_INLINE std::uint32_t find(const TemplateQuery& q) {
    if (q.length <= kLongest) [[likely]] {
      const std::uint32_t found = near<kDirection>(q);
      if (found != kNotFound) [[likely]]
        return found;
    }
    return far(q.cells, q.soup_size, q.at, q.length, q.limit, kDirection);
  }
};

}  // namespace

Interpreter interpreter(bool flawed) {
  return flawed ? run<true, Search> : run<false, Search>;
}

}  // namespace bw::wide

#undef BW_VM_INLINE

#endif
