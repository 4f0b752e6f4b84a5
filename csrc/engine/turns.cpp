// Sequential behaviors on several ranks. Agents of other ranks that are near stand behind a rank's
// own rows as long as the phase lasts. In rounds every rank lets those act that nobody unfinished
// comes before (schedule/turns.hpp), and tells the ranks around what they did; an agent's turn
// touches nothing beyond its declared reach, so that whoever could see it knows it in time.
#include <algorithm>
#include <array>
#include <exception>
#include <numeric>
#include <tuple>

#include "base/checks.hpp"
#include "base/errors.hpp"
#include "base/whole.hpp"
#include "engine/simulation.hpp"
#include "schedule/live_world.hpp"
#include "schedule/reach.hpp"
#include "schedule/turns.hpp"

namespace bw {
namespace {

// Ranges of reals are compared with what rounding may have added to both.
constexpr double kRoom = 1.0 + 1e-8;

// A mark of an archetype, so short that squares of as many as there are ranks can be summed.
std::uint64_t mark_of(const Archetype& archetype) {
  std::uint64_t mark = 0;
  for (const ComponentId component : archetype) {
    mark = hashing::moremur(mark + component + 1);
  }
  return mark >> 40;
}

bool has_all(const Table& table, const std::vector<ComponentId>& components) {
  return std::all_of(components.begin(), components.end(),
                     [&](ComponentId c) { return table.has(c); });
}

// Fields of a table that a turn may write: the behavior's own, and what it is granted.
std::vector<std::size_t> columns_written(const Table& table, const Behavior& behavior) {
  std::vector<std::size_t> columns;
  for (std::size_t c = 0; c < table.column_count(); ++c) {
    const FieldKey key = table.column_key(c);
    const bool granted = std::any_of(behavior.claims.begin(), behavior.claims.end(),
                                     [&](const ClaimUse& claim) { return claim.result == key; });
    if (granted || behavior.writes(key)) {
      columns.push_back(c);
    }
  }
  return columns;
}

void write_row(Writer& writer, const Table& table, std::span<const std::size_t> columns,
               std::uint32_t row) {
  for (const std::size_t c : columns) {
    const Column& column = table.column(c);
    if (column.type().is_open()) {
      writer.values(column.contents(row));
    } else {
      writer.bytes(column.at(row), column.value_size());
    }
  }
}

void read_row(Reader& reader, Table& table, std::span<const std::size_t> columns,
              std::uint32_t row) {
  for (const std::size_t c : columns) {
    Column& column = table.column(c);
    if (column.type().is_open()) {
      column.assign(row, reader.take(reader.value<std::uint64_t>()));
    } else {
      std::memcpy(column.at(row), reader.take(column.value_size()).data(), column.value_size());
    }
  }
}

}  // namespace

// A phase of turns on one rank.
struct Simulation::Taking {
  Rank* rank = nullptr;
  PreparedBehavior* prepared = nullptr;
  std::vector<std::size_t> own;                           // rows by table
  std::vector<std::pair<std::uint32_t, RankId>> watched;  // acting rows, and who is told of them
  std::unique_ptr<LiveWorld> live;
  std::unique_ptr<Turns> turns;      // null where nobody acts
  std::vector<std::size_t> columns;  // that turns write
  std::exception_ptr failure;
  std::pair<std::uint32_t, EntityId> failed_turn;

  std::size_t own_rows(std::uint32_t table) const { return table < own.size() ? own[table] : 0; }
};

// Why a sequential behavior cannot run on several ranks.
void Simulation::check_turns(const Behavior& behavior) const {
  const auto refuse = [&](const std::string& why) {
    throw UserError("sequential behavior '" + behavior.name + "' " + why + "; found " +
                    std::to_string(communicator_->ranks()) +
                    " ranks. Run it on one rank, or use the synchronous activation");
  };
  const auto in_a_room = [&](const std::optional<ComponentId>& component) {
    return component && owner_of(*component) != nullptr;
  };
  if (behavior.draws_empty_cells) {
    refuse(
        "draws empty cells of the whole world, so that its reach has no end: on several ranks "
        "agents would have to wait for all before them");
  }
  if (!model_.domain.exists()) {
    refuse("is in a world without a space, where nobody is far from anybody");
  }
  for (const ReachUse& use : behavior.reaches) {
    if (use.graph) {
      refuse("looks along the edges of a graph, which lead anywhere");
    }
    if (in_a_room(use.component)) {
      refuse("looks at entities of a room that keeps them itself");
    }
  }
  for (const ClaimUse& claim : behavior.claims) {
    if (in_a_room(claim.agents)) {
      refuse("claims entities of a room that keeps them itself");
    }
    for (const CellUse& use : behavior.cells) {
      if (claim.stock && use.anywhere &&
          std::find(use.fields.begin(), use.fields.end(), *claim.stock) != use.fields.end()) {
        refuse("reads what it claims at any place (bw.Cells); bw.Here reads it at its own");
      }
    }
  }
  if (behavior.reach.empty()) {
    refuse(
        "declares no reach: on several ranks agents that are far from each other act at the "
        "same time, and how far one goes and claims has to be known, as in "
        "@bw.behavior(reach=1)");
  }
}

// Agents within this distance along an axis may not act at the same time: one may see, or touch,
// what the other touches. Who claims touches a whole cell.
double Simulation::distance_of_turns(const Behavior& behavior) const {
  double reach = behavior.reach_now(model_.parameters);
  if (!behavior.claims.empty() && !model_.domain.integral()) {
    reach += 1.0 / *std::min_element(lattice_.per_length.begin(),
                                     lattice_.per_length.begin() + model_.domain.dims);
  }
  const double distance = std::max(reach, behavior.sight_now(model_.parameters)) + reach;
  return model_.domain.integral() ? distance
                                  : kRoom * with_rounding(model_.domain, distance) +
                                        3.0 * with_rounding(model_.domain, 0.0);
}

void Simulation::run_in_turns(std::size_t phase) {
  std::vector<Taking> taking(ranks_.size());
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    taking[h].rank = ranks_[h].get();
    taking[h].prepared = &ranks_[h]->prepared[phase].front();
  }
  const auto send_home = [&](std::vector<Taking>* all) {
    for (Taking& one : *all) {
      drop_watched(one);
    }
  };
  const std::unique_ptr<std::vector<Taking>, decltype(send_home)> watched(&taking, send_home);
  bring_watched(taking);
  for (Taking& one : taking) {
    begin_turns(one);
  }
  std::uint64_t failures = 0;
  for (bool on = true; on;) {
    Mail mail = communicator_->empty_mail();
    std::array<std::uint64_t, 4> sums{0, 0, 0, vote_to_stop()};
    for (std::size_t h = 0; h < taking.size(); ++h) {
      sums[1] += take_turns(taking[h], mail[h]);
      sums[0] += taking[h].turns ? taking[h].turns->left() : 0;
      sums[2] += taking[h].failure ? 1u : 0u;
    }
    mail = communicator_->exchange("turns", std::move(mail), sums);
    ballot_.outcome = sums[3] > 0;
    for (std::size_t h = 0; h < taking.size(); ++h) {
      hear_turns(taking[h], mail[h]);
    }
    failures = sums[2];
    on = sums[0] > 0 && sums[1] > 0;
  }
  if (failures > 0) {
    raise_first_in_turn(taking);
  }
  raise_first_failure();
  ++upheavals_;
  live_phase_ = kNoPhase;
}

// Rows of other ranks that are near come to stand behind the own; with them travels how many agents
// there are, and whether those who act are all of one archetype.
void Simulation::bring_watched(std::vector<Taking>& taking) {
  const Lap lap(watch_, Part::halo);
  const Behavior& behavior = *taking.front().prepared->run.behavior;
  const double distance = distance_of_turns(behavior);
  Mail mail = communicator_->empty_mail();
  std::array<std::uint64_t, 5> sums{0, vote_to_stop(), 0, 0, 0};
  for (std::size_t h = 0; h < taking.size(); ++h) {
    const Store& store = taking[h].rank->store;
    sums[0] += store.size();
    Border& border = border_of(*taking[h].rank, distance);
    for (std::uint32_t t = 0; t < store.table_count(); ++t) {
      taking[h].own.push_back(store.table(t).size());
      const Table& table = store.table(t);
      const bool acts = has_all(table, behavior.components) && table.size() > 0;
      if (acts) {
        const std::uint64_t mark = mark_of(table.archetype());
        sums[2] += 1;
        sums[3] += mark;
        sums[4] += mark * mark;
      }
      if (acts || concerns_turns(store, t, behavior)) {
        pack_watched(taking[h], t, acts, border, mail[h]);
      }
    }
  }
  mail = communicator_->exchange("turns begin", std::move(mail), sums);
  ballot_.outcome = sums[1] > 0;
  if (sums[2] * sums[4] != sums[3] * sums[3]) {
    refuse_archetypes(behavior);
  }
  for (std::size_t h = 0; h < taking.size(); ++h) {
    taking[h].rank->around.population = sums[0];
    for (const Bytes& message : mail[h]) {
      receive_rows(taking[h].rank->store, message);
    }
  }
}

// Whether rows of a table are seen, claimed or in the way.
bool Simulation::concerns_turns(const Store& store, std::uint32_t t,
                                const Behavior& behavior) const {
  const Table& table = store.table(t);
  if (table.is_external() || table.size() == 0 || !store.position_column(t)) {
    return false;
  }
  const bool seen = std::any_of(behavior.reaches.begin(), behavior.reaches.end(),
                                [&](const ReachUse& use) { return table.has(use.component); });
  const bool claimed =
      std::any_of(behavior.claims.begin(), behavior.claims.end(),
                  [&](const ClaimUse& use) { return use.agents && table.has(*use.agents); });
  return seen || claimed || model_.domain.exclusive;
}

void Simulation::pack_watched(Taking& taking, std::uint32_t t, bool acts, Border& border,
                              std::vector<Bytes>& messages) const {
  const Store& store = taking.rank->store;
  const auto position = store.position_column(t);
  if (!position) {
    throw UserError("sequential behavior '" + taking.prepared->run.behavior->name +
                    "' runs on several ranks, but entities with " + store.table(t).label() +
                    " have no position: nobody is far from them. Run it on one rank");
  }
  const Column& column = store.table(t).column(*position);
  const PlaceColumn places{column.data(), column.stride()};
  std::vector<std::uint32_t> near;
  border.list_near(taking.rank->executor.pool(), places, store.table(t).size(), near);
  std::vector<std::vector<std::uint32_t>> rows(messages.size());
  for (const std::uint32_t row : near) {
    for (const RankId rank : border.ranks_around(places.at(model_.domain, row))) {
      rows[rank].push_back(row);
      if (acts) {
        taking.watched.emplace_back(row, rank);
      }
    }
  }
  for (std::size_t r = 0; r < messages.size(); ++r) {
    if (!rows[r].empty()) {
      pack_rows(store, t, rows[r], messages[r]);
    }
  }
}

void Simulation::begin_turns(Taking& taking) {
  Rank& rank = *taking.rank;
  PreparedBehavior& prepared = *taking.prepared;
  const Behavior& behavior = *prepared.run.behavior;
  for (std::size_t k = 0; k < behavior.reaches.size(); ++k) {
    prepared.run.reaches[k].radius = behavior.reaches[k].radius.value(model_.parameters);
    if (behavior.reaches[k].by_cell) {
      build_occupants(rank, prepared, k);
    }
  }
  rank.live_memory.kept = false;
  taking.live =
      std::make_unique<LiveWorld>(rank.store, rank.around, prepared.run, rank.live_memory);
  if (!rank.executor.begin_live(prepared.run, rank.store, rank.around, *taking.live)) {
    return;
  }
  taking.live->share();
  const TableRun& run = taking.live->in_hand();
  const Column& column = run.table->column(*run.position);
  taking.turns = std::make_unique<Turns>(model_.domain, distance_of_turns(behavior),
                                         PlaceColumn{column.data(), column.stride()},
                                         taking.live->turns(), taking.own_rows(run.number));
  taking.columns = columns_written(*run.table, behavior);
}

// Lets those act that may; returns how many have.
std::size_t Simulation::take_turns(Taking& taking, std::vector<Bytes>& messages) {
  if (!taking.turns) {
    return 0;
  }
  const std::span<const std::uint32_t> ready = taking.turns->next();
  const Table& table = *taking.live->in_hand().table;
  std::size_t acted = ready.size();
  const auto act = [&] {
    try {
      taking.rank->executor.act_live(*taking.live, ready);
    } catch (const RunError& error) {
      const auto failed = std::find_if(ready.begin(), ready.end(), [&](std::uint32_t row) {
        return table.ids()[row] == error.entity_id();
      });
      BW_CHECK(failed != ready.end(), "who fails has its turn");
      acted = static_cast<std::size_t>(failed - ready.begin());
      taking.failure = std::current_exception();
      taking.failed_turn = taking.live->turn_of(error.entity_id());
      taking.turns->stop_at(*failed);
    }
  };
  if (measuring_) {
    taking.rank->meter.charge(0, tiles_of_turns(taking, ready), act);
  } else {
    act();
  }
  for (const std::uint32_t row : ready.first(acted)) {
    taking.turns->finish(row);
  }
  tell_turns(taking, ready.first(acted), messages);
  taking.live->forget_grants();
  return acted;
}

// What others have to be told of what some rows did.
void Simulation::tell_turns(const Taking& taking, std::span<const std::uint32_t> rows,
                            std::vector<Bytes>& messages) const {
  const TableRun& run = taking.live->in_hand();
  const std::vector<LiveWorld::Grant>& grants = taking.live->grants();
  auto granted = grants.begin();
  for (const std::uint32_t row : rows) {
    auto last = granted;
    while (last != grants.end() && last->row == row) {
      ++last;
    }
    const auto first = std::lower_bound(taking.watched.begin(), taking.watched.end(),
                                        std::pair<std::uint32_t, RankId>{row, 0});
    for (auto who = first; who != taking.watched.end() && who->first == row; ++who) {
      Writer writer(messages[who->second]);
      writer.value(run.table->ids()[row]);
      const bool ended = taking.live->has_ended({run.number, row});
      writer.value(static_cast<std::uint8_t>(ended ? 1 : 0));
      if (!ended) {
        write_row(writer, *run.table, taking.columns, row);
      }
      writer.value(static_cast<std::uint64_t>(last - granted));
      std::for_each(granted, last, [&](const LiveWorld::Grant& grant) { writer.value(grant); });
    }
    granted = last;
  }
}

void Simulation::hear_turns(Taking& taking, const std::vector<Bytes>& messages) {
  const Store& store = taking.rank->store;
  for (const Bytes& message : messages) {
    for (Reader reader(message); !reader.done();) {
      const auto id = reader.value<EntityId>();
      const bool ended = reader.value<std::uint8_t>() != 0;
      const std::optional<Location> at = store.find_own(id);
      BW_CHECK(at && taking.turns, "who is told of an agent's turn has seen it before");
      if (ended) {
        taking.live->end(*at);
      } else {
        taking.live->follow(at->row, [&] {
          read_row(reader, *taking.live->in_hand().table, taking.columns, at->row);
        });
      }
      taking.turns->finish(at->row);
      for (auto left = reader.value<std::uint64_t>(); left > 0; --left) {
        hear_of_grant(taking, reader.value<LiveWorld::Grant>());
      }
    }
  }
}

// What an agent of another rank was granted: agents that are no more, or some of a stock.
void Simulation::hear_of_grant(Taking& taking, const LiveWorld::Grant& grant) const {
  Rank& rank = *taking.rank;
  if (grant.agent != kNoEntity) {
    if (const std::optional<Location> at = rank.store.find_own(grant.agent)) {
      taking.live->end(*at);
      if (at->row < taking.own_rows(at->table)) {
        rank.executor.command_buffers().front()->despawn(grant.agent);
      }
    }
    return;
  }
  const std::int64_t row = rank.cells->row_of_cell(grant.cell);
  if (row >= 0) {
    const FieldKey stock = *taking.prepared->run.behavior->claims[grant.claim].stock;
    Table& cells = rank.cells->table();
    Column& column = cells.column(cells.find_column(stock).value());
    add_whole(column.type().scalar, column.at(static_cast<std::size_t>(row)), -grant.count);
  }
}

// Of all that failed on all ranks, the one whose turn came first counts, as on one rank.
void Simulation::raise_first_in_turn(std::vector<Taking>& taking) {
  Mail mail = communicator_->empty_mail();
  for (std::size_t h = 0; h < taking.size(); ++h) {
    for (Bytes& message : mail[h]) {
      if (taking[h].failure) {
        Writer(message).value(taking[h].failed_turn.first);
        Writer(message).value(taking[h].failed_turn.second);
      }
    }
  }
  mail = communicator_->exchange("failed turns", std::move(mail));
  for (std::size_t h = 0; h < taking.size(); ++h) {
    const bool first =
        taking[h].failure && std::none_of(mail[h].begin(), mail[h].end(), [&](const Bytes& said) {
          if (said.empty()) {
            return false;
          }
          Reader reader(said);
          const auto priority = reader.value<std::uint32_t>();
          return std::pair{priority, reader.value<EntityId>()} < taking[h].failed_turn;
        });
    if (first) {
      std::rethrow_exception(taking[h].failure);
    }
  }
}

// In which tiles rows have their turn.
CostMeter::RowsOfTiles Simulation::tiles_of_turns(const Taking& taking,
                                                  std::span<const std::uint32_t> rows) const {
  CostMeter::RowsOfTiles tiles;
  for (const std::uint32_t row : rows) {
    tiles.emplace_back(home_of(taking.live->in_hand(), row), 1);
  }
  return tiles;
}

// Rows of other ranks go; orders for them are theirs.
void Simulation::drop_watched(Taking& taking) const {
  Store& store = taking.rank->store;
  for (std::uint32_t t = 0; t < store.table_count(); ++t) {
    const std::size_t own = taking.own_rows(t);
    if (!store.table(t).is_external() && store.table(t).size() > own) {
      std::vector<std::uint32_t> rows(store.table(t).size() - own);
      std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(own));
      store.remove_rows(t, rows);
    }
  }
  for (CommandBuffer* buffer : taking.rank->executor.command_buffers()) {
    buffer->take_deaths_of_others(store);
  }
}

}  // namespace bw
