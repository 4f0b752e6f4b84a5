// One round of moves.
#include "settle/moves.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <tuple>

namespace bw {
namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);  // cells that are looked at together
constexpr std::uint64_t kEveryByte = 0x0101010101010101u;

}  // namespace

void Occupancy::clear(std::size_t cells) {
  cells_ = cells;
  taken_.resize((cells + kWord - 1) / kWord * kWord);
  std::fill_n(taken_.begin(), cells, std::uint8_t{0});
  std::fill(taken_.begin() + static_cast<std::ptrdiff_t>(cells), taken_.end(), std::uint8_t{1});
  winner_.resize(cells, kNone);
}

const std::vector<std::uint8_t>& Occupancy::settle(std::span<const MoveClaim> claims) {
  won_.assign(claims.size(), 0);
  const auto before = [&](const MoveClaim& a, const MoveClaim& b) {
    return std::tie(a.priority, a.mover) < std::tie(b.priority, b.mover);
  };
  for (std::uint32_t i = 0; i < claims.size(); ++i) {
    if (!taken(claims[i].cell)) {
      std::uint32_t& winner = winner_[claims[i].cell];
      winner = winner == kNone || before(claims[i], claims[winner]) ? i : winner;
    }
  }
  for (std::uint32_t i = 0; i < claims.size(); ++i) {
    std::uint32_t& winner = winner_[claims[i].cell];
    if (winner == i) {
      winner = kNone;
      take(claims[i].cell);
      won_[i] = 1;
    }
  }
  return won_;
}

void Occupancy::list_empty(std::vector<std::uint32_t>& cells) const {
  cells.resize(static_cast<std::size_t>(std::count(taken_.begin(), taken_.end(), 0)));
  std::size_t count = 0;
  for (std::size_t first = 0; first < taken_.size(); first += kWord) {
    std::uint64_t word;
    std::memcpy(&word, taken_.data() + first, kWord);
    for (std::uint64_t empty = ~word & kEveryByte; empty != 0; empty &= empty - 1) {
      const auto place = static_cast<std::size_t>(std::countr_zero(empty)) / 8;
      cells[count++] = static_cast<std::uint32_t>(first + place);
    }
  }
}

void Occupancy::drop_taken(std::vector<std::uint32_t>& cells) const {
  // Each cell is written, and stays if it is empty: no branch on what cannot be foreseen.
  std::size_t count = 0;
  for (const std::uint32_t cell : cells) {
    cells[count] = cell;
    count += static_cast<std::size_t>(taken_[cell] == 0);
  }
  cells.resize(count);
}

}  // namespace bw
