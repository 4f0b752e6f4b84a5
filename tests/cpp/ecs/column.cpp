// column.cpp: tests of the values of one field: growth, filling, copying, reordering, in every
// width.
#include "ecs/column.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "base/errors.hpp"

namespace {

using bw::Column;
using bw::Scalar;

std::byte byte_of(std::size_t row, std::size_t k) {
  return static_cast<std::byte>(row * 31 + k * 7 + 1);
}

void write_row(Column& column, std::size_t row, std::size_t value) {
  for (std::size_t k = 0; k < column.value_size(); ++k) {
    column.at(row)[k] = byte_of(value, k);
  }
}

bool has_value(const Column& column, std::size_t row, std::size_t value) {
  bool same = true;
  for (std::size_t k = 0; k < column.value_size(); ++k) {
    same = same && column.at(row)[k] == byte_of(value, k);
  }
  return same;
}

Column numbered(std::uint32_t width, std::size_t rows) {
  Column column({Scalar::u8, width});
  column.reserve(0, rows);
  for (std::size_t row = 0; row < rows; ++row) {
    write_row(column, row, row);
  }
  return column;
}

constexpr std::uint32_t kWidths[] = {1, 2, 3, 4, 8, 12, 16, 24, 40};

TEST_CASE("values survive growth, and memory that a view shares outlives it") {
  for (const std::uint32_t width : kWidths) {
    Column column = numbered(width, 20);
    const auto shared = column.share();
    column.reserve(20, 500);
    CHECK(reinterpret_cast<std::uintptr_t>(column.data()) % 64 == 0);
    CHECK(shared.get() != column.data());
    CHECK(shared[0] == byte_of(0, 0));
    for (std::size_t row = 0; row < 20; ++row) {
      CHECK(has_value(column, row, row));
    }
  }
}

TEST_CASE("filling writes the given rows and no others") {
  for (const std::uint32_t width : kWidths) {
    for (const bool zero : {true, false}) {
      Column column = numbered(width, 20);
      std::vector<std::byte> value(width, std::byte{0});
      value.back() = zero ? std::byte{0} : std::byte{9};
      column.fill(5, 12, value.data());
      column.fill(7, 7, nullptr);
      for (std::size_t row = 0; row < 20; ++row) {
        const bool filled = row >= 5 && row < 12;
        CHECK((filled ? std::equal(value.begin(), value.end(), column.at(row))
                      : has_value(column, row, row)));
      }
    }
  }
}

TEST_CASE("rows move, are copied from another column, and are reordered") {
  for (const std::uint32_t width : kWidths) {
    Column column = numbered(width, 10);
    const std::vector<bw::RowMove> moves{{9, 1}, {8, 4}};
    column.move(moves);
    CHECK(has_value(column, 1, 9));
    CHECK(has_value(column, 4, 8));
    CHECK(has_value(column, 5, 5));

    Column other = numbered(width, 10);
    const std::vector<std::uint32_t> rows{7, 2, 2};
    other.copy_from(column, rows, 3);
    other.copy_from(column, {}, 0);
    CHECK(has_value(other, 3, 7));
    CHECK(has_value(other, 4, 2));
    CHECK(has_value(other, 5, 2));
    CHECK(has_value(other, 6, 6));

    std::vector<std::uint32_t> order(10);
    std::iota(order.rbegin(), order.rend(), 0u);
    Column backwards = numbered(width, 10);
    backwards.permute(order, 16);
    for (std::size_t row = 0; row < 10; ++row) {
      CHECK(has_value(backwards, row, 9 - row));
    }
  }
}

std::vector<std::byte> value_of(std::size_t seed) {
  std::vector<std::byte> value((seed * 7) % 40);
  for (std::size_t k = 0; k < value.size(); ++k) {
    value[k] = byte_of(seed, k);
  }
  return value;
}

bool holds(const Column& column, std::size_t row, std::size_t seed) {
  const std::vector<std::byte> wanted = value_of(seed);
  const auto found = column.contents(row);
  return std::equal(found.begin(), found.end(), wanted.begin(), wanted.end());
}

Column texts(std::size_t rows) {
  Column column({Scalar::u8, 0});
  column.reserve(0, rows);
  for (std::size_t row = 0; row < rows; ++row) {
    column.assign(row, value_of(row));
  }
  return column;
}

TEST_CASE("values of any length go with their rows") {
  Column column = texts(30);
  column.reserve(30, 90);
  const std::vector<bw::RowMove> moves{{29, 3}, {28, 7}};
  column.move(moves);
  CHECK(holds(column, 3, 29));
  CHECK(holds(column, 7, 28));
  Column other = texts(20);
  const std::vector<std::uint32_t> rows{7, 5, 5};
  other.copy_from(column, rows, 10);
  CHECK(holds(other, 10, 28));
  CHECK(holds(other, 11, 5));
  CHECK(holds(other, 12, 5));
  CHECK(holds(other, 13, 13));
  std::vector<std::uint32_t> order(30);
  std::iota(order.rbegin(), order.rend(), 0u);
  column.permute(order, 40);
  CHECK(holds(column, 26, 29));
  CHECK(holds(column, 0, 29));
  CHECK(holds(column, 20, 9));
}

TEST_CASE("an arena holds at most twice what its rows hold, and something") {
  Column column = texts(200);
  std::size_t held = 0;
  for (std::size_t round = 1; round <= 50; ++round) {
    held = 0;
    for (std::size_t row = 0; row < 200; ++row) {
      column.assign(row, value_of(row + round));
      held += value_of(row + round).size();
    }
    column.compact(200);
    CHECK(column.arena_bytes() <= 2 * held + 4096);
  }
  for (std::size_t row = 0; row < 200; ++row) {
    CHECK(holds(column, row, row + 50));
  }
  column.compact(0);
  CHECK(column.arena_bytes() == 0);
}

TEST_CASE("a value that is too large is refused, and nothing is written") {
  Column column = texts(9);
  const std::vector<std::byte> large(bw::kMostValueBytes + 1);
  CHECK_THROWS_AS(column.assign(8, large), bw::UserError);
  CHECK(holds(column, 8, 8));
}

}  // namespace
