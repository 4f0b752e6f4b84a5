// A worker: the thread-local side of kernel calls (the bw_call it hands over, search results,
// commands, requests), and the run: what all workers share while one behavior goes over one table.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bigworlds/behavior_abi.h"
#include "ecs/commands.hpp"
#include "ecs/table.hpp"
#include "event/delivery.hpp"
#include "graph/graph.hpp"
#include "lattice/cell_layer.hpp"
#include "lattice/stencil.hpp"
#include "schedule/behavior.hpp"
#include "settle/claimed_agents.hpp"
#include "settle/requests.hpp"
#include "space/occupants.hpp"
#include "space/search.hpp"
#include "space/tiling.hpp"

namespace bw {

class CostMeter;
class LiveWorld;

// What a phase knows of the world around the tables: the same for all behaviors of a rank.
struct Surroundings {
  const Schema* schema = nullptr;
  const Domain* domain = nullptr;
  const Tiling* tiling = nullptr;
  CellLayer* cells = nullptr;
  const SpanList* spans = nullptr;  // of the cells
  std::int64_t tick = 0;
  const std::vector<std::byte>* parameters = nullptr;
  std::span<const RecordPlan> plans;
  std::span<const Channel> channels;
  std::span<const Graph> graphs;
  CellBox lattice;                             // the whole world in cells
  std::span<const std::uint32_t> empty_cells;  // of the whole world, ascending
  std::uint64_t population = 0;                // of the whole world
  bool settles_moves = false;  // places that are written are asked for, and nobody moves yet
  bool check_values = false;
  CostMeter* meter = nullptr;  // in ticks in which costs are measured
};

// Memory for the hits of one search along edges: who is there, and by which edges.
struct EdgeHits {
  std::vector<std::uint32_t> slots;
  std::vector<std::uint32_t> edges;
};

// Where the nodes of a graph are in the tables of a rank, for one phase.
struct GraphPlaces {
  std::vector<Location> at;                             // by node; kNowhere: on another rank
  std::vector<std::uint32_t> elsewhere;                 // the nodes that are
  std::vector<std::vector<std::uint32_t>> node_of_row;  // by table; kNoNode
};

inline constexpr std::size_t kNoSource = ~std::size_t{0};

// One Neighbors argument, ready for a phase: the packed columns and how to search them.
struct ReachView {
  std::vector<bw_column> columns;
  const EntityId* ids = nullptr;
  std::int64_t slot_count = 0;
  double radius = 0.0;
  // of agents
  const NeighborIndex* index = nullptr;
  SearchFunction search = nullptr;
  BlockSearchFunction search_block = nullptr;  // continuous domains
  BlockSearchFunction search_slots = nullptr;  // the same without geometry
  Occupants* occupants = nullptr;              // instead, where the kernel looks at cells
  // Places as they were at the start of the phase, by table, where another behavior writes them.
  std::vector<std::pair<std::uint32_t, const std::byte*>> places_before;
  std::vector<std::size_t> source_of_table;  // which source of the index a table of the store is
  // of cells: the steps to the neighbours, by shape, and as if there were no edges (from hexagons
  // of even lines, then of odd ones)
  const bw_stencil* stencils = nullptr;
  const bw_stencil* whole_stencils = nullptr;
  // along edges: slots are nodes
  const Graph* graph = nullptr;
  const GraphPlaces* places = nullptr;
  const std::uint8_t* present = nullptr;  // by node: whether it has the component; null: all have
  std::vector<bw_column> edge_columns;
};

// A behavior ready for a phase on one rank.
struct BehaviorRun {
  const Behavior* behavior = nullptr;
  std::uint32_t order = 0;          // the behavior's place in the model
  std::uint32_t first_plan = 0;     // its prototypes' places among the record plans
  std::uint32_t first_claim = 0;    // its claims' places among the claim kinds
  std::uint32_t first_deposit = 0;  // its deposits' places among the deposited fields
  std::uint64_t claim_key = 0;      // random priorities of claims
  std::vector<ReachView> reaches;
  std::vector<std::vector<bw_column>> cell_columns;
  std::vector<const Delivery*> inboxes;
  std::vector<ClaimView> claimed;  // by claim
};

inline constexpr std::uint32_t kNoTable =
    ~std::uint32_t{0};  // of cells, which get no letters of their own

// A behavior on one table.
struct TableRun {
  const BehaviorRun* run = nullptr;
  const Surroundings* around = nullptr;
  Table* table = nullptr;
  std::uint32_t number = kNoTable;  // the table's, in the store
  std::vector<bw_column> columns;
  std::vector<bw_reach> reaches;
  std::vector<bw_occupants> occupants;  // by reach
  std::vector<bw_cells> cells;
  std::vector<const std::uint32_t*> slots;       // by reach: the slot of each row
  std::vector<const std::uint32_t*> slot_cells;  // by reach: the box cell of each row
  std::vector<TileId> home;  // of each row at the start of the phase, for births; empty where no
                             // row moves in the phase
  std::optional<std::size_t> position;  // the column of places
  bool moves = false;                   // the behavior writes it
  std::vector<bw_span> waiting;         // behaviors that run on events: the rows that have some
  LiveWorld* live = nullptr;            // sequential behaviors
};

// Shows a run's kernels what it reads of others: the pointers stand until views or table change.
void show_reaches(TableRun& run);

// The tile in which a row stands now.
TileId home_of(const TableRun& run, std::size_t row);

// What a row sees in one inbox where it has events of its own and events to everyone: both in one
// order.
struct MergedInbox {
  std::int64_t row = -1;
  std::size_t count = 0;
  std::vector<std::byte> records;
};

// What went wrong first, in an order that does not depend on ranks, threads or rows: by (behavior,
// entity).
struct Failure {
  std::uint32_t order = 0;  // the behavior's place in the model
  EntityId id = kNoEntity;  // or the cell
  std::size_t row = 0;
  std::string why;
  std::int32_t code = BW_FAILED;
  enum class Where : std::uint8_t {
    after,     // the row was written, but not as it may be
    kernel,    // the row was left as it was: running it again tells more
    somewhere  // in a range of rows; it cannot be told at whom
  } where = Where::after;
  const TableRun* run = nullptr;

  bool before(const Failure& other) const;
};

struct Worker {
  bw_call call{};
  Hits hits;
  Hits rows_hits;           // of several rows, one after another
  EdgeHits edge_hits;       // of the last search along edges
  EdgeHits rows_edge_hits;  // of the last one of several rows
  CommandBuffer commands;
  RequestBuffer requests;
  std::vector<std::byte> places;  // of the rows in hand, as they were
  EdgeOrders edge_orders;
  std::vector<EventList> outbox;    // by channel
  std::vector<MergedInbox> merged;  // by inbox
  std::string refusal;              // why a service last gave nothing
  std::optional<Failure> failure;   // the first, of all that this worker has run in the phase
  const TableRun* run = nullptr;

  // Takes note of a failure, if it comes before the one in hand.
  void keep(Failure found);

  // Whether a failure at this entity of the run would come before the one in hand.
  bool matters(const TableRun& table_run, EntityId id) const;

  // Points the call at a run; cheap enough to be done for each range of rows.
  void enter(const TableRun& table_run, const bw_services& services);
};

}  // namespace bw
