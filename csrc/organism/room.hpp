// room.hpp: soups as a room of a world: one in each tile of the model. Each tick every soup runs
// its share of instructions; the organisms are lent as rows; at births some leave for other tiles.
//
// Order rules: a soup's turn follows from its own state alone. Emigrants are letters to one of the
// other tiles, drawn by the tile that they leave; a tile takes them in in the order of (tile,
// birth) when all soups have run. An organism's id is of the tile that it lives in.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ecs/tile_room.hpp"
#include "organism/tile.hpp"

namespace bw {

// The soups of a world, alike in all tiles.
struct SoupSpec {
  std::shared_ptr<const InstructionSet> set;
  SoupSettings settings;  // of one tile
  std::uint64_t seed = 0;
  std::uint32_t tiles = 1;
  std::uint64_t instructions = 100'000;              // of a tile, per tick
  std::vector<std::vector<std::uint8_t>> ancestors;  // put into each tile, in this order
  double migration = 0;              // one in so many births leaves for another tile; 0: none
  std::int64_t migration_every = 1;  // in ticks that are multiples of this
  ComponentId component = 0;
};

// A field that organisms lend.
struct OrganismField {
  std::string name;
  FieldType type;
};
std::vector<OrganismField> organism_fields();

// What is known of all soups of a room, summed.
struct SoupTotals {
  TileCounts counts;
  std::uint64_t population = 0;
  std::uint64_t size_sum = 0;
};

class SoupRoom final : public TileRoom {
 public:
  static constexpr const char* kName = "organism";

  SoupRoom(std::shared_ptr<const SoupSpec> spec, std::span<const TileId> own);

  void start(TileTurn& turn) override;
  int steps(std::int64_t tick, std::span<const std::byte> parameters) const override;
  void run(TileTurn& turn) override;
  LentRows rows(TileId tile) override;
  void end(TileId tile, std::span<const EntityId> ids) override;
  void list_state(const StateSink& sink) const override;
  void load(std::span<const StateSection> sections) override;

  SoupTotals totals() const;
  // The soups of this rank, by tile.
  std::vector<TileId> tiles() const;
  const Tile& soup(TileId tile) const { return pools_.at(tile).tile; }

 private:
  struct Pool {
    Pool(const SoupSpec& spec, TileId number) : tile(spec.set, spec.settings, spec.seed, number) {}
    Pool(const Pool&) = delete;  // a tile stays where it was made

    Tile tile;
    std::vector<EntityId> ids;  // in the order of organisms
  };

  bool is_open(std::int64_t tick) const;
  void live(TileTurn& turn, Tile& tile);
  void take_in(const TileTurn& turn, Tile& tile) const;
  void send(TileTurn& turn, const Emigrant& emigrant) const;
  static void note_ids(Pool& pool);

  std::shared_ptr<const SoupSpec> spec_;
  std::map<TileId, Pool> pools_;  // its tiles stay: several threads look them up at once
};

// The room as a part of a model whose schema has the component.
TileRoomSpec soup_room(std::shared_ptr<const SoupSpec> spec);

}  // namespace bw
