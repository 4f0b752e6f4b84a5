// Lent rows as a section of state.
#include "ecs/lent_rows.hpp"

#include <utility>

namespace bw {

StateSection section_of(const Schema& schema, std::string room, std::string name,
                        const LentRows& rows) {
  StateSection section{std::move(room), std::move(name), rows.ids, {}};
  for (const LentColumn& column : rows.columns) {
    section.columns.push_back(
        {schema.label(column.field), schema.field(column.field).type, column.data, column.stride});
  }
  return section;
}

}  // namespace bw
