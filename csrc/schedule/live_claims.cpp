// Claims of agents that act one after another: granted at once, of what is there now.
#include <algorithm>
#include <array>
#include <cstring>

#include "base/philox.hpp"
#include "base/whole.hpp"
#include "schedule/live_world.hpp"

namespace bw {

// On grids agents mostly claim near to where they stand: the cells around one that acts soon.
void LiveWorld::look_ahead_for_claims(std::size_t effect, std::uint32_t row) {
  constexpr std::size_t kCells = 12;
  come_to(row);
  const Domain& domain = *around_->domain;
  if (turn_ + kCells >= rows_.size() || !in_hand_->position || !domain.integral() ||
      domain.dims != 2) {
    return;
  }
  std::array<std::int32_t, 2> at;
  std::memcpy(at.data(), in_hand_->table->column(*in_hand_->position).at(rows_[turn_ + kCells]),
              sizeof(at));
  const CellBox& lattice = around_->lattice;
  for (std::int64_t y = std::max(0, at[1] - 1); y <= at[1] + 1 && y < lattice.cells[1]; ++y) {
    if (stocks_[effect] == nullptr) {
      if (claimed_[effect].chains != nullptr) {
        claimed_[effect].chains->prefetch(static_cast<std::uint64_t>(y * lattice.cells[0] + at[0]));
      }
      continue;
    }
    const CellBox& box = around_->cells->box();
    const std::int64_t cell = box.index(at[0] - box.low[0], y - box.low[1], 0);
    __builtin_prefetch(stocks_[effect]->at(static_cast<std::size_t>(cell)));
  }
}

void LiveWorld::grant(std::size_t effect, std::uint32_t row, std::int64_t count) {
  Column& column = *results_[effect];
  add_whole(column.type().scalar, column.at(row), count);
}

void LiveWorld::claim(std::size_t effect, std::uint32_t row, std::uint64_t cell, std::int64_t count,
                      CommandBuffer& commands) {
  look_ahead_for_claims(effect, row);
  if (stocks_[effect] == nullptr) {
    claim_agents(effect, row, cell, count, commands);
    return;
  }
  Column& stock = *stocks_[effect];
  std::byte* at = stock.at(static_cast<std::size_t>(around_->cells->row_of_cell(cell)));
  const std::int64_t granted =
      std::clamp<std::int64_t>(read_whole(stock.type().scalar, at), 0, count);
  if (granted > 0) {
    add_whole(stock.type().scalar, at, -granted);
    grant(effect, row, granted);
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

void LiveWorld::claim_agents(std::size_t effect, std::uint32_t row, std::uint64_t cell,
                             std::int64_t count, CommandBuffer& commands) {
  const Population& population = claimed_[effect];
  const EntityId claimant = in_hand_->table->ids()[row];
  const std::uint32_t base = population.bases[table_in_hand_];
  const std::uint32_t self = base != kNoBase ? base + row : LiveCells::kNone;
  std::int64_t granted = 0;
  for (; granted < count; ++granted) {
    find_there(population, cell, self);
    if (there_.empty()) {
      break;
    }
    const std::uint64_t word = random_word(run_->claim_key, claimant, around_->tick,
                                           static_cast<std::uint64_t>(granted) + 1);
    const Location taken = location_of(population, there_[scale_word(word, there_.size())]);
    commands.despawn(store_->table(taken.table).ids()[taken.row]);
    end(taken);
  }
  if (granted > 0) {
    grant(effect, row, granted);
  }
}

}  // namespace bw
