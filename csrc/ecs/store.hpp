// The store: all tables of one rank and the index from ids to rows, those of external tables
// included. It knows nothing of space, behaviors or other ranks.
//
// The index is there for those who ask: while nobody does, it is given up, and made anew when
// somebody asks again.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "base/state.hpp"
#include "ecs/entity_index.hpp"
#include "ecs/schema.hpp"
#include "ecs/table.hpp"

namespace bw {

// An entity, and where it was seen: it may have ended or moved to another row since.
struct Sighting {
  EntityId id = kNoEntity;
  Location at = kNowhere;
};

class Store {
 public:
  explicit Store(const Schema& schema) : schema_(&schema) {}

  const Schema& schema() const { return *schema_; }

  // The table of an archetype (any order of components), made where it is missing.
  std::uint32_t table_for(Archetype archetype);
  std::size_t table_count() const { return tables_.size(); }
  Table& table(std::uint32_t index) { return tables_[index]; }
  const Table& table(std::uint32_t index) const { return tables_[index]; }

  // A table whose rows another room owns, with no rows yet. None of what follows that makes, ends,
  // moves or changes entities is for its rows.
  std::uint32_t add_external(Archetype archetype, Table::Owner owner);
  // Its rows as they are from now on. The index learns of it when it is next asked.
  void lend(std::uint32_t table, LentRows rows);
  // Those of some entities that are in external tables, each once, ascending.
  std::vector<EntityId> external_among(std::span<const EntityId> ids) const;

  // Tables whose entities have all these components.
  std::vector<std::uint32_t> tables_with(std::span<const ComponentId> components) const;

  // Whether any entity has all these components.
  bool any_rows(std::span<const ComponentId> components) const;

  std::size_t size() const;
  std::size_t count(ComponentId component) const;
  // Where an entity is. Not for several threads at once: the index may have to learn of the rows
  // first.
  std::optional<Location> find(EntityId id) const;
  // The same, but for the rows of external tables.
  std::optional<Location> find_own(EntityId id) const;
  // The same as find for many: out[i] is where ids[i] is, kNowhere for an unknown one.
  void find_all(std::span<const EntityId> ids, Location* out) const;
  // Grows with every row of its own that comes, goes or changes its table.
  std::uint64_t changes() const { return changes_; }
  // Memory of the index.
  std::size_t index_bytes() const { return index_.bytes(); }

  // The column that holds the places of a table's entities: the field called `position`, if one of
  // its components has it.
  std::optional<std::size_t> position_column(std::uint32_t table) const;

  // New rows for entities that are born here: `count` consecutive ids, or any ids that are new.
  // Values are left for the caller to write. Returns the first row.
  std::uint32_t bear(std::uint32_t table, EntityId first, std::size_t count);
  std::uint32_t bear(std::uint32_t table, std::span<const EntityId> ids);

  // New rows for entities that come from elsewhere (another rank, a snapshot); the same otherwise.
  std::uint32_t insert(std::uint32_t table, std::span<const EntityId> ids);

  // Ends entities, each at most once; unknown ids are passed over. Returns how many ended. The
  // index is asked for those only that are not where they were seen.
  std::size_t remove(std::span<const EntityId> ids);
  std::size_t remove(std::span<const Sighting> seen);

  // The same in two steps: the index forgets them, and their rows go, unless all is put back.
  struct Doomed {
    std::vector<std::vector<std::uint32_t>> rows;  // by table
    std::size_t count = 0;
  };
  Doomed take(std::span<const EntityId> ids);
  void drop(Doomed doomed);
  void put_back(const Doomed& doomed);

  // Removes rows (ascending, distinct) of a table.
  void remove_rows(std::uint32_t table, std::span<const std::uint32_t> rows);

  // A change of archetype in two steps, so that many change at once. First the rows (distinct, in
  // any order) go to new rows of another table: values of components that both have go along,
  // others take their defaults, but for the fields `given`, which are the caller's to write.
  // Returns the first new row.
  std::uint32_t copy_rows(std::uint32_t from, std::span<const std::uint32_t> rows, std::uint32_t to,
                          std::span<const FieldKey> given = {});
  // Then the old rows (ascending) are dropped; or they stay, and the new ones, from `size` on, are
  // cut off.
  void drop_rows(std::uint32_t table, std::span<const std::uint32_t> rows);
  void stay(std::uint32_t table, std::span<const std::uint32_t> rows);
  void cut_off(std::uint32_t table, std::size_t size) {
    tables_[table].cut_off(size);
    ++changes_;
  }

  // Moves one entity to the table of another archetype.
  Location change_archetype(Location from, Archetype archetype);

  // Reorders a table's rows: new row i is old row order[i]. The index learns of it when it is next
  // asked.
  void permute(std::uint32_t table, std::span<const std::uint32_t> order);

  // A sync point: arenas drop what no value holds any more.
  void compact();

  void list_state(const StateSink& sink) const;
  // Takes in a section of pieces (pieces.hpp) of entities that are here.
  void load_pieces(const StateSection& section);

 private:
  void freshen() const;
  void freshen_external() const;
  bool follow(std::size_t rows);
  std::optional<Location> find_seen(const Sighting& seen) const;

  const Schema* schema_;
  std::uint64_t changes_ = 0;
  std::deque<Table> tables_;  // a deque: references stay valid while tables are added
  mutable EntityIndex index_;
  mutable bool follows_ = false;  // whether the index is in step with rows, but for what is stale
  mutable std::size_t unasked_ = 0;  // rows that it was told of since it was asked last
  mutable std::vector<std::uint32_t>
      stale_;  // tables whose rows were reordered since the index was asked

  // External tables, with an index of their own that is brought up to date when it is asked.
  struct External {
    std::uint32_t table;
    std::vector<EntityId> known;  // the rows that the index has
    bool stale;
  };
  mutable std::vector<External> external_;
  mutable EntityIndex external_index_;
};

}  // namespace bw
