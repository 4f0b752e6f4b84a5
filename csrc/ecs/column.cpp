// Growth and reordering of columns.
#include "ecs/column.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "base/strided.hpp"

namespace bw {
namespace {

constexpr std::size_t kAlignment = 64;

std::shared_ptr<std::byte[]> allocate(std::size_t bytes) {
  const std::size_t rounded =
      (std::max<std::size_t>(bytes, 1) + kAlignment - 1) & ~(kAlignment - 1);
  void* memory = std::aligned_alloc(kAlignment, rounded);
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  return {static_cast<std::byte*>(memory), [](std::byte* p) { std::free(p); }};
}

}  // namespace

void Column::reserve(std::size_t used, std::size_t capacity) {
  std::shared_ptr<std::byte[]> larger = allocate(capacity * size_);
  if (used > 0) {
    std::memcpy(larger.get(), memory_.get(), used * size_);
  }
  memory_ = std::move(larger);
}

void Column::fill(std::size_t begin, std::size_t end, const std::byte* value) {
  if (begin >= end) {
    return;
  }
  if (std::all_of(value, value + size_, [](std::byte b) { return b == std::byte{0}; })) {
    std::memset(at(begin), 0, (end - begin) * size_);
    return;
  }
  for_value_size(size_, [&](auto size) {
    std::byte* to = at(begin);
    for (std::size_t row = begin; row < end; ++row, to += size) {
      std::memcpy(to, value, size);
    }
  });
}

void Column::move(std::span<const RowMove> moves) {
  for_value_size(size_, [&](auto size) {
    std::byte* values = data();
    for (const RowMove& move : moves) {
      std::memcpy(values + move.to * size, values + move.from * size, size);
    }
  });
}

void Column::copy_from(const Column& other, std::span<const std::uint32_t> rows,
                       std::size_t first) {
  if (!rows.empty()) {
    gather_values(at(first), other.data(), other.stride(), size_, rows);
  }
}

void Column::permute(std::span<const std::uint32_t> order, std::size_t capacity) {
  std::shared_ptr<std::byte[]> ordered = allocate(capacity * size_);
  gather_values(ordered.get(), memory_.get(), stride(), size_, order);
  memory_ = std::move(ordered);
}

}  // namespace bw
