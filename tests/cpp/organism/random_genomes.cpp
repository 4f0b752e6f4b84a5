// Random bytes as genomes: they never crash, hang, or write outside what they own. Under the
// address and undefined sanitizers (preset asan) this is what finds an access outside the soup.
//
// The environment variable BIGWORLDS_RANDOM_INSTRUCTIONS says how many instructions are executed in
// all; a long run is one of 1e9.
#include <doctest/doctest.h>

#include <cstdlib>
#include <vector>

#include "../vm/tierra.hpp"
#include "base/philox.hpp"
#include "organism/tile.hpp"
#include "whole.hpp"

namespace {

using namespace bw;

std::uint64_t wanted_instructions() {
  const char* given = std::getenv("BIGWORLDS_RANDOM_INSTRUCTIONS");
  return given == nullptr ? 20'000'000 : static_cast<std::uint64_t>(std::strtod(given, nullptr));
}

// Rules drawn from the whole range of what is allowed.
SoupSettings random_settings(RandomStream& random) {
  const auto below = [&](std::uint64_t n) {
    return static_cast<std::uint32_t>(random.integers(n));
  };
  SoupSettings settings;
  settings.cells = below(4) == 0 ? 64 + below(200) : 200 + below(8000);
  settings.slice_rule = below(2) == 0 ? SliceRule::kFixed : SliceRule::kSize;
  settings.slice = 1 + below(200);
  settings.slice_power = 2 * random.uniform();
  settings.most_slice = 1 + below(2000);
  settings.uniform_slices = below(2) == 0;
  settings.fit = static_cast<Fit>(below(6));
  settings.reach = 30 * random.uniform();
  settings.reap_near = below(2) == 0;
  settings.most_child = 1 + 9 * random.uniform();
  settings.least_size = 1 + below(20);
  settings.least_genome = 1 + below(20);
  settings.moved_share = random.uniform();
  settings.same_size = below(8) == 0;
  settings.same_genome = below(16) == 0;
  settings.search_limit = 8 * random.uniform();
  settings.shortest_template = 1 + below(4);
  settings.reap_share = random.uniform();
  settings.lazy = below(2) == 0 ? 0 : 20 * random.uniform();
  const auto rate = [&] { return below(4) == 0 ? 0.0 : 1.5 + 60 * random.uniform(); };
  settings.mutation = {rate(), rate(), rate(), rate(), rate(), rate(),
                       rate(), rate(), rate(), rate(), rate(), random.uniform()};
  return settings;
}

// Genomes of any bytes, of instructions, or pieces of the ancestor between random ones, until the
// soup is nearly full; returns how many.
std::uint64_t fill(Tile& tile, RandomStream& random) {
  const std::vector<std::uint8_t> ancestor = tests::tierra().ancestor();
  const std::uint64_t kind = random.integers(3);
  std::uint64_t put = 0;
  while (true) {
    std::vector<std::uint8_t> genome(tile.settings().least_size + random.integers(100));
    for (auto& cell : genome) {
      cell = static_cast<std::uint8_t>(random.integers(kind == 0 ? 256 : 32));
    }
    if (kind == 2) {
      const std::size_t from = random.integers(ancestor.size());
      for (std::size_t i = from; i < ancestor.size() && i < genome.size(); ++i) {
        genome[i] = ancestor[i];
      }
    }
    const auto free = tile.soup().free_blocks();
    if (free.empty() || free.back().size < genome.size() || put > 40) return put;
    tile.put(genome);
    ++put;
  }
}

TEST_CASE("random genomes live and die within their soup") {
  const std::uint64_t wanted = wanted_instructions();
  std::uint64_t executed = 0;
  std::uint64_t births = 0;
  for (std::uint64_t world = 0; executed < wanted; ++world) {
    RandomStream random(21, world, 0);
    const Simd simd = random.integers(2) == 0 ? Simd::kScalar : widest_simd();
    Tile tile(std::make_shared<InstructionSet>(tests::tierra().rows, simd), random_settings(random),
              world, 3);
    const std::uint64_t put = fill(tile, random);
    if (put == 0) continue;
    INFO("world ", world);
    for (std::uint64_t step = 1; step <= 4; ++step) {
      tile.run(step * 100'000);
      tests::check_whole(tile, put);
    }
    executed += tile.counts().instructions;
    births += tile.counts().births;
  }
  CHECK(births > 0);
}

}  // namespace
