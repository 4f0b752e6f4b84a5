// Populations of the live world: the rows of all tables with a component, how they are found, and
// what is read of them.
#include <algorithm>
#include <cstring>

#include "schedule/live_world.hpp"

namespace bw {

// All that have a component; `placed`: and a place.
LiveWorld::Population LiveWorld::gather_population(ComponentId component, bool placed) {
  Population population;
  population.component = component;
  population.bases.assign(store_->table_count(), kNoBase);
  for (std::uint32_t t = 0; t < store_->table_count(); ++t) {
    if (store_->table(t).has(component) && store_->table(t).size() > 0 &&
        (!placed || store_->position_column(t))) {
      population.tables.push_back(t);
      population.bases[t] = population.items;
      population.items += static_cast<std::uint32_t>(store_->table(t).size());
    }
  }
  return population;
}

std::vector<IndexSource> LiveWorld::sources_of(const Population& population) const {
  std::vector<IndexSource> sources;
  for (const std::uint32_t t : population.tables) {
    const Table& table = store_->table(t);
    const Column& column = table.column(store_->position_column(t).value());
    sources.push_back({table.ids(), {column.data(), column.stride()}, {}});
  }
  return sources;
}

void LiveWorld::enter_all(Population& population) {
  for (const std::uint32_t t : population.tables) {
    const Table& table = store_->table(t);
    const Column& column = table.column(store_->position_column(t).value());
    const PlaceColumn places{column.data(), column.stride()};
    for (std::uint32_t row = 0; row < table.size(); ++row) {
      population.cells->enter(population.bases[t] + row, places.at(*around_->domain, row));
    }
  }
  if (!around_->domain->exclusive) {
    // The order within a cell must not be that of rows.
    population.cells->sort_cells([&](std::uint32_t item) { return id_of(population, item); });
  }
}

Location LiveWorld::location_of(const Population& population, std::uint32_t item) const {
  std::uint32_t table = population.tables.front();
  for (const std::uint32_t t : population.tables) {
    table = population.bases[t] <= item ? t : table;
  }
  return {table, item - population.bases[table]};
}

EntityId LiveWorld::id_of(const Population& population, std::uint32_t item) const {
  const Location at = location_of(population, item);
  return store_->table(at.table).ids()[at.row];
}

void LiveWorld::view_columns(Population& population, const ReachUse& use, ReachView& view) {
  view.columns.clear();
  view.slot_count = population.items;
  if (population.tables.size() == 1) {
    // One table: its columns are the live state, and items are its rows.
    Table& table = store_->table(population.tables.front());
    for (const FieldKey field : use.fields) {
      Column& column = table.column(table.find_column(field).value());
      view.columns.push_back({reinterpret_cast<char*>(column.data()), column.stride()});
    }
    view.ids = table.ids().data();
    return;
  }
  for (const FieldKey field : use.fields) {
    const std::size_t size = store_->schema().field(field).type.size();
    population.copies.emplace_back(population.items * size);
    view.columns.push_back({reinterpret_cast<char*>(population.copies.back().data()),
                            static_cast<std::int64_t>(size)});
  }
  population.copies.emplace_back(population.items * sizeof(EntityId));
  view.ids = reinterpret_cast<const EntityId*>(population.copies.back().data());
  for (const std::uint32_t t : population.tables) {
    const Table& table = store_->table(t);
    std::memcpy(population.copies.back().data() + population.bases[t] * sizeof(EntityId),
                table.ids().data(), table.size() * sizeof(EntityId));
    for (std::size_t f = 0; f < use.fields.size(); ++f) {
      const Column& column = table.column(table.find_column(use.fields[f]).value());
      column.copy_out(table.size(),
                      population.copies[f].data() + population.bases[t] * column.value_size());
    }
  }
}

void LiveWorld::copy_row(Population& population, const ReachUse& use, std::uint32_t item,
                         std::uint32_t row) {
  for (std::size_t f = 0; f < use.fields.size(); ++f) {
    const Column& column =
        in_hand_->table->column(in_hand_->table->find_column(use.fields[f]).value());
    std::memcpy(population.copies[f].data() + item * column.value_size(), column.at(row),
                column.value_size());
  }
}

// Whether agents of a population have turns of their own in this phase.
bool LiveWorld::acts(const Population& population) const {
  return std::any_of(population.tables.begin(), population.tables.end(), [&](std::uint32_t t) {
    const Table& table = store_->table(t);
    return std::all_of(run_->behavior->components.begin(), run_->behavior->components.end(),
                       [&](ComponentId c) { return table.has(c); });
  });
}

void LiveWorld::chain_all(Population& population, CellChains& chains) {
  chains.clear(static_cast<std::size_t>(around_->lattice.volume()), population.items);
  for (const std::uint32_t t : population.tables) {
    const Column& column = store_->table(t).column(store_->position_column(t).value());
    for_each_cell(around_->lattice, *around_->domain, {column.data(), column.stride()},
                  store_->table(t).size(), [&](std::size_t row, std::int64_t cell) {
                    chains.add(population.bases[t] + static_cast<std::uint32_t>(row),
                               static_cast<std::uint64_t>(cell));
                  });
  }
  population.chains = &chains;
}

void LiveWorld::find_items_of_nodes(Population& population, const ReachView& view) const {
  population.gone.assign(population.items, 0);
  population.item_of_node.assign(view.places->at.size(), LiveCells::kNone);
  for (std::size_t node = 0; node < view.places->at.size(); ++node) {
    const Location at = view.places->at[node];
    if (at != kNowhere && population.bases[at.table] != kNoBase) {
      population.item_of_node[node] = population.bases[at.table] + at.row;
    }
  }
}

void LiveWorld::search(std::size_t reach, std::uint32_t row, Hits& hits) const {
  const Population& population = reached_[reach];
  const double radius = run_->reaches[reach].radius;
  const std::uint32_t base = population.bases[table_in_hand_];
  population.visit_finder([&](const auto& finder) {
    if (base != kNoBase && finder.present(base + row)) {
      finder.search(base + row, radius, hits);
      return;
    }
    // Of another kind than those that it looks for.
    const Column& column = in_hand_->table->column(*in_hand_->position);
    finder.search_place(PlaceColumn{column.at(row), 0}.at(*around_->domain, 0), radius, hits);
  });
}

void LiveWorld::search_along_edges(std::size_t reach, std::uint32_t row, EdgeHits& hits) const {
  const Population& population = reached_[reach];
  const ReachView& view = run_->reaches[reach];
  hits.slots.clear();
  hits.edges.clear();
  const std::vector<std::uint32_t>& nodes = view.places->node_of_row[table_in_hand_];
  if (row >= nodes.size() || nodes[row] == kNoNode) {
    return;
  }
  const std::uint32_t end = view.graph->starts()[nodes[row] + 1];
  for (std::uint32_t e = view.graph->starts()[nodes[row]]; e < end; ++e) {
    const std::uint32_t item = population.item_of_node[view.graph->heads()[e]];
    if (item != LiveCells::kNone && population.gone[item] == 0) {
      hits.slots.push_back(item);
      hits.edges.push_back(e);
    }
  }
}

void LiveWorld::drop(Population& population, Location at) {
  const std::uint32_t item = population.bases[at.table] + at.row;
  if (population.occupants != nullptr) {
    population.occupants->leave(cell_of(at));
  } else if (population.chains != nullptr) {
    const std::size_t position = store_->position_column(at.table).value();
    population.chains->remove(item, cell_in(store_->table(at.table), position, at.row));
  } else {
    population.visit_finder([&](auto& finder) { finder.leave(item); });
    if (!population.gone.empty()) {
      population.gone[item] = 1;
    }
  }
}

}  // namespace bw
