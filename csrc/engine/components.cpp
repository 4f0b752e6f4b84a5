// Changes from outside to many entities at once: their end, and components that they get or lose.
// All of it happens, or it is an error and nothing has.
#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <string>
#include <utility>

#include "base/checks.hpp"
#include "base/errors.hpp"
#include "base/strided.hpp"
#include "ecs/transfer.hpp"
#include "engine/simulation.hpp"

namespace bw {
namespace {

using ComponentChange = std::function<Archetype(EntityId, Archetype)>;

// Writes the values that were given for the rows of a group.
void write_moved(Table& table, const Transfer::Group& moved, std::span<const SpawnColumn> columns) {
  for (const SpawnColumn& from : columns) {
    Column& column = table.column(table.find_column(from.field).value());
    if (column.type().is_open()) {
      for (std::size_t i = 0; i < moved.rows.size(); ++i) {
        from.write(column, moved.rows[i], moved.items[i]);
      }
      continue;
    }
    if (from.stride == 0 && are_consecutive(moved.rows) && !moved.rows.empty()) {
      column.fill(moved.rows[0], moved.rows[0] + moved.rows.size(), from.data);
      continue;
    }
    for_value_size(column.value_size(), [&](auto size) {
      for (std::size_t i = 0; i < moved.rows.size(); ++i) {
        const auto item = static_cast<std::int64_t>(moved.items[i]);
        std::memcpy(column.data() + moved.rows[i] * size, from.data + item * from.stride, size);
      }
    });
  }
}

[[noreturn]] void refuse_twice(EntityId id) {
  throw UserError("entity " + std::to_string(id) + " is named twice; name each entity once");
}

// Those of some entities that are here, on their way to other components.
class Changing {
 public:
  Changing(Store& store, const ComponentChange& change, std::span<const SpawnColumn> columns)
      : store_(&store), change_(&change), columns_(columns), transfer_(store) {
    for (const SpawnColumn& column : columns) {
      given_.push_back(column.field);
    }
  }

  // Returns how many of the entities are here; who is named twice or does not change is an error.
  std::size_t collect(std::span<const EntityId> ids) {
    std::array<Location, kLookedUp> at;
    std::size_t known = 0;
    for (std::size_t begin = 0; begin < ids.size(); begin += kLookedUp) {
      const std::size_t count = std::min(kLookedUp, ids.size() - begin);
      store_->find_all(ids.subspan(begin, count), at.data());
      for_runs_of_one_table({at.data(), count}, [&](std::uint32_t t, auto rows, std::size_t place) {
        add(ids.subspan(begin + place), t, rows, static_cast<std::uint32_t>(begin + place));
        known += rows.size();
      });
    }
    return known;
  }
  void finish() {
    for (Transfer::Group& group : transfer_.groups()) {
      move(group);
    }
    transfer_.finish();
  }
  void take_back() { transfer_.take_back(); }

 private:
  void add(std::span<const EntityId> ids, std::uint32_t table, std::span<const std::uint32_t> rows,
           std::uint32_t item) {
    if (const auto& owner = store_->table(table).owner()) {
      throw UserError("entity " + std::to_string(ids[0]) + " is one of " + owner->name +
                      ", whose entities have always the same components; nothing was changed");
    }
    if (const std::size_t old = transfer_.first_arrived(table, rows); old < rows.size()) {
      refuse_twice(ids[old]);
    }
    if (group_ == nullptr || group_->from != table) {
      group_ = &transfer_.group(table, 0, [&] {
        return store_->table_for((*change_)(ids[0], store_->table(table).archetype()));
      });
    }
    if (const std::size_t fresh = transfer_.add(*group_, rows, item); fresh < rows.size()) {
      refuse_twice(ids[fresh]);
    }
    if (Transfer::full(*group_)) {
      move(*group_);
    }
  }
  void move(Transfer::Group& group) {
    transfer_.move(group, given_, [&](const Transfer::Group& moved) {
      write_moved(store_->table(moved.to), moved, columns_);
    });
  }

  Store* store_;
  const ComponentChange* change_;
  std::span<const SpawnColumn> columns_;
  std::vector<FieldKey> given_;
  Transfer transfer_;
  Transfer::Group* group_ = nullptr;
};

void take_back(std::vector<Changing>& changing) {
  for (Changing& of_rank : changing) {
    of_rank.take_back();
  }
}

// How many of some entities are here; each of them has the field, else it is an error.
std::size_t count_with(const Store& store, std::span<const EntityId> ids, FieldKey field) {
  std::array<Location, kLookedUp> at;
  std::size_t known = 0;
  for (std::size_t begin = 0; begin < ids.size(); begin += kLookedUp) {
    const std::size_t count = std::min(kLookedUp, ids.size() - begin);
    store.find_all(ids.subspan(begin, count), at.data());
    for_runs_of_one_table({at.data(), count}, [&](std::uint32_t t, auto rows, std::size_t place) {
      if (!store.table(t).find_column(field)) {
        throw UserError("entity " + std::to_string(ids[begin + place]) + " has no " +
                        store.schema().component(field.component).name + "; nothing was changed");
      }
      known += rows.size();
    });
  }
  return known;
}

// The error of ending entities whose owner does not allow it, if any of these is one.
std::exception_ptr refuse_end(const Store& store, std::span<const EntityId> external) {
  for (const EntityId id : external) {
    const auto& owner = store.table(store.find(id)->table).owner();
    if (!owner->ends_by_order) {
      return std::make_exception_ptr(
          UserError("entity " + std::to_string(id) + " is one of " + owner->name +
                    ", which ends its entities itself. Nothing was changed"));
    }
  }
  return nullptr;
}

}  // namespace

std::size_t Simulation::despawn(std::span<const EntityId> ids, Carry carry) {
  std::vector<Store::Doomed> doomed;
  std::vector<std::vector<EntityId>> external;  // by rank
  std::uint64_t known = 0;
  std::exception_ptr wrong;
  for (const auto& rank : ranks_) {
    known += doomed.emplace_back(rank->store.take(ids)).count;
    known += external.emplace_back(rank->store.external_among(ids)).size();
    wrong = wrong ? wrong : refuse_end(rank->store, external.back());
  }
  const std::vector<std::uint64_t> all = communicator_->sum("despawn", {known, wrong ? 1u : 0u});
  const bool refused = all[0] != ids.size() || all[1] > 0;
  if (refused || carry == Carry::no) {
    for (std::size_t h = 0; h < ranks_.size(); ++h) {
      ranks_[h]->store.put_back(doomed[h]);
    }
    if (refused) {
      agree(ids, known, wrong);
    }
    return 0;
  }
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    end_external(*ranks_[h], external[h]);
    ranks_[h]->store.drop(std::move(doomed[h]));
    for (Graph& graph : ranks_[h]->graphs) {
      graph.forget(ids);
    }
  }
  return ids.size();
}

void Simulation::attach(std::span<const EntityId> ids, ComponentId component,
                        std::span<const SpawnColumn> columns, Carry carry) {
  check_given_places(ids.size(), columns);
  refuse_owned({&component, 1});
  change_components(
      ids,
      [&](EntityId entity, Archetype archetype) {
        if (std::find(archetype.begin(), archetype.end(), component) != archetype.end()) {
          throw UserError("entity " + std::to_string(entity) + " has " +
                          model_.schema.component(component).name +
                          " already; nothing was changed");
        }
        archetype.push_back(component);
        return archetype;
      },
      columns, carry);
}

void Simulation::detach(std::span<const EntityId> ids, ComponentId component, Carry carry) {
  const std::string& name = model_.schema.component(component).name;
  change_components(
      ids,
      [&](EntityId entity, Archetype archetype) {
        if (std::erase(archetype, component) == 0) {
          throw UserError("entity " + std::to_string(entity) + " has no " + name +
                          "; nothing was changed");
        }
        if (archetype.empty()) {
          throw UserError(name + " is all that entity " + std::to_string(entity) +
                          " has; despawn it. Nothing was changed");
        }
        return archetype;
      },
      {}, carry);
}

void Simulation::change_components(std::span<const EntityId> ids, const ComponentChange& change,
                                   std::span<const SpawnColumn> columns, Carry carry) {
  std::vector<Changing> changing;
  changing.reserve(ranks_.size());
  std::uint64_t known = 0;
  std::exception_ptr wrong;
  try {
    for (const auto& rank : ranks_) {
      known += changing.emplace_back(rank->store, change, columns).collect(ids);
    }
  } catch (...) {
    wrong = std::current_exception();
  }
  try {
    agree(ids, known, wrong);
  } catch (...) {
    take_back(changing);
    throw;
  }
  if (carry == Carry::no) {
    take_back(changing);
    return;
  }
  for (Changing& of_rank : changing) {
    of_rank.finish();
  }
  hand_over_leavers();  // where a position came or went
}

void Simulation::write_all(std::span<const EntityId> ids, const SpawnColumn& values, Carry carry) {
  check_given_places(ids.size(), {&values, 1});
  refuse_write(values.field);
  std::uint64_t known = 0;
  std::exception_ptr wrong;
  try {
    for (const auto& rank : ranks_) {
      known += count_with(rank->store, ids, values.field);
    }
  } catch (...) {
    wrong = std::current_exception();
  }
  agree(ids, known, wrong);
  ++upheavals_;
  for (const auto& rank : ranks_) {
    if (carry == Carry::no) {
      break;
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (const auto at = rank->store.find(ids[i])) {
        Table& table = rank->store.table(at->table);
        Column& column = table.column(table.find_column(values.field).value());
        values.write(column, at->row, i);
      }
    }
  }
  compact();
  if (carry == Carry::yes && model_.schema.field(values.field).name == "position") {
    hand_over_leavers();
  }
}

// Collective: whether the processes know all of some entities between them, and none found anything
// wrong; else the same error on all.
void Simulation::agree(std::span<const EntityId> ids, std::uint64_t known,
                       const std::exception_ptr& wrong) const {
  const std::vector<std::uint64_t> all =
      communicator_->sum("change of entities", {known, wrong ? 1u : 0u});
  if (wrong) {
    communicator_->fail(wrong);
  }
  if (all[1] > 0) {
    communicator_->sum("refusal", {});  // throws what another process says
  }
  if (all[0] != ids.size()) {
    refuse(ids);
  }
}

// Says which of the entities are not there, or named twice.
void Simulation::refuse(std::span<const EntityId> ids) const {
  constexpr std::size_t kNamed = 5;
  std::size_t unknown = 0;
  std::string named;
  for (const EntityId id : ids) {
    if (!components_of(id) && ++unknown <= kNamed) {
      named += (named.empty() ? "" : ", ") + std::to_string(id);
    }
  }
  if (unknown == 1) {
    throw UserError("there is no entity " + named +
                    "; it has ended, or was never there. Nothing was changed");
  }
  if (unknown > 1) {
    const std::string more =
        unknown > kNamed ? " and " + std::to_string(unknown - kNamed) + " more" : "";
    throw UserError("there are no entities " + named + more +
                    "; they have ended, or were never there. Nothing was changed");
  }
  std::vector<EntityId> sorted(ids.begin(), ids.end());
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  BW_CHECK(twice != sorted.end(), "entities are refused for a reason");
  refuse_twice(*twice);
}

// Places that come from outside lie in the world.
void Simulation::check_given_places(std::size_t count, std::span<const SpawnColumn> columns) const {
  for (const SpawnColumn& column : columns) {
    if (!model_.domain.exists() || model_.schema.field(column.field).name != "position") {
      continue;
    }
    for (std::size_t i = 0; i < (column.stride == 0 ? std::min<std::size_t>(count, 1) : count);
         ++i) {
      if (!holds(model_.domain, PlaceColumn{column.data, column.stride}.at(model_.domain, i))) {
        throw UserError("new entity " + std::to_string(i) +
                        " (counted from 0) has a position outside of the world; nothing was made");
      }
    }
  }
}

}  // namespace bw
