// Searches in wide vectors: the operations of the plain search, lane by lane, so the same bits; no
// FMA. Each is whole in one function, because code for wider vectors cannot be inlined into code
// for the baseline.
#include "space/search.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#include <array>
#include <bit>

namespace bw::wide {
namespace {

// For each mask of four lanes, the permutation of 32-bit halves that moves its doubles to the
// front.
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

template <std::size_t Dims>
using Columns = std::array<const double*, Dims>;

template <std::size_t Dims>
Columns<Dims> coordinates_of(const NeighborIndex& index) {
  Columns<Dims> columns;
  for (std::size_t a = 0; a < Dims; ++a) {
    columns[a] = index.coordinates(a);
  }
  return columns;
}

// Where hits are written.
template <std::size_t Dims, Geometry kGeometry = Geometry::wanted>
struct Sink {
  explicit Sink(Hits& hits) : slots(hits.slots.data()), distance2(hits.distance2.data()) {
    for (std::size_t a = 0; a < Dims; ++a) {
      offset[a] = hits.offset[a].data();
    }
  }

  std::uint32_t* slots;
  double* distance2;
  std::array<double*, Dims> offset;
};

// The bits below `count`.
[[gnu::always_inline]] inline std::uint32_t low_bits(std::uint32_t count) {
  return (1u << count) - 1u;
}

[[gnu::target("avx2")]] inline __m128i lanes_of(__m256i order, std::uint32_t slot) {
  // Lane numbers are the even halves of the order, divided by two.
  const __m256i even = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
  const __m256i lanes = _mm256_permutevar8x32_epi32(_mm256_srli_epi32(order, 1), even);
  return _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm_set1_epi32(static_cast<int>(slot)));
}

template <std::size_t Dims, Geometry kGeometry, class Centers>
[[gnu::target("avx2,popcnt")]] std::size_t four(const NeighborIndex& index, const Centers& centers,
                                                double radius, Hits& hits) {
  BlockOfHits block(hits, centers.size());
  const Columns<Dims> columns = coordinates_of<Dims>(index);
  const LineFinder<Dims> finder(index);
  Sink<Dims, kGeometry> to(hits);
  const __m256d radius2 = _mm256_set1_pd(radius * radius);
  for (std::size_t i = 0; i < centers.size(); ++i) {
    const Center center = centers[i];
    const CandidateLines<Dims> lines = finder.around(center.cell);
    bool moved = false;
    if (!block.open(lines.count, moved)) {
      break;
    }
    if (moved) {
      to = Sink<Dims, kGeometry>(hits);
    }
    std::size_t count = block.count;
#pragma GCC unroll 3
    for (const SlotRange& line : lines.ranges) {
      for (std::uint32_t slot = line.begin; slot < line.end; slot += 4) {
        __m256d offset[Dims];
        __m256d distance2 = _mm256_setzero_pd();
        for (std::size_t a = 0; a < Dims; ++a) {
          offset[a] =
              _mm256_sub_pd(_mm256_loadu_pd(columns[a] + slot), _mm256_set1_pd(center.place[a]));
          const __m256d square = _mm256_mul_pd(offset[a], offset[a]);
          distance2 = a == 0 ? square : _mm256_add_pd(distance2, square);
        }
        auto mask = static_cast<std::uint32_t>(
            _mm256_movemask_pd(_mm256_cmp_pd(distance2, radius2, _CMP_LE_OQ)));
        mask &= line.end - slot >= 4 ? 0xFu : low_bits(line.end - slot);
        mask &= center.slot - slot < 4 ? ~(1u << (center.slot - slot)) : ~0u;
        const __m256i order =
            _mm256_load_si256(reinterpret_cast<const __m256i*>(kCompress[mask].data()));
        if constexpr (kGeometry == Geometry::wanted) {
          for (std::size_t a = 0; a < Dims; ++a) {
            store_front(to.offset[a] + count, offset[a], order);
          }
          store_front(to.distance2 + count, distance2, order);
        }
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to.slots + count), lanes_of(order, slot));
        count += static_cast<std::size_t>(std::popcount(mask));
      }
    }
    block.count = count;
    block.close_search<Dims, kGeometry>(center.place);
  }
  return block.close();
}

#define BW_EIGHT gnu::target("avx512f,avx512vl,avx512dq,bmi,bmi2,popcnt")

// Eight candidates at these offsets: those of `lanes` that are near enough are written.
// Compressed in a register, then stored whole: a compressing store to memory is slow on some
// processors.
template <std::size_t Dims, Geometry kGeometry>
[[BW_EIGHT, gnu::always_inline]] inline std::size_t keep_near(const __m512d (&offset)[Dims],
                                                              __m512d radius2, __m256i slots,
                                                              __mmask8 lanes, std::size_t at,
                                                              const Sink<Dims, kGeometry>& to) {
  __m512d distance2 = _mm512_setzero_pd();
  for (std::size_t a = 0; a < Dims; ++a) {
    const __m512d square = _mm512_mul_pd(offset[a], offset[a]);
    distance2 = a == 0 ? square : _mm512_add_pd(distance2, square);
  }
  const __mmask8 hit = _mm512_mask_cmp_pd_mask(lanes, distance2, radius2, _CMP_LE_OQ);
  if constexpr (kGeometry == Geometry::wanted) {
    for (std::size_t a = 0; a < Dims; ++a) {
      _mm512_storeu_pd(to.offset[a] + at, _mm512_maskz_compress_pd(hit, offset[a]));
    }
    _mm512_storeu_pd(to.distance2 + at, _mm512_maskz_compress_pd(hit, distance2));
  }
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to.slots + at),
                      _mm256_maskz_compress_epi32(hit, slots));
  return static_cast<std::size_t>(std::popcount(static_cast<std::uint32_t>(hit)));
}

// The candidates of three lines that are eight at most, side by side in one vector. The lines
// stand in the index one after another, so a line that is shifted to the end of the one before
// never begins before the columns do.
template <std::size_t Dims>
struct SideBySide {
  [[BW_EIGHT,
    gnu::always_inline]] inline explicit SideBySide(const std::array<SlotRange, 3>& lines) {
    const std::uint32_t first = lines[0].end - lines[0].begin;
    const std::uint32_t second = first + lines[1].end - lines[1].begin;
    at = {lines[0].begin, lines[1].begin - first, lines[2].begin - second};
    filled = static_cast<__mmask8>(low_bits(second + lines[2].end - lines[2].begin));
    from_second = static_cast<__mmask8>(~low_bits(first));
    from_third = static_cast<__mmask8>(~low_bits(second));
  }

  [[BW_EIGHT, gnu::always_inline]] inline __m512d load(const double* column) const {
    __m512d values = _mm512_loadu_pd(column + at[0]);
    values = _mm512_mask_loadu_pd(values, from_second, column + at[1]);
    return _mm512_mask_loadu_pd(values, from_third, column + at[2]);
  }

  [[BW_EIGHT, gnu::always_inline]] inline __m256i slots() const {
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i begin = _mm256_set1_epi32(static_cast<int>(at[0]));
    begin = _mm256_mask_set1_epi32(begin, from_second, static_cast<int>(at[1]));
    begin = _mm256_mask_set1_epi32(begin, from_third, static_cast<int>(at[2]));
    return _mm256_add_epi32(lanes, begin);
  }

  std::array<std::uint32_t, 3> at;  // the slot that would stand in lane 0
  __mmask8 filled, from_second, from_third;
};

// Eight slots of a line from `slot` on; `lanes`: those on the line, without the one that searches.
struct EightSlots {
  [[BW_EIGHT, gnu::always_inline]] inline EightSlots(std::uint32_t slot, std::uint32_t end,
                                                     __m256i self)
      : slots(_mm256_add_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7),
                               _mm256_set1_epi32(static_cast<int>(slot)))),
        lanes(_mm256_mask_cmpneq_epi32_mask(
            _mm256_cmplt_epu32_mask(slots, _mm256_set1_epi32(static_cast<int>(end))), slots,
            self)) {}

  __m256i slots;
  __mmask8 lanes;
};

template <std::size_t Dims, Geometry kGeometry, class Centers>
[[BW_EIGHT]] std::size_t eight(const NeighborIndex& index, const Centers& centers, double radius,
                               Hits& hits) {
  BlockOfHits block(hits, centers.size());
  const Columns<Dims> columns = coordinates_of<Dims>(index);
  const LineFinder<Dims> finder(index);
  Sink<Dims, kGeometry> to(hits);
  const __m512d radius2 = _mm512_set1_pd(radius * radius);
  for (std::size_t i = 0; i < centers.size(); ++i) {
    const Center center = centers[i];
    const CandidateLines<Dims> lines = finder.around(center.cell);
    bool moved = false;
    if (!block.open(lines.count, moved)) {
      break;
    }
    if (moved) {
      to = Sink<Dims, kGeometry>(hits);
    }
    __m512d middle[Dims];
    __m512d offset[Dims];
    for (std::size_t a = 0; a < Dims; ++a) {
      middle[a] = _mm512_set1_pd(center.place[a]);
    }
    const __m256i self = _mm256_set1_epi32(static_cast<int>(center.slot));
    std::size_t count = block.count;
    if constexpr (Dims == 2) {
      if (lines.count <= 8) {
        const SideBySide<Dims> all(lines.ranges);
        for (std::size_t a = 0; a < Dims; ++a) {
          offset[a] = _mm512_sub_pd(all.load(columns[a]), middle[a]);
        }
        const __m256i slots = all.slots();
        const __mmask8 others = _mm256_mask_cmpneq_epi32_mask(all.filled, slots, self);
        block.count += keep_near(offset, radius2, slots, others, count, to);
        block.close_search<Dims, kGeometry>(center.place);
        continue;
      }
    }
#pragma GCC unroll 3
    for (const SlotRange& line : lines.ranges) {
      for (std::uint32_t slot = line.begin; slot < line.end; slot += 8) {
        for (std::size_t a = 0; a < Dims; ++a) {
          offset[a] = _mm512_sub_pd(_mm512_loadu_pd(columns[a] + slot), middle[a]);
        }
        const EightSlots there(slot, line.end, self);
        count += keep_near(offset, radius2, there.slots, there.lanes, count, to);
      }
    }
    block.count = count;
    block.close_search<Dims, kGeometry>(center.place);
  }
  return block.close();
}

// The shortest way around a periodic world, on each axis.
template <std::size_t Dims>
struct Shortest {
  [[BW_EIGHT, gnu::always_inline]] inline explicit Shortest(const Domain& domain)
      : periodic(domain.periodic) {
    for (std::size_t a = 0; a < Dims; ++a) {
      length[a] = _mm512_set1_pd(domain.size[a]);
      half[a] = _mm512_set1_pd(domain.size[a] / 2);
      minus_half[a] = _mm512_set1_pd(-domain.size[a] / 2);
    }
  }

  [[BW_EIGHT, gnu::always_inline]] inline __m512d way(std::size_t a, __m512d d) const {
    if (!periodic) {
      return d;
    }
    const __mmask8 above = _mm512_cmp_pd_mask(d, half[a], _CMP_GT_OQ);
    const __mmask8 below = _mm512_cmp_pd_mask(d, minus_half[a], _CMP_LT_OQ);
    d = _mm512_mask_sub_pd(d, above, d, length[a]);
    return _mm512_mask_add_pd(d, below, d, length[a]);
  }

  bool periodic;
  __m512d length[Dims];
  __m512d half[Dims];
  __m512d minus_half[Dims];
};

template <std::size_t Dims>
[[BW_EIGHT]] void ranges_by_eight(const RangeSearch& search, const LiveRanges& ranges, Hits& hits) {
  const Columns<Dims> columns = coordinates_of<Dims>(*search.index);
  const std::uint32_t* starts = search.index->starts();
  const std::uint32_t* items = search.index->items();
  const Sink<Dims> to(hits);
  const Shortest<Dims> shortest(*search.domain);
  const __m512d radius2 = _mm512_set1_pd(search.radius2);
  __m512d middle[Dims];
  __m512d offset[Dims];
  for (std::size_t a = 0; a < Dims; ++a) {
    middle[a] = _mm512_set1_pd(search.center[a]);
  }
  const __m256i self = _mm256_set1_epi32(static_cast<int>(search.self));
  std::size_t count = 0;
  for (std::size_t r = 0; r < ranges.count; ++r) {
    const std::uint32_t end = starts[ranges.end[r]];
    for (std::uint32_t slot = starts[ranges.begin[r]]; slot < end; slot += 8) {
      for (std::size_t a = 0; a < Dims; ++a) {
        const __m512d d = _mm512_sub_pd(_mm512_loadu_pd(columns[a] + slot), middle[a]);
        offset[a] = shortest.way(a, d);
      }
      const EightSlots there(slot, end, self);
      const __m256i slots = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(items + slot));
      count += keep_near(offset, radius2, slots, there.lanes, count, to);
    }
  }
  hits.count = static_cast<std::int64_t>(count);
}

#undef BW_EIGHT

template <std::size_t Dims, Geometry kGeometry>
std::size_t block_by_four(const NeighborIndex& index, const Searchers& searchers, double radius,
                          Hits& hits) {
  return four<Dims, kGeometry>(index, SearcherCenters<Dims>(index, searchers), radius, hits);
}

template <std::size_t Dims, Geometry kGeometry>
std::size_t block_by_eight(const NeighborIndex& index, const Searchers& searchers, double radius,
                           Hits& hits) {
  return eight<Dims, kGeometry>(index, SearcherCenters<Dims>(index, searchers), radius, hits);
}

template <std::size_t Dims>
ContinuousSearch search_by_four() {
  return {[](const NeighborIndex& index, const Center& center, double radius, Hits& hits) {
            four<Dims, Geometry::wanted>(index, OneCenter{center}, radius, hits);
          },
          block_by_four<Dims, Geometry::wanted>, block_by_four<Dims, Geometry::unwanted>};
}

template <std::size_t Dims>
ContinuousSearch search_by_eight() {
  return {[](const NeighborIndex& index, const Center& center, double radius, Hits& hits) {
            eight<Dims, Geometry::wanted>(index, OneCenter{center}, radius, hits);
          },
          block_by_eight<Dims, Geometry::wanted>, block_by_eight<Dims, Geometry::unwanted>};
}

}  // namespace

ContinuousSearch search_avx2(int dims) {
  return dims == 3 ? search_by_four<3>() : search_by_four<2>();
}

ContinuousSearch search_avx512(int dims) {
  return dims == 3 ? search_by_eight<3>() : search_by_eight<2>();
}

RangeSearchFunction search_ranges_avx512(int dims) {
  return dims == 3 ? ranges_by_eight<3> : ranges_by_eight<2>;
}

}  // namespace bw::wide

#endif
