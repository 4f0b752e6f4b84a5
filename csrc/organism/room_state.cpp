// room_state.cpp: the soups of a rank in the list of state: `organisms` by id, `soups` by (tile,
// block of cells), `tiles` with counts, countdowns and random streams by tile. Places in the queues
// are numbers of organisms: who stands where follows from nothing else.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#include "base/errors.hpp"
#include "organism/room.hpp"
#include "vm/template_search.hpp"

namespace bw {

namespace {

constexpr FieldType kByte{Scalar::u8, 1};
constexpr FieldType kWord{Scalar::u32, 1};
constexpr FieldType kLong{Scalar::u64, 1};
constexpr FieldType kSigned{Scalar::i64, 1};

struct Member {
  const char* name;
  FieldType type;
  std::size_t offset;
};

static_assert(std::is_standard_layout_v<Organism> && std::is_standard_layout_v<Biography>);
static_assert(std::is_standard_layout_v<TileState>);

constexpr std::array kOfOrganism{
    Member{"registers", {Scalar::u32, 4}, offsetof(Organism, cpu.registers)},
    Member{"ip", kWord, offsetof(Organism, cpu.ip)},
    Member{"stack", {Scalar::u32, kStackDepth}, offsetof(Organism, cpu.stack)},
    Member{"top", kByte, offsetof(Organism, cpu.top)},
    Member{"flags", kByte, offsetof(Organism, cpu.flags)},
    Member{"address", kWord, offsetof(Organism, start)},
    Member{"size", kWord, offsetof(Organism, size)},
    Member{"child_address", kWord, offsetof(Organism, child_start)},
    Member{"child_size", kWord, offsetof(Organism, child_size)},
    Member{"moved", kWord, offsetof(Organism, moved)},
    Member{"moved_begin", kWord, offsetof(Organism, moved_begin)},
    Member{"moved_end", kWord, offsetof(Organism, moved_end)},
    Member{"errors", kWord, offsetof(Organism, errors)},
    Member{"since_birth", kWord, offsetof(Organism, since_birth)},
    Member{"births", kWord, offsetof(Organism, births)},
};

constexpr std::array kOfBiography{
    Member{"genotype", kLong, offsetof(Biography, genotype)},
    Member{"mother", kLong, offsetof(Biography, parent)},
    Member{"born", kLong, offsetof(Biography, born)},
    Member{"generation", kLong, offsetof(Biography, generation)},
};

constexpr std::array kOfTile{
    Member{"instructions", kLong, offsetof(TileState, counts.instructions)},
    Member{"births", kLong, offsetof(TileState, counts.births)},
    Member{"errors", kLong, offsetof(TileState, counts.errors)},
    Member{"emigrants", kLong, offsetof(TileState, counts.emigrants)},
    Member{"immigrants", kLong, offsetof(TileState, counts.immigrants)},
    Member{"deaths", {Scalar::u64, kDeathCauses}, offsetof(TileState, counts.deaths)},
    Member{"mutations", {Scalar::u64, kMutationKinds}, offsetof(TileState, counts.mutations)},
    Member{"mean_size", {Scalar::f64, 1}, offsetof(TileState, averages.size)},
    Member{"mean_population", {Scalar::f64, 1}, offsetof(TileState, averages.population)},
    Member{"mean_replication", {Scalar::f64, 1}, offsetof(TileState, averages.replication)},
    Member{"until_copy", kSigned, offsetof(TileState, until_copy)},
    Member{"until_background", kSigned, offsetof(TileState, until_background)},
    Member{"until_flaw", kSigned, offsetof(TileState, until_flaw)},
    Member{"next_measure", kLong, offsetof(TileState, next_measure)},
    Member{"organism_instructions", kLong, offsetof(TileState, organism_instructions)},
    Member{"measured_births", kLong, offsetof(TileState, measured_births)},
    Member{"replication_instructions", kLong, offsetof(TileState, replication_instructions)},
    Member{"drawn", {Scalar::u64, kStreams}, offsetof(TileState, drawn)},
};

// Cells are listed in blocks of so many; the last one goes over the end of the soup, into its
// margin.
constexpr std::uint32_t kCellsOfBlock = 64;
static_assert(kCellsOfBlock <= kSoupMargin);
constexpr FieldType kBlock{Scalar::u8, kCellsOfBlock};

const std::byte* bytes_of(const auto* value) {
  return reinterpret_cast<const std::byte*>(value);
}

void add_columns(StateSection& section, std::span<const Member> members, const std::byte* first,
                 std::size_t stride) {
  for (const Member& member : members) {
    section.columns.push_back(
        {member.name, member.type, first + member.offset, static_cast<std::int64_t>(stride)});
  }
}

void list_organisms(const StateSink& sink, const Tile& tile, std::span<const EntityId> ids,
                    const TileState& state) {
  const std::size_t count = ids.size();
  if (count == 0) return;
  std::vector<std::uint32_t> places(count), deaths(count), turns(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    places[i] = i;
    deaths[state.reaper_order[i]] = i;
    turns[state.slicer_order[i]] = i;
  }
  StateSection section{SoupRoom::kName, "organisms", ids, {}};
  add_columns(section, kOfOrganism, bytes_of(tile.organisms().data()), sizeof(Organism));
  add_columns(section, kOfBiography, bytes_of(tile.biographies().data()), sizeof(Biography));
  section.columns.push_back({"place", kWord, bytes_of(places.data()), sizeof(std::uint32_t)});
  section.columns.push_back({"death", kWord, bytes_of(deaths.data()), sizeof(std::uint32_t)});
  section.columns.push_back({"turn", kWord, bytes_of(turns.data()), sizeof(std::uint32_t)});
  sink(section);
}

std::uint32_t block_count(std::uint32_t cells) {
  return (cells + kCellsOfBlock - 1) / kCellsOfBlock;
}

void list_cells(const StateSink& sink, TileId number, const Soup& soup) {
  std::vector<std::uint64_t> keys(block_count(soup.size()));
  for (std::uint32_t i = 0; i < keys.size(); ++i) keys[i] = make_id(number, i);
  sink(
      {SoupRoom::kName, "soups", keys, {{"cells", kBlock, bytes_of(soup.cells()), kCellsOfBlock}}});
}

const StateColumn& column_of(const StateSection& section, const Member& member) {
  for (const StateColumn& column : section.columns) {
    if (column.name == member.name && column.type == member.type) return column;
  }
  throw UserError("the state of organisms has no column '" + section.name + "." + member.name +
                  "' of this version's type");
}

void read(const StateSection& section, const Member& member, std::size_t row, void* to) {
  const StateColumn& column = column_of(section, member);
  std::memcpy(static_cast<std::byte*>(to) + member.offset,
              column.data + static_cast<std::int64_t>(row) * column.stride, member.type.size());
}

// What was read of one tile, until it is whole.
struct Loaded {
  struct Row {
    std::uint32_t place, death, turn;
    Organism organism;
    Biography biography;
  };
  TileState state;
  bool has_state = false;
  std::uint32_t blocks = 0;
  std::vector<std::uint8_t> cells;
  std::vector<Row> rows;
};

void read_organism(const StateSection& section, std::size_t row, Loaded& to) {
  Loaded::Row& one = to.rows.emplace_back();
  for (const Member& member : kOfOrganism) read(section, member, row, &one.organism);
  for (const Member& member : kOfBiography) read(section, member, row, &one.biography);
  read(section, {"place", kWord, offsetof(Loaded::Row, place)}, row, &one);
  read(section, {"death", kWord, offsetof(Loaded::Row, death)}, row, &one);
  read(section, {"turn", kWord, offsetof(Loaded::Row, turn)}, row, &one);
  one.organism.number = section.keys[row];
}

void read_block(const StateSection& section, std::size_t row, Loaded& to) {
  const std::uint64_t begin = birth_counter(section.keys[row]) * kCellsOfBlock;
  if (begin >= to.cells.size()) throw UserError("the state has more cells than the soup");
  std::array<std::uint8_t, kCellsOfBlock> block;
  read(section, {"cells", kBlock, 0}, row, block.data());
  const std::size_t count = std::min<std::size_t>(kCellsOfBlock, to.cells.size() - begin);
  std::copy_n(block.begin(), count, to.cells.begin() + static_cast<std::ptrdiff_t>(begin));
  ++to.blocks;
}

void read_tile(const StateSection& section, std::size_t row, Loaded& to) {
  for (const Member& member : kOfTile) read(section, member, row, &to.state);
  to.has_state = true;
}

// The places of organisms by their numbers in a queue.
std::vector<std::uint32_t> queue_of(const std::vector<Loaded::Row>& rows,
                                    std::uint32_t Loaded::Row::* number) {
  std::vector<std::uint32_t> order(rows.size(), kNobody);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].*number < order.size()) order[rows[i].*number] = rows[i].place;
  }
  return order;
}

void restore(Tile& tile, Loaded& loaded) {
  if (!loaded.has_state || loaded.blocks != block_count(tile.soup().size())) {
    throw UserError("the state has soups of other tiles or another number of cells than the model");
  }
  std::vector<Organism> organisms(loaded.rows.size());
  std::vector<Biography> biographies(loaded.rows.size());
  for (const Loaded::Row& row : loaded.rows) {
    if (row.place >= organisms.size() || organisms[row.place].number != kNoParent) {
      throw UserError("the state has two organisms in one place");
    }
    organisms[row.place] = row.organism;
    biographies[row.place] = row.biography;
  }
  loaded.state.reaper_order = queue_of(loaded.rows, &Loaded::Row::death);
  loaded.state.slicer_order = queue_of(loaded.rows, &Loaded::Row::turn);
  tile.restore(loaded.state, loaded.cells, organisms, biographies);
}

}  // namespace

void SoupRoom::list_state(const StateSink& sink) const {
  for (const auto& [number, pool] : pools_) {
    const TileState state = pool.tile.state();
    const std::array<std::uint64_t, 1> key{number};
    StateSection section{kName, "tiles", key, {}};
    add_columns(section, kOfTile, bytes_of(&state), sizeof(state));
    sink(section);
    list_organisms(sink, pool.tile, pool.ids, state);
    list_cells(sink, number, pool.tile.soup());
  }
}

void SoupRoom::load(std::span<const StateSection> sections) {
  std::map<TileId, Loaded> loaded;
  for (const auto& [number, pool] : pools_) loaded[number].cells.resize(pool.tile.soup().size());
  for (const StateSection& section : sections) {
    const bool of_tiles = section.name == "tiles";
    for (std::size_t row = 0; row < section.keys.size(); ++row) {
      const std::uint64_t key = section.keys[row];
      const std::uint64_t tile = of_tiles ? key : birth_tile(key);
      if (tile == 0 || tile > spec_->tiles) {
        throw UserError("the state has a soup in tile " + std::to_string(tile) +
                        ", the model has " + std::to_string(spec_->tiles) + " tiles");
      }
      const auto own = loaded.find(static_cast<TileId>(tile));
      if (own == loaded.end()) continue;
      if (of_tiles) {
        read_tile(section, row, own->second);
      } else if (section.name == "soups") {
        read_block(section, row, own->second);
      } else {
        read_organism(section, row, own->second);
      }
    }
  }
  for (auto& [number, pool] : pools_) {
    restore(pool.tile, loaded[number]);
    note_ids(pool);
  }
}

}  // namespace bw
