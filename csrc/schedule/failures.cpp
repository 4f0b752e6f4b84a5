// What went wrong: which failure counts, and how it is told.
#include "schedule/failures.hpp"

#include <cmath>
#include <cstring>
#include <functional>
#include <optional>
#include <tuple>
#include <utility>

#include "base/errors.hpp"

namespace bw {
namespace {

template <class T>
std::optional<std::string> not_finite(const FieldType& type, const std::byte* at) {
  for (std::size_t k = 0; k < type.length; ++k) {
    T value;
    std::memcpy(&value, at + k * sizeof(T), sizeof(T));
    if (!std::isfinite(value)) {
      return shown(static_cast<double>(value));
    }
  }
  return std::nullopt;
}

// The first number of a value that is not finite, as it is told.
std::optional<std::string> not_finite(const FieldType& type, const std::byte* at) {
  switch (type.scalar) {
    case Scalar::f64:
      return not_finite<double>(type, at);
    case Scalar::f32:
      return not_finite<float>(type, at);
    default:
      return std::nullopt;
  }
}

// Who ordered what, in a phase: looked at after all have run, when records are complete.
class OrderCheck {
 public:
  OrderCheck(const std::deque<TableRun>& runs, Worker& worker) : runs_(&runs), worker_(&worker) {}

  // One value of a record that an entity has filled; `what` tells what became of it.
  void look(std::uint32_t order, EntityId who, const FieldType& type, const std::byte* at,
            const std::function<std::string(const std::string&)>& what) {
    const auto found = not_finite(type, at);
    if (!found) {
      return;
    }
    for (const TableRun& run : *runs_) {
      if (run.run->order == order) {
        worker_->keep({order, who, 0, what(*found), BW_FAILED, Failure::Where::after, &run});
        return;
      }
    }
  }

 private:
  const std::deque<TableRun>* runs_;
  Worker* worker_;
};

void check_record(OrderCheck& check, const Surroundings& around, std::uint32_t order, EntityId who,
                  const RecordPlan& plan, const std::byte* record, const std::string& end) {
  for (std::size_t f = 0; f < plan.fields.size(); ++f) {
    check.look(order, who, around.schema->field(plan.fields[f]).type, record + plan.offsets[f],
               [&](const std::string& value) {
                 return "it wrote " + value + " to " + around.schema->label(plan.fields[f]) + end;
               });
  }
}

void check_commands(OrderCheck& check, const Surroundings& around, const CommandBuffer& commands) {
  for (const CommandBuffer::Birth& birth : commands.births()) {
    if (birth.record != CommandBuffer::kCancelled) {
      check_record(check, around, birth.behavior, birth.parent, around.plans[birth.plan],
                   commands.record(birth.record), " of an entity that it spawned");
    }
  }
  for (const CommandBuffer::Change& change : commands.changes()) {
    if (change.attach) {
      check_record(check, around, change.behavior, change.entity, around.plans[change.plan],
                   commands.record(change.record), ", which it attached");
    }
  }
}

void check_edges(OrderCheck& check, const Surroundings& around, const EdgeOrders& edges) {
  for (const EdgeOrder& order : edges.orders()) {
    const Graph& graph = around.graphs[order.graph];
    for (std::size_t f = 0; f < graph.field_count() && order.kind != EdgeOrder::Kind::remove; ++f) {
      if (order.kind == EdgeOrder::Kind::change && ((order.fields >> f) & 1U) == 0) {
        continue;
      }
      check.look(order.behavior, order.agent, graph.field(f).type,
                 edges.records().data() + order.record + graph.offset(f),
                 [&](const std::string& value) {
                   return "it wrote " + value + " to " + graph.name() + "." + graph.field(f).name +
                          " of an edge";
                 });
    }
  }
}

void check_events(OrderCheck& check, const EventList& sent) {
  const Channel& channel = sent.channel();
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const Stamp& stamp = sent.envelopes()[i].stamp;
    for (std::size_t f = 0; f < channel.fields().size(); ++f) {
      check.look(place_of_ordinal(stamp.ordinal) - 1, stamp.sender, channel.fields()[f].type,
                 sent.record(i) + channel.offset(f), [&](const std::string& value) {
                   return "it sent " + value + " as " + channel.label(f);
                 });
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

Failure failure_behind(const TableRun& run, std::int64_t row, std::string why) {
  const auto at = static_cast<std::size_t>(row);
  return {run.run->order, run.table->ids()[at],  at,  std::move(why),
          BW_FAILED,      Failure::Where::after, &run};
}

std::string shown(double value) {
  return std::isnan(value) ? "nan" : std::to_string(value);
}

void check_values(const TableRun& run, std::size_t begin, std::size_t end, Worker& worker) {
  for (std::size_t c = 0; c < run.table->column_count(); ++c) {
    const Column& column = run.table->column(c);
    if (!run.run->behavior->writes(run.table->column_key(c))) {
      continue;
    }
    for (std::size_t row = begin; row < end; ++row) {
      if (const auto value = not_finite(column.type(), column.at(row))) {
        worker.keep(failure_behind(run, static_cast<std::int64_t>(row),
                                   "it wrote " + *value + " to " + run.table->column_name(c)));
      }
    }
  }
}

void check_orders(const std::deque<TableRun>& runs, Worker& worker) {
  if (runs.empty()) {
    return;
  }
  const Surroundings& around = *runs.front().around;
  OrderCheck check(runs, worker);
  check_commands(check, around, worker.commands);
  check_edges(check, around, worker.edge_orders);
  for (const EventList& sent : worker.outbox) {
    check_events(check, sent);
  }
}

bool Failure::before(const Failure& other) const {
  // What cannot be told of an entity comes last: a row that fails says more.
  const auto key = [](const Failure& of) {
    return std::tuple(of.order, of.where == Where::somewhere, of.id);
  };
  return key(*this) != key(other) ? key(*this) < key(other) : why < other.why;
}

void Worker::keep(Failure found) {
  if (failure && run != nullptr && run->live != nullptr) {
    return;  // agents act in turn: the first to fail comes first
  }
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
