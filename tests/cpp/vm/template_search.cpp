// The search for complements against one that follows the rule word by word, on all processors'
// variants.
#include "vm/template_search.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "base/philox.hpp"
#include "vm/isa.hpp"
#include "vm/soup.hpp"

namespace {

using namespace bw;

std::uint32_t by_the_rule(const std::vector<std::uint8_t>& soup, const TemplateQuery& q) {
  const auto n = static_cast<std::int64_t>(soup.size());
  const auto cell = [&](std::int64_t at) {
    return soup[static_cast<std::size_t>((at % n + n) % n)];
  };
  const auto is_complement = [&](std::int64_t from) {
    for (std::int64_t j = 0; j < q.length; ++j) {
      if (cell(from + j) + cell(q.at + j) != 1) return false;
    }
    return true;
  };
  for (std::int64_t k = 0; k <= q.limit; ++k) {
    const std::int64_t forward = std::int64_t{q.at} + q.length + 1 + k;
    const std::int64_t backward = std::int64_t{q.at} - q.length - 1 - k;
    if (q.direction != Direction::kBackward && is_complement(forward)) {
      return static_cast<std::uint32_t>(forward % n);
    }
    if (q.direction != Direction::kForward && is_complement(backward)) {
      return static_cast<std::uint32_t>((backward % n + 2 * n) % n);
    }
  }
  return kNotFound;
}

TEST_CASE("the nearest complement is found, in all directions, over the end of the soup too") {
  RandomStream random(7, 1, 0);
  std::size_t found = 0;
  std::size_t tried = 0;
  for (int world = 0; world < 300; ++world) {
    const auto size = static_cast<std::uint32_t>(64 + random.integers(900));
    Soup soup(size);
    const std::uint64_t kinds = 2 + random.integers(30);
    for (std::uint32_t i = 0; i < size; ++i) {
      soup.cells()[i] = static_cast<std::uint8_t>(random.integers(kinds));
    }
    const std::vector<std::uint8_t> cells(soup.contents().begin(), soup.contents().end());
    for (int i = 0; i < 60; ++i) {
      TemplateQuery q{soup.cells(),
                      size,
                      static_cast<std::uint32_t>(random.integers(size)),
                      0,
                      0,
                      static_cast<Direction>(random.integers(3))};
      q.length = template_length(soup.cells(), size, q.at);
      if (q.length == 0) continue;
      q.limit = static_cast<std::uint32_t>(random.integers(size));
      const std::uint32_t expected = by_the_rule(cells, q);
      ++tried;
      found += expected != kNotFound;
      CHECK(find_complement(q, Simd::kScalar) == expected);
      CHECK(find_complement(q, widest_simd()) == expected);
    }
  }
  CHECK(found > 1000);
  CHECK(tried - found > 1000);
}

TEST_CASE("a template that fills the soup has its length") {
  Soup soup(64);
  CHECK(template_length(soup.cells(), 64, 10) == 64);
  soup.cells()[5] = 9;
  CHECK(template_length(soup.cells(), 64, 10) == 59);
  CHECK(template_length(soup.cells(), 64, 5) == 0);
}

}  // namespace
