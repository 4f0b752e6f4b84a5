// Choosing, packing and unpacking ghosts.
#include "cluster/ghosts.hpp"

#include "base/strided.hpp"

namespace bw {
namespace {

void write_column(Writer& writer, const std::byte* data, std::int64_t stride, std::size_t size,
                  std::span<const std::uint32_t> rows, Bytes& scratch) {
  scratch.resize(rows.size() * size);
  gather_values(scratch.data(), data, stride, size, rows);
  writer.bytes(scratch.data(), scratch.size());
}

}  // namespace

std::vector<std::size_t> pack_ghosts(ThreadPool& pool, const Store& store, const Domain& domain,
                                     Border& border, const GhostRequest& request,
                                     std::vector<Bytes>& messages) {
  std::vector<std::size_t> counts(messages.size(), 0);
  std::vector<std::uint32_t> near;
  std::vector<std::vector<std::uint32_t>> rows(messages.size());
  Bytes scratch;
  for (std::uint32_t t = 0; t < store.table_count(); ++t) {
    const Table& table = store.table(t);
    if (!table.has(request.component) || table.size() == 0) {
      continue;
    }
    const auto position_column = store.position_column(t);
    if (!position_column) {
      continue;  // who is nowhere is nobody's neighbour
    }
    const Column& position = table.column(*position_column);
    const PlaceColumn places{position.data(), position.stride()};
    border.list_near(pool, places, table.size(), near);
    for (const std::uint32_t row : near) {
      for (const RankId rank : border.ranks_around(places.at(domain, row))) {
        rows[rank].push_back(row);
      }
    }
    for (std::size_t r = 0; r < messages.size(); ++r) {
      if (rows[r].empty()) {
        continue;
      }
      Writer writer(messages[r]);
      writer.value(static_cast<std::uint64_t>(rows[r].size()));
      write_column(writer, reinterpret_cast<const std::byte*>(table.ids().data()), sizeof(EntityId),
                   sizeof(EntityId), rows[r], scratch);
      write_column(writer, position.data(), position.stride(), domain.place_size(), rows[r],
                   scratch);
      for (const FieldKey field : request.fields) {
        const Column& column = table.column(table.find_column(field).value());
        write_column(writer, column.data(), column.stride(), column.value_size(), rows[r], scratch);
      }
      counts[r] += rows[r].size();
      rows[r].clear();
    }
  }
  for (Bytes& message : messages) {
    Writer(message).value(std::uint64_t{0});  // no more tables
  }
  return counts;
}

Ghosts unpack_ghosts(const Store& store, const Domain& domain, const GhostRequest& request,
                     std::vector<Reader>& messages) {
  Ghosts ghosts;
  ghosts.columns.resize(request.fields.size());
  const auto append = [](Bytes& to, std::span<const std::byte> bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
  };
  for (Reader& message : messages) {
    if (message.done()) {
      continue;
    }
    for (auto rows = message.value<std::uint64_t>(); rows > 0;
         rows = message.value<std::uint64_t>()) {
      const std::span<const std::byte> ids = message.take(rows * sizeof(EntityId));
      ghosts.ids.resize(ghosts.ids.size() + rows);
      std::memcpy(ghosts.ids.data() + ghosts.ids.size() - rows, ids.data(), ids.size());
      append(ghosts.places, message.take(rows * domain.place_size()));
      for (std::size_t f = 0; f < request.fields.size(); ++f) {
        append(ghosts.columns[f],
               message.take(rows * store.schema().field(request.fields[f]).type.size()));
      }
    }
  }
  return ghosts;
}

IndexSource Ghosts::source(const Domain& domain,
                           const std::vector<std::size_t>& column_sizes) const {
  IndexSource source{ids, {places.data(), static_cast<std::int64_t>(domain.place_size())}, {}};
  for (std::size_t c = 0; c < columns.size(); ++c) {
    source.columns.push_back({columns[c].data(), static_cast<std::int64_t>(column_sizes[c])});
  }
  return source;
}

}  // namespace bw
