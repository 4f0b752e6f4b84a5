// New entities of the world: all of them, or only those that this process owns.
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/checks.hpp"
#include "engine/simulation.hpp"

namespace bw {
namespace {

void write_columns(Store& store, std::uint32_t table_index, std::size_t first, std::size_t begin,
                   std::size_t count, std::span<const SpawnColumn> columns) {
  if (count == 0) {
    return;  // there may be no memory yet
  }
  Table& table = store.table(table_index);
  for (const SpawnColumn& from : columns) {
    Column& column = table.column(table.find_column(from.field).value());
    const std::byte* source = from.data + static_cast<std::int64_t>(begin) * from.stride;
    if (column.type().is_open()) {
      for (std::size_t i = 0; i < count; ++i) {
        from.write(column, first + i, begin + i);
      }
    } else if (from.stride == column.stride()) {
      std::memcpy(column.at(first), source, count * column.value_size());
    } else if (from.stride == 0) {
      column.fill(first, first + count, source);
    } else {
      for (std::size_t i = 0; i < count; ++i) {
        std::memcpy(column.at(first + i), source + static_cast<std::int64_t>(i) * from.stride,
                    column.value_size());
      }
    }
  }
}

// Default values for the columns of new rows that are not given.
void fill_others(Table& table, std::size_t first, std::span<const SpawnColumn> given) {
  for (std::size_t c = 0; c < table.column_count(); ++c) {
    const FieldKey key = table.column_key(c);
    if (std::none_of(given.begin(), given.end(),
                     [&](const SpawnColumn& column) { return column.field == key; })) {
      table.fill_default(c, first, table.size());
    }
  }
}

}  // namespace

EntityId Simulation::spawn(Archetype components, std::size_t count,
                           std::span<const SpawnColumn> columns) {
  check_given_places(count, columns);
  refuse_owned(components);
  // Every rank counts the world's births; each makes the rows of its own tiles.
  const EntityId first = next_id();
  // All start on the first rank of this process and go from there.
  Store& store = ranks_.front()->store;
  const std::uint32_t table = store.table_for(std::move(components));
  const std::uint32_t row = store.bear(table, first, count);
  fill_others(store.table(table), row, columns);
  write_columns(store, table, row, 0, count, columns);
  for (const auto& rank : ranks_) {
    rank->births[kWorldTile] += count;
  }
  share_out();
  compact();
  return count == 0 ? kNoEntity : first;
}

std::vector<std::uint32_t> Simulation::own_rows(std::size_t count,
                                                const SpawnColumn* places) const {
  if (places != nullptr) {
    check_given_places(count, {places, 1});
  }
  std::vector<std::uint32_t> own;
  const EntityId first = next_id();
  for (std::uint32_t row = 0; row < count; ++row) {
    const bool placed = places != nullptr && model_.domain.exists();
    const TileId tile =
        placed ? tiling_.tile_at(PlaceColumn{places->data, places->stride}.at(model_.domain, row))
               : tiling_.tile_of_id(first + row);
    if (partition_.owner(tile) == ranks_.front()->id) {
      own.push_back(row);
    }
  }
  return own;
}

void Simulation::spawn_own(Archetype components, std::size_t count,
                           std::span<const std::uint32_t> own,
                           std::span<const SpawnColumn> columns) {
  BW_CHECK(!communicator_->hosts_all(), "a process that hosts all ranks owns all entities");
  refuse_owned(components);
  std::vector<EntityId> ids;
  for (const std::uint32_t row : own) {
    ids.push_back(next_id() + row);
  }
  Rank& rank = *ranks_.front();
  const std::uint32_t table = rank.store.table_for(std::move(components));
  const std::uint32_t row = rank.store.insert(table, ids);
  fill_others(rank.store.table(table), row, columns);
  write_columns(rank.store, table, row, 0, ids.size(), columns);
  rank.births[kWorldTile] += count;
}

}  // namespace bw
