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

TEST_CASE("rows in order stay as they are, others are brought into order") {
  CHECK(bw::in_ascending_order({1, 4, 6}, 10) == std::vector<std::uint32_t>{1, 4, 6});
  CHECK(bw::in_ascending_order({9, 0, 6}, 10) == std::vector<std::uint32_t>{0, 6, 9});
  CHECK(bw::in_ascending_order({}, 0).empty());
}

}  // namespace
