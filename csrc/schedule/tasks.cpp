// Tasks: how the rows that behaviors go over are cut into ranges for the threads, and how their
// time is taken.
#include <algorithm>

#include "schedule/cost_meter.hpp"
#include "schedule/executor.hpp"

namespace bw {
namespace {

constexpr std::size_t kRowsPerTask = 4096;
constexpr std::size_t kLeastRowsPerTask = 64;

}  // namespace

// Behaviors over cells, and those that run on events, go over lists of spans of rows; others over
// all rows.
std::optional<std::span<const bw_span>> Executor::listed_spans(const TableRun& run) {
  if (run.run->behavior->on_inbox) {
    return run.waiting;
  }
  if (run.run->behavior->of_cells) {
    return run.around->spans->spans();
  }
  return std::nullopt;
}

// The rows that a behavior which runs on events goes over: all where there are events to everyone.
void Executor::find_waiting(TableRun& run) const {
  const Behavior& behavior = *run.run->behavior;
  if (!behavior.on_inbox) {
    return;
  }
  const Delivery& delivery = *run.run->inboxes[*behavior.on_inbox];
  if (delivery.to_everyone().size() > 0) {
    const std::span<const bw_span> owned =
        behavior.of_cells ? run.around->spans->spans() : std::span<const bw_span>{};
    run.waiting.assign(owned.begin(), owned.end());
    if (!behavior.of_cells) {
      run.waiting.push_back({0, static_cast<std::int64_t>(run.table->size()), 0});
    }
    return;
  }
  for (const std::uint32_t row : delivery.rows_with_letters(run.number)) {
    if (behavior.of_cells) {
      run.around->spans->cut({row, row + 1}, run.waiting);
    } else if (!run.waiting.empty() && run.waiting.back().end == row) {
      ++run.waiting.back().end;
    } else {
      run.waiting.push_back({row, row + std::int64_t{1}, 0});
    }
  }
}

void Executor::cut(const TableRun& run, std::vector<Task>& tasks) const {
  if (const auto listed = listed_spans(run)) {
    const std::span<const bw_span> spans = *listed;
    std::size_t begin = 0;
    std::int64_t rows = 0;
    for (std::size_t i = 0; i < spans.size(); ++i) {
      rows += spans[i].end - spans[i].begin;
      if (rows >= static_cast<std::int64_t>(kRowsPerTask) || i + 1 == spans.size()) {
        tasks.push_back({&run, begin, i + 1});
        begin = i + 1;
        rows = 0;
      }
    }
    return;
  }
  const std::size_t rows = run.table->size();
  if (run.run->behavior->cut != Cut::usual) {
    tasks.push_back({&run, 0, rows});
    return;
  }
  const std::size_t fair = rows / (4 * workers_.size()) + 1;
  const std::size_t step = std::clamp(fair, kLeastRowsPerTask, kRowsPerTask);
  for (std::size_t begin = 0; begin < rows; begin += step) {
    tasks.push_back({&run, begin, std::min(rows, begin + step)});
  }
}

// What stands where, before any behavior of the phase runs: another one may move the same rows.
std::vector<CostMeter::RowsOfTiles> Executor::count_by_tile(std::span<const Task> tasks) {
  std::vector<CostMeter::RowsOfTiles> counted(tasks.size());
  pool_->parallel_for(tasks.size(), [&](std::size_t i, int) {
    const Task& task = tasks[i];
    if (const auto spans = listed_spans(*task.run)) {
      for (const bw_span& span : spans->subspan(task.begin, task.end - task.begin)) {
        CostMeter::count(*task.run, static_cast<std::size_t>(span.begin),
                         static_cast<std::size_t>(span.end), counted[i]);
      }
    } else {
      CostMeter::count(*task.run, task.begin, task.end, counted[i]);
    }
  });
  return counted;
}

void Executor::work_metered(const Task& task, const CostMeter::RowsOfTiles& rows, int thread) {
  task.run->around->meter->charge(thread, rows,
                                  [&] { work(task, workers_[static_cast<std::size_t>(thread)]); });
}

}  // namespace bw
