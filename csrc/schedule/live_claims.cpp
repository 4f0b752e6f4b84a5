// Claims of agents that act one after another: granted at once, of what is there now.
#include <algorithm>
#include <array>
#include <cstring>

#include "base/philox.hpp"
#include "base/whole.hpp"
#include "schedule/live_world.hpp"

namespace bw {
namespace {

// Fewer agents, with all that they claim, are in the caches anyway.
constexpr std::size_t kLeastToLookAhead = 20000;

}  // namespace

void LiveWorld::gather_claimed(std::size_t effect) {
  const ClaimUse& use = run_->behavior->claims[effect];
  Claimed& claimed = claimed_.emplace_back();
  if (use.stock) {
    Table& cells = around_->cells->table();
    Column& column = cells.column(cells.find_column(*use.stock).value());
    claimed.stock = column.data();
    claimed.stock_type = column.type().scalar;
    claimed.stock_stride = column.stride();
    return;
  }
  claimed.agents = gather_population(*use.agents, true);
  if (acts(claimed.agents)) {
    claimed.agents.cells =
        std::make_unique<LiveCells>(*around_->domain, around_->lattice, claimed.agents.items);
    enter_all(claimed.agents);
    return;
  }
  while (memory_->chains.size() <= effect) {
    memory_->chains.emplace_back();
  }
  chain_all(claimed.agents, memory_->chains[effect]);
}

void LiveWorld::view_claims() {
  for (std::size_t k = 0; k < claimed_.size(); ++k) {
    Table& table = *in_hand_->table;
    Column& column = table.column(table.find_column(run_->behavior->claims[k].result).value());
    claimed_[k].results = column.data();
    claimed_[k].result_type = column.type().scalar;
    claimed_[k].result_stride = column.stride();
  }
}

// On grids agents mostly claim near to where they stand: the cells around one that acts soon.
void LiveWorld::look_ahead_for_claims(const Claimed& claimed, std::uint32_t row) {
  constexpr std::size_t kCells = 12;
  const Domain& domain = *around_->domain;
  if (rows_.size() < kLeastToLookAhead || !in_hand_->position || !domain.integral() ||
      domain.dims != 2) {
    return;
  }
  come_to(row);
  if (turn_ + kCells >= rows_.size()) {
    return;
  }
  std::array<std::int32_t, 2> at;
  std::memcpy(at.data(), in_hand_->table->column(*in_hand_->position).at(rows_[turn_ + kCells]),
              sizeof(at));
  const CellBox& lattice = around_->lattice;
  const CellBox* box = claimed.stock != nullptr ? &around_->cells->box() : nullptr;
  for (std::int64_t y = std::max(0, at[1] - 1); y <= at[1] + 1 && y < lattice.cells[1]; ++y) {
    if (box != nullptr) {
      const std::int64_t cell = (y - box->low[1]) * box->line_stride() + at[0] - box->low[0];
      __builtin_prefetch(claimed.stock + cell * claimed.stock_stride, 1);
    } else if (claimed.agents.chains != nullptr) {
      claimed.agents.chains->prefetch(static_cast<std::uint64_t>(y * lattice.cells[0] + at[0]));
    }
  }
}

void LiveWorld::claim(std::size_t effect, std::uint32_t row, const Place& place, std::int64_t count,
                      CommandBuffer& commands) {
  Claimed& claimed = claimed_[effect];
  look_ahead_for_claims(claimed, row);
  const bool flat = around_->domain->integral() && around_->domain->dims == 2;
  const auto x = static_cast<std::int64_t>(place[0]);
  const auto y = static_cast<std::int64_t>(place[1]);
  const std::int64_t cell = flat ? cell_at(around_->lattice, *around_->domain, x, y)
                                 : cell_at(around_->lattice, *around_->domain, place);
  if (cell < 0) {
    return;  // nothing lies outside the world: nothing is granted
  }
  if (claimed.stock == nullptr) {
    claim_agents(claimed, row, static_cast<std::uint64_t>(cell), count, commands);
    return;
  }
  const CellBox& box = around_->cells->box();
  const bool inside = !shared_ && flat && cell == y * around_->lattice.cells[0] + x;
  const std::int64_t at = inside ? (y - box.low[1]) * box.line_stride() + x - box.low[0]
                                 : around_->cells->row_of_cell(static_cast<std::uint64_t>(cell));
  std::byte* stock = claimed.stock + at * claimed.stock_stride;
  const std::int64_t granted =
      std::clamp<std::int64_t>(read_stock(claimed.stock_type, stock), 0, count);
  if (granted > 0) {
    take_from_stock(claimed.stock_type, stock, granted);
    add_whole(claimed.result_type, claimed.results + row * claimed.result_stride, granted);
    if (shared_) {
      grants_.push_back({row, static_cast<std::uint32_t>(effect), static_cast<std::uint64_t>(cell),
                         granted, kNoEntity});
    }
  }
}

// Who may be granted in a cell: all but the claimant; in an order that does not depend on rows.
void LiveWorld::find_there(const Population& population, std::uint64_t cell, std::uint32_t self) {
  there_.clear();
  if (population.chains != nullptr) {
    population.chains->for_each_in(cell, [&](std::uint32_t item) { there_.push_back(item); });
    if (there_.size() > 1) {
      std::sort(there_.begin(), there_.end(), [&](std::uint32_t a, std::uint32_t b) {
        return id_of(population, a) < id_of(population, b);
      });
    }
    return;
  }
  for (std::uint32_t i = population.cells->first(cell); i != LiveCells::kNone;
       i = population.cells->next(i)) {
    if (i != self) {
      there_.push_back(i);
    }
  }
}

void LiveWorld::claim_agents(Claimed& claimed, std::uint32_t row, std::uint64_t cell,
                             std::int64_t count, CommandBuffer& commands) {
  Population& population = claimed.agents;
  if (population.chains != nullptr && population.chains->empty(cell)) {
    return;
  }
  const std::uint32_t base = population.bases[table_in_hand_];
  const std::uint32_t self = base != kNoBase ? base + row : LiveCells::kNone;
  std::int64_t granted = 0;
  for (; granted < count; ++granted) {
    find_there(population, cell, self);
    if (there_.empty()) {
      break;
    }
    std::uint32_t item = there_.front();
    if (there_.size() > 1) {
      const EntityId claimant = in_hand_->table->ids()[row];
      const std::uint64_t word = random_word(run_->claim_key, claimant, around_->tick,
                                             static_cast<std::uint64_t>(granted) + 1);
      item = there_[scale_word(word, there_.size())];
    }
    const Location taken = location_of(population, item);
    const EntityId agent = store_->table(taken.table).ids()[taken.row];
    commands.despawn(agent, taken);
    if (shared_) {
      grants_.push_back({row, 0, cell, 0, agent});
    }
    if (population.chains != nullptr) {
      population.chains->remove(item, cell);
    }
    end(taken, population.chains != nullptr ? &population : nullptr);
  }
  if (granted > 0) {
    add_whole(claimed.result_type, claimed.results + row * claimed.result_stride, granted);
  }
}

}  // namespace bw
