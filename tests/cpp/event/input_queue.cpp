// Inputs that wait: their numbers, their order, their state.
#include "event/input_queue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/errors.hpp"

using namespace bw;

namespace {

std::vector<std::uint64_t> take_due(InputQueue& queue, std::int64_t tick) {
  std::vector<std::uint64_t> numbers;
  while (const auto input = queue.first_due(tick)) {
    numbers.push_back(input->number);
    queue.remove_first();
  }
  return numbers;
}

}  // namespace

TEST_CASE("input queue: inputs are due from their tick on, in the order of their numbers") {
  InputQueue queue;
  CHECK(queue.add(5, "ann", "late", "{}") == 1);
  CHECK(queue.add(2, "bob", "soon", "{}") == 2);
  CHECK(queue.add(2, "ann", "soon", "{}") == 3);
  CHECK(queue.next_due() == 2);
  CHECK(take_due(queue, 1).empty());
  CHECK(take_due(queue, 2) == std::vector<std::uint64_t>{2, 3});
  CHECK(queue.next_due() == 5);
  CHECK(take_due(queue, 9) == std::vector<std::uint64_t>{1});
  CHECK(!queue.next_due());
  CHECK(queue.add(9, "", "next", "{}") == 4);
}

TEST_CASE("input queue: its state loads into an equal queue, texts of any length and empty ones") {
  InputQueue queue;
  queue.add(1, "", "first", "{\"a\":1}");
  queue.add(3, "\xC3\x9Cnal", "second", std::string(300, 'x'));
  queue.add(2, "bob", "third", "");
  queue.remove_first();
  InputQueue loaded;
  std::vector<std::string> parts;
  queue.list_state([&](const StateSection& section) {
    CHECK(section.room == "input");
    parts.push_back(section.name);
    StateSection turned = section;
    std::reverse(turned.columns.begin(), turned.columns.end());
    loaded.load(turned);
  });
  CHECK(parts == std::vector<std::string>{"numbers", "waiting"});
  CHECK(loaded.next_number() == 4);
  REQUIRE(loaded.size() == 2);
  const Input third = loaded.first_due(2).value();
  CHECK(third.number == 3);
  CHECK(third.arguments.empty());
  loaded.remove_first();
  const Input second = loaded.first_due(3).value();
  CHECK(second.sender == "\xC3\x9Cnal");
  CHECK(second.arguments == std::string(300, 'x'));
}

TEST_CASE("input queue: a queue that never had an input has no state") {
  const InputQueue queue;
  queue.list_state([](const StateSection&) { FAIL("nothing is listed"); });
}

TEST_CASE("input queue: an input that is too long is refused and takes no number") {
  InputQueue queue;
  CHECK_THROWS_AS(queue.add(0, "ann", "long", std::string(kMostInputBytes, 'x')), UserError);
  CHECK(queue.size() == 0);
  CHECK(queue.next_number() == 1);
}

TEST_CASE("input queue: state without one of its columns is refused") {
  InputQueue queue;
  queue.add(1, "ann", "first", "{}");
  InputQueue loaded;
  queue.list_state([&](const StateSection& section) {
    if (section.name == "waiting") {
      StateSection cut = section;
      cut.columns.pop_back();
      CHECK_THROWS_AS(loaded.load(cut), UserError);
    }
  });
}
