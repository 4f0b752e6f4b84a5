// A query as the core carries it out: which entities, which of their rows, and what of these.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "ecs/schema.hpp"
#include "query/program.hpp"

namespace bw {

// What a result has of each row: its id, a field as it stands, or a value of the output program.
struct QueryColumn {
  enum class What : std::uint8_t { id, field, value };
  What what = What::id;
  FieldKey field{};
  QueryRegister value = 0;
};

// Rows come in the order of these values, then of their ids.
struct QueryOrder {
  QueryRegister by = 0;
  bool descending = false;
};

// What rows are grouped by: a value, or a text field.
struct QueryKey {
  std::optional<FieldKey> text;
  QueryRegister value = 0;
};

struct QueryAggregate {
  enum class Kind : std::uint8_t { count, sum, least, greatest, histogram };
  Kind kind = Kind::count;
  QueryRegister of = 0;
  std::vector<double> edges;  // of a histogram's bins, ascending
};

struct QueryPlan {
  // The entities that have all of these components, none of those, and one at least of each group;
  // or the cells, where the components are theirs.
  std::vector<ComponentId> all;
  std::vector<ComponentId> none;
  std::vector<std::vector<ComponentId>> any;
  bool of_cells = false;
  bool with_place = false;                   // and a position
  std::optional<std::vector<EntityId>> ids;  // these only; ascending, each once

  // Rows that pass all filters; each looks at those only that passed the ones before it.
  std::vector<QueryProgram> filters;
  QueryProgram outputs;

  // Rows: the first `limit` in the order, behind the place `after` (the order's bits, then the id).
  std::vector<QueryColumn> columns;
  std::vector<QueryOrder> order;
  std::size_t limit = std::numeric_limits<std::size_t>::max();
  std::vector<std::uint64_t> after;

  // Or aggregates, by group.
  std::vector<QueryKey> keys;
  std::vector<QueryAggregate> aggregates;

  std::size_t most_bytes = std::size_t{1} << 30;
  std::size_t most_groups = 65'536;
};

}  // namespace bw
