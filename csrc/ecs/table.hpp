// A table: all entities of one archetype, as rows over contiguous columns. The order of rows is
// never observable. An external table shows the rows that another room has in one of its tiles.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "ecs/column.hpp"
#include "ecs/lent_rows.hpp"
#include "ecs/schema.hpp"

namespace bw {

// The sorted set of components that the entities of a table have.
using Archetype = std::vector<ComponentId>;

class Table {
 public:
  Table(const Schema& schema, Archetype archetype);

  // An external table: who owns its rows, and in which tile they are.
  struct Owner {
    std::uint32_t room = 0;  // its place in the model
    TileId tile = kWorldTile;
    std::string name;
    bool ends_by_order = false;  // whether others may end its entities
  };
  Table(const Schema& schema, Archetype archetype, Owner owner);
  const std::optional<Owner>& owner() const { return owner_; }
  bool is_external() const { return owner_.has_value(); }

  // Shows other rows. Throws where a column is missing or has no values.
  void lend(LentRows rows);

  const Archetype& archetype() const { return archetype_; }
  bool has(ComponentId component) const;
  std::size_t size() const { return owner_ ? lent_.ids.size() : ids_.size(); }
  std::span<const EntityId> ids() const { return owner_ ? lent_.ids : ids_; }

  std::size_t column_count() const { return columns_.size(); }
  Column& column(std::size_t index) { return columns_[index]; }
  const Column& column(std::size_t index) const { return columns_[index]; }
  FieldKey column_key(std::size_t index) const { return keys_[index]; }
  std::optional<std::size_t> find_column(FieldKey key) const;
  std::string column_name(std::size_t index) const { return schema_->label(keys_[index]); }

  // Grows by ids.size() rows with these ids and default values; returns the first new row.
  std::size_t append(std::span<const EntityId> ids);

  // The same, with values left for the caller to write; ids one by one, or `count` ids from `first`
  // on.
  std::size_t append_raw(std::span<const EntityId> ids);
  std::size_t append_raw(EntityId first, std::size_t count);

  // The same, with the ids of some rows of another table.
  std::size_t append_rows(const Table& other, std::span<const std::uint32_t> rows);

  // Sets rows [begin, end) of a column to the default value.
  void fill_default(std::size_t column, std::size_t begin, std::size_t end);

  // Removes rows (ascending, distinct): the last rows fill the holes. Returns who moved; it lasts
  // until the next call.
  std::span<const RowMove> remove(std::span<const std::uint32_t> rows);

  // Removes all rows from `size` on.
  void cut_off(std::size_t size) { ids_.resize(std::min(size, ids_.size())); }

  // Reorders all rows: new row i is old row order[i].
  void permute(std::span<const std::uint32_t> order);

  // Bytes of a row as it travels between ranks or tables: all columns one after another. Contents
  // of any length travel beside them.
  std::size_t row_size() const { return row_size_; }
  void pack_row(std::size_t row, std::byte* to) const;
  void unpack_row(std::size_t row, const std::byte* from);

  // The columns whose values have any length.
  const std::vector<std::size_t>& open_columns() const { return open_columns_; }
  void compact();

  // Keeps the memory of an external table's ids alive for a view.
  const std::shared_ptr<const void>& keep() const { return lent_.keep; }

  // "Bird+Hungry": the table's name in state and messages.
  std::string label() const;

 private:
  void grow(std::size_t rows);

  const Schema* schema_;
  Archetype archetype_;
  std::vector<EntityId> ids_;
  std::optional<Owner> owner_;
  LentRows lent_;
  std::vector<Column> columns_;
  std::vector<FieldKey> keys_;
  std::vector<std::size_t> open_columns_;
  std::vector<RowMove> moves_;  // of the last removal
  std::size_t capacity_ = 0;
  std::size_t row_size_ = 0;
};

}  // namespace bw
