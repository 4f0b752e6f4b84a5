// Structural commands: births, deaths, attachments and detachments that behaviors order during a
// phase and that are applied at its end, in an order made of (behavior, parent id, ordinal), never
// of arrival or threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.hpp"
#include "ecs/store.hpp"

namespace bw {

// How the record of a birth or an attachment is laid out, resolved for one store.
struct RecordPlan {
  Archetype components;
  std::vector<FieldKey> fields;
  std::vector<std::size_t> offsets;
  std::vector<std::byte> initial;  // the record with all defaults
};

// Commands of one worker. Records stay where they are until they are applied.
class CommandBuffer {
 public:
  static constexpr std::size_t kCancelled =
      ~std::size_t{0};  // the record of a birth that does not happen

  struct Birth {
    EntityId parent;
    TileId tile;
    std::uint32_t plan;
    std::uint32_t behavior;
    std::uint32_t ordinal;
    std::size_t record;
  };
  struct Change {  // of an entity's components
    EntityId entity;
    std::uint32_t plan;
    std::uint32_t behavior;
    std::uint32_t ordinal;
    bool attach;
    std::size_t record;
  };

  std::byte* spawn(EntityId parent, TileId tile, std::uint32_t plan, std::uint32_t behavior,
                   const RecordPlan& layout);
  std::byte* attach(EntityId entity, std::uint32_t plan, std::uint32_t behavior,
                    const RecordPlan& layout);
  void detach(EntityId entity, std::uint32_t plan, std::uint32_t behavior);
  // `at`: where it stands as it is ordered.
  void despawn(EntityId entity, Location at = kNowhere) { deaths_.push_back({entity, at}); }

  const std::vector<Birth>& births() const { return births_; }
  const std::vector<Change>& changes() const { return changes_; }
  const std::vector<Sighting>& deaths() const { return deaths_; }
  const std::byte* record(std::size_t offset) const { return records_.data() + offset; }
  std::byte* record(std::size_t offset) { return records_.data() + offset; }

  // A birth (by its place in births()) that found no place does not happen.
  void cancel_birth(std::size_t birth) { births_[birth].record = kCancelled; }

  // Takes out the commands for entities that are in external tables, or not here (any more), so
  // that they can be given to where they are.
  std::vector<EntityId> take_deaths_of_external(const Store& store);
  std::vector<EntityId> take_deaths_of_others(const Store& store);
  std::vector<Change> take_changes_of_others(const Store& store);
  // A change that came from another buffer, with its record (empty for a detachment).
  void adopt(Change change, std::span<const std::byte> record);

  bool empty() const { return births_.empty() && changes_.empty() && deaths_.empty(); }
  void clear();

 private:
  std::byte* new_record(const RecordPlan& layout, std::size_t* offset);

  std::vector<Birth> births_;
  std::vector<Change> changes_;
  std::vector<Sighting> deaths_;
  std::vector<std::byte> records_;
};

struct ApplyResult {
  std::size_t births = 0;
  std::size_t deaths = 0;
  std::size_t changes = 0;
};

// Applies all commands of a phase: deaths first, then changes, then births. `next_births[tile]` is
// the counter of a tile's next birth; it is counted up. An entity that ends takes part in nothing
// else; its own births of the phase still happen.
ApplyResult apply_commands(Store& store, std::span<CommandBuffer* const> buffers,
                           std::span<const RecordPlan> plans, std::span<std::uint64_t> next_births);

}  // namespace bw
