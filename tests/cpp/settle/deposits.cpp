// deposits.cpp: tests of deposits against sums of whole numbers.
#include "settle/deposits.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "base/philox.hpp"
#include "base/whole.hpp"

namespace {

using bw::Deposit;
using bw::FieldKey;
using bw::Scalar;

const bw::Domain kDomain{bw::SpaceKind::grid, 2, {5.0, 4.0}, true};

bw::Schema plots(Scalar scalar) {
  bw::Schema schema;
  schema.add({"Plot", {{"other", {Scalar::i32, 1}, {}}, {"field", {scalar, 1}, {}}}});
  return schema;
}

bw::CellLayer layer_of(const bw::Schema& schema) {
  bw::CellBox box = bw::world_box(kDomain, {});
  box.reach = 1;
  for (std::size_t a = 0; a < 2; ++a) {
    box.low[a] = -1;
    box.extent[a] = box.cells[a] + 2;
  }
  return {schema, {0}, kDomain, box, bw::Tiling(kDomain, 4), [](bw::TileId) { return true; }};
}

template <class T>
T value_in(const bw::CellLayer& cells, std::uint64_t cell) {
  const bw::Table& table = cells.table();
  T value;
  std::memcpy(&value,
              table.column(table.find_column({0, 1}).value())
                  .at(static_cast<std::size_t>(cells.row_of_cell(cell))),
              sizeof(value));
  return value;
}

std::int64_t whole_in(const bw::CellLayer& cells, Scalar scalar, std::uint64_t cell) {
  const bw::Table& table = cells.table();
  return bw::read_whole(scalar, table.column(table.find_column({0, 1}).value())
                                    .at(static_cast<std::size_t>(cells.row_of_cell(cell))));
}

const std::vector<FieldKey> kFields{{0, 1}};
constexpr std::int64_t kOne = std::int64_t{1} << 32;

TEST_CASE(
    "deposits of a cell are summed before they are added, so that neither order nor rounding can "
    "show") {
  for (const Scalar scalar : {Scalar::f64, Scalar::f32, Scalar::i32, Scalar::u8}) {
    const bw::Schema schema = plots(scalar);
    bw::DepositSettler settler;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      CAPTURE(seed);
      bw::RandomStream draw(seed, 4, 0);
      bw::CellLayer cells = layer_of(schema);
      std::vector<Deposit> deposits;
      std::map<std::uint64_t, std::int64_t> sums;
      for (int i = 0; i < 200; ++i) {
        const std::uint64_t cell = draw.integers(20);
        const auto amount = static_cast<std::int64_t>(draw.integers(std::uint64_t{1} << 34));
        deposits.push_back({cell, amount, 0, 0});
        sums[cell] += amount;
      }
      CHECK_FALSE(settler.settle(deposits, kFields, cells).has_value());
      for (const auto& [cell, sum] : sums) {
        const double amount = static_cast<double>(sum) * bw::kDepositUnit;
        if (scalar == Scalar::f64) {
          CHECK(value_in<double>(cells, cell) == amount);
        } else if (scalar == Scalar::f32) {
          CHECK(value_in<float>(cells, cell) == static_cast<float>(amount));
        } else {
          CHECK(whole_in(cells, scalar, cell) == std::llround(amount));
        }
      }
    }
  }
}

TEST_CASE("sums have no limit") {
  const bw::Schema schema = plots(Scalar::f64);
  bw::CellLayer cells = layer_of(schema);
  bw::DepositSettler settler;
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::vector<Deposit> deposits{{7, most, 0, 0}, {7, most, 0, 0},  {7, most, 0, 0},
                                      {7, 3, 0, 0},    {3, -most, 0, 0}, {3, -most, 0, 0}};
  CHECK_FALSE(settler.settle(deposits, kFields, cells).has_value());
  CHECK(value_in<double>(cells, 7) == 3.0 * 2147483648.0);
  CHECK(value_in<double>(cells, 3) == -2.0 * 2147483648.0);
}

TEST_CASE("halves are rounded away from zero in whole-number fields") {
  const bw::Schema schema = plots(Scalar::i16);
  bw::CellLayer cells = layer_of(schema);
  bw::DepositSettler settler;
  const std::vector<Deposit> deposits{{0, kOne / 2, 0, 0},
                                      {1, -kOne / 2, 0, 0},
                                      {2, kOne / 2 - 1, 0, 0},
                                      {3, 5 * kOne / 2, 0, 0},
                                      {4, -5 * kOne / 2, 0, 0}};
  CHECK_FALSE(settler.settle(deposits, kFields, cells).has_value());
  const std::vector<std::int64_t> expected{1, -1, 0, 3, -3};
  for (std::uint64_t cell = 0; cell < expected.size(); ++cell) {
    CHECK(whole_in(cells, Scalar::i16, cell) == expected[cell]);
  }
}

TEST_CASE("what a whole-number field cannot hold is told, and the field stays as it was") {
  for (const Scalar scalar : {Scalar::boolean, Scalar::u8, Scalar::i8, Scalar::i16, Scalar::u16,
                              Scalar::i32, Scalar::u32, Scalar::i64, Scalar::u64}) {
    CAPTURE(static_cast<int>(scalar));
    const bw::Schema schema = plots(scalar);
    bw::CellLayer cells = layer_of(schema);
    bw::DepositSettler settler;
    const std::int64_t most = std::numeric_limits<std::int64_t>::max();
    std::vector<Deposit> deposits{{11, kOne, 0, 0}};
    for (std::uint64_t i = 0; i < 20; ++i) {
      deposits.push_back({9, most, 0, 0});
      deposits.push_back({5, -most, 0, 0});
    }
    const auto found = settler.settle(deposits, kFields, cells);
    if (scalar == Scalar::i64 || scalar == Scalar::u64) {
      // 2^31 * 20 fits; below zero only where there is a sign.
      CHECK(found.has_value() == (scalar == Scalar::u64));
    } else {
      REQUIRE(found.has_value());
      CHECK(whole_in(cells, scalar, 9) == 0);
    }
    if (found) {
      CHECK(found->cell == 5);
      CHECK(found->field == 0);
      CHECK(found->value == -20.0 * 2147483648.0);
      CHECK(whole_in(cells, scalar, 5) == 0);
    }
    CHECK(whole_in(cells, scalar, 11) == 1);
  }
}

}  // namespace
