// The wide filters of candidates: the operations of the plain filter, lane by lane, so the same bits; no FMA.
#include "space/search.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#include <array>
#include <bit>

namespace bw::wide {
namespace {

// For each mask of four lanes, the permutation of 32-bit halves that moves its doubles to the front.
constexpr std::array<std::array<std::uint32_t, 8>, 16> compress_table() {
  std::array<std::array<std::uint32_t, 8>, 16> table{};
  for (std::uint32_t mask = 0; mask < 16; ++mask) {
    std::uint32_t to = 0;
    for (std::uint32_t lane = 0; lane < 4; ++lane) {
      if ((mask >> lane) & 1u) {
        table[mask][to++] = 2 * lane;
        table[mask][to++] = 2 * lane + 1;
      }
    }
  }
  return table;
}
alignas(32) constexpr std::array<std::array<std::uint32_t, 8>, 16> kCompress = compress_table();

[[gnu::target("avx2")]] inline void store_front(double* to, __m256d values, __m256i order) {
  const __m256i moved = _mm256_permutevar8x32_epi32(_mm256_castpd_si256(values), order);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), moved);
}

template <int Dims>
[[gnu::target("avx2")]] void filter_four(const Candidates& c, Hits& hits) {
  auto count = static_cast<std::size_t>(hits.count);
  const __m256d radius2 = _mm256_set1_pd(c.radius2);
  for (std::uint32_t slot = c.begin; slot < c.end; slot += 4) {
    __m256d offset[kAxes];
    __m256d distance2 = _mm256_setzero_pd();
    for (std::size_t a = 0; a < static_cast<std::size_t>(Dims); ++a) {
      offset[a] = _mm256_sub_pd(_mm256_loadu_pd(c.coordinates[a] + slot), _mm256_set1_pd(c.center[a]));
      const __m256d square = _mm256_mul_pd(offset[a], offset[a]);
      distance2 = a == 0 ? square : _mm256_add_pd(distance2, square);
    }
    auto mask = static_cast<std::uint32_t>(_mm256_movemask_pd(_mm256_cmp_pd(distance2, radius2, _CMP_LE_OQ)));
    mask &= c.end - slot >= 4 ? 0xFu : (1u << (c.end - slot)) - 1u;
    const std::uint32_t self = c.self - slot;
    mask &= self < 4 ? ~(1u << self) : ~0u;
    const __m256i order = _mm256_load_si256(reinterpret_cast<const __m256i*>(kCompress[mask].data()));
    for (std::size_t a = 0; a < static_cast<std::size_t>(Dims); ++a) {
      store_front(hits.offset[a].data() + count, offset[a], order);
    }
    store_front(hits.distance2.data() + count, distance2, order);
    // Four slots at once: lane numbers are the even halves of the order, divided by two.
    const __m256i lanes = _mm256_permutevar8x32_epi32(_mm256_srli_epi32(order, 1),
                                                      _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6));
    const __m128i slots = _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm_set1_epi32(static_cast<int>(slot)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(hits.slots.data() + count), slots);
    count += static_cast<std::size_t>(std::popcount(mask));
  }
  hits.count = static_cast<std::int64_t>(count);
}

template <int Dims>
[[gnu::target("avx512f,avx512vl,avx512dq")]] void filter_eight(const Candidates& c, Hits& hits) {
  auto count = static_cast<std::size_t>(hits.count);
  const __m512d radius2 = _mm512_set1_pd(c.radius2);
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  for (std::uint32_t slot = c.begin; slot < c.end; slot += 8) {
    __m512d offset[kAxes];
    __m512d distance2 = _mm512_setzero_pd();
    for (std::size_t a = 0; a < static_cast<std::size_t>(Dims); ++a) {
      offset[a] = _mm512_sub_pd(_mm512_loadu_pd(c.coordinates[a] + slot), _mm512_set1_pd(c.center[a]));
      const __m512d square = _mm512_mul_pd(offset[a], offset[a]);
      distance2 = a == 0 ? square : _mm512_add_pd(distance2, square);
    }
    std::uint32_t mask = _mm512_cmp_pd_mask(distance2, radius2, _CMP_LE_OQ);
    mask &= c.end - slot >= 8 ? 0xFFu : (1u << (c.end - slot)) - 1u;
    const std::uint32_t self = c.self - slot;
    mask &= self < 8 ? ~(1u << self) : ~0u;
    const auto lanes_hit = static_cast<__mmask8>(mask);
    // Compressed in a register, then stored whole: a compressing store to memory is slow on some processors.
    for (std::size_t a = 0; a < static_cast<std::size_t>(Dims); ++a) {
      _mm512_storeu_pd(hits.offset[a].data() + count, _mm512_maskz_compress_pd(lanes_hit, offset[a]));
    }
    _mm512_storeu_pd(hits.distance2.data() + count, _mm512_maskz_compress_pd(lanes_hit, distance2));
    const __m256i slots = _mm256_add_epi32(lanes, _mm256_set1_epi32(static_cast<int>(slot)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(hits.slots.data() + count),
                        _mm256_maskz_compress_epi32(lanes_hit, slots));
    count += static_cast<std::size_t>(std::popcount(mask));
  }
  hits.count = static_cast<std::int64_t>(count);
}

}  // namespace

void filter_avx2(const Candidates& candidates, int dims, Hits& hits) {
  dims == 3 ? filter_four<3>(candidates, hits) : filter_four<2>(candidates, hits);
}

void filter_avx512(const Candidates& candidates, int dims, Hits& hits) {
  dims == 3 ? filter_eight<3>(candidates, hits) : filter_eight<2>(candidates, hits);
}

}  // namespace bw::wide

#endif
