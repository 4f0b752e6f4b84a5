// Sums of deposits by cell, and how they enter fields of any type.
#include "settle/deposits.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "base/whole.hpp"

namespace bw {
namespace {

__extension__ using Units = __int128;

template <class Float>
void add_real(std::byte* at, Units units) {
  Float value;
  std::memcpy(&value, at, sizeof(value));
  value =
      static_cast<Float>(static_cast<double>(value) + static_cast<double>(units) * kDepositUnit);
  std::memcpy(at, &value, sizeof(value));
}

// The nearest whole number, halves away from zero.
Units rounded(Units units) {
  constexpr Units kOne = Units{1} << 32;
  return (units + (units < 0 ? -kOne / 2 : kOne / 2)) / kOne;
}

struct Range {
  Units low;
  Units high;
};

template <class T>
constexpr Range range_of_type() {
  return {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
}

Range range_of(Scalar scalar) {
  switch (scalar) {
    case Scalar::boolean:
      return {0, 1};
    case Scalar::u8:
      return range_of_type<std::uint8_t>();
    case Scalar::i8:
      return range_of_type<std::int8_t>();
    case Scalar::i16:
      return range_of_type<std::int16_t>();
    case Scalar::u16:
      return range_of_type<std::uint16_t>();
    case Scalar::i32:
      return range_of_type<std::int32_t>();
    case Scalar::u32:
      return range_of_type<std::uint32_t>();
    case Scalar::u64:
      return range_of_type<std::uint64_t>();
    default:
      return range_of_type<std::int64_t>();
  }
}

// Adds to a whole-number field; gives the value that it would have if it cannot hold it.
std::optional<double> add_to_whole(Scalar scalar, std::byte* at, Units units) {
  const std::int64_t read = read_whole(scalar, at);
  const Units before = scalar == Scalar::u64 ? Units{static_cast<std::uint64_t>(read)} : read;
  const Units after = before + rounded(units);
  const Range range = range_of(scalar);
  if (after < range.low || after > range.high) {
    return static_cast<double>(after);
  }
  add_whole(scalar, at, static_cast<std::int64_t>(after - before));
  return std::nullopt;
}

}  // namespace

void DepositSettler::collect(std::span<const Deposit> deposits, std::uint32_t field,
                             const CellLayer& cells) {
  sum_of_.resize(cells.table().size(), kNone);
  for (const Deposit& deposit : deposits) {
    if (deposit.field != field) {
      continue;
    }
    const auto row = static_cast<std::uint32_t>(cells.row_of_cell(deposit.cell));
    std::uint32_t& place = sum_of_[row];
    if (place == kNone) {
      place = static_cast<std::uint32_t>(sums_.size());
      sums_.push_back({row, 0});
    }
    sums_[place].units += deposit.amount;
  }
}

std::optional<DepositOverflow> DepositSettler::settle(std::span<const Deposit> deposits,
                                                      std::span<const FieldKey> fields,
                                                      CellLayer& cells) {
  std::optional<DepositOverflow> first;
  for (std::uint32_t field = 0; field < fields.size(); ++field) {
    collect(deposits, field, cells);
    Column& column = cells.table().column(cells.table().find_column(fields[field]).value());
    const Scalar scalar = column.type().scalar;
    for (const Sum& sum : sums_) {
      std::byte* at = column.at(sum.row);
      sum_of_[sum.row] = kNone;
      if (scalar == Scalar::f64) {
        add_real<double>(at, sum.units);
      } else if (scalar == Scalar::f32) {
        add_real<float>(at, sum.units);
      } else if (const auto value = add_to_whole(scalar, at, sum.units)) {
        const std::uint64_t cell = cells.cell_id(sum.row);
        if (!first || (first->field == field && cell < first->cell)) {
          first = {field, cell, *value};
        }
      }
    }
    sums_.clear();
  }
  return first;
}

}  // namespace bw
