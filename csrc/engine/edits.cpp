// Edits of single entities and cells from outside, between ticks: what inputs are made of.
#include <cstring>

#include "base/errors.hpp"
#include "engine/simulation.hpp"

namespace bw {

std::optional<Archetype> Simulation::components_of(EntityId id) const {
  for (const auto& rank : ranks_) {
    if (const auto at = rank->store.find(id)) {
      return rank->store.table(at->table).archetype();
    }
  }
  return std::nullopt;
}

bool Simulation::read(EntityId id, FieldKey field, std::byte* to) const {
  for (const auto& rank : ranks_) {
    if (const auto at = rank->store.find(id)) {
      const Table& table = rank->store.table(at->table);
      if (const auto index = table.find_column(field)) {
        const Column& column = table.column(*index);
        std::memcpy(to, column.at(at->row), column.value_size());
        return true;
      }
    }
  }
  return false;
}

bool Simulation::write(EntityId id, FieldKey field, const std::byte* from) {
  bool written = false;
  for (const auto& rank : ranks_) {
    if (const auto at = rank->store.find(id)) {
      Table& table = rank->store.table(at->table);
      if (const auto index = table.find_column(field)) {
        Column& column = table.column(*index);
        std::memcpy(column.at(at->row), from, column.value_size());
        written = true;
      }
    }
  }
  if (written && model_.schema.field(field).name == "position") {
    hand_over_leavers();
  }
  return written;
}

bool Simulation::read_cell(std::uint64_t cell, FieldKey field, std::byte* to) const {
  for (const auto& rank : ranks_) {
    const std::int64_t row = rank->cells ? rank->cells->row_of_cell(cell) : -1;
    if (row >= 0 && rank->cells->is_owned(static_cast<std::size_t>(row))) {
      const Table& table = rank->cells->table();
      const Column& column = table.column(table.find_column(field).value());
      std::memcpy(to, column.at(static_cast<std::size_t>(row)), column.value_size());
      return true;
    }
  }
  return false;
}

bool Simulation::write_cell(std::uint64_t cell, FieldKey field, const std::byte* from) {
  bool written = false;
  for (const auto& rank : ranks_) {
    const std::int64_t row = rank->cells ? rank->cells->row_of_cell(cell) : -1;
    if (row >= 0 && rank->cells->is_owned(static_cast<std::size_t>(row))) {
      Table& table = rank->cells->table();
      Column& column = table.column(table.find_column(field).value());
      std::memcpy(column.at(static_cast<std::size_t>(row)), from, column.value_size());
      written = true;
    }
  }
  return written;
}

}  // namespace bw
