#include "query/program.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "base/checks.hpp"
#include "base/errors.hpp"

namespace bw {
namespace {

// Widens values of a column to those of a register.
template <class From, class To>
void widen(const QueryRows& rows, const std::byte* first, std::int64_t stride, std::byte* to) {
  auto* out = reinterpret_cast<To*>(to);
  const auto value_at = [&](std::size_t row) {
    From value;
    std::memcpy(&value, first + static_cast<std::int64_t>(row) * stride, sizeof(From));
    return static_cast<To>(value);
  };
  if (rows.rows != nullptr) {
    for (std::size_t i = 0; i < rows.count; ++i) {
      out[i] = value_at(rows.rows[i]);
    }
    return;
  }
  for (std::size_t i = 0; i < rows.count; ++i) {
    out[i] = value_at(rows.begin + i);
  }
}

void widen(Scalar scalar, const QueryRows& rows, const std::byte* first, std::int64_t stride,
           std::byte* to) {
  switch (scalar) {
    case Scalar::boolean:
      return widen<std::uint8_t, std::uint8_t>(rows, first, stride, to);
    case Scalar::i8:
      return widen<std::int8_t, std::int64_t>(rows, first, stride, to);
    case Scalar::i16:
      return widen<std::int16_t, std::int64_t>(rows, first, stride, to);
    case Scalar::i32:
      return widen<std::int32_t, std::int64_t>(rows, first, stride, to);
    case Scalar::i64:
      return widen<std::int64_t, std::int64_t>(rows, first, stride, to);
    case Scalar::u8:
      return widen<std::uint8_t, std::uint64_t>(rows, first, stride, to);
    case Scalar::u16:
      return widen<std::uint16_t, std::uint64_t>(rows, first, stride, to);
    case Scalar::u32:
      return widen<std::uint32_t, std::uint64_t>(rows, first, stride, to);
    case Scalar::u64:
      return widen<std::uint64_t, std::uint64_t>(rows, first, stride, to);
    case Scalar::f32:
      return widen<float, double>(rows, first, stride, to);
    case Scalar::f64:
      return widen<double, double>(rows, first, stride, to);
    case Scalar::bytes:
      break;
  }
  BW_CHECK(false, "programs compute with numbers");
}

// The bytes of a character of UTF-8 that begins here; 1 where it is broken.
std::size_t character_size(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && size < 4 &&
         (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) {
    ++size;
  }
  return size;
}

std::string_view text_at(const Column& column, std::size_t row) {
  const auto* first = reinterpret_cast<const char*>(column.at(row));
  std::size_t size = column.value_size();
  while (size > 0 && first[size - 1] == '\0') {
    --size;
  }
  return {first, size};
}

void compare_texts(const QueryLoad& load, const Column& column, const QueryRows& rows,
                   std::byte* to) {
  const bool whole = load.what == QueryLoad::What::text_is;
  for (std::size_t i = 0; i < rows.count; ++i) {
    const std::string_view text = text_at(column, rows.row(i));
    const bool holds = whole ? text == load.text : is_like(text, load.text);
    to[i] = static_cast<std::byte>(holds ? 1 : 0);
  }
}

[[noreturn]] void refuse(QueryFault fault) {
  throw UserError(fault == QueryFault::divided_by_zero
                      ? "an integer is divided by zero; make it a condition before, or a float"
                      : "unsigned numbers of 2**63 and more do not go together with signed ones");
}

}  // namespace

bool is_like(std::string_view text, std::string_view pattern) {
  // Where a later part does not fit, only the last star has to take more.
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;
  std::size_t taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      t += character_size(text.substr(t));
      ++p;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++t;
      ++p;
    } else if (star != std::string_view::npos) {
      taken += character_size(text.substr(taken));
      t = taken;
      p = star + 1;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::optional<std::size_t> place_column(const Table& table, const Schema& schema) {
  for (std::size_t c = 0; c < table.column_count(); ++c) {
    if (schema.field(table.column_key(c)).name == "position") {
      return c;
    }
  }
  return std::nullopt;
}

QueryMachine::QueryMachine(const QueryProgram& program)
    : program_(&program),
      memory_(program.registers.size() * kQueryBlock * 8),
      own_(program.registers.size()),
      values_(program.registers.size()) {
  for (std::size_t r = 0; r < own_.size(); ++r) {
    own_[r] = memory_.data() + r * kQueryBlock * 8;
    values_[r] = own_[r];
  }
  for (const QueryConstant& constant : program.constants) {
    std::byte* to = own_[constant.to];
    const std::size_t size = query_value_size(type(constant.to));
    for (std::size_t i = 0; i < kQueryBlock; ++i) {
      std::memcpy(to + i * size, &constant.bits, size);
    }
  }
}

void QueryMachine::run(const QueryRows& rows) {
  BW_ASSERT(rows.count <= kQueryBlock, "a block has so many rows at most");
  for (const QueryLoad& one : program_->loads) {
    load(one, rows);
  }
  for (const QueryStep& step : program_->steps) {
    const QueryFault fault = step.operation(rows.count, own_[step.to], values_[step.a],
                                            values_[step.b], values_[step.c]);
    if (fault != QueryFault::none) [[unlikely]] {
      refuse(fault);
    }
  }
}

void QueryMachine::load(const QueryLoad& load, const QueryRows& rows) {
  std::byte* to = own_[load.to];
  const Table& table = *rows.table;
  if (load.what == QueryLoad::What::id) {
    const auto* ids = reinterpret_cast<const std::byte*>(table.ids().data());
    return widen<std::uint64_t, std::uint64_t>(rows, ids, sizeof(EntityId), to);
  }
  if (load.what == QueryLoad::What::rank) {
    auto* out = reinterpret_cast<std::int64_t*>(to);
    return static_cast<void>(std::fill_n(out, rows.count, std::int64_t{rows.rank}));
  }
  const bool of_place = load.what == QueryLoad::What::place;
  const Column& column =
      table.column(of_place ? rows.place : table.find_column(load.field).value());
  if (load.what == QueryLoad::What::text_is || load.what == QueryLoad::What::text_like) {
    return compare_texts(load, column, rows, to);
  }
  const FieldType type = column.type();
  const std::size_t element = load.element * scalar_size(type.scalar);
  const bool as_it_is = type.length == 1 && column.is_contiguous() && rows.rows == nullptr &&
                        query_value_size(this->type(load.to)) == scalar_size(type.scalar) &&
                        type.scalar != Scalar::f32;
  if (as_it_is) {
    values_[load.to] = column.at(rows.begin);
    return;
  }
  values_[load.to] = to;
  if (rows.count > 0) {
    widen(type.scalar, rows, column.data() + element, column.stride(), to);
  }
}

}  // namespace bw
