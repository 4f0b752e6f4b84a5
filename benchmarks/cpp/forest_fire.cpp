// forest_fire.cpp: the forest fire by hand, in plain C++, one thread.
//
//   forest_fire [method=sweep|branches|front] [size=small|large | side=X] [density=D] [ticks=T]
//   [seed=S]
//
// sweep: every cell, every step, without branches, a byte a cell: compilers handle 32 or 64 cells
// at once. branches: the same written as one would first write it: a cell looks at its neighbours
// if it is green. front: only the burning cells, from a list; what an event-driven program needs.
// All three compute the same fire. A run ends early when nothing burns. burnt_share is the share of
// trees that burn or are burnt out.
#include <algorithm>

#include "program.hpp"

namespace {

enum Cell : uint8_t { kEmpty = 0, kGreen = 1, kBurning = 2, kBurnt = 3 };

struct Settings {
  size_t side = 0;
  double density = 0;
  int64_t ticks = 0;
};

class Forest {
 public:
  Forest(const Settings& settings, uint64_t seed);
  bool sweep();
  bool sweep_with_branches();
  bool advance_front();
  double burnt_share() const;
  size_t side() const { return side_; }

 private:
  size_t side_, width_;
  std::vector<uint8_t> cells_, next_;  // with a border of empty cells
  std::vector<uint32_t> burning_, lit_;
  size_t trees_ = 0;
};

Forest::Forest(const Settings& settings, uint64_t seed)
    : side_(settings.side), width_(side_ + 2), cells_(width_ * width_), next_(cells_.size()) {
  baseline::Random random(seed);
  for (size_t row = 1; row <= side_; ++row) {
    for (size_t column = 1; column <= side_; ++column) {
      if (random.uniform() >= settings.density) continue;
      const size_t cell = row * width_ + column;
      cells_[cell] = column == 1 ? kBurning : kGreen;
      if (column == 1) burning_.push_back(static_cast<uint32_t>(cell));
      ++trees_;
    }
  }
}

// Returns whether anything burns afterwards, as the other two do.
bool Forest::sweep() {
  uint8_t any = 0;
  for (size_t row = 1; row <= side_; ++row) {
    const uint8_t* __restrict here = cells_.data() + row * width_;
    const uint8_t* __restrict above = here - width_;
    const uint8_t* __restrict below = here + width_;
    uint8_t* __restrict next = next_.data() + row * width_;
    for (size_t column = 1; column <= side_; ++column) {
      const bool fire = (above[column] == kBurning) | (below[column] == kBurning) |
                        (here[column - 1] == kBurning) | (here[column + 1] == kBurning);
      const bool lit = (here[column] == kGreen) & fire, out = here[column] == kBurning;
      next[column] = static_cast<uint8_t>(here[column] + lit + out);
      any |= lit;
    }
  }
  cells_.swap(next_);
  return any != 0;
}

bool Forest::sweep_with_branches() {
  bool any = false;
  for (size_t row = 1; row <= side_; ++row) {
    for (size_t cell = row * width_ + 1; cell <= row * width_ + side_; ++cell) {
      uint8_t state = cells_[cell];
      if (state == kBurning) {
        state = kBurnt;
      } else if (state == kGreen &&
                 (cells_[cell - 1] == kBurning || cells_[cell + 1] == kBurning ||
                  cells_[cell - width_] == kBurning || cells_[cell + width_] == kBurning)) {
        state = kBurning;
        any = true;
      }
      next_[cell] = state;
    }
  }
  cells_.swap(next_);
  return any;
}

bool Forest::advance_front() {
  lit_.clear();
  const auto width = static_cast<uint32_t>(width_);
  for (const uint32_t cell : burning_) {
    for (const uint32_t neighbor : {cell - width, cell - 1, cell + 1, cell + width}) {
      if (cells_[neighbor] != kGreen) continue;
      cells_[neighbor] = kBurning;
      lit_.push_back(neighbor);
    }
    cells_[cell] = kBurnt;
  }
  burning_.swap(lit_);
  return !burning_.empty();
}

double Forest::burnt_share() const {
  const auto burnt =
      std::count_if(cells_.begin(), cells_.end(), [](uint8_t cell) { return cell >= kBurning; });
  return trees_ == 0 ? 0.0 : static_cast<double>(burnt) / static_cast<double>(trees_);
}

Settings settings_of(const baseline::Arguments& arguments) {
  Settings settings;
  const bool small = arguments.choice("size", {"small", "large"}) == "small";
  settings.side = arguments.number<size_t>("side", small ? 100 : 500);
  if (settings.side < 1 || settings.side > 60000) baseline::refuse("side must be in 1..60000");
  settings.density = arguments.number("density", small ? 0.7 : 0.9);
  settings.ticks = arguments.number<int64_t>("ticks", 100);
  return settings;
}

int64_t run(Forest& forest, const std::string& method, int64_t ticks) {
  int64_t tick = 0;
  bool burns = true;
  for (; tick < ticks && burns; ++tick) {
    burns = method == "sweep"      ? forest.sweep()
            : method == "branches" ? forest.sweep_with_branches()
                                   : forest.advance_front();
  }
  return tick;
}

}  // namespace

int main(int argc, char** argv) {
  const baseline::Arguments arguments(argc, argv,
                                      {"method", "size", "side", "density", "ticks", "seed"});
  const std::string method = arguments.choice("method", {"sweep", "branches", "front"});
  const Settings settings = settings_of(arguments);
  const auto seed = arguments.number<uint64_t>("seed", 1);
  Forest forest(settings, seed);
  const double cpu = baseline::cpu_seconds(), wall = baseline::wall_seconds();
  const int64_t ticks = run(forest, method, settings.ticks);
  const double cpu_spent = baseline::cpu_seconds() - cpu;
  const double wall_spent = baseline::wall_seconds() - wall;
  const double cells = static_cast<double>(settings.side) * static_cast<double>(settings.side);
  baseline::Report report("forest_fire");
  report.timing("cell-step", cells * static_cast<double>(ticks), cpu_spent, wall_spent)
      .parameter("method", method)
      .parameter("side", settings.side)
      .parameter("density", settings.density)
      .parameter("ticks", settings.ticks)
      .parameter("seed", seed)
      .metric("burnt_share", forest.burnt_share())
      .metric("steps", ticks);
  report.print();
}
