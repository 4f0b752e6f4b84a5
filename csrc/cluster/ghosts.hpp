// Ghosts: copies of agents of other ranks that stand within reach of this rank's tiles, with the
// columns that a phase reads.
#pragma once

#include <vector>

#include "base/thread_pool.hpp"
#include "cluster/border.hpp"
#include "cluster/communicator.hpp"
#include "ecs/store.hpp"
#include "space/domain.hpp"
#include "space/neighbor_index.hpp"

namespace bw {

struct Ghosts {
  std::vector<EntityId> ids;
  Bytes places;
  std::vector<Bytes> columns;

  IndexSource source(const Domain& domain, const std::vector<std::size_t>& column_sizes) const;
};

// What is read of others by one Neighbors argument, on one rank.
struct GhostRequest {
  ComponentId component = 0;
  std::vector<FieldKey> fields;
  double radius = 0.0;
};

// Packs, for each rank, this rank's agents that it needs; appended to the rank's messages. The
// border is that of the request's radius. Returns for each rank how many there are.
std::vector<std::size_t> pack_ghosts(ThreadPool& pool, const Store& store, const Domain& domain,
                                     Border& border, const GhostRequest& request,
                                     std::vector<Bytes>& messages);

// Reads what pack_ghosts of the same request wrote on the other ranks; a message that is empty has
// none.
Ghosts unpack_ghosts(const Store& store, const Domain& domain, const GhostRequest& request,
                     std::vector<Reader>& messages);

}  // namespace bw
