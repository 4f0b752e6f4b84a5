// A transfer: many entities that change their archetype at once. Rows are collected in groups that
// go from one table to another for one reason; all of them are copied before any old row is
// dropped, so rows stay valid while groups are collected.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "ecs/row_set.hpp"
#include "ecs/store.hpp"

namespace bw {

class Transfer {
 public:
  // Rows that go to `to` for one reason; `items[i]` is the caller's number for rows[i]. Where `to`
  // is `from`, they stay.
  struct Group {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::uint32_t reason = 0;
    std::vector<std::uint32_t> rows;
    std::vector<std::uint32_t> items;
  };

  // The group of a table and a reason; `target()` gives the table that it goes to, asked once.
  template <class Target>
  Group& group(std::uint32_t from, std::uint32_t reason, Target&& target) {
    for (Group& known : groups_) {
      if (known.from == from && known.reason == reason) {
        return known;
      }
    }
    return groups_.emplace_back(Group{from, target(), reason, {}, {}});
  }

  // Moves all rows. `arrived(group)` is then called for each group, with group.rows being the rows
  // of group.to.
  template <class Arrived>
  void apply(Store& store, Arrived&& arrived) {
    std::vector<std::vector<std::uint32_t>> left(store.table_count());
    for (Group& group : groups_) {
      if (group.from != group.to) {
        std::uint32_t row = store.copy_rows(group.from, group.rows, group.to);
        std::vector<std::uint32_t>& leavers = left[group.from];
        leavers.insert(leavers.end(), group.rows.begin(), group.rows.end());
        for (std::uint32_t& moved : group.rows) {
          moved = row++;
        }
      }
      arrived(std::as_const(group));
    }
    for (std::uint32_t t = 0; t < left.size(); ++t) {
      store.drop_rows(t, in_ascending_order(std::move(left[t]), store.table(t).size()));
    }
    groups_.clear();
  }

 private:
  std::deque<Group> groups_;
};

}  // namespace bw
