// Life in one tile: what must hold at any time, and what is known of soups.
#include "organism/tile.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "../vm/tierra.hpp"
#include "base/errors.hpp"
#include "base/hash.hpp"
#include "organism/specimen.hpp"
#include "whole.hpp"

namespace {

using namespace bw;
using tests::check_whole;

Tile ancestral(SoupSettings settings, std::uint64_t seed) {
  Tile tile(tests::tierra().set, settings, seed, 0);
  tile.put(tests::tierra().ancestor());
  return tile;
}

std::uint64_t fingerprint(const Tile& tile) {
  std::uint64_t sum = hash64(tile.soup().cells(), tile.soup().size());
  for (const std::uint32_t place : tile.reaper_order()) {
    const Organism& organism = tile.organisms()[place];
    sum = hash64(&organism.cpu, sizeof(Cpu), sum ^ organism.number);
  }
  for (const std::uint32_t place : tile.slicer_order()) {
    const Organism& organism = tile.organisms()[place];
    sum = hash64(&organism.start, 8 * sizeof(std::uint32_t), sum ^ organism.number);
  }
  return sum;
}

TEST_CASE("the ancestor fills a soup with organisms that each hold a second block") {
  SoupSettings settings;
  settings.mutation = no_mutation();
  Tile tile = ancestral(settings, 1);
  tile.run(1'000'000);
  const std::uint64_t early = tile.counts().births;
  CHECK(early > 750);
  CHECK(early < 950);
  tile.run(4'000'000);
  check_whole(tile, 1);
  CHECK(tile.organisms().size() > 365);
  CHECK(tile.organisms().size() < 395);
  const double rate = static_cast<double>(tile.counts().births - early) / 3.0;
  CHECK(rate > 820);
  CHECK(rate < 900);
  const auto same = [&](const Biography& one) {
    return one.genotype == tile.biographies()[0].genotype;
  };
  CHECK(std::all_of(tile.biographies().begin(), tile.biographies().end(), same));
}

TEST_CASE("a tile's history follows from seed and settings, not from how it is cut") {
  SoupSettings settings;
  settings.mutation.copy = 4;
  Tile whole = ancestral(settings, 9);
  Tile pieces = ancestral(settings, 9);
  Tile other = ancestral(settings, 10);
  whole.run(3'000'000);
  other.run(3'000'000);
  for (std::uint64_t until = 0; until < 3'000'000; until += 7'919) pieces.run(until);
  pieces.run(3'000'000);
  CHECK(fingerprint(whole) == fingerprint(pieces));
  CHECK(fingerprint(whole) != fingerprint(other));
}

TEST_CASE("a tile's history is the same on every processor") {
  SoupSettings settings;
  settings.cells = 3000;  // many searches cross its end
  settings.mutation.copy = 4;
  const auto history = [&](Simd simd) {
    Tile tile(std::make_shared<InstructionSet>(tests::tierra().rows, simd), settings, 17, 0);
    tile.put(tests::tierra().ancestor());
    tile.run(4'000'000);
    CHECK(tile.counts().births > 100);
    return fingerprint(tile);
  };
  CHECK(history(Simd::kScalar) == history(widest_simd()));
}

TEST_CASE("everything is whole under all kinds of mutation, slices and memory") {
  for (int fit = 0; fit < 6; ++fit) {
    SoupSettings settings;
    settings.cells = 6000;
    settings.fit = static_cast<Fit>(fit);
    settings.slice_rule = fit % 2 == 0 ? SliceRule::kFixed : SliceRule::kSize;
    settings.slice_power = fit == 3 ? 0.9 : 1.0;
    settings.slice = fit % 2 == 0 ? 25 : 0;
    settings.uniform_slices = fit != 4;
    settings.mutation = {4, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 0.2};
    Tile tile = ancestral(settings, 100 + static_cast<std::uint64_t>(fit));
    for (int step = 1; step <= 20; ++step) {
      tile.run(static_cast<std::uint64_t>(step) * 100'000);
      check_whole(tile, 1);
    }
    for (std::size_t kind = 0; kind < kMutationKinds; ++kind) {
      INFO("fit ", fit, ", kind ", kind);
      CHECK(tile.counts().mutations[kind] > 0);
    }
    CHECK(tile.counts().births > 40);
  }
}

// How many mutations of a kind come in a soup where nobody copies, so that averages stay what they
// are at first: organisms of 100, a replication of 1000, and 2.5 organisms in 1000 cells.
double mutations_of(MutationKind kind, double MutationSettings::* rate, double generations) {
  SoupSettings settings;
  settings.mutation = no_mutation();
  settings.mutation.*rate = generations;
  settings.lazy = 0;
  settings.cells = 1000;
  Tile tile(tests::tierra().set, settings, 4, 0);
  std::string names;
  for (int i = 0; i < 98; ++i) names += "incA ";
  tile.put(tests::tierra().genome("nop1 " + names + "nop1"));
  tile.run(3'000'000);
  CHECK(tile.counts().births == 0);
  return static_cast<double>(tile.counts().mutations[static_cast<std::size_t>(kind)]);
}

TEST_CASE("mutations come at their rates") {
  const auto is_near = [](double found, double expected) {
    INFO("found ", found, ", expected ", expected);
    CHECK(std::abs(found - expected) < 4 * std::sqrt(expected));
  };
  // The mean of 1 .. 2 m is m + 1/2.
  is_near(mutations_of(MutationKind::kFlaw, &MutationSettings::flaw, 0.05), 3e6 / 50.5);
  is_near(mutations_of(MutationKind::kFlaw, &MutationSettings::flaw, 1), 3e6 / 1000.5);
  CHECK(mutations_of(MutationKind::kCopy, &MutationSettings::copy, 1) == 0);
}

TEST_CASE("turns have the length that the rule says") {
  SoupSettings settings;
  settings.mutation = no_mutation();
  settings.uniform_slices = false;
  settings.lazy = 0;
  const std::vector<std::uint8_t> idle(50, tests::tierra().bytes.at("incA"));
  const auto first_turn = [&](SliceRule rule, std::uint32_t slice, double power,
                              std::uint32_t most) {
    settings.slice_rule = rule;
    settings.slice = slice;
    settings.slice_power = power;
    settings.most_slice = most;
    Tile tile(tests::tierra().set, settings, 1, 0);
    tile.put(idle);
    tile.put(idle);
    tile.run(1);
    return tile.counts().instructions;
  };
  CHECK(first_turn(SliceRule::kFixed, 25, 1, 1000) == 25);
  CHECK(first_turn(SliceRule::kSize, 7, 1, 1000) == 57);
  CHECK(first_turn(SliceRule::kSize, 0, 0.5, 1000) == 8);  // ceil(7.07)
  CHECK(first_turn(SliceRule::kSize, 0, 2, 1000) == 1000);
}

TEST_CASE("a child has its turn right before its mother's next") {
  SoupSettings settings;
  settings.mutation = no_mutation();
  Tile tile = ancestral(settings, 2);
  tile.put(tests::tierra().ancestor());
  for (int done = 0; tile.organisms().size() == 2; ++done) tile.advance(0, 1);
  CHECK(tile.slicer_order() == std::vector<std::uint32_t>{0, 1, 2});
  CHECK(tile.reaper_order().back() == 0);  // the birth moved the mother below her child
  check_whole(tile, 2);
}

TEST_CASE("what cannot live is refused") {
  SoupSettings settings;
  settings.cells = 100;
  Tile tile(tests::tierra().set, settings, 1, 0);
  CHECK_THROWS_WITH_AS(tile.put(std::vector<std::uint8_t>(5)), doctest::Contains("smaller"),
                       UserError);
  CHECK_THROWS_WITH_AS(tile.put(std::vector<std::uint8_t>(101)), doctest::Contains("no room"),
                       UserError);
  settings.reap_share = 1.5;
  CHECK_THROWS_WITH_AS(Tile(tests::tierra().set, settings, 1, 0), doctest::Contains("reap_share"),
                       UserError);
  settings.reap_share = 0.3;
  settings.mutation.insertion = 1.0;
  CHECK_THROWS_WITH_AS(Tile(tests::tierra().set, settings, 1, 0), doctest::Contains("insertion"),
                       UserError);
}

TEST_CASE("the ancestor needs as many instructions as its text says") {
  Specimen specimen(tests::tierra().set, SoupSettings{}, tests::tierra().ancestor(), {});
  CHECK(specimen.run(10'000) == 823);
  CHECK(specimen.run(10'000) == 819);
  CHECK(specimen.run(10'000) == 819);
  for (const Daughter& daughter : specimen.daughters()) {
    CHECK(daughter.moved == 80);
    CHECK(daughter.genome == tests::tierra().ancestor());
  }
}

}  // namespace
