#include "query/groups.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <numeric>

#include "base/checks.hpp"
#include "base/errors.hpp"

namespace bw {
namespace {

using Kind = QueryAggregate::Kind;

std::uint64_t bits_at(const std::byte* values, QueryType type, std::size_t i) {
  std::uint64_t bits = 0;
  if (type == QueryType::truth) {
    return static_cast<std::uint64_t>(values[i]);
  }
  std::memcpy(&bits, values + i * 8, 8);
  return bits;
}

std::uint64_t place_of(std::uint64_t bits, QueryType type) {
  if (type == QueryType::real) {
    return ordered_bits(std::bit_cast<double>(bits));
  }
  return type == QueryType::whole ? ordered_bits(static_cast<std::int64_t>(bits)) : bits;
}

// Appends a number so that keys compare as their values do: the highest byte first.
void append_place(std::uint64_t place, std::string& key) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(place >> shift & 0xFF));
  }
}

void append_key(const QueryKey& by, const QueryRows& rows, const QueryMachine& outputs,
                std::size_t i, std::string& key) {
  if (by.text) {
    const Column& column = rows.table->column(rows.table->find_column(*by.text).value());
    key.append(reinterpret_cast<const char*>(column.at(rows.row(i))), column.value_size());
    return;
  }
  const QueryType type = outputs.type(by.value);
  std::uint64_t bits = bits_at(outputs.values(by.value), type, i);
  if (type == QueryType::real && std::bit_cast<double>(bits) == 0.0) {
    bits = 0;  // zeros of both signs are one group
  }
  append_place(place_of(bits, type), key);
}

void append_bytes(std::vector<std::byte>& to, const void* from, std::size_t size) {
  const auto* first = static_cast<const std::byte*>(from);
  to.insert(to.end(), first, first + size);
}

template <class T>
T taken(std::span<const std::byte>& from) {
  BW_CHECK(from.size() >= sizeof(T), "a partial result is whole");
  T value;
  std::memcpy(&value, from.data(), sizeof(T));
  from = from.subspan(sizeof(T));
  return value;
}

}  // namespace

QueryGroups::QueryGroups(const QueryPlan& plan) : plan_(&plan), values_(plan.aggregates.size()) {
  if (plan.keys.empty()) {
    group_of("");  // all rows are one group, also where there are none
  }
}

std::uint32_t QueryGroups::group_of(std::string_view key) {
  key_.assign(key);
  const auto [at, is_new] =
      group_by_key_.try_emplace(key_, static_cast<std::uint32_t>(keys_.size()));
  if (!is_new) {
    return at->second;
  }
  if (keys_.size() == plan_->most_groups) {
    throw UserError("more than most_groups = " + std::to_string(plan_->most_groups) +
                    " groups; group by something coarser, or take a histogram");
  }
  keys_.push_back(key_);
  counts_.push_back(0);
  for (std::size_t a = 0; a < values_.size(); ++a) {
    AggregateValues& values = values_[a];
    const QueryAggregate& aggregate = plan_->aggregates[a];
    const QueryType type =
        aggregate.kind == Kind::count ? QueryType::truth : plan_->outputs.registers[aggregate.of];
    if (aggregate.kind == Kind::sum && type == QueryType::real) {
      values.reals.emplace_back();
    } else if (aggregate.kind == Kind::sum || aggregate.kind == Kind::count) {
      values.integers.emplace_back();
    } else if (aggregate.kind == Kind::histogram) {
      values.bins.resize(values.bins.size() + bins(a));
    } else {
      values.extremes.push_back(aggregate.kind == Kind::least ? ~std::uint64_t{0} : 0);
      values.has_nan.push_back(0);
    }
  }
  return static_cast<std::uint32_t>(keys_.size() - 1);
}

void QueryGroups::list_groups(const QueryRows& rows, const QueryMachine& outputs) {
  groups_.resize(rows.count);
  std::string key;
  std::string last;
  for (std::size_t i = 0; i < rows.count; ++i) {
    key.clear();
    for (const QueryKey& by : plan_->keys) {
      append_key(by, rows, outputs, i, key);
    }
    if (i == 0 || key != last) {
      groups_[i] = group_of(key);
      last = key;
    } else {
      groups_[i] = groups_[i - 1];
    }
  }
}

void QueryGroups::take(const QueryRows& rows, const QueryMachine& outputs) {
  if (plan_->keys.empty()) {
    counts_[0] += rows.count;
  } else {
    list_groups(rows, outputs);
    for (const std::uint32_t group : groups_) {
      ++counts_[group];
    }
  }
  for (std::size_t a = 0; a < values_.size(); ++a) {
    add(a, rows, outputs);
  }
}

void QueryGroups::add(std::size_t a, const QueryRows& rows, const QueryMachine& outputs) {
  const QueryAggregate& aggregate = plan_->aggregates[a];
  const std::byte* values = outputs.values(aggregate.of);
  const QueryType type = outputs.type(aggregate.of);
  switch (aggregate.kind) {
    case Kind::count:
    case Kind::sum:
      return add_sum(values_[a], values, type, rows.count);
    case Kind::least:
    case Kind::greatest:
      return add_extremes(aggregate, values_[a], values, type, rows.count);
    case Kind::histogram:
      return add_bins(aggregate, values_[a], values, rows.count);
  }
}

void QueryGroups::add_sum(AggregateValues& to, const std::byte* values, QueryType type,
                          std::size_t count) {
  const auto for_rows = [&](auto* from, auto& sums) {
    if (plan_->keys.empty()) {
      return sums[0].add_range(std::span(from, count));
    }
    for (std::size_t i = 0; i < count; ++i) {
      using Term = std::remove_cvref_t<decltype(*from)>;
      if constexpr (sizeof(Term) == 1) {
        sums[groups_[i]].add(std::uint64_t{from[i]});
      } else {
        sums[groups_[i]].add(from[i]);
      }
    }
  };
  switch (type) {
    case QueryType::real:
      return for_rows(reinterpret_cast<const double*>(values), to.reals);
    case QueryType::whole:
      return for_rows(reinterpret_cast<const std::int64_t*>(values), to.integers);
    case QueryType::natural:
      return for_rows(reinterpret_cast<const std::uint64_t*>(values), to.integers);
    case QueryType::truth:
      return for_rows(reinterpret_cast<const std::uint8_t*>(values), to.integers);
  }
}

void QueryGroups::add_extremes(const QueryAggregate& aggregate, AggregateValues& to,
                               const std::byte* values, QueryType type, std::size_t count) {
  const bool least = aggregate.kind == Kind::least;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t place = place_of(bits_at(values, type, i), type);
    const std::uint32_t group = plan_->keys.empty() ? 0 : groups_[i];
    if (type == QueryType::real && place == kNanIsLast) {
      to.has_nan[group] = 1;
      continue;
    }
    std::uint64_t& extreme = to.extremes[group];
    extreme = least ? std::min(extreme, place) : std::max(extreme, place);
  }
}

void QueryGroups::add_bins(const QueryAggregate& aggregate, AggregateValues& to,
                           const std::byte* values, std::size_t count) {
  const std::vector<double>& edges = aggregate.edges;
  const std::size_t bins = edges.size() - 1;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t group = plan_->keys.empty() ? 0 : groups_[i];
    std::uint64_t* counts = to.bins.data() + group * (edges.size() + 2);
    double value = 0.0;
    std::memcpy(&value, values + i * 8, 8);
    if (value < edges.front()) {
      ++counts[bins];
    } else if (value > edges.back()) {
      ++counts[bins + 1];
    } else if (value != value) {
      ++counts[bins + 2];
    } else {
      // A bin has its lower edge in it and not its upper one; the last bin has both.
      const auto above = std::upper_bound(edges.begin(), edges.end(), value) - edges.begin();
      ++counts[std::min(static_cast<std::size_t>(above) - 1, bins - 1)];
    }
  }
}

void QueryGroups::merge_group(const QueryGroups& other, std::uint32_t from, std::uint32_t to) {
  counts_[to] += other.counts_[from];
  for (std::size_t a = 0; a < values_.size(); ++a) {
    AggregateValues& mine = values_[a];
    const AggregateValues& theirs = other.values_[a];
    const Kind kind = plan_->aggregates[a].kind;
    if (!theirs.reals.empty()) {
      mine.reals[to].merge(theirs.reals[from]);
    } else if (!theirs.integers.empty()) {
      mine.integers[to].merge(theirs.integers[from]);
    } else if (kind == Kind::histogram) {
      for (std::size_t bin = 0; bin < bins(a); ++bin) {
        mine.bins[to * bins(a) + bin] += theirs.bins[from * bins(a) + bin];
      }
    } else {
      const std::uint64_t one = mine.extremes[to];
      const std::uint64_t two = theirs.extremes[from];
      mine.extremes[to] = kind == Kind::least ? std::min(one, two) : std::max(one, two);
      mine.has_nan[to] = mine.has_nan[to] | theirs.has_nan[from];
    }
  }
}

void QueryGroups::merge(const QueryGroups& other) {
  for (std::uint32_t group = 0; group < other.size(); ++group) {
    merge_group(other, group, group_of(other.keys_[group]));
  }
}

std::vector<std::byte> QueryGroups::to_bytes() const {
  std::vector<std::byte> bytes;
  for (std::uint32_t group = 0; group < size(); ++group) {
    const std::uint64_t key_size = keys_[group].size();
    append_bytes(bytes, &key_size, 8);
    append_bytes(bytes, keys_[group].data(), key_size);
    append_bytes(bytes, &counts_[group], 8);
    for (std::size_t a = 0; a < values_.size(); ++a) {
      const AggregateValues& values = values_[a];
      if (!values.reals.empty()) {
        append_bytes(bytes, &values.reals[group], sizeof(ExactSum));
      } else if (!values.integers.empty()) {
        append_bytes(bytes, &values.integers[group], sizeof(IntegerSum));
      } else if (!values.bins.empty()) {
        append_bytes(bytes, &values.bins[group * bins(a)], bins(a) * 8);
      } else {
        append_bytes(bytes, &values.extremes[group], 8);
        append_bytes(bytes, &values.has_nan[group], 1);
      }
    }
  }
  return bytes;
}

void QueryGroups::merge(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto key_size = taken<std::uint64_t>(bytes);
    BW_CHECK(key_size <= bytes.size(), "a partial result is whole");
    const std::string key(reinterpret_cast<const char*>(bytes.data()), key_size);
    bytes = bytes.subspan(key_size);
    const std::uint32_t group = group_of(key);
    counts_[group] += taken<std::uint64_t>(bytes);
    for (std::size_t a = 0; a < values_.size(); ++a) {
      AggregateValues& mine = values_[a];
      const bool least = plan_->aggregates[a].kind == Kind::least;
      if (!mine.reals.empty()) {
        mine.reals[group].merge(taken<ExactSum>(bytes));
      } else if (!mine.integers.empty()) {
        mine.integers[group].merge(taken<IntegerSum>(bytes));
      } else if (!mine.bins.empty()) {
        for (std::size_t bin = 0; bin < bins(a); ++bin) {
          mine.bins[group * bins(a) + bin] += taken<std::uint64_t>(bytes);
        }
      } else {
        const auto place = taken<std::uint64_t>(bytes);
        std::uint64_t& extreme = mine.extremes[group];
        extreme = least ? std::min(extreme, place) : std::max(extreme, place);
        mine.has_nan[group] = mine.has_nan[group] | taken<std::uint8_t>(bytes);
      }
    }
  }
}

std::vector<std::uint32_t> QueryGroups::in_order() const {
  std::vector<std::uint32_t> order(size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t one, std::uint32_t other) {
    return std::lexicographical_compare(keys_[one].begin(), keys_[one].end(), keys_[other].begin(),
                                        keys_[other].end(), [](char a, char b) {
                                          return static_cast<unsigned char>(a) <
                                                 static_cast<unsigned char>(b);
                                        });
  });
  return order;
}

QueryGroups find_groups(const QueryPlan& plan, const Schema& schema,
                        std::span<const QuerySource> sources, ThreadPool& pool) {
  const QueryChunks chunks(plan, schema, sources);
  struct Worker {
    QueryScan scan;
    QueryGroups groups;
  };
  std::vector<std::unique_ptr<Worker>> workers(static_cast<std::size_t>(pool.threads()));
  pool.parallel_for(chunks.size(), [&](std::size_t index, int number) {
    std::unique_ptr<Worker>& worker = workers[static_cast<std::size_t>(number)];
    if (!worker) {
      worker = std::make_unique<Worker>(Worker{QueryScan(plan), QueryGroups(plan)});
    }
    worker->scan.visit(chunks[index], [&](const QueryRows& rows, const QueryMachine& outputs) {
      worker->groups.take(rows, outputs);
    });
  });
  QueryGroups all(plan);
  for (const std::unique_ptr<Worker>& worker : workers) {
    if (worker) {
      all.merge(worker->groups);
    }
  }
  return all;
}

}  // namespace bw
