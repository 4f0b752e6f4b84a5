// The queue of death against a plain row of organisms.
#include "organism/reaper_queue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/philox.hpp"

namespace {

using namespace bw;

TEST_CASE("the queue has the order of a row in which organisms come, go and swap") {
  RandomStream random(13, 6, 0);
  ReaperQueue queue;
  std::vector<std::uint32_t> row;                // organisms, the top first
  std::map<std::uint32_t, std::uint32_t> slots;  // by organism
  const auto moved = [&](std::uint32_t place, std::uint32_t slot) { slots[place] = slot; };
  for (std::uint32_t step = 0; step < 13'000; ++step) {
    // First it grows to about 1600 organisms, then it shrinks.
    const bool comes = random.integers(100) < (step < 8000 ? 60u : 40u);
    if (comes || row.empty()) {
      slots[step] = queue.append(step, step + 7, moved);
      row.push_back(step);
    } else {
      const std::size_t k = random.integers(row.size());
      CHECK(queue.at(queue.nth(static_cast<std::uint32_t>(k))) == row[k]);
      CHECK(queue.nth(static_cast<std::uint32_t>(k)) == slots[row[k]]);
      queue.remove(slots[row[k]]);
      row.erase(row.begin() + static_cast<std::ptrdiff_t>(k));
    }
    if (row.size() < 2) continue;
    const std::size_t k = random.integers(row.size() - 1);
    const std::uint32_t above = slots[row[k]], below = slots[row[k + 1]];
    CHECK(queue.after(above) == below);
    CHECK(queue.before(below) == above);
    queue.swap(above, below);
    CHECK(queue.errors(above) == row[k + 1] + 7);
    std::swap(slots[row[k]], slots[row[k + 1]]);
    std::swap(row[k], row[k + 1]);
    CHECK(queue.size() == row.size());
  }
  REQUIRE(!row.empty());
  std::vector<std::uint32_t> order;
  for (std::uint32_t slot = queue.top(); slot != kNobody; slot = queue.after(slot)) {
    order.push_back(queue.at(slot));
  }
  CHECK(order == row);
  CHECK(queue.before(queue.top()) == kNobody);
  queue.clear();
  CHECK(queue.top() == kNobody);
  CHECK(queue.append(5, 0, moved) == 0);
}

}  // namespace
