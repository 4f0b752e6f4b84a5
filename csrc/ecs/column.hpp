// A column: the values of one field for all rows of a table, in memory that is shared with the
// views taken of it: contiguous, or lent by another room, with a stride. Values of any length stand
// in an arena beside it; what is overwritten or leaves stays there until the column is compacted.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "base/state.hpp"

namespace bw {

// The value of a row goes to another row.
struct RowMove {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
};

// The bytes of one value of any length, and of all that one column has.
inline constexpr std::size_t kMostValueBytes = std::size_t{1} << 24;
inline constexpr std::size_t kMostArenaBytes = std::size_t{1} << 36;

class Column {
 public:
  explicit Column(FieldType type) : type_(type), size_(type.size()), stride_(size_) {}

  FieldType type() const { return type_; }
  std::size_t value_size() const { return size_; }
  std::int64_t stride() const { return static_cast<std::int64_t>(stride_); }
  bool is_contiguous() const { return stride_ == size_; }

  std::byte* data() { return memory_.get(); }
  const std::byte* data() const { return memory_.get(); }
  std::byte* at(std::size_t row) { return memory_.get() + row * stride_; }
  const std::byte* at(std::size_t row) const { return memory_.get() + row * stride_; }

  // Keeps the memory alive for a view that outlives the column's present memory (the view goes
  // stale then). Lent memory that nothing keeps alive has a use_count of 0.
  std::shared_ptr<std::byte[]> share() const { return memory_; }

  // Shows memory that another room owns. What follows is for columns with memory of their own.
  void lend(std::byte* data, std::size_t stride, const std::shared_ptr<const void>& keep);

  // Copies the values of the first `count` rows to contiguous memory.
  void copy_out(std::size_t count, std::byte* to) const;

  // The contents of a value of any length, until the next change; and new ones.
  std::span<const std::byte> contents(std::size_t row) const;
  void assign(std::size_t row, std::span<const std::byte> contents);
  // Drops what no value of the first `rows` holds, where that is worth the while. Called at sync
  // points: contents move.
  void compact(std::size_t rows);
  std::size_t arena_bytes() const { return arena_.size(); }

  // Moves the first `used` values into memory for `capacity` values; the rest is not initialised.
  void reserve(std::size_t used, std::size_t capacity);

  // Sets rows [begin, end) to one value.
  void fill(std::size_t begin, std::size_t end, const std::byte* value);

  // Copies values to other rows; none of these is the source of a later copy.
  void move(std::span<const RowMove> moves);

  // Copies the values of some rows of another column of the same type to rows first, first + 1, ...
  void copy_from(const Column& other, std::span<const std::uint32_t> rows, std::size_t first);

  // Reorders the first order.size() values: new value i is old value order[i].
  void permute(std::span<const std::uint32_t> order, std::size_t capacity);

 private:
  FieldType type_;
  std::size_t size_;
  std::size_t stride_;
  std::shared_ptr<std::byte[]> memory_;
  std::vector<std::byte> arena_;
  std::size_t arena_limit_ = 0;  // it is compacted when it has grown beyond this
};

}  // namespace bw
