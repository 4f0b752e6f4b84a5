// The simulation: ranks, communicator and partition brought together, and the tick. The only room
// that calls both schedule and cluster.
//
// Order rules: phases run in the order of the model. Within a phase every behavior sees others as
// they were at its start (sequential behaviors: as they are, agents in the order of (random
// priority, id)), and the events that were sent in phases before, in the order of
// event/event_list.hpp. Then, once for all behaviors of the phase: moves on exclusive grids,
// claims, deposits and the places of births are settled; deaths, changes of components and births
// are applied; agents that left their rank's tiles are handed over. Nothing depends on ranks,
// threads, rows or arrival.
#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.hpp"
#include "base/state.hpp"
#include "base/thread_pool.hpp"
#include "cluster/communicator.hpp"
#include "cluster/halo.hpp"
#include "cluster/hand_over.hpp"
#include "cluster/metered.hpp"
#include "engine/model.hpp"
#include "engine/rank.hpp"
#include "event/input_queue.hpp"
#include "settle/claims.hpp"
#include "settle/moves.hpp"

namespace bw {

struct FoundRows;
struct QueryPlan;
class QueryGroups;

// Values for new entities: one column per field that does not take its default. Stride 0 repeats
// one value. Values of any length are ArenaSpans into an arena that comes along.
struct SpawnColumn {
  FieldKey field;
  const std::byte* data = nullptr;
  std::int64_t stride = 0;
  const std::byte* arena = nullptr;

  // Writes the value of item i to a row of the field's column.
  void write(Column& column, std::size_t row, std::size_t i) const;
};

class Simulation {
 public:
  Simulation(ModelSpec model, RunSpec run);

  // Runs up to `ticks` ticks; `keep_going` is asked at tick boundaries, now and then. Returns how
  // many were run.
  std::int64_t run(std::int64_t ticks, const std::function<bool()>& keep_going);

  std::int64_t tick() const { return tick_; }
  std::uint64_t seed() const { return model_.seed; }
  const ModelSpec& model() const { return model_; }
  std::uint32_t ranks() const { return communicator_->ranks(); }
  int threads() const { return pool_.threads(); }
  std::uint64_t population() const;
  std::uint64_t count(ComponentId component) const;
  // Of those that have a field of one number, how many have this value.
  std::uint64_t count_equal(FieldKey field, std::span<const std::byte> value) const;
  // queries.cpp: of the rows of this process, those that a query asks for; or its aggregates.
  FoundRows find_rows(const QueryPlan& plan);
  QueryGroups find_groups(const QueryPlan& plan);
  std::int64_t cell_count() const { return lattice_.volume(); }
  const std::vector<double>& phase_seconds() const { return phase_seconds_; }
  // What this process spends its ticks on, measured from when it is asked for, and what it sends.
  void measure(bool on) { watch_.measure(on); }
  const Stopwatch& watch() const { return watch_; }
  const Traffic& traffic() const { return communicator_->traffic(); }

  // New entities of the world (tile 0), with ids in a row; returns the first.
  EntityId spawn(Archetype components, std::size_t count, std::span<const SpawnColumn> columns);
  // The same where each process makes only what it owns: the rows, of the next `count` entities,
  // that are its own, by the column of their places (or by their ids); and those rows, whose values
  // alone are given.
  std::vector<std::uint32_t> own_rows(std::size_t count, const SpawnColumn* places) const;
  void spawn_own(Archetype components, std::size_t count, std::span<const std::uint32_t> own,
                 std::span<const SpawnColumn> columns);
  // The id that the next entity of the world will get.
  EntityId next_id() const { return make_id(kWorldTile, ranks_.front()->births[kWorldTile]); }
  // components.cpp: changes of entities that are there, each named once. Where one is not, has a
  // component already that it shall get, or has it not that it shall lose, that is an error and
  // nothing has changed. With Carry::no they are only checked.
  enum class Carry : std::uint8_t { yes, no };
  std::size_t despawn(std::span<const EntityId> ids, Carry carry = Carry::yes);
  void attach(std::span<const EntityId> ids, ComponentId component,
              std::span<const SpawnColumn> columns, Carry carry = Carry::yes);
  void detach(std::span<const EntityId> ids, ComponentId component, Carry carry = Carry::yes);
  // Writes a field of entities; where one is named twice, the last value counts.
  void write_all(std::span<const EntityId> ids, const SpawnColumn& values,
                 Carry carry = Carry::yes);

  // edits.cpp: single entities and cells; false where there is none with the field.
  std::optional<Archetype> components_of(EntityId id) const;
  bool read(EntityId id, FieldKey field, std::byte* to) const;
  std::optional<Bytes> value(EntityId id, FieldKey field) const;  // the contents, of any length
  bool write(EntityId id, FieldKey field, const std::byte* from);
  bool read_cell(std::uint64_t cell, FieldKey field, std::byte* to) const;
  bool write_cell(std::uint64_t cell, FieldKey field, const std::byte* from);

  // balance.cpp: which rank has which tile. Collective: tiles go where a partition says, between
  // ticks.
  const Partition& partition() const { return partition_; }
  void place_tiles(const Partition& to);
  // How often a tile went to another rank.
  std::uint64_t tiles_moved() const { return tiles_moved_; }

  // Inputs are applied by whoever runs the simulation; that they wait is state.
  InputQueue& inputs() { return inputs_; }

  // Writes a field of all cells; values in the order of global cells.
  void set_cells(FieldKey field, const std::byte* values, std::int64_t stride);
  void set_parameters(std::vector<std::byte> parameters);
  void set_trigger(std::size_t phase, std::size_t behavior, Trigger trigger);
  void set_cut(std::size_t phase, std::size_t behavior, Cut cut, std::uint64_t key);
  // What a behavior does that runs once for the whole world.
  void set_act(std::size_t phase, std::size_t behavior, std::function<void()> act);

  // Sends an event from outside to each of some entities (or to kEveryone), to be received from the
  // next tick on, or `delay` ticks later. `record` is laid out by the channel; the sender in front
  // of it is overwritten.
  void send(ChannelId channel, std::span<const EntityId> targets, std::span<const std::byte> record,
            std::int64_t delay);
  std::uint64_t waiting_events(ChannelId channel) const;
  std::uint64_t events_from_outside() const { return sent_from_outside_; }
  // Events so far whose entity had ended when the first behavior that receives them ran, or that
  // none receives.
  std::uint64_t dropped_events() const;

  // rooms.cpp: rooms with rows of their own. Fills them with their first entities.
  void start_rooms();
  // The room that has a component's entities, if one has; whether others may write a field.
  const TileRoomSpec* owner_of(ComponentId component) const;
  bool may_write(FieldKey field) const;

  // graphs.cpp: edges, by the graph's place in the model. Columns hold all fields.
  // Throws where an end is no agent, an edge leads to its own agent, or is there already.
  void connect(std::size_t graph, const EdgeSpan& edges);
  EdgeRows edges(std::size_t graph) const;
  // edge_edits.cpp: adds, writes or removes edges, all that are given or none; columns hold these
  // fields, others of new edges have their defaults. Throws where an edge to be added is there, one
  // to be written or removed is not, an end is no agent, or an edge is given twice.
  void edit_edges(std::size_t graph, EdgeOrder::Kind kind, const EdgeSpan& edges,
                  std::span<const std::uint32_t> fields, Carry carry = Carry::yes);
  // By edge: whether it is there.
  std::vector<std::uint8_t> has_edges(std::size_t graph, const EdgeSpan& edges) const;
  std::uint64_t edge_count(std::size_t graph) const;
  // Orders for edges so far that were not carried out: an end had ended, or there was none to
  // change.
  std::uint64_t dropped_edge_orders() const {
    return global_sum("dropped orders", dropped_edge_orders_);
  }

  // The list of state: every room's sections, of all ranks of this process.
  void list_state(const StateSink& sink) const;
  Digest digest() const;

  // Takes the state of another simulation of the same model; sections may come in any order and any
  // cut.
  void load(std::span<const StateSection> sections);

  // The tables of this process. Who may write into them says so: places are then looked at before
  // the next tick.
  std::span<const std::unique_ptr<Rank>> local_ranks() const { return ranks_; }
  void let_write() {
    written_from_outside_ = true;
    ++upheavals_;
  }

 private:
  void run_tick();
  void run_phase(std::size_t phase);
  void act(std::size_t phase);
  bool select(std::size_t phase);
  void tell_neighbors();
  void compact();
  void check_model() const;
  void check_behavior(const Behavior& behavior) const;
  void check_radii(const std::vector<std::byte>& parameters) const;
  void check_reach(const Behavior& behavior, const std::vector<std::byte>& parameters) const;
  void check_shares(const std::vector<std::byte>& parameters) const;
  void check_all_places() const;

  // balance.cpp
  struct Loads;
  void check_sharing() const;
  bool counts_traffic() const;
  bool measures_costs() const;
  void count_events(Rank& rank, const EventList& events, std::size_t first) const;
  void count_exchange(TileExchanges& traffic, EntityId one, EntityId other) const;
  std::optional<Loads> gather_loads(const std::vector<std::vector<std::uint64_t>>& costs);
  std::optional<Partition> choose_partition(const Loads& loads, bool at_any_price) const;
  void share_anew(const std::vector<std::vector<std::uint64_t>>& costs, bool at_any_price);
  void share_out_by_weight();
  void balance();
  Mail pack_tiles(const Partition& to) const;

  // refresh.cpp
  void refresh(std::size_t phase);
  bool profits_from_near_rows() const;
  void bring_rows_near();
  void refresh_surroundings();
  void refresh_agents(std::size_t phase);
  void refresh_cells(std::size_t phase);
  Mail exchange_ghosts(const std::vector<GhostRequest>& requests);
  Border& border_of(Rank& rank, double radius);
  std::vector<IndexSource> index_sources(const Rank& rank, const ReachUse& use,
                                         const PreparedReach& reach, ReachView& view) const;
  bool any_writes(const std::vector<FieldKey>& fields) const;
  std::int64_t column_to_code(const std::vector<FieldKey>& fields) const;
  void build_occupants(Rank& rank, PreparedBehavior& prepared, std::size_t reach);
  void build_index(Rank& rank, PreparedBehavior& prepared, std::size_t reach);
  void copy_cells(Rank& rank, std::size_t phase);

  // rooms.cpp
  void check_rooms() const;
  void check_room_components() const;
  void check_on_room(const Behavior& behavior) const;
  void refuse_owned(std::span<const ComponentId> components) const;
  void refuse_write(FieldKey field) const;
  struct TileJob;
  std::vector<TileJob> list_jobs() const;
  void take_turns(std::vector<TileJob>& jobs, std::size_t room, int step, bool starting);
  static bool any_letters(const std::vector<TileJob>& jobs);
  void pass_letters(std::vector<TileJob>& jobs);
  void run_room(std::size_t room);
  void lend_rows(Rank& rank, std::size_t room);
  void end_external(Rank& rank, std::span<const EntityId> ids);
  void end_ordered();
  void load_rooms(std::span<const StateSection> sections);

  // graphs.cpp
  void refresh_graphs(std::size_t phase);
  void locate_nodes(Rank& rank, std::size_t graph);
  Mail bring_referenced(std::size_t phase, const std::vector<std::uint8_t>& used);
  void view_edges(Rank& rank, PreparedBehavior& prepared, std::size_t reach,
                  std::vector<Reader>& answers);
  std::vector<std::vector<EntityId>> list_ended() const;
  void change_graphs(const std::vector<std::vector<EntityId>>& ended);
  std::vector<EntityId> gather_changes(const std::vector<std::vector<EntityId>>& ended,
                                       EdgeOrders& orders);
  std::vector<std::vector<std::uint8_t>> find_ends(std::span<const EdgeOrder> orders);
  void hand_over_edges();
  void drop_foreign_edges();
  std::vector<EdgeRows> split_edges(std::size_t graph, const EdgeSpan& edges,
                                    std::uint64_t* found) const;
  std::vector<std::uint8_t> know_edges(std::size_t graph, const EdgeSpan& edges) const;
  void check_edges(std::size_t graph, EdgeOrder::Kind kind, const EdgeSpan& edges) const;
  void load_edges(const StateSection& section);
  void check_loaded_edges() const;

  void run_behaviors(std::size_t phase);
  bool acts_live(const Behavior& behavior) const;
  void raise_first_failure();
  void run_sequential(Rank& rank, std::size_t phase, PreparedBehavior& prepared);

  // turns.cpp
  struct Taking;
  void check_turns(const Behavior& behavior) const;
  double distance_of_turns(const Behavior& behavior) const;
  // Whether a behavior's agents act in turns over several ranks.
  bool takes_turns(const Behavior& behavior) const {
    return behavior.sequential && communicator_->ranks() > 1;
  }
  void run_in_turns(std::size_t phase);
  void bring_watched(std::vector<Taking>& taking);
  bool concerns_turns(const Store& store, std::uint32_t table, const Behavior& behavior) const;
  void pack_watched(Taking& taking, std::uint32_t table, bool acts, Border& border,
                    std::vector<Bytes>& messages) const;
  void begin_turns(Taking& taking);
  std::size_t take_turns(Taking& taking, std::vector<Bytes>& messages);
  void tell_turns(const Taking& taking, std::span<const std::uint32_t> rows,
                  std::vector<Bytes>& messages) const;
  void hear_turns(Taking& taking, const std::vector<Bytes>& messages);
  void hear_of_grant(Taking& taking, const LiveWorld::Grant& grant) const;
  void raise_first_in_turn(std::vector<Taking>& taking);
  CostMeter::RowsOfTiles tiles_of_turns(const Taking& taking,
                                        std::span<const std::uint32_t> rows) const;
  void drop_watched(Taking& taking) const;

  // post.cpp
  void list_receivers();
  void deliver(std::size_t phase);
  std::vector<std::vector<EventList>> gather_due(std::size_t phase) const;
  bool any_due(const PreparedBehavior& prepared) const;
  void collect_events();
  void pass_moment(std::size_t phase);
  void forget_received(ChannelId channel);
  std::int64_t received_until(std::uint32_t place) const;
  void list_receivers_state(const StateSink& sink) const;
  void load_events(const StateSection& section);
  void load_receivers(const StateSection& section);
  void forget_events();

  // moves.cpp
  struct Movers;
  std::uint64_t ground() const;
  bool keeps_ground() const;
  template <class Visit>
  void visit_cells_of_agents(std::size_t rank, Visit&& visit) const;
  void find_taken_cells();
  void list_empty_cells(std::size_t phase);
  bool settles_moves() const;
  void show_places_before(std::size_t phase);
  static void show_places_to(PreparedBehavior& other, bool itself, std::uint32_t table,
                             const Bytes& places);
  void write_cell(std::uint64_t cell, std::byte* place) const;
  void draw_words(const Rank& rank, const Movers& movers, std::uint64_t first);
  void take_movers(Rank& rank, Movers& movers);
  void put_winners(Rank& rank, Movers& movers, std::span<const std::uint8_t> won);
  void list_kept_occupants();
  void tell_occupants(Rank& rank, Location at, std::uint32_t from, std::uint32_t to);
  void redraw(const Rank& rank, Movers& losers, std::int32_t round);
  void settle_moves();
  bool settle_round(std::span<const std::span<const MoveClaim>> claims,
                    std::vector<std::vector<std::uint8_t>>& won);
  void free_left_cells();

  // settlement.cpp
  void settle_claims_and_deposits();
  void settle_deposits();
  [[noreturn]] void raise_overflow(const DepositOverflow& overflow) const;
  std::vector<std::vector<Claim>> route_claims();
  void settle_claims();
  void settle_own_claims();
  void show_claimed(std::size_t phase);
  bool fires_writer(std::size_t phase, FieldKey field) const;
  bool moves_any(std::size_t phase, ComponentId component) const;
  std::vector<std::uint32_t> kinds_of_agents(std::span<const Claim> claims) const;
  const ClaimOutcome& settle_on(std::size_t rank, std::span<const Claim> claims);
  void hand_out(Store& store, std::span<const Grant> grants) const;
  std::vector<std::vector<AgentAt>> find_claimed_agents(
      const std::vector<std::span<const Claim>>& claims);

  // orders.cpp
  struct WrongPlace;
  void check_new_place(std::byte* place, EntityId of, std::uint32_t behavior,
                       std::optional<WrongPlace>& wrong) const;
  void check_new_places() const;
  void place_births();
  struct Newcomer;
  std::vector<Newcomer> find_newcomers(std::size_t rank);
  std::vector<Newcomer> draw_again(std::size_t rank, std::vector<Newcomer> losers,
                                   std::int32_t round);
  void settle_births();
  void forward_orders();
  void apply();
  std::optional<Bytes> told_by_owner(std::string_view call, const std::optional<Bytes>& mine) const;
  void hand_over_leavers();
  void share_out();

  // components.cpp
  using ComponentChange = std::function<Archetype(EntityId, Archetype)>;
  void check_given_places(std::size_t count, std::span<const SpawnColumn> columns) const;
  void agree(std::span<const EntityId> ids, std::uint64_t known,
             const std::exception_ptr& wrong) const;
  [[noreturn]] void refuse(std::span<const EntityId> ids) const;
  void change_components(std::span<const EntityId> ids, const ComponentChange& change,
                         std::span<const SpawnColumn> columns, Carry carry);

  std::uint64_t global_sum(std::string_view call, const std::vector<std::uint64_t>& per_rank) const;
  bool agree_to_stop();
  std::uint64_t vote_to_stop();
  RankId owner_of_cell(std::uint64_t cell) const;

  // state.cpp
  void load_entities(const StateSection& section);
  void load_cells(const StateSection& section);

  ModelSpec model_;
  RunSpec run_;
  ThreadPool pool_;
  Stopwatch watch_;
  std::unique_ptr<MeteredCommunicator> communicator_;
  Tiling tiling_;
  Partition partition_;
  HandOver hand_over_;
  CellBox lattice_;
  std::int64_t cell_halo_ = 0;  // of the cell layers, in cells
  std::vector<std::unique_ptr<Rank>> ranks_;
  std::optional<HaloPlan> halo_;
  std::vector<ClaimTarget> claim_targets_;
  std::vector<FieldKey> claim_results_;
  std::vector<FieldKey> deposit_fields_;
  std::int64_t tick_ = 0;
  // What the processes agree on at the next tick boundary.
  struct Ballot {
    std::function<bool()> wants_to_stop;  // this process
    std::exception_ptr thrown;            // when it was asked
    std::optional<bool> outcome;          // whether any does, as far as it was told in this tick
  };
  Ballot ballot_;
  bool failed_ = false;                // in the middle of a tick
  bool written_from_outside_ = false;  // perhaps, since the last tick
  bool to_share_out_ = false;          // before the next tick, by what stands in the tiles
  bool measuring_ = false;             // what tiles cost, in this tick
  std::uint64_t tiles_moved_ = 0;

  // of events
  static constexpr std::int64_t kNeverRan = -1;
  struct Receiver {
    std::uint32_t phase = 0;
    bool has_inbox = false;
    std::int64_t ran = kNeverRan;  // tick of its last run
  };
  PhaseClock phase_clock_;
  std::vector<Receiver> receivers_;                       // by place in the order, of all behaviors
  std::vector<std::vector<std::uint32_t>> receivers_of_;  // by channel: places
  std::uint64_t sent_from_outside_ = 0;
  InputQueue inputs_;
  std::uint64_t events_looked_for_ = 0;             // to entities, in this run
  std::vector<std::uint64_t> events_found_;         // of those, by rank
  std::vector<std::uint64_t> dropped_edge_orders_;  // by rank
  std::vector<std::uint64_t> events_unheard_;       // of channels without receivers, by rank

  // of the phase in hand
  std::vector<std::uint8_t> firing_;
  std::uint64_t population_ = 0;  // where others are seen within a radius
  bool bearing_ = false;          // a firing behavior may order births
  bool moving_ = false;           // a firing behavior writes places
  bool sequential_ = false;       // the phase is a sequential behavior
  bool changing_ = false;         // a firing behavior may order births or changes of components
  // What the ranks have ordered, where they told each other: deaths or changes; births or changes.
  struct Ordered {
    bool of_agents = false;
    bool newcomers = false;
  };
  Ordered ordered_;
  std::uint32_t acting_ = 0;  // place in the order, from 1, of a behavior that acts for the world
  // The sequential phase whose live memory still shows the world: nothing else has acted since.
  static constexpr std::size_t kNoPhase = ~std::size_t{0};
  std::size_t live_phase_ = kNoPhase;
  std::vector<double> phase_seconds_;

  // of grids: who stands where
  static constexpr std::uint64_t kNoGround = PreparedReach::kNoGround;
  std::uint64_t upheavals_ = 0;  // changes of places and of what others read, but for settled moves
  Occupancy taken_;  // cells taken at the start of the phase, and by those that won one since
  std::uint64_t taken_ground_ = kNoGround;  // that it shows, where it is kept
  bool taken_found_ = false;                // in the phase in hand
  std::vector<std::uint32_t> empty_cells_;  // of those, where any behavior draws them
  std::vector<std::uint64_t> left_cells_;   // by those that moved in the phase in hand
  struct Movers {                           // agents that want to be in another cell
    struct Who {
      Location at;
      std::uint32_t behavior;  // its place in the order
    };
    std::vector<MoveClaim> claims;
    std::vector<Who> who;
  };
  std::vector<Movers> movers_;  // by rank
  struct KeptOccupants {
    const ReachUse* use = nullptr;
    Occupants* occupants = nullptr;
    std::uint32_t table = ~std::uint32_t{0};  // of the last that moved
    bool concerned = false;                   // whether its rows are among those that are kept
    std::vector<SourceColumn> columns = {};   // what is read of them

    void show_table(const Store& store, std::uint32_t number);
  };
  std::vector<KeptOccupants> kept_occupants_;
  std::vector<std::uint64_t> ids_drawing_;
  std::vector<std::uint64_t> words_drawn_;
  std::vector<std::vector<Bytes>> old_places_;  // by rank: of rows that a phase moves
};

}  // namespace bw
