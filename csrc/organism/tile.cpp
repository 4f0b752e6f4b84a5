// tile.cpp: turns, and what happens while instructions are executed: mutations, errors, averages.
#include "organism/tile.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/errors.hpp"
#include "base/math.hpp"
#include "vm/mutation.hpp"

namespace bw {

namespace {

constexpr const char* kPurposes[] = {"organism/slice", "organism/memory",     "organism/reaper",
                                     "organism/copy",  "organism/background", "organism/flaw",
                                     "organism/birth", "organism/migration"};

const SoupSettings& checked(const SoupSettings& settings) {
  check(settings);
  return settings;
}

// An amount of cells or instructions from one in whole numbers: cut off, and not above `most`.
std::uint32_t whole(double amount, std::uint32_t most) {
  return amount >= most ? most : static_cast<std::uint32_t>(amount);
}

}  // namespace

Tile::Tile(std::shared_ptr<const InstructionSet> set, const SoupSettings& settings,
           std::uint64_t seed, std::uint64_t number)
    : set_(std::move(set)), settings_(checked(settings)), soup_(settings.cells) {
  for (const char* purpose : kPurposes) draws_.emplace_back(seed, number, purpose);
  stretch_.soup = &soup_;
  stretch_.shortest_template = settings_.shortest_template;
  stretch_.least_size = settings_.least_size;
  stretch_.most_child = settings_.most_child;
  stretch_.moved_share = settings_.moved_share;
}

void Tile::run(std::uint64_t until) {
  if (organisms_.empty()) return;
  if (averages_.size == 0.0) begin();
  while (counts_.instructions < until) take_turn();
}

std::int64_t Tile::advance(std::uint32_t place, std::int64_t budget) {
  if (averages_.size == 0.0) begin();
  executing_ = place;
  const std::int64_t executed = advance_executing(budget);
  executing_ = kNobody;
  return executed;
}

// What holds before anything has been measured: Tierra's guesses, ten instructions a cell for a
// replication and a soup of which mothers own a quarter.
void Tile::begin() {
  averages_.size = static_cast<double>(size_sum_) / static_cast<double>(organisms_.size());
  averages_.population = settings_.cells / (4.0 * averages_.size);
  averages_.replication = 10.0 * averages_.size;
  use_averages();
  stretch_.until_copy = next_wait(MutationKind::kCopy);
  until_background_ = next_wait(MutationKind::kBackground);
  until_flaw_ = next_wait(MutationKind::kFlaw);
}

void Tile::measure_averages() {
  const std::uint64_t since = counts_.instructions - (next_measure_ - kRatesEvery);
  averages_.size = static_cast<double>(size_sum_) / static_cast<double>(organisms_.size());
  averages_.population = static_cast<double>(organism_instructions_) / static_cast<double>(since);
  if (measured_births_ != 0) {
    averages_.replication =
        static_cast<double>(replication_instructions_) / static_cast<double>(measured_births_);
  }
  next_measure_ = counts_.instructions + kRatesEvery;
  organism_instructions_ = measured_births_ = replication_instructions_ = 0;
  use_averages();
}

void Tile::use_averages() {
  stretch_.search_limit = whole(settings_.search_limit * averages_.size, settings_.cells - 1);
  most_idle_ =
      settings_.lazy > 0.0 ? whole(settings_.lazy * averages_.replication, kNobody) : kNobody;
}

std::int64_t Tile::next_wait(MutationKind kind) {
  const MutationSettings& rates = settings_.mutation;
  if (kind == MutationKind::kCopy) {
    return rates.copy == 0 ? kNever : draws(Stream::kCopy).wait(rates.copy * averages_.size);
  }
  if (kind == MutationKind::kFlaw) {
    return rates.flaw == 0 ? kNever : draws(Stream::kFlaw).wait(rates.flaw * averages_.replication);
  }
  if (rates.background == 0) return kNever;
  const double generation = averages_.population * averages_.replication;
  const double hit = averages_.size / settings_.cells;
  return draws(Stream::kBackground).wait(rates.background * generation * hit);
}

std::int64_t Tile::slice() {
  std::uint64_t length = settings_.slice;
  if (settings_.slice_rule == SliceRule::kSize) {
    const std::uint32_t size = organisms_[executing_].size;
    const double power = settings_.slice_power;
    const double scaled = power == 1.0 ? size : std::ceil(math::pow(size, power));
    length = std::min<std::uint64_t>(whole(scaled, kMostSoupCells) + length, settings_.most_slice);
  }
  if (!settings_.uniform_slices) return static_cast<std::int64_t>(length);
  return draws(Stream::kSlice).below(2 * length + 1);
}

// What the turns to come will touch is fetched ahead: the cells of the next organism, and the one
// after it.
void Tile::fetch_ahead(const Organism& executing) const {
  const Organism& next = organisms_[executing.slicer.after];
  const Organism* after = &organisms_[next.slicer.after];
  __builtin_prefetch(soup_.cells() + next.cpu.ip);
  __builtin_prefetch(after);
  __builtin_prefetch(&after->start);
}

void Tile::take_turn() {
  executing_ = next_turn_;
  fetch_ahead(organisms_[executing_]);
  const std::int64_t length = slice();
  for (std::int64_t left = length; left > 0;) left -= advance_executing(left);
  organism_instructions_ += static_cast<std::uint64_t>(length) * organisms_.size();

  const Organism& organism = organisms_[executing_];
  next_turn_ = organism.slicer.after;
  if (organism.since_birth > most_idle_ && organisms_.size() > 1) kill(executing_, Death::kLazy);
  executing_ = kNobody;
  if (counts_.instructions >= next_measure_) measure_averages();
}

// Up to the next thing that happens; the mutation that falls due is done.
std::int64_t Tile::advance_executing(std::int64_t budget) {
  const bool is_flawed = until_flaw_ == 1;
  stretch_.flaw = 0;
  if (is_flawed) [[unlikely]] {
    stretch_.flaw = draws(Stream::kFlaw).below(2) == 0 ? -1 : 1;
    ++counts_.mutations[static_cast<std::size_t>(MutationKind::kFlaw)];
  }
  const std::int64_t granted =
      is_flawed ? 1 : std::min({budget, until_background_, until_flaw_ - 1});
  stretch_.budget = granted;
  stretch_.errors = 0;
  const Stop stop = interpret(*set_, stretch_, organisms_[executing_]);
  const std::int64_t executed = granted - stretch_.budget;

  counts_.instructions += static_cast<std::uint64_t>(executed);
  organisms_[executing_].since_birth += static_cast<std::uint32_t>(executed);
  until_flaw_ -= executed;
  until_background_ -= executed;
  if (stretch_.errors != 0) note_errors(stretch_.errors);
  if (stop != Stop::kBudget) carry_out(stop);
  if (until_flaw_ == 0) until_flaw_ = next_wait(MutationKind::kFlaw);
  if (until_background_ == 0) {
    const std::uint32_t address = draws(Stream::kBackground).below(settings_.cells);
    mutate_cell(address, MutationKind::kBackground, Stream::kBackground);
    until_background_ = next_wait(MutationKind::kBackground);
  }
  return executed;
}

void Tile::carry_out(Stop stop) {
  if (stop == Stop::kAllocate) {
    allocate();
  } else if (stop == Stop::kDivide) {
    divide();
  } else {
    mutate_cell(stretch_.copied_to, MutationKind::kCopy, Stream::kCopy);
    stretch_.until_copy = next_wait(MutationKind::kCopy);
  }
}

void Tile::mutate_cell(std::uint32_t address, MutationKind kind, Stream stream) {
  std::uint8_t& cell = soup_.cells()[address];
  cell = mutated(cell, *set_, settings_.mutation.flip_share, draws(stream));
  ++counts_.mutations[static_cast<std::size_t>(kind)];
}

}  // namespace bw
