// row_set.cpp: tests of rows that are collected in any order and listed in order.
#include "ecs/row_set.hpp"

#include <doctest/doctest.h>

#include <set>

#include "base/philox.hpp"

namespace {

TEST_CASE("rows are listed in ascending order, each once") {
  bw::RandomStream draw(1, 1, 0);
  for (const std::uint64_t size : {1u, 63u, 64u, 65u, 1000u}) {
    bw::RowSet rows(size);
    std::set<std::uint32_t> model;
    for (std::uint64_t i = 0; i < size / 2 + 1; ++i) {
      const auto row = static_cast<std::uint32_t>(draw.integers(size));
      CHECK(rows.has(row) == model.contains(row));
      CHECK(rows.add(row) == model.insert(row).second);
    }
    CHECK(rows.list() == std::vector<std::uint32_t>(model.begin(), model.end()));
  }
}

TEST_CASE("many rows at once are added up to the first that is there already") {
  bw::RandomStream draw(2, 1, 0);
  for (int round = 0; round < 200; ++round) {
    bw::RowSet rows(300);
    std::set<std::uint32_t> model;
    for (int part = 0; part < 6; ++part) {
      const bool in_a_row = draw.integers(2) == 0;
      const auto first = static_cast<std::uint32_t>(draw.integers(200));
      std::vector<std::uint32_t> more;
      for (std::uint64_t i = draw.integers(100); i-- > 0;) {
        more.push_back(in_a_row ? first + static_cast<std::uint32_t>(more.size())
                                : static_cast<std::uint32_t>(draw.integers(300)));
      }
      std::size_t fresh = 0;
      while (fresh < more.size() && model.insert(more[fresh]).second) {
        ++fresh;
      }
      CHECK(rows.add_all(more) == fresh);
    }
    CHECK(rows.list() == std::vector<std::uint32_t>(model.begin(), model.end()));
    CHECK(rows.size() == model.size());
  }
}

TEST_CASE("rows that follow each other are told from others") {
  CHECK(bw::are_consecutive({}));
  CHECK(bw::are_consecutive(std::vector<std::uint32_t>{7}));
  CHECK(bw::are_consecutive(std::vector<std::uint32_t>{7, 8, 9}));
  CHECK(!bw::are_consecutive(std::vector<std::uint32_t>{7, 8, 10}));
  CHECK(!bw::are_consecutive(std::vector<std::uint32_t>{9, 8, 7}));
}

TEST_CASE("rows in order stay as they are, others are brought into order") {
  CHECK(bw::in_ascending_order({1, 4, 6}, 10) == std::vector<std::uint32_t>{1, 4, 6});
  CHECK(bw::in_ascending_order({9, 0, 6}, 10) == std::vector<std::uint32_t>{0, 6, 9});
  CHECK(bw::in_ascending_order({}, 0).empty());
  CHECK(bw::in_ascending_order({9, 0, 6}, 100000) == std::vector<std::uint32_t>{0, 6, 9});
}

}  // namespace
