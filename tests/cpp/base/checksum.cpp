// CRC-32C: the published values, the same bits from both variants, and the parts joined.
#include "base/checksum.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

namespace {

std::uint32_t of_text(std::string_view text) {
  return bw::checksum(text.data(), text.size());
}

std::vector<unsigned char> noise(std::size_t size) {
  std::vector<unsigned char> bytes(size);
  std::uint64_t state = 7;
  for (unsigned char& byte : bytes) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    byte = static_cast<unsigned char>(state >> 56);
  }
  return bytes;
}

}  // namespace

TEST_CASE("the values of RFC 3720 come out") {
  CHECK(of_text("123456789") == 0xE3069283u);
  CHECK(of_text("") == 0u);
  std::vector<unsigned char> bytes(32, 0);
  CHECK(bw::checksum(bytes.data(), 32) == 0x8A9136AAu);
  std::fill(bytes.begin(), bytes.end(), static_cast<unsigned char>(0xFF));
  CHECK(bw::checksum(bytes.data(), 32) == 0x62A8AB43u);
  for (std::size_t i = 0; i < 32; ++i) bytes[i] = static_cast<unsigned char>(i);
  CHECK(bw::checksum(bytes.data(), 32) == 0x46DD794Eu);
}

TEST_CASE("the processor's instruction and the tables give the same bits at any length and place") {
  const std::vector<unsigned char> bytes = noise(3 * 12288 + 64);
  constexpr std::size_t kSizes[] = {0, 1, 7, 8, 9, 255, 256, 767, 768, 769, 1536, 36864};
  for (const std::size_t size : kSizes) {
    for (std::size_t start = 0; start < 9; ++start) {
      const unsigned char* from = bytes.data() + start;
      CHECK(bw::checksum(from, size) == bw::checksum_portable(from, size));
    }
  }
}

TEST_CASE("parts in a row give the checksum of the whole") {
  const std::vector<unsigned char> bytes = noise(40000);
  const std::uint32_t whole = bw::checksum(bytes.data(), bytes.size());
  constexpr std::size_t kCuts[] = {0, 1, 100, 768, 4096, 39999, 40000};
  for (const std::size_t cut : kCuts) {
    const std::uint32_t first = bw::checksum(bytes.data(), cut);
    CHECK(bw::checksum(bytes.data() + cut, bytes.size() - cut, first) == whole);
    CHECK(bw::checksum_portable(bytes.data() + cut, bytes.size() - cut, first) == whole);
  }
}

TEST_CASE("every single flipped bit changes it") {
  std::vector<unsigned char> bytes = noise(300);
  const std::uint32_t good = bw::checksum(bytes.data(), bytes.size());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const auto mask = static_cast<unsigned char>(1u << (bit % 8));
    bytes[bit / 8] = static_cast<unsigned char>(bytes[bit / 8] ^ mask);
    CHECK(bw::checksum(bytes.data(), bytes.size()) != good);
    bytes[bit / 8] = static_cast<unsigned char>(bytes[bit / 8] ^ mask);
  }
}

TEST_CASE("checksums of parts join to that of the whole, without the bytes") {
  const std::vector<unsigned char> bytes = noise(40000);
  const std::uint32_t whole = bw::checksum(bytes.data(), bytes.size());
  constexpr std::size_t kCuts[] = {0, 1, 100, 768, 4096, 39999, 40000};
  for (const std::size_t cut : kCuts) {
    const std::uint32_t before = bw::checksum(bytes.data(), cut);
    const std::uint32_t after = bw::checksum(bytes.data() + cut, bytes.size() - cut);
    CHECK(bw::joined_checksum(before, after, bytes.size() - cut) == whole);
  }
}
