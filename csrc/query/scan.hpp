// The scan: goes over the rows that a plan asks for, in chunks over all threads, and shows those
// that pass its filters, block by block.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "base/thread_pool.hpp"
#include "ecs/store.hpp"
#include "lattice/cell_layer.hpp"
#include "query/plan.hpp"

namespace bw {

// Rows that one thread takes at a time.
inline constexpr std::size_t kQueryChunk = std::size_t{1} << 16;

// What one rank has.
struct QuerySource {
  RankId rank = 0;
  const Store* store = nullptr;
  const CellLayer* cells = nullptr;
};

// The rows that a plan may want, cut into chunks: all of a table's, or some by number.
class QueryChunks {
 public:
  QueryChunks(const QueryPlan& plan, const Schema& schema, std::span<const QuerySource> sources);

  std::size_t size() const { return chunks_.size(); }
  const QueryRows& operator[](std::size_t index) const { return chunks_[index]; }

 private:
  void add_table(const QuerySource& source, const Table& table);
  void add_cells(const QuerySource& source);
  void add_ids(const QuerySource& source);
  void add_rows(QueryRows rows);
  bool matches(const Table& table) const;

  const QueryPlan* plan_;
  const Schema* schema_;
  std::vector<QueryRows> chunks_;
  std::deque<std::vector<std::uint32_t>> listed_;  // rows by number
};

// Memory of one worker: the programs of a plan and the rows of the block in hand.
class QueryScan {
 public:
  explicit QueryScan(const QueryPlan& plan);

  // Calls visit(rows, outputs) for each block of a chunk in which rows pass; they are not more than
  // kQueryBlock.
  template <class Visit>
  void visit(const QueryRows& chunk, Visit&& visit) {
    for (std::size_t begin = 0; begin < chunk.count; begin += kQueryBlock) {
      QueryRows block = chunk;
      block.count = std::min(kQueryBlock, chunk.count - begin);
      if (chunk.rows != nullptr) {
        block.rows = chunk.rows + begin;
      } else {
        block.begin = chunk.begin + begin;
      }
      if (filter(block)) {
        outputs_.run(block);
        visit(std::as_const(block), std::as_const(outputs_));
      }
    }
  }

 private:
  bool filter(QueryRows& block);

  std::vector<QueryMachine> filters_;
  QueryMachine outputs_;
  std::array<std::uint32_t, kQueryBlock> passed_;
};

}  // namespace bw
