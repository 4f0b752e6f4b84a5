// A rank: what one of the N ranks of a simulation holds. Ranks meet only in the engine's exchanges.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "cluster/border.hpp"
#include "cluster/ghosts.hpp"
#include "cluster/partition.hpp"
#include "ecs/store.hpp"
#include "ecs/tile_room.hpp"
#include "engine/model.hpp"
#include "graph/graph.hpp"
#include "lattice/cell_layer.hpp"
#include "lattice/stencil.hpp"
#include "schedule/cost_meter.hpp"
#include "schedule/executor.hpp"
#include "schedule/live_world.hpp"
#include "settle/claims.hpp"
#include "settle/deposits.hpp"
#include "space/neighbor_index.hpp"
#include "space/occupants.hpp"

namespace bw {

// One Neighbors argument of one behavior on one rank, kept from phase to phase so that memory is
// reused.
struct PreparedReach {
  std::vector<std::size_t> sizes;        // bytes per value of the columns
  std::unique_ptr<NeighborIndex> index;  // of agents
  std::unique_ptr<Occupants> occupants;  // of agents, for kernels that look at cells
  static constexpr std::uint64_t kNoGround = ~std::uint64_t{0};
  std::uint64_t ground = kNoGround;  // that the occupants show, where they are kept
  Ghosts ghosts;
  std::vector<std::uint8_t> present;  // along edges: by node
  std::vector<Bytes> copies;  // of cells and nodes: columns as they were at the start of the phase
  std::unique_ptr<Stencils> stencils;        // of cells, by shape
  std::unique_ptr<Stencils> whole_stencils;  // of cells, as if there were no edges
};

struct PreparedBehavior {
  BehaviorRun run;
  std::vector<PreparedReach> reaches;
  std::vector<std::vector<Bytes>> cell_copies;
  std::vector<Delivery> deliveries;  // by inbox
};

// The part of a room with rows of its own that is on one rank: its tables by the place of their
// tile among the rank's.
struct RoomPart {
  std::unique_ptr<TileRoom> room;
  std::vector<std::uint32_t> tables;
};

// How much was exchanged between two tiles, the smaller one first.
using TileExchanges = std::map<std::pair<TileId, TileId>, std::uint64_t>;

struct Rank {
  Rank(const ModelSpec& model, const Tiling& tiling, const Partition& partition, RankId rank,
       ThreadPool& pool, std::int64_t cell_halo);

  // Makes room for the tiles that a partition gives it: cells have their defaults.
  void take_tiles(const ModelSpec& model, const Tiling& tiling, const Partition& partition,
                  std::int64_t cell_halo);

  RankId id;
  std::vector<TileId> tiles;
  Region region;
  Store store;
  std::unique_ptr<CellLayer> cells;
  std::unique_ptr<SpanList> spans;    // of the cells
  std::vector<std::uint64_t> births;  // by tile: the counter of its next birth
  std::vector<EventList> events;      // by channel: sent and not yet received by all
  std::vector<Graph> graphs;          // edges that begin at agents of this rank
  std::vector<GraphPlaces> places;    // by graph: of the phase in hand
  std::vector<RoomPart> rooms;        // by their place in the model
  std::vector<Border> borders;        // of the radii within which others are seen
  Executor executor;
  CostMeter meter;
  TileExchanges traffic;                    // of events, since the last look
  std::vector<ClaimedAgents> claimed;       // by kind of claim: of the phase in hand
  std::vector<std::uint8_t> claimed_shown;  // whether they were listed before it ran
  ClaimSettler claim_settler;
  LiveMemory live_memory;
  DepositSettler deposit_settler;
  std::vector<std::deque<PreparedBehavior>> prepared;  // by phase
  std::vector<const BehaviorRun*> runs;  // of all behaviors, by their place in the order
  std::vector<RecordPlan> plans;         // prototypes of all behaviors
  std::vector<std::optional<std::size_t>>
      place_in_record;  // by plan: where its records hold a place
  Surroundings around;
};

}  // namespace bw
