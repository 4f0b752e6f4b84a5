// schelling.cpp: Schelling's segregation model by hand, in plain C++, one thread.
//
//   schelling [activation=sequential|synchronous] [size=small|large | side=X] [ticks=T] [seed=S]
//             [rounds=R]
//
// sequential: agents act one after another in a fresh random order each step, on the live grid.
// synchronous: all agents look at the grid as it is at the start of the step; the unhappy ones draw
// a uniformly random cell of those empty then; each cell goes to its claimant with the smallest
// (random priority, id); losers draw again, up to R = 3 times more, among the cells still empty,
// then stay. The grid holds one byte a cell and a border, so that three (five, seven) cells of a
// row are one load. `moves` counts who sets out, as the example does; one after another all arrive.
#include <algorithm>
#include <cstring>

#include "program.hpp"

namespace {

using baseline::Random;

// Cells: 1 and 2 are the groups, 0 is empty or beyond the border.
constexpr uint32_t kBorder = 3;
constexpr uint64_t kEveryByte = 0x0101010101010101u;

struct Settings {
  uint32_t side = 0, agents = 0, radius = 0, need = 0, rounds = 0;
  int64_t ticks = 0;
};

struct Agent {
  uint32_t cell;
  uint8_t group;
  bool happy;
};

class Schelling {
 public:
  Schelling(const Settings& settings, uint64_t seed);
  void step_sequential();
  void step_synchronous();
  double happy_share() const;
  uint64_t moves() const { return moves_; }
  bool consistent() const;  // every agent stands on a cell of its group, and nobody else does

 private:
  template <uint32_t kRadius>
  uint32_t same_group(uint32_t cell, uint8_t group) const;
  template <uint32_t kRadius>
  void act_in_random_order();
  template <uint32_t kRadius>
  void find_unhappy();
  void settle_claims();
  void draw(std::vector<uint32_t>& claimants);
  void remove_taken(const std::vector<uint32_t>& taken);
  bool is_empty(size_t slot) const { return grid_[empty_[slot]] == 0; }

  Settings settings_;
  uint32_t width_;
  Random random_;
  std::vector<uint8_t> grid_;
  std::vector<Agent> agents_;  // by id
  std::vector<uint32_t> order_, empty_;
  std::vector<uint32_t> unhappy_, claimed_, winner_, priority_;
  uint64_t moves_ = 0;
};

Schelling::Schelling(const Settings& settings, uint64_t seed)
    : settings_(settings),
      width_(settings.side + 2 * kBorder),
      random_(seed),
      grid_(size_t{width_} * width_ + sizeof(uint64_t)),
      agents_(settings.agents) {
  for (uint32_t row = 0; row < settings.side; ++row) {
    for (uint32_t column = 0; column < settings.side; ++column) {
      empty_.push_back((row + kBorder) * width_ + column + kBorder);
    }
  }
  random_.shuffle(empty_);
  for (uint32_t id = 0; id < settings.agents; ++id) {
    const auto group = static_cast<uint8_t>(id < settings.agents / 2 ? 1 : 2);
    agents_[id] = {empty_.back(), group, false};
    grid_[empty_.back()] = group;
    empty_.pop_back();
    order_.push_back(id);
  }
}

// Looks at all cells of a row at once.
template <uint32_t kRadius>
uint32_t Schelling::same_group(uint32_t cell, uint8_t group) const {
  constexpr uint64_t kRow = (uint64_t{1} << (8 * (2 * kRadius + 1))) - 1;
  uint32_t count = 0;
  const uint8_t* corner = grid_.data() + cell - kRadius * width_ - kRadius;
  for (uint32_t row = 0; row <= 2 * kRadius; ++row, corner += width_) {
    uint64_t x;
    std::memcpy(&x, corner, sizeof x);
    x ^= kEveryByte * group;
    // Cells hold 0..2, so x holds 0..3 and one of its two low bits is set where the group differs.
    const uint64_t differs = (x | (x >> 1)) & kEveryByte & kRow;
    count += 2 * kRadius + 1 - static_cast<uint32_t>(std::popcount(differs));
  }
  return count - 1;  // the agent itself
}

template <uint32_t kRadius>
void Schelling::act_in_random_order() {
  constexpr size_t kFar = 24, kNear = 8;  // activations ahead
  const size_t n = order_.size();
  for (size_t i = 0; i < n; ++i) {
    if (i + kFar < n) __builtin_prefetch(&agents_[order_[i + kFar]]);
    if (i + kNear < n) __builtin_prefetch(&grid_[agents_[order_[i + kNear]].cell]);
    Agent& agent = agents_[order_[i]];
    agent.happy = same_group<kRadius>(agent.cell, agent.group) >= settings_.need;
    if (agent.happy || empty_.empty()) continue;
    uint32_t& target = empty_[random_.below(static_cast<uint32_t>(empty_.size()))];
    grid_[agent.cell] = 0;
    grid_[target] = agent.group;
    std::swap(agent.cell, target);
    ++moves_;
  }
}

void Schelling::step_sequential() {
  random_.shuffle(order_);
  switch (settings_.radius) {
    case 1:
      return act_in_random_order<1>();
    case 2:
      return act_in_random_order<2>();
    default:
      return act_in_random_order<3>();
  }
}

template <uint32_t kRadius>
void Schelling::find_unhappy() {
  unhappy_.resize(agents_.size());
  size_t count = 0;
  for (uint32_t id = 0; id < agents_.size(); ++id) {
    Agent& agent = agents_[id];
    agent.happy = same_group<kRadius>(agent.cell, agent.group) >= settings_.need;
    unhappy_[count] = id;
    count += !agent.happy;
  }
  unhappy_.resize(count);
}

// One draw of all claimants (in id order) among empty_; those that lose remain in `claimants`.
void Schelling::draw(std::vector<uint32_t>& claimants) {
  claimed_.resize(claimants.size());
  priority_.resize(claimants.size());
  winner_.assign(empty_.size(), UINT32_MAX);
  for (uint32_t i = 0; i < claimants.size(); ++i) {
    const uint32_t slot = random_.below(static_cast<uint32_t>(empty_.size()));
    claimed_[i] = slot;
    priority_[i] = static_cast<uint32_t>(random_.next() >> 32);
    uint32_t& winner = winner_[slot];
    if (winner == UINT32_MAX || priority_[i] < priority_[winner]) winner = i;
  }
}

// Cells that agents leave do not become empty before the next step.
void Schelling::settle_claims() {
  if (!empty_.empty()) moves_ += unhappy_.size();
  std::vector<uint32_t> left;
  for (uint32_t drawn = 0; drawn <= settings_.rounds && !unhappy_.empty() && !empty_.empty();
       ++drawn) {
    draw(unhappy_);
    size_t losers = 0;
    for (size_t i = 0; i < unhappy_.size(); ++i) {
      const uint32_t id = unhappy_[i], slot = claimed_[i];
      if (winner_[slot] != i) {
        unhappy_[losers++] = id;
        continue;
      }
      left.push_back(agents_[id].cell);
      grid_[agents_[id].cell] = 0;
      agents_[id].cell = empty_[slot];
      grid_[empty_[slot]] = agents_[id].group;
    }
    unhappy_.resize(losers);
    std::erase_if(empty_, [&](uint32_t cell) { return grid_[cell] != 0; });
  }
  empty_.insert(empty_.end(), left.begin(), left.end());
}

void Schelling::step_synchronous() {
  switch (settings_.radius) {
    case 1:
      find_unhappy<1>();
      break;
    case 2:
      find_unhappy<2>();
      break;
    default:
      find_unhappy<3>();
      break;
  }
  settle_claims();
}

double Schelling::happy_share() const {
  const auto happy =
      std::count_if(agents_.begin(), agents_.end(), [](const Agent& a) { return a.happy; });
  return static_cast<double>(happy) / static_cast<double>(agents_.size());
}

bool Schelling::consistent() const {
  size_t free = 0, taken = 0;
  for (const uint32_t cell : empty_) free += grid_[cell] == 0;
  for (const uint8_t cell : grid_) taken += cell != 0;
  const bool stand = std::all_of(agents_.begin(), agents_.end(),
                                 [&](const Agent& a) { return grid_[a.cell] == a.group; });
  return stand && free == empty_.size() && taken == agents_.size() &&
         free + taken == size_t{settings_.side} * settings_.side;
}

Settings settings_of(const baseline::Arguments& arguments) {
  Settings settings;
  settings.ticks = arguments.number<int64_t>("ticks", 20);
  settings.rounds = arguments.number<uint32_t>("rounds", 3);
  if (arguments.has("side")) {
    const auto side = arguments.number<uint32_t>("side", 0);
    if (side == 0 || side > 30000) baseline::refuse("side must be in 1..30000");
    settings.side = side, settings.agents = side * side / 5 * 4, settings.radius = 1,
    settings.need = 3;
  } else if (arguments.choice("size", {"small", "large"}) == "small") {
    settings.side = 40, settings.agents = 1000, settings.radius = 1, settings.need = 3;
  } else {
    settings.side = 100, settings.agents = 8000, settings.radius = 2, settings.need = 8;
  }
  settings.need = arguments.number<uint32_t>("need", settings.need);
  settings.radius = arguments.number<uint32_t>("radius", settings.radius);
  if (settings.radius < 1 || settings.radius > 3) baseline::refuse("radius must be 1, 2 or 3");
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  const baseline::Arguments arguments(
      argc, argv, {"activation", "size", "side", "ticks", "seed", "rounds", "need", "radius"});
  const std::string activation = arguments.choice("activation", {"sequential", "synchronous"});
  const Settings settings = settings_of(arguments);
  const auto seed = arguments.number<uint64_t>("seed", 1);
  Schelling schelling(settings, seed);
  const double cpu = baseline::cpu_seconds(), wall = baseline::wall_seconds();
  for (int64_t tick = 0; tick < settings.ticks; ++tick) {
    activation == "sequential" ? schelling.step_sequential() : schelling.step_synchronous();
  }
  const double cpu_spent = baseline::cpu_seconds() - cpu;
  const double wall_spent = baseline::wall_seconds() - wall;
  if (!schelling.consistent()) baseline::refuse("the grid and the agents disagree");
  baseline::Report report("schelling");
  report
      .timing("activation",
              static_cast<double>(settings.agents) * static_cast<double>(settings.ticks), cpu_spent,
              wall_spent)
      .parameter("activation", activation)
      .parameter("side", settings.side)
      .parameter("agents", settings.agents)
      .parameter("radius", settings.radius)
      .parameter("need", settings.need)
      .parameter("ticks", settings.ticks)
      .parameter("seed", seed)
      .metric("happy_share", schelling.happy_share())
      .metric("moves", schelling.moves());
  report.print();
}
