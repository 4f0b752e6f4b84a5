// Applying commands in their fixed order, all of one kind together.
#include "ecs/commands.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "base/radix_sort.hpp"
#include "base/strided.hpp"
#include "ecs/row_set.hpp"
#include "ecs/transfer.hpp"

namespace bw {
namespace {

// Records are written to columns in blocks that fit into the cache, field by field.
constexpr std::size_t kBlock = 256;

// Where each field of a plan's records goes.
std::vector<std::size_t> columns_of(const Table& table, const RecordPlan& plan) {
  std::vector<std::size_t> columns;
  for (const FieldKey field : plan.fields) {
    columns.push_back(table.find_column(field).value());
  }
  return columns;
}

// Writes record(i) to row(i), for i below `count`.
template <class Row, class Record>
void write_records(Table& table, const RecordPlan& plan, std::size_t count, Row&& row,
                   Record&& record) {
  const std::vector<std::size_t> columns = columns_of(table, plan);
  for (std::size_t begin = 0; begin < count; begin += kBlock) {
    const std::size_t end = std::min(count, begin + kBlock);
    for (std::size_t f = 0; f < columns.size(); ++f) {
      Column& column = table.column(columns[f]);
      for_value_size(column.value_size(), [&](auto size) {
        std::byte* values = column.data();
        for (std::size_t i = begin; i < end; ++i) {
          std::memcpy(values + row(i) * size, record(i) + plan.offsets[f], size);
        }
      });
    }
  }
}

// --- changes of components ----------------------------------------------------------------------

using Change = CommandBuffer::Change;

struct PendingChange {
  const Change* change;
  const CommandBuffer* buffer;
  Location at;

  const std::byte* record() const { return buffer->record(change->record); }
};

std::vector<PendingChange> find_changes(const Store& store,
                                        std::span<CommandBuffer* const> buffers) {
  std::vector<PendingChange> pending;
  for (const CommandBuffer* buffer : buffers) {
    for (const Change& change : buffer->changes()) {
      if (const auto at = store.find(change.entity)) {  // else it ended in this phase
        pending.push_back({&change, buffer, *at});
      }
    }
  }
  return pending;
}

std::uint32_t table_after(Store& store, std::uint32_t table, const Change& change,
                          const RecordPlan& plan) {
  Archetype archetype = store.table(table).archetype();
  for (const ComponentId component : plan.components) {
    std::erase(archetype, component);
    if (change.attach) {
      archetype.push_back(component);
    }
  }
  return store.table_for(std::move(archetype));
}

// Entities with several changes: one after another, in the order of (behavior, ordinal).
void apply_one_by_one(Store& store, std::vector<PendingChange>& changes,
                      std::span<const RecordPlan> plans) {
  std::sort(changes.begin(), changes.end(), [](const PendingChange& a, const PendingChange& b) {
    return std::tuple(a.change->entity, a.change->behavior, a.change->ordinal) <
           std::tuple(b.change->entity, b.change->behavior, b.change->ordinal);
  });
  for (const PendingChange& one : changes) {
    const RecordPlan& plan = plans[one.change->plan];
    const Location from = store.find(one.change->entity).value();
    const std::uint32_t to = table_after(store, from.table, *one.change, plan);
    const Location now = store.change_archetype(from, store.table(to).archetype());
    if (one.change->attach) {
      write_records(
          store.table(now.table), plan, 1, [&](std::size_t) { return now.row; },
          [&](std::size_t) { return one.record(); });
    }
  }
}

// Entities with one change each: all that go the same way together.
void apply_together(Store& store, std::span<const PendingChange> changes,
                    const std::vector<std::uint8_t>& alone, std::span<const RecordPlan> plans) {
  Transfer transfer(store);
  const auto move = [&](Transfer::Group& group) {
    const RecordPlan& plan = plans[group.reason / 2];
    const bool attached = group.reason % 2 == 1;
    transfer.move(group, plan.fields, [&](const Transfer::Group& moved) {
      if (attached) {
        write_records(
            store.table(moved.to), plan, moved.rows.size(),
            [&](std::size_t i) { return moved.rows[i]; },
            [&](std::size_t i) { return changes[moved.items[i]].record(); });
      }
    });
  };
  Transfer::Group* group = nullptr;
  for (std::uint32_t i = 0; i < changes.size(); ++i) {
    if (alone[i] == 0) {
      continue;
    }
    const Change& change = *changes[i].change;
    const std::uint32_t reason = 2 * change.plan + (change.attach ? 1 : 0);
    if (group == nullptr || group->from != changes[i].at.table || group->reason != reason) {
      group = &transfer.group(changes[i].at.table, reason, [&] {
        return table_after(store, changes[i].at.table, change, plans[change.plan]);
      });
    }
    transfer.add(*group, {&changes[i].at.row, 1}, i);
    if (Transfer::full(*group)) {
      move(*group);
    }
  }
  for (Transfer::Group& rest : transfer.groups()) {
    move(rest);
  }
  transfer.finish();
}

std::size_t apply_changes(Store& store, std::span<CommandBuffer* const> buffers,
                          std::span<const RecordPlan> plans) {
  const std::vector<PendingChange> changes = find_changes(store, buffers);
  if (changes.empty()) {
    return 0;
  }
  std::vector<RowSet> seen;
  std::vector<RowSet> several;
  for (std::uint32_t t = 0; t < store.table_count(); ++t) {
    seen.emplace_back(store.table(t).size());
    several.emplace_back(store.table(t).size());
  }
  for (const PendingChange& one : changes) {
    if (!seen[one.at.table].add(one.at.row)) {
      several[one.at.table].add(one.at.row);
    }
  }
  std::vector<std::uint8_t> alone(changes.size(), 0);
  std::vector<PendingChange> others;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    alone[i] = several[changes[i].at.table].has(changes[i].at.row) ? 0 : 1;
    if (alone[i] == 0) {
      others.push_back(changes[i]);
    }
  }
  apply_together(store, changes, alone, plans);
  apply_one_by_one(store, others, plans);
  return changes.size();
}

// --- births -------------------------------------------------------------------------------------

using Birth = CommandBuffer::Birth;

struct PendingBirth {
  const Birth* birth;
  const CommandBuffer* buffer;
};

std::vector<PendingBirth> find_births(std::span<CommandBuffer* const> buffers) {
  std::vector<PendingBirth> births;
  std::size_t count = 0;
  for (const CommandBuffer* buffer : buffers) {
    count += buffer->births().size();
  }
  births.reserve(count);
  for (const CommandBuffer* buffer : buffers) {
    for (const Birth& birth : buffer->births()) {
      if (birth.record != CommandBuffer::kCancelled) {
        births.push_back({&birth, buffer});
      }
    }
  }
  return births;
}

// The places of births in the order of (behavior, parent id, ordinal), in which they are numbered.
std::vector<KeyedIndex> order_of(std::span<const PendingBirth> births) {
  std::vector<KeyedIndex> order(births.size());
  bool one_behavior = true;
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    order[i] = {births[i].birth->parent, i};
    one_behavior = one_behavior && births[i].birth->behavior == births[0].birth->behavior;
  }
  // All births of a parent by a behavior stand side by side in one buffer, so a stable sort keeps
  // their ordinals in order.
  sort_by_key(order);
  if (!one_behavior) {
    for (KeyedIndex& entry : order) {
      entry.key = births[entry.index].birth->behavior;
    }
    sort_by_key(order);
  }
  return order;
}

// The births of one prototype: rows are made for all of them in one go.
struct Litter {
  std::vector<EntityId> ids;
  std::vector<const std::byte*> records;
};

void bear(Store& store, const RecordPlan& plan, const Litter& litter) {
  const std::uint32_t t = store.table_for(plan.components);
  const std::uint32_t first = store.bear(t, litter.ids);
  Table& table = store.table(t);
  for (std::size_t c = 0; c < table.column_count(); ++c) {
    if (std::find(plan.fields.begin(), plan.fields.end(), table.column_key(c)) ==
        plan.fields.end()) {
      table.fill_default(c, first, table.size());
    }
  }
  write_records(
      table, plan, litter.ids.size(), [&](std::size_t i) { return first + i; },
      [&](std::size_t i) { return litter.records[i]; });
}

std::size_t apply_births(Store& store, std::span<CommandBuffer* const> buffers,
                         std::span<const RecordPlan> plans, std::span<std::uint64_t> next_births) {
  constexpr std::size_t kAhead = 12;
  const std::vector<PendingBirth> births = find_births(buffers);
  const std::vector<KeyedIndex> order = order_of(births);
  std::vector<Litter> litters(plans.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i + kAhead < order.size()) {
      __builtin_prefetch(births[order[i + kAhead].index].birth);
    }
    const PendingBirth& one = births[order[i].index];
    Litter& litter = litters[one.birth->plan];
    if (litter.ids.empty()) {
      litter.ids.reserve(births.size());
      litter.records.reserve(births.size());
    }
    litter.ids.push_back(make_id(one.birth->tile, next_births[one.birth->tile]++));
    litter.records.push_back(one.buffer->record(one.birth->record));
    __builtin_prefetch(litter.records.back());
  }
  for (std::size_t p = 0; p < plans.size(); ++p) {
    if (!litters[p].ids.empty()) {
      bear(store, plans[p], litters[p]);
    }
  }
  return births.size();
}

std::vector<EntityId> ids_of(std::span<const Sighting> seen) {
  std::vector<EntityId> ids(seen.size());
  std::transform(seen.begin(), seen.end(), ids.begin(), [](const Sighting& one) { return one.id; });
  return ids;
}

}  // namespace

std::byte* CommandBuffer::new_record(const RecordPlan& layout, std::size_t* offset) {
  *offset = records_.size();
  records_.insert(records_.end(), layout.initial.begin(), layout.initial.end());
  return records_.data() + *offset;
}

std::byte* CommandBuffer::spawn(EntityId parent, TileId tile, std::uint32_t plan,
                                std::uint32_t behavior, const RecordPlan& layout) {
  births_.push_back({parent, tile, plan, behavior, static_cast<std::uint32_t>(births_.size()), 0});
  return new_record(layout, &births_.back().record);
}

std::byte* CommandBuffer::attach(EntityId entity, std::uint32_t plan, std::uint32_t behavior,
                                 const RecordPlan& layout) {
  changes_.push_back(
      {entity, plan, behavior, static_cast<std::uint32_t>(changes_.size()), true, 0});
  return new_record(layout, &changes_.back().record);
}

void CommandBuffer::detach(EntityId entity, std::uint32_t plan, std::uint32_t behavior) {
  changes_.push_back(
      {entity, plan, behavior, static_cast<std::uint32_t>(changes_.size()), false, 0});
}

void CommandBuffer::clear() {
  births_.clear();
  changes_.clear();
  deaths_.clear();
  records_.clear();
}

std::vector<EntityId> CommandBuffer::take_deaths_of_external(const Store& store) {
  const std::vector<EntityId> taken = store.external_among(ids_of(deaths_));
  if (!taken.empty()) {
    std::erase_if(deaths_, [&](const Sighting& death) {
      return std::binary_search(taken.begin(), taken.end(), death.id);
    });
  }
  return taken;
}

std::vector<EntityId> CommandBuffer::take_deaths_of_others(const Store& store) {
  const auto others = std::stable_partition(
      deaths_.begin(), deaths_.end(), [&](const Sighting& death) { return store.find(death.id); });
  std::vector<EntityId> taken = ids_of({others, deaths_.end()});
  deaths_.erase(others, deaths_.end());
  return taken;
}

std::vector<CommandBuffer::Change> CommandBuffer::take_changes_of_others(const Store& store) {
  const auto others =
      std::stable_partition(changes_.begin(), changes_.end(),
                            [&](const Change& change) { return store.find(change.entity); });
  std::vector<Change> taken(others, changes_.end());
  changes_.erase(others, changes_.end());
  return taken;
}

void CommandBuffer::adopt(Change change, std::span<const std::byte> record) {
  change.record = records_.size();
  records_.insert(records_.end(), record.begin(), record.end());
  changes_.push_back(change);
}

ApplyResult apply_commands(Store& store, std::span<CommandBuffer* const> buffers,
                           std::span<const RecordPlan> plans,
                           std::span<std::uint64_t> next_births) {
  ApplyResult result;
  std::vector<Sighting> doomed;
  for (const CommandBuffer* buffer : buffers) {
    doomed.insert(doomed.end(), buffer->deaths().begin(), buffer->deaths().end());
  }
  result.deaths = store.remove(doomed);
  result.changes = apply_changes(store, buffers, plans);
  result.births = apply_births(store, buffers, plans, next_births);
  for (CommandBuffer* buffer : buffers) {
    buffer->clear();
  }
  return result;
}

}  // namespace bw
