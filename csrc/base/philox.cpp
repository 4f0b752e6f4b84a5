// philox.cpp: random words for many entities at once, for the baseline and for wider vectors.
#include "base/philox.hpp"

#if defined(__x86_64__)
#define BW_X86_TARGET(features) [[gnu::target(features)]]
#else
#define BW_X86_TARGET(features)
#endif

namespace bw {

namespace {

constexpr std::size_t kLanes = 16;

// One block for each of kLanes ids. The lanes hold 32-bit numbers in 64-bit places, which is how
// vector units multiply them; the loops over lanes are what the compiler makes vector code of.
[[gnu::always_inline]] inline void block_of_lanes(std::uint64_t key, const std::uint64_t* ids,
                                                  std::uint64_t position, std::uint64_t* half0,
                                                  std::uint64_t* half1) {
  constexpr std::uint64_t kLow = 0xFFFFFFFF;
  std::uint64_t c0[kLanes], c1[kLanes], c2[kLanes], c3[kLanes];
  for (std::size_t i = 0; i < kLanes; ++i) {
    c0[i] = ids[i] & kLow;
    c1[i] = ids[i] >> 32;
    c2[i] = position & kLow;
    c3[i] = position >> 32;
  }
  std::uint32_t k0 = philox::low_half(key), k1 = philox::high_half(key);
  for (int round = 0; round < philox::kRounds; ++round) {
    const std::uint64_t wide_k0 = k0, wide_k1 = k1;
    for (std::size_t i = 0; i < kLanes; ++i) {
      const std::uint64_t product0 = philox::kMultiplier0 * (c0[i] & kLow);
      const std::uint64_t product1 = philox::kMultiplier1 * (c2[i] & kLow);
      c0[i] = (product1 >> 32) ^ c1[i] ^ wide_k0;
      c1[i] = product1 & kLow;
      c2[i] = (product0 >> 32) ^ c3[i] ^ wide_k1;
      c3[i] = product0 & kLow;
    }
    k0 += philox::kWeyl0;
    k1 += philox::kWeyl1;
  }
  for (std::size_t i = 0; i < kLanes; ++i) {
    half0[i] = c0[i] | c1[i] << 32;
    half1[i] = c2[i] | c3[i] << 32;
  }
}

struct WordsRequest {
  std::uint64_t key;
  std::int64_t tick;
  std::uint64_t first;
  std::size_t count;
};

[[gnu::always_inline]] inline void fill(const WordsRequest& request, const std::uint64_t* ids,
                                        std::size_t n, std::uint64_t* out) {
  const auto [key, tick, first, count] = request;
  for (std::size_t start = 0; start < n; start += kLanes) {
    const std::size_t lanes = n - start < kLanes ? n - start : kLanes;
    std::uint64_t padded[kLanes] = {};
    std::uint64_t halves[2][kLanes];
    for (std::size_t i = 0; i < lanes; ++i) padded[i] = ids[start + i];
    for (std::uint64_t block = first / 2; block <= (first + count - 1) / 2; ++block) {
      block_of_lanes(key, padded, philox::position(tick, block), halves[0], halves[1]);
      for (std::uint64_t k = 2 * block; k < 2 * block + 2; ++k) {
        if (k < first || k - first >= count) continue;
        std::uint64_t* column = out + start * count + (k - first);
        for (std::size_t i = 0; i < lanes; ++i) column[i * count] = halves[k % 2][i];
      }
    }
  }
}

void fill_scalar(const WordsRequest& request, const std::uint64_t* ids, std::size_t n,
                 std::uint64_t* out) {
  fill(request, ids, n, out);
}

BW_X86_TARGET("avx2")
void fill_avx2(const WordsRequest& request, const std::uint64_t* ids, std::size_t n,
               std::uint64_t* out) {
  fill(request, ids, n, out);
}

BW_X86_TARGET("avx512f,avx512vl,avx512dq")
void fill_avx512(const WordsRequest& request, const std::uint64_t* ids, std::size_t n,
                 std::uint64_t* out) {
  fill(request, ids, n, out);
}

}  // namespace

void fill_random_words(std::uint64_t key, std::int64_t tick, const std::uint64_t* ids,
                       std::size_t n, std::uint64_t first, std::size_t count, std::uint64_t* out,
                       Simd simd) {
  if (count == 0) return;
  const WordsRequest request{key, tick, first, count};
  switch (simd) {
    case Simd::kAvx512:
      return fill_avx512(request, ids, n, out);
    case Simd::kAvx2:
      return fill_avx2(request, ids, n, out);
    case Simd::kScalar:
      return fill_scalar(request, ids, n, out);
  }
}

}  // namespace bw
