// Queries over the rows of this process. They change nothing.
#include <vector>

#include "engine/simulation.hpp"
#include "query/groups.hpp"
#include "query/rows.hpp"

namespace bw {
namespace {

std::vector<QuerySource> sources_of(std::span<const std::unique_ptr<Rank>> ranks) {
  std::vector<QuerySource> sources;
  for (const auto& rank : ranks) {
    sources.push_back({rank->id, &rank->store, rank->cells.get()});
  }
  return sources;
}

}  // namespace

FoundRows Simulation::find_rows(const QueryPlan& plan) {
  return bw::find_rows(plan, model_.schema, sources_of(ranks_), pool_);
}

QueryGroups Simulation::find_groups(const QueryPlan& plan) {
  return bw::find_groups(plan, model_.schema, sources_of(ranks_), pool_);
}

}  // namespace bw
