// Refresh: what a phase reads of others is brought together before it runs: ghosts, halos, packed
// neighbour indices, copies of cells that the phase itself writes.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "base/errors.hpp"
#include "engine/simulation.hpp"
#include "space/locality.hpp"

namespace bw {
namespace {

// Every so many ticks rows are sorted by cell, if more than this share of them is out of order:
// measured to pay.
constexpr std::int64_t kTicksBetweenSorts = 8;
constexpr double kDisorderLimit = 0.1;

// Borders that a rank keeps; radii may come from parameters that change in every tick.
constexpr std::size_t kMostBorders = 8;

// The steps to the cells around a cell, made anew where the radius has changed.
void make_stencils(const Domain& domain, const Rank& rank, ReachView& view,
                   PreparedReach& prepared) {
  const auto radius = static_cast<std::int64_t>(view.radius);
  if (!prepared.stencils || prepared.stencils->radius() != radius) {
    const CellBox& box = rank.cells->box();
    const std::array<std::int64_t, kAxes> all{radius, radius, radius};
    const std::array<CellShape, 2> whole{CellShape{all, all, false}, CellShape{all, all, true}};
    prepared.stencils = std::make_unique<Stencils>(domain, box, radius, rank.spans->shapes());
    prepared.whole_stencils =
        std::make_unique<Stencils>(domain, box, radius, std::span<const CellShape>(whole));
  }
  view.stencils = prepared.stencils->by_shape();
  view.whole_stencils = prepared.whole_stencils->by_shape();
}

bool phase_writes(const Phase& phase, FieldKey field) {
  return std::any_of(phase.behaviors.begin(), phase.behaviors.end(),
                     [&](const Behavior& behavior) { return behavior.writes(field); });
}

// A column of cells as a phase reads it: itself, or a copy where the phase writes it.
bw_column cell_column(CellLayer& cells, const Phase& phase, FieldKey field, Bytes& copy) {
  Column& column = cells.table().column(cells.table().find_column(field).value());
  std::byte* data = column.data();
  if (phase_writes(phase, field)) {
    copy.assign(data, data + cells.table().size() * column.value_size());
    data = copy.data();
  }
  return {reinterpret_cast<char*>(data), column.stride()};
}

}  // namespace

void Simulation::refresh(std::size_t phase) {
  const Lap lap(watch_, Part::halo);
  list_empty_cells(phase);
  refresh_surroundings();
  refresh_agents(phase);
  refresh_graphs(phase);
  if (halo_) {
    refresh_cells(phase);
  }
  if (settles_moves()) {
    show_places_before(phase);
  }
  show_claimed(phase);
}

// Agents that act in random order, and look at cells alone, find their rows anywhere.
bool Simulation::profits_from_near_rows() const {
  const auto at_random = [](const Behavior& behavior) {
    return behavior.sequential && behavior.shuffle && behavior.claims.empty() &&
           std::all_of(behavior.reaches.begin(), behavior.reaches.end(),
                       [](const ReachUse& use) { return use.by_cell; });
  };
  return !std::all_of(model_.phases.begin(), model_.phases.end(), [&](const Phase& phase) {
    return std::all_of(phase.behaviors.begin(), phase.behaviors.end(), at_random);
  });
}

void Simulation::bring_rows_near() {
  if (!model_.domain.exists() || tick_ % kTicksBetweenSorts != 0 || !profits_from_near_rows()) {
    return;
  }
  const Region whole{{}, model_.domain.size};
  std::uint64_t here = 0;
  for (const auto& rank : ranks_) {
    here += rank->store.size();
  }
  const std::uint64_t about = here * communicator_->ranks() / ranks_.size();
  const CellBox cells =
      model_.domain.integral()
          ? lattice_
          : world_box(model_.domain, continuous_box(model_.domain, whole, 0.0, about).cells);
  for (const auto& rank : ranks_) {
    for (std::uint32_t t = 0; t < rank->store.table_count(); ++t) {
      const auto position = rank->store.position_column(t);
      if (!position || rank->store.table(t).is_external()) {
        continue;
      }
      const Column& column = rank->store.table(t).column(*position);
      const std::vector<std::uint32_t> order =
          order_by_cell(cells, model_.domain, {column.data(), column.stride()},
                        rank->store.table(t).size(), kDisorderLimit);
      if (!order.empty()) {
        rank->store.permute(t, order);
        live_phase_ = kNoPhase;
      }
    }
  }
}

void Simulation::refresh_surroundings() {
  for (const auto& rank : ranks_) {
    Surroundings& around = rank->around;
    around.domain = &model_.domain;
    around.tiling = &tiling_;
    around.cells = rank->cells.get();
    around.spans = rank->spans.get();
    around.schema = &model_.schema;
    around.tick = tick_;
    around.population = rank->store.size();  // of several ranks, where it matters: see turns.cpp
    around.parameters = &model_.parameters;
    around.plans = rank->plans;
    around.channels = model_.channels;
    around.graphs = rank->graphs;
    around.lattice = lattice_;
    around.empty_cells = empty_cells_;
    around.settles_moves = settles_moves();
    around.check_values = run_.check_values;
    around.meter = measuring_ ? &rank->meter : nullptr;
  }
}

void Simulation::refresh_agents(std::size_t phase) {
  // All ghosts of the phase travel in one exchange, in the order of its behaviors and their
  // reaches.
  std::vector<GhostRequest> requests;
  const std::vector<Behavior>& behaviors = model_.phases[phase].behaviors;
  for (std::size_t b = 0; b < behaviors.size(); ++b) {
    for (const ReachUse& use : behaviors[b].reaches) {
      if (firing_[b] != 0 && use.within_radius() && !takes_turns(behaviors[b])) {
        requests.push_back({use.component, use.fields, use.radius.value(model_.parameters)});
      }
    }
  }
  if (requests.empty()) {
    return;
  }
  Mail mail = exchange_ghosts(requests);
  for (std::size_t h = 0; h < ranks_.size(); ++h) {
    std::vector<Reader> readers(mail[h].begin(), mail[h].end());
    std::size_t next = 0;
    for (std::size_t b = 0; b < behaviors.size(); ++b) {
      PreparedBehavior& prepared = ranks_[h]->prepared[phase][b];
      for (std::size_t k = 0; k < behaviors[b].reaches.size(); ++k) {
        if (firing_[b] == 0 || !behaviors[b].reaches[k].within_radius() ||
            takes_turns(behaviors[b])) {
          continue;
        }
        prepared.run.reaches[k].radius = requests[next].radius;
        if (communicator_->ranks() > 1) {
          prepared.reaches[k].ghosts =
              unpack_ghosts(ranks_[h]->store, model_.domain, requests[next], readers);
        }
        if (behaviors[b].sequential && live_phase_ == phase) {
          // The occupants have followed all moves; other indices belong to the live world.
        } else if (behaviors[b].reaches[k].by_cell) {
          build_occupants(*ranks_[h], prepared, k);
        } else if (!behaviors[b].sequential) {
          build_index(*ranks_[h], prepared, k);
        }
        ++next;
      }
    }
  }
}

// The ghosts for each request; with them travels how many agents there are.
Mail Simulation::exchange_ghosts(const std::vector<GhostRequest>& requests) {
  std::array<std::uint64_t, 2> sums{0, vote_to_stop()};
  for (const auto& rank : ranks_) {
    sums[0] += rank->store.size();
  }
  Mail mail = communicator_->empty_mail();
  if (communicator_->ranks() > 1) {
    for (std::size_t h = 0; h < ranks_.size(); ++h) {
      std::vector<std::size_t> sent(communicator_->ranks(), 0);
      for (const GhostRequest& request : requests) {
        const std::vector<std::size_t> counts =
            pack_ghosts(pool_, ranks_[h]->store, model_.domain,
                        border_of(*ranks_[h], request.radius), request, mail[h]);
        std::transform(counts.begin(), counts.end(), sent.begin(), sent.begin(), std::plus<>());
      }
      for (std::size_t r = 0; r < sent.size(); ++r) {
        if (sent[r] == 0) {
          mail[h][r].clear();
        }
      }
    }
    mail = communicator_->exchange("ghosts", std::move(mail), sums);
    ballot_.outcome = sums[1] > 0;
  }
  population_ = sums[0];
  return mail;
}

// The border of a radius, drawn anew where the radius has changed or the rank has many more agents.
Border& Simulation::border_of(Rank& rank, double radius) {
  for (Border& border : rank.borders) {
    if (border.fits(radius, rank.store.size())) {
      return border;
    }
  }
  if (rank.borders.size() == kMostBorders) {
    rank.borders.clear();
  }
  return rank.borders.emplace_back(model_.domain, tiling_, partition_, rank.id, radius,
                                   rank.store.size());
}

std::vector<IndexSource> Simulation::index_sources(const Rank& rank, const ReachUse& use,
                                                   const PreparedReach& reach,
                                                   ReachView& view) const {
  std::vector<IndexSource> sources;
  view.source_of_table.assign(rank.store.table_count(), kNoSource);
  for (std::uint32_t t = 0; t < rank.store.table_count(); ++t) {
    const Table& table = rank.store.table(t);
    if (!table.has(use.component) || table.size() == 0) {
      continue;
    }
    const auto position_column = rank.store.position_column(t);
    if (!position_column) {
      continue;  // who is nowhere is nobody's neighbour
    }
    view.source_of_table[t] = sources.size();
    const Column& position = table.column(*position_column);
    IndexSource& source = sources.emplace_back();
    source.ids = table.ids();
    source.places = {position.data(), position.stride()};
    for (const FieldKey field : use.fields) {
      const Column& column = table.column(table.find_column(field).value());
      source.columns.push_back({column.data(), column.stride()});
    }
  }
  if (!reach.ghosts.ids.empty()) {
    sources.push_back(reach.ghosts.source(model_.domain, reach.sizes));
  }
  return sources;
}

// Whether any behavior of the model writes any of some fields.
bool Simulation::any_writes(const std::vector<FieldKey>& fields) const {
  return std::any_of(fields.begin(), fields.end(), [&](FieldKey field) {
    const bool granted =
        std::find(claim_results_.begin(), claim_results_.end(), field) != claim_results_.end();
    return granted || std::any_of(model_.phases.begin(), model_.phases.end(),
                                  [&](const Phase& phase) { return phase_writes(phase, field); });
  });
}

// The first field of whole numbers of one byte, if no behavior writes it: the cells themselves can
// tell it.
std::int64_t Simulation::column_to_code(const std::vector<FieldKey>& fields) const {
  for (std::size_t c = 0; c < fields.size(); ++c) {
    const FieldType type = model_.schema.field(fields[c]).type;
    const bool is_byte = type.scalar == Scalar::u8 || type.scalar == Scalar::i8;
    if (is_byte && type.length == 1) {
      return any_writes({fields[c]}) ? Occupants::kNone : static_cast<std::int64_t>(c);
    }
  }
  return Occupants::kNone;
}

void Simulation::build_occupants(Rank& rank, PreparedBehavior& prepared, std::size_t k) {
  const ReachUse& use = prepared.run.behavior->reaches[k];
  PreparedReach& reach = prepared.reaches[k];
  ReachView& view = prepared.run.reaches[k];
  if (!reach.occupants) {
    for (const FieldKey field : use.fields) {
      reach.sizes.push_back(model_.schema.field(field).type.size());
    }
    reach.occupants =
        std::make_unique<Occupants>(model_.domain, reach.sizes, column_to_code(use.fields));
  }
  view.places_before.clear();
  const CellBox box = grid_box(model_.domain, rank.region, static_cast<std::int64_t>(view.radius));
  const bool keep = keeps_ground() && !sequential_ && !any_writes(use.fields);
  if (keep && reach.ground == ground() && box.reach == reach.occupants->box().reach) {
    return;  // all that has changed since are moves, and it was told of them
  }
  reach.ground = keep ? ground() : kNoGround;
  reach.occupants->build(pool_, box, view.radius, index_sources(rank, use, reach, view));
  view.occupants = reach.occupants.get();
  view.slot_count = static_cast<std::int64_t>(reach.occupants->cell_count());
  view.columns.clear();
  for (std::size_t c = 0; c < use.fields.size(); ++c) {
    view.columns.push_back({reinterpret_cast<char*>(reach.occupants->column(c)),
                            static_cast<std::int64_t>(reach.sizes[c])});
  }
}

void Simulation::build_index(Rank& rank, PreparedBehavior& prepared, std::size_t k) {
  const ReachUse& use = prepared.run.behavior->reaches[k];
  PreparedReach& reach = prepared.reaches[k];
  ReachView& view = prepared.run.reaches[k];
  if (!reach.index) {
    for (const FieldKey field : use.fields) {
      reach.sizes.push_back(model_.schema.field(field).type.size());
    }
    reach.index = std::make_unique<NeighborIndex>(model_.domain, reach.sizes);
  }
  const CellBox box =
      model_.domain.integral()
          ? grid_box(model_.domain, rank.region, static_cast<std::int64_t>(view.radius))
          : continuous_box(model_.domain, rank.region, view.radius, population_);
  reach.index->build(pool_, box, index_sources(rank, use, reach, view));
  view.index = reach.index.get();
  view.search =
      choose_search(model_.domain, use.wants_geometry ? Geometry::wanted : Geometry::unwanted);
  view.search_block = choose_block_search(model_.domain);
  view.search_slots = choose_block_search(model_.domain, Geometry::unwanted);
  view.ids = reach.index->ids();
  view.slot_count = static_cast<std::int64_t>(reach.index->slot_count());
  view.columns.clear();
  for (std::size_t c = 0; c < use.fields.size(); ++c) {
    view.columns.push_back({reinterpret_cast<char*>(reach.index->column(c)),
                            static_cast<std::int64_t>(reach.sizes[c])});
  }
}

void Simulation::refresh_cells(std::size_t phase) {
  // Halo rows are needed for what is read of other cells.
  std::vector<std::size_t> columns;
  std::vector<CellLayer*> layers;
  for (const auto& rank : ranks_) {
    layers.push_back(rank->cells.get());
  }
  const Table& table = layers.front()->table();
  const std::vector<Behavior>& behaviors = model_.phases[phase].behaviors;
  const auto need = [&](const std::vector<FieldKey>& fields) {
    for (const FieldKey field : fields) {
      columns.push_back(table.find_column(field).value());
    }
  };
  for (std::size_t b = 0; b < behaviors.size(); ++b) {
    for (const ReachUse& use : behaviors[b].reaches) {
      if (firing_[b] != 0 && use.of_cells) {
        need(use.fields);
      }
    }
    for (const CellUse& use : behaviors[b].cells) {
      if (firing_[b] != 0) {
        need(use.fields);
      }
    }
    for (const ClaimUse& claim : behaviors[b].claims) {
      if (firing_[b] != 0 && claim.stock && takes_turns(behaviors[b])) {
        need({*claim.stock});
      }
    }
  }
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  if (!columns.empty()) {
    halo_->refresh(*communicator_, layers, columns);
  }
  for (const auto& rank : ranks_) {
    copy_cells(*rank, phase);
  }
}

void Simulation::copy_cells(Rank& rank, std::size_t phase) {
  const Phase& model_phase = model_.phases[phase];
  for (std::size_t b = 0; b < model_phase.behaviors.size(); ++b) {
    if (firing_[b] == 0) {
      continue;
    }
    const Behavior& behavior = model_phase.behaviors[b];
    PreparedBehavior& prepared = rank.prepared[phase][b];
    for (std::size_t k = 0; k < behavior.reaches.size(); ++k) {
      const ReachUse& use = behavior.reaches[k];
      if (!use.of_cells) {
        continue;
      }
      PreparedReach& reach = prepared.reaches[k];
      ReachView& view = prepared.run.reaches[k];
      reach.copies.resize(use.fields.size());
      view.radius = use.radius.value(model_.parameters);
      view.columns.clear();
      for (std::size_t c = 0; c < use.fields.size(); ++c) {
        view.columns.push_back(
            cell_column(*rank.cells, model_phase, use.fields[c], reach.copies[c]));
      }
      view.ids = rank.cells->table().ids().data();
      view.slot_count = static_cast<std::int64_t>(rank.cells->table().size());
      make_stencils(model_.domain, rank, view, reach);
    }
    for (std::size_t u = 0; u < behavior.cells.size(); ++u) {
      prepared.cell_copies[u].resize(behavior.cells[u].fields.size());
      prepared.run.cell_columns[u].clear();
      for (std::size_t c = 0; c < behavior.cells[u].fields.size(); ++c) {
        prepared.run.cell_columns[u].push_back(cell_column(
            *rank.cells, model_phase, behavior.cells[u].fields[c], prepared.cell_copies[u][c]));
      }
    }
  }
}

}  // namespace bw
