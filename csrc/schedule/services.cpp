// Services of synchronous behaviors: searches in the packed indices, and orders that are carried
// out at the phase's end.
#include "schedule/services.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/math_services.hpp"
#include "base/philox.hpp"
#include "schedule/along_edges.hpp"
#include "schedule/failures.hpp"
#include "schedule/gradient.hpp"
#include "schedule/live_world.hpp"
#include "schedule/worker.hpp"

namespace bw {
namespace {

Worker& worker_of(bw_call* call) {
  return *static_cast<Worker*>(call->engine);
}

void publish(bw_hits& to, const Hits& hits) {
  to.count = hits.count;
  to.slots = hits.slots.data();
  for (std::size_t a = 0; a < kAxes; ++a) {
    to.offset[a] = hits.offset[a].data();
  }
  to.distance2 = hits.distance2.data();
}

// The hits of one row as a block of one.
std::int64_t publish_block_of_one(bw_call* call, Hits& hits) {
  hits.starts.assign({0, static_cast<std::uint32_t>(hits.count)});
  publish(call->rows_hits, hits);
  call->hit_starts = hits.starts.data();
  return 1;
}

// Cells around a cell: halo rows stand in for what lies beyond the box; cells outside the world are
// no neighbours.
void gather_cells(const CellLayer& cells, const ReachView& reach, std::int64_t row, Hits& hits) {
  const bool odd = cells.is_odd(static_cast<std::size_t>(row));
  const bw_stencil& stencil = reach.whole_stencils[odd ? 1 : 0];
  hits.reserve(static_cast<std::size_t>(stencil.count));
  std::size_t count = 0;
  for (std::int64_t k = 0; k < stencil.count; ++k) {
    const auto slot = static_cast<std::uint32_t>(row + stencil.steps[k]);
    for (std::size_t a = 0; a < kAxes; ++a) {
      hits.offset[a][count] = stencil.offset[a][k];
    }
    hits.slots[count] = slot;
    hits.distance2[count] = stencil.distance2[k];
    count += static_cast<std::size_t>(reach.ids[slot] != CellLayer::kNoCell);
  }
  hits.count = static_cast<std::int64_t>(count);
}

// The agents in the cells around a row's, for behaviors that might look at the cells themselves.
// The place of the others is not told: such behaviors do not ask for it.
void gather_occupants(const TableRun& run, std::size_t reach, std::int64_t row, Hits& hits) {
  const bw_occupants& there = run.occupants[reach];
  std::array<std::int32_t, kAxes> at{};
  const auto dims = static_cast<std::size_t>(run.around->domain->dims);
  std::memcpy(at.data(), there.places.data + row * there.places.stride, dims * sizeof(at[0]));
  std::int64_t cell = there.origin;
  for (std::size_t a = 0; a < dims; ++a) {
    cell += at[a] * there.strides[a];
  }
  const std::int64_t* neighbors = (at[1] & 1) != 0 ? there.odd_neighbors : there.neighbors;
  hits.reserve(static_cast<std::size_t>(there.neighbor_count));
  std::size_t count = 0;
  for (std::int64_t k = 0; k < there.neighbor_count; ++k) {
    const std::int64_t other = cell + neighbors[k];
    hits.slots[count] = static_cast<std::uint32_t>(other);
    count += there.occupied[other] != 0 ? 1 : 0;
  }
  hits.count = static_cast<std::int64_t>(count);
}

Center center_of(const TableRun& run, std::size_t reach, std::size_t row) {
  const NeighborIndex& index = *run.run->reaches[reach].index;
  if (run.slots[reach] != nullptr) {
    return center_of_slot(index, run.slots[reach][row], run.slot_cells[reach][row]);
  }
  if (run.run->behavior->of_cells) {
    return center_of_place(index, run.around->cells->place_of_cell(run.table->ids()[row]));
  }
  const Column& column = run.table->column(*run.position);
  return center_of_place(index, PlaceColumn{column.at(row), 0}.at(*run.around->domain, 0));
}

void search_row(const Worker& worker, std::int64_t which, std::int64_t row, Hits& hits) {
  const auto k = static_cast<std::size_t>(which);
  const ReachView& reach = worker.run->run->reaches[k];
  if (reach.occupants != nullptr) {
    gather_occupants(*worker.run, k, row, hits);
  } else if (reach.index != nullptr) {
    reach.search(*reach.index, center_of(*worker.run, k, static_cast<std::size_t>(row)),
                 reach.radius, hits);
  } else {
    gather_cells(*worker.run->around->cells, reach, row, hits);
  }
}

std::int64_t gather(bw_call* call, std::int64_t which, std::int64_t row) {
  Worker& worker = worker_of(call);
  if (worker.run->run->reaches[static_cast<std::size_t>(which)].graph != nullptr) {
    return gather_along_edges(worker, static_cast<std::size_t>(which), row);
  }
  search_row(worker, which, row, worker.hits);
  publish(call->hits, worker.hits);
  return worker.hits.count;
}

std::int64_t gather_rows(bw_call* call, std::int64_t which, std::int64_t first,
                         std::int64_t count) {
  Worker& worker = worker_of(call);
  const auto k = static_cast<std::size_t>(which);
  const ReachView& reach = worker.run->run->reaches[k];
  const TableRun& run = *worker.run;
  if (reach.graph != nullptr) {
    return gather_row_along_edges(worker, k, first);
  }
  if (reach.search_block == nullptr || run.slots[k] == nullptr) {
    search_row(worker, which, first, worker.rows_hits);
    return publish_block_of_one(call, worker.rows_hits);
  }
  const Searchers searchers{run.slots[k] + first, run.slot_cells[k] + first,
                            static_cast<std::size_t>(count)};
  const std::size_t done =
      reach.search_block(*reach.index, searchers, reach.radius, worker.rows_hits);
  publish(call->rows_hits, worker.rows_hits);
  call->hit_starts = worker.rows_hits.starts.data();
  return static_cast<std::int64_t>(done);
}

std::int64_t gather_slots(bw_call* call, std::int64_t which, std::int64_t first,
                          std::int64_t count) {
  Worker& worker = worker_of(call);
  const auto k = static_cast<std::size_t>(which);
  const ReachView& reach = worker.run->run->reaches[k];
  const TableRun& run = *worker.run;
  Hits& hits = worker.rows_hits;
  std::size_t done = 1;
  if (run.slots[k] == nullptr) {
    const Center center = center_of(run, k, static_cast<std::size_t>(first));
    reach.search(*reach.index, center, reach.radius, hits);
    publish_block_of_one(call, hits);
    hits.centers.assign(center.place.begin(), center.place.end());
  } else {
    const Searchers searchers{run.slots[k] + first, run.slot_cells[k] + first,
                              static_cast<std::size_t>(count)};
    done = reach.search_slots(*reach.index, searchers, reach.radius, hits);
    publish(call->rows_hits, hits);
    call->hit_starts = hits.starts.data();
  }
  call->hit_centers = hits.centers.data();
  return static_cast<std::int64_t>(done);
}

std::int64_t gather_live(bw_call* call, std::int64_t which, std::int64_t row) {
  Worker& worker = worker_of(call);
  const auto k = static_cast<std::size_t>(which);
  if (worker.run->run->reaches[k].graph != nullptr) {
    return gather_along_edges(worker, k, row);
  }
  if (worker.run->run->reaches[k].occupants != nullptr) {
    gather_occupants(*worker.run, k, row, worker.hits);
  } else {
    worker.run->live->search(k, static_cast<std::uint32_t>(row), worker.hits);
  }
  publish(call->hits, worker.hits);
  return worker.hits.count;
}

std::int64_t gather_rows_live(bw_call* call, std::int64_t which, std::int64_t first, std::int64_t) {
  Worker& worker = worker_of(call);
  if (worker.run->run->reaches[static_cast<std::size_t>(which)].graph != nullptr) {
    return gather_row_along_edges(worker, static_cast<std::size_t>(which), first);
  }
  worker.run->live->search(static_cast<std::size_t>(which), static_cast<std::uint32_t>(first),
                           worker.rows_hits);
  return publish_block_of_one(call, worker.rows_hits);
}

char* spawn(bw_call* call, std::int64_t effect, std::int64_t row) {
  Worker& worker = worker_of(call);
  const TableRun& run = *worker.run;
  const std::uint32_t plan = run.run->first_plan + static_cast<std::uint32_t>(effect);
  const auto at = static_cast<std::size_t>(row);
  const TileId home = run.home.empty() ? home_of(run, at) : run.home[at];
  std::byte* record = worker.commands.spawn(run.table->ids()[at], home, plan, run.run->order,
                                            run.around->plans[plan]);
  return reinterpret_cast<char*>(record);
}

void order_end(Worker& worker, std::int64_t row) {
  const TableRun& run = *worker.run;
  worker.commands.despawn(run.table->ids()[static_cast<std::size_t>(row)],
                          {run.number, static_cast<std::uint32_t>(row)});
}

void despawn(bw_call* call, std::int64_t row) {
  Worker& worker = worker_of(call);
  if (worker.run->run->behavior->of_cells) {
    worker.keep(
        failure_behind(*worker.run, row, "it ordered the end of a cell; only agents can end"));
    return;
  }
  if (const auto& owner = worker.run->table->owner(); owner && !owner->ends_by_order) {
    worker.keep(failure_behind(
        *worker.run, row,
        "it ordered the end of an entity of " + owner->name + ", which ends its entities itself"));
    return;
  }
  order_end(worker, row);
}

void despawn_live(bw_call* call, std::int64_t row) {
  Worker& worker = worker_of(call);
  order_end(worker, row);
  worker.run->live->leave(static_cast<std::uint32_t>(row));
}

char* attach(bw_call* call, std::int64_t effect, std::int64_t row) {
  Worker& worker = worker_of(call);
  const TableRun& run = *worker.run;
  const auto spawns = static_cast<std::uint32_t>(run.run->behavior->spawns.size());
  const std::uint32_t plan = run.run->first_plan + spawns + static_cast<std::uint32_t>(effect);
  std::byte* record = worker.commands.attach(run.table->ids()[static_cast<std::size_t>(row)], plan,
                                             run.run->order, run.around->plans[plan]);
  return reinterpret_cast<char*>(record);
}

void detach(bw_call* call, std::int64_t effect, std::int64_t row) {
  Worker& worker = worker_of(call);
  const TableRun& run = *worker.run;
  const auto spawns = static_cast<std::uint32_t>(run.run->behavior->spawns.size());
  worker.commands.detach(run.table->ids()[static_cast<std::size_t>(row)],
                         run.run->first_plan + spawns + static_cast<std::uint32_t>(effect),
                         run.run->order);
}

Place place_from(const bw_call* call, const double* place) {
  Place at{};
  for (std::size_t a = 0; a < kAxes; ++a) {
    at[a] = call->extent[a] > 0.0 ? place[a] : 0.0;
  }
  return at;
}

// The global cell at a place, or -1.
std::int64_t cell_of_place(bw_call* call, const Surroundings& around, const double* place) {
  const Domain& domain = *around.domain;
  if (domain.integral() && domain.dims == 2 && place[0] >= 0.0 && place[0] < domain.size[0] &&
      place[1] >= 0.0 && place[1] < domain.size[1]) {
    return static_cast<std::int64_t>(place[1]) * around.lattice.cells[0] +
           static_cast<std::int64_t>(place[0]);
  }
  return cell_at(around.lattice, *around.domain, place_from(call, place));
}

void claim(bw_call* call, std::int64_t effect, std::int64_t row, const double* place,
           std::int64_t count) {
  Worker& worker = worker_of(call);
  const TableRun& run = *worker.run;
  const std::int64_t cell = cell_of_place(call, *run.around, place);
  if (cell < 0 || count <= 0) {
    return;  // nothing lies outside the world: nothing is granted
  }
  worker.requests.claims.push_back({static_cast<std::uint64_t>(cell),
                                    run.table->ids()[static_cast<std::size_t>(row)],
                                    run.run->first_claim + static_cast<std::uint32_t>(effect),
                                    static_cast<std::uint32_t>(std::min<std::int64_t>(
                                        count, std::numeric_limits<std::uint32_t>::max())),
                                    {run.number, static_cast<std::uint32_t>(row)}});
}

void claim_live(bw_call* call, std::int64_t effect, std::int64_t row, const double* place,
                std::int64_t count) {
  Worker& worker = worker_of(call);
  LiveWorld& live = *worker.run->live;
  const auto at = static_cast<std::uint32_t>(row);
  const Place there = place_from(call, place);
  if (count > 0 && !live.may_claim(at, there)) {
    worker.keep(failure_behind(*worker.run, row, "it claimed " + live.tell_reach()));
  } else if (count > 0) {
    live.claim(static_cast<std::size_t>(effect), at, there, count, worker.commands);
  }
}

void deposit(bw_call* call, std::int64_t effect, std::int64_t row, const double* place,
             double amount) {
  Worker& worker = worker_of(call);
  const TableRun& run = *worker.run;
  const std::int64_t cell =
      cell_at(run.around->lattice, *run.around->domain, place_from(call, place));
  if (!(std::abs(amount) < kMostDeposit)) {
    worker.keep(failure_behind(
        run, row,
        "it deposited " + shown(amount) + "; an amount is a finite number below 2^31 in size"));
    return;
  }
  if (cell < 0) {
    return;  // what is put beyond the edge of the world is gone
  }
  // Rounded to fixed point before it is summed: sums of whole numbers do not depend on their order.
  worker.requests.deposits.push_back(
      {static_cast<std::uint64_t>(cell),
       static_cast<std::int64_t>(std::nearbyint(amount / kDepositUnit)),
       run.run->first_deposit + static_cast<std::uint32_t>(effect), 0});
}

std::int64_t cell_row(bw_call* call, std::int64_t, const double* place) {
  const Surroundings& around = *worker_of(call).run->around;
  Place at = place_from(call, place);
  if (around.domain->periodic) {
    for (std::size_t a = 0; a < kAxes; ++a) {
      at[a] = around.domain->size[a] > 0.0 ? wrap_coordinate(at[a], around.domain->size[a]) : 0.0;
    }
  }
  return around.cells != nullptr ? around.cells->row_at(at) : -1;
}

std::int32_t gradient(bw_call* call, std::int64_t which, std::int64_t column, const double* place,
                      double* gradient) {
  const TableRun& run = *worker_of(call).run;
  const std::int64_t row = cell_row(call, which, place);
  if (row < 0) {
    return BW_FAILED;
  }
  const CellLayer& cells = *run.around->cells;
  const auto argument = static_cast<std::size_t>(which);
  const auto field = static_cast<std::size_t>(column);
  const FieldKey key = run.run->behavior->cells[argument].fields[field];
  const Scalar scalar = cells.table().column(cells.table().find_column(key).value()).type().scalar;
  find_gradient({&cells, scalar, run.run->cell_columns[argument][field]}, row, gradient);
  return BW_OK;
}

void write_place(bw_call* call, const Surroundings& around, std::uint32_t cell) {
  const std::array<std::uint32_t, kAxes> at = place_of_cell(around.lattice, cell);
  std::copy(at.begin(), at.end(), call->place);
}

std::int64_t random_empty(bw_call* call, std::uint64_t word) {
  const Surroundings& around = *worker_of(call).run->around;
  if (around.empty_cells.empty()) {
    return -1;
  }
  write_place(call, around, around.empty_cells[scale_word(word, around.empty_cells.size())]);
  return 0;
}

std::int64_t random_empty_live(bw_call* call, std::uint64_t word) {
  Worker& worker = worker_of(call);
  const EmptyCells& empty = worker.run->live->empty_cells();
  if (empty.size() == 0) {
    return -1;
  }
  write_place(call, *worker.run->around,
              static_cast<std::uint32_t>(empty.at(scale_word(word, empty.size()))));
  return 0;
}

char* send(bw_call* call, std::int64_t effect, std::int64_t row, std::uint64_t target,
           std::int64_t delay) {
  Worker& worker = worker_of(call);
  const TableRun& run = *worker.run;
  EventList& outbox = worker.outbox[run.run->behavior->sends[static_cast<std::size_t>(effect)]];
  const std::string& name = outbox.channel().name();
  if (delay < 0 || delay > kMostDelay) {
    worker.refusal = "an event " + name + " can be sent 0 to " + std::to_string(kMostDelay) +
                     " ticks after; found " + std::to_string(delay);
    return nullptr;
  }
  if (outbox.full()) {
    worker.refusal = "more than " + std::to_string(outbox.size()) + " events " + name +
                     " are on their way, the limit";
    return nullptr;
  }
  const EntityId sender = run.table->ids()[static_cast<std::size_t>(row)];
  std::byte* record = outbox.post(sender, target, call->tick, delay, run.run->order + 1);
  return reinterpret_cast<char*>(record + sizeof(EntityId));
}

bw_inbox as_inbox(Letters letters, std::size_t stride) {
  return {static_cast<std::int64_t>(letters.size()), reinterpret_cast<const char*>(letters.records),
          static_cast<std::int64_t>(stride)};
}

bw_inbox inbox(bw_call* call, std::int64_t which, std::int64_t row) {
  Worker& worker = worker_of(call);
  const TableRun& run = *worker.run;
  const Delivery& delivery = *run.run->inboxes[static_cast<std::size_t>(which)];
  const Letters own = delivery.to_row(run.number, static_cast<std::size_t>(row));
  const Letters everyone = delivery.to_everyone();
  if (own.size() == 0 || everyone.size() == 0) {
    return as_inbox(own.size() == 0 ? everyone : own, delivery.stride());
  }
  // Kernels ask again for every event: what was merged for a row stays until another row asks.
  MergedInbox& merged = worker.merged[static_cast<std::size_t>(which)];
  if (merged.row != row) {
    merged.count = merge(own, everyone, delivery.stride(), merged.records);
    merged.row = row;
  }
  return {static_cast<std::int64_t>(merged.count),
          reinterpret_cast<const char*>(merged.records.data()),
          static_cast<std::int64_t>(delivery.stride())};
}

std::int32_t commit(bw_call*, std::int64_t) {
  return BW_OK;
}

std::int32_t commit_live(bw_call* call, std::int64_t row) {
  return worker_of(call).run->live->commit(static_cast<std::uint32_t>(row)) ? BW_OK : BW_FAILED;
}

bw_services make_synchronous() {
  bw_services services{};
  fill_math_services(services);
  services.gather = gather;
  services.gather_rows = gather_rows;
  services.gather_slots = gather_slots;
  services.spawn = spawn;
  services.despawn = despawn;
  services.attach = attach;
  services.detach = detach;
  services.claim = claim;
  services.deposit = deposit;
  services.send = send;
  services.inbox = inbox;
  services.cell_at = cell_row;
  services.gradient = gradient;
  services.random_empty = random_empty;
  services.commit = commit;
  services.link = link_service;
  services.unlink = unlink_service;
  return services;
}

bw_services make_sequential(bool commits) {
  bw_services services = make_synchronous();
  services.gather = gather_live;
  services.gather_rows = gather_rows_live;
  services.gather_slots = nullptr;
  services.despawn = despawn_live;
  services.claim = claim_live;
  services.random_empty = random_empty_live;
  services.commit = commits ? commit_live : commit;
  return services;
}

}  // namespace

const bw_services& synchronous_services() {
  static const bw_services services = make_synchronous();
  return services;
}

const bw_services& sequential_services(bool commits) {
  static const bw_services with = make_sequential(true);
  static const bw_services without = make_sequential(false);
  return commits ? with : without;
}

}  // namespace bw
