// wolf_sheep.cpp: wolves, sheep and grass by hand, in plain C++, one thread.
//
//   wolf_sheep [activation=sequential|synchronous] [size=small|large | side=G] [ticks=T] [seed=S]
//
// sequential: all sheep act one after another in a fresh random order, then all wolves, then the
// grass. synchronous: five phases. All sheep walk and ask for the grass of their cell, which goes
// to the asker with the smallest (random priority, id); then they gain, die or reproduce; all
// wolves walk and ask for a sheep of their cell, where the askers with the smallest (random
// priority, id) get the sheep in id order; then they gain, die or reproduce; then the grass grows.
// Walks depend on nothing but the animal: where the order is random, all of a kind walk first, so
// that the cells that they visit are known ahead and can be prefetched; where it is free, children
// stand behind their parents and the herd is sorted by rows now and then, so that the cells are in
// the cache.
#include <algorithm>

#include "program.hpp"

namespace {

using baseline::Random;

constexpr double kSheepGain = 5, kWolfGain = 13;
constexpr uint32_t kNobody = UINT32_MAX;
constexpr size_t kAhead = 16;               // animals between prefetch and use
constexpr int64_t kStepsBetweenSorts = 32;  // an animal strays some 5 rows meanwhile

struct Settings {
  int32_t side = 0;
  uint32_t sheep = 0, wolves = 0;
  uint8_t regrowth = 0;
  double sheep_reproduce = 0, wolf_reproduce = 0;
  int64_t ticks = 0;
};

struct Animal {
  int16_t x, y;
  uint32_t id;
  double energy;
};

using Herd = std::vector<Animal>;

// The animals of each cell as chains through the array of animals. Only cells that hold one are
// touched.
class Chains {
 public:
  explicit Chains(size_t cells) : first_(cells, kNobody) {}

  void reserve(size_t animals) {
    if (next_.size() < animals) next_.resize(animals);
  }

  void push(size_t cell, uint32_t animal) {
    next_[animal] = first_[cell];
    first_[cell] = animal;
  }

  // Takes out a uniformly random animal of a cell.
  uint32_t take_random(size_t cell, Random& random) {
    uint32_t* link = &first_[cell];
    if (*link == kNobody) return kNobody;
    uint32_t count = 1;
    for (uint32_t i = next_[*link]; i != kNobody; i = next_[i]) ++count;
    if (count > 1) {
      for (uint32_t k = random.below(count); k > 0; --k) link = &next_[*link];
    }
    const uint32_t taken = *link;
    *link = next_[taken];
    return taken;
  }

  // Empties a cell into `animals`.
  void take_all(size_t cell, std::vector<uint32_t>& animals) {
    for (uint32_t i = first_[cell]; i != kNobody; i = next_[i]) animals.push_back(i);
    first_[cell] = kNobody;
  }

  void prefetch(size_t cell) const { __builtin_prefetch(&first_[cell], 1); }
  bool empty(size_t cell) const { return first_[cell] == kNobody; }
  void clear(size_t cell) { first_[cell] = kNobody; }

 private:
  std::vector<uint32_t> first_, next_;
};

class WolfSheep {
 public:
  WolfSheep(const Settings& settings, uint64_t seed);
  void step_sequential();
  void step_synchronous();
  size_t sheep() const { return sheep_.size(); }
  size_t wolves() const { return wolves_.size(); }
  double grass_share() const;
  uint64_t activations() const { return activations_; }

 private:
  size_t cell_of(const Animal& animal) const {
    return static_cast<size_t>(animal.y) * static_cast<size_t>(settings_.side) +
           static_cast<size_t>(animal.x);
  }
  Herd random_animals(uint32_t count, uint32_t energies);
  void walk(Herd& herd);
  void sort_by_row(Herd& herd);
  void live_or_die(Animal animal, double chance, Animal*& survivor, Animal*& child);
  void act_sheep();
  void act_wolves();
  void walk_sheep_and_share_grass();
  void feed_sheep();
  void walk_wolves_and_share_sheep();
  void settle_cell(size_t cell);
  void feed_wolves();
  void remove_eaten();
  void chain_sheep();
  void grow_grass();

  Settings settings_;
  Random random_;
  Herd sheep_, wolves_, next_;
  // 0..R: not grown, the countdown. R + 1: grown (its countdown is R then, and stays R when it is
  // eaten).
  std::vector<uint8_t> grass_;
  Chains sheep_in_, wolves_in_;
  std::vector<uint8_t> eaten_, fed_;  // by sheep; by sheep or wolf
  std::vector<uint64_t> priority_;    // (random, id) of sheep or wolves
  std::vector<uint32_t> winner_;      // by cell: who gets its grass
  std::vector<uint32_t> cells_, wolves_here_, sheep_here_;
  std::vector<uint32_t> row_begin_;
  uint32_t next_id_ = 0;
  uint64_t activations_ = 0;
  int64_t steps_ = 0;
};

WolfSheep::WolfSheep(const Settings& settings, uint64_t seed)
    : settings_(settings),
      random_(seed),
      grass_(static_cast<size_t>(settings.side) * static_cast<size_t>(settings.side)),
      sheep_in_(grass_.size()),
      wolves_in_(grass_.size()),
      winner_(grass_.size(), kNobody) {
  sheep_ = random_animals(settings.sheep, static_cast<uint32_t>(2 * kSheepGain));
  wolves_ = random_animals(settings.wolves, static_cast<uint32_t>(2 * kWolfGain));
  for (uint8_t& grass : grass_) {
    const bool grown = random_.next() >> 63 != 0;
    grass = static_cast<uint8_t>(grown ? settings.regrowth + 1 : random_.below(settings.regrowth));
  }
}

Herd WolfSheep::random_animals(uint32_t count, uint32_t energies) {
  const auto side = static_cast<uint32_t>(settings_.side);
  Herd animals(count);
  for (Animal& animal : animals) {
    animal.x = static_cast<int16_t>(random_.below(side));
    animal.y = static_cast<int16_t>(random_.below(side));
    animal.id = next_id_++;
    animal.energy = random_.below(energies);
  }
  return animals;
}

// Each to one of its 8 neighbours, clamped at the border.
void WolfSheep::walk(Herd& herd) {
  Random random = random_;  // a local copy stays in registers
  const int32_t last = settings_.side - 1;
  for (Animal& animal : herd) {
    auto direction = static_cast<int32_t>(random.next() >> 61);
    direction += direction >= 4;              // 0..8 without 4, the middle
    const int32_t row = direction * 11 >> 5;  // direction / 3
    const int32_t column = direction - 3 * row;
    animal.x = static_cast<int16_t>(std::clamp(animal.x + column - 1, 0, last));
    animal.y = static_cast<int16_t>(std::clamp(animal.y + row - 1, 0, last));
    animal.energy -= 1;
  }
  random_ = random;
}

// Writes the animal to `survivor` unless it dies; then, with a chance, halves its energy and writes
// a child with that energy to `child`. Both are written anyway, and kept by moving the pointer on:
// births and deaths cannot be predicted by a branch. The pointers may be one and the same.
inline void WolfSheep::live_or_die(Animal animal, double chance, Animal*& survivor,
                                   Animal*& child) {
  const bool lives = animal.energy >= 0;
  const bool bears = random_.uniform() < chance && lives;
  animal.energy = bears ? animal.energy / 2 : animal.energy;
  *survivor = animal;
  survivor += lives;
  animal.id = next_id_;
  *child = animal;
  child += bears;
  next_id_ += bears;
}

void WolfSheep::sort_by_row(Herd& herd) {
  row_begin_.assign(static_cast<size_t>(settings_.side) + 1, 0);
  for (const Animal& animal : herd) ++row_begin_[static_cast<size_t>(animal.y) + 1];
  for (size_t row = 1; row < row_begin_.size(); ++row) row_begin_[row] += row_begin_[row - 1];
  next_.resize(herd.size());
  for (const Animal& animal : herd) next_[row_begin_[static_cast<size_t>(animal.y)]++] = animal;
  herd.swap(next_);
}

void WolfSheep::grow_grass() {
  const uint8_t regrowth = settings_.regrowth, grown = static_cast<uint8_t>(regrowth + 1);
  for (uint8_t& grass : grass_) {
    const auto counted = static_cast<uint8_t>(grass == 0 ? grown : grass - 1);
    grass = grass == grown ? grown : counted;
  }
}

double WolfSheep::grass_share() const {
  const auto grown = std::count(grass_.begin(), grass_.end(), settings_.regrowth + 1);
  return static_cast<double>(grown) / static_cast<double>(grass_.size());
}

void WolfSheep::chain_sheep() {
  sheep_in_.reserve(sheep_.size());
  for (uint32_t i = 0; i < sheep_.size(); ++i) sheep_in_.push(cell_of(sheep_[i]), i);
  eaten_.assign(sheep_.size(), 0);
}

void WolfSheep::remove_eaten() {
  size_t kept = 0;
  for (size_t i = 0; i < sheep_.size(); ++i) {
    sheep_in_.clear(cell_of(sheep_[i]));
    if (!eaten_[i]) sheep_[kept++] = sheep_[i];
  }
  sheep_.resize(kept);
}

// --- sequential
// ------------------------------------------------------------------------------------

void WolfSheep::act_sheep() {
  const uint8_t grown = static_cast<uint8_t>(settings_.regrowth + 1);
  random_.shuffle(sheep_);
  walk(sheep_);
  next_.resize(sheep_.size() + 1);
  Animal *survivor = sheep_.data(), *child = next_.data();
  for (size_t i = 0; i < sheep_.size(); ++i) {
    if (i + kAhead < sheep_.size()) __builtin_prefetch(&grass_[cell_of(sheep_[i + kAhead])], 1);
    Animal sheep = sheep_[i];
    uint8_t& grass = grass_[cell_of(sheep)];
    sheep.energy += grass == grown ? kSheepGain : 0;
    grass = grass == grown ? settings_.regrowth : grass;
    live_or_die(sheep, settings_.sheep_reproduce, survivor, child);
  }
  sheep_.resize(static_cast<size_t>(survivor - sheep_.data()));
  sheep_.insert(sheep_.end(), next_.data(), child);
}

// Sheep do not act any more in this step, so who stands where is found once, behind them.
void WolfSheep::act_wolves() {
  chain_sheep();
  random_.shuffle(wolves_);
  walk(wolves_);
  next_.resize(wolves_.size() + 1);
  Animal *survivor = wolves_.data(), *child = next_.data();
  for (size_t i = 0; i < wolves_.size(); ++i) {
    if (i + kAhead < wolves_.size()) sheep_in_.prefetch(cell_of(wolves_[i + kAhead]));
    Animal wolf = wolves_[i];
    const uint32_t caught = sheep_in_.take_random(cell_of(wolf), random_);
    if (caught != kNobody) {
      eaten_[caught] = 1;
      wolf.energy += kWolfGain;
    }
    live_or_die(wolf, settings_.wolf_reproduce, survivor, child);
  }
  wolves_.resize(static_cast<size_t>(survivor - wolves_.data()));
  wolves_.insert(wolves_.end(), next_.data(), child);
  remove_eaten();
}

void WolfSheep::step_sequential() {
  activations_ += sheep_.size() + wolves_.size();
  act_sheep();
  act_wolves();
  grow_grass();
}

// --- synchronous
// -----------------------------------------------------------------------------------

void WolfSheep::walk_sheep_and_share_grass() {
  const uint8_t grown = static_cast<uint8_t>(settings_.regrowth + 1);
  priority_.resize(sheep_.size());
  walk(sheep_);
  for (uint32_t i = 0; i < sheep_.size(); ++i) {
    if (i + kAhead < sheep_.size()) {
      const size_t ahead = cell_of(sheep_[i + kAhead]);
      __builtin_prefetch(&grass_[ahead], 1);
      __builtin_prefetch(&winner_[ahead], 1);
    }
    const size_t cell = cell_of(sheep_[i]);
    if (grass_[cell] != grown) continue;
    priority_[i] = random_.next() << 32 | sheep_[i].id;
    uint32_t& winner = winner_[cell];
    if (winner == kNobody || priority_[i] < priority_[winner]) winner = i;
  }
}

void WolfSheep::feed_sheep() {
  next_.resize(2 * sheep_.size() + 2);
  Animal* end = next_.data();
  for (uint32_t i = 0; i < sheep_.size(); ++i) {
    if (i + kAhead < sheep_.size()) __builtin_prefetch(&winner_[cell_of(sheep_[i + kAhead])], 1);
    Animal sheep = sheep_[i];
    const size_t cell = cell_of(sheep);
    if (winner_[cell] == i) {
      grass_[cell] = settings_.regrowth;
      winner_[cell] = kNobody;
      sheep.energy += kSheepGain;
    }
    live_or_die(sheep, settings_.sheep_reproduce, end, end);
  }
  next_.resize(static_cast<size_t>(end - next_.data()));
  sheep_.swap(next_);
}

void WolfSheep::walk_wolves_and_share_sheep() {
  chain_sheep();
  wolves_in_.reserve(wolves_.size());
  fed_.assign(wolves_.size(), 0);
  priority_.resize(wolves_.size());
  cells_.clear();
  walk(wolves_);
  for (uint32_t i = 0; i < wolves_.size(); ++i) {
    if (i + kAhead < wolves_.size()) sheep_in_.prefetch(cell_of(wolves_[i + kAhead]));
    const size_t cell = cell_of(wolves_[i]);
    if (sheep_in_.empty(cell)) continue;
    priority_[i] = random_.next() << 32 | wolves_[i].id;
    if (wolves_in_.empty(cell)) cells_.push_back(static_cast<uint32_t>(cell));
    wolves_in_.push(cell, i);
  }
  for (const uint32_t cell : cells_) settle_cell(cell);
}

void WolfSheep::settle_cell(size_t cell) {
  wolves_here_.clear();
  sheep_here_.clear();
  wolves_in_.take_all(cell, wolves_here_);
  sheep_in_.take_all(cell, sheep_here_);
  const size_t granted = std::min(wolves_here_.size(), sheep_here_.size());
  if (granted < wolves_here_.size()) {
    std::sort(wolves_here_.begin(), wolves_here_.end(),
              [&](uint32_t a, uint32_t b) { return priority_[a] < priority_[b]; });
  }
  if (granted < sheep_here_.size()) {
    std::sort(sheep_here_.begin(), sheep_here_.end(),
              [&](uint32_t a, uint32_t b) { return sheep_[a].id < sheep_[b].id; });
  }
  for (size_t k = 0; k < granted; ++k) {
    fed_[wolves_here_[k]] = 1;
    eaten_[sheep_here_[k]] = 1;
  }
}

void WolfSheep::feed_wolves() {
  next_.resize(2 * wolves_.size() + 2);
  Animal* end = next_.data();
  for (size_t i = 0; i < wolves_.size(); ++i) {
    Animal wolf = wolves_[i];
    wolf.energy += fed_[i] ? kWolfGain : 0;
    live_or_die(wolf, settings_.wolf_reproduce, end, end);
  }
  next_.resize(static_cast<size_t>(end - next_.data()));
  wolves_.swap(next_);
}

void WolfSheep::step_synchronous() {
  activations_ += sheep_.size() + wolves_.size();
  if (steps_++ % kStepsBetweenSorts == 0) {
    sort_by_row(sheep_);
    sort_by_row(wolves_);
  }
  walk_sheep_and_share_grass();
  feed_sheep();
  walk_wolves_and_share_sheep();
  remove_eaten();
  feed_wolves();
  grow_grass();
}

Settings settings_of(const baseline::Arguments& arguments) {
  const auto ticks = arguments.number<int64_t>("ticks", 100);
  if (arguments.has("side")) {
    const auto side = arguments.number<int32_t>("side", 0);
    if (side < 1 || side > 30000) baseline::refuse("side must be in 1..30000");
    const auto wolves = static_cast<uint32_t>(int64_t{side} * side / 20);
    return {side, 2 * wolves, wolves, 10, 0.4, 0.2, ticks};
  }
  if (arguments.choice("size", {"small", "large"}) == "small")
    return {25, 60, 40, 20, 0.2, 0.1, ticks};
  return {100, 1000, 500, 10, 0.4, 0.2, ticks};
}

}  // namespace

int main(int argc, char** argv) {
  const baseline::Arguments arguments(argc, argv, {"activation", "size", "side", "ticks", "seed"});
  const std::string activation = arguments.choice("activation", {"sequential", "synchronous"});
  const Settings settings = settings_of(arguments);
  const auto seed = arguments.number<uint64_t>("seed", 1);
  WolfSheep world(settings, seed);
  const double cpu = baseline::cpu_seconds(), wall = baseline::wall_seconds();
  for (int64_t tick = 0; tick < settings.ticks; ++tick) {
    activation == "sequential" ? world.step_sequential() : world.step_synchronous();
  }
  const double cpu_spent = baseline::cpu_seconds() - cpu;
  const double wall_spent = baseline::wall_seconds() - wall;
  baseline::Report report("wolf_sheep");
  report.timing("activation", static_cast<double>(world.activations()), cpu_spent, wall_spent)
      .parameter("activation", activation)
      .parameter("side", settings.side)
      .parameter("ticks", settings.ticks)
      .parameter("seed", seed)
      .metric("sheep", world.sheep())
      .metric("wolves", world.wolves())
      .metric("grass_share", world.grass_share());
  report.print();
}
