// reaper_queue.hpp: organisms in the order in which death comes to them, the top first.
//
// The queue is a row of slots, some of which are empty, so that an organism leaves without the
// others moving; a bit a slot says which are taken. The k-th from the top is found by counting
// bits, neighbours by looking for the next one. What an organism has in the queue is its slot; it
// changes when organisms swap, and when the row is closed up, which the owner is told.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "base/checks.hpp"
#include "vm/processor.hpp"

namespace bw {

class ReaperQueue {
 public:
  // The place of the organism in a slot.
  std::uint32_t at(std::uint32_t slot) const { return places_[slot]; }
  void set(std::uint32_t slot, std::uint32_t place) { places_[slot] = place; }
  std::uint32_t size() const { return count_; }

  // The slots of neighbours, kNobody where there is none. `after` of kNobody is the top.
  std::uint32_t before(std::uint32_t slot) const;
  std::uint32_t after(std::uint32_t slot) const;
  std::uint32_t top() const { return after(kNobody); }
  // The slot of the k-th from the top, k below size().
  std::uint32_t nth(std::uint32_t k) const;

  // Puts an organism at the bottom and returns its slot; `moved(place, slot)` is called for all
  // others where the row is closed up for it.
  template <class Moved>
  std::uint32_t append(std::uint32_t place, Moved&& moved) {
    if (end_ == places_.size()) close_up(moved);
    places_[end_] = place;
    taken_[end_ / 64] |= std::uint64_t{1} << end_ % 64;
    ++count_;
    return end_++;
  }

  void remove(std::uint32_t slot) {
    taken_[slot / 64] &= ~(std::uint64_t{1} << slot % 64);
    --count_;
  }

  void clear();

 private:
  // Makes room for as many again as there are; at least half of the slots are empty then.
  template <class Moved>
  void close_up(Moved&& moved) {
    std::uint32_t end = 0;
    for (std::uint32_t slot = top(); slot != kNobody; slot = after(slot)) {
      places_[end] = places_[slot];
      moved(places_[end], end);
      ++end;
    }
    BW_CHECK(end == count_, "a slot is taken by one organism");
    resize(end);
  }
  void resize(std::uint32_t end);

  std::vector<std::uint32_t> places_;  // by slot
  std::vector<std::uint64_t> taken_;   // a bit a slot
  std::uint32_t end_ = 0;              // all slots from here on are empty
  std::uint32_t count_ = 0;
};

}  // namespace bw
