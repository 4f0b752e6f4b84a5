// Balance: which rank has which tile, at the start and while the world runs. Tiles go to other
// ranks between ticks, with all that is in them, and no result changes.
//
// Rank 0 hears what tiles cost and what they exchange, decides, and tells the others: costs are
// measured times, and no two processes need come to the same conclusion from them.
#include <algorithm>
#include <utility>

#include "base/checks.hpp"
#include "base/errors.hpp"
#include "cluster/hand_over.hpp"
#include "engine/simulation.hpp"

namespace bw {
namespace {

// Tiles move for the sake of even loads where that takes away at least this share of what the
// busiest rank has to do above the mean.
constexpr double kWorthMoving = 0.2;

// What a rank tells of one of its tiles.
struct TileCost {
  TileId tile;
  std::uint64_t cost;
};

void write_cells(Writer& writer, const CellLayer& cells, std::span<const std::uint32_t> rows) {
  std::vector<std::uint64_t> ids;
  for (const std::uint32_t row : rows) {
    ids.push_back(cells.cell_id(row));
  }
  writer.values(std::span<const std::uint64_t>(ids));
  for (std::size_t c = 0; c < cells.table().column_count(); ++c) {
    const Column& column = cells.table().column(c);
    for (const std::uint32_t row : rows) {
      writer.bytes(column.at(row), column.value_size());
    }
  }
}

void read_cells(Reader& reader, CellLayer& cells) {
  const auto ids = reader.values<std::uint64_t>();
  for (std::size_t c = 0; c < cells.table().column_count(); ++c) {
    Column& column = cells.table().column(c);
    for (const std::uint64_t id : ids) {
      const auto row = static_cast<std::size_t>(cells.row_of_cell(id));
      std::memcpy(column.at(row), reader.take(column.value_size()).data(), column.value_size());
    }
  }
}

// The cells that a rank had and still has.
void keep_cells(const CellLayer& before, CellLayer& cells) {
  for (const CellRun& run : cells.owned_runs()) {
    for (std::uint32_t row = run.begin; row < run.end; ++row) {
      const std::int64_t from = before.row_of_cell(cells.cell_id(row));
      if (from < 0 || !before.is_owned(static_cast<std::size_t>(from))) {
        continue;
      }
      for (std::size_t c = 0; c < cells.table().column_count(); ++c) {
        Column& column = cells.table().column(c);
        std::memcpy(column.at(row), before.table().column(c).at(static_cast<std::size_t>(from)),
                    column.value_size());
      }
    }
  }
}

}  // namespace

// What rank 0 knows of all tiles.
struct Simulation::Loads {
  std::vector<std::uint64_t> costs;
  std::vector<TileTraffic> traffic;
};

void Simulation::check_sharing() const {
  const Sharing& sharing = run_.sharing;
  const bool by_place =
      sharing.kind == PartitionKind::bisection || sharing.kind == PartitionKind::curve;
  if (by_place && !model_.domain.exists()) {
    throw UserError(
        "the partitions 'bisection' and 'curve' cut a space, and the world has none; 'blocks' "
        "shares its entities out by their ids, 'graph' by what they exchange");
  }
  const bool stays = sharing.kind == PartitionKind::blocks && sharing.balance_every == 0;
  if (!model_.rooms.empty() && !stays) {
    throw UserError("tiles of " + model_.rooms.front().name +
                    " stay on their rank: such a world has the partition 'blocks', without "
                    "balancing");
  }
}

bool Simulation::counts_traffic() const {
  // In a space tiles are near each other or not; without one only their traffic tells.
  return run_.sharing.kind == PartitionKind::graph && !model_.domain.exists();
}

bool Simulation::measures_costs() const {
  const std::int64_t every = run_.sharing.balance_every;
  return communicator_->ranks() > 1 && every > 0 && (tick_ + 1) % every == 0;
}

// Events that a phase has sent, from `first` on, between the tiles of their agents.
void Simulation::count_events(Rank& rank, const EventList& events, std::size_t first) const {
  if (!counts_traffic()) {
    return;
  }
  for (const Envelope& envelope : events.envelopes().subspan(first)) {
    if (envelope.stamp.sender != kOutside && envelope.target != kEveryone) {
      count_exchange(rank.traffic, envelope.stamp.sender, envelope.target);
    }
  }
}

void Simulation::count_exchange(TileExchanges& traffic, EntityId one, EntityId other) const {
  const TileId a = tiling_.tile_of_id(one);
  const TileId b = tiling_.tile_of_id(other);
  if (a != b) {
    ++traffic[std::minmax(a, b)];
  }
}

// Collective: what each tile costs and what tiles exchange, on the process that has rank 0.
std::optional<Simulation::Loads> Simulation::gather_loads(
    const std::vector<std::vector<std::uint64_t>>& costs) {
  Mail mail = communicator_->empty_mail();
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    std::vector<TileCost> known;
    for (TileId tile = 1; tile <= tiling_.count(); ++tile) {
      if (costs[h][tile - 1] > 0) {
        known.push_back({tile, costs[h][tile - 1]});
      }
    }
    TileExchanges traffic = std::exchange(ranks_[h]->traffic, {});
    for (const Graph& graph : ranks_[h]->graphs) {
      for (std::size_t node = 0; counts_traffic() && node < graph.nodes().size(); ++node) {
        for (std::uint32_t e = graph.starts()[node]; e < graph.starts()[node + 1]; ++e) {
          count_exchange(traffic, graph.nodes()[node], graph.nodes()[graph.heads()[e]]);
        }
      }
    }
    std::vector<TileTraffic> exchanged;
    for (const auto& [tiles, weight] : traffic) {
      exchanged.push_back({tiles.first, tiles.second, weight});
    }
    Writer writer(mail[h][0]);
    writer.values(std::span<const TileCost>(known));
    writer.values(std::span<const TileTraffic>(exchanged));
  }
  mail = communicator_->exchange("loads", std::move(mail));
  if (ranks_.front()->id != 0) {
    return std::nullopt;
  }
  Loads loads{std::vector<std::uint64_t>(tiling_.count(), 0), {}};
  TileExchanges traffic;
  for (const TileTraffic& one : touching_tiles(model_.domain, tiling_)) {
    traffic[{one.a, one.b}] += one.weight;
  }
  for (const Bytes& message : mail.front()) {
    Reader reader(message);
    for (const TileCost& one : reader.values<TileCost>()) {
      loads.costs[one.tile - 1] += one.cost;
    }
    for (const TileTraffic& one : reader.values<TileTraffic>()) {
      traffic[{one.a, one.b}] += one.weight;
    }
  }
  for (const auto& [tiles, weight] : traffic) {
    loads.traffic.push_back({tiles.first, tiles.second, weight});
  }
  return loads;
}

// A partition that is worth the move, if there is one.
std::optional<Partition> Simulation::choose_partition(const Loads& loads, bool at_any_price) const {
  const Sharing& sharing = run_.sharing;
  const std::uint32_t ranks = communicator_->ranks();
  const double now = imbalance(partition_, loads.costs, ranks);
  const bool by_traffic = sharing.kind == PartitionKind::graph;
  if (!at_any_price && !by_traffic && now <= sharing.tolerance) {
    return std::nullopt;
  }
  Partition found =
      renumbered(divide(sharing, model_.domain, tiling_, loads.costs, loads.traffic, ranks),
                 partition_, loads.costs, ranks);
  const double then = imbalance(found, loads.costs, ranks);
  const bool evener = now > sharing.tolerance && then < now * (1.0 - kWorthMoving);
  const bool quieter =
      by_traffic && then <= std::max(now, sharing.tolerance) &&
      static_cast<double>(crossing(found, loads.traffic)) <
          static_cast<double>(crossing(partition_, loads.traffic)) * (1.0 - kWorthMoving);
  return at_any_price || evener || quieter ? std::optional(std::move(found)) : std::nullopt;
}

// Collective.
void Simulation::share_anew(const std::vector<std::vector<std::uint64_t>>& costs,
                            bool at_any_price) {
  const std::optional<Loads> loads = gather_loads(costs);
  Mail mail = communicator_->empty_mail();
  if (loads) {
    if (const auto chosen = choose_partition(*loads, at_any_price)) {
      for (Bytes& message : mail.front()) {
        Writer(message).values(chosen->owners());
      }
    }
  }
  mail = communicator_->exchange("owners", std::move(mail));
  if (const Bytes& message = mail.front()[0]; !message.empty()) {
    place_tiles(Partition::of(Reader(message).values<RankId>(), communicator_->ranks()));
  }
}

// Before the first tick nothing is measured: what stands in a tile tells what it will cost.
void Simulation::share_out_by_weight() {
  std::vector<std::vector<std::uint64_t>> weights;
  for (const auto& rank : ranks_) {
    std::vector<std::uint64_t>& of_rank = weights.emplace_back(tiling_.count(), 0);
    for (std::uint32_t t = 0; t < rank->store.table_count(); ++t) {
      for (std::size_t row = 0; row < rank->store.table(t).size(); ++row) {
        ++of_rank[tile_of_row(rank->store, t, row, model_.domain, tiling_) - 1];
      }
    }
    for (std::size_t i = 0; rank->cells && i < rank->cells->owned_runs().size(); ++i) {
      const CellRun run = rank->cells->owned_runs()[i];
      for (std::uint32_t row = run.begin; row < run.end; ++row) {
        ++of_rank[tiling_.tile_at(rank->cells->place_of_cell(rank->cells->cell_id(row))) - 1];
      }
    }
  }
  share_anew(weights, true);
}

void Simulation::balance() {
  std::vector<std::vector<std::uint64_t>> costs;
  for (const auto& rank : ranks_) {
    costs.push_back(rank->meter.take());
  }
  share_anew(costs, false);
}

// Counters and cells of the tiles that go, by receiver; agents and their edges are handed over as
// those that leave by themselves.
Mail Simulation::pack_tiles(const Partition& to) const {
  Mail mail = communicator_->empty_mail();
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    const Rank& rank = *ranks_[h];
    std::vector<std::vector<TileId>> going(communicator_->ranks());
    std::vector<std::vector<std::uint64_t>> births(communicator_->ranks());
    std::vector<std::vector<std::uint32_t>> rows(communicator_->ranks());
    for (const TileId tile : rank.tiles) {
      going[to.owner(tile)].push_back(tile);
      births[to.owner(tile)].push_back(rank.births[tile]);
    }
    for (std::size_t i = 0; rank.cells && i < rank.cells->owned_runs().size(); ++i) {
      const CellRun run = rank.cells->owned_runs()[i];
      for (std::uint32_t row = run.begin; row < run.end; ++row) {
        const Place place = rank.cells->place_of_cell(rank.cells->cell_id(row));
        rows[to.owner(tiling_.tile_at(place))].push_back(row);
      }
    }
    for (RankId r = 0; r < communicator_->ranks(); ++r) {
      if (r == rank.id || going[r].empty()) {
        continue;
      }
      Writer writer(mail[h][r]);
      writer.values(std::span<const TileId>(going[r]));
      writer.values(std::span<const std::uint64_t>(births[r]));
      if (rank.cells) {
        write_cells(writer, *rank.cells, rows[r]);
      }
    }
  }
  return mail;
}

void Simulation::place_tiles(const Partition& to) {
  if (to == partition_) {
    return;
  }
  BW_CHECK(model_.rooms.empty(), "tiles whose rows another room owns stay where they are");
  const Lap lap(watch_, Part::migrate);
  ++upheavals_;
  const Mail mail = communicator_->exchange("tiles", pack_tiles(to));
  for (TileId tile = 1; tile <= tiling_.count(); ++tile) {
    tiles_moved_ += to.owner(tile) != partition_.owner(tile) ? 1u : 0u;
  }
  partition_ = to;
  hand_over_.forget();
  hand_over_leavers();
  std::vector<CellLayer*> layers;
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    Rank& rank = *ranks_[h];
    const std::unique_ptr<CellLayer> before = std::move(rank.cells);
    rank.take_tiles(model_, tiling_, partition_, cell_halo_);
    rank.borders.clear();
    if (before) {
      keep_cells(*before, *rank.cells);
    }
    for (const Bytes& message : mail[h]) {
      if (message.empty()) {
        continue;
      }
      Reader reader(message);
      const auto tiles = reader.values<TileId>();
      const auto births = reader.values<std::uint64_t>();
      for (std::size_t i = 0; i < tiles.size(); ++i) {
        rank.births[tiles[i]] = births[i];
      }
      if (rank.cells) {
        read_cells(reader, *rank.cells);
      }
    }
    layers.push_back(rank.cells.get());
  }
  tell_neighbors();
  if (halo_) {
    halo_.emplace(*communicator_, layers, tiling_, partition_);
  }
}

}  // namespace bw
