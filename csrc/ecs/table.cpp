// Rows of a table: growth, reordering, and their travelling form.
#include "ecs/table.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/checks.hpp"
#include "ecs/row_set.hpp"

namespace bw {

Table::Table(const Schema& schema, Archetype archetype)
    : schema_(&schema), archetype_(std::move(archetype)) {
  for (const ComponentId component : archetype_) {
    const std::vector<Field>& fields = schema.component(component).fields;
    for (std::uint32_t f = 0; f < fields.size(); ++f) {
      if (fields[f].type.is_open()) {
        open_columns_.push_back(columns_.size());
      }
      keys_.push_back({component, f});
      columns_.emplace_back(fields[f].type);
      row_size_ += fields[f].type.size();
    }
  }
}

Table::Table(const Schema& schema, Archetype archetype, Owner owner)
    : Table(schema, std::move(archetype)) {
  owner_ = std::move(owner);
}

void Table::lend(LentRows rows) {
  BW_CHECK(owner_.has_value(), "rows are lent to external tables");
  std::size_t shown = 0;
  for (const LentColumn& lent : rows.columns) {
    const auto column = find_column(lent.field);
    BW_CHECK(column.has_value(), "lent columns are of the table's fields");
    BW_CHECK(lent.data != nullptr || rows.ids.empty(), "lent columns have values");
    BW_CHECK(lent.stride >= static_cast<std::int64_t>(columns_[*column].value_size()),
             "the values of lent columns do not overlap");
    columns_[*column].lend(lent.data, static_cast<std::size_t>(lent.stride), rows.keep);
    ++shown;
  }
  BW_CHECK(shown == columns_.size(), "all columns of an external table are lent, each once");
  lent_ = std::move(rows);
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

std::size_t Table::append_raw(EntityId first_id, std::size_t count) {
  const std::size_t first = size();
  grow(first + count);
  ids_.resize(first + count);
  std::iota(ids_.begin() + static_cast<std::ptrdiff_t>(first), ids_.end(), first_id);
  return first;
}

std::size_t Table::append_rows(const Table& other, std::span<const std::uint32_t> rows) {
  const std::size_t first = size();
  grow(first + rows.size());
  if (are_consecutive(rows) && !rows.empty()) {
    const auto begin = other.ids_.begin() + static_cast<std::ptrdiff_t>(rows[0]);
    ids_.insert(ids_.end(), begin, begin + static_cast<std::ptrdiff_t>(rows.size()));
    return first;
  }
  ids_.resize(first + rows.size());
  std::transform(rows.begin(), rows.end(), ids_.begin() + static_cast<std::ptrdiff_t>(first),
                 [&](std::uint32_t row) { return other.ids_[row]; });
  return first;
}

std::size_t Table::append(std::span<const EntityId> ids) {
  const std::size_t first = append_raw(ids);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    fill_default(c, first, size());
  }
  return first;
}

void Table::fill_default(std::size_t column, std::size_t begin, std::size_t end) {
  const std::vector<std::byte>& initial = schema_->field(keys_[column]).initial;
  if (columns_[column].type().is_open()) {
    for (std::size_t row = begin; row < end; ++row) {
      columns_[column].assign(row, initial);
    }
    return;
  }
  columns_[column].fill(begin, end, initial.data());
}

std::span<const RowMove> Table::remove(std::span<const std::uint32_t> rows) {
  // Holes from the front meet survivors from the back: each hole below the new end takes the last
  // survivor.
  const std::size_t remaining = size() - rows.size();
  std::size_t last = size();
  std::size_t back = rows.size();
  moves_.clear();
  for (const std::uint32_t hole : rows) {
    if (hole >= remaining) {
      break;
    }
    --last;
    while (back > 0 && rows[back - 1] == last) {
      --back;
      --last;
    }
    moves_.push_back({static_cast<std::uint32_t>(last), hole});
    ids_[hole] = ids_[last];
  }
  for (Column& column : columns_) {
    column.move(moves_);
  }
  ids_.resize(remaining);
  return moves_;
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

void Table::compact() {
  for (const std::size_t column : open_columns_) {
    columns_[column].compact(size());
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
