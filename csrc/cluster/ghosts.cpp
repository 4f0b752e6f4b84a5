// Choosing, packing and unpacking ghosts.
#include "cluster/ghosts.hpp"

#include <algorithm>

#include "base/strided.hpp"

namespace bw {
namespace {

// Which other ranks have a tile within the radius of a place.
class ReachedRanks {
 public:
  ReachedRanks(const Domain& domain, const Tiling& tiling, const Partition& partition, RankId self,
               double radius)
      : domain_(&domain), tiling_(&tiling), partition_(&partition), self_(self), radius_(radius) {
    if (!domain.integral()) {
      // Distances are rounded, and so are edges: an agent just within reach by its rounded distance
      // is a ghost as well.
      const double longest = *std::max_element(domain.size.begin(), domain.size.end());
      radius_ = radius * (1.0 + 1e-9) + longest * 1e-12;
    }
  }

  const std::vector<RankId>& around(const Place& place) {
    ranks_.clear();
    if (deep_inside(place)) {
      return ranks_;
    }
    Region block{place, place};
    for (std::size_t a = 0; a < static_cast<std::size_t>(domain_->dims); ++a) {
      block.low[a] -= radius_;
      block.high[a] += radius_;
    }
    tiling_->tiles_touching(block, tiles_);
    for (const TileId tile : tiles_) {
      const RankId owner = partition_->owner(tile);
      if (owner != self_ && std::find(ranks_.begin(), ranks_.end(), owner) == ranks_.end()) {
        ranks_.push_back(owner);
      }
    }
    return ranks_;
  }

 private:
  // Most agents are further than the radius from the edges of their tile.
  bool deep_inside(const Place& place) {
    const TileId tile = tiling_->tile_at(place);
    if (tile != last_tile_) {
      last_tile_ = tile;
      last_region_ = tiling_->region(tile);
    }
    bool inside = true;
    for (std::size_t a = 0; a < static_cast<std::size_t>(domain_->dims); ++a) {
      inside = inside && place[a] - radius_ > last_region_.low[a] &&
               place[a] + radius_ < last_region_.high[a];
    }
    return inside && partition_->owner(tile) == self_;
  }

  const Domain* domain_;
  const Tiling* tiling_;
  const Partition* partition_;
  RankId self_;
  double radius_;
  TileId last_tile_ = 0;
  Region last_region_;
  std::vector<TileId> tiles_;
  std::vector<RankId> ranks_;
};

void write_column(Writer& writer, const std::byte* data, std::int64_t stride, std::size_t size,
                  std::span<const std::uint32_t> rows, Bytes& scratch) {
  scratch.resize(rows.size() * size);
  gather_values(scratch.data(), data, stride, size, rows);
  writer.bytes(scratch.data(), scratch.size());
}

}  // namespace

void pack_ghosts(const Store& store, const Domain& domain, const Tiling& tiling,
                 const Partition& partition, RankId self, const GhostRequest& request,
                 std::vector<Bytes>& messages) {
  ReachedRanks reached(domain, tiling, partition, self, request.radius);
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
    std::vector<std::vector<std::uint32_t>> rows(messages.size());
    for (std::uint32_t row = 0; row < table.size(); ++row) {
      for (const RankId rank : reached.around(places.at(domain, row))) {
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
    }
  }
  for (Bytes& message : messages) {
    Writer(message).value(std::uint64_t{0});  // no more tables
  }
}

Ghosts unpack_ghosts(const Store& store, const Domain& domain, const GhostRequest& request,
                     std::vector<Reader>& messages) {
  Ghosts ghosts;
  ghosts.columns.resize(request.fields.size());
  const auto append = [](Bytes& to, std::span<const std::byte> bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
  };
  for (Reader& message : messages) {
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
