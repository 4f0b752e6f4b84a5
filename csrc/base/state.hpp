// The form in which every room lists its state: sections of named columns keyed by 64-bit keys.
// Digest, snapshot and hand-over read sections and nothing else; what is not in a section is
// derived and rebuilt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace bw {

enum class Scalar : std::uint8_t { boolean, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, bytes };

constexpr std::size_t scalar_size(Scalar scalar) {
  switch (scalar) {
    case Scalar::i16:
    case Scalar::u16:
      return 2;
    case Scalar::i32:
    case Scalar::u32:
    case Scalar::f32:
      return 4;
    case Scalar::i64:
    case Scalar::u64:
    case Scalar::f64:
      return 8;
    default:
      return 1;
  }
}

// Where a value of any length stands in its column's arena.
struct ArenaSpan {
  std::uint64_t offset = 0;  // bytes
  std::uint64_t size = 0;
};

// The type of one value of a column: `length` scalars side by side (2 for a vec2, 16 for a string
// of 16 bytes). A length of 0 stands for any number of them: then the column holds ArenaSpans.
struct FieldType {
  Scalar scalar = Scalar::f64;
  std::uint32_t length = 1;

  constexpr bool is_open() const { return length == 0; }
  constexpr std::size_t size() const {
    return is_open() ? sizeof(ArenaSpan) : scalar_size(scalar) * length;
  }
  friend constexpr bool operator==(const FieldType&, const FieldType&) = default;
};

// A column of a section that is read: the value of row i stands at data + i * stride.
struct StateColumn {
  std::string name;
  FieldType type;
  const std::byte* data = nullptr;
  std::int64_t stride = 0;
};

// Rows of state of one room, in no particular order: what reads them must not depend on it.
struct StateSection {
  std::string room;
  std::string name;
  std::span<const std::uint64_t> keys;
  std::vector<StateColumn> columns;
};

using StateSink = std::function<void(const StateSection&)>;

}  // namespace bw
