// migration.cpp: daughters that leave a soup at birth, and those that come from others. Only births
// can leave, for registers hold addresses of the soup that an organism was born in.
#include <algorithm>
#include <utility>

#include "base/checks.hpp"
#include "organism/tile.hpp"

namespace bw {

void Tile::let_leave(double one_in, std::uint32_t others) {
  leaves_one_in_ = others == 0 ? 0.0 : one_in;
  other_tiles_ = others;
}

bool Tile::leaves() {
  return leaves_one_in_ != 0.0 && draws(Stream::kMigration).chance(1.0 / leaves_one_in_);
}

// The block stays the mother's, who releases it.
void Tile::send_away(Block child) {
  const std::uint32_t to = draws(Stream::kMigration).below(other_tiles_);
  const std::uint8_t* genome = soup_.cells() + child.start;
  emigrants_.push_back({to,
                        organisms_[executing_].number,
                        biographies_[executing_].generation + 1,
                        {genome, genome + child.size}});
  ++counts_.emigrants;
}

std::vector<Emigrant> Tile::take_emigrants() {
  return std::exchange(emigrants_, {});
}

// Nobody executes meanwhile, so anybody may die for it. Where the rule looks for memory near an
// address, an immigrant has none of its own, and one is drawn.
void Tile::settle(const Emigrant& immigrant) {
  const auto size = static_cast<std::uint32_t>(immigrant.genome.size());
  BW_CHECK(size != 0 && size <= settings_.cells, "immigrants come from soups of the same size");
  std::optional<std::uint32_t> wanted;
  if (settings_.fit != Fit::kFirst && settings_.fit != Fit::kBetter) {
    wanted = draws(Stream::kMigration).below(settings_.cells - size + 1);
  }
  std::optional<std::uint32_t> start;
  while (!(start = memory_at(size, wanted))) {
    kill(choose_victim(settings_.reap_near ? wanted : std::nullopt), Death::kMemory);
  }
  std::copy(immigrant.genome.begin(), immigrant.genome.end(), soup_.cells() + *start);
  ++counts_.immigrants;
  const std::uint32_t before = next_turn_;
  enter_slicer(enter({*start, size}, immigrant.parent, immigrant.generation), before);
}

}  // namespace bw
