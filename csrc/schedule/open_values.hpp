// Own values of any length, for kernels that are Python: they hold the GIL, so one of them at a
// time reads or writes arenas, and other kernels do not touch them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "bigworlds/behavior_abi.h"
#include "ecs/column.hpp"

namespace bw {

// The column, declared `column`-th by the behavior in hand, of the table in hand.
Column& open_column(const bw_call& call, std::size_t column);

}  // namespace bw
