// Leaving and arriving. An agent is removed where it was in the same sync point in which it is
// inserted where it goes.
#include "cluster/hand_over.hpp"

#include <vector>

namespace bw {

void pack_rows(const Store& store, std::uint32_t t, std::span<const std::uint32_t> rows,
               Bytes& message) {
  const Table& table = store.table(t);
  Writer writer(message);
  writer.values(std::span<const ComponentId>(table.archetype()));
  std::vector<EntityId> ids;
  for (const std::uint32_t row : rows) {
    ids.push_back(table.ids()[row]);
  }
  writer.values(std::span<const EntityId>(ids));
  Bytes row_bytes(table.row_size());
  for (const std::uint32_t row : rows) {
    table.pack_row(row, row_bytes.data());
    writer.bytes(row_bytes.data(), row_bytes.size());
    for (const std::size_t c : table.open_columns()) {
      writer.values(table.column(c).contents(row));
    }
  }
}

void receive_rows(Store& store, const Bytes& message) {
  Reader reader(message);
  while (!reader.done()) {
    const std::uint32_t t = store.table_for(reader.values<ComponentId>());
    Table& table = store.table(t);
    const std::vector<EntityId> ids = reader.values<EntityId>();
    const std::uint32_t first = store.insert(t, ids);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      table.unpack_row(first + i, reader.take(table.row_size()).data());
      for (const std::size_t c : table.open_columns()) {
        table.column(c).assign(first + i, reader.take(reader.value<std::uint64_t>()));
      }
    }
  }
}

TileId tile_of_row(const Store& store, std::uint32_t t, std::size_t row, const Domain& domain,
                   const Tiling& tiling) {
  const Table& table = store.table(t);
  if (table.is_external()) {
    return table.owner()->tile;
  }
  if (domain.exists()) {
    if (const auto position = store.position_column(t)) {
      const Column& column = table.column(*position);
      return tiling.tile_at(PlaceColumn{column.data(), column.stride()}.at(domain, row));
    }
  }
  return tiling.tile_of_id(table.ids()[row]);
}

void drop_foreign(Store& store, RankId self, const Domain& domain, const Tiling& tiling,
                  const Partition& partition) {
  for (std::uint32_t t = 0; t < store.table_count(); ++t) {
    if (store.table(t).is_external()) {
      continue;
    }
    std::vector<std::uint32_t> foreign;
    for (std::uint32_t row = 0; row < store.table(t).size(); ++row) {
      if (partition.owner(tile_of_row(store, t, row, domain, tiling)) != self) {
        foreign.push_back(row);
      }
    }
    store.remove_rows(t, foreign);
  }
}

// Rows that other ranks own, ascending.
void HandOver::list_leavers(const Store& store, std::uint32_t t, RankId self,
                            std::optional<Border>& border,
                            std::vector<std::uint32_t>& leavers) const {
  const Table& table = store.table(t);
  leavers.clear();
  const auto position = domain_->exists() ? store.position_column(t) : std::nullopt;
  if (!position) {
    for (std::uint32_t row = 0; row < table.size(); ++row) {
      if (partition_->owner(tiling_->tile_of_id(table.ids()[row])) != self) {
        leavers.push_back(row);
      }
    }
    return;
  }
  if (!border || !border->fits(0.0, table.size())) {
    border.emplace(*domain_, *tiling_, *partition_, self, 0.0, table.size());
  }
  const Column& column = table.column(*position);
  const PlaceColumn places{column.data(), column.stride()};
  border->list_near(*pool_, places, table.size(), leavers);
  std::erase_if(leavers, [&](std::uint32_t row) {
    return partition_->owner(tiling_->tile_at(places.at(*domain_, row))) == self;
  });
}

std::size_t HandOver::send_leavers(Store& store, RankId self, std::optional<Border>& border,
                                   std::vector<Bytes>& messages) const {
  std::size_t leaving = 0;
  std::vector<std::uint32_t> leavers;
  for (std::uint32_t t = 0; t < store.table_count(); ++t) {
    if (store.table(t).is_external()) {
      continue;  // they go from tile to tile by their owner
    }
    list_leavers(store, t, self, border, leavers);
    if (leavers.empty()) {
      continue;
    }
    std::vector<std::vector<std::uint32_t>> rows(messages.size());
    for (const std::uint32_t row : leavers) {
      rows[partition_->owner(tile_of_row(store, t, row, *domain_, *tiling_))].push_back(row);
    }
    for (std::size_t r = 0; r < messages.size(); ++r) {
      if (!rows[r].empty()) {
        pack_rows(store, t, rows[r], messages[r]);
      }
    }
    store.remove_rows(t, leavers);
    leaving += leavers.size();
  }
  return leaving;
}

std::size_t HandOver::run(Communicator& communicator, std::span<Store* const> stores,
                          std::span<std::uint64_t> sums) {
  if (communicator.ranks() == 1) {
    return 0;
  }
  borders_.resize(stores.size());
  Mail mail = communicator.empty_mail();
  std::size_t moved = 0;
  for (std::size_t h = 0; h < stores.size(); ++h) {
    moved += send_leavers(*stores[h], communicator.hosted()[h], borders_[h], mail[h]);
  }
  mail = communicator.exchange("hand over", std::move(mail), sums);
  for (std::size_t h = 0; h < stores.size(); ++h) {
    for (const Bytes& message : mail[h]) {
      receive_rows(*stores[h], message);
    }
  }
  return moved;
}

}  // namespace bw
