#include "query/rows.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>

#include "base/errors.hpp"
#include "base/strided.hpp"

namespace bw {
namespace {

// The places of a block's values in an order. Zeros of both signs are one; NaN comes last both
// ways.
void append_places(const QueryMachine& outputs, const QueryOrder& order, std::size_t count,
                   std::vector<std::uint64_t>& to) {
  const std::byte* values = outputs.values(order.by);
  const QueryType type = outputs.type(order.by);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t bits = 0;
    if (type == QueryType::truth) {
      bits = static_cast<std::uint64_t>(values[i]);
    } else {
      std::memcpy(&bits, values + i * 8, 8);
    }
    if (type == QueryType::real) {
      const auto real = std::bit_cast<double>(bits);
      bits = ordered_bits(real == 0.0 ? 0.0 : real);
      if (bits == kNanIsLast) {
        to.push_back(bits);
        continue;
      }
    } else if (type == QueryType::whole) {
      bits = ordered_bits(static_cast<std::int64_t>(bits));
    }
    to.push_back(order.descending ? ~bits : bits);
  }
}

// The values of a field at some rows, one behind the other.
void append_field(const QueryRows& rows, const Column& column, std::vector<std::byte>& to) {
  const std::size_t size = column.value_size();
  const std::size_t before = to.size();
  to.resize(before + rows.count * size);
  std::byte* out = to.data() + before;
  for_value_size(size, [&](auto constant) {
    const std::size_t bytes = constant;
    for (std::size_t i = 0; i < rows.count; ++i) {
      std::memcpy(out + i * bytes, column.at(rows.row(i)), bytes);
    }
  });
}

class RowFinder {
 public:
  RowFinder(const QueryPlan& plan, const Schema& schema)
      : plan_(plan), sizes_(column_sizes(plan, schema)) {
    row_bytes_ = 8 * (1 + plan.order.size()) + std::accumulate(sizes_.begin(), sizes_.end(), 0ul);
  }

  FoundRows empty() const {
    FoundRows found;
    found.order.resize(plan_.order.size());
    found.columns.resize(plan_.columns.size());
    return found;
  }

  void take(const QueryRows& rows, const QueryMachine& outputs, FoundRows& to) const {
    for (std::size_t i = 0; i < rows.count; ++i) {
      to.ids.push_back(rows.table->ids()[rows.row(i)]);
    }
    for (std::size_t k = 0; k < plan_.order.size(); ++k) {
      append_places(outputs, plan_.order[k], rows.count, to.order[k]);
    }
    for (std::size_t c = 0; c < plan_.columns.size(); ++c) {
      const QueryColumn& column = plan_.columns[c];
      std::vector<std::byte>& out = to.columns[c];
      if (column.what == QueryColumn::What::field) {
        append_field(rows, rows.table->column(rows.table->find_column(column.field).value()), out);
      } else if (column.what == QueryColumn::What::value) {
        const std::byte* values = outputs.values(column.value);
        out.insert(out.end(), values, values + rows.count * sizes_[c]);
      } else {
        const auto* ids =
            reinterpret_cast<const std::byte*>(to.ids.data() + to.ids.size() - rows.count);
        out.insert(out.end(), ids, ids + rows.count * 8);
      }
    }
  }

  // Keeps the first `limit` rows behind `after`, in the order.
  FoundRows in_order(FoundRows found) const {
    std::vector<std::uint32_t> rows;
    rows.reserve(found.ids.size());
    for (std::uint32_t row = 0; row < found.ids.size(); ++row) {
      if (plan_.after.empty() || comes_after(found, row)) {
        rows.push_back(row);
      }
    }
    const auto before = [&](std::uint32_t one, std::uint32_t other) {
      for (const std::vector<std::uint64_t>& places : found.order) {
        if (places[one] != places[other]) {
          return places[one] < places[other];
        }
      }
      return found.ids[one] < found.ids[other];
    };
    if (rows.size() > plan_.limit) {
      const auto end = rows.begin() + static_cast<std::ptrdiff_t>(plan_.limit);
      std::nth_element(rows.begin(), end, rows.end(), before);
      rows.erase(end, rows.end());
    }
    if (std::is_sorted(rows.begin(), rows.end(), before)) {
      if (rows.size() == found.ids.size()) {
        return found;
      }
    } else {
      std::sort(rows.begin(), rows.end(), before);
    }
    return picked(found, rows);
  }

  void append(FoundRows from, FoundRows& to) const {
    to.ids.insert(to.ids.end(), from.ids.begin(), from.ids.end());
    for (std::size_t k = 0; k < to.order.size(); ++k) {
      to.order[k].insert(to.order[k].end(), from.order[k].begin(), from.order[k].end());
    }
    for (std::size_t c = 0; c < to.columns.size(); ++c) {
      to.columns[c].insert(to.columns[c].end(), from.columns[c].begin(), from.columns[c].end());
    }
  }

  // Counts rows that are kept; throws where they are too many.
  void count(std::size_t rows) {
    if ((kept_ += rows) * row_bytes_ > plan_.most_bytes) {
      throw UserError("the rows take more than most_bytes = " + std::to_string(plan_.most_bytes) +
                      " bytes; ask for fewer with a limit or a filter, for aggregates, or allow "
                      "more");
    }
  }

 private:
  bool comes_after(const FoundRows& found, std::uint32_t row) const {
    for (std::size_t k = 0; k < found.order.size(); ++k) {
      if (found.order[k][row] != plan_.after[k]) {
        return found.order[k][row] > plan_.after[k];
      }
    }
    return found.ids[row] > plan_.after.back();
  }

  FoundRows picked(const FoundRows& from, std::span<const std::uint32_t> rows) const {
    FoundRows to = empty();
    const auto pick = [&](const auto& values, std::size_t size, auto& out) {
      out.resize(rows.size() * size / sizeof(out[0]));
      gather_values(reinterpret_cast<std::byte*>(out.data()),
                    reinterpret_cast<const std::byte*>(values.data()),
                    static_cast<std::int64_t>(size), size, rows);
    };
    pick(from.ids, 8, to.ids);
    for (std::size_t k = 0; k < to.order.size(); ++k) {
      pick(from.order[k], 8, to.order[k]);
    }
    for (std::size_t c = 0; c < to.columns.size(); ++c) {
      pick(from.columns[c], sizes_[c], to.columns[c]);
    }
    return to;
  }

  const QueryPlan& plan_;
  std::vector<std::size_t> sizes_;
  std::size_t row_bytes_ = 0;
  std::atomic<std::size_t> kept_{0};
};

}  // namespace

std::vector<std::size_t> column_sizes(const QueryPlan& plan, const Schema& schema) {
  std::vector<std::size_t> sizes;
  for (const QueryColumn& column : plan.columns) {
    switch (column.what) {
      case QueryColumn::What::id:
        sizes.push_back(sizeof(EntityId));
        break;
      case QueryColumn::What::field:
        sizes.push_back(schema.field(column.field).type.size());
        break;
      case QueryColumn::What::value:
        sizes.push_back(query_value_size(plan.outputs.registers[column.value]));
        break;
    }
  }
  return sizes;
}

FoundRows find_rows(const QueryPlan& plan, const Schema& schema,
                    std::span<const QuerySource> sources, ThreadPool& pool) {
  const QueryChunks chunks(plan, schema, sources);
  RowFinder finder(plan, schema);
  std::vector<std::unique_ptr<QueryScan>> scans(static_cast<std::size_t>(pool.threads()));
  std::vector<FoundRows> parts(chunks.size());
  pool.parallel_for(chunks.size(), [&](std::size_t index, int worker) {
    std::unique_ptr<QueryScan>& scan = scans[static_cast<std::size_t>(worker)];
    if (!scan) {
      scan = std::make_unique<QueryScan>(plan);
    }
    FoundRows part = finder.empty();
    scan->visit(chunks[index], [&](const QueryRows& rows, const QueryMachine& outputs) {
      finder.take(rows, outputs, part);
    });
    parts[index] = finder.in_order(std::move(part));
    finder.count(parts[index].ids.size());
  });
  if (parts.size() == 1) {
    return std::move(parts.front());
  }
  FoundRows all = finder.empty();
  for (FoundRows& part : parts) {
    finder.append(std::move(part), all);
  }
  return finder.in_order(std::move(all));
}

}  // namespace bw
