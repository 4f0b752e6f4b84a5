// yeast.hpp: a room with rows of its own for the tests of the engine: yeast cells that grow, bud,
// starve and drift to the next tile, kept as an array of structures by tile.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/philox.hpp"
#include "ecs/tile_room.hpp"
#include "space/tiling.hpp"
#include "zoo.hpp"

namespace bw::engine_tests {

inline constexpr ComponentId kYeast = 4;
inline constexpr FieldKey kYeastPosition{kYeast, 0};
inline constexpr FieldKey kSize{kYeast, 1};
inline constexpr FieldKey kSugar{kYeast, 2};

inline Component yeast_component(const Domain& domain) {
  const std::string position = domain.exists() ? "position" : "nothing";
  return {"Yeast",
          {{position, {Scalar::f64, 2}, std::vector<std::byte>(16)},
           {"size", {Scalar::f64, 1}, std::vector<std::byte>(8)},
           {"sugar", {Scalar::i32, 1}, std::vector<std::byte>(4)}}};
}

class YeastRoom final : public TileRoom {
 public:
  struct Cell {
    EntityId id;
    double size;
    std::int32_t sugar;
    std::int32_t drifted;  // state that is lent to nobody
    std::array<double, 2> place;
  };
  using Cells = std::vector<Cell>;

  YeastRoom(const Domain& domain, std::uint32_t tiles, std::span<const TileId> own, bool keeps)
      : domain_(domain), tiling_(domain, tiles), keeps_(keeps) {
    for (const TileId tile : own) {
      pots_[tile];
    }
  }

  void start(TileTurn& turn) override {
    Cells cells;
    for (int i = 0; i < 5; ++i) {
      cells.push_back(placed({turn.bear(), 0.3 + 0.1 * i, i, 0, {}}, turn.tile()));
    }
    show(turn.tile(), std::move(cells));
  }

  int steps(std::int64_t tick, std::span<const std::byte>) const override {
    return tick % 2 == 0 ? 2 : 1;
  }

  void run(TileTurn& turn) override {
    Cells cells = *pots_.at(turn.tile()).cells;
    turn.step() == 0 ? live(turn, cells) : settle(turn, cells);
    show(turn.tile(), std::move(cells));
  }

  LentRows rows(TileId tile) override {
    Pot& pot = pots_.at(tile);
    auto* first = reinterpret_cast<std::byte*>(pot.cells->data());
    const auto column = [&](FieldKey field, std::size_t offset) {
      return LentColumn{field, pot.cells->empty() ? nullptr : first + offset, sizeof(Cell)};
    };
    using Kept = std::pair<std::shared_ptr<Cells>, std::shared_ptr<std::vector<EntityId>>>;
    return {*pot.ids,
            {column(kSize, offsetof(Cell, size)), column(kSugar, offsetof(Cell, sugar)),
             column(kYeastPosition, offsetof(Cell, place))},
            keeps_ ? std::make_shared<Kept>(pot.cells, pot.ids) : nullptr};
  }

  void end(TileId tile, std::span<const EntityId> ids) override {
    Cells cells = *pots_.at(tile).cells;
    std::erase_if(cells, [&](const Cell& cell) {
      return std::binary_search(ids.begin(), ids.end(), cell.id);
    });
    show(tile, std::move(cells));
  }

  void list_state(const StateSink& sink) const override {
    for (const auto& [tile, pot] : pots_) {
      const Cells& cells = *pot.cells;
      if (cells.empty()) {
        continue;
      }
      const std::vector<TileId> tiles(cells.size(), tile);
      const auto* first = reinterpret_cast<const std::byte*>(cells.data());
      constexpr auto kStride = static_cast<std::int64_t>(sizeof(Cell));
      const FieldType place{Scalar::f64, 2}, number{Scalar::f64, 1}, whole{Scalar::i32, 1};
      sink({"yeast",
            "cells",
            *pot.ids,
            {{"tile", {Scalar::u32, 1}, reinterpret_cast<const std::byte*>(tiles.data()), 4},
             {"size", number, first + offsetof(Cell, size), kStride},
             {"sugar", whole, first + offsetof(Cell, sugar), kStride},
             {"drifted", whole, first + offsetof(Cell, drifted), kStride},
             {"place", place, first + offsetof(Cell, place), kStride}}});
    }
  }

  void load(std::span<const StateSection> sections) override {
    std::map<TileId, Cells> loaded;
    for (const StateSection& section : sections) {
      for (std::size_t i = 0; i < section.keys.size(); ++i) {
        const auto read = [&](std::size_t column, auto& value) {
          const StateColumn& from = section.columns[column];
          std::memcpy(&value, from.data + static_cast<std::int64_t>(i) * from.stride,
                      sizeof(value));
        };
        TileId tile = 0;
        Cell cell{section.keys[i], 0.0, 0, 0, {}};
        read(0, tile);
        read(1, cell.size);
        read(2, cell.sugar);
        read(3, cell.drifted);
        read(4, cell.place);
        loaded[tile].push_back(cell);
      }
    }
    for (auto& [tile, pot] : pots_) {
      show(tile, std::move(loaded[tile]));
    }
  }

 private:
  struct Pot {
    std::shared_ptr<Cells> cells = std::make_shared<Cells>();
    std::shared_ptr<std::vector<EntityId>> ids = std::make_shared<std::vector<EntityId>>();
  };

  // A turn depends on the cells, not on how they are arranged: they are handled by id.
  void live(TileTurn& turn, Cells& cells) {
    std::sort(cells.begin(), cells.end(), [](const Cell& a, const Cell& b) { return a.id < b.id; });
    Cells before = std::exchange(cells, {});
    for (Cell cell : before) {
      RandomStream draw(77, cell.id, turn.tick());
      if (draw.uniform() < 0.04) {
        continue;  // starved
      }
      cell.size += 0.1 + 0.01 * cell.sugar;
      if (cell.size > 1.0) {
        cell.size /= 2.0;
        cells.push_back(placed({turn.bear(), cell.size, 0, 0, {}}, turn.tile()));
      }
      if (turn.tick() % 2 == 0 && draw.uniform() < 0.2) {
        turn.send(turn.tile() % tiling_.count() + 1, std::as_bytes(std::span(&cell, 1)));
      } else {
        cells.push_back(cell);
      }
    }
  }

  void settle(TileTurn& turn, Cells& cells) {
    for (const Letter& letter : turn.received()) {
      Cell cell;
      std::memcpy(&cell, letter.content.data(), sizeof(cell));
      ++cell.drifted;
      cells.push_back(placed(cell, turn.tile()));
    }
  }

  // A place in the tile, by the cell's id.
  Cell placed(Cell cell, TileId tile) const {
    if (domain_.exists()) {
      const Region region = tiling_.region(tile);
      RandomStream draw(78, cell.id, 0);
      for (std::size_t a = 0; a < 2; ++a) {
        cell.place[a] = region.low[a] + draw.uniform() * (region.high[a] - region.low[a]);
      }
    }
    return cell;
  }

  void show(TileId tile, Cells cells) {
    Pot& pot = pots_.at(tile);
    pot.cells = std::make_shared<Cells>(std::move(cells));
    pot.ids = std::make_shared<std::vector<EntityId>>();
    for (const Cell& cell : *pot.cells) {
      pot.ids->push_back(cell.id);
    }
  }

  Domain domain_;
  Tiling tiling_;
  bool keeps_;
  std::map<TileId, Pot> pots_;  // its tiles stay: several threads look them up at once
};

// A room of yeast for a model of the zoo.
inline TileRoomSpec yeast_room(const Domain& domain, std::uint32_t tiles) {
  TileRoomSpec spec;
  spec.name = "yeast";
  spec.components = {kYeast};
  spec.writable = {kSugar};
  spec.make = [domain, tiles](std::span<const TileId> own) {
    return std::make_unique<YeastRoom>(domain, tiles, own, true);
  };
  return spec;
}

}  // namespace bw::engine_tests
