// Setting up a rank.
#include "engine/rank.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/checks.hpp"

namespace bw {
namespace {

RecordPlan record_plan(const Schema& schema, const Prototype& prototype) {
  RecordLayout layout = record_layout(schema, prototype.fields);
  for (const auto& [field, value] : prototype.values) {
    const auto found = std::find(prototype.fields.begin(), prototype.fields.end(), field);
    BW_CHECK(found != prototype.fields.end(), "a prototype's values are of its fields");
    const auto place = static_cast<std::size_t>(found - prototype.fields.begin());
    std::memcpy(layout.initial.data() + layout.offsets[place], value.data(), value.size());
  }
  return {prototype.components, prototype.fields, std::move(layout.offsets),
          std::move(layout.initial)};
}

// The prototypes of a behavior, in the order in which its effects are numbered: spawns, then
// changes of components.
void add_plans(const Schema& schema, const Behavior& behavior, std::vector<RecordPlan>& plans) {
  for (const std::vector<Prototype>* prototypes : {&behavior.spawns, &behavior.changes}) {
    for (const Prototype& prototype : *prototypes) {
      plans.push_back(record_plan(schema, prototype));
    }
  }
}

std::optional<std::size_t> place_in(const Schema& schema, const RecordPlan& plan) {
  for (std::size_t f = 0; f < plan.fields.size(); ++f) {
    if (schema.field(plan.fields[f]).name == "position") {
      return plan.offsets[f];
    }
  }
  return std::nullopt;
}

// Whether agents look at cells anywhere: a rank then holds copies of all cells.
bool reads_cells_anywhere(const ModelSpec& model) {
  return std::any_of(model.phases.begin(), model.phases.end(), [](const Phase& phase) {
    return std::any_of(phase.behaviors.begin(), phase.behaviors.end(), [](const Behavior& b) {
      return std::any_of(b.cells.begin(), b.cells.end(),
                         [](const CellUse& use) { return use.anywhere; });
    });
  });
}

}  // namespace

Rank::Rank(const ModelSpec& model, const Tiling& tiling, const Partition& partition, RankId rank,
           ThreadPool& pool, std::int64_t cell_halo)
    : id(rank),
      store(model.schema),
      births(std::size_t{tiling.count()} + 1, 1),
      events(model.channels.begin(), model.channels.end()),
      places(model.graphs.size()),
      executor(pool),
      meter(tiling.count(), pool.threads()) {
  for (const GraphSpec& graph : model.graphs) {
    graphs.emplace_back(model.schema, graph);
  }
  std::uint32_t order = 0;
  std::uint32_t claims = 0;
  std::uint32_t deposits = 0;
  for (const Phase& phase : model.phases) {
    std::deque<PreparedBehavior>& prepared_phase = prepared.emplace_back();
    for (const Behavior& behavior : phase.behaviors) {
      PreparedBehavior& one = prepared_phase.emplace_back();
      one.run.behavior = &behavior;
      one.run.order = order++;
      one.run.first_plan = static_cast<std::uint32_t>(plans.size());
      one.run.first_claim = claims;
      one.run.first_deposit = deposits;
      one.run.claim_key = behavior.claim_key();
      one.run.reaches.resize(behavior.reaches.size());
      one.run.cell_columns.resize(behavior.cells.size());
      one.reaches.resize(behavior.reaches.size());
      one.cell_copies.resize(behavior.cells.size());
      one.deliveries.resize(behavior.inboxes.size());
      for (const Delivery& delivery : one.deliveries) {
        one.run.inboxes.push_back(&delivery);
      }
      claims += static_cast<std::uint32_t>(behavior.claims.size());
      deposits += static_cast<std::uint32_t>(behavior.deposits.size());
      runs.push_back(&one.run);
      add_plans(model.schema, behavior, plans);
    }
  }
  for (const RecordPlan& plan : plans) {
    place_in_record.push_back(place_in(model.schema, plan));
  }
  take_tiles(model, tiling, partition, cell_halo);
  for (std::uint32_t r = 0; r < model.rooms.size(); ++r) {
    const TileRoomSpec& spec = model.rooms[r];
    RoomPart& part = rooms.emplace_back(RoomPart{spec.make(tiles), {}});
    for (const TileId tile : tiles) {
      part.tables.push_back(
          store.add_external(spec.components, {r, tile, spec.name, spec.ends_by_order}));
    }
  }
}

void Rank::take_tiles(const ModelSpec& model, const Tiling& tiling, const Partition& partition,
                      std::int64_t cell_halo) {
  tiles = partition.tiles_of(id);
  region = bounding_region(tiling, tiles);
  for (std::deque<PreparedBehavior>& phase : prepared) {
    for (PreparedBehavior& behavior : phase) {
      for (PreparedReach& reach : behavior.reaches) {
        reach.stencils.reset();
        reach.whole_stencils.reset();
      }
    }
  }
  if (!model.cell_components.empty()) {
    const Region box_region = reads_cells_anywhere(model) ? Region{{}, model.domain.size} : region;
    const CellBox world = world_box(model.domain, model.lattice);
    CellBox box = world;
    box.reach = cell_halo;
    for (std::size_t a = 0; a < static_cast<std::size_t>(model.domain.dims); ++a) {
      const std::int64_t first = world.axis_cell(a, box_region.low[a]);
      const std::int64_t last = world.axis_cell(a, box_region.high[a]);
      box.low[a] = first - cell_halo;
      box.extent[a] = last - first + 1 + 2 * cell_halo;
    }
    cells =
        std::make_unique<CellLayer>(model.schema, model.cell_components, model.domain, box, tiling,
                                    [&](TileId tile) { return partition.owner(tile) == id; });
    spans = std::make_unique<SpanList>(*cells);
  }
}

}  // namespace bw
