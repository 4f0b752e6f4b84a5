// template_search.cpp: the plain search, cell by cell over the end of the soup, eight cells a word
// elsewhere.
#include "vm/template_search.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "vm/isa.hpp"

namespace bw {

namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighBits = 0x8080808080808080;
constexpr std::uint32_t kWordCells = 8;
constexpr std::uint32_t kProbe = 16;
constexpr std::size_t kUnrolled = 4096;  // cells that are copied where a search crosses the end

std::uint64_t load(const std::uint8_t* cells) {
  std::uint64_t word;
  std::memcpy(&word, cells, sizeof(word));
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

// Where a step of n cells leads in the ring.
std::uint32_t ahead(std::uint32_t from, std::uint32_t n, std::uint32_t size) {
  return static_cast<std::uint32_t>((std::uint64_t{from} + n) % size);
}
std::uint32_t back(std::uint32_t from, std::uint32_t n, std::uint32_t size) {
  return ahead(from, size - n % size, size);
}

// Copies cells of the ring from an address on.
void unroll(const TemplateQuery& q, std::uint32_t from, std::uint32_t count, std::uint8_t* to) {
  while (count != 0) {
    const std::uint32_t piece = std::min(count, q.soup_size - from);
    std::memcpy(to, q.cells + from, piece);
    to += piece;
    count -= piece;
    from = 0;
  }
}

// Candidates one by one, on the ring.
std::uint32_t find_on_ring(const TemplateQuery& q) {
  const auto complements = [&q](std::uint32_t candidate) {
    for (std::uint32_t j = 0; j < q.length; ++j) {
      const std::uint8_t there = q.cells[ahead(candidate, j, q.soup_size)];
      const std::uint8_t here = q.cells[ahead(q.at, j, q.soup_size)];
      if (there > kTemplate1 || there == here) return false;
    }
    return true;
  };
  const std::uint32_t forward = ahead(ahead(q.at, q.length, q.soup_size), 1, q.soup_size);
  const std::uint32_t backward = back(back(q.at, q.length, q.soup_size), 1, q.soup_size);
  for (std::uint32_t k = 0; k <= q.limit; ++k) {
    const std::uint32_t in_front = ahead(forward, k, q.soup_size);
    const std::uint32_t behind = back(backward, k, q.soup_size);
    if (q.direction != Direction::kBackward && complements(in_front)) return in_front;
    if (q.direction != Direction::kForward && complements(behind)) return behind;
  }
  return kNotFound;
}

// A mask with the high bit of each of the eight cells from `candidate` on that begins a complement.
std::uint64_t matches(const TemplateQuery& q, const std::uint8_t* candidate) {
  std::uint64_t differ = 0;
  for (std::uint32_t j = 0; j < q.length; ++j) {
    differ |= load(candidate + j) ^ (kOnes * (q.cells[q.at + j] ^ 1u));
  }
  return ~(((differ & ~kHighBits) + ~kHighBits) | differ) & kHighBits;
}

std::uint32_t find_by_words(const TemplateQuery& q, std::uint32_t k) {
  const std::uint8_t* forward = q.cells + q.at + q.length + 1;
  const std::uint8_t* backward = q.cells + q.at - q.length - 1;
  for (; k <= q.limit; k += kWordCells) {
    std::uint32_t in_front = kNotFound;
    std::uint32_t behind = kNotFound;
    if (q.direction != Direction::kBackward) {
      const std::uint64_t found = matches(q, forward + k);
      if (found != 0) in_front = k + static_cast<std::uint32_t>(std::countr_zero(found)) / 8;
    }
    if (q.direction != Direction::kForward) {
      const std::uint64_t found = matches(q, backward - k - (kWordCells - 1));
      if (found != 0) behind = k + static_cast<std::uint32_t>(std::countl_zero(found)) / 8;
    }
    if (in_front == kNotFound && behind == kNotFound) continue;
    if (in_front <= behind) {
      return in_front <= q.limit ? q.at + q.length + 1 + in_front : kNotFound;
    }
    return behind <= q.limit ? q.at - q.length - 1 - behind : kNotFound;
  }
  return kNotFound;
}

// The nearest candidates of a short template, each in one comparison; k says where to go on.
std::uint32_t probe(const TemplateQuery& q, std::uint32_t& k) {
  const std::uint64_t mask = ~std::uint64_t{0} >> (64 - 8 * q.length);
  const std::uint64_t wanted = (load(q.cells + q.at) ^ kOnes) & mask;
  const std::uint32_t forward = q.at + q.length + 1;
  const std::uint32_t backward = q.at - q.length - 1;
  const std::uint32_t last = q.limit < kProbe ? q.limit + 1 : kProbe;
  const auto at_front = [&] { return (load(q.cells + forward + k) & mask) == wanted; };
  const auto behind = [&] { return (load(q.cells + backward - k) & mask) == wanted; };
  if (q.direction == Direction::kForward) {
    for (k = 0; k < last; ++k) {
      if (at_front()) return forward + k;
    }
  } else if (q.direction == Direction::kBackward) {
    for (k = 0; k < last; ++k) {
      if (behind()) return backward - k;
    }
  } else {
    for (k = 0; k < last; ++k) {
      if (at_front()) return forward + k;
      if (behind()) return backward - k;
    }
  }
  return kNotFound;
}

// Whether all candidates, and the template, are inside the soup without going over its end.
bool is_inside(const TemplateQuery& q) {
  const std::uint64_t reach = std::uint64_t{q.length} + 1 + q.limit;
  const bool front_fits = std::uint64_t{q.at} + 2 * q.length + 1 + q.limit <= q.soup_size;
  const bool template_fits = std::uint64_t{q.at} + q.length <= q.soup_size;
  const bool back_fits = q.at >= reach;
  if (q.direction == Direction::kForward) return front_fits;
  if (q.direction == Direction::kBackward) return back_fits && template_fits;
  return front_fits && back_fits;
}

// A query whose candidates cross the end of the soup, in a straight copy of the cells around it.
std::uint32_t find_across(const TemplateQuery& query, Simd simd) {
  const std::uint64_t reach = std::uint64_t{query.length} * 2 + 1 + query.limit;
  if (2 * reach > kUnrolled) return find_on_ring(query);
  std::array<std::uint8_t, kUnrolled + 2 * kSoupMargin> copy;
  const auto half = static_cast<std::uint32_t>(reach);
  std::memset(copy.data(), kEdge, kSoupMargin);
  unroll(query, back(query.at, half, query.soup_size), 2 * half, copy.data() + kSoupMargin);
  std::memset(copy.data() + kSoupMargin + 2 * half, kEdge, kSoupMargin);
  TemplateQuery straight = query;
  straight.cells = copy.data() + kSoupMargin;
  straight.soup_size = 2 * half;
  straight.at = half;
  const std::uint32_t found = find_complement(straight, simd);
  if (found == kNotFound) return kNotFound;
  return found >= half ? ahead(query.at, found - half, query.soup_size)
                       : back(query.at, half - found, query.soup_size);
}

}  // namespace

std::uint32_t template_length(const std::uint8_t* cells, std::uint32_t soup_size,
                              std::uint32_t at) {
  std::uint32_t length = 0;
  while (length < soup_size && cells[at] <= kTemplate1) {
    ++length;
    if (++at == soup_size) at = 0;
  }
  return length;
}

std::uint32_t find_complement(const TemplateQuery& query, Simd simd) {
  if (!is_inside(query)) [[unlikely]]
    return find_across(query, simd);
#if defined(__x86_64__)
  if (simd != Simd::kScalar) return wide::find_complement_avx2(query);
#endif
  (void)simd;
  std::uint32_t probed = 0;
  if (query.length <= kWordCells) {
    const std::uint32_t found = probe(query, probed);
    if (found != kNotFound || probed > query.limit) return found;
  }
  return find_by_words(query, probed);
}

}  // namespace bw
