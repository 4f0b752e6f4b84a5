// Ranges of rows, kernel calls, and what is checked right after each while its rows are in the
// cache.
#include "schedule/executor.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/errors.hpp"
#include "schedule/failures.hpp"
#include "schedule/places.hpp"
#include "schedule/services.hpp"

namespace bw {
namespace {

bw_occupants occupants_of(const TableRun& run, const ReachView& view) {
  const Occupants& of = *view.occupants;
  bw_occupants shown{};
  shown.occupied = of.occupied();
  Column& places = run.table->column(*run.position);
  std::byte* data = places.data();
  for (const auto& [table, before] : view.places_before) {
    data = table == run.number ? const_cast<std::byte*>(before) : data;
  }
  shown.places = {reinterpret_cast<char*>(data), places.stride()};
  shown.strides[0] = 1;
  shown.strides[1] = of.box().line_stride();
  shown.strides[2] = of.box().dims > 2 ? of.box().layer_stride() : 0;
  shown.origin = of.origin();
  shown.neighbor_count = static_cast<std::int64_t>(of.neighbors().size());
  shown.neighbors = of.neighbors().data();
  shown.run_count = static_cast<std::int64_t>(of.runs().size());
  shown.runs = of.runs().data();
  shown.lanes = of.lanes().data();
  shown.odd_neighbors = of.neighbors(true).data();
  shown.odd_runs = of.runs(true).data();
  shown.coded = of.coded();
  return shown;
}

void view_reaches(TableRun& run) {
  run.slots.assign(run.run->reaches.size(), nullptr);
  run.slot_cells.assign(run.run->reaches.size(), nullptr);
  for (const std::vector<bw_column>& columns : run.run->cell_columns) {
    run.cells.push_back({columns.data()});
  }
}

bool looks_around(const Behavior& behavior) {
  return std::any_of(behavior.reaches.begin(), behavior.reaches.end(),
                     [](const ReachUse& use) { return use.within_radius(); });
}

// Births are numbered within the tile in which their parent stood at the start of the phase: where
// rows move in the phase it is noted before.
void note_homes(TableRun& run) {
  run.home.resize(run.table->size());
  for (std::size_t row = 0; row < run.home.size(); ++row) {
    run.home[row] = home_of(run, row);
  }
}

// Drops the claims from `first` on that can be seen to be of nothing. Whether they are cannot be
// foreseen, so it is no branch.
void drop_vain_claims(const TableRun& run, std::size_t first, std::vector<Claim>& claims) {
  constexpr std::size_t kBlock = 32;
  const auto view_of = [&](const Claim& claim) -> const ClaimView& {
    return run.run->claimed[claim.kind - run.run->first_claim];
  };
  std::size_t kept = first;
  std::array<const std::byte*, kBlock> spots;
  for (std::size_t begin = first; begin < claims.size(); begin += kBlock) {
    const std::size_t count = std::min(kBlock, claims.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      spots[i] = view_of(claims[begin + i]).spot(claims[begin + i].cell);
      __builtin_prefetch(spots[i]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      const Claim claim = claims[begin + i];
      claims[kept] = claim;
      kept += view_of(claim).nothing_at(spots[i]) ? 0u : 1u;
    }
  }
  claims.resize(kept);
}

}  // namespace

void show_reaches(TableRun& run) {
  run.reaches.clear();
  run.occupants.assign(run.run->reaches.size(), {});
  for (std::size_t k = 0; k < run.run->reaches.size(); ++k) {
    const ReachView& view = run.run->reaches[k];
    if (view.occupants != nullptr) {
      run.occupants[k] = occupants_of(run, view);
    }
    bw_reach& shown = run.reaches.emplace_back();
    shown.columns = view.columns.data();
    shown.ids = view.ids;
    shown.edge_columns = view.edge_columns.data();
    shown.slot_count = view.slot_count;
    shown.stencils = view.stencils;
    shown.occupants = view.occupants != nullptr ? &run.occupants[k] : nullptr;
    shown.places = view.index != nullptr ? view.index->places() : nullptr;
  }
}

TileId home_of(const TableRun& run, std::size_t row) {
  const Surroundings& around = *run.around;
  if (run.run->behavior->of_cells) {
    const std::uint64_t cell = run.table->ids()[row];
    return cell != CellLayer::kNoCell ? around.tiling->tile_at(around.cells->place_of_cell(cell))
                                      : kWorldTile;
  }
  if (run.table->is_external()) {
    return run.table->owner()->tile;
  }
  if (run.position) {
    const Column& column = run.table->column(*run.position);
    return around.tiling->tile_at(PlaceColumn{column.at(row), 0}.at(*around.domain, 0));
  }
  return around.tiling->tile_of_id(run.table->ids()[row]);
}

void Worker::enter(const TableRun& table_run, const bw_services& services) {
  run = &table_run;
  const Surroundings& around = *table_run.around;
  call.version = BW_ABI_VERSION;
  call.struct_size = sizeof(bw_call);
  call.tick = around.tick;
  call.rng_key = table_run.run->behavior->rng_key;
  call.ids = table_run.table->ids().data();
  call.columns = table_run.columns.data();
  call.parameters = reinterpret_cast<const char*>(around.parameters->data());
  call.reaches = table_run.reaches.data();
  call.cells = table_run.cells.data();
  call.services = &services;
  call.order = nullptr;
  call.spans = nullptr;
  call.failed_row = -1;
  call.engine = this;
  refusal.clear();
  merged.resize(std::max(merged.size(), table_run.run->inboxes.size()));
  for (MergedInbox& inbox : merged) {
    inbox.row = -1;
  }
  while (outbox.size() < around.channels.size()) {
    outbox.emplace_back(around.channels[outbox.size()]);
  }
  for (std::size_t a = 0; a < kAxes; ++a) {
    call.extent[a] = around.domain->size[a];
  }
}

TableRun& Executor::open(const BehaviorRun& run, Table& table, const Surroundings& around) {
  TableRun& opened = table_runs_.emplace_back();
  opened.run = &run;
  opened.around = &around;
  opened.table = &table;
  const Behavior& behavior = *run.behavior;
  for (const ColumnUse& use : behavior.columns) {
    Column& column = table.column(table.find_column(use.field).value());
    opened.columns.push_back({reinterpret_cast<char*>(column.data()), column.stride()});
  }
  view_reaches(opened);
  return opened;
}

void Executor::open_tables(const BehaviorRun& run, Store& store, const Surroundings& around) {
  const Behavior& behavior = *run.behavior;
  if (behavior.of_cells) {
    if (around.cells != nullptr) {
      TableRun& opened = open(run, around.cells->table(), around);
      show_reaches(opened);
      find_waiting(opened);
    }
    return;
  }
  for (const std::uint32_t t : store.tables_with(behavior.components)) {
    Table& table = store.table(t);
    if (table.size() == 0) {
      continue;
    }
    TableRun& opened = open(run, table, around);
    opened.number = t;
    find_waiting(opened);
    opened.position = around.domain->exists() ? store.position_column(t) : std::nullopt;
    opened.moves = opened.position && behavior.writes(table.column_key(*opened.position));
    if (looks_around(behavior) && !opened.position) {
      throw ModelError("behavior '" + behavior.name + "' looks for neighbours, but entities with " +
                       table.label() + " have no position");
    }
    show_reaches(opened);
    for (std::size_t k = 0; k < run.reaches.size(); ++k) {
      if (const NeighborIndex* index = run.reaches[k].index) {
        // Agents that search for another kind than their own are not in its index.
        if (const std::size_t source = run.reaches[k].source_of_table[t]; source != kNoSource) {
          opened.slots[k] = index->slots_of(source);
          opened.slot_cells[k] = index->cells_of(source);
        }
      }
    }
    for (const ClaimUse& claim : behavior.claims) {
      // Grants are added to the result; those who are granted nothing, or do not ask, have nothing.
      Column& result = table.column(table.find_column(claim.result).value());
      const std::array<std::byte, 8> nothing{};
      result.fill(0, table.size(), nothing.data());
    }
  }
}

void Executor::note_homes_of_movers() {
  const auto moved = [&](const Table* table) {
    return std::any_of(table_runs_.begin(), table_runs_.end(),
                       [&](const TableRun& run) { return run.table == table && run.moves; });
  };
  for (TableRun& run : table_runs_) {
    if (!run.run->behavior->spawns.empty() && moved(run.table)) {
      note_homes(run);
    }
  }
}

// Calls the kernel on spans of cells. Cells stand in the order of their ids: behind one that fails
// there is none that comes before it.
void Executor::call_on_spans(const TableRun& run, Worker& worker, std::span<const bw_span> spans) {
  if (!worker.matters(run, run.table->ids()[static_cast<std::size_t>(spans.front().begin)])) {
    return;
  }
  worker.refusal.clear();
  worker.call.spans = spans.data();
  worker.call.failed_row = -1;
  const std::int32_t status =
      run.run->behavior->kernel(&worker.call, 0, static_cast<std::int64_t>(spans.size()));
  if (status != BW_OK && worker.call.failed_row >= 0) {
    const auto row = static_cast<std::size_t>(worker.call.failed_row);
    worker.keep(failure_at(run, row, worker.refusal, status));
  } else if (status != BW_OK) {
    worker.keep(
        {run.run->order, kNoEntity, 0, worker.refusal, status, Failure::Where::somewhere, &run});
  }
  if (run.around->check_values) {
    for (const bw_span& span : spans) {
      check_values(run, static_cast<std::size_t>(span.begin), static_cast<std::size_t>(span.end),
                   worker);
    }
  }
}

// Calls the kernel on rows that, after a failure, can still hold the one that comes before it.
void Executor::call_kernel(const TableRun& run, Worker& worker, std::size_t begin,
                           std::size_t end) {
  const EntityId* ids = run.table->ids().data();
  while (begin < end) {
    if (!worker.matters(run, ids[begin])) {
      ++begin;
      continue;
    }
    std::size_t stop = end;
    if (worker.failure) {
      stop = begin + 1;
      while (stop < end && worker.matters(run, ids[stop])) {
        ++stop;
      }
    }
    begin = call_on_range(run, worker, begin, stop);
  }
}

// Runs rows up to the first that fails; returns the row behind the last that was tried.
std::size_t Executor::call_on_range(const TableRun& run, Worker& worker, std::size_t begin,
                                    std::size_t end) {
  const auto first = static_cast<std::int64_t>(begin);
  const auto last = static_cast<std::int64_t>(end);
  worker.refusal.clear();
  worker.call.failed_row = -1;
  const bool asks = run.moves && run.around->settles_moves;
  if (asks) {
    keep_places(run, begin, end, worker);
  }
  const std::size_t claims = worker.requests.claims.size();
  const std::int32_t status = run.run->behavior->kernel(&worker.call, first, last);
  if (status != BW_OK) {
    const std::int64_t row = worker.call.failed_row;
    if (row < first || row >= last) {  // the range as a whole
      worker.keep({run.run->order, kNoEntity, begin, worker.refusal, status,
                   Failure::Where::somewhere, &run});
    } else {
      end = static_cast<std::size_t>(row) + 1;
      worker.keep(failure_at(run, end - 1, worker.refusal, status));
    }
  }
  drop_vain_claims(run, claims, worker.requests.claims);
  if (asks) {
    ask_for_places(run, begin, end, worker);
  } else if (run.moves) {
    check_places(run, begin, end, worker);
  }
  if (run.around->check_values) {
    check_values(run, begin, end, worker);
  }
  return end;
}

void Executor::call_in_pieces(const TableRun& run, Worker& worker, std::size_t begin,
                              std::size_t end) {
  const Behavior& behavior = *run.run->behavior;
  if (behavior.cut != Cut::random) {
    call_kernel(run, worker, begin, end);
    return;
  }
  for (const bw_span& piece :
       random_pieces(static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end),
                     behavior.cut_key, run.number, run.around->tick)) {
    call_kernel(run, worker, static_cast<std::size_t>(piece.begin),
                static_cast<std::size_t>(piece.end));
  }
}

void Executor::work(const Task& task, Worker& worker) {
  worker.enter(*task.run, synchronous_services());
  const auto spans = listed_spans(*task.run);
  if (!spans) {
    call_in_pieces(*task.run, worker, task.begin, task.end);
    return;
  }
  const std::span<const bw_span> mine = spans->subspan(task.begin, task.end - task.begin);
  if (task.run->run->behavior->takes_spans) {
    call_on_spans(*task.run, worker, mine);
    return;
  }
  for (const bw_span& span : mine) {
    call_in_pieces(*task.run, worker, static_cast<std::size_t>(span.begin),
                   static_cast<std::size_t>(span.end));
  }
}

void Executor::run(std::span<const BehaviorRun> runs, Store& store, const Surroundings& around) {
  table_runs_.clear();
  for (Worker& worker : workers_) {
    worker.failure.reset();
  }
  for (const BehaviorRun& run : runs) {
    open_tables(run, store, around);
  }
  note_homes_of_movers();
  std::vector<Task> shared;
  std::vector<Task> alone;
  for (const TableRun& run : table_runs_) {
    cut(run, run.run->behavior->one_thread ? alone : shared);
  }
  around.meter == nullptr ? run_tasks(shared, alone) : run_metered(shared, alone);
  for (Worker& worker : workers_) {
    if (around.check_values) {
      check_orders(table_runs_, worker);
    }
  }
}

void Executor::run_tasks(const std::vector<Task>& shared, const std::vector<Task>& alone) {
  pool_->parallel_for(shared.size(), [&](std::size_t task, int thread) {
    work(shared[task], workers_[static_cast<std::size_t>(thread)]);
  });
  for (const Task& task : alone) {
    work(task, workers_.front());
  }
}

void Executor::run_metered(const std::vector<Task>& shared, const std::vector<Task>& alone) {
  const std::vector<CostMeter::RowsOfTiles> tiles_of_shared = count_by_tile(shared);
  const std::vector<CostMeter::RowsOfTiles> tiles_of_alone = count_by_tile(alone);
  pool_->parallel_for(shared.size(), [&](std::size_t task, int thread) {
    work_metered(shared[task], tiles_of_shared[task], thread);
  });
  for (std::size_t task = 0; task < alone.size(); ++task) {
    work_metered(alone[task], tiles_of_alone[task], 0);
  }
}

const Failure* Executor::first_failure() const {
  const Failure* first = nullptr;
  for (const Worker& worker : workers_) {
    if (worker.failure && (first == nullptr || worker.failure->before(*first))) {
      first = &*worker.failure;
    }
  }
  return first;
}

void Executor::raise(const Failure& found) {
  const Failure failure = found;
  const Behavior& behavior = *failure.run->run->behavior;
  if (failure.where == Failure::Where::kernel && behavior.explain != nullptr) {
    // The failed row was left as it was: running it again in Python raises the error with its line
    // and message.
    Worker& worker = workers_.front();
    worker.enter(*failure.run, synchronous_services());
    const auto row = static_cast<std::int64_t>(failure.row);
    behavior.explain(&worker.call, row, row + 1);
  }
  fail(failure);
}

void Executor::forget() {
  for (Worker& worker : workers_) {
    worker.commands.clear();
    worker.requests.clear();
    worker.edge_orders.clear();
    worker.outbox.clear();
  }
}

void Executor::collect_events(ChannelId channel, EventList& to) {
  for (Worker& worker : workers_) {
    if (channel < worker.outbox.size()) {
      to.take(worker.outbox[channel]);
    }
  }
}

std::vector<CommandBuffer*> Executor::command_buffers() {
  std::vector<CommandBuffer*> buffers;
  for (Worker& worker : workers_) {
    buffers.push_back(&worker.commands);
  }
  return buffers;
}

std::vector<RequestBuffer*> Executor::request_buffers() {
  std::vector<RequestBuffer*> buffers;
  for (Worker& worker : workers_) {
    buffers.push_back(&worker.requests);
  }
  return buffers;
}

std::vector<EdgeOrders*> Executor::edge_orders() {
  std::vector<EdgeOrders*> orders;
  for (Worker& worker : workers_) {
    orders.push_back(&worker.edge_orders);
  }
  return orders;
}

}  // namespace bw
