// Query programs: an expression as a short list of operations over blocks of rows. What of a row
// enters comes first; then each operation goes over the whole block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "ecs/table.hpp"
#include "query/operations.hpp"

namespace bw {

// Rows that are computed at a time: the values of a program's registers stay in the nearest caches.
inline constexpr std::size_t kQueryBlock = 1024;

using QueryRegister = std::uint32_t;

// What of the rows goes into a register.
struct QueryLoad {
  enum class What : std::uint8_t { field, place, id, rank, text_is, text_like };
  What what = What::field;
  FieldKey field{};
  std::uint32_t element = 0;  // of a vector or a place
  std::string text;           // that a text field is compared with, or a pattern of * and ?
  QueryRegister to = 0;
};

struct QueryConstant {
  QueryRegister to = 0;
  std::uint64_t bits = 0;  // of the value; 0 or 1 for truth
};

struct QueryStep {
  QueryOperation operation = nullptr;
  QueryRegister to = 0;
  QueryRegister a = 0;
  QueryRegister b = 0;
  QueryRegister c = 0;
};

struct QueryProgram {
  std::vector<QueryType> registers;
  std::vector<QueryConstant> constants;
  std::vector<QueryLoad> loads;
  std::vector<QueryStep> steps;
  QueryRegister result = 0;  // of a filter: which rows pass
};

// The rows of a block: some rows of a table by number, or `count` in a row from `begin` on.
struct QueryRows {
  const Table* table = nullptr;
  RankId rank = 0;
  std::size_t begin = 0;
  std::size_t count = 0;
  const std::uint32_t* rows = nullptr;
  std::size_t place = 0;  // the column of their places, where a program looks at them

  std::size_t row(std::size_t i) const { return rows != nullptr ? rows[i] : begin + i; }
};

// A program with memory for its registers; it belongs to one worker.
class QueryMachine {
 public:
  explicit QueryMachine(const QueryProgram& program);
  QueryMachine(const QueryMachine&) = delete;
  QueryMachine(QueryMachine&&) = default;

  // Computes all registers for a block (at most kQueryBlock rows). Throws UserError where a value
  // is at fault.
  void run(const QueryRows& rows);

  // The values of a register in the last block.
  const std::byte* values(QueryRegister at) const { return values_[at]; }
  QueryType type(QueryRegister at) const { return program_->registers[at]; }
  // The one register that a program is for, where it is for one.
  QueryRegister result() const { return program_->result; }

 private:
  void load(const QueryLoad& load, const QueryRows& rows);

  const QueryProgram* program_;
  std::vector<std::byte> memory_;
  std::vector<std::byte*> own_;           // by register
  std::vector<const std::byte*> values_;  // the same, or a column's own memory
};

// The column of a table that holds its entities' places, if it has one.
std::optional<std::size_t> place_column(const Table& table, const Schema& schema);

// Whether a text is like a pattern: * stands for any text, ? for any one character of UTF-8.
bool is_like(std::string_view text, std::string_view pattern);

}  // namespace bw
