// Rooms that keep entities of their own: what models may have of them, their phase, and how their
// rows come to be seen. Nothing here depends on ranks or threads: a tile's turn sees its tile only,
// and letters come in the order of (tile of the sender, ordinal).
#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "base/checks.hpp"
#include "base/errors.hpp"
#include "engine/simulation.hpp"

namespace bw {
namespace {

bool has(const Archetype& components, ComponentId component) {
  return std::find(components.begin(), components.end(), component) != components.end();
}

}  // namespace

const TileRoomSpec* Simulation::owner_of(ComponentId component) const {
  const auto found =
      std::find_if(model_.rooms.begin(), model_.rooms.end(),
                   [&](const TileRoomSpec& room) { return has(room.components, component); });
  return found == model_.rooms.end() ? nullptr : &*found;
}

bool Simulation::may_write(FieldKey field) const {
  const TileRoomSpec* owner = owner_of(field.component);
  return owner == nullptr ||
         std::find(owner->writable.begin(), owner->writable.end(), field) != owner->writable.end();
}

void Simulation::refuse_owned(std::span<const ComponentId> components) const {
  for (const ComponentId component : components) {
    if (const TileRoomSpec* owner = owner_of(component)) {
      throw UserError(model_.schema.component(component).name + " belongs to entities of " +
                      owner->name + ", which makes them itself; nothing was changed");
    }
  }
}

void Simulation::refuse_write(FieldKey field) const {
  if (!may_write(field)) {
    throw UserError(model_.schema.label(field) + " belongs to entities of " +
                    owner_of(field.component)->name +
                    ", which lets nobody else write it; nothing was changed");
  }
}

// A component of a room's entities is of no others.
void Simulation::check_room_components() const {
  Archetype seen;
  std::vector<std::string> names{"ecs", "engine", "event", "graph", "input", "lattice"};
  for (const TileRoomSpec& room : model_.rooms) {
    BW_CHECK(std::find(names.begin(), names.end(), room.name) == names.end(),
             "rooms have names of their own in the list of state");
    names.push_back(room.name);
    for (const ComponentId component : room.components) {
      const Component& of = model_.schema.component(component);
      if (has(seen, component) || has(model_.cell_components, component)) {
        throw ModelError(of.name + " belongs to entities of " + room.name +
                         ", and to others; give them components of their own");
      }
      seen.push_back(component);
      const bool placed = std::any_of(of.fields.begin(), of.fields.end(),
                                      [](const Field& field) { return field.name == "position"; });
      if (placed && model_.domain.exclusive) {
        throw ModelError("entities of " + room.name +
                         " have a position, in a space whose cells hold one agent at most; there "
                         "only the engine moves agents");
      }
    }
    for (const FieldKey field : room.writable) {
      BW_CHECK(
          has(room.components, field.component) && model_.schema.field(field).name != "position",
          "what others may write of a room's rows are its fields, and no position");
    }
  }
}

void Simulation::check_rooms() const {
  check_room_components();
  for (const Phase& phase : model_.phases) {
    if (phase.room) {
      BW_CHECK(phase.behaviors.empty() && *phase.room < model_.rooms.size(),
               "the phase of a room is of this room alone");
    }
    for (const Behavior& behavior : phase.behaviors) {
      check_on_room(behavior);
    }
  }
}

// What a behavior may do with rows that a room owns.
void Simulation::check_on_room(const Behavior& behavior) const {
  const auto refuse = [&](const TileRoomSpec& owner, const std::string& what) {
    throw ModelError("behavior '" + behavior.name + "' " + what + ": the entities of " +
                     owner.name + " are changed by " + owner.name + " alone");
  };
  for (const std::vector<Prototype>* prototypes : {&behavior.spawns, &behavior.changes}) {
    for (const Prototype& prototype : *prototypes) {
      for (const ComponentId component : prototype.components) {
        if (const TileRoomSpec* owner = owner_of(component)) {
          refuse(*owner, "makes or changes " + model_.schema.component(component).name);
        }
      }
    }
  }
  for (const ClaimUse& claim : behavior.claims) {
    if (const TileRoomSpec* owner = claim.agents ? owner_of(*claim.agents) : nullptr) {
      refuse(*owner, "claims " + model_.schema.component(*claim.agents).name);
    }
  }
  for (const ComponentId component : behavior.components) {
    const TileRoomSpec* owner = owner_of(component);
    if (owner == nullptr) {
      continue;
    }
    const std::string name = model_.schema.component(component).name;
    for (const ColumnUse& use : behavior.columns) {
      if (use.writes && !may_write(use.field)) {
        refuse(*owner, "writes " + model_.schema.label(use.field));
      }
    }
    if (!behavior.changes.empty()) {
      refuse(*owner, "attaches components to, or detaches them from, " + name);
    }
    if (!behavior.claims.empty()) {
      refuse(*owner, "lets " + name + " claim");
    }
    if (!behavior.links.empty()) {
      refuse(*owner, "links " + name + " by edges");
    }
    if (behavior.sequential) {
      refuse(*owner, "activates " + name + " one after another");
    }
  }
}

// --- the phase ----------------------------------------------------------------------------------

// A tile of a rank of this process, and its letters.
struct Simulation::TileJob {
  std::size_t rank;
  TileId tile;
  std::vector<Letter> letters;  // received before a step, sent after it
};

std::vector<Simulation::TileJob> Simulation::list_jobs() const {
  std::vector<TileJob> jobs;
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    for (const TileId tile : ranks_[h]->tiles) {
      jobs.push_back({h, tile, {}});
    }
  }
  return jobs;
}

void Simulation::take_turns(std::vector<TileJob>& jobs, std::size_t room, int step, bool starting) {
  pool_.parallel_for(jobs.size(), [&](std::size_t i, int) {
    TileJob& job = jobs[i];
    Rank& rank = *ranks_[job.rank];
    const std::vector<Letter> received = std::move(job.letters);
    TileTurn turn(job.tile, tick_, step, model_.parameters, rank.births[job.tile], received);
    TileRoom& part = *rank.rooms[room].room;
    starting ? part.start(turn) : part.run(turn);
    job.letters = turn.take_sent();
  });
}

// Collective: all letters go to their tiles.
void Simulation::pass_letters(std::vector<TileJob>& jobs) {
  Mail mail = communicator_->empty_mail();
  for (TileJob& job : jobs) {
    for (const Letter& letter : job.letters) {
      BW_CHECK(letter.to >= 1 && letter.to <= tiling_.count(), "letters go to tiles");
      Writer writer(mail[job.rank][partition_.owner(letter.to)]);
      writer.value(letter.to);
      writer.value(letter.from);
      writer.values(std::span<const std::byte>(letter.content));
    }
    job.letters.clear();
  }
  mail = communicator_->exchange("letters of tiles", std::move(mail));
  std::vector<std::vector<TileJob*>> of_tile(ranks_.size(),
                                             std::vector<TileJob*>(tiling_.count() + 1));
  for (TileJob& job : jobs) {
    of_tile[job.rank][job.tile] = &job;
  }
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    for (const Bytes& message : mail[h]) {
      for (Reader reader(message); !reader.done();) {
        const auto to = reader.value<TileId>();
        const auto from = reader.value<TileId>();
        of_tile[h][to]->letters.push_back({from, to, reader.values<std::byte>()});
      }
    }
  }
  for (TileJob& job : jobs) {  // those of one sender came in order
    std::stable_sort(job.letters.begin(), job.letters.end(),
                     [](const Letter& a, const Letter& b) { return a.from < b.from; });
  }
}

bool Simulation::any_letters(const std::vector<TileJob>& jobs) {
  return std::any_of(jobs.begin(), jobs.end(),
                     [](const TileJob& job) { return !job.letters.empty(); });
}

void Simulation::run_room(std::size_t room) {
  const Lap lap(watch_, Part::compute);
  std::vector<TileJob> jobs = list_jobs();
  const int steps = ranks_.front()->rooms[room].room->steps(tick_, model_.parameters);
  for (int step = 0; step < steps; ++step) {
    if (step > 0) {
      pass_letters(jobs);
    }
    take_turns(jobs, room, step, false);
  }
  BW_CHECK(!any_letters(jobs), "no letters are sent in the last step of a room's phase");
  for (const auto& rank : ranks_) {
    lend_rows(*rank, room);
  }
}

void Simulation::start_rooms() {
  for (std::size_t room = 0; room < model_.rooms.size(); ++room) {
    std::vector<TileJob> jobs = list_jobs();
    take_turns(jobs, room, 0, true);
    BW_CHECK(!any_letters(jobs), "nobody reads letters of the start");
    for (const auto& rank : ranks_) {
      lend_rows(*rank, room);
    }
  }
}

// --- their rows ---------------------------------------------------------------------------------

void Simulation::lend_rows(Rank& rank, std::size_t room) {
  const RoomPart& part = rank.rooms[room];
  for (std::size_t i = 0; i < rank.tiles.size(); ++i) {
    const std::uint32_t t = part.tables[i];
    rank.store.lend(t, part.room->rows(rank.tiles[i]));
    const auto position = model_.domain.exists() ? rank.store.position_column(t) : std::nullopt;
    const Table& table = rank.store.table(t);
    for (std::size_t row = 0; position && row < table.size(); ++row) {
      const Column& column = table.column(*position);
      const Place place = PlaceColumn{column.at(row), 0}.at(model_.domain, 0);
      BW_CHECK(holds(model_.domain, place) && tiling_.tile_at(place) == rank.tiles[i],
               "rows that a room lends stand inside of their tile");
    }
  }
}

// Ends entities of a rank (ascending ids) that were ordered to end, by their owners.
void Simulation::end_external(Rank& rank, std::span<const EntityId> ids) {
  if (ids.empty()) {
    return;
  }
  std::vector<std::vector<EntityId>> of_table(rank.store.table_count());
  for (const EntityId id : ids) {
    of_table[rank.store.find(id)->table].push_back(id);
  }
  std::vector<std::uint8_t> touched(rank.rooms.size(), 0);
  for (std::uint32_t t = 0; t < of_table.size(); ++t) {
    if (!of_table[t].empty()) {
      const Table::Owner& owner = *rank.store.table(t).owner();
      rank.rooms[owner.room].room->end(owner.tile, of_table[t]);
      touched[owner.room] = 1;
    }
  }
  for (std::size_t room = 0; room < touched.size(); ++room) {
    if (touched[room] != 0) {
      lend_rows(rank, room);
    }
  }
}

// The same for what behaviors ordered in the phase in hand.
void Simulation::end_ordered() {
  if (model_.rooms.empty()) {
    return;
  }
  for (const auto& rank : ranks_) {
    std::vector<EntityId> ended;
    for (CommandBuffer* buffer : rank->executor.command_buffers()) {
      const std::vector<EntityId> taken = buffer->take_deaths_of_external(rank->store);
      ended.insert(ended.end(), taken.begin(), taken.end());
    }
    std::sort(ended.begin(), ended.end());
    ended.erase(std::unique(ended.begin(), ended.end()), ended.end());
    end_external(*rank, ended);
  }
}

void Simulation::load_rooms(std::span<const StateSection> sections) {
  for (std::size_t room = 0; room < model_.rooms.size(); ++room) {
    std::vector<StateSection> own;
    std::copy_if(
        sections.begin(), sections.end(), std::back_inserter(own),
        [&](const StateSection& section) { return section.room == model_.rooms[room].name; });
    for (const auto& rank : ranks_) {
      rank->rooms[room].room->load(own);
      lend_rows(*rank, room);
    }
  }
}

}  // namespace bw
