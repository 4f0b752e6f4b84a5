// Going through all who have not acted, in the order of turns: whoever is near one that waits waits
// as well.
#include "schedule/turns.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "schedule/reach.hpp"

namespace bw {
namespace {

constexpr double kMostCellsAlong = 1024.0;

}  // namespace

Turns::Turns(const Domain& domain, double distance, const PlaceColumn& places,
             std::span<const std::uint32_t> order, std::size_t own)
    : domain_(domain),
      distance_(distance),
      places_(places),
      own_(own),
      left_(own),
      unfinished_(order.begin(), order.end()),
      finished_(order.size(), 0),
      turn_(order.size()) {
  for (std::size_t turn = 0; turn < order.size(); ++turn) {
    turn_[order[turn]] = static_cast<std::uint32_t>(turn);
  }
  const double side =
      1.0 + std::pow(static_cast<double>(order.size()), 1.0 / static_cast<double>(domain.dims));
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain.dims); ++a) {
    // Whole coordinates may be just so far apart: then half a cell is room for rounding.
    const double width = domain.integral() ? distance + 0.5 : distance;
    const double wide = width > 0.0 ? domain.size[a] / width : kMostCellsAlong;
    cells_[a] = static_cast<std::size_t>(
        std::clamp(std::floor(wide), 1.0, std::min(side, kMostCellsAlong)));
  }
}

std::size_t Turns::cell_along(std::size_t axis, double coordinate) const {
  const double per_length = static_cast<double>(cells_[axis]) / domain_.size[axis];
  return std::min(static_cast<std::size_t>(coordinate * per_length), cells_[axis] - 1);
}

std::size_t Turns::cell_of(const Place& place) const {
  std::size_t cell = 0;
  for (std::size_t a = static_cast<std::size_t>(domain_.dims); a-- > 0;) {
    cell = cell * cells_[a] + cell_along(a, place[a]);
  }
  return cell;
}

void Turns::wait(const Place& place) {
  std::uint32_t& first = first_[cell_of(place)];
  waiting_.push_back({place, first});
  first = static_cast<std::uint32_t>(waiting_.size() - 1);
}

// All within the distance are in the cells around: these are no smaller.
bool Turns::is_near_waiting(const Place& place) const {
  std::array<std::array<std::size_t, 3>, kAxes> around{};
  std::array<std::size_t, kAxes> count{1, 1, 1};
  for (std::size_t a = 0; a < static_cast<std::size_t>(domain_.dims); ++a) {
    const std::size_t at = cell_along(a, place[a]);
    const std::size_t last = cells_[a] - 1;
    count[a] = 0;
    around[a][count[a]++] = at;
    if (at > 0 || (domain_.periodic && last > 1)) {
      around[a][count[a]++] = at > 0 ? at - 1 : last;
    }
    if (at < last || (domain_.periodic && last > 1)) {
      around[a][count[a]++] = at < last ? at + 1 : 0;
    }
  }
  for (std::size_t z = 0; z < count[2]; ++z) {
    for (std::size_t y = 0; y < count[1]; ++y) {
      for (std::size_t x = 0; x < count[0]; ++x) {
        const std::size_t cell =
            (around[2][z] * cells_[1] + around[1][y]) * cells_[0] + around[0][x];
        for (std::uint32_t i = first_[cell]; i != kNone; i = waiting_[i].next) {
          if (are_within(domain_, place, waiting_[i].place, distance_)) {
            return true;
          }
        }
      }
    }
  }
  return false;
}

std::span<const std::uint32_t> Turns::next() {
  std::erase_if(unfinished_, [&](std::uint32_t row) { return finished_[row] != 0; });
  first_.assign(cells_[0] * cells_[1] * cells_[2], kNone);
  waiting_.clear();
  ready_.clear();
  for (const std::uint32_t row : unfinished_) {
    const Place place = places_.at(domain_, row);
    if (row < own_ && turn_[row] < stop_ && (waiting_.empty() || !is_near_waiting(place))) {
      ready_.push_back(row);
    } else {
      wait(place);
    }
  }
  return ready_;
}

void Turns::finish(std::uint32_t row) {
  if (finished_[row] == 0) {
    finished_[row] = 1;
    left_ -= row < own_ ? 1 : 0;
  }
}

void Turns::stop_at(std::uint32_t row) {
  stop_ = std::min(stop_, turn_[row]);
}

}  // namespace bw
