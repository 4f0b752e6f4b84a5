// A set of rows of one table, collected in any order and listed in ascending order: one bit a row,
// so no sorting.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace bw {

// Whether rows follow each other in their order, without gaps: then they are copied as one block.
inline bool are_consecutive(std::span<const std::uint32_t> rows) {
  std::uint32_t differences = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    differences |= (rows[i] - rows[0]) ^ static_cast<std::uint32_t>(i);
  }
  return differences == 0;
}

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

  // Adds rows up to the first that is in the set already; returns its place, or how many were
  // given.
  std::size_t add_all(std::span<const std::uint32_t> rows) {
    const bool in_a_row = are_consecutive(rows);
    for (std::size_t i = 0; i < rows.size();) {
      const std::uint32_t bit = rows[i] % 64;
      std::uint64_t added = std::uint64_t{1} << bit;
      std::size_t count = 1;
      if (in_a_row) {
        count = std::min<std::size_t>(64 - bit, rows.size() - i);
        added = (~std::uint64_t{0} >> (64 - count)) << bit;
      }
      std::uint64_t& word = words_[rows[i] / 64];
      if (const std::uint64_t clash = word & added; clash != 0) {
        word |= added & ((clash & (~clash + 1)) - 1);
        return i + static_cast<std::size_t>(std::countr_zero(clash)) - bit;
      }
      word |= added;
      i += count;
    }
    return rows.size();
  }
  bool has(std::uint32_t row) const { return ((words_[row / 64] >> (row % 64)) & 1) != 0; }

  std::size_t size() const {
    return std::accumulate(words_.begin(), words_.end(), std::size_t{0},
                           [](std::size_t sum, std::uint64_t word) {
                             return sum + static_cast<std::size_t>(std::popcount(word));
                           });
  }

  std::vector<std::uint32_t> list() const {
    std::vector<std::uint32_t> rows(size());
    std::uint32_t* next = rows.data();
    for (std::size_t w = 0; w < words_.size(); ++w) {
      const auto first = static_cast<std::uint32_t>(64 * w);
      if (words_[w] == ~std::uint64_t{0}) {
        std::iota(next, next + 64, first);
        next += 64;
        continue;
      }
      for (std::uint64_t word = words_[w]; word != 0; word &= word - 1) {
        *next++ = first + static_cast<std::uint32_t>(std::countr_zero(word));
      }
    }
    return rows;
  }

 private:
  std::vector<std::uint64_t> words_;
};

// Distinct rows of a table of `table_size` rows, brought into ascending order.
inline std::vector<std::uint32_t> in_ascending_order(std::vector<std::uint32_t> rows,
                                                     std::size_t table_size) {
  if (std::is_sorted(rows.begin(), rows.end())) {
    return rows;
  }
  if (rows.size() < table_size / 256) {  // a few of a large table
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  RowSet set(table_size);
  set.add_all(rows);
  return set.list();
}

}  // namespace bw
