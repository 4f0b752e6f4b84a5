// The list of state of a simulation: what digest and snapshots read, and how it is taken in again.
#include <algorithm>
#include <array>
#include <map>

#include "base/errors.hpp"
#include "cluster/hand_over.hpp"
#include "engine/simulation.hpp"

namespace bw {
namespace {

constexpr std::array<std::uint64_t, 1> kOneKey{0};

Archetype archetype_from(const Schema& schema, const std::string& label) {
  Archetype archetype;
  std::size_t begin = 0;
  while (begin <= label.size() && !label.empty()) {
    const std::size_t end = std::min(label.find('+', begin), label.size());
    const std::string name = label.substr(begin, end - begin);
    const auto component = schema.find(name);
    if (!component) {
      throw UserError("the state has entities with a component '" + name +
                      "' that this model does not have");
    }
    archetype.push_back(*component);
    begin = end + 1;
  }
  return archetype;
}

// Sections of texts and lists have the name of a field; archetypes and the counter have no dot.
bool holds_pieces(const StateSection& section) {
  return section.room == "ecs" && section.name.find('.') != std::string::npos;
}

void read_column(Table& table, std::size_t index, std::size_t row, const StateColumn& from,
                 std::size_t i) {
  Column& column = table.column(index);
  std::memcpy(column.at(row), from.data + static_cast<std::int64_t>(i) * from.stride,
              column.value_size());
}

Digest column_digest(const ColumnHash& hash, const StateSection& section,
                     const StateColumn& column) {
  const std::uint64_t* keys = section.keys.data();
  const std::size_t rows = section.keys.size();
  switch (column.type.scalar) {
    case Scalar::f32:
      return hash.of_reals<float>(keys, column.data, column.stride, rows, column.type.length);
    case Scalar::f64:
      return hash.of_reals<double>(keys, column.data, column.stride, rows, column.type.length);
    default:
      return hash.of_column(keys, column.data, column.stride, rows);
  }
}

std::size_t column_named(const Table& table, const StateColumn& from) {
  for (std::size_t c = 0; c < table.column_count(); ++c) {
    if (table.column_name(c) == from.name && table.column(c).type() == from.type) {
      return c;
    }
  }
  throw UserError("the state has a column '" + from.name +
                  "' that this model does not have, or with another type");
}

// The sum modulo 2^128 over all processes: words of 32 bits are summed, so that nothing is carried
// over the edge of a word.
Digest over_processes(Communicator& communicator, const Digest& mine) {
  if (communicator.hosts_all()) {
    return mine;
  }
  constexpr std::uint64_t kLow = 0xffffffffu;
  const std::vector<std::uint64_t> sums = communicator.sum(
      "digest", {mine.low & kLow, mine.low >> 32, mine.high & kLow, mine.high >> 32});
  Digest all;
  for (std::size_t word = sums.size(); word-- > 0;) {
    all = Digest{all.low << 32, all.high << 32 | all.low >> 32} + Digest{sums[word], 0};
  }
  return all;
}

}  // namespace

void Simulation::list_state(const StateSink& sink) const {
  for (const auto& rank : ranks_) {
    rank->store.list_state(sink);
    if (rank->cells) {
      rank->cells->list_state(sink);
    }
    std::vector<std::uint64_t> tiles;
    std::vector<std::uint64_t> counters;
    for (TileId tile = 0; tile <= tiling_.count(); ++tile) {
      if (partition_.owner(tile) == rank->id && rank->births[tile] > 1) {
        tiles.push_back(tile);
        counters.push_back(rank->births[tile]);
      }
    }
    if (!tiles.empty()) {
      sink({"ecs",
            "births",
            tiles,
            {{"next", {Scalar::u64, 1}, reinterpret_cast<const std::byte*>(counters.data()), 8}}});
    }
    for (const EventList& events : rank->events) {
      events.list_state(sink);
    }
    for (const Graph& graph : rank->graphs) {
      graph.list_state(sink);
    }
    for (const RoomPart& part : rank->rooms) {
      part.room->list_state(sink);
    }
    if (rank->id == 0) {
      list_receivers_state(sink);
      inputs_.list_state(sink);
      sink({"engine",
            "clock",
            kOneKey,
            {{"tick", {Scalar::i64, 1}, reinterpret_cast<const std::byte*>(&tick_), 8}}});
      if (!model_.parameters.empty()) {
        const FieldType type{Scalar::u8, static_cast<std::uint32_t>(model_.parameters.size())};
        sink({"engine", "parameters", kOneKey, {{"block", type, model_.parameters.data(), 0}}});
      }
    }
  }
}

Digest Simulation::digest() const {
  Digest sum;
  list_state([&](const StateSection& section) {
    // That a row exists is state too: a tag has no column that could say so.
    const ColumnHash existence(section.room, section.name, 0);
    for (const std::uint64_t key : section.keys) {
      sum += existence.of_word(key, 0);
    }
    for (const StateColumn& column : section.columns) {
      const ColumnHash hash(section.room, section.name + ":" + column.name, column.type.size());
      sum += column_digest(hash, section, column);
    }
  });
  return over_processes(*communicator_, sum);
}

void Simulation::load_entities(const StateSection& section) {
  const Archetype archetype = archetype_from(model_.schema, section.name);
  // All rows enter the first rank of this process and are handed over from there, as new entities
  // are.
  Store& store = ranks_.front()->store;
  const std::uint32_t t = store.table_for(archetype);
  const std::uint32_t first = store.insert(t, section.keys);
  Table& table = store.table(t);
  for (std::size_t c = 0; c < table.column_count(); ++c) {
    if (!table.column(c).type().is_open()) {
      table.fill_default(c, first, table.size());
    }
  }
  for (const std::size_t c : table.open_columns()) {  // empty, unless pieces say more
    for (std::size_t row = first; row < table.size(); ++row) {
      table.column(c).assign(row, {});
    }
  }
  for (const StateColumn& column : section.columns) {
    const std::size_t index = column_named(table, column);
    for (std::size_t i = 0; i < section.keys.size(); ++i) {
      read_column(table, index, first + i, column, i);
    }
  }
}

void Simulation::load_cells(const StateSection& section) {
  for (const auto& rank : ranks_) {
    if (!rank->cells) {
      throw UserError("the state has cells, but this model has none");
    }
    Table& table = rank->cells->table();
    for (const StateColumn& column : section.columns) {
      const std::size_t index = column_named(table, column);
      for (std::size_t i = 0; i < section.keys.size(); ++i) {
        if (section.keys[i] >= static_cast<std::uint64_t>(lattice_.volume())) {
          throw UserError("the state has a cell " + std::to_string(section.keys[i]) +
                          " outside of this model's world");
        }
        const std::int64_t row = rank->cells->row_of_cell(section.keys[i]);
        if (row >= 0) {
          read_column(table, index, static_cast<std::size_t>(row), column, i);
        }
      }
    }
  }
}

void Simulation::load(std::span<const StateSection> sections) {
  for (const auto& rank : ranks_) {
    for (std::uint32_t t = 0; t < rank->store.table_count(); ++t) {
      if (rank->store.table(t).is_external()) {
        continue;
      }
      std::vector<std::uint32_t> rows(rank->store.table(t).size());
      for (std::uint32_t row = 0; row < rows.size(); ++row) {
        rows[row] = row;
      }
      rank->store.remove_rows(t, rows);
    }
    std::fill(rank->births.begin(), rank->births.end(), 1);
    for (Graph& graph : rank->graphs) {
      graph.clear();
    }
    rank->executor.forget();
  }
  failed_ = false;
  ++upheavals_;
  left_cells_.clear();
  to_share_out_ = run_.sharing.kind != PartitionKind::blocks;
  forget_events();
  inputs_.clear();
  for (const StateSection& section : sections) {
    const StateColumn* first = section.columns.empty() ? nullptr : section.columns.data();
    if (section.room == "ecs" && section.name == "births") {
      for (std::size_t i = 0; i < section.keys.size(); ++i) {
        if (section.keys[i] > tiling_.count()) {
          throw UserError("the state has births in tile " + std::to_string(section.keys[i]) +
                          ", the model has " + std::to_string(tiling_.count()) + " tiles");
        }
        std::uint64_t next;
        std::memcpy(&next, first->data + static_cast<std::int64_t>(i) * first->stride,
                    sizeof(next));
        for (const auto& rank : ranks_) {
          rank->births.at(section.keys[i]) = next;
        }
      }
    } else if (holds_pieces(section)) {
      // when all entities are there
    } else if (section.room == "ecs") {
      load_entities(section);
    } else if (section.room == "lattice") {
      load_cells(section);
    } else if (section.room == "input") {
      inputs_.load(section);
    } else if (section.room == "graph") {
      load_edges(section);
    } else if (section.room == "event") {
      load_events(section);
    } else if (section.room == "engine" && section.name == "receivers") {
      load_receivers(section);
    } else if (section.room == "engine" && section.name == "outside") {
      std::memcpy(&sent_from_outside_, first->data, sizeof(sent_from_outside_));
    } else if (section.room == "engine" && section.name == "clock") {
      std::memcpy(&tick_, first->data, sizeof(tick_));
    } else if (section.room == "engine" && section.name == "parameters") {
      set_parameters({first->data, first->data + first->type.size()});
    } else if (std::none_of(model_.rooms.begin(), model_.rooms.end(),
                            [&](const TileRoomSpec& room) { return room.name == section.room; })) {
      throw UserError("the state has a part '" + section.room + "/" + section.name +
                      "' that this version does not know");
    }
  }
  for (const StateSection& section : sections) {
    if (holds_pieces(section)) {
      ranks_.front()->store.load_pieces(section);
    }
  }
  load_rooms(sections);
  check_loaded_edges();
  share_out();
}

}  // namespace bw
