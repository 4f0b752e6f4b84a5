// Instruction sets: what is read is what is carried out, and tables that cannot be are refused.
#include "vm/isa.hpp"

#include <doctest/doctest.h>

#include "base/errors.hpp"
#include "tierra.hpp"

namespace {

using namespace bw;

TEST_CASE("the profile tierra has 32 instructions of five bits") {
  const InstructionSet& set = *tests::tierra().set;
  CHECK(set.count() == 32);
  CHECK(set.bits() == 5);
  CHECK(set.byte(31) == 31);
  CHECK(set.handler(30) == Handler::allocate);
  CHECK(set.handler(31) == Handler::divide);
  CHECK(set.handler(32) == Handler::invalid);
}

TEST_CASE("tables that cannot be are refused") {
  const InstructionRow nop{0, "nop", ""};
  const auto make = [](const std::vector<InstructionRow>& rows) { return InstructionSet(rows); };
  CHECK_THROWS_WITH_AS(make({}), doctest::Contains("at least one"), UserError);
  CHECK_THROWS_WITH_AS(make({nop, nop}), doctest::Contains("byte 0"), UserError);
  CHECK_THROWS_WITH_AS(make({{255, "ret", ""}}), doctest::Contains("255"), UserError);
  CHECK_THROWS_WITH_AS(make({{2, "inc", "d"}}), doctest::Contains("works on: a, b, c"), UserError);
  CHECK_THROWS_WITH_AS(make({{2, "fly", ""}}), doctest::Contains("no handler 'fly'"), UserError);
  CHECK_THROWS_WITH_AS(make({{2, "nop", ""}}), doctest::Contains("bytes 0 and 1"), UserError);
  CHECK_THROWS_WITH_AS(make({{0, "ret", ""}}), doctest::Contains("bytes 0 and 1"), UserError);
}

}  // namespace
