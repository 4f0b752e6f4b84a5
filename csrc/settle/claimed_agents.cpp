// Chains of claimed agents.
#include "settle/claimed_agents.hpp"

#include <algorithm>

namespace bw {

void ClaimedAgents::take_all(const Store& store, ComponentId component, const Domain& domain,
                             const CellBox& lattice) {
  found_ = {};
  tables_.clear();
  std::uint32_t items = 0;
  for (std::uint32_t t = 0; t < store.table_count(); ++t) {
    const Table& table = store.table(t);
    if (table.has(component) && table.size() > 0 && store.position_column(t)) {
      tables_.push_back({t, items, table.ids()});
      items += static_cast<std::uint32_t>(table.size());
    }
  }
  chains_.clear(static_cast<std::size_t>(lattice.volume()), items);
  for (const Rows& rows : tables_) {
    const Column& column =
        store.table(rows.table).column(store.position_column(rows.table).value());
    for_each_cell(lattice, domain, {column.data(), column.stride()}, rows.ids.size(),
                  [&](std::size_t row, std::int64_t cell) {
                    if (cell >= 0) {
                      chains_.add(rows.first + static_cast<std::uint32_t>(row),
                                  static_cast<std::uint64_t>(cell));
                    }
                  });
  }
}

void ClaimedAgents::take(std::span<const AgentAt> found, std::uint32_t kind,
                         std::size_t cells_of_world) {
  found_ = found;
  tables_.clear();
  chains_.clear(cells_of_world, found.size());
  for (std::uint32_t i = 0; i < found.size(); ++i) {
    if (found[i].kind == kind) {
      chains_.add(i, found[i].cell);
    }
  }
}

Sighting ClaimedAgents::sighting(std::uint32_t item) const {
  if (tables_.empty()) {
    return {found_[item].id, found_[item].at};
  }
  std::size_t t = tables_.size() - 1;
  while (tables_[t].first > item) {
    --t;
  }
  const std::uint32_t row = item - tables_[t].first;
  return {tables_[t].ids[row], {tables_[t].table, row}};
}

void ClaimedAgents::list(std::uint64_t cell, std::vector<Sighting>& there) const {
  there.clear();
  chains_.for_each_in(cell, [&](std::uint32_t item) { there.push_back(sighting(item)); });
  if (there.size() > 1) {
    std::ranges::sort(there, {}, &Sighting::id);
  }
}

}  // namespace bw
