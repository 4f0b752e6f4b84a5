// Growth and reordering of columns.
#include "ecs/column.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/errors.hpp"
#include "base/large_memory.hpp"
#include "base/strided.hpp"
#include "ecs/row_set.hpp"

namespace bw {
namespace {

std::shared_ptr<std::byte[]> allocate(std::size_t bytes) {
  return {static_cast<std::byte*>(allocate_large(bytes)), free_large};
}

}  // namespace

void Column::lend(std::byte* data, std::size_t stride, const std::shared_ptr<const void>& keep) {
  memory_ = std::shared_ptr<std::byte[]>(keep, data);
  stride_ = stride;
}

void Column::copy_out(std::size_t count, std::byte* to) const {
  if (is_contiguous() && count > 0) {
    std::memcpy(to, data(), count * size_);
    return;
  }
  for_value_size(size_, [&](auto size) {
    const std::byte* from = data();
    for (std::size_t row = 0; row < count; ++row, from += stride_, to += size) {
      std::memcpy(to, from, size);
    }
  });
}

std::span<const std::byte> Column::contents(std::size_t row) const {
  ArenaSpan span;
  std::memcpy(&span, at(row), sizeof(span));
  return {arena_.data() + span.offset, span.size};
}

void Column::assign(std::size_t row, std::span<const std::byte> contents) {
  if (contents.size() > kMostValueBytes || arena_.size() + contents.size() > kMostArenaBytes) {
    throw UserError("a text, bytes or list has at most " + std::to_string(kMostValueBytes) +
                    " bytes (kMostValueBytes), all of one field at most " +
                    std::to_string(kMostArenaBytes) + " (kMostArenaBytes); found one of " +
                    std::to_string(contents.size()) + " bytes, and " +
                    std::to_string(arena_.size()) + " before it");
  }
  const ArenaSpan span{arena_.size(), contents.size()};
  if (!contents.empty()) {
    arena_.insert(arena_.end(), contents.begin(), contents.end());
  }
  std::memcpy(at(row), &span, sizeof(span));
}

void Column::compact(std::size_t rows) {
  constexpr std::size_t kSlackBytes = 4096;
  if (arena_.empty() || (arena_.size() <= arena_limit_ && rows > 0)) {
    return;
  }
  std::vector<std::byte> packed;
  std::size_t held = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    held += contents(row).size();
  }
  packed.reserve(2 * held + kSlackBytes);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::span<const std::byte> from = contents(row);
    const ArenaSpan span{packed.size(), from.size()};
    packed.insert(packed.end(), from.begin(), from.end());
    std::memcpy(at(row), &span, sizeof(span));
  }
  arena_ = std::move(packed);
  arena_limit_ = 2 * held + kSlackBytes;
}

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
  if (type_.is_open()) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      assign(first + i, other.contents(rows[i]));
    }
    return;
  }
  if (are_consecutive(rows) && !rows.empty()) {
    std::memcpy(at(first), other.at(rows[0]), rows.size() * size_);
  } else if (!rows.empty()) {
    gather_values(at(first), other.data(), other.stride(), size_, rows);
  }
}

void Column::permute(std::span<const std::uint32_t> order, std::size_t capacity) {
  std::shared_ptr<std::byte[]> ordered = allocate(capacity * size_);
  gather_values(ordered.get(), memory_.get(), stride(), size_, order);
  memory_ = std::move(ordered);
}

}  // namespace bw
