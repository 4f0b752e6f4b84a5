// Lent rows: the rows of an external table, whose ids and values another room owns. The engine
// reads them like any others and never moves, makes or ends one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/state.hpp"
#include "ecs/schema.hpp"

namespace bw {

// The values of one field: that of row i stands at data + i * stride.
struct LentColumn {
  FieldKey field;
  std::byte* data = nullptr;
  std::int64_t stride = 0;
};

struct LentRows {
  std::span<const EntityId> ids;    // in any order
  std::vector<LentColumn> columns;  // of all fields of the table's components, in any order
  // Keeps the memory of ids and columns alive for views that outlive the owner's use of it. Without
  // it Python gets copies.
  std::shared_ptr<const void> keep = nullptr;
};

// Rows as a section of the list of state, for owners that have no state of their entities but these
// columns. It points into the rows.
StateSection section_of(const Schema& schema, std::string room, std::string name,
                        const LentRows& rows);

}  // namespace bw
