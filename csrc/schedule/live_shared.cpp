// The live world among others: what agents of other ranks have done, what they need to know, and
// how far agents may go.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <optional>

#include "base/hash.hpp"
#include "schedule/live_world.hpp"
#include "schedule/reach.hpp"

namespace bw {

std::pair<std::uint32_t, EntityId> LiveWorld::turn_of(EntityId id) const {
  if (!run_->behavior->shuffle) {
    return {0, id};
  }
  const std::uint64_t word = activation_word(activation_key(*run_->behavior), around_->tick);
  return {activation_priority(word, id), id};
}

void LiveWorld::share() {
  shared_ = true;
  const auto order = [&](const Population& population, auto& finder) {
    std::vector<std::uint32_t> turns(population.items, 0);
    const std::uint32_t base = population.bases[table_in_hand_];
    for (std::size_t turn = 0; base != kNoBase && turn < turns_.size(); ++turn) {
      turns[base + turns_[turn]] = static_cast<std::uint32_t>(turn) + 1;
    }
    finder.order_arrivals(std::move(turns));
  };
  for (Population& population : reached_) {
    population.visit_finder([&](auto& finder) { order(population, finder); });
  }
  for (Claimed& claimed : claimed_) {
    if (claimed.agents.cells) {
      order(claimed.agents, *claimed.agents.cells);
    }
  }
}

void LiveWorld::follow(std::uint32_t row, const std::function<void()>& write) {
  const std::uint32_t before = knows_cells() ? memory_->cell_of_row[row] : 0;
  write();
  if (in_hand_->moves && knows_cells()) {
    const std::uint64_t cell = cell_in(*in_hand_->table, *in_hand_->position, row);
    if (cell != before) {
      memory_->empty.occupy(cell);
      memory_->empty.vacate(before);
      memory_->cell_of_row[row] = static_cast<std::uint32_t>(cell);
    }
  }
  show(row, before);
}

// Where agents begin, to see how far they go.
void LiveWorld::note_beginnings() {
  if (std::isinf(reach_) || !in_hand_->moves) {
    return;
  }
  const Column& column = in_hand_->table->column(*in_hand_->position);
  memory_->beginnings.resize(in_hand_->table->size() * column.value_size());
  column.copy_out(in_hand_->table->size(), memory_->beginnings.data());
}

bool LiveWorld::strayed(std::uint32_t row) const {
  const Domain& domain = *around_->domain;
  const Column& column = in_hand_->table->column(*in_hand_->position);
  const auto size = static_cast<std::int64_t>(column.value_size());
  const Place began = PlaceColumn{memory_->beginnings.data(), size}.at(domain, row);
  const Place stands = PlaceColumn{column.data(), column.stride()}.at(domain, row);
  return !are_within(domain, began, stands, reach_);
}

// Whether any row has; most are near to where they began without a look beyond the edges.
template <class T>
bool LiveWorld::any_strayed(std::size_t axes) const {
  const Column& column = in_hand_->table->column(*in_hand_->position);
  const std::size_t rows = in_hand_->table->size();
  for (std::size_t row = 0; row < rows; ++row) {
    bool near = true;
    for (std::size_t a = 0; a < axes; ++a) {
      T began;
      T stands;
      std::memcpy(&began, memory_->beginnings.data() + (row * axes + a) * sizeof(T), sizeof(T));
      std::memcpy(&stands, column.data() + (row * axes + a) * sizeof(T), sizeof(T));
      near = near && std::abs(static_cast<double>(stands - began)) <= reach_;
    }
    if (!near && strayed(static_cast<std::uint32_t>(row))) {
      return true;
    }
  }
  return false;
}

std::optional<std::uint32_t> LiveWorld::first_strayed(std::span<const std::uint32_t> rows) const {
  if (std::isinf(reach_) || !in_hand_->moves) {
    return std::nullopt;
  }
  const auto axes = static_cast<std::size_t>(around_->domain->dims);
  if (rows.size() == in_hand_->table->size() &&
      !(around_->domain->integral() ? any_strayed<std::int32_t>(axes)
                                    : any_strayed<double>(axes))) {
    return std::nullopt;
  }
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](std::uint32_t row) { return strayed(row); });
  return found == rows.end() ? std::nullopt : std::optional(*found);
}

// Kernels write a row's place when they are done with it.
bool LiveWorld::may_claim(std::uint32_t row, const Place& place) const {
  if (std::isinf(reach_)) {
    return true;
  }
  if (!in_hand_->position) {
    return false;
  }
  const Domain& domain = *around_->domain;
  const std::byte* at = in_hand_->table->column(*in_hand_->position).at(row);
  if (domain.integral() && domain.dims == 2) {
    std::array<std::int32_t, 2> stands;
    std::memcpy(stands.data(), at, sizeof(stands));
    if (std::abs(place[0] - stands[0]) <= reach_ && std::abs(place[1] - stands[1]) <= reach_) {
      return true;
    }
  }
  return are_within(domain, PlaceColumn{at, 0}.at(domain, 0), place, reach_);
}

std::string LiveWorld::tell_reach() const {
  return "further than its declared reach of " +
         std::to_string(run_->behavior->reach_now(*around_->parameters)) +
         " along an axis; declare how far it goes and claims (reach= of its behavior)";
}

}  // namespace bw
