// A behavior as the engine sees it: a kernel, what it reads and writes, when it runs. Whatever
// language it was written in.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bigworlds/behavior_abi.h"
#include "ecs/schema.hpp"
#include "ecs/table.hpp"
#include "event/channel.hpp"
#include "schedule/pieces.hpp"

namespace bw {

struct ColumnUse {
  FieldKey field;
  bool reads = true;
  bool writes = false;
};

// Where a number comes from: a constant, or a parameter that may change between ticks.
struct NumberSource {
  enum class Kind : std::uint8_t {
    constant,
    real_parameter,
    whole_parameter
  } kind = Kind::constant;
  double constant = 0.0;
  std::uint32_t offset = 0;  // bytes into the parameter block

  double value(const std::vector<std::byte>& parameters) const;
};

// One Neighbors argument: agents of a component within a radius or along the edges of a graph, or
// cells around a cell.
struct ReachUse {
  ComponentId component = 0;
  std::vector<FieldKey> fields;  // what is read of them, in call->reaches[k].columns order
  NumberSource radius;
  bool of_cells = false;
  bool wants_geometry = true;          // offsets or distances
  bool by_cell = false;                // its kernel looks at the cells of an exclusive grid itself
  std::optional<std::uint32_t> graph;  // along the edges of a graph, instead of within the radius
  std::vector<std::uint32_t> edge_fields;  // what is read of those, by their place in the edge

  bool within_radius() const { return !of_cells && !graph; }
};

// One Here or Cells argument: fields of cells read at places.
struct CellUse {
  std::vector<FieldKey> fields;
  bool anywhere = false;  // Cells: not only where the agent is
};

// A field that diffuses and decays, as spread.hpp says.
struct SpreadRule {
  NumberSource diffuse;
  NumberSource decay;
};

// What a kernel fills for a birth or an attachment: fields in order, each at a multiple of 8 bytes.
struct Prototype {
  Archetype components;
  std::vector<FieldKey> fields;
  // What fields begin with, where that is no default.
  std::vector<std::pair<FieldKey, std::vector<std::byte>>> values = {};
};

// Claims of a cell's stock (a whole-number field of cells), or of agents of a component.
struct ClaimUse {
  std::optional<FieldKey> stock;
  std::optional<ComponentId> agents;
  FieldKey result;  // a whole-number field of the claimant
};

// In which ticks a behavior runs: multiples of `every` from `after` on, or those of `at` where it
// names any.
struct Trigger {
  std::int64_t every = 1;
  std::int64_t after = 0;
  std::vector<std::int64_t> at;  // ascending
  bool enabled = true;

  bool fires(std::int64_t tick) const;
  // Whether it may fire in this tick or a later one: events wait for such behaviors only.
  bool may_fire(std::int64_t tick) const;
};

struct Behavior {
  std::string name;
  std::uint64_t rng_key = 0;
  bw_kernel kernel = nullptr;
  bw_kernel explain = nullptr;  // runs a failed row again to learn why; takes the GIL itself
  bool one_thread = false;      // kernels that take the GIL
  bool of_cells = false;        // rows are cells, not agents
  bool takes_spans = false;     // of cells: the kernel is called with spans of rows
  bool sequential = false;
  bool shuffle = true;  // sequential: in random order, else by id
  // Sequential: what its agents do depends on their turns only in what they are granted of one kind
  // of claim, and they do nothing with that. The kernel takes ranges of rows, not an order.
  bool turns_in_claims_only = false;
  // How far, along each axis, its agents go and claim in a turn: the greatest of these; none: as
  // far as they like.
  std::vector<NumberSource> reach;
  bool draws_empty_cells = false;
  std::int32_t redraws = 3;  // exclusive grids: rounds in which losers of an empty cell draw again
  std::vector<ComponentId> components;
  std::vector<ColumnUse> columns;
  std::vector<ReachUse> reaches;
  std::vector<CellUse> cells;
  std::vector<Prototype> spawns;
  std::vector<Prototype> changes;  // components that are attached or detached
  std::vector<ClaimUse> claims;
  std::vector<FieldKey> deposits;
  std::vector<ChannelId> sends;
  std::vector<ChannelId> inboxes;
  std::vector<std::uint32_t> links;     // graphs whose edges it orders
  std::optional<std::size_t> on_inbox;  // it runs for the rows that have events in this inbox
  std::optional<SpreadRule> spread;     // of kernels that spread a field
  Trigger trigger;
  Cut cut = Cut::usual;
  std::uint64_t cut_key = 0;  // Cut::random
  // Runs once in a phase of its own, for the whole world and on no rows: what takes the place of
  // the kernel. It may change the world as edits from outside do.
  bool once = false;
  std::function<void()> act;

  bool writes(FieldKey field) const;
  // The greatest of its numbers; infinite where it has none.
  double reach_now(const std::vector<std::byte>& parameters) const;
  // The greatest radius within which it sees agents.
  double sight_now(const std::vector<std::byte>& parameters) const;
  // Of the random priorities of those who claim, move or are born.
  std::uint64_t claim_key() const;
};

// Of the random order in which the agents of a sequential behavior act.
std::uint64_t activation_key(const Behavior& behavior);

// Behaviors of one phase see the same state; phases follow one another. Or the phase is that of a
// room with rows of its own, by its place in the model.
struct Phase {
  std::vector<Behavior> behaviors;
  std::optional<std::uint32_t> room = std::nullopt;
};

// The record layout of a prototype: byte offset of each field, and the whole size.
struct RecordLayout {
  std::vector<std::size_t> offsets;
  std::size_t size = 0;
  std::vector<std::byte> initial;
};
RecordLayout record_layout(const Schema& schema, const std::vector<FieldKey>& fields);

}  // namespace bw
