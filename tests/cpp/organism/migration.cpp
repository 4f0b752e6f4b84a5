// Tiles that daughters leave and come to, and tiles that are taken up from their state.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "../vm/tierra.hpp"
#include "base/errors.hpp"
#include "base/hash.hpp"
#include "organism/tile.hpp"

namespace {

using namespace bw;

constexpr std::uint64_t kSeed = 5;

SoupSettings lively(Fit fit = Fit::kBetter) {
  SoupSettings settings;
  settings.cells = 6000;
  settings.fit = fit;
  settings.mutation = {16, 32, 64, 32, 32, 32, 32, 32, 32, 32, 32, 0.2};
  return settings;
}

std::uint64_t fingerprint(const Tile& tile) {
  const TileState state = tile.state();
  std::uint64_t sum = hash64(tile.soup().cells(), tile.soup().size());
  for (const std::uint32_t place : state.reaper_order) {
    const Organism& organism = tile.organisms()[place];
    sum = hash64(&organism.cpu, sizeof(Cpu), sum ^ organism.number);
  }
  for (const std::uint32_t place : state.slicer_order) {
    const Organism& organism = tile.organisms()[place];
    sum = hash64(&organism.start, 8 * sizeof(std::uint32_t), sum ^ organism.number);
  }
  sum = hash64(state.drawn.data(), sizeof(state.drawn), sum);
  return hash64(&state.counts, sizeof(state.counts), sum);
}

void take_up(Tile& tile, const Tile& from) {
  tile.set_next_number(from.next_number());
  tile.restore(from.state(), from.soup().contents(), from.organisms(), from.biographies());
}

// Taking it up refuses blocks that overlap and queues with holes; what is free must come out alike.
void check_whole(const Tile& tile, std::uint64_t put) {
  Tile again(tests::tierra().set, tile.settings(), kSeed, 1);
  take_up(again, tile);
  CHECK(again.soup().free_blocks() == tile.soup().free_blocks());
  const TileCounts& counts = tile.counts();
  const std::uint64_t dead = counts.deaths[0] + counts.deaths[1] + counts.deaths[2];
  CHECK(tile.organisms().size() ==
        put + counts.births + counts.immigrants - counts.emigrants - dead);
}

TEST_CASE("a tile that is taken up from its state goes on as the one that went on") {
  for (const Fit fit : {Fit::kFirst, Fit::kBetter, Fit::kRandom, Fit::kMother}) {
    Tile whole(tests::tierra().set, lively(fit), kSeed, 1);
    whole.put(tests::tierra().ancestor());
    for (const std::uint64_t halfway : {0u, 1u, 3'000u, 250'000u, 1'700'000u}) {
      whole.run(halfway);
      Tile again(tests::tierra().set, lively(fit), kSeed, 1);
      take_up(again, whole);
      CHECK(fingerprint(again) == fingerprint(whole));
      again.run(halfway + 1'500'000);
      Tile unbroken(tests::tierra().set, lively(fit), kSeed, 1);
      unbroken.put(tests::tierra().ancestor());
      unbroken.run(halfway + 1'500'000);
      CHECK(fingerprint(again) == fingerprint(unbroken));
    }
  }
}

TEST_CASE("a state that can be no tile's is refused, and nothing of it is taken") {
  Tile tile(tests::tierra().set, lively(), kSeed, 1);
  tile.put(tests::tierra().ancestor());
  tile.run(300'000);
  REQUIRE(tile.organisms().size() > 20);
  const TileState good = tile.state();
  const std::vector<Organism> organisms(tile.organisms().begin(), tile.organisms().end());
  const auto refused = [&](const TileState& state, const std::vector<Organism>& those) {
    Tile other(tests::tierra().set, lively(), kSeed, 1);
    CHECK_THROWS_AS(
        other.restore(state, tile.soup().contents(), those, tile.biographies().first(those.size())),
        UserError);
    CHECK(other.organisms().empty());
  };
  TileState state = good;
  state.reaper_order[0] = state.reaper_order[1];
  refused(state, organisms);
  state = good;
  state.slicer_order.pop_back();
  refused(state, organisms);
  state = good;
  state.until_flaw = 0;
  refused(state, organisms);
  std::vector<Organism> moved = organisms;
  moved[0].start = moved[1].start;
  refused(good, moved);
  moved = organisms;
  moved[0].cpu.ip = tile.soup().size();
  refused(good, moved);
  moved = organisms;
  moved.pop_back();
  refused(good, moved);
}

TEST_CASE("daughters leave in the order of their births, and are counted") {
  Tile tile(tests::tierra().set, lively(), kSeed, 1);
  tile.put(tests::tierra().ancestor());
  tile.let_leave(3, 5);
  tile.run(2'000'000);
  const std::vector<Emigrant> left = tile.take_emigrants();
  CHECK(left.size() == tile.counts().emigrants);
  CHECK(tile.take_emigrants().empty());
  const auto births = static_cast<double>(tile.counts().births);
  CHECK(static_cast<double>(left.size()) > 0.25 * births);
  CHECK(static_cast<double>(left.size()) < 0.42 * births);
  std::vector<std::size_t> by_tile(5);
  for (const Emigrant& one : left) {
    ++by_tile.at(one.to);
    CHECK(one.parent != kNoParent);
    CHECK(one.generation > 0);
    CHECK(one.genome.size() >= tile.settings().least_size);
  }
  for (const std::size_t count : by_tile) CHECK(count > 0);
  check_whole(tile, 1);
  tile.let_leave(0, 5);
  tile.run(2'500'000);
  CHECK(tile.take_emigrants().empty());
}

TEST_CASE("immigrants always find room: others die for them") {
  for (int fit = 0; fit < 6; ++fit) {
    Tile tile(tests::tierra().set, lively(static_cast<Fit>(fit)), kSeed, 1);
    const std::vector<std::uint8_t> ancestor = tests::tierra().ancestor();
    tile.settle({0, 77, 4, ancestor});  // into an empty soup too
    tile.run(200'000);
    CHECK(tile.organisms().size() > 5);
    for (std::uint64_t i = 0; i < 100; ++i) {
      tile.settle({0, 1000 + i, i, ancestor});
      const Organism& last = tile.organisms().back();
      CHECK(tile.biographies().back().parent == 1000 + i);
      CHECK(tile.biographies().back().generation == i);
      CHECK(std::equal(ancestor.begin(), ancestor.end(), tile.soup().cells() + last.start));
    }
    CHECK(tile.counts().immigrants == 101);
    check_whole(tile, 0);
    // One that takes the whole soup: all die.
    const std::vector<std::uint8_t> giant(tile.soup().size(), 2);
    tile.settle({0, 1, 1, giant});
    CHECK(tile.organisms().size() == 1);
    check_whole(tile, 0);
    tile.run(tile.counts().instructions + 1000);
    tile.settle({0, 1, 1, ancestor});
    CHECK(tile.organisms().size() == 1);
    check_whole(tile, 0);
  }
}

TEST_CASE("the last one who is ended from outside leaves a soup that can be lived in again") {
  Tile tile(tests::tierra().set, lively(), kSeed, 1);
  tile.put(tests::tierra().ancestor());
  tile.run(300'000);
  while (!tile.organisms().empty()) {
    tile.end(0);
    check_whole(tile, 1);
  }
  const std::uint64_t done = tile.counts().instructions;
  tile.run(done + 1000);
  CHECK(tile.counts().instructions == done);
  CHECK(tile.soup().free_cells() == tile.soup().size());
  tile.put(tests::tierra().ancestor());
  tile.run(done + 300'000);
  CHECK(tile.organisms().size() > 10);
  check_whole(tile, 2);
}

}  // namespace
