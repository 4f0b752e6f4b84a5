// reaper_queue.hpp: organisms in the order in which death comes to them, the top first.
//
// The queue is a row of slots, some of which are empty, so that an organism leaves without the
// others moving; a bit a slot says which are taken. The k-th from the top is found by counting
// bits, neighbours by looking for the next one. What an organism has in the queue is its slot; it
// changes when organisms swap, and when the row is closed up, which the owner is told.
#pragma once

#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/checks.hpp"
#include "vm/processor.hpp"

namespace bw {

class ReaperQueue {
 public:
  // The place of the organism in a slot, and its errors.
  std::uint32_t at(std::uint32_t slot) const { return place_of(entries_[slot]); }
  std::uint32_t errors(std::uint32_t slot) const { return errors_of(entries_[slot]); }
  void set_place(std::uint32_t slot, std::uint32_t place) {
    entries_[slot] = entry(place, errors(slot));
  }
  // What is in two slots changes places.
  void swap(std::uint32_t a, std::uint32_t b) { std::swap(entries_[a], entries_[b]); }

  // An organism makes so many errors, one after another: with each it goes up by one where the one
  // above it has no more. Returns its slot; `moved(place, slot)` is called for each neighbour.
  template <class Moved>
  std::uint32_t note_errors(std::uint32_t slot, std::uint32_t errors, Moved&& moved) {
    std::uint64_t mine = entries_[slot];
    for (; errors != 0; --errors) {
      mine += std::uint64_t{1} << 32;
      const std::uint32_t above = before(slot);
      if (above == kNobody) continue;
      // No branch: it goes either way as often.
      const std::uint64_t other = entries_[above];
      const bool is_up = errors_of(mine) >= errors_of(other);
      const std::uint32_t others = is_up ? slot : above;
      slot = is_up ? above : slot;
      entries_[others] = other;
      moved(place_of(other), others);
    }
    entries_[slot] = mine;
    return slot;
  }

  std::uint32_t size() const { return count_; }

  // The slots of neighbours, kNobody where there is none. `after` of kNobody is the top.
  std::uint32_t before(std::uint32_t slot) const {
    std::uint32_t word = slot / 64;
    std::uint64_t bits = taken_[word] & ~(~std::uint64_t{0} << slot % 64);
    while (bits == 0) {
      if (word == 0) return kNobody;
      bits = taken_[--word];
    }
    return 64 * word + 63 - static_cast<std::uint32_t>(std::countl_zero(bits));
  }
  std::uint32_t after(std::uint32_t slot) const;
  std::uint32_t top() const { return after(kNobody); }
  // The slot of the k-th from the top, k below size().
  std::uint32_t nth(std::uint32_t k) const;

  // Puts an organism at the bottom and returns its slot; `moved(place, slot)` is called for all
  // others where the row is closed up for it.
  template <class Moved>
  std::uint32_t append(std::uint32_t place, std::uint32_t errors, Moved&& moved) {
    if (end_ == entries_.size()) close_up(moved);
    entries_[end_] = entry(place, errors);
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
      entries_[end] = entries_[slot];
      moved(at(end), end);
      ++end;
    }
    BW_CHECK(end == count_, "a slot is taken by one organism");
    resize(end);
  }
  void resize(std::uint32_t end);

  // An organism's place and, above it, its errors.
  static std::uint64_t entry(std::uint32_t place, std::uint32_t errors) {
    return std::uint64_t{errors} << 32 | place;
  }
  static std::uint32_t place_of(std::uint64_t entry) { return static_cast<std::uint32_t>(entry); }
  static std::uint32_t errors_of(std::uint64_t entry) {
    return static_cast<std::uint32_t>(entry >> 32);
  }

  std::vector<std::uint64_t> entries_;  // by slot
  std::vector<std::uint64_t> taken_;    // a bit a slot
  std::uint32_t end_ = 0;               // all slots from here on are empty
  std::uint32_t count_ = 0;
};

}  // namespace bw
