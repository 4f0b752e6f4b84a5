// Live cells: which agents are in which cell while agents act one after another and move. Items are
// numbered by the caller; lists start in the order in which items enter, so equal starts and moves
// give equal orders.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "space/cell_box.hpp"
#include "space/search.hpp"

namespace bw {

class LiveCells {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  // Cells no smaller than `radius` on a continuous domain; a grid's own cells on a grid.
  LiveCells(const Domain& domain, double radius, std::uint64_t population, std::size_t items,
            Geometry geometry = Geometry::wanted);

  // The cells of `world`, for lists by cell alone.
  LiveCells(const Domain& domain, const CellBox& world, std::size_t items);

  void enter(std::uint32_t item, const Place& place);
  void leave(std::uint32_t item);
  void move(std::uint32_t item, const Place& place);
  bool present(std::uint32_t item) const { return cell_[item] != kNone; }
  Place place(std::uint32_t item) const;

  // Orders the items of each cell by `id(item)`, ascending.
  template <class Id>
  void sort_cells(Id&& id);

  // Where it is not told of moves in the order of turns: `turns[item]`, from 1 on, is when an item
  // moves, and lists are as if all came in that order.
  void order_arrivals(std::vector<std::uint32_t> turns);

  // All items within the radius of one, itself excluded; or of a place.
  void search(std::uint32_t item, double radius, Hits& hits) const {
    search_around(place(item), item, radius, hits);
  }
  void search_place(const Place& place, double radius, Hits& hits) const {
    search_around(place, kNone, radius, hits);
  }

  // The items of a cell, one after another: first(cell), next(item), until kNone.
  std::uint32_t first(std::uint64_t cell) const { return head_[cell]; }
  std::uint32_t next(std::uint32_t item) const { return next_[item]; }
  std::uint32_t cell_of(const Place& place) const;

  // Hints for items whose turn comes soon: agents act in random order, and each step of the way to
  // their neighbours would wait for memory. First the item itself, some turns later the cells
  // around it, then `touch(item)` for an item of each line.
  void prefetch(std::uint32_t item) const;
  void prefetch_cells(std::uint32_t item) const;
  template <class Touch>
  void touch_neighbors(std::uint32_t item, Touch&& touch) const;

 private:
  std::size_t line_below(std::uint32_t cell) const;
  void make_lists(std::size_t items);
  bool came_later(std::uint32_t item, std::uint32_t than) const {
    return !turns_.empty() && moved_in_[item] > turns_[than];
  }
  void search_around(const Place& center, std::uint32_t self, double radius, Hits& hits) const;
  template <int Dims>
  void search_lists(const Place& center, std::uint32_t self, double radius, Hits& hits) const;
  void search_line(std::int64_t first_cell, std::int64_t count, std::uint32_t self,
                   Hits& hits) const;
  void measure(const Place& center, double radius, Hits& hits) const;

  Domain domain_;
  CellBox box_;
  Geometry geometry_;
  std::vector<std::uint32_t> head_;
  std::vector<std::uint32_t> next_;
  std::vector<std::uint32_t> previous_;
  std::vector<std::uint32_t> cell_;
  std::vector<std::uint32_t> turns_;     // by item, where arrivals are ordered
  std::vector<std::uint32_t> moved_in_;  // by item: the turn in which it came to its cell; 0: never
  std::vector<double> coordinates_[kAxes];
};

template <class Touch>
void LiveCells::touch_neighbors(std::uint32_t item, Touch&& touch) const {
  const std::uint32_t cell = cell_[item];
  if (cell == kNone) {
    return;
  }
  const auto line = static_cast<std::size_t>(box_.cells[0]);
  for (std::size_t at = line_below(cell); at < head_.size() && at <= cell + line; at += line) {
    if (head_[at] != kNone) {
      touch(head_[at]);
    }
  }
}

template <class Id>
void LiveCells::sort_cells(Id&& id) {
  std::vector<std::uint32_t> items;
  for (std::uint32_t& head : head_) {
    if (head == kNone || next_[head] == kNone) {
      continue;
    }
    items.clear();
    for (std::uint32_t item = head; item != kNone; item = next_[item]) {
      items.push_back(item);
    }
    std::sort(items.begin(), items.end(),
              [&](std::uint32_t a, std::uint32_t b) { return id(a) < id(b); });
    head = items.front();
    for (std::size_t i = 0; i < items.size(); ++i) {
      previous_[items[i]] = i > 0 ? items[i - 1] : kNone;
      next_[items[i]] = i + 1 < items.size() ? items[i + 1] : kNone;
    }
  }
}

}  // namespace bw
