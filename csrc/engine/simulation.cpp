// The tick, and how a simulation is made, filled and asked.
#include "engine/simulation.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>

#include "base/errors.hpp"
#include "base/strided.hpp"
#include "ecs/row_set.hpp"
#include "ecs/transfer.hpp"
#include "schedule/live_world.hpp"

namespace bw {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kAskEvery{20};

// How many cells the agents of a sequential behavior claim stocks away from where they stand.
double reach_over_cells(const ModelSpec& model, const CellBox& lattice, const Behavior& behavior,
                        const std::vector<std::byte>& parameters) {
  const bool takes_stock = std::any_of(behavior.claims.begin(), behavior.claims.end(),
                                       [](const ClaimUse& claim) { return claim.stock; });
  if (!behavior.sequential || behavior.reach.empty() || !takes_stock) {
    return 0.0;
  }
  const double per_length =
      *std::max_element(lattice.per_length.begin(), lattice.per_length.begin() + model.domain.dims);
  const double reach = behavior.reach_now(parameters);
  return model.domain.integral() ? reach : std::ceil(reach * per_length) + 1.0;
}

// The widest reach of behaviors over cells: how many cells of halo the cell layer needs.
std::int64_t widest_reach_over_cells(const ModelSpec& model, const CellBox& lattice) {
  double reach = 1.0;
  for (const Phase& phase : model.phases) {
    for (const Behavior& behavior : phase.behaviors) {
      for (const ReachUse& use : behavior.reaches) {
        reach = use.of_cells ? std::max(reach, use.radius.value(model.parameters)) : reach;
      }
      reach = std::max(reach, reach_over_cells(model, lattice, behavior, model.parameters));
    }
  }
  return static_cast<std::int64_t>(reach);
}

// In which order agents are served that claim in this behavior.
TurnOrder turn_order(const Behavior& behavior) {
  if (!behavior.turns_in_claims_only) {
    return TurnOrder::claims;
  }
  return behavior.shuffle ? TurnOrder::activation : TurnOrder::ids;
}

}  // namespace

Simulation::Simulation(ModelSpec model, RunSpec run)
    : model_(std::move(model)),
      run_(std::move(run)),
      pool_(run_.threads),
      communicator_(std::make_unique<MeteredCommunicator>(
          run_.communicator ? run_.communicator : std::make_shared<LocalCommunicator>(run_.ranks),
          watch_)),
      tiling_(model_.domain, model_.tiles),
      partition_(Partition::blocks(tiling_.count(), communicator_->ranks())),
      hand_over_(pool_, model_.domain, tiling_, partition_),
      lattice_(world_box(model_.domain, model_.lattice)),
      phase_seconds_(model_.phases.size(), 0.0) {
  check_model();
  cell_halo_ = widest_reach_over_cells(model_, lattice_);
  std::vector<CellLayer*> layers;
  for (const RankId rank : communicator_->hosted()) {
    ranks_.push_back(std::make_unique<Rank>(model_, tiling_, partition_, rank, pool_, cell_halo_));
    layers.push_back(ranks_.back()->cells.get());
  }
  if (!model_.cell_components.empty()) {
    halo_.emplace(*communicator_, layers, tiling_, partition_);
  }
  for (const Phase& phase : model_.phases) {
    for (const Behavior& behavior : phase.behaviors) {
      for (const ClaimUse& claim : behavior.claims) {
        claim_targets_.push_back({claim.stock, claim.agents, behavior.claim_key(),
                                  turn_order(behavior), activation_key(behavior)});
        claim_results_.push_back(claim.result);
      }
      deposit_fields_.insert(deposit_fields_.end(), behavior.deposits.begin(),
                             behavior.deposits.end());
    }
  }
  for (const auto& rank : ranks_) {
    rank->claimed.resize(claim_targets_.size());
    rank->claimed_shown.resize(claim_targets_.size());
  }
  tell_neighbors();
  to_share_out_ = run_.sharing.kind != PartitionKind::blocks;
  old_places_.resize(ranks_.size());
  movers_.resize(ranks_.size());
  dropped_edge_orders_.resize(ranks_.size());
  list_receivers();
}

// Ranks whose agents or cells are seen from here, or may soon be here.
void Simulation::tell_neighbors() {
  if (communicator_->hosts_all()) {
    return;
  }
  double reach = 0.0;
  for (std::size_t a = 0; halo_ && a < static_cast<std::size_t>(model_.domain.dims); ++a) {
    reach = std::max(reach, static_cast<double>(cell_halo_) / lattice_.per_length[a]);
  }
  for (const Phase& phase : model_.phases) {
    for (const Behavior& behavior : phase.behaviors) {
      for (const ReachUse& use : behavior.reaches) {
        reach = use.within_radius() ? std::max(reach, use.radius.value(model_.parameters)) : reach;
      }
      if (behavior.sequential && !behavior.reach.empty()) {
        reach = std::max(reach, distance_of_turns(behavior));
      }
    }
  }
  communicator_->set_neighbors(
      ranks_near(model_.domain, tiling_, partition_, ranks_.front()->id, reach));
}

void Simulation::check_model() const {
  for (const Phase& phase : model_.phases) {
    for (const Behavior& behavior : phase.behaviors) {
      if (behavior.sequential && phase.behaviors.size() > 1) {
        throw ModelError(
            "sequential behavior '" + behavior.name +
            "' shares its phase with others; give it a place of its own in world.behaviors(...)");
      }
      if (behavior.sequential && communicator_->ranks() > 1) {
        check_turns(behavior);
      }
      if (!behavior.reach.empty() && behavior.draws_empty_cells) {
        throw ModelError("behavior '" + behavior.name +
                         "' declares a reach and draws empty cells of the whole world; leave out "
                         "reach=");
      }
      if (behavior.once && phase.behaviors.size() > 1) {
        throw ModelError("behavior '" + behavior.name +
                         "' runs once per tick and shares its phase with others; give it a place "
                         "of its own in world.behaviors(...)");
      }
      check_behavior(behavior);
    }
  }
  check_rooms();
  check_sharing();
  check_radii(model_.parameters);
  check_shares(model_.parameters);
}

void Simulation::check_behavior(const Behavior& behavior) const {
  const bool looks_around = std::any_of(behavior.reaches.begin(), behavior.reaches.end(),
                                        [](const ReachUse& use) { return !use.graph; });
  if (looks_around && !model_.domain.exists()) {
    throw ModelError(
        "behavior '" + behavior.name +
        "' looks for neighbours, but the world has no space; set world.space in the model");
  }
  const bool reaches_cells = std::any_of(behavior.reaches.begin(), behavior.reaches.end(),
                                         [](const ReachUse& use) { return use.of_cells; });
  if (!behavior.of_cells && reaches_cells) {
    throw ModelError(
        "behavior '" + behavior.name +
        "' of agents looks for cells as neighbours; read them at places (bw.Here, bw.Cells)");
  }
  if (behavior.of_cells && (!behavior.claims.empty() || !behavior.changes.empty())) {
    throw ModelError("behavior '" + behavior.name +
                     "' of cells claims, attaches or detaches; only agents can. Let it write "
                     "fields of its cells");
  }
  const bool uses_edges =
      !behavior.links.empty() || std::any_of(behavior.reaches.begin(), behavior.reaches.end(),
                                             [](const ReachUse& use) { return use.graph; });
  if (behavior.of_cells && uses_edges) {
    throw ModelError("behavior '" + behavior.name +
                     "' of cells uses the edges of a graph; only agents have edges");
  }
  if (behavior.of_cells && behavior.sequential) {
    throw ModelError("behavior '" + behavior.name +
                     "' of cells is sequential; only behaviors of agents can be");
  }
}

// Shares of fields that spread, likewise.
void Simulation::check_shares(const std::vector<std::byte>& parameters) const {
  for (const Phase& phase : model_.phases) {
    for (const Behavior& behavior : phase.behaviors) {
      if (!behavior.spread) {
        continue;
      }
      const auto check = [&](const char* what, double share) {
        if (!(share >= 0.0 && share <= 1.0)) {
          throw UserError(behavior.name + ": " + what + " is a share from 0 to 1; found " +
                          std::to_string(share));
        }
      };
      check("diffuse", behavior.spread->diffuse.value(parameters));
      check("decay", behavior.spread->decay.value(parameters));
    }
  }
}

// Radii may come from parameters, so they are checked before the first tick and with every change.
void Simulation::check_radii(const std::vector<std::byte>& parameters) const {
  Domain cells = model_.domain;  // the lattice as a grid
  cells.kind = SpaceKind::grid;
  for (std::size_t a = 0; a < kAxes; ++a) {
    cells.size[a] = static_cast<double>(lattice_.cells[a]);
  }
  for (const Phase& phase : model_.phases) {
    for (const Behavior& behavior : phase.behaviors) {
      for (const ReachUse& use : behavior.reaches) {
        if (use.graph) {
          continue;
        }
        const double radius = use.radius.value(parameters);
        std::optional<const char*> why =
            refuse_radius(use.of_cells ? cells : model_.domain, radius);
        if (!why && use.of_cells && !ranks_.empty() &&
            radius >= static_cast<double>(cell_halo_ + 1)) {
          why = "over cells it may not become larger than when the simulation was made";
        }
        if (why) {
          throw UserError("behavior '" + behavior.name + "' looks for neighbours within " +
                          std::to_string(radius) + ": " + *why);
        }
      }
      check_reach(behavior, parameters);
    }
  }
}

// How far agents go and claim, likewise.
void Simulation::check_reach(const Behavior& behavior,
                             const std::vector<std::byte>& parameters) const {
  if (!behavior.sequential || behavior.reach.empty()) {
    return;
  }
  const double reach = behavior.reach_now(parameters);
  const std::string found =
      "behavior '" + behavior.name + "' declares a reach of " + std::to_string(reach) + ": ";
  const bool wrong =
      std::any_of(behavior.reach.begin(), behavior.reach.end(),
                  [&](const NumberSource& number) { return !(number.value(parameters) >= 0.0); });
  if (wrong || !std::isfinite(reach)) {
    throw UserError(found + "it is a finite number and not negative");
  }
  const double over_cells = reach_over_cells(model_, lattice_, behavior, parameters);
  if (communicator_->ranks() > 1 && !ranks_.empty() &&
      over_cells >= static_cast<double>(cell_halo_ + 1)) {
    throw UserError(found +
                    "over cells it may not become larger than when the simulation was made");
  }
}

std::int64_t Simulation::run(std::int64_t ticks, const std::function<bool()>& keep_going) {
  if (failed_) {
    throw UserError(
        "the world failed in tick " + std::to_string(tick_) +
        " and stands in the middle of it; load a snapshot, or make the simulation anew");
  }
  if (std::exchange(written_from_outside_, false)) {
    try {
      check_all_places();
    } catch (...) {
      communicator_->fail(std::current_exception());
    }
  }
  live_phase_ = kNoPhase;  // whatever has been done to the world since
  Clock::time_point asked = Clock::now();
  ballot_ = Ballot{[&] {
                     const Clock::time_point now = Clock::now();
                     const bool ask = keep_going && now - asked >= kAskEvery;
                     asked = ask ? now : asked;
                     return ask && !keep_going();
                   },
                   nullptr, std::nullopt};
  const std::unique_ptr<Ballot, void (*)(Ballot*)> forgotten(&ballot_,
                                                             [](Ballot* ballot) { *ballot = {}; });
  const Lap lap(watch_, Part::rest);
  for (std::int64_t done = 0; done < ticks; ++done) {
    if (agree_to_stop()) {
      return done;
    }
    failed_ = true;  // until the tick has come to its end
    try {
      if (std::exchange(to_share_out_, false) && communicator_->ranks() > 1) {
        share_out_by_weight();
      }
      run_tick();
    } catch (...) {
      communicator_->fail(std::current_exception());
    }
    failed_ = false;
  }
  return ticks;
}

// Whether any process wants to stop before the next tick. They have told each other with the last
// exchange of the tick before, if it had one that carries votes. Where asking throws (Ctrl-C), all
// stop, and this one throws.
bool Simulation::agree_to_stop() {
  if (communicator_->hosts_all()) {
    return ballot_.wants_to_stop();
  }
  if (!ballot_.outcome) {
    ballot_.outcome = communicator_->sum("tick", {vote_to_stop()}).front() > 0;
  }
  if (ballot_.thrown) {
    std::rethrow_exception(ballot_.thrown);
  }
  return *std::exchange(ballot_.outcome, std::nullopt);
}

// The vote of this process; one that was yes stays so until the boundary.
std::uint64_t Simulation::vote_to_stop() {
  if (communicator_->hosts_all() || !ballot_.wants_to_stop) {
    return 0;
  }
  try {
    return ballot_.thrown || ballot_.outcome.value_or(false) || ballot_.wants_to_stop() ? 1 : 0;
  } catch (...) {
    ballot_.thrown = std::current_exception();
    return 1;
  }
}

void Simulation::run_tick() {
  bring_rows_near();
  measuring_ = measures_costs();
  for (std::size_t phase = 0; phase < model_.phases.size(); ++phase) {
    const Clock::time_point start = Clock::now();
    run_phase(phase);
    phase_seconds_[phase] += std::chrono::duration<double>(Clock::now() - start).count();
  }
  if (measuring_) {
    balance();
  }
  ++tick_;
}

void Simulation::run_phase(std::size_t phase) {
  if (select(phase)) {
    act(phase);
    compact();
  }
  pass_moment(phase);
}

void Simulation::act(std::size_t phase) {
  live_phase_ = live_phase_ == phase ? phase : kNoPhase;
  if (model_.phases[phase].room) {
    run_room(*model_.phases[phase].room);
    return;
  }
  if (const Behavior& first = model_.phases[phase].behaviors.front(); first.once) {
    acting_ = ranks_.front()->prepared[phase].front().run.order + 1;
    first.act();
    acting_ = 0;
    return;
  }
  refresh(phase);
  deliver(phase);
  run_behaviors(phase);
  const Lap lap(watch_, Part::settle);
  collect_events();
  if (settles_moves()) {
    settle_moves();
  }
  ordered_ = {};
  if (moving_) {
    hand_over_leavers();  // claims are settled where the agents are now
  }
  settle_claims_and_deposits();
  apply();
  free_left_cells();
}

void Simulation::hand_over_leavers() {
  if (communicator_->ranks() == 1) {
    return;
  }
  const Lap lap(watch_, Part::migrate);
  hand_over_edges();
  std::vector<Store*> stores;
  std::array<std::uint64_t, 3> sums{0, 0, vote_to_stop()};
  for (const auto& rank : ranks_) {
    stores.push_back(&rank->store);
    for (const CommandBuffer* buffer : rank->executor.command_buffers()) {
      sums[0] += buffer->deaths().size() + buffer->changes().size();
      sums[1] += buffer->births().size() + buffer->changes().size();
    }
  }
  hand_over_.run(*communicator_, stores, sums);
  ordered_ = {sums[0] > 0, sums[1] > 0};
  ballot_.outcome = sums[2] > 0;
}

// Entities that every process has put on its first rank go to the ranks that own them; what other
// processes own, they have put there themselves.
void Simulation::share_out() {
  if (communicator_->hosts_all()) {
    hand_over_leavers();
    return;
  }
  for (const auto& rank : ranks_) {
    drop_foreign(rank->store, rank->id, model_.domain, tiling_, partition_);
  }
  drop_foreign_edges();
}

void Simulation::compact() {
  for (const auto& rank : ranks_) {
    rank->store.compact();
  }
}

// Which behaviors of a phase have their turn; none: the phase costs nothing.
bool Simulation::select(std::size_t phase) {
  const std::vector<Behavior>& behaviors = model_.phases[phase].behaviors;
  firing_.assign(behaviors.size(), 0);
  moving_ = false;
  sequential_ = false;
  changing_ = false;
  bool any = model_.phases[phase].room.has_value();
  for (std::size_t b = 0; b < behaviors.size(); ++b) {
    if (!behaviors[b].trigger.fires(tick_)) {
      continue;
    }
    bool matches = communicator_->ranks() > 1 || behaviors[b].of_cells || behaviors[b].once ||
                   ranks_.front()->store.any_rows(behaviors[b].components);
    matches = matches && (!behaviors[b].on_inbox || any_due(ranks_.front()->prepared[phase][b]));
    firing_[b] = matches ? 1 : 0;
    any = any || matches;
    sequential_ = sequential_ || (matches && acts_live(behaviors[b]));
    changing_ =
        changing_ || (matches && !(behaviors[b].spawns.empty() && behaviors[b].changes.empty()));
    moving_ = moving_ ||
              (matches && std::any_of(behaviors[b].columns.begin(), behaviors[b].columns.end(),
                                      [&](const ColumnUse& use) {
                                        return use.writes &&
                                               model_.schema.field(use.field).name == "position";
                                      }));
  }
  return any;
}

// Whether the agents of a behavior act on the live state. Where their turns tell only who is
// granted what, they need not: all act at once, and claims are settled in the order of turns. Who
// may be claimed itself must act in its turn, or not at all.
bool Simulation::acts_live(const Behavior& behavior) const {
  if (!behavior.sequential || !behavior.turns_in_claims_only) {
    return behavior.sequential;
  }
  const std::optional<ComponentId> claimed = behavior.claims.front().agents;
  std::vector<ComponentId> both = behavior.components;
  both.push_back(claimed.value_or(both.front()));
  return communicator_->ranks() > 1 || model_.domain.exclusive ||
         (claimed && ranks_.front()->store.any_rows(both));
}

void Simulation::run_behaviors(std::size_t phase) {
  const Lap lap(watch_, Part::compute);
  if (sequential_ && communicator_->ranks() > 1) {
    run_in_turns(phase);
    return;
  }
  std::vector<std::vector<BehaviorRun>> runs_of(ranks_.size());  // failures point into them
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    const auto& rank = ranks_[h];
    std::vector<BehaviorRun>& runs = runs_of[h];
    std::deque<PreparedBehavior>& prepared = rank->prepared[phase];
    for (std::size_t b = 0; b < prepared.size(); ++b) {
      if (firing_[b] == 0) {
        continue;
      }
      if (sequential_) {
        run_sequential(*rank, phase, prepared[b]);
      } else {
        runs.push_back(prepared[b].run);
      }
    }
    if (!runs.empty()) {
      rank->executor.run(runs, rank->store, rank->around);
    }
  }
  if (!sequential_) {
    raise_first_failure();
  }
}

// Of all that failed on all ranks, the first behavior's lowest entity is named.
void Simulation::raise_first_failure() {
  Executor* where = nullptr;
  const Failure* first = nullptr;
  for (const auto& rank : ranks_) {
    const Failure* found = rank->executor.first_failure();
    if (found != nullptr && (first == nullptr || found->before(*first))) {
      first = found;
      where = &rank->executor;
    }
  }
  if (first != nullptr) {
    where->raise(*first);
  }
}

void Simulation::run_sequential(Rank& rank, std::size_t phase, PreparedBehavior& prepared) {
  rank.live_memory.kept = live_phase_ == phase;
  LiveWorld live(rank.store, rank.around, prepared.run, rank.live_memory);
  rank.executor.run_live(prepared.run, rank.store, rank.around, live);
  ++upheavals_;
  const std::vector<CommandBuffer*> orders = rank.executor.command_buffers();
  const bool same = std::all_of(orders.begin(), orders.end(),
                                [](const CommandBuffer* buffer) { return buffer->empty(); });
  live_phase_ = same ? phase : kNoPhase;
}

std::uint64_t Simulation::global_sum(std::string_view call,
                                     const std::vector<std::uint64_t>& per_rank) const {
  const std::uint64_t mine = std::accumulate(per_rank.begin(), per_rank.end(), std::uint64_t{0});
  return communicator_->sum(call, {mine}).front();
}

std::uint64_t Simulation::population() const {
  std::vector<std::uint64_t> sizes;
  for (const auto& rank : ranks_) {
    sizes.push_back(rank->store.size());
  }
  return global_sum("population", sizes);
}

RankId Simulation::owner_of_cell(std::uint64_t cell) const {
  Place place{};
  for (std::size_t a = 0; a < static_cast<std::size_t>(model_.domain.dims); ++a) {
    const auto cells = static_cast<std::uint64_t>(lattice_.cells[a]);
    const auto at = static_cast<double>(cell % cells);
    place[a] = model_.domain.integral() ? at : (at + 0.5) / lattice_.per_length[a];
    cell /= cells;
  }
  return partition_.owner(tiling_.tile_at(place));
}

void Simulation::check_all_places() const {
  for (const auto& rank : ranks_) {
    for (std::uint32_t t = 0; model_.domain.exists() && t < rank->store.table_count(); ++t) {
      const Table& table = rank->store.table(t);
      if (table.is_external()) {
        continue;  // nobody else writes places of its rows
      }
      const auto position = rank->store.position_column(t);
      for (std::size_t row = 0; position && row < table.size(); ++row) {
        const Column& column = table.column(*position);
        if (!holds(model_.domain,
                   PlaceColumn{column.data(), column.stride()}.at(model_.domain, row))) {
          throw UserError("the position that was written for entity " +
                          std::to_string(table.ids()[row]) + " is outside of the world");
        }
      }
    }
  }
}

void Simulation::set_cells(FieldKey field, const std::byte* values, std::int64_t stride) {
  for (const auto& rank : ranks_) {
    Table& table = rank->cells->table();
    Column& column = table.column(table.find_column(field).value());
    for (std::size_t row = 0; row < table.size(); ++row) {
      if (rank->cells->is_owned(row)) {
        std::memcpy(column.at(row),
                    values + static_cast<std::int64_t>(rank->cells->cell_id(row)) * stride,
                    column.value_size());
      }
    }
  }
}

void Simulation::set_trigger(std::size_t phase, std::size_t behavior, Trigger trigger) {
  if (trigger.every < 1) {
    throw UserError("behavior '" + model_.phases.at(phase).behaviors.at(behavior).name +
                    "' runs every n ticks with n of at least 1; found " +
                    std::to_string(trigger.every));
  }
  std::sort(trigger.at.begin(), trigger.at.end());
  model_.phases.at(phase).behaviors.at(behavior).trigger = std::move(trigger);
}

void Simulation::set_cut(std::size_t phase, std::size_t behavior, Cut cut, std::uint64_t key) {
  Behavior& of = model_.phases.at(phase).behaviors.at(behavior);
  of.cut = cut;
  of.cut_key = key;
}

void Simulation::set_act(std::size_t phase, std::size_t behavior, std::function<void()> act) {
  model_.phases.at(phase).behaviors.at(behavior).act = std::move(act);
}

void Simulation::set_parameters(std::vector<std::byte> parameters) {
  if (parameters.size() != model_.parameters.size()) {
    throw UserError("the parameter block has " + std::to_string(parameters.size()) +
                    " bytes; this model's has " + std::to_string(model_.parameters.size()));
  }
  check_radii(parameters);
  check_shares(parameters);
  model_.parameters = std::move(parameters);
}

}  // namespace bw
