// Hand-over: agents that left their rank's tiles go to the rank that has the tile they are in now,
// with all their components.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/thread_pool.hpp"
#include "cluster/border.hpp"
#include "cluster/communicator.hpp"
#include "cluster/partition.hpp"
#include "ecs/store.hpp"
#include "space/domain.hpp"

namespace bw {

// The tile of a row: by its place, or by its id in a world without a space.
TileId tile_of_row(const Store& store, std::uint32_t table, std::size_t row, const Domain& domain,
                   const Tiling& tiling);

// Rows of a table as they travel, with all their components; read by the other.
void pack_rows(const Store& store, std::uint32_t table, std::span<const std::uint32_t> rows,
               Bytes& message);
void receive_rows(Store& store, const Bytes& message);

// Removes the agents that other ranks own, where those have made them too.
void drop_foreign(Store& store, RankId self, const Domain& domain, const Tiling& tiling,
                  const Partition& partition);

class HandOver {
 public:
  HandOver(ThreadPool& pool, const Domain& domain, const Tiling& tiling, const Partition& partition)
      : pool_(&pool), domain_(&domain), tiling_(&tiling), partition_(&partition) {}

  // Collective: stores[h] is the store of the h-th hosted rank. `sums`, values of this process,
  // travel along and come back as the sums over all processes. Returns how many agents moved out of
  // hosted ranks.
  std::size_t run(Communicator& communicator, std::span<Store* const> stores,
                  std::span<std::uint64_t> sums = {});

  // The partition is another one.
  void forget() { borders_.clear(); }

 private:
  std::size_t send_leavers(Store& store, RankId self, std::optional<Border>& border,
                           std::vector<Bytes>& messages) const;
  void list_leavers(const Store& store, std::uint32_t table, RankId self,
                    std::optional<Border>& border, std::vector<std::uint32_t>& leavers) const;

  ThreadPool* pool_;
  const Domain* domain_;
  const Tiling* tiling_;
  const Partition* partition_;
  std::vector<std::optional<Border>> borders_;  // by hosted rank
};

}  // namespace bw
