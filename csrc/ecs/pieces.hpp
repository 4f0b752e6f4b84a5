// Pieces: how values of any length stand in the list of state, as rows of one size. A value is cut
// into pieces of kPieceBytes, each a row under the id of its entity: which piece it is, how many
// elements it has, and the elements, with zeros behind them. An empty value has none. So what reads
// the list needs to know nothing of arenas, and offsets cannot matter.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "base/ids.hpp"
#include "base/state.hpp"
#include "ecs/column.hpp"

namespace bw {

inline constexpr std::size_t kPieceBytes = 32;

// Lists the values of a column as a section "ecs" of the field's name; none where all are empty.
void list_pieces(const Column& column, std::span<const EntityId> ids, const std::string& name,
                 const StateSink& sink);

// Calls visit(id, contents) for each value of a section of pieces, whose rows come in any order, in
// the order of ids. Throws where pieces are missing, or not of the field's type.
void for_contents(const StateSection& section, FieldType type,
                  const std::function<void(EntityId, std::span<const std::byte>)>& visit);

}  // namespace bw
