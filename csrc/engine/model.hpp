// What the engine is built from: a model's data, space, behaviors and how it is to be run.
// Described, mapped, run: this is the description, already resolved to numbers.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "cluster/communicator.hpp"
#include "cluster/divide.hpp"
#include "ecs/schema.hpp"
#include "ecs/table.hpp"
#include "ecs/tile_room.hpp"
#include "event/channel.hpp"
#include "graph/graph.hpp"
#include "schedule/behavior.hpp"
#include "space/domain.hpp"

namespace bw {

struct ModelSpec {
  Schema schema;
  Domain domain;
  std::array<std::int64_t, kAxes> lattice{1, 1, 1};  // cells over a continuous domain
  Archetype cell_components;
  std::vector<Channel> channels;
  std::vector<GraphSpec> graphs;
  std::vector<TileRoomSpec> rooms;  // that keep entities of their own
  std::uint32_t tiles = 64;
  std::vector<Phase> phases;
  std::vector<std::byte> parameters;
  std::uint64_t seed = 0;
};

struct RunSpec {
  std::uint32_t ranks = 1;  // in this process, where there is no communicator
  int threads = 1;
  bool check_values = false;
  std::shared_ptr<Communicator> communicator = nullptr;  // of several processes
  Sharing sharing{};
};

}  // namespace bw
