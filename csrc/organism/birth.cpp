// birth.cpp: memory for children, and births.
#include <algorithm>
#include <string>

#include "base/errors.hpp"
#include "base/hash.hpp"
#include "organism/tile.hpp"

namespace bw {

void Tile::put(std::span<const std::uint8_t> genome) {
  const auto size =
      static_cast<std::uint32_t>(std::min<std::size_t>(genome.size(), kMostSoupCells));
  if (size < settings_.least_size) {
    throw UserError("a genome of " + std::to_string(genome.size()) +
                    " instructions is smaller than an organism may be, " +
                    std::to_string(settings_.least_size));
  }
  const std::optional<std::uint32_t> start =
      genome.size() == size ? soup_.allocate_first(size) : std::nullopt;
  if (!start) {
    throw UserError("a soup of " + std::to_string(settings_.cells) +
                    " cells has no room for a genome of " + std::to_string(genome.size()) +
                    " instructions beside the " + std::to_string(organisms_.size()) +
                    " organisms in it; make it larger");
  }
  std::copy(genome.begin(), genome.end(), soup_.cells() + *start);
  const std::uint32_t place = enter({*start, size}, kNoParent, 0);
  enter_slicer(place, next_turn_);
}

// An organism of its own in a block. It has no turn yet.
std::uint32_t Tile::enter(Block block, std::uint64_t parent, std::uint64_t generation) {
  const auto place = static_cast<std::uint32_t>(organisms_.size());
  Organism& organism = organisms_.emplace_back();
  organism.start = organism.cpu.ip = block.start;
  organism.size = block.size;
  organism.number = next_number_++;
  const std::uint64_t genotype = hash64(soup_.cells() + block.start, block.size);
  biographies_.push_back({genotype, parent, counts_.instructions, generation});
  size_sum_ += block.size;
  enter_reaper(place);
  return place;
}

void Tile::allocate() {
  release_child();
  const std::optional<std::uint32_t> start = find_memory(stretch_.request);
  Organism& mother = organisms_[executing_];
  if (!start) {
    mother.cpu.flags = kErrorFlag;
    note_errors(1);
    return;
  }
  mother.child_start = *start;
  mother.child_size = stretch_.request;
  mother.cpu.registers[0] = *start;
  mother.cpu.flags = 0;
  move_down(executing_);
}

void Tile::release_child() {
  Organism& mother = organisms_[executing_];
  if (mother.child_size != 0) soup_.release({mother.child_start, mother.child_size});
  mother.child_size = mother.moved = mother.moved_end = 0;
  mother.moved_begin = ~std::uint32_t{0};
}

// Where the mother, or the rule, would like memory to be; nothing where it does not matter.
std::optional<std::uint32_t> Tile::wanted_address(std::uint32_t size) {
  const Organism& mother = organisms_[executing_];
  switch (settings_.fit) {
    case Fit::kRandom:
      return draws(Stream::kMemory).below(settings_.cells - size + 1);
    case Fit::kMother:
      return mother.start;
    case Fit::kRegister:
      return soup_.address(mother.cpu.registers[0]);
    case Fit::kStack:
      return soup_.address(mother.cpu.stack[mother.cpu.top]);
    default:
      return std::nullopt;
  }
}

std::optional<std::uint32_t> Tile::memory_at(std::uint32_t size,
                                             std::optional<std::uint32_t> wanted) {
  if (wanted) return soup_.allocate_near(size, *wanted, reach());
  return settings_.fit == Fit::kFirst ? soup_.allocate_first(size) : soup_.allocate_better(size);
}

// Others die until there is room; never the one that asks.
std::optional<std::uint32_t> Tile::find_memory(std::uint32_t size) {
  const std::optional<std::uint32_t> wanted = wanted_address(size);
  while (true) {
    const std::optional<std::uint32_t> start = memory_at(size, wanted);
    if (start || !reap(settings_.reap_near ? wanted : std::nullopt)) return start;
  }
}

// What the interpreter has not looked at.
bool Tile::may_divide() const {
  const Organism& mother = organisms_[executing_];
  if (mother.moved_end <= mother.moved_begin) return false;
  if (mother.moved_end - mother.moved_begin < settings_.least_genome) return false;
  const bool same_size = mother.size == mother.child_size;
  if ((settings_.same_size || settings_.same_genome) && !same_size) return false;
  const std::uint8_t* cells = soup_.cells();
  return !settings_.same_genome ||
         std::equal(cells + mother.start, cells + mother.start + mother.size,
                    cells + mother.child_start);
}

void Tile::divide() {
  if (!may_divide()) {
    organisms_[executing_].cpu.flags = kErrorFlag;
    note_errors(1);
    return;
  }
  apply_operators();
  Organism& mother = organisms_[executing_];
  const Block block{mother.child_start, mother.child_size};
  replication_instructions_ += mother.since_birth;
  mother.since_birth = 0;
  ++mother.births;
  mother.cpu.flags = 0;
  ++measured_births_;
  ++counts_.births;
  if (leaves()) [[unlikely]] {
    send_away(block);
  } else {
    mother.child_size = 0;  // it is the child's now
    const std::uint64_t generation = biographies_[executing_].generation + 1;
    enter_slicer(enter(block, mother.number, generation), executing_);
  }
  release_child();
  move_down(executing_);
}

}  // namespace bw
