// Running a sequential behavior: the kernel is given all rows in the order of their turns.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "schedule/executor.hpp"
#include "schedule/failures.hpp"
#include "schedule/live_world.hpp"
#include "schedule/places.hpp"
#include "schedule/services.hpp"

namespace bw {
namespace {

// Those of some rows, in their order, that have events in the inbox on which the behavior runs.
std::vector<std::uint32_t> with_events(const TableRun& run, std::span<const std::uint32_t> rows) {
  const Delivery& delivery = *run.run->inboxes[*run.run->behavior->on_inbox];
  std::vector<std::uint32_t> found;
  for (const std::uint32_t row : rows) {
    if (delivery.to_everyone().size() > 0 || delivery.to_row(run.number, row).size() > 0) {
      found.push_back(row);
    }
  }
  return found;
}

std::size_t turn_of(std::span<const std::uint32_t> rows, std::size_t row) {
  return static_cast<std::size_t>(std::find(rows.begin(), rows.end(), row) - rows.begin());
}

// The places of rows that have acted, in the order of their turns. Most are where they may be,
// which is quicker to see in the order of memory.
void settle_turns(const TableRun& run, std::span<const std::uint32_t> rows) {
  std::string why;
  const std::size_t size = run.table->size();
  if (rows.size() == size && first_outside(run, 0, size) == size) {
    return;
  }
  for (const std::uint32_t row : rows) {
    if (settle_places(run, row, row + 1, why) == row) {
      fail(failure_at(run, row, why, BW_FAILED));
    }
  }
}

// A kernel that takes ranges of rows, for rows in the order of their turns.
std::int32_t call_one_by_one(const TableRun& run, Worker& worker, LiveWorld& live,
                             std::span<const std::uint32_t> rows) {
  worker.call.order = nullptr;
  for (const std::uint32_t row : rows) {
    const std::int32_t status = run.run->behavior->kernel(&worker.call, row, std::int64_t{row} + 1);
    if (status != BW_OK || (live.needs_commits() && !live.commit(row))) {
      worker.call.failed_row = row;
      return status != BW_OK ? status : BW_FAILED;
    }
  }
  return BW_OK;
}

// Runs a failed row again in Python, to learn why it failed.
void explain(const Behavior& behavior, bw_call& call, std::uint32_t row) {
  if (behavior.turns_in_claims_only) {
    behavior.explain(&call, row, std::int64_t{row} + 1);
    return;
  }
  call.order = &row;
  behavior.explain(&call, 0, 1);
}

// Of places that are looked at only when all have acted, the first that is wrong in the order of
// turns comes before what failed behind it.
void settle_acted(const TableRun& run, const LiveWorld& live, std::span<const std::uint32_t> rows,
                  bool committed) {
  if (!run.moves) {
    return;
  }
  const std::optional<std::uint32_t> far = live.first_strayed(rows);
  if (!committed) {
    settle_turns(run, far ? rows.first(turn_of(rows, *far)) : rows);
  }
  if (far) {
    fail(failure_at(run, *far, "it went " + live.tell_reach(), BW_FAILED));
  }
}

}  // namespace

void Executor::run_live(const BehaviorRun& run, Store& store, const Surroundings& around,
                        LiveWorld& live) {
  if (!begin_live(run, store, around, live)) {
    return;
  }
  act_live(live, live.turns());
}

bool Executor::begin_live(const BehaviorRun& run, Store& store, const Surroundings& around,
                          LiveWorld& live) {
  table_runs_.clear();
  open_tables(run, store, around);
  note_homes_of_movers();
  workers_.front().failure.reset();
  return live.begin(table_runs_);
}

void Executor::act_live(LiveWorld& live, std::span<const std::uint32_t> turns) {
  const BehaviorRun& run = *live.in_hand().run;
  Worker& worker = workers_.front();
  std::vector<std::uint32_t> waiting;
  live.act(turns, [&](const TableRun& table_run, const std::uint32_t* rows, std::size_t count) {
    if (run.behavior->on_inbox) {
      waiting = with_events(table_run, {rows, count});
      rows = waiting.data();
      count = waiting.size();
    }
    call_live(table_run, worker, live, {rows, count});
  });
  if (table_runs_.front().around->check_values) {
    check_orders(table_runs_, worker);
  }
  if (worker.failure) {
    fail(*std::exchange(worker.failure, std::nullopt));  // others may have turns after this
  }
}

// Calls the kernel on rows, which act one after another.
void Executor::call_live(const TableRun& run, Worker& worker, LiveWorld& live,
                         std::span<const std::uint32_t> rows) {
  const Behavior& behavior = *run.run->behavior;
  const bool commits = live.needs_commits();
  worker.enter(run, sequential_services(commits));
  worker.call.order = rows.data();
  const std::int32_t status =
      behavior.turns_in_claims_only
          ? call_one_by_one(run, worker, live, rows)
          : behavior.kernel(&worker.call, 0, static_cast<std::int64_t>(rows.size()));
  const auto row = static_cast<std::size_t>(std::max<std::int64_t>(worker.call.failed_row, 0));
  const std::span<const std::uint32_t> acted =
      rows.first(status == BW_OK ? rows.size() : turn_of(rows, row));
  settle_acted(run, live, acted, commits);
  if (status != BW_OK && !worker.failure) {  // else a service could not do what was asked before
    if (behavior.explain != nullptr && live.reason().empty()) {
      explain(behavior, worker.call, static_cast<std::uint32_t>(row));
    }
    fail(failure_at(run, row, live.reason().empty() ? worker.refusal : live.reason(), status));
  }
  if (run.around->check_values) {
    std::for_each(rows.begin(), rows.end(),
                  [&](std::uint32_t at) { check_values(run, at, at + 1, worker); });
  }
}

}  // namespace bw
