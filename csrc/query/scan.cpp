#include "query/scan.hpp"

#include <algorithm>
#include <cstring>

namespace bw {

QueryChunks::QueryChunks(const QueryPlan& plan, const Schema& schema,
                         std::span<const QuerySource> sources)
    : plan_(&plan), schema_(&schema) {
  for (const QuerySource& source : sources) {
    if (plan.of_cells) {
      add_cells(source);
    } else if (plan.ids) {
      add_ids(source);
    } else {
      for (std::uint32_t t = 0; t < source.store->table_count(); ++t) {
        add_table(source, source.store->table(t));
      }
    }
  }
}

bool QueryChunks::matches(const Table& table) const {
  const auto has = [&](ComponentId component) { return table.has(component); };
  return std::all_of(plan_->all.begin(), plan_->all.end(), has) &&
         std::none_of(plan_->none.begin(), plan_->none.end(), has) &&
         std::all_of(
             plan_->any.begin(), plan_->any.end(),
             [&](const auto& group) { return std::any_of(group.begin(), group.end(), has); }) &&
         (!plan_->with_place || place_column(table, *schema_));
}

void QueryChunks::add_rows(QueryRows rows) {
  if (plan_->with_place) {
    rows.place = place_column(*rows.table, *schema_).value();
  }
  const QueryRows whole = rows;
  for (std::size_t begin = 0; begin < whole.count; begin += kQueryChunk) {
    rows.count = std::min(kQueryChunk, whole.count - begin);
    rows.begin = whole.begin + begin;
    rows.rows = whole.rows != nullptr ? whole.rows + begin : nullptr;
    chunks_.push_back(rows);
  }
}

void QueryChunks::add_table(const QuerySource& source, const Table& table) {
  if (matches(table)) {
    add_rows({&table, source.rank, 0, table.size(), nullptr});
  }
}

void QueryChunks::add_cells(const QuerySource& source) {
  if (source.cells == nullptr || !matches(source.cells->table())) {
    return;
  }
  // Runs are as short as a tile is wide: their rows are listed, so that blocks are full.
  std::vector<std::uint32_t>& rows = listed_.emplace_back();
  rows.reserve(source.cells->owned_count());
  for (const CellRun& run : source.cells->owned_runs()) {
    for (std::uint32_t row = run.begin; row < run.end; ++row) {
      rows.push_back(row);
    }
  }
  const bool in_a_row = !rows.empty() && rows.back() - rows.front() + 1 == rows.size();
  add_rows({&source.cells->table(), source.rank, in_a_row ? rows.front() : 0, rows.size(),
            in_a_row ? nullptr : rows.data()});
}

void QueryChunks::add_ids(const QuerySource& source) {
  std::vector<Location> at(plan_->ids->size());
  source.store->find_all(*plan_->ids, at.data());
  std::erase_if(at, [&](const Location& one) {
    return one == kNowhere || !matches(source.store->table(one.table));
  });
  std::sort(at.begin(), at.end(), [](const Location& one, const Location& other) {
    return one.table != other.table ? one.table < other.table : one.row < other.row;
  });
  for (std::size_t begin = 0, end = 0; begin < at.size(); begin = end) {
    std::vector<std::uint32_t>& rows = listed_.emplace_back();
    for (; end < at.size() && at[end].table == at[begin].table; ++end) {
      rows.push_back(at[end].row);
    }
    add_rows({&source.store->table(at[begin].table), source.rank, 0, rows.size(), rows.data()});
  }
}

QueryScan::QueryScan(const QueryPlan& plan) : outputs_(plan.outputs) {
  for (const QueryProgram& program : plan.filters) {
    filters_.emplace_back(program);
  }
}

bool QueryScan::filter(QueryRows& block) {
  for (QueryMachine& machine : filters_) {
    machine.run(block);
    const std::byte* passes = machine.values(machine.result());
    std::size_t count = 0;
    for (std::size_t i = 0; i < block.count; ++i) {
      passed_[count] = static_cast<std::uint32_t>(block.row(i));
      count += static_cast<std::size_t>(passes[i]);
    }
    if (count == 0) {
      return false;
    }
    if (count < block.count) {
      block.count = count;
      block.rows = passed_.data();
    }
  }
  return true;
}

}  // namespace bw
