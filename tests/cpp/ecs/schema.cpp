// schema.cpp: tests of components and fields by name.
#include "ecs/schema.hpp"

#include <doctest/doctest.h>

#include "base/errors.hpp"
#include "herd.hpp"

namespace {

using namespace bw::ecs_tests;

TEST_CASE("components and fields are found by name, and labelled by both names") {
  const bw::Schema schema = herd_schema();
  CHECK(schema.size() == 4);
  CHECK(schema.find("Hunger") == kHunger);
  CHECK_FALSE(schema.find("Thirst"));
  CHECK(schema.find_field(kBody, "age") == kAge);
  CHECK_FALSE(schema.find_field(kBody, "level"));
  CHECK(schema.label(kPosition) == "Body.position");
}

TEST_CASE("a field without a default starts at zero, in the width of its type") {
  const bw::Schema schema = herd_schema();
  CHECK(schema.field(kPosition).initial == std::vector<std::byte>(16));
  CHECK(schema.field(kAge).initial == bytes_of<std::int64_t>(5));
}

TEST_CASE("two components of one name are refused") {
  bw::Schema schema = herd_schema();
  CHECK_THROWS_AS(schema.add({"Body", {}}), bw::ModelError);
}

}  // namespace
