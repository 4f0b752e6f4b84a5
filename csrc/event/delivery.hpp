// A delivery: the events that one behavior sees in one run on one rank, by row: those to a row's
// entity, and those to everyone, which all rows share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "ecs/entity_index.hpp"
#include "event/event_list.hpp"

namespace bw {

// Records one after another, and their stamps, in the order of the stamps.
struct Letters {
  std::span<const Stamp> stamps;
  const std::byte* records = nullptr;

  std::size_t size() const { return stamps.size(); }
};

class Delivery {
 public:
  using Find = std::function<std::optional<Location>(EntityId)>;

  // Takes the events of a list whose moments are in [since, before). `find` says where a target is
  // on this rank; events to others are passed over.
  void collect(const EventList& list, const PhaseClock& clock, std::int64_t since,
               std::int64_t before, const Find& find);

  std::size_t stride() const { return stride_; }
  std::size_t found() const { return personal_.order.size(); }
  std::size_t not_found() const { return not_found_; }

  Letters to_everyone() const { return everyone_.letters(0, everyone_.order.size()); }
  Letters to_row(std::uint32_t table, std::size_t row) const;

  // Rows of a table that have letters of their own, ascending.
  std::vector<std::uint32_t> rows_with_letters(std::uint32_t table) const;

 private:
  // Some events of a list in an order of their own, and what is copied of them.
  struct Pile {
    std::vector<std::uint32_t> order;  // positions in the list
    std::vector<Stamp> stamps;
    std::vector<std::byte> records;
    std::size_t stride = 0;

    void copy_from(const EventList& list);
    Letters letters(std::size_t begin, std::size_t end) const;
  };
  struct Group {  // the letters of one row
    std::uint32_t row = 0;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  struct TableLetters {
    std::vector<Group> groups;                // by row, ascending
    std::vector<std::uint32_t> group_of_row;  // 1 + the group of a row, 0 where it has none
    std::vector<std::uint64_t> entries;       // row above position in the list
  };

  void reset();
  void sort_to_rows(const EventList& list, TableLetters& table);

  std::size_t stride_ = 0;
  std::size_t not_found_ = 0;  // events to entities that are not on this rank
  Pile everyone_;
  Pile personal_;
  std::vector<TableLetters> tables_;
};

// Both lists in one order, written to `records`; returns their number.
std::size_t merge(Letters a, Letters b, std::size_t stride, std::vector<std::byte>& records);

}  // namespace bw
