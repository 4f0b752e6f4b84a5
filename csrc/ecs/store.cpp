// Rows that come, go and change their archetype, and the index that follows them while it is asked.
#include "ecs/store.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>
#include <utility>

#include "base/checks.hpp"
#include "base/errors.hpp"
#include "ecs/pieces.hpp"
#include "ecs/row_set.hpp"

namespace bw {

std::uint32_t Store::table_for(Archetype archetype) {
  std::sort(archetype.begin(), archetype.end());
  archetype.erase(std::unique(archetype.begin(), archetype.end()), archetype.end());
  auto found = std::find_if(tables_.begin(), tables_.end(), [&](const Table& t) {
    return !t.is_external() && t.archetype() == archetype;
  });
  if (found == tables_.end()) {
    tables_.emplace_back(*schema_, std::move(archetype));
    return static_cast<std::uint32_t>(tables_.size() - 1);
  }
  return static_cast<std::uint32_t>(found - tables_.begin());
}

std::uint32_t Store::add_external(Archetype archetype, Table::Owner owner) {
  std::sort(archetype.begin(), archetype.end());
  tables_.emplace_back(*schema_, std::move(archetype), std::move(owner));
  const auto table = static_cast<std::uint32_t>(tables_.size() - 1);
  external_.push_back({table, {}, false});
  return table;
}

void Store::lend(std::uint32_t table, LentRows rows) {
  const auto found = std::find_if(external_.begin(), external_.end(),
                                  [&](const External& one) { return one.table == table; });
  BW_CHECK(found != external_.end(), "rows are lent to external tables");
  tables_[table].lend(std::move(rows));
  found->stale = true;
}

void Store::freshen_external() const {
  std::vector<Location> forgotten;
  for (External& one : external_) {
    if (one.stale) {
      forgotten.resize(one.known.size());
      external_index_.take_all(one.known, forgotten.data());
    }
  }
  for (External& one : external_) {  // an entity may have gone from one to another
    if (one.stale) {
      const std::span<const EntityId> ids = tables_[one.table].ids();
      external_index_.arrive(ids, {one.table, 0});
      one.known.assign(ids.begin(), ids.end());
      one.stale = false;
    }
  }
  external_index_.tidy();
}

std::vector<EntityId> Store::external_among(std::span<const EntityId> ids) const {
  std::vector<EntityId> found;
  if (external_.empty()) {
    return found;
  }
  freshen_external();
  std::copy_if(ids.begin(), ids.end(), std::back_inserter(found),
               [&](EntityId id) { return external_index_.find(id).has_value(); });
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::size_t Store::size() const {
  return std::accumulate(tables_.begin(), tables_.end(), std::size_t{0},
                         [](std::size_t rows, const Table& t) { return rows + t.size(); });
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
    return t.size() > 0 && std::all_of(components.begin(), components.end(),
                                       [&](ComponentId c) { return t.has(c); });
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

std::uint32_t Store::bear(std::uint32_t table, EntityId first, std::size_t count) {
  ++changes_;
  const auto row = static_cast<std::uint32_t>(tables_[table].append_raw(first, count));
  if (follow(count)) {
    index_.add(first, count, {table, row});
  }
  return row;
}

std::uint32_t Store::bear(std::uint32_t table, std::span<const EntityId> ids) {
  ++changes_;
  const auto first = static_cast<std::uint32_t>(tables_[table].append_raw(ids));
  const std::size_t told = follow(ids.size()) ? ids.size() : 0;
  for (std::size_t begin = 0, end = 0; begin < told; begin = end) {
    while (end < ids.size() && ids[end] == ids[begin] + (end - begin)) {
      ++end;
    }
    index_.add(ids[begin], end - begin, {table, first + static_cast<std::uint32_t>(begin)});
  }
  return first;
}

std::uint32_t Store::insert(std::uint32_t table, std::span<const EntityId> ids) {
  ++changes_;
  const auto first = static_cast<std::uint32_t>(tables_[table].append_raw(ids));
  if (follow(ids.size())) {
    index_.arrive(ids, {table, first});
  }
  return first;
}

Store::Doomed Store::take(std::span<const EntityId> ids) {
  freshen();
  Doomed doomed{std::vector<std::vector<std::uint32_t>>(tables_.size()), 0};
  std::array<Location, kLookedUp> taken;
  for (std::size_t begin = 0; begin < ids.size(); begin += kLookedUp) {
    const std::size_t count = std::min(kLookedUp, ids.size() - begin);
    index_.take_all(ids.subspan(begin, count), taken.data());
    for_runs_of_one_table({taken.data(), count}, [&](std::uint32_t t, auto rows, std::size_t) {
      std::vector<std::uint32_t>& of_table = doomed.rows[t];
      if (of_table.empty()) {
        of_table.reserve(std::min(tables_[t].size(), ids.size() - begin));
      }
      of_table.insert(of_table.end(), rows.begin(), rows.end());
      doomed.count += rows.size();
    });
  }
  return doomed;
}

void Store::drop(Doomed doomed) {
  for (std::uint32_t t = 0; t < doomed.rows.size(); ++t) {
    drop_rows(t, in_ascending_order(std::move(doomed.rows[t]), tables_[t].size()));
  }
  index_.tidy();
}

void Store::put_back(const Doomed& doomed) {
  for (std::uint32_t t = 0; t < doomed.rows.size(); ++t) {
    for (const std::uint32_t row : doomed.rows[t]) {
      index_.put_back(tables_[t].ids()[row], {t, row});
    }
  }
  index_.tidy();
}

std::size_t Store::remove(std::span<const EntityId> ids) {
  Doomed doomed = take(ids);
  const std::size_t count = doomed.count;
  drop(std::move(doomed));
  return count;
}

std::size_t Store::remove(std::span<const Sighting> seen) {
  std::vector<RowSet> doomed;
  for (const Table& table : tables_) {
    doomed.emplace_back(seen.empty() ? 0 : table.size());
  }
  std::size_t count = 0;
  for (const Sighting& one : seen) {
    if (const auto at = find_seen(one)) {
      count += doomed[at->table].add(at->row) ? 1u : 0u;
    }
  }
  for (std::uint32_t t = 0; t < doomed.size(); ++t) {
    remove_rows(t, doomed[t].list());
  }
  return count;
}

void Store::remove_rows(std::uint32_t table, std::span<const std::uint32_t> rows) {
  if (rows.empty()) {
    return;
  }
  if (follow(rows.size())) {
    for (const std::uint32_t row : rows) {
      index_.take(tables_[table].ids()[row]);
    }
    index_.tidy();
  }
  drop_rows(table, rows);
}

void Store::drop_rows(std::uint32_t table_index, std::span<const std::uint32_t> rows) {
  changes_ += rows.empty() ? 0u : 1u;
  Table& table = tables_[table_index];
  const std::span<const RowMove> moves = table.remove(rows);
  if (follows_) {
    for (const RowMove& move : moves) {
      index_.set(table.ids()[move.to], {table_index, move.to});
    }
  }
}

void Store::stay(std::uint32_t table, std::span<const std::uint32_t> rows) {
  for (const std::uint32_t row : follows_ ? rows : std::span<const std::uint32_t>{}) {
    index_.set(tables_[table].ids()[row], {table, row});
  }
}

std::uint32_t Store::copy_rows(std::uint32_t from, std::span<const std::uint32_t> rows,
                               std::uint32_t to, std::span<const FieldKey> given) {
  ++changes_;
  const Table& source = tables_[from];
  Table& target = tables_[to];
  const auto first = static_cast<std::uint32_t>(target.append_rows(source, rows));
  for (std::size_t c = 0; c < target.column_count(); ++c) {
    const FieldKey key = target.column_key(c);
    if (const auto shared = source.find_column(key)) {
      target.column(c).copy_from(source.column(*shared), rows, first);
    } else if (std::find(given.begin(), given.end(), key) == given.end()) {
      target.fill_default(c, first, target.size());
    }
  }
  if (follows_) {
    index_.set_all(target.ids().subspan(first), {to, first});
  }
  return first;
}

Location Store::change_archetype(Location from, Archetype archetype) {
  const std::uint32_t to = table_for(std::move(archetype));
  if (to == from.table) {
    return from;
  }
  const std::uint32_t row = copy_rows(from.table, {&from.row, 1}, to);
  drop_rows(from.table, {&from.row, 1});
  return {to, row};
}

void Store::permute(std::uint32_t table_index, std::span<const std::uint32_t> order) {
  BW_CHECK(order.size() == tables_[table_index].size(), "a new order of rows names each of them");
  tables_[table_index].permute(order);
  if (follows_ && std::find(stale_.begin(), stale_.end(), table_index) == stale_.end()) {
    stale_.push_back(table_index);
  }
}

// Whether the index is to be told of rows that come or go. Making it anew costs about as much as
// telling it of all rows: told of more since it was asked last, it is given up.
bool Store::follow(std::size_t rows) {
  unasked_ += follows_ ? rows : 0;
  if (follows_ && unasked_ > size()) {
    follows_ = false;
    index_ = EntityIndex();
    stale_.clear();
  }
  return follows_;
}

void Store::freshen() const {
  unasked_ = 0;
  if (!follows_) {
    std::vector<std::span<const EntityId>> ids;
    for (const Table& table : tables_) {
      ids.push_back(table.is_external() ? std::span<const EntityId>{} : table.ids());
    }
    index_.learn(ids);
    follows_ = true;
  }
  for (; !stale_.empty(); stale_.pop_back()) {
    index_.set_all(tables_[stale_.back()].ids(), {stale_.back(), 0});
  }
}

std::optional<Location> Store::find_seen(const Sighting& seen) const {
  if (seen.at.table < tables_.size() && !tables_[seen.at.table].is_external()) {
    const std::span<const EntityId> ids = tables_[seen.at.table].ids();
    if (seen.at.row < ids.size() && ids[seen.at.row] == seen.id) {
      return seen.at;
    }
  }
  return find_own(seen.id);
}

std::optional<Location> Store::find_own(EntityId id) const {
  freshen();
  return index_.find(id);
}

std::optional<Location> Store::find(EntityId id) const {
  const std::optional<Location> own = find_own(id);
  if (own || external_.empty()) {
    return own;
  }
  freshen_external();
  return external_index_.find(id);
}

void Store::find_all(std::span<const EntityId> ids, Location* out) const {
  freshen();
  index_.find_all(ids, out);
  if (external_.empty()) {
    return;
  }
  freshen_external();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (out[i] == kNowhere) {
      out[i] = external_index_.find(ids[i]).value_or(kNowhere);
    }
  }
}

void Store::list_state(const StateSink& sink) const {
  for (const Table& table : tables_) {
    if (table.size() == 0 || table.is_external()) {
      continue;  // what is lent, its owner lists
    }
    StateSection section{"ecs", table.label(), table.ids(), {}};
    for (std::size_t c = 0; c < table.column_count(); ++c) {
      const Column& column = table.column(c);
      if (column.type().is_open()) {
        continue;
      }
      section.columns.push_back(
          {schema_->label(table.column_key(c)), column.type(), column.data(), column.stride()});
    }
    sink(section);
    for (const std::size_t c : table.open_columns()) {
      list_pieces(table.column(c), table.ids(), table.column_name(c), sink);
    }
  }
}

void Store::compact() {
  for (Table& table : tables_) {
    table.compact();
  }
}

void Store::load_pieces(const StateSection& section) {
  const auto field = schema_->find_label(section.name);
  if (!field || !schema_->field(*field).type.is_open()) {
    throw UserError("the state has texts or lists of '" + section.name +
                    "', which is no such field of this model");
  }
  for_contents(section, schema_->field(*field).type, [&](EntityId id, auto contents) {
    const auto at = find_own(id);
    const auto column = at ? tables_[at->table].find_column(*field) : std::nullopt;
    if (!column) {
      throw UserError("the state has a " + section.name + " of entity " + std::to_string(id) +
                      ", which has none; the snapshot is damaged");
    }
    tables_[at->table].column(*column).assign(at->row, contents);
  });
}

}  // namespace bw
