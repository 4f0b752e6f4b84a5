// Random cuts: each row once, more than one piece, others for another key or tick.
#include "schedule/pieces.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace {

std::vector<std::pair<std::int64_t, std::int64_t>> sorted_pieces(std::int64_t begin,
                                                                 std::int64_t end,
                                                                 std::uint64_t key,
                                                                 std::int64_t tick) {
  std::vector<std::pair<std::int64_t, std::int64_t>> pieces;
  for (const bw_span& piece : bw::random_pieces(begin, end, key, 3, tick)) {
    pieces.emplace_back(piece.begin, piece.end);
  }
  std::sort(pieces.begin(), pieces.end());
  return pieces;
}

TEST_CASE("pieces cover all rows once, and two rows or more are cut") {
  for (const std::int64_t rows : {0, 1, 2, 3, 10, 1000}) {
    for (std::uint64_t key = 0; key < 20; ++key) {
      std::int64_t next = 5;
      const auto pieces = sorted_pieces(5, 5 + rows, key, 7);
      for (const auto& [begin, end] : pieces) {
        REQUIRE(begin == next);
        REQUIRE(end > begin);
        next = end;
      }
      CHECK(next == 5 + rows);
      CHECK((rows < 2 || pieces.size() > 1));
    }
  }
}

TEST_CASE("another key or tick cuts otherwise") {
  CHECK(sorted_pieces(0, 1000, 1, 7) == sorted_pieces(0, 1000, 1, 7));
  CHECK(sorted_pieces(0, 1000, 1, 7) != sorted_pieces(0, 1000, 2, 7));
  CHECK(sorted_pieces(0, 1000, 1, 7) != sorted_pieces(0, 1000, 1, 8));
}

}  // namespace
