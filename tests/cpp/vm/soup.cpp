// Blocks of a soup against a plain map of its cells, under random requests and returns.
#include "vm/soup.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "base/errors.hpp"
#include "base/philox.hpp"

namespace {

using namespace bw;

// The free stretches of a plain map.
std::vector<Block> stretches(const std::vector<bool>& taken) {
  std::vector<Block> found;
  for (std::uint32_t i = 0; i < taken.size(); ++i) {
    if (taken[i]) continue;
    if (i == 0 || taken[i - 1]) found.push_back({i, 0});
    ++found.back().size;
  }
  return found;
}

std::optional<std::uint32_t> expected(const std::vector<Block>& free, int rule, std::uint32_t size,
                                      std::uint32_t address, std::uint32_t reach) {
  std::optional<std::uint32_t> best;
  std::uint32_t best_cost = 0;
  for (const Block& block : free) {
    for (std::uint32_t at = block.start; at + size <= block.start + block.size; ++at) {
      const std::uint32_t away = at > address ? at - address : address - at;
      const std::uint32_t cost = rule == 0 ? 0 : rule == 1 ? block.size : away;
      if (rule == 2 && away > reach) continue;
      if (best && cost >= best_cost) continue;
      best = at;
      best_cost = cost;
    }
  }
  return best;
}

TEST_CASE("memory is given by each rule, and comes back") {
  RandomStream random(11, 2, 0);
  for (int world = 0; world < 20; ++world) {
    // In large ones there are free blocks of more than 511 cells too.
    const auto size = static_cast<std::uint32_t>(64 + random.integers(world % 4 == 0 ? 4000 : 400));
    Soup soup(size);
    std::vector<bool> taken(size, false);
    std::vector<Block> blocks;
    for (int i = 0; i < 300; ++i) {
      if (!blocks.empty() && random.integers(3) == 0) {
        const std::size_t which = random.integers(blocks.size());
        soup.release(blocks[which]);
        std::fill_n(taken.begin() + blocks[which].start, blocks[which].size, false);
        blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(which));
      } else {
        const auto wanted =
            static_cast<std::uint32_t>(1 + random.integers(world % 8 == 0 ? 700 : 40));
        const auto address = static_cast<std::uint32_t>(random.integers(size));
        const auto reach = static_cast<std::uint32_t>(random.integers(world % 3 == 0 ? 2000 : 60));
        const int rule = static_cast<int>(random.integers(3));
        const auto right = expected(stretches(taken), rule, wanted, address, reach);
        const auto got = rule == 0   ? soup.allocate_first(wanted)
                         : rule == 1 ? soup.allocate_better(wanted)
                                     : soup.allocate_near(wanted, address, reach);
        CHECK(got == right);
        if (!got) continue;
        blocks.push_back({*got, wanted});
        std::fill_n(taken.begin() + *got, wanted, true);
      }
      const std::vector<Block> free = stretches(taken);
      CHECK(free == soup.free_blocks());
    }
    for (std::uint32_t i = 0; i < size; ++i) CHECK(soup.is_free(i) == !taken[i]);
    Soup again(size);
    again.rebuild(blocks);
    CHECK(again.free_blocks() == soup.free_blocks());
    CHECK(again.free_cells() ==
          static_cast<std::uint64_t>(std::count(taken.begin(), taken.end(), false)));
  }
}

TEST_CASE("addresses are numbers modulo the soup's size") {
  const Soup soup(100);
  CHECK(soup.address(99) == 99);
  CHECK(soup.address(100) == 0);
  CHECK(soup.address(static_cast<std::uint32_t>(-1)) == 99);
  CHECK(soup.address(static_cast<std::uint32_t>(-100)) == 0);
  CHECK(soup.address(0x80000000u) == 52);  // -2147483648 mod 100
}

TEST_CASE("what cannot be is refused") {
  CHECK_THROWS_WITH_AS(Soup(10), doctest::Contains("found 10"), UserError);
  Soup soup(100);
  CHECK_THROWS_AS(soup.rebuild({{0, 10}, {5, 10}}), UserError);
  CHECK_THROWS_AS(soup.rebuild({{95, 10}}), UserError);
  CHECK_THROWS_AS(soup.release({0, 10}), InternalError);
  CHECK(soup.allocate_at({20, 10}));
  CHECK_FALSE(soup.allocate_at({25, 10}));
}

}  // namespace
