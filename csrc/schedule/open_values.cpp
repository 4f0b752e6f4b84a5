// Finding the column behind a kernel's call.
#include "schedule/open_values.hpp"

#include "base/checks.hpp"
#include "schedule/worker.hpp"

namespace bw {

Column& open_column(const bw_call& call, std::size_t column) {
  const TableRun& run = *static_cast<const Worker*>(call.engine)->run;
  const FieldKey field = run.run->behavior->columns.at(column).field;
  Column& found = run.table->column(run.table->find_column(field).value());
  BW_CHECK(found.type().is_open(), "arenas are of values of any length");
  return found;
}

}  // namespace bw
