// philox.cpp: tests of the random numbers: known answers of the cipher, and the law that addresses
// its words.
#include "base/philox.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

namespace {

// The known-answer vectors that the authors publish with Random123.
static_assert(bw::philox4x32({0, 0, 0, 0}, {0, 0}) ==
              bw::PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});

TEST_CASE("philox4x32-10 gives the published answers") {
  constexpr std::uint32_t ones = 0xffffffff;
  CHECK(bw::philox4x32({ones, ones, ones, ones}, {ones, ones}) ==
        bw::PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(
      bw::philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
      bw::PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a random word is addressed by key, id, tick and draw") {
  const std::uint64_t key = 0x0123456789abcdef, id = 0xfedcba9876543210;
  const std::int64_t tick = 5000000000;
  const std::uint64_t position = (std::uint64_t{5000000000} << 24) | 3;
  const auto r = bw::philox4x32({0x76543210, 0xfedcba98, static_cast<std::uint32_t>(position),
                                 static_cast<std::uint32_t>(position >> 32)},
                                {0x89abcdef, 0x01234567});
  CHECK(bw::random_word(key, id, tick, 6) == (r[0] | static_cast<std::uint64_t>(r[1]) << 32));
  CHECK(bw::random_word(key, id, tick, 7) == (r[2] | static_cast<std::uint64_t>(r[3]) << 32));
}

TEST_CASE("a stream draws the words in order from any start") {
  for (std::uint64_t first : {0u, 1u, 2u, 5u}) {
    bw::RandomStream stream(11, 22, 33, first);
    for (std::uint64_t k = first; k < first + 7; ++k) {
      CHECK(stream.word() == bw::random_word(11, 22, 33, k));
    }
    CHECK(stream.position() == first + 7);
  }
}

TEST_CASE("uniforms stay inside their interval") {
  CHECK(bw::uniform(0) == 0.0);
  CHECK(bw::uniform(~std::uint64_t{0}) == 1.0 - 0x1p-53);
  CHECK(bw::open_uniform(0) == 0x1p-53);
  CHECK(bw::open_uniform(~std::uint64_t{0}) == 1.0 - 0x1p-53);
}

TEST_CASE("integers are in range and even") {
  bw::RandomStream stream(1, 2, 3);
  std::vector<int> counts(6);
  for (int i = 0; i < 60000; ++i) ++counts[stream.integers(6)];
  for (int count : counts) CHECK(count == doctest::Approx(10000).epsilon(0.04));
  CHECK(stream.integers(1) == 0);
  std::uint64_t highest = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t n = (std::uint64_t{1} << 40) + 1;
    const std::uint64_t number = stream.integers(n);
    CHECK(number < n);
    highest = number > highest ? number : highest;
  }
  CHECK(highest > (std::uint64_t{1} << 39));
}

TEST_CASE("integers reject the words that would bias them") {
  // 3 * 2^30 values: a quarter of all words is rejected, so the position runs ahead of the draws.
  bw::RandomStream stream(1, 2, 3);
  for (int i = 0; i < 4000; ++i) CHECK(stream.integers(3u << 30) < (3u << 30));
  CHECK(stream.position() == doctest::Approx(4000.0 * 4 / 3).epsilon(0.05));
}

TEST_CASE("filling words in bulk gives the same words on every variant") {
  std::vector<std::uint64_t> ids;
  for (std::uint64_t i = 0; i < 37; ++i) ids.push_back(i * 0x9E3779B97F4A7C15);
  for (bw::Simd simd : {bw::Simd::kScalar, bw::Simd::kAvx2, bw::Simd::kAvx512}) {
    if (simd > bw::widest_simd()) continue;
    for (std::uint64_t first : {0u, 1u, 4u}) {
      for (std::size_t count : {0u, 1u, 2u, 3u, 6u}) {
        std::vector<std::uint64_t> out(ids.size() * count, 7);
        bw::fill_random_words(99, 1234, ids.data(), ids.size(), first, count, out.data(), simd);
        for (std::size_t i = 0; i < out.size(); ++i) {
          REQUIRE(out[i] == bw::random_word(99, ids[i / count], 1234, first + i % count));
        }
      }
    }
  }
}

}  // namespace
