// Whole numbers of any width standing in a column: how stocks and results of claims are read and
// counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "base/state.hpp"

namespace bw {

namespace whole {

template <class T>
std::int64_t read(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return static_cast<std::int64_t>(value);
}

template <class T>
void add(std::byte* at, std::int64_t amount) {
  const auto sum = static_cast<T>(read<T>(at) + amount);
  std::memcpy(at, &sum, sizeof(T));
}

}  // namespace whole

constexpr bool is_whole(Scalar scalar) {
  return scalar <= Scalar::u64;
}

inline std::int64_t read_whole(Scalar scalar, const std::byte* at) {
  switch (scalar) {
    case Scalar::boolean:
    case Scalar::u8:
      return whole::read<std::uint8_t>(at);
    case Scalar::i8:
      return whole::read<std::int8_t>(at);
    case Scalar::i16:
      return whole::read<std::int16_t>(at);
    case Scalar::u16:
      return whole::read<std::uint16_t>(at);
    case Scalar::i32:
      return whole::read<std::int32_t>(at);
    case Scalar::u32:
      return whole::read<std::uint32_t>(at);
    default:
      return whole::read<std::int64_t>(at);
  }
}

inline void add_whole(Scalar scalar, std::byte* at, std::int64_t amount) {
  switch (scalar) {
    case Scalar::boolean:
    case Scalar::u8:
      return whole::add<std::uint8_t>(at, amount);
    case Scalar::i8:
      return whole::add<std::int8_t>(at, amount);
    case Scalar::i16:
      return whole::add<std::int16_t>(at, amount);
    case Scalar::u16:
      return whole::add<std::uint16_t>(at, amount);
    case Scalar::i32:
      return whole::add<std::int32_t>(at, amount);
    case Scalar::u32:
      return whole::add<std::uint32_t>(at, amount);
    default:
      return whole::add<std::int64_t>(at, amount);
  }
}

}  // namespace bw
