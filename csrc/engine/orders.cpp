// Orders of a phase: births find their places, orders for agents that went to another rank follow
// them, and all are applied.
#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "base/errors.hpp"
#include "base/philox.hpp"
#include "base/whole.hpp"
#include "engine/simulation.hpp"
#include "schedule/places.hpp"

namespace bw {
namespace {

// Where the random words of births begin among those of a claimant in a tick, and how many each
// birth has.
constexpr std::uint64_t kWordsOfBirths = std::uint64_t{1} << 20;
constexpr std::uint64_t kWordsOfBirth = std::uint64_t{1} << 8;

bool any_orders(const std::vector<CommandBuffer*>& buffers) {
  return std::any_of(buffers.begin(), buffers.end(),
                     [](const CommandBuffer* buffer) { return !buffer->empty(); });
}

}  // namespace

// A new place that is wrong, of the first behavior's lowest entity.
struct Simulation::WrongPlace {
  std::uint32_t behavior;
  EntityId of;
  std::string why;
};

// What a new place is: brought back into a periodic world, wrong outside of a bounded one.
void Simulation::check_new_place(std::byte* place, EntityId of, std::uint32_t behavior,
                                 std::optional<WrongPlace>& wrong) const {
  if (holds(model_.domain, PlaceColumn{place, 0}.at(model_.domain, 0))) {
    return;
  }
  std::string why = settle_place(model_.domain, place);
  const bool first = !wrong || std::tuple(behavior, of) < std::tuple(wrong->behavior, wrong->of);
  if (!why.empty() && first) {
    wrong = {behavior, of, std::move(why)};
  }
}

void Simulation::check_new_places() const {
  std::optional<WrongPlace> wrong;
  for (const auto& rank : ranks_) {
    for (CommandBuffer* buffer : rank->executor.command_buffers()) {
      for (const CommandBuffer::Birth& birth : buffer->births()) {
        if (const auto offset = rank->place_in_record[birth.plan]) {
          check_new_place(buffer->record(birth.record + *offset), birth.parent, birth.behavior,
                          wrong);
        }
      }
      for (const CommandBuffer::Change& change : buffer->changes()) {
        if (const auto offset = rank->place_in_record[change.plan]; change.attach && offset) {
          check_new_place(buffer->record(change.record + *offset), change.entity, change.behavior,
                          wrong);
        }
      }
    }
  }
  if (wrong) {
    const std::string& name = ranks_.front()->runs[wrong->behavior]->behavior->name;
    throw RunError("behavior '" + name + "' failed at entity " + std::to_string(wrong->of) +
                       ", tick " + std::to_string(tick_) +
                       ": it made an entity whose place is wrong: " + wrong->why,
                   name, wrong->of, tick_, BW_FAILED);
  }
}

void Simulation::place_births() {
  if (!model_.domain.exists()) {
    return;
  }
  check_new_places();
  if (model_.domain.exclusive && bearing_) {
    settle_births();
  }
}

// On exclusive grids the place of a birth is a claim of that cell, as a move is, settled after the
// moves.
struct Simulation::Newcomer {
  CommandBuffer* buffer;
  std::size_t birth;    // place in the buffer
  std::uint64_t words;  // where its random words begin
  std::uint64_t cell;
  std::byte* place;  // in its record
};

std::vector<Simulation::Newcomer> Simulation::find_newcomers(std::size_t h) {
  std::vector<Newcomer> found;
  for (CommandBuffer* buffer : ranks_[h]->executor.command_buffers()) {
    std::uint64_t number = 0;  // among the births of its parent
    for (std::size_t i = 0; i < buffer->births().size(); ++i) {
      const CommandBuffer::Birth& birth = buffer->births()[i];
      const bool first = i == 0 || buffer->births()[i - 1].parent != birth.parent ||
                         buffer->births()[i - 1].behavior != birth.behavior;
      number = first ? 0 : number + 1;
      if (const auto offset = ranks_[h]->place_in_record[birth.plan]) {
        std::byte* place = buffer->record(birth.record + *offset);
        const std::int64_t cell =
            cell_at(lattice_, model_.domain, PlaceColumn{place, 0}.at(model_.domain, 0));
        found.push_back({buffer, i, kWordsOfBirths + number * kWordsOfBirth,
                         static_cast<std::uint64_t>(cell), place});
      }
    }
  }
  return found;
}

// A newcomer that lost its cell draws another one, as often as the behavior allows; then it is not
// born.
std::vector<Simulation::Newcomer> Simulation::draw_again(std::size_t h,
                                                         std::vector<Newcomer> losers,
                                                         std::int32_t round) {
  std::vector<Newcomer> again;
  for (Newcomer& loser : losers) {
    const CommandBuffer::Birth& birth = loser.buffer->births()[loser.birth];
    const BehaviorRun& run = *ranks_[h]->runs[birth.behavior];
    if (!run.behavior->draws_empty_cells || round >= run.behavior->redraws ||
        empty_cells_.empty()) {
      loser.buffer->cancel_birth(loser.birth);
      continue;
    }
    const std::uint64_t word = random_word(run.claim_key, birth.parent, tick_,
                                           loser.words + static_cast<std::uint64_t>(round) + 1);
    loser.cell = empty_cells_[scale_word(word, empty_cells_.size())];
    write_cell(loser.cell, loser.place);
    again.push_back(loser);
  }
  return again;
}

void Simulation::settle_births() {
  std::vector<std::vector<Newcomer>> newcomers;
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    newcomers.push_back(find_newcomers(h));
  }
  if (!taken_found_) {
    find_taken_cells();
  }
  std::vector<std::span<const MoveClaim>> shown(ranks_.size());
  std::vector<std::vector<std::uint8_t>> won;
  for (std::int32_t round = 0;; ++round) {
    std::vector<std::vector<MoveClaim>> claims(ranks_.size());
    for (std::size_t h = 0; h < ranks_.size(); ++h) {
      for (const Newcomer& one : newcomers[h]) {
        const CommandBuffer::Birth& birth = one.buffer->births()[one.birth];
        const std::uint64_t key = ranks_[h]->runs[birth.behavior]->claim_key;
        claims[h].push_back(
            {one.cell, random_word(key, birth.parent, tick_, one.words), birth.parent});
      }
    }
    std::copy(claims.begin(), claims.end(), shown.begin());
    if (!settle_round(shown, won)) {
      return;
    }
    taken_.drop_taken(empty_cells_);
    for (std::size_t h = 0; h < ranks_.size(); ++h) {
      std::vector<Newcomer> losers;
      for (std::size_t i = 0; i < newcomers[h].size(); ++i) {
        if (won[h][i] == 0) {
          losers.push_back(newcomers[h][i]);
        }
      }
      newcomers[h] = draw_again(h, std::move(losers), round);
    }
  }
}

// Orders stand on the rank where their agent was at the start of the phase; agents that have been
// handed over since are on another one: every rank gets the orders for agents that left, and keeps
// those for its own.
//
// Agents that were claimed may be anywhere where cells are no tiles; else only those can be
// elsewhere that moved in this phase.
void Simulation::forward_orders() {
  const bool claimed = !claim_targets_.empty() && !model_.domain.integral();
  if (communicator_->ranks() == 1 || !(ordered_.of_agents || claimed)) {
    return;
  }
  Mail mail = communicator_->empty_mail();
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    Rank& rank = *ranks_[h];
    Bytes message;
    Writer writer(message);
    for (CommandBuffer* buffer : rank.executor.command_buffers()) {
      writer.values(std::span<const EntityId>(buffer->take_deaths_of_others(rank.store)));
      const std::vector<CommandBuffer::Change> changes = buffer->take_changes_of_others(rank.store);
      writer.value(static_cast<std::uint64_t>(changes.size()));
      for (const CommandBuffer::Change& change : changes) {
        const std::size_t size = change.attach ? rank.plans[change.plan].initial.size() : 0;
        writer.value(change);
        writer.values(std::span<const std::byte>(buffer->record(change.record), size));
      }
    }
    std::fill(mail[h].begin(), mail[h].end(), message);
  }
  mail = communicator_->exchange("orders", std::move(mail));
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    CommandBuffer& buffer = *ranks_[h]->executor.command_buffers().front();
    for (const Bytes& message : mail[h]) {
      for (Reader reader(message); !reader.done();) {
        for (const EntityId id : reader.values<EntityId>()) {
          buffer.despawn(id);  // passed over where it is not
        }
        for (auto left = reader.value<std::uint64_t>(); left > 0; --left) {
          const auto change = reader.value<CommandBuffer::Change>();
          buffer.adopt(change, reader.values<std::byte>());
        }
      }
    }
  }
}

void Simulation::apply() {
  place_births();
  end_ordered();
  forward_orders();
  const std::vector<std::vector<EntityId>> ended = list_ended();
  bool moved = false;
  for (const auto& rank : ranks_) {
    const std::vector<CommandBuffer*> buffers = rank->executor.command_buffers();
    if (any_orders(buffers)) {
      const ApplyResult result = apply_commands(rank->store, buffers, rank->plans, rank->births);
      moved = moved || result.births > 0 || result.changes > 0;
    }
  }
  // Over several processes a rank does not know what the others were ordered to do, only what they
  // may have been.
  const bool maybe = changing_ && (!moving_ || ordered_.newcomers);
  if (communicator_->hosts_all() ? moved : maybe) {
    hand_over_leavers();
  }
  change_graphs(ended);
}

}  // namespace bw
