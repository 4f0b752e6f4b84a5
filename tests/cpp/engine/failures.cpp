// failures.cpp: tests of errors in kernels: who, where and when is told, the same on any ranks and
// threads.
#include <doctest/doctest.h>

#include <limits>
#include <set>
#include <string>

#include "base/errors.hpp"
#include "one_behavior.hpp"

namespace {

using namespace bw::engine_tests;
using bw::EntityId;

constexpr EntityId kVictim = 37;

template <class Act>
std::int32_t act_on_victim(bw_call* call, std::int64_t begin, std::int64_t end, Act&& act) {
  for (std::int64_t i = begin; i < end; ++i) {
    const std::int64_t row = call->order != nullptr ? call->order[i] : i;
    if (call->ids[row] == kVictim && call->tick == 2 && act(row) != BW_OK) {
      call->failed_row = row;
      return BW_FAILED;
    }
    if (call->services->commit(call, row) != BW_OK) {
      call->failed_row = row;
      return BW_FAILED;
    }
  }
  return BW_OK;
}

// The error of a world in which one entity does wrong in tick 2, the same on any ranks and threads.
std::string error_of(const Zoo& zoo, bw_kernel kernel, bool sequential = false,
                     bool check_values = false) {
  std::set<std::string> messages;
  for (const std::uint32_t ranks : {1u, 3u}) {
    for (const int threads : {1, 2}) {
      if (sequential && ranks > 1) {
        continue;
      }
      const auto simulation =
          with_kernel(zoo, kernel, {ranks, threads, check_values}, [&](bw::Behavior& b) {
            b.sequential = sequential;
            b.spawns = {{{kAnimal}, {kPosition}}};
            b.deposits = {kScent};
          });
      try {
        simulation->run(5, {});
        messages.insert("no error");
      } catch (const bw::RunError& error) {
        messages.insert(error.what());
        CHECK(error.behavior() == "tested");
        CHECK((error.entity_id() == kVictim || error.entity_id() == bw::kNoEntity));
        CHECK(error.tick() == 2);
        CHECK(error.code() == BW_FAILED);
      }
    }
  }
  CHECK(messages.size() == 1);
  return *messages.begin();
}

TEST_CASE("a kernel that fails is an error with behavior, entity and tick") {
  const bw_kernel failing = [](bw_call* call, std::int64_t begin,
                               std::int64_t end) -> std::int32_t {
    return act_on_victim(call, begin, end, [&](std::int64_t) { return BW_FAILED; });
  };
  for (const bool sequential : {false, true}) {
    CHECK(error_of(empty_zoo(grid({9.0, 9.0, 0.0}, true)), failing, sequential) ==
          "behavior 'tested' failed at entity 37, tick 2");
  }
}

TEST_CASE(
    "leaving a bounded world, or going to a place that is not a number, is an error at that "
    "entity") {
  const bw_kernel leaving = [](bw_call* call, std::int64_t begin,
                               std::int64_t end) -> std::int32_t {
    return act_on_victim(call, begin, end, [&](std::int64_t row) {
      write_place(call, bytes_at(call, 0, row), {3.0, 77.0, 0.0});
      return BW_OK;
    });
  };
  const bw_kernel lost = [](bw_call* call, std::int64_t begin, std::int64_t end) -> std::int32_t {
    return act_on_victim(call, begin, end, [&](std::int64_t row) {
      write_place(call, bytes_at(call, 0, row),
                  {3.0, std::numeric_limits<double>::quiet_NaN(), 0.0});
      return BW_OK;
    });
  };
  for (const bool sequential : {false, true}) {
    for (const bw::Domain& domain :
         {grid({9.0, 9.0, 0.0}, false), continuous({9.0, 9.0, 0.0}, false)}) {
      const std::string error = error_of(empty_zoo(domain), leaving, sequential);
      CHECK(says(error, "'tested' failed at entity 37, tick 2: it left the bounded world"));
      CHECK(says(error, "axis y"));
    }
    CHECK(error_of(empty_zoo(grid({9.0, 9.0, 0.0}, true)), leaving, sequential) == "no error");
    CHECK(says(error_of(empty_zoo(continuous({9.0, 9.0, 0.0}, true)), lost, sequential),
               "position is not finite"));
  }
}

TEST_CASE(
    "a birth beyond a hard edge is an error at its parent; beyond a periodic edge it comes in on "
    "the other side") {
  const bw_kernel bearing = [](bw_call* call, std::int64_t begin,
                               std::int64_t end) -> std::int32_t {
    return act_on_victim(call, begin, end, [&](std::int64_t row) {
      write_place(call, call->services->spawn(call, 0, row), {10.0, -1.0, 0.0});
      return BW_OK;
    });
  };
  for (const bool sequential : {false, true}) {
    CHECK(says(error_of(empty_zoo(grid({9.0, 9.0, 0.0}, false)), bearing, sequential),
               "failed at entity 37, tick 2: it made an entity whose place is wrong: it left the "
               "bounded world"));
  }
  for (const bw::Domain& domain :
       {grid({9.0, 9.0, 0.0}, true), continuous({9.0, 9.0, 0.0}, true)}) {
    for (const std::uint32_t ranks : {1u, 3u}) {
      const auto simulation =
          with_kernel(empty_zoo(domain), bearing, {ranks, 1, false},
                      [](bw::Behavior& b) { b.spawns = {{{kAnimal}, {kPosition}}}; });
      simulation->run(4, {});
      REQUIRE(simulation->population() == 61);
      if (domain.integral()) {
        const auto places = values_of<std::array<std::int32_t, 2>>(*simulation, kPosition);
        CHECK(places.rbegin()->second == std::array<std::int32_t, 2>{1, 8});
      } else {
        const auto places = values_of<std::array<double, 2>>(*simulation, kPosition);
        CHECK(places.rbegin()->second == std::array<double, 2>{1.0, 8.0});
      }
    }
  }
}

TEST_CASE("a deposit that is not a number, or too large to be summed, is an error") {
  const bw_kernel pouring = [](bw_call* call, std::int64_t begin,
                               std::int64_t end) -> std::int32_t {
    return act_on_victim(call, begin, end, [&](std::int64_t row) {
      const std::array<double, 3> place{1.0, 1.0, 0.0};
      call->services->deposit(call, 0, row, place.data(), std::numeric_limits<double>::infinity());
      return BW_OK;
    });
  };
  const bw_kernel flooding = [](bw_call* call, std::int64_t begin,
                                std::int64_t end) -> std::int32_t {
    return act_on_victim(call, begin, end, [&](std::int64_t row) {
      const std::array<double, 3> place{1.0, 1.0, 0.0};
      call->services->deposit(call, 0, row, place.data(), 1e10);
      return BW_OK;
    });
  };
  for (const bool sequential : {false, true}) {
    CHECK(says(error_of(empty_zoo(grid({9.0, 9.0, 0.0}, true)), pouring, sequential),
               "failed at entity 37, tick 2: it deposited inf"));
    CHECK(says(error_of(empty_zoo(grid({9.0, 9.0, 0.0}, true)), flooding, sequential),
               "failed at entity 37, tick 2: it deposited 10000000000"));
  }
}

TEST_CASE("where values are checked, the first number that is not finite is an error") {
  const bw_kernel dividing = [](bw_call* call, std::int64_t begin,
                                std::int64_t end) -> std::int32_t {
    return act_on_victim(call, begin, end, [&](std::int64_t row) {
      at<double>(call, 1, row) = std::numeric_limits<double>::quiet_NaN();
      return BW_OK;
    });
  };
  const Zoo zoo = empty_zoo(grid({9.0, 9.0, 0.0}, true));
  for (const bool sequential : {false, true}) {
    CHECK(says(error_of(zoo, dividing, sequential, true),
               "failed at entity 37, tick 2: it wrote nan to Animal.energy"));
    CHECK(error_of(zoo, dividing, sequential, false) == "no error");
  }
}

TEST_CASE(
    "a world that failed in the middle of a tick does not go on, but takes in a state and then "
    "does") {
  const bw_kernel failing = [](bw_call* call, std::int64_t begin,
                               std::int64_t end) -> std::int32_t {
    for (std::int64_t row = begin; row < end; ++row) {
      call->services->despawn(call, row);  // ordered, and never carried out
    }
    return act_on_victim(call, begin, end, [&](std::int64_t) { return BW_FAILED; });
  };
  const Zoo zoo = empty_zoo(grid({9.0, 9.0, 0.0}, true));
  const auto simulation =
      with_kernel(zoo, failing, {1, 1, false}, [](bw::Behavior& b) { b.trigger.at = {2}; });
  const SavedState state(*simulation);
  simulation->run(2, {});
  CHECK_THROWS_AS(simulation->run(1, {}), bw::RunError);
  CHECK_THROWS_AS(simulation->run(1, {}), bw::UserError);
  CHECK(simulation->tick() == 2);
  simulation->load(state.sections());
  CHECK(simulation->tick() == 0);
  CHECK(simulation->run(2, {}) == 2);
  CHECK(simulation->population() == 60);
}

TEST_CASE("the end of a cell cannot be ordered") {
  Zoo zoo = empty_zoo(grid({4.0, 4.0, 0.0}, true));
  const bw_kernel ending = [](bw_call* call, std::int64_t begin, std::int64_t) -> std::int32_t {
    call->services->despawn(call, begin);
    return BW_OK;
  };
  const auto simulation = with_kernel(zoo, ending, {1, 1, false}, [](bw::Behavior& b) {
    b.of_cells = true;
    b.components = {kGrass};
    b.columns = {{kScent, true, true}};
  });
  CHECK_THROWS_AS(simulation->run(1, {}), bw::RunError);
}

}  // namespace
