// The executor: runs the behaviors of a phase over one rank's tables, in ranges of rows over the
// threads of a pool. Which thread runs which range is never observable.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "base/thread_pool.hpp"
#include "ecs/store.hpp"
#include "schedule/cost_meter.hpp"
#include "schedule/worker.hpp"

namespace bw {

class Executor {
 public:
  explicit Executor(ThreadPool& pool)
      : pool_(&pool), workers_(static_cast<std::size_t>(pool.threads())) {}

  // Runs all behaviors of a phase; each sees the state at its start, as far as it reads others.
  // Rows that fail do not keep others from running that might fail before them (first_failure).
  void run(std::span<const BehaviorRun> runs, Store& store, const Surroundings& around);

  // What went wrong in the last run: the failure of the first behavior's lowest entity, on any
  // number of threads; or nothing. It points into what was run.
  const Failure* first_failure() const;

  // Throws the RunError of a failure of the last run, after its row has been explained.
  [[noreturn]] void raise(const Failure& found);

  // Runs one sequential behavior on the live state, agent after agent.
  void run_live(const BehaviorRun& run, Store& store, const Surroundings& around, LiveWorld& live);
  // The same in steps: false where no agent acts; then agents act in the order of their turns. What
  // stops them at once is thrown, the rest is in first_failure().
  bool begin_live(const BehaviorRun& run, Store& store, const Surroundings& around,
                  LiveWorld& live);
  void act_live(LiveWorld& live, std::span<const std::uint32_t> turns);

  ThreadPool& pool() { return *pool_; }
  std::vector<CommandBuffer*> command_buffers();
  std::vector<RequestBuffer*> request_buffers();
  std::vector<EdgeOrders*> edge_orders();

  // Drops all that was ordered, asked for and sent.
  void forget();

  // Moves what was sent to a channel since the last call to the end of a list.
  void collect_events(ChannelId channel, EventList& to);

 private:
  static void call_live(const TableRun& run, Worker& worker, LiveWorld& live,
                        std::span<const std::uint32_t> rows);
  struct Task {
    const TableRun* run;
    std::size_t begin;  // rows; or spans of rows
    std::size_t end;
  };

  void open_tables(const BehaviorRun& run, Store& store, const Surroundings& around);
  TableRun& open(const BehaviorRun& run, Table& table, const Surroundings& around);
  void note_homes_of_movers();
  static std::optional<std::span<const bw_span>> listed_spans(const TableRun& run);
  void find_waiting(TableRun& run) const;
  void cut(const TableRun& run, std::vector<Task>& tasks) const;
  void run_tasks(const std::vector<Task>& shared, const std::vector<Task>& alone);
  void run_metered(const std::vector<Task>& shared, const std::vector<Task>& alone);
  void work(const Task& task, Worker& worker);
  std::vector<CostMeter::RowsOfTiles> count_by_tile(std::span<const Task> tasks);
  void work_metered(const Task& task, const CostMeter::RowsOfTiles& rows, int thread);
  void call_in_pieces(const TableRun& run, Worker& worker, std::size_t begin, std::size_t end);
  void call_kernel(const TableRun& run, Worker& worker, std::size_t begin, std::size_t end);
  std::size_t call_on_range(const TableRun& run, Worker& worker, std::size_t begin,
                            std::size_t end);
  void call_on_spans(const TableRun& run, Worker& worker, std::span<const bw_span> spans);

  ThreadPool* pool_;
  std::vector<Worker> workers_;
  std::deque<TableRun> table_runs_;  // of the phase in hand
};

}  // namespace bw
