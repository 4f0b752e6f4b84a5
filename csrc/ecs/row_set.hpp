// A set of rows of one table, collected in any order and listed in ascending order: one bit a row,
// so no sorting.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bw {

class RowSet {
 public:
  // `rows`: of the table.
  explicit RowSet(std::size_t rows) : words_((rows + 63) / 64, 0) {}

  // Whether the row is new in the set.
  bool add(std::uint32_t row) {
    std::uint64_t& word = words_[row / 64];
    const std::uint64_t bit = std::uint64_t{1} << (row % 64);
    const bool is_new = (word & bit) == 0;
    word |= bit;
    return is_new;
  }
  bool has(std::uint32_t row) const { return ((words_[row / 64] >> (row % 64)) & 1) != 0; }

  std::vector<std::uint32_t> list() const {
    std::vector<std::uint32_t> rows;
    for (std::size_t w = 0; w < words_.size(); ++w) {
      for (std::uint64_t word = words_[w]; word != 0; word &= word - 1) {
        rows.push_back(static_cast<std::uint32_t>(64 * w) +
                       static_cast<std::uint32_t>(std::countr_zero(word)));
      }
    }
    return rows;
  }

 private:
  std::vector<std::uint64_t> words_;
};

// Rows of a table of `table_size` rows, brought into ascending order.
inline std::vector<std::uint32_t> in_ascending_order(std::vector<std::uint32_t> rows,
                                                     std::size_t table_size) {
  if (std::is_sorted(rows.begin(), rows.end())) {
    return rows;
  }
  RowSet set(table_size);
  for (const std::uint32_t row : rows) {
    set.add(row);
  }
  return set.list();
}

}  // namespace bw
