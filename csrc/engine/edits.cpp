// Edits of single entities and cells from outside, between ticks: what inputs are made of. All are
// collective: any process may ask for any entity, the one that has it answers.
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/checks.hpp"
#include "base/errors.hpp"
#include "engine/simulation.hpp"

namespace bw {
namespace {

bool copy_out(const std::optional<Bytes>& value, std::byte* to) {
  if (value) {
    std::memcpy(to, value->data(), value->size());
  }
  return value.has_value();
}

}  // namespace

// Collective: what the process that has it tells the others; nothing where none has it.
std::optional<Bytes> Simulation::told_by_owner(std::string_view call,
                                               const std::optional<Bytes>& mine) const {
  if (communicator_->hosts_all()) {
    return mine;
  }
  Bytes message;
  if (mine) {
    Writer(message).value(std::uint8_t{1});  // it may be empty, and be there
    Writer(message).bytes(mine->data(), mine->size());
  }
  Mail mail = communicator_->empty_mail();
  std::fill(mail.front().begin(), mail.front().end(), message);
  mail = communicator_->exchange(call, std::move(mail));
  for (const Bytes& told : mail.front()) {
    if (!told.empty()) {
      return Bytes(told.begin() + 1, told.end());
    }
  }
  return std::nullopt;
}

std::optional<Archetype> Simulation::components_of(EntityId id) const {
  std::optional<Bytes> mine;
  for (const auto& rank : ranks_) {
    if (const auto at = rank->store.find(id)) {
      const Archetype& archetype = rank->store.table(at->table).archetype();
      Writer(mine.emplace()).values(std::span<const ComponentId>(archetype));
    }
  }
  const std::optional<Bytes> found = told_by_owner("components of an entity", mine);
  return found ? std::optional(Reader(*found).values<ComponentId>()) : std::nullopt;
}

void SpawnColumn::write(Column& column, std::size_t row, std::size_t i) const {
  const std::byte* from = data + static_cast<std::int64_t>(i) * stride;
  if (column.type().is_open()) {
    ArenaSpan span;
    std::memcpy(&span, from, sizeof(span));
    column.assign(row, {arena + span.offset, span.size});
  } else {
    std::memcpy(column.at(row), from, column.value_size());
  }
}

bool Simulation::read(EntityId id, FieldKey field, std::byte* to) const {
  return copy_out(value(id, field), to);
}

std::optional<Bytes> Simulation::value(EntityId id, FieldKey field) const {
  std::optional<Bytes> mine;
  for (const auto& rank : ranks_) {
    if (const auto at = rank->store.find(id)) {
      const Table& table = rank->store.table(at->table);
      if (const auto index = table.find_column(field)) {
        const Column& column = table.column(*index);
        if (column.type().is_open()) {
          const std::span<const std::byte> contents = column.contents(at->row);
          mine.emplace(contents.begin(), contents.end());
        } else {
          mine.emplace(column.at(at->row), column.at(at->row) + column.value_size());
        }
      }
    }
  }
  return told_by_owner("a value of an entity", mine);
}

bool Simulation::write(EntityId id, FieldKey field, const std::byte* from) {
  refuse_write(field);
  ++upheavals_;
  BW_CHECK(!model_.schema.field(field).type.is_open(),
           "values of any length are written by write_all");
  std::uint64_t written = 0;
  for (const auto& rank : ranks_) {
    if (const auto at = rank->store.find(id)) {
      Table& table = rank->store.table(at->table);
      if (const auto index = table.find_column(field)) {
        Column& column = table.column(*index);
        std::memcpy(column.at(at->row), from, column.value_size());
        written = 1;
      }
    }
  }
  written = communicator_->sum("a write to an entity", {written}).front();
  if (written > 0 && model_.schema.field(field).name == "position") {
    hand_over_leavers();
  }
  return written > 0;
}

bool Simulation::read_cell(std::uint64_t cell, FieldKey field, std::byte* to) const {
  std::optional<Bytes> mine;
  for (const auto& rank : ranks_) {
    const std::int64_t row = rank->cells ? rank->cells->row_of_cell(cell) : -1;
    if (row >= 0 && rank->cells->is_owned(static_cast<std::size_t>(row))) {
      const Table& table = rank->cells->table();
      const Column& column = table.column(table.find_column(field).value());
      const std::byte* value = column.at(static_cast<std::size_t>(row));
      mine.emplace(value, value + column.value_size());
    }
  }
  return copy_out(told_by_owner("a value of a cell", mine), to);
}

bool Simulation::write_cell(std::uint64_t cell, FieldKey field, const std::byte* from) {
  std::uint64_t written = 0;
  for (const auto& rank : ranks_) {
    const std::int64_t row = rank->cells ? rank->cells->row_of_cell(cell) : -1;
    if (row >= 0 && rank->cells->is_owned(static_cast<std::size_t>(row))) {
      Table& table = rank->cells->table();
      Column& column = table.column(table.find_column(field).value());
      std::memcpy(column.at(static_cast<std::size_t>(row)), from, column.value_size());
      written = 1;
    }
  }
  return communicator_->sum("a write to a cell", {written}).front() > 0;
}

}  // namespace bw
