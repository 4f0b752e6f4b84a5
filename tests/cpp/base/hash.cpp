// hash.cpp: tests of the stable hashes and of the digest made of them.
#include "base/hash.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace {

std::vector<unsigned char> counting_bytes(std::size_t size) {
  std::vector<unsigned char> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(i * 37 + 1);
  return bytes;
}

int flipped_bits(const bw::Hash128& a, const bw::Hash128& b) {
  return std::popcount(a.low ^ b.low) + std::popcount(a.high ^ b.high);
}

TEST_CASE("ranges of every length hash apart, and so do a range and its zero-padded self") {
  const auto bytes = counting_bytes(600);
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const auto h = bw::hash128(bytes.data(), size);
    CHECK(seen.insert({h.low, h.high}).second);
  }
  CHECK(bw::hash64("a") != bw::hash64(std::string_view("a\0", 2)));
  CHECK(bw::hash64("a", 1) != bw::hash64("a", 2));
}

TEST_CASE("one flipped bit of the input flips half of the output's bits") {
  for (std::size_t size : {1u, 8u, 9u, 16u, 17u, 40u, 255u, 256u, 700u}) {
    auto bytes = counting_bytes(size);
    const auto before = bw::hash128(bytes.data(), size);
    double sum = 0;
    int fewest = 128;
    for (std::size_t bit = 0; bit < 8 * size; ++bit) {
      bytes[bit / 8] = static_cast<unsigned char>(bytes[bit / 8] ^ (1u << (bit % 8)));
      const int flipped = flipped_bits(before, bw::hash128(bytes.data(), size));
      bytes[bit / 8] = static_cast<unsigned char>(bytes[bit / 8] ^ (1u << (bit % 8)));
      sum += flipped;
      fewest = std::min(fewest, flipped);
    }
    CHECK(sum / (8.0 * static_cast<double>(size)) == doctest::Approx(64).epsilon(0.12));
    CHECK(fewest > 30);
  }
}

TEST_CASE("hashes do not depend on where the bytes lie") {
  const auto bytes = counting_bytes(300);
  std::vector<unsigned char> moved(308);
  for (std::size_t shift = 0; shift < 8; ++shift) {
    std::copy(bytes.begin(), bytes.end(), moved.begin() + static_cast<std::ptrdiff_t>(shift));
    CHECK(bw::hash128(moved.data() + shift, 300) == bw::hash128(bytes.data(), 300));
  }
}

TEST_CASE("digests add and subtract with a carry between the halves") {
  const bw::Digest a{~std::uint64_t{0}, 1}, b{2, 3};
  CHECK((a + b) == bw::Digest{1, 5});
  CHECK((a + b) - b == a);
  CHECK((b - a) + a == b);
  CHECK(bw::Digest{0xabc, 0x123}.hex() == "00000000000001230000000000000abc");
}

TEST_CASE("a column's digest is the sum of its items in any order") {
  const std::vector<std::uint64_t> keys{7, 1, 1ull << 44, 3};
  const std::vector<double> values{1.5, -0.0, 0.0, 1e300};
  const bw::ColumnHash hash("ecs", "Bird.age", sizeof(double));
  bw::Digest backwards;
  for (std::size_t i = keys.size(); i-- > 0;) {
    backwards += bw::digest_item("ecs", "Bird.age", keys[i], &values[i], sizeof(double));
  }
  CHECK(hash.of_column(keys.data(), values.data(), sizeof(double), keys.size()) == backwards);
}

TEST_CASE("columns of every width agree with the items, strided or not") {
  const auto bytes = counting_bytes(4000);
  const std::vector<std::uint64_t> keys{5, 6, 7, 8, 9};
  for (std::size_t width : {1u, 2u, 3u, 4u, 8u, 12u, 16u, 24u, 32u, 400u}) {
    const std::size_t stride = width + 11;
    const bw::ColumnHash hash("room", "name", width);
    bw::Digest sum;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      sum += bw::digest_item("room", "name", keys[i], bytes.data() + i * stride, width);
    }
    CHECK(hash.of_column(keys.data(), bytes.data(), static_cast<std::ptrdiff_t>(stride),
                         keys.size()) == sum);
  }
}

TEST_CASE("a digest tells apart room, name, key, width, value, and values that were swapped") {
  const std::uint64_t one = 1, two = 2;
  const auto base = bw::digest_item("a", "bc", 1, &one, 8);
  CHECK(base != bw::digest_item("ab", "c", 1, &one, 8));
  CHECK(base != bw::digest_item("a", "bd", 1, &one, 8));
  CHECK(base != bw::digest_item("a", "bc", 2, &one, 8));
  CHECK(base != bw::digest_item("a", "bc", 1, &one, 4));
  CHECK(base != bw::digest_item("a", "bc", 1, &two, 8));
  const auto swapped =
      bw::digest_item("a", "bc", 1, &two, 8) + bw::digest_item("a", "bc", 2, &one, 8);
  CHECK(base + bw::digest_item("a", "bc", 2, &two, 8) != swapped);
}

TEST_CASE("small keys and values leave no pattern in the sums") {
  // 2^16 pairs of tiny numbers: every bit of the hashes is set about half of the time.
  const bw::ColumnHash hash("room", "name", 8);
  std::vector<int> set_bits(128);
  for (std::uint64_t key = 0; key < 256; ++key) {
    for (std::uint64_t value = 0; value < 256; ++value) {
      const auto h = hash.of_word(key, value);
      for (std::size_t bit = 0; bit < 64; ++bit) {
        set_bits[bit] += static_cast<int>((h.low >> bit) & 1);
        set_bits[64 + bit] += static_cast<int>((h.high >> bit) & 1);
      }
    }
  }
  for (int count : set_bits) CHECK(count == doctest::Approx(32768).epsilon(0.02));
}

TEST_CASE("the hashes are frozen: digests and random keys of old runs rest on them") {
  const auto bytes = counting_bytes(600);
  CHECK(bw::hash64("") == 15660784352758666319u);
  CHECK(bw::hash64("bigworlds") == 1779295897522838192u);
  CHECK(bw::hash64(bytes.data(), 600) == 8389727412069899597u);
  CHECK(bw::rng_key(7, "flock") == 9406907822673989769u);
  const double value = 1.5;
  CHECK(bw::digest_item("ecs", "Bird.age", 42, &value, 8).hex() ==
        "36744f0b13c6e5fe567d24807c6d8c29");
}

}  // namespace
