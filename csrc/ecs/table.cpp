// Rows of a table: growth, reordering, and their travelling form.
#include "ecs/table.hpp"

#include <algorithm>
#include <utility>

namespace bw {

Table::Table(const Schema& schema, Archetype archetype)
    : schema_(&schema), archetype_(std::move(archetype)) {
  for (const ComponentId component : archetype_) {
    const std::vector<Field>& fields = schema.component(component).fields;
    for (std::uint32_t f = 0; f < fields.size(); ++f) {
      keys_.push_back({component, f});
      columns_.emplace_back(fields[f].type);
      row_size_ += fields[f].type.size();
    }
  }
}

bool Table::has(ComponentId component) const {
  return std::binary_search(archetype_.begin(), archetype_.end(), component);
}

std::optional<std::size_t> Table::find_column(FieldKey key) const {
  auto found = std::find(keys_.begin(), keys_.end(), key);
  if (found == keys_.end()) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - keys_.begin());
}

void Table::grow(std::size_t rows) {
  if (rows <= capacity_) {
    return;
  }
  const std::size_t capacity = std::max(rows, capacity_ + capacity_ / 2 + 16);
  for (Column& column : columns_) {
    column.reserve(size(), capacity);
  }
  ids_.reserve(capacity);
  capacity_ = capacity;
}

std::size_t Table::append_raw(std::span<const EntityId> ids) {
  const std::size_t first = size();
  grow(first + ids.size());
  ids_.insert(ids_.end(), ids.begin(), ids.end());
  return first;
}

std::size_t Table::append(std::span<const EntityId> ids) {
  const std::size_t first = append_raw(ids);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    columns_[c].fill(first, size(), schema_->field(keys_[c]).initial.data());
  }
  return first;
}

void Table::permute(std::span<const std::uint32_t> order) {
  for (Column& column : columns_) {
    column.permute(order, capacity_);
  }
  std::vector<EntityId> ordered;
  ordered.reserve(capacity_);
  ordered.resize(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    ordered[i] = ids_[order[i]];
  }
  ids_ = std::move(ordered);
}

void Table::pack_row(std::size_t row, std::byte* to) const {
  for (const Column& column : columns_) {
    std::memcpy(to, column.at(row), column.value_size());
    to += column.value_size();
  }
}

void Table::unpack_row(std::size_t row, const std::byte* from) {
  for (Column& column : columns_) {
    std::memcpy(column.at(row), from, column.value_size());
    from += column.value_size();
  }
}

std::string Table::label() const {
  std::string text;
  for (const ComponentId component : archetype_) {
    text += (text.empty() ? "" : "+") + schema_->component(component).name;
  }
  return text;
}

}  // namespace bw
