// herd.hpp: the schema that the tests of the ecs room share: three components with fields of
// several widths, and a tag.
#pragma once

#include <cstring>
#include <vector>

#include "ecs/schema.hpp"

namespace bw::ecs_tests {

template <class T>
std::vector<std::byte> bytes_of(const T& value) {
  const auto* first = reinterpret_cast<const std::byte*>(&value);
  return {first, first + sizeof(T)};
}

enum : ComponentId { kBody = 0, kHunger = 1, kName = 2, kTag = 3 };

inline constexpr FieldKey kPosition{kBody, 0};
inline constexpr FieldKey kAge{kBody, 1};
inline constexpr FieldKey kLevel{kHunger, 0};
inline constexpr FieldKey kText{kName, 0};

inline Schema herd_schema() {
  Schema schema;
  schema.add(
      {"Body",
       {{"position", {Scalar::f64, 2}, {}}, {"age", {Scalar::i64, 1}, bytes_of<std::int64_t>(5)}}});
  schema.add({"Hunger", {{"level", {Scalar::f32, 1}, bytes_of(1.5f)}}});
  schema.add({"Name", {{"text", {Scalar::bytes, 5}, {}}}});
  schema.add({"Tag", {}});
  return schema;
}

}  // namespace bw::ecs_tests
