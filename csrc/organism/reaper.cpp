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
  organisms_[place].slot = reaper_.append(
      place, organisms_[place].errors,
      [this](std::uint32_t who, std::uint32_t slot) { organisms_[who].slot = slot; });
}

void Tile::leave_queues(std::uint32_t place) {
  reaper_.remove(organisms_[place].slot);
  const Links slicer = organisms_[place].slicer;
  organisms_[slicer.before].slicer.after = slicer.after;
  organisms_[slicer.after].slicer.before = slicer.before;
  if (next_turn_ == place) next_turn_ = slicer.after == place ? kNobody : slicer.after;
}

void Tile::swap_slots(std::uint32_t a, std::uint32_t b) {
  reaper_.swap(a, b);
  organisms_[reaper_.at(a)].slot = a;
  organisms_[reaper_.at(b)].slot = b;
}

void Tile::move_down(std::uint32_t place) {
  const std::uint32_t slot = organisms_[place].slot;
  const std::uint32_t after = reaper_.after(slot);
  if (after == kNobody) return;
  if (reaper_.errors(slot) <= reaper_.errors(after)) swap_slots(slot, after);
}

// Nobody else has had a turn since the errors were made, so it is as if each had been noted at
// once.
void Tile::note_errors(std::uint32_t errors) {
  counts_.errors += errors;
  Organism& organism = organisms_[executing_];
  organism.errors += errors;
  organism.slot = reaper_.note_errors(
      organism.slot, errors,
      [this](std::uint32_t place, std::uint32_t slot) { organisms_[place].slot = slot; });
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
    for (std::uint32_t slot = reaper_.top(); slot != kNobody; slot = reaper_.after(slot)) {
      const std::uint32_t place = reaper_.at(slot);
      const std::uint32_t start = organisms_[place].start;
      const std::uint32_t distance = start > *near ? start - *near : *near - start;
      if (place != executing_ && distance <= most) return place;
    }
  }
  const auto range =
      static_cast<std::uint64_t>(settings_.reap_share * static_cast<double>(organisms_.size()));
  const std::uint32_t slot = reaper_.nth(range > 1 ? draws(Stream::kReaper).below(range) : 0);
  if (reaper_.at(slot) != executing_) return reaper_.at(slot);
  const std::uint32_t after = reaper_.after(slot);
  return reaper_.at(after != kNobody ? after : reaper_.before(slot));
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
  reaper_.set_place(organisms_[to].slot, to);
  Links& slicer = organisms_[to].slicer;
  if (slicer.before == from) slicer = {to, to};
  organisms_[slicer.before].slicer.after = to;
  organisms_[slicer.after].slicer.before = to;
  if (next_turn_ == from) next_turn_ = to;
  if (executing_ == from) executing_ = to;
}

std::vector<std::uint32_t> Tile::reaper_order() const {
  std::vector<std::uint32_t> order;
  for (std::uint32_t slot = reaper_.top(); slot != kNobody; slot = reaper_.after(slot)) {
    order.push_back(reaper_.at(slot));
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
