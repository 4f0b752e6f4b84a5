// template_search.hpp: the nearest complement of a template in a soup.
//
// A template is the run of nops behind an instruction; its complement has nop 1 where it has nop 0
// and the other way round, and may be part of a longer run. The soup is a ring. With `at` the first
// cell of a template of `length` cells, candidates are, in their order, at + length + 1 + k
// (forward) and at - length - 1 - k (backward) for k = 0 .. limit; outward takes both for each k,
// the forward one first.
#pragma once

#include <cstdint>

#include "base/cpu.hpp"

namespace bw {

enum class Direction : std::uint8_t { kOutward, kForward, kBackward };

inline constexpr std::uint32_t kNotFound = ~std::uint32_t{0};

// Cells before the first and behind the last cell of a soup that can be read; they hold kEdge.
inline constexpr std::uint32_t kSoupMargin = 192;

struct TemplateQuery {
  const std::uint8_t* cells = nullptr;  // of a soup, with its margins
  std::uint32_t soup_size = 0;
  std::uint32_t at = 0;
  std::uint32_t length = 0;  // 1 .. soup_size
  std::uint32_t limit = 0;   // below soup_size
  Direction direction = Direction::kOutward;
};

// How many nops stand from `at` on, at most soup_size.
std::uint32_t template_length(const std::uint8_t* cells, std::uint32_t soup_size, std::uint32_t at);

// The first cell of the complement, or kNotFound. The same on every `simd` that the processor has.
std::uint32_t find_complement(const TemplateQuery& query, Simd simd = chosen_simd());

namespace wide {

#if defined(__x86_64__)
// For a query whose candidates do not cross the end of the soup.
std::uint32_t find_complement_avx2(const TemplateQuery& query);
#endif

}  // namespace wide
}  // namespace bw
