// reaper.cpp: the queue of death, the ring of turns, and how an organism leaves both.
#include <algorithm>

#include "organism/tile.hpp"

namespace bw {

void Tile::enter_slicer(std::uint32_t place, std::uint32_t before) {
  Links& links = organisms_[place].slicer;
  if (before == kNobody) {
    links = {place, place};
    next_turn_ = place;
    return;
  }
  Links& mothers = organisms_[before].slicer;
  links = {mothers.before, before};
  organisms_[mothers.before].slicer.after = place;
  mothers.before = place;
}

void Tile::enter_reaper(std::uint32_t place) {
  organisms_[place].reaper = {reaper_bottom_, kNobody};
  if (reaper_bottom_ == kNobody) {
    reaper_top_ = place;
  } else {
    organisms_[reaper_bottom_].reaper.after = place;
  }
  reaper_bottom_ = place;
}

void Tile::leave_queues(std::uint32_t place) {
  const Links reaper = organisms_[place].reaper;
  (reaper.before == kNobody ? reaper_top_ : organisms_[reaper.before].reaper.after) = reaper.after;
  (reaper.after == kNobody ? reaper_bottom_ : organisms_[reaper.after].reaper.before) =
      reaper.before;
  const Links slicer = organisms_[place].slicer;
  organisms_[slicer.before].slicer.after = slicer.after;
  organisms_[slicer.after].slicer.before = slicer.before;
  if (next_turn_ == place) next_turn_ = slicer.after == place ? kNobody : slicer.after;
}

// ..., above, before, place, below, ... becomes ..., above, place, before, below, ...
void Tile::swap_with_before(std::uint32_t place) {
  Links& links = organisms_[place].reaper;
  const std::uint32_t before = links.before;
  Links& others = organisms_[before].reaper;
  const std::uint32_t above = others.before;
  const std::uint32_t below = links.after;
  (above == kNobody ? reaper_top_ : organisms_[above].reaper.after) = place;
  (below == kNobody ? reaper_bottom_ : organisms_[below].reaper.before) = before;
  links = {above, before};
  others = {place, below};
}

void Tile::move_up(std::uint32_t place) {
  const std::uint32_t before = organisms_[place].reaper.before;
  if (before == kNobody || organisms_[place].errors < organisms_[before].errors) return;
  swap_with_before(place);
}

void Tile::move_down(std::uint32_t place) {
  const std::uint32_t after = organisms_[place].reaper.after;
  if (after == kNobody || organisms_[place].errors > organisms_[after].errors) return;
  swap_with_before(after);
}

std::uint32_t Tile::reach() const {
  const double cells = settings_.reach * averages_.size;
  return cells >= settings_.cells ? settings_.cells - 1 : static_cast<std::uint32_t>(cells);
}

// The one that dies next: near an address the topmost, else one of the top of the queue; never the
// one that executes, of which there must be another.
std::uint32_t Tile::choose_victim(std::optional<std::uint32_t> near) {
  if (near) {
    const std::uint32_t most = reach();
    for (std::uint32_t at = reaper_top_; at != kNobody; at = organisms_[at].reaper.after) {
      const std::uint32_t start = organisms_[at].start;
      const std::uint32_t distance = start > *near ? start - *near : *near - start;
      if (at != executing_ && distance <= most) return at;
    }
  }
  const auto range =
      static_cast<std::uint64_t>(settings_.reap_share * static_cast<double>(organisms_.size()));
  std::uint32_t at = reaper_top_;
  if (range > 1) {
    for (std::uint32_t k = draws(Stream::kReaper).below(range); k > 0; --k) {
      at = organisms_[at].reaper.after;
    }
  }
  if (at != executing_) return at;
  const Links links = organisms_[at].reaper;
  return links.after != kNobody ? links.after : links.before;
}

bool Tile::reap(std::optional<std::uint32_t> near) {
  if (organisms_.size() < 2) return false;
  kill(choose_victim(near), Death::kMemory);
  return true;
}

void Tile::kill(std::uint32_t place, Death cause) {
  const Organism& dead = organisms_[place];
  soup_.release({dead.start, dead.size});
  if (dead.child_size != 0) soup_.release({dead.child_start, dead.child_size});
  size_sum_ -= dead.size;
  ++counts_.deaths[static_cast<std::size_t>(cause)];
  leave_queues(place);
  if (executing_ == place) executing_ = kNobody;
  const auto last = static_cast<std::uint32_t>(organisms_.size() - 1);
  if (place != last) relocate(last, place);
  organisms_.pop_back();
  biographies_.pop_back();
}

// All that names the organism by its place follows it.
void Tile::relocate(std::uint32_t from, std::uint32_t to) {
  organisms_[to] = organisms_[from];
  biographies_[to] = biographies_[from];
  const Links reaper = organisms_[to].reaper;
  (reaper.before == kNobody ? reaper_top_ : organisms_[reaper.before].reaper.after) = to;
  (reaper.after == kNobody ? reaper_bottom_ : organisms_[reaper.after].reaper.before) = to;
  Links& slicer = organisms_[to].slicer;
  if (slicer.before == from) slicer = {to, to};
  organisms_[slicer.before].slicer.after = to;
  organisms_[slicer.after].slicer.before = to;
  if (next_turn_ == from) next_turn_ = to;
  if (executing_ == from) executing_ = to;
}

std::vector<std::uint32_t> Tile::reaper_order() const {
  std::vector<std::uint32_t> order;
  for (std::uint32_t at = reaper_top_; at != kNobody; at = organisms_[at].reaper.after) {
    order.push_back(at);
  }
  return order;
}

std::vector<std::uint32_t> Tile::slicer_order() const {
  std::vector<std::uint32_t> order;
  for (std::uint32_t at = next_turn_; order.size() < organisms_.size();
       at = organisms_[at].slicer.after) {
    order.push_back(at);
  }
  return order;
}

}  // namespace bw
