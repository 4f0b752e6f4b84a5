// What went wrong: which failure counts, and how it is told.
#include "schedule/failures.hpp"

#include <cmath>
#include <cstring>
#include <tuple>
#include <utility>

#include "base/errors.hpp"

namespace bw {
namespace {

template <class T>
void check_finite(const TableRun& run, const Column& column, const std::string& name,
                  std::size_t row, Worker& worker) {
  for (std::size_t k = 0; k < column.type().length; ++k) {
    T value;
    std::memcpy(&value, column.at(row) + k * sizeof(T), sizeof(T));
    if (!std::isfinite(value)) {
      // Signs of NaNs differ between processors.
      const std::string shown = std::isnan(value) ? "nan" : std::to_string(value);
      worker.keep({run.run->order, run.table->ids()[row], row, "it wrote " + shown + " to " + name,
                   BW_FAILED, Failure::Where::after, &run});
      return;
    }
  }
}

}  // namespace

void fail(const Failure& failure) {
  const TableRun& run = *failure.run;
  const Behavior& behavior = *run.run->behavior;
  const bool somewhere = failure.where == Failure::Where::somewhere;
  const std::string tick = std::to_string(run.around->tick);
  const std::string who = (behavior.of_cells ? "cell " : "entity ") + std::to_string(failure.id);
  throw RunError("behavior '" + behavior.name + "' failed " +
                     (somewhere ? "in tick " : "at " + who + ", tick ") + tick +
                     (failure.why.empty() ? "" : ": " + failure.why),
                 behavior.name, failure.id, run.around->tick, failure.code);
}

Failure failure_at(const TableRun& run, std::size_t row, std::string why, std::int32_t code) {
  return {run.run->order, run.table->ids()[row],  row, std::move(why),
          code,           Failure::Where::kernel, &run};
}

void check_fault(const TableRun& run, Worker& worker) {
  if (!worker.fault.empty()) {
    worker.keep({run.run->order, kNoEntity, 0, std::exchange(worker.fault, {}), BW_FAILED,
                 Failure::Where::somewhere, &run});
  }
}

void check_values(const TableRun& run, std::size_t begin, std::size_t end, Worker& worker) {
  for (std::size_t c = 0; c < run.table->column_count(); ++c) {
    const Column& column = run.table->column(c);
    if (!run.run->behavior->writes(run.table->column_key(c))) {
      continue;
    }
    for (std::size_t row = begin; row < end; ++row) {
      if (column.type().scalar == Scalar::f64) {
        check_finite<double>(run, column, run.table->column_name(c), row, worker);
      } else if (column.type().scalar == Scalar::f32) {
        check_finite<float>(run, column, run.table->column_name(c), row, worker);
      }
    }
  }
}

bool Failure::before(const Failure& other) const {
  // What cannot be told of an entity comes last: a row that fails says more.
  const auto key = [](const Failure& of) {
    return std::tuple(of.order, of.where == Where::somewhere, of.id);
  };
  return key(*this) != key(other) ? key(*this) < key(other) : why < other.why;
}

void Worker::note_fault(std::string what) {
  if (fault.empty() || what < fault) {
    fault = std::move(what);
  }
}

void Worker::keep(Failure found) {
  // Of one entity the first stays: it is the cause of those behind it.
  const bool same = failure && failure->order == found.order && failure->id == found.id &&
                    failure->where != Failure::Where::somewhere;
  if (!failure || (!same && found.before(*failure))) {
    failure = std::move(found);
  }
}

bool Worker::matters(const TableRun& table_run, EntityId id) const {
  if (!failure || table_run.run->order != failure->order) {
    return !failure || table_run.run->order < failure->order;
  }
  return failure->where == Failure::Where::somewhere || id < failure->id;
}

}  // namespace bw
