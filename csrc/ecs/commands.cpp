// Applying commands in their fixed order.
#include "ecs/commands.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <tuple>

namespace bw {
namespace {

// A command with the buffer that holds its record.
template <class Command>
struct Sourced {
  const Command* command;
  const CommandBuffer* buffer;
};

template <class Command, class Key>
std::vector<Sourced<Command>> in_order(std::span<CommandBuffer* const> buffers,
                                       const std::vector<Command>& (CommandBuffer::*list)() const, Key key) {
  std::vector<Sourced<Command>> all;
  for (const CommandBuffer* buffer : buffers) {
    for (const Command& command : (buffer->*list)()) {
      all.push_back({&command, buffer});
    }
  }
  const auto before = [&](const Sourced<Command>& a, const Sourced<Command>& b) {
    return key(*a.command) < key(*b.command);
  };
  // Rows that were visited in id order by one worker are in order already: the common case is one pass.
  if (!std::is_sorted(all.begin(), all.end(), before)) {
    std::sort(all.begin(), all.end(), before);
  }
  return all;
}

void write_record(Table& table, std::size_t row, const RecordPlan& plan, std::span<const std::size_t> columns,
                  const std::byte* record) {
  for (std::size_t f = 0; f < plan.fields.size(); ++f) {
    Column& column = table.column(columns[f]);
    std::memcpy(column.at(row), record + plan.offsets[f], column.value_size());
  }
}

std::vector<std::size_t> columns_of(const Table& table, const RecordPlan& plan) {
  std::vector<std::size_t> columns;
  for (const FieldKey field : plan.fields) {
    columns.push_back(table.find_column(field).value());
  }
  return columns;
}

void apply_changes(Store& store, std::span<CommandBuffer* const> buffers, std::span<const RecordPlan> plans) {
  using Change = CommandBuffer::Change;
  const auto changes = in_order<Change>(buffers, &CommandBuffer::changes, [](const Change& c) {
    return std::tuple(c.entity, c.behavior, c.ordinal);
  });
  for (const Sourced<Change>& sourced : changes) {
    const Change& change = *sourced.command;
    const auto location = store.find(change.entity);
    if (!location) {
      continue;  // it ended in this phase
    }
    const RecordPlan& plan = plans[change.plan];
    Archetype archetype = store.table(location->table).archetype();
    for (const ComponentId component : plan.components) {
      std::erase(archetype, component);
      if (change.attach) {
        archetype.push_back(component);
      }
    }
    const Location now = store.change_archetype(*location, std::move(archetype));
    if (change.attach) {
      Table& table = store.table(now.table);
      write_record(table, now.row, plan, columns_of(table, plan), sourced.buffer->record(change.record));
    }
  }
}

std::size_t apply_births(Store& store, std::span<CommandBuffer* const> buffers, std::span<const RecordPlan> plans,
                         const std::function<std::uint64_t(TileId)>& next_birth) {
  using Birth = CommandBuffer::Birth;
  const auto births = in_order<Birth>(buffers, &CommandBuffer::births, [](const Birth& b) {
    return std::tuple(b.behavior, b.parent, b.ordinal);
  });
  // Ids are given in order; rows of one prototype are then made in one go.
  std::map<std::uint32_t, std::vector<EntityId>> ids;
  std::map<std::uint32_t, std::vector<const std::byte*>> records;
  for (const Sourced<Birth>& sourced : births) {
    const Birth& birth = *sourced.command;
    ids[birth.plan].push_back(make_id(birth.tile, next_birth(birth.tile)));
    records[birth.plan].push_back(sourced.buffer->record(birth.record));
  }
  for (const auto& [plan_index, born] : ids) {
    const RecordPlan& plan = plans[plan_index];
    const std::uint32_t table_index = store.table_for(plan.components);
    const std::uint32_t first = store.insert(table_index, born);
    Table& table = store.table(table_index);
    const std::vector<std::size_t> columns = columns_of(table, plan);
    for (std::size_t i = 0; i < born.size(); ++i) {
      write_record(table, first + i, plan, columns, records[plan_index][i]);
    }
  }
  return births.size();
}

}  // namespace

std::byte* CommandBuffer::new_record(const RecordPlan& layout, std::size_t* offset) {
  *offset = records_.size();
  records_.insert(records_.end(), layout.initial.begin(), layout.initial.end());
  return records_.data() + *offset;
}

std::byte* CommandBuffer::spawn(EntityId parent, TileId tile, std::uint32_t plan, std::uint32_t behavior,
                                const RecordPlan& layout) {
  births_.push_back({parent, tile, plan, behavior, static_cast<std::uint32_t>(births_.size()), 0});
  return new_record(layout, &births_.back().record);
}

std::byte* CommandBuffer::attach(EntityId entity, std::uint32_t plan, std::uint32_t behavior,
                                 const RecordPlan& layout) {
  changes_.push_back({entity, plan, behavior, static_cast<std::uint32_t>(changes_.size()), true, 0});
  return new_record(layout, &changes_.back().record);
}

void CommandBuffer::detach(EntityId entity, std::uint32_t plan, std::uint32_t behavior) {
  changes_.push_back({entity, plan, behavior, static_cast<std::uint32_t>(changes_.size()), false, 0});
}

void CommandBuffer::clear() {
  births_.clear();
  changes_.clear();
  deaths_.clear();
  records_.clear();
}

void CommandBuffer::rewind(const Mark& mark) {
  births_.resize(mark.births);
  changes_.resize(mark.changes);
  deaths_.resize(mark.deaths);
  records_.resize(mark.records);
}

std::size_t remove_entities(Store& store, std::vector<EntityId> ids) {
  std::map<std::uint32_t, std::vector<std::uint32_t>> rows;
  for (const EntityId id : ids) {
    if (const auto location = store.find(id)) {
      rows[location->table].push_back(location->row);
    }
  }
  std::size_t removed = 0;
  for (auto& [table, doomed] : rows) {
    std::sort(doomed.begin(), doomed.end());
    doomed.erase(std::unique(doomed.begin(), doomed.end()), doomed.end());
    store.remove(table, doomed);
    removed += doomed.size();
  }
  return removed;
}

ApplyResult apply_commands(Store& store, std::span<CommandBuffer* const> buffers, std::span<const RecordPlan> plans,
                           const std::function<std::uint64_t(TileId)>& next_birth) {
  std::vector<EntityId> doomed;
  for (const CommandBuffer* buffer : buffers) {
    doomed.insert(doomed.end(), buffer->deaths().begin(), buffer->deaths().end());
  }
  ApplyResult result;
  result.deaths = remove_entities(store, std::move(doomed));
  apply_changes(store, buffers, plans);
  result.births = apply_births(store, buffers, plans, next_birth);
  for (CommandBuffer* buffer : buffers) {
    buffer->clear();
  }
  return result;
}

}  // namespace bw
