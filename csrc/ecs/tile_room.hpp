// A room with rows and a phase of its own: what the engine asks of whoever keeps entities in its
// own memory (organisms in their soups). Everything is cut by tiles. The room makes and ends its
// entities itself, in its phase and inside its tiles; in all other phases its rows are an external
// table of the store, which behaviors, queries, records and views read like any other.
//
// Order rules: a tile's turn may depend on the tile's own state, the tick, the parameters and the
// letters that it got, and on nothing else; so neither threads nor ranks can matter. Letters come
// in the order of (tile of the sender, ordinal). A tile with rows that have a `position` keeps them
// inside of its region.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/state.hpp"
#include "ecs/lent_rows.hpp"
#include "ecs/schema.hpp"
#include "ecs/table.hpp"

namespace bw {

// The bytes of letters that one tile may send in one step.
inline constexpr std::size_t kMostLetterBytes = std::size_t{1} << 30;

// What tiles tell each other between the steps of a phase.
struct Letter {
  TileId from = 0;
  TileId to = 0;
  std::vector<std::byte> content;
};

// One tile's turn in one step of the room's phase.
class TileTurn {
 public:
  TileTurn(TileId tile, std::int64_t tick, int step, std::span<const std::byte> parameters,
           std::uint64_t& next_birth, std::span<const Letter> received)
      : tile_(tile),
        tick_(tick),
        step_(step),
        parameters_(parameters),
        next_birth_(&next_birth),
        received_(received) {}

  TileId tile() const { return tile_; }
  std::int64_t tick() const { return tick_; }
  int step() const { return step_; }
  std::span<const std::byte> parameters() const { return parameters_; }  // the model's block

  // The id of an entity that is born in this tile: by the tile's birth counter, never reused.
  EntityId bear() { return make_id(tile_, (*next_birth_)++); }
  // The ids that `bear` would give next, one after another; how many of them were given in a row.
  EntityId next_id() const { return make_id(tile_, *next_birth_); }
  void bear_up_to(EntityId end) { *next_birth_ = birth_counter(end); }

  // What was sent to this tile in the step before.
  std::span<const Letter> received() const { return received_; }
  // Sends bytes to a tile, which reads them in the next step of this tick's phase.
  void send(TileId to, std::span<const std::byte> content);

  std::vector<Letter> take_sent() { return std::move(sent_); }

 private:
  TileId tile_;
  std::int64_t tick_;
  int step_;
  std::span<const std::byte> parameters_;
  std::uint64_t* next_birth_;
  std::span<const Letter> received_;
  std::vector<Letter> sent_;
  std::size_t sent_bytes_ = 0;
};

// The tiles of one rank.
class TileRoom {
 public:
  virtual ~TileRoom() = default;

  // Fills a tile with its first entities, once, before the first tick; not where a snapshot is
  // loaded.
  virtual void start(TileTurn& turn) = 0;

  // How many steps the phase has in a tick: the same on all ranks. Letters travel between them.
  virtual int steps(std::int64_t tick, std::span<const std::byte> parameters) const = 0;

  // A tile's turn in a step. Turns of different tiles run at the same time.
  virtual void run(TileTurn& turn) = 0;

  // A tile's rows as they are now. The memory stays until the room's next phase, `end` or `load`.
  virtual LentRows rows(TileId tile) = 0;

  // Entities of a tile that behaviors or people ordered to end; only where the spec allows it.
  virtual void end(TileId tile, std::span<const EntityId> ids) = 0;

  // All its state, the rows included, in sections of the room's name. An entity's key is its id.
  virtual void list_state(const StateSink& sink) const = 0;

  // Forgets all, and takes in sections that any ranks listed: the parts that are of its tiles.
  virtual void load(std::span<const StateSection> sections) = 0;
};

// A room as a part of a model.
struct TileRoomSpec {
  std::string name;      // in the list of state, and in messages
  Archetype components;  // of its entities
  // What behaviors, and Python, may write of its rows; never a position.
  std::vector<FieldKey> writable;
  bool ends_by_order = false;  // whether others may end its entities
  // Makes the part for some tiles; all are empty.
  std::function<std::unique_ptr<TileRoom>(std::span<const TileId>)> make;
};

}  // namespace bw
