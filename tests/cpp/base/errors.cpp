// errors.cpp: tests of the exceptions and checks.
#include "base/errors.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/checks.hpp"

namespace {

TEST_CASE("errors keep their kinds") {
  CHECK_THROWS_AS(throw bw::ModelError("x"), bw::UserError);
  CHECK_THROWS_AS(throw bw::RunError("x", "f", 1, 2, 3), bw::Error);
}

TEST_CASE("a run error carries where it happened") {
  const bw::RunError error("energy is below zero", "feed", 42, 7, 1);
  CHECK(std::string(error.what()) == "energy is below zero");
  CHECK(error.behavior() == "feed");
  CHECK(error.entity_id() == 42);
  CHECK(error.tick() == 7);
  CHECK(error.code() == 1);
}

TEST_CASE("a failed check says its sentence, condition and place") {
  std::string message;
  try {
    const int rows = 3;
    BW_CHECK(rows == 4, "a table has as many rows as ids");
  } catch (const bw::InternalError& error) {
    message = error.what();
  }
  CHECK(message.find("a table has as many rows as ids [rows == 4, ") == 0);
  CHECK(message.find("errors.cpp:") != std::string::npos);
}

TEST_CASE("assertions are on in debug and sanitizer builds and evaluate nothing elsewhere") {
  int evaluated = 0;
  const auto fails = [&] {
    ++evaluated;
    return false;
  };
#if BW_ASSERTIONS
  CHECK_THROWS_AS([&] { BW_ASSERT(fails(), "holds"); }(), bw::InternalError);
  CHECK(evaluated == 1);
#else
  BW_ASSERT(fails(), "holds");
  CHECK(evaluated == 0);
#endif
}

}  // namespace
