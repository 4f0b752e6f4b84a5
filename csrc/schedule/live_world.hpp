// The live world of a sequential behavior: agents act one after another in the order of (random
// priority, id), and each sees what those before it have done. What it builds lasts for one phase.
// On several ranks it follows what agents of others have done, whose rows stand behind a rank's own
// as long as the phase lasts (engine/turns.cpp).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/large_memory.hpp"
#include "ecs/store.hpp"
#include "schedule/activation.hpp"
#include "schedule/worker.hpp"
#include "space/cell_chains.hpp"
#include "space/empty_cells.hpp"
#include "space/live_cells.hpp"
#include "space/live_index.hpp"

namespace bw {

// Memory that stays from phase to phase, with nothing in it that counts.
struct LiveMemory {
  Activation activation;
  std::deque<CellChains> chains;                 // by claim
  std::vector<std::vector<std::uint8_t>> ended;  // by table and row
  // Grids with at most one agent a cell, or where empty cells are drawn:
  EmptyCells empty;
  LargeVector<std::uint32_t> cell_of_row;  // of the table in hand
  std::vector<std::byte> beginnings;       // places of the table in hand, where there is a reach
  // Whether these two, and the occupants of the phase's kernel, are as the same phase left them,
  // and nobody has moved, ended, begun or been written to since. The engine says so.
  bool kept = false;
};

// Only agents of one archetype have an order.
[[noreturn]] void refuse_archetypes(const Behavior& behavior);

class LiveWorld {
 public:
  LiveWorld(Store& store, const Surroundings& around, BehaviorRun& run, LiveMemory& memory);

  using Call =
      std::function<void(const TableRun& run, const std::uint32_t* rows, std::size_t count)>;

  // Makes ready for the agents of these tables; false where there are none.
  bool begin(std::deque<TableRun>& runs);

  // Lets agents act, in the order of their turns, except those that have ended before. Who has
  // ended is seen no more, is granted to nobody, and leaves its cell empty.
  void act(std::span<const std::uint32_t> rows, const Call& call);

  // All agents in the order of their turns.
  std::span<const std::uint32_t> turns() const { return turns_; }
  // By what turns are ordered, on all ranks.
  std::pair<std::uint32_t, EntityId> turn_of(EntityId id) const;

  // Several ranks: what was granted to agents of this rank is noted, and arrivals are kept in the
  // order of turns, whenever they become known.
  void share();
  struct Grant {
    std::uint32_t row;
    std::uint32_t claim;
    std::uint64_t cell;  // of stocks
    std::int64_t count;  // of stocks; 0 for agents
    EntityId agent;
  };
  // In the order in which it was granted.
  const std::vector<Grant>& grants() const { return grants_; }
  void forget_grants() { grants_.clear(); }
  // An agent of another rank has acted: `write` writes what it wrote to its row.
  void follow(std::uint32_t row, const std::function<void()>& write);
  // An agent has ended, or was granted to an agent of another rank.
  void end(Location at) { end(at, nullptr); }
  bool has_ended(Location at) const { return memory_->ended[at.table][at.row] != 0; }
  TableRun& in_hand() { return *in_hand_; }

  // The declared reach: the first of some rows that is further than that from where it began;
  // whether an agent claims no further away.
  std::optional<std::uint32_t> first_strayed(std::span<const std::uint32_t> rows) const;
  bool may_claim(std::uint32_t row, const Place& place) const;
  std::string tell_reach() const;

  // Services for the agent in `row` of the table in hand.
  void search(std::size_t reach, std::uint32_t row, Hits& hits) const;
  void search_along_edges(std::size_t reach, std::uint32_t row, EdgeHits& hits) const;
  bool commit(std::uint32_t row);
  void claim(std::size_t effect, std::uint32_t row, const Place& place, std::int64_t count,
             CommandBuffer& commands);
  void leave(std::uint32_t row);

  // The cells of the grid that are empty now.
  const EmptyCells& empty_cells() const { return memory_->empty; }

  // Whether rows of the table in hand need be committed: else nobody would see it.
  bool needs_commits() const;

  // Why the last commit failed.
  const std::string& reason() const { return reason_; }

 private:
  // Rows of all tables with a component, numbered as items: table after table.
  struct Population {
    ComponentId component = 0;
    std::vector<std::uint32_t> tables;
    std::vector<std::uint32_t> bases;  // by table of the store; kNoBase where a table is not in it
    std::uint32_t items = 0;
    std::unique_ptr<LiveCells> cells;         // on grids, and of those that are claimed
    std::unique_ptr<LiveIndex> places;        // of those within reach in continuous space
    Occupants* occupants = nullptr;           // instead, where kernels look at cells
    std::vector<SourceColumn> shown;          // what they show of the table in hand
    CellChains* chains = nullptr;             // of those that are claimed and do not act themselves
    std::vector<std::uint32_t> item_of_node;  // of those along edges; LiveCells::kNone
    std::vector<std::uint8_t> gone;           // of those along edges: by item
    std::vector<std::vector<std::byte>>
        copies;  // columns read of others, where there are several tables

    // Calls `visit` with what they are found by: the index, or the lists by cell; those along edges
    // have neither.
    template <class Visit>
    void visit_finder(Visit&& visit) const {
      if (places) {
        visit(*places);
      } else if (cells) {
        visit(*cells);
      }
    }
  };
  static constexpr std::uint32_t kNoBase = ~std::uint32_t{0};

  // One claim: of the stock of cells, or of agents; and where results are written.
  struct Claimed {
    Population agents;
    std::byte* stock = nullptr;  // of the first cell of the box; null: agents are claimed
    Scalar stock_type{};
    std::int64_t stock_stride = 0;
    std::byte* results = nullptr;  // of the table in hand
    Scalar result_type{};
    std::int64_t result_stride = 0;
  };

  // live_populations.cpp
  Population gather_population(ComponentId component, bool placed);
  void find_items_of_nodes(Population& population, const ReachView& view) const;
  void enter_all(Population& population);
  void chain_all(Population& population, CellChains& chains);
  std::vector<IndexSource> sources_of(const Population& population) const;
  Location location_of(const Population& population, std::uint32_t item) const;
  EntityId id_of(const Population& population, std::uint32_t item) const;
  void view_columns(Population& population, const ReachUse& use, ReachView& view);
  void copy_row(Population& population, const ReachUse& use, std::uint32_t item, std::uint32_t row);
  bool acts(const Population& population) const;
  void drop(Population& population, Location at);

  // live_claims.cpp
  void gather_claimed(std::size_t effect);
  void view_claims();
  void claim_agents(Claimed& claimed, std::uint32_t row, std::uint64_t cell, std::int64_t count,
                    CommandBuffer& commands);
  void find_there(const Population& population, std::uint64_t cell, std::uint32_t self);
  void look_ahead_for_claims(const Claimed& claimed, std::uint32_t row);

  std::uint32_t cell_of(Location at) const;
  void view_table_in_hand();
  void count_empty_cells();
  std::uint64_t cell_in(const Table& table, std::size_t position, std::size_t row) const;
  bool settle_place_of(std::uint32_t row);
  bool move_to(std::uint32_t row, std::uint32_t cell);
  void end(Location at, const Population* known);
  // live_shared.cpp
  bool strayed(std::uint32_t row) const;
  template <class T>
  bool any_strayed(std::size_t axes) const;

  void show(std::uint32_t row, std::uint32_t before);
  void note_beginnings();
  bool knows_cells() const { return tracks_cells_ && in_hand_->position.has_value(); }
  void find_turns();
  void find_cells_of_rows();
  void come_to(std::uint32_t row);
  void look_ahead(std::uint32_t row);

  Store* store_;
  const Surroundings* around_;
  BehaviorRun* run_;
  std::vector<Population> reached_;  // by reach
  std::deque<Claimed> claimed_;      // by claim
  LiveMemory* memory_;
  bool tracks_cells_;                     // who stands where, and which cells are empty
  std::span<const std::uint32_t> turns_;  // rows of the table in hand, in the order of their turns
  std::span<const std::uint32_t> rows_;   // of those that act now
  PlaceColumn places_;                    // of the table in hand, where it has places
  std::vector<std::uint32_t> there_;      // of the claim in hand: who may be granted
  bool searches_ = false;                 // among agents that move: not by cell
  std::size_t turn_ = 0;
  bool shared_ = false;
  std::vector<Grant> grants_;
  double reach_;  // infinite where none is declared
  TableRun* in_hand_ = nullptr;
  std::uint32_t table_in_hand_ = 0;
  std::string reason_;
};

}  // namespace bw
