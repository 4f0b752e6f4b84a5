// A transfer: many entities that change their archetype. Rows are collected in groups that go from
// one table to another for one reason; a group is copied when it has grown to a block that fits
// into the cache. Old rows are dropped at the end, so rows stay valid all the while, and until then
// everything can be taken back.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "ecs/row_set.hpp"
#include "ecs/store.hpp"

namespace bw {

class Transfer {
 public:
  // Rows that wait to go to `to` for one reason; `items[i]` is the caller's number for rows[i].
  // Where `to` is `from`, they stay.
  struct Group {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::uint32_t reason = 0;
    std::vector<std::uint32_t> rows;
    std::vector<std::uint32_t> items;
  };

  // Nobody else may change the store until finish() or take_back().
  explicit Transfer(Store& store) : store_(&store) {}

  // The group of a table and a reason; `target()` gives the table that it goes to, asked once. It
  // stays valid.
  template <class Target>
  Group& group(std::uint32_t from, std::uint32_t reason, Target&& target) {
    for (Group& known : groups_) {
      if (known.from == from && known.reason == reason) {
        return known;
      }
    }
    Group& made = groups_.emplace_back(Group{from, target(), reason, {}, {}});
    while (sizes_.size() < store_->table_count()) {
      sizes_.push_back(store_->table(static_cast<std::uint32_t>(sizes_.size())).size());
      left_.emplace_back(sizes_.back());
      stayed_.emplace_back(sizes_.back());
    }
    return made;
  }

  // Adds rows, which have consecutive numbers, up to the first that was added before (to leave, or
  // to stay); returns the place of that, or how many were given.
  std::size_t add(Group& group, std::span<const std::uint32_t> rows, std::uint32_t first_item) {
    const std::size_t fresh = (group.from == group.to ? stayed_ : left_)[group.from].add_all(rows);
    group.rows.insert(group.rows.end(), rows.begin(), rows.begin() + as_distance(fresh));
    const std::size_t begin = group.items.size();
    group.items.resize(begin + fresh);
    std::iota(group.items.begin() + as_distance(begin), group.items.end(), first_item);
    return fresh;
  }
  // The place of the first of some rows that has arrived by this transfer, or how many there are.
  std::size_t first_arrived(std::uint32_t table, std::span<const std::uint32_t> rows) const {
    if (table >= sizes_.size()) {
      return rows.size();
    }
    const auto is_new = [&](std::uint32_t row) { return row >= sizes_[table]; };
    return static_cast<std::size_t>(std::find_if(rows.begin(), rows.end(), is_new) - rows.begin());
  }

  static bool full(const Group& group) { return group.rows.size() >= kBlock; }

  // Copies the rows of a group. `given` names the fields that arrived(group) then writes: its rows
  // are those of group.to by then.
  template <class Arrived>
  void move(Group& group, std::span<const FieldKey> given, Arrived&& arrived) {
    if (group.from != group.to && !group.rows.empty()) {
      const std::uint32_t first = store_->copy_rows(group.from, group.rows, group.to, given);
      std::iota(group.rows.begin(), group.rows.end(), first);
    }
    arrived(std::as_const(group));
    group.rows.clear();
    group.items.clear();
  }

  std::deque<Group>& groups() { return groups_; }

  // Drops the old rows, once all groups were moved.
  void finish() {
    for (std::uint32_t t = 0; t < left_.size(); ++t) {
      if (left_[t].size() == store_->table(t).size()) {
        store_->cut_off(t, 0);
      } else {
        store_->drop_rows(t, left_[t].list());
      }
    }
    clear();
  }

  // Puts all rows back to where they were.
  void take_back() {
    for (std::uint32_t t = 0; t < left_.size(); ++t) {
      store_->stay(t, left_[t].list());
    }
    for (std::uint32_t t = 0; t < sizes_.size(); ++t) {
      store_->cut_off(t, sizes_[t]);
    }
    clear();
  }

 private:
  static constexpr std::size_t kBlock = 512;

  static std::ptrdiff_t as_distance(std::size_t count) {
    return static_cast<std::ptrdiff_t>(count);
  }
  void clear() {
    groups_.clear();
    left_.clear();
    stayed_.clear();
    sizes_.clear();
  }

  Store* store_;
  std::deque<Group> groups_;
  // by table
  std::vector<RowSet> left_;
  std::vector<RowSet> stayed_;
  std::vector<std::size_t> sizes_;  // at the start
};

}  // namespace bw
