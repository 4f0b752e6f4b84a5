// Random cuts, and their order by Fisher and Yates (1938).
#include "schedule/pieces.hpp"

#include <algorithm>
#include <utility>

#include "base/philox.hpp"

namespace bw {

std::vector<bw_span> random_pieces(std::int64_t begin, std::int64_t end, std::uint64_t key,
                                   std::uint64_t table, std::int64_t tick) {
  std::uint64_t draw = 0;
  const auto below = [&](std::int64_t n) {
    return static_cast<std::int64_t>(random_word(key, table, tick, draw++) %
                                     static_cast<std::uint64_t>(n));
  };
  // Half of the rows at most in a piece, so that two rows or more are always cut.
  const std::int64_t most = std::max<std::int64_t>(1, (end - begin) / 2);
  std::vector<bw_span> pieces;
  while (begin < end) {
    const std::int64_t stop = std::min(end, begin + 1 + below(most));
    pieces.push_back({begin, stop, 0});
    begin = stop;
  }
  for (std::size_t i = pieces.size(); i > 1; --i) {
    std::swap(pieces[i - 1], pieces[static_cast<std::size_t>(below(static_cast<std::int64_t>(i)))]);
  }
  return pieces;
}

}  // namespace bw
