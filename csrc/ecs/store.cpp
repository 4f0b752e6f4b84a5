// Rows that come, go and change their archetype, with the index kept in step.
#include "ecs/store.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace bw {

std::uint32_t Store::table_for(Archetype archetype) {
  std::sort(archetype.begin(), archetype.end());
  archetype.erase(std::unique(archetype.begin(), archetype.end()), archetype.end());
  auto found = std::find_if(tables_.begin(), tables_.end(),
                            [&](const Table& t) { return t.archetype() == archetype; });
  if (found == tables_.end()) {
    tables_.emplace_back(*schema_, std::move(archetype));
    return static_cast<std::uint32_t>(tables_.size() - 1);
  }
  return static_cast<std::uint32_t>(found - tables_.begin());
}

std::vector<std::uint32_t> Store::tables_with(std::span<const ComponentId> components) const {
  std::vector<std::uint32_t> matching;
  for (std::uint32_t t = 0; t < tables_.size(); ++t) {
    if (std::all_of(components.begin(), components.end(),
                    [&](ComponentId c) { return tables_[t].has(c); })) {
      matching.push_back(t);
    }
  }
  return matching;
}

bool Store::any_rows(std::span<const ComponentId> components) const {
  return std::any_of(tables_.begin(), tables_.end(), [&](const Table& t) {
    return t.size() > 0 && std::all_of(components.begin(), components.end(), [&](ComponentId c) { return t.has(c); });
  });
}

std::size_t Store::count(ComponentId component) const {
  std::size_t rows = 0;
  for (const Table& t : tables_) {
    rows += t.has(component) ? t.size() : 0;
  }
  return rows;
}

std::optional<std::size_t> Store::position_column(std::uint32_t table_index) const {
  const Table& table = tables_[table_index];
  for (std::size_t c = 0; c < table.column_count(); ++c) {
    if (schema_->field(table.column_key(c)).name == "position") {
      return c;
    }
  }
  return std::nullopt;
}

std::uint32_t Store::insert(std::uint32_t table_index, std::span<const EntityId> ids) {
  const auto first = static_cast<std::uint32_t>(tables_[table_index].append(ids));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    index_.set(ids[i], {table_index, first + static_cast<std::uint32_t>(i)});
  }
  return first;
}

void Store::remove(std::uint32_t table_index, std::span<const std::uint32_t> rows) {
  Table& table = tables_[table_index];
  for (const std::uint32_t row : rows) {
    index_.erase(table.ids()[row]);
  }
  table.remove(rows, [&](EntityId id, std::uint32_t row) { index_.set(id, {table_index, row}); });
}

Location Store::change_archetype(Location from, Archetype archetype) {
  const std::uint32_t target_index = table_for(std::move(archetype));
  if (target_index == from.table) {
    return from;
  }
  Table& source = tables_[from.table];
  Table& target = tables_[target_index];
  const std::array<EntityId, 1> id{source.ids()[from.row]};
  const auto row = static_cast<std::uint32_t>(target.append(id));
  for (std::size_t c = 0; c < target.column_count(); ++c) {
    if (const auto shared = source.find_column(target.column_key(c))) {
      std::memcpy(target.column(c).at(row), source.column(*shared).at(from.row),
                  target.column(c).value_size());
    }
  }
  const std::array<std::uint32_t, 1> rows{from.row};
  source.remove(rows, [&](EntityId moved, std::uint32_t place) {
    index_.set(moved, {from.table, place});
  });
  index_.set(id[0], {target_index, row});
  return {target_index, row};
}

void Store::permute(std::uint32_t table_index, std::span<const std::uint32_t> order) {
  tables_[table_index].permute(order);
  if (std::find(stale_.begin(), stale_.end(), table_index) == stale_.end()) {
    stale_.push_back(table_index);
  }
}

void Store::index_anew(std::uint32_t table_index) const {
  const std::span<const EntityId> ids = tables_[table_index].ids();
  for (std::uint32_t row = 0; row < ids.size(); ++row) {
    index_.set(ids[row], {table_index, row});
  }
}

std::optional<Location> Store::find(EntityId id) const {
  for (; !stale_.empty(); stale_.pop_back()) {
    index_anew(stale_.back());
  }
  return index_.find(id);
}

void Store::list_state(const StateSink& sink) const {
  for (const Table& table : tables_) {
    if (table.size() == 0) {
      continue;
    }
    StateSection section{"ecs", table.label(), table.ids(), {}};
    for (std::size_t c = 0; c < table.column_count(); ++c) {
      const Column& column = table.column(c);
      section.columns.push_back(
          {schema_->label(table.column_key(c)), column.type(), column.data(), column.stride()});
    }
    sink(section);
  }
}

}  // namespace bw
