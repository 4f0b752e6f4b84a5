// Whole numbers of any width standing in a column: how stocks and results of claims are read and
// counted. A stock may be a real number too: whole units of it can be had, and the rest stays.
#pragma once

#include <algorithm>
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

// The whole units in a real number: none where it is below 1 or no number.
template <class T>
std::int64_t units(const std::byte* at) {
  constexpr double kMost = 4611686018427387904.0;  // 2^62
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value >= T{1} ? static_cast<std::int64_t>(std::min(static_cast<double>(value), kMost)) : 0;
}

// Exact as long as whole numbers are (below 2^53, in f32 2^24), since units are at most the value.
template <class T>
void subtract(std::byte* at, std::int64_t units) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  value = static_cast<T>(static_cast<double>(value) - static_cast<double>(units));
  std::memcpy(at, &value, sizeof(T));
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

// How much of a stock can be had; below 0 where it is.
inline std::int64_t read_stock(Scalar scalar, const std::byte* at) {
  switch (scalar) {
    case Scalar::f64:
      return whole::units<double>(at);
    case Scalar::f32:
      return whole::units<float>(at);
    default:
      return read_whole(scalar, at);
  }
}

inline void take_from_stock(Scalar scalar, std::byte* at, std::int64_t units) {
  switch (scalar) {
    case Scalar::f64:
      return whole::subtract<double>(at, units);
    case Scalar::f32:
      return whole::subtract<float>(at, units);
    default:
      return add_whole(scalar, at, -units);
  }
}

}  // namespace bw
