// A column: the values of one field for all rows of a table, in memory that is shared with the
// views taken of it: contiguous, or lent by another room, with a stride.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

#include "base/state.hpp"

namespace bw {

// The value of a row goes to another row.
struct RowMove {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
};

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
};

}  // namespace bw
