// A libFuzzer target (Clang; preset fuzz): any bytes as the rules, the genomes and the seed of a
// small soup. The first bytes choose the rules, the others are genomes.
//
//   cmake --preset fuzz && cmake --build --preset fuzz && build/fuzz/bigworlds_fuzz_soup
#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "../cpp/vm/tierra.hpp"
#include "organism/tile.hpp"

namespace {

using namespace bw;

constexpr std::size_t kRules = 12;

SoupSettings settings_of(const std::uint8_t* rules) {
  SoupSettings settings;
  settings.cells = kLeastSoupCells + 4 * std::uint32_t{rules[0]};
  settings.fit = static_cast<Fit>(rules[1] % 6);
  settings.slice_rule = rules[2] % 2 == 0 ? SliceRule::kFixed : SliceRule::kSize;
  settings.slice = 1 + rules[3];
  settings.reap_near = rules[4] % 2 == 0;
  settings.least_size = settings.least_genome = 1 + rules[5] % 16;
  settings.moved_share = rules[6] / 255.0;
  settings.search_limit = rules[7] / 16.0;
  settings.shortest_template = 1 + rules[8] % 4;
  settings.reap_share = rules[9] / 255.0;
  settings.mutation.copy = rules[10] / 4.0;
  settings.mutation.flaw = rules[11] / 64.0;
  return settings;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kRules + 1) return 0;
  const SoupSettings settings = settings_of(data);
  Tile tile(tests::tierra().set, settings, data[kRules], 0);
  data += kRules + 1;
  size -= kRules + 1;
  const std::size_t most = std::min<std::size_t>(80, settings.cells / 2);
  while (size >= settings.least_size) {
    const std::size_t length = std::min(size, most);
    const std::vector<Block> free = tile.soup().free_blocks();
    if (length < settings.least_size || free.empty() || free.back().size < length) break;
    tile.put({data, length});
    data += length;
    size -= length;
  }
  tile.run(20'000);
  return 0;
}
