// Aggregates of rows by group: partial results that merge, exactly and in any order. Sums are exact
// and rounded once, so that neither rows nor threads nor ranks can matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/exact_sum.hpp"
#include "query/scan.hpp"

namespace bw {

// One aggregate of all groups, by group.
struct AggregateValues {
  std::vector<ExactSum> reals;          // sums of reals
  std::vector<IntegerSum> integers;     // sums of whole numbers; counts
  std::vector<std::uint64_t> extremes;  // places in the order of the type (ordered_bits)
  std::vector<std::uint8_t> has_nan;    // of extremes
  std::vector<std::uint64_t> bins;      // of histograms: bins, below, above, not a number
};

class QueryGroups {
 public:
  explicit QueryGroups(const QueryPlan& plan);

  void take(const QueryRows& rows, const QueryMachine& outputs);

  // What other rows of the same plan gave.
  void merge(const QueryGroups& other);
  // The same as bytes, for other processes.
  std::vector<std::byte> to_bytes() const;
  void merge(std::span<const std::byte> bytes);

  // Groups in the order of their keys: bytes that compare as their values do.
  std::vector<std::uint32_t> in_order() const;
  std::size_t size() const { return keys_.size(); }
  const std::string& key(std::uint32_t group) const { return keys_[group]; }
  std::uint64_t count(std::uint32_t group) const { return counts_[group]; }
  const AggregateValues& values(std::size_t aggregate) const { return values_[aggregate]; }
  std::size_t bins(std::size_t aggregate) const {
    return plan_->aggregates[aggregate].edges.size() + 2;
  }

 private:
  std::uint32_t group_of(std::string_view key);
  void list_groups(const QueryRows& rows, const QueryMachine& outputs);
  void add(std::size_t aggregate, const QueryRows& rows, const QueryMachine& outputs);
  void add_sum(AggregateValues& to, const std::byte* values, QueryType type, std::size_t count);
  void add_extremes(const QueryAggregate& aggregate, AggregateValues& to, const std::byte* values,
                    QueryType type, std::size_t count);
  void add_bins(const QueryAggregate& aggregate, AggregateValues& to, const std::byte* values,
                std::size_t count);
  void merge_group(const QueryGroups& other, std::uint32_t from, std::uint32_t to);

  const QueryPlan* plan_;
  std::unordered_map<std::string, std::uint32_t> group_by_key_;
  std::vector<std::string> keys_;
  std::vector<std::uint64_t> counts_;
  std::vector<AggregateValues> values_;  // by aggregate
  std::vector<std::uint32_t> groups_;    // of the rows of the block in hand
  std::string key_;
};

// The aggregates of a plan, of these sources.
QueryGroups find_groups(const QueryPlan& plan, const Schema& schema,
                        std::span<const QuerySource> sources, ThreadPool& pool);

}  // namespace bw
