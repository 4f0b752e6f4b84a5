// Turns: sorted by (priority, id) whatever the order of the ids, each id once; all orders are about
// equally frequent, and ticks do not resemble each other.
#include "schedule/activation.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

namespace {

using bw::EntityId;

std::vector<EntityId> turns(bw::Activation& activation, const std::vector<EntityId>& ids,
                            std::uint64_t word) {
  std::vector<EntityId> found;
  for (const std::uint32_t at : activation.shuffled(ids, word)) {
    found.push_back(ids[at]);
  }
  return found;
}

TEST_CASE("turns are in the order of priority and id, in whatever order the ids stand") {
  bw::Activation activation;
  for (const std::size_t n : {0u, 1u, 2u, 3u, 50u, 1000u, 9001u, 300000u}) {
    std::vector<EntityId> ids;
    for (std::size_t i = 0; i < n; ++i) {
      ids.push_back((std::uint64_t{i % 7} << 44) + i + 1);
    }
    const std::uint64_t word = bw::activation_word(11, static_cast<std::int64_t>(n));
    std::vector<EntityId> expected = ids;
    std::sort(expected.begin(), expected.end(), [&](EntityId a, EntityId b) {
      return std::pair(bw::activation_priority(word, a), a) <
             std::pair(bw::activation_priority(word, b), b);
    });
    CHECK(turns(activation, ids, word) == expected);
    std::reverse(ids.begin(), ids.end());
    std::rotate(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(n / 3), ids.end());
    CHECK(turns(activation, ids, word) == expected);
  }
}

// Two ids with the same priority are found by search: among 300,000 there are some ten pairs.
TEST_CASE("ids of the same priority take turns by id") {
  const std::uint64_t word = bw::activation_word(3, 0);
  std::map<std::uint32_t, EntityId> seen;
  bw::Activation activation;
  int pairs = 0;
  for (EntityId id = 1; id <= 300000; ++id) {
    const auto [found, fresh] = seen.emplace(bw::activation_priority(word, id), id);
    if (!fresh) {
      ++pairs;
      CHECK(turns(activation, {id, found->second}, word) ==
            std::vector<EntityId>{found->second, id});
      CHECK(turns(activation, {found->second, id}, word) ==
            std::vector<EntityId>{found->second, id});
    }
  }
  CHECK(pairs > 0);
}

TEST_CASE("all orders of four are about equally frequent over ticks, and over keys") {
  bw::Activation activation;
  const std::vector<EntityId> ids{1, 2, 3, 4};
  constexpr int kDraws = 48000;
  for (const bool over_ticks : {true, false}) {
    std::map<std::vector<EntityId>, int> counts;
    for (int k = 0; k < kDraws; ++k) {
      const std::uint64_t word = over_ticks ? bw::activation_word(5, k)
                                            : bw::activation_word(static_cast<std::uint64_t>(k), 5);
      ++counts[turns(activation, ids, word)];
    }
    REQUIRE(counts.size() == 24);
    double chi2 = 0.0;
    for (const auto& [order, count] : counts) {
      chi2 += std::pow(count - kDraws / 24.0, 2) / (kDraws / 24.0);
    }
    CHECK(chi2 < 49.7);  // 23 degrees of freedom: one in a thousand
  }
}

// The correlation of an agent's turn with its turn in the tick before, and with its id.
TEST_CASE("turns depend neither on those of the tick before nor on ids") {
  constexpr std::size_t kAgents = 20000;
  std::vector<EntityId> ids(kAgents);
  std::iota(ids.begin(), ids.end(), EntityId{1});
  bw::Activation activation;
  std::array<std::vector<double>, 2> turn;
  for (std::int64_t tick = 0; tick < 2; ++tick) {
    std::vector<double>& of = turn[static_cast<std::size_t>(tick)];
    of.resize(kAgents);
    double at = 0.0;
    for (const std::uint32_t i : activation.shuffled(ids, bw::activation_word(9, tick))) {
      of[i] = at++ - (kAgents - 1) / 2.0;
    }
  }
  double between = 0.0;
  double with_id = 0.0;
  double square = 0.0;
  for (std::size_t i = 0; i < kAgents; ++i) {
    between += turn[0][i] * turn[1][i];
    with_id += turn[0][i] * (static_cast<double>(i) - (kAgents - 1) / 2.0);
    square += turn[0][i] * turn[0][i];
  }
  CHECK(std::abs(between / square) < 0.025);  // 3.5 standard deviations
  CHECK(std::abs(with_id / square) < 0.025);
}

TEST_CASE("without shuffling turns go by id") {
  bw::Activation activation;
  const std::vector<EntityId> ids{30, 10, 20};
  const auto order = activation.by_id(ids);
  CHECK(std::vector<std::uint32_t>(order.begin(), order.end()) ==
        std::vector<std::uint32_t>{1, 2, 0});
}

}  // namespace
