// The operations of query programs: each computes one block of values from up to three others.
// Integers wrap at 64 bits and reals are as IEEE 754 says, as in bigworlds/record/expression.py.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bw {

// Values in blocks: 8 bytes each, truth 1 byte (0 or 1).
enum class QueryType : std::uint8_t { real, whole, natural, truth };

constexpr std::size_t query_value_size(QueryType type) {
  return type == QueryType::truth ? 1 : 8;
}

// What an operation may find wrong with the values of a row.
enum class QueryFault : std::uint8_t { none, divided_by_zero, beyond_signed };

// Computes `count` values into `to`; operands that it does not have are nullptr.
using QueryOperation = QueryFault (*)(std::size_t count, std::byte* to, const std::byte* a,
                                      const std::byte* b, const std::byte* c);

// The operation of a name such as "add real"; nullptr where there is none.
QueryOperation find_query_operation(std::string_view name);

// The place of a value in the order of its type, as a number: reals with -0 before +0 and NaN last.
std::uint64_t ordered_bits(double value);
inline std::uint64_t ordered_bits(std::int64_t value) {
  return static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
}
inline std::uint64_t ordered_bits(std::uint64_t value) {
  return value;
}
inline constexpr std::uint64_t kNanIsLast = ~std::uint64_t{0};

}  // namespace bw
