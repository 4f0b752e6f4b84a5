// iterate.cpp: plain loops over columns, the floor under any engine's iteration over entities.
//
//   iterate [components=1|2] [work=memory|compute] [n=N] [passes=P] [rounds=R] [threads=T]
//
// Positions and velocities are columns of (x, y) pairs of 64-bit floats. One component:
// position += step, a constant. Two: position += velocity * dt. work=compute maps both coordinates
// 64 times through c <- 3.9 c (1 - c), which leaves memory idle. ns is CPU time per entity and
// pass, the median over the rounds; wall_ns the same by the clock on the wall (what two threads are
// judged by).
#include <algorithm>
#include <thread>

#include "program.hpp"

namespace {

constexpr double kDt = 0.01;
constexpr int kIterations = 64;

struct Vec2 {
  double x, y;
};

using Loop = void (*)(Vec2*, const Vec2*, size_t, size_t);

void add_constant(Vec2* position, const Vec2*, size_t begin, size_t end) {
  for (size_t i = begin; i < end; ++i) {
    position[i].x += kDt;
    position[i].y += 2 * kDt;
  }
}

void add_velocity(Vec2* __restrict position, const Vec2* __restrict velocity, size_t begin,
                  size_t end) {
  for (size_t i = begin; i < end; ++i) {
    position[i].x += velocity[i].x * kDt;
    position[i].y += velocity[i].y * kDt;
  }
}

void iterate_map(Vec2* position, const Vec2*, size_t begin, size_t end) {
  for (size_t i = begin; i < end; ++i) {
    double x = position[i].x, y = position[i].y;
    for (int k = 0; k < kIterations; ++k) {
      x = 3.9 * x * (1 - x);
      y = 3.9 * y * (1 - y);
    }
    position[i] = {x, y};
  }
}

// The same, and its velocity mixed in.
void iterate_map_of_velocity(Vec2* __restrict position, const Vec2* __restrict velocity,
                             size_t begin, size_t end) {
  for (size_t i = begin; i < end; ++i) {
    double x = position[i].x, y = position[i].y;
    const double vx = velocity[i].x * kDt, vy = velocity[i].y * kDt;
    for (int k = 0; k < kIterations; ++k) {
      x = 3.8 * x * (1 - x) + vx;
      y = 3.8 * y * (1 - y) + vy;
    }
    position[i] = {x, y};
  }
}

void run_passes(Loop loop, std::vector<Vec2>& position, const std::vector<Vec2>& velocity,
                size_t passes, size_t threads) {
  const size_t n = position.size();
  const auto share = [&](size_t thread) {
    for (size_t pass = 0; pass < passes; ++pass) {
      loop(position.data(), velocity.data(), n * thread / threads, n * (thread + 1) / threads);
      baseline::touch(position.data());
    }
  };
  std::vector<std::thread> others;
  for (size_t thread = 1; thread < threads; ++thread) others.emplace_back(share, thread);
  share(0);
  for (std::thread& other : others) other.join();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const baseline::Arguments arguments(argc, argv,
                                      {"components", "work", "n", "passes", "rounds", "threads"});
  const bool two = arguments.choice("components", {"1", "2"}) == "2";
  const bool compute = arguments.choice("work", {"memory", "compute"}) == "compute";
  const auto n = arguments.number<size_t>("n", 1'000'000);
  const auto passes = arguments.number<size_t>("passes", compute ? 2 : 20);
  const auto rounds = arguments.number<size_t>("rounds", 5);
  const auto threads = arguments.number<size_t>("threads", 1);
  if (n == 0 || passes == 0 || rounds == 0 || threads == 0) {
    baseline::refuse("n, passes, rounds and threads must be at least 1");
  }
  std::vector<Vec2> position(n), velocity(two ? n : 1, Vec2{0.0, 0.0});
  baseline::Random random(1);
  for (Vec2& p : position) p = {random.uniform(), random.uniform()};
  for (Vec2& v : velocity) v = {random.uniform(), random.uniform()};
  const Loop loop =
      compute ? (two ? iterate_map_of_velocity : iterate_map) : (two ? add_velocity : add_constant);
  run_passes(loop, position, velocity, 1, threads);
  std::vector<double> cpu, wall;
  for (size_t round = 0; round < rounds; ++round) {
    const double cpu_start = baseline::cpu_seconds(), wall_start = baseline::wall_seconds();
    run_passes(loop, position, velocity, passes, threads);
    cpu.push_back(baseline::cpu_seconds() - cpu_start);
    wall.push_back(baseline::wall_seconds() - wall_start);
  }
  double sum = 0;
  for (const Vec2& p : position) sum += p.x + p.y;
  const double units = static_cast<double>(n) * static_cast<double>(passes);
  baseline::Report report("iterate");
  report.timing("entity", units, median(cpu), median(wall))
      .figure("wall_ns", 1e9 * median(wall) / units)
      .parameter("components", two ? 2 : 1)
      .parameter("work", compute ? "compute" : "memory")
      .parameter("n", n)
      .parameter("passes", passes)
      .parameter("rounds", rounds)
      .parameter("threads", threads)
      .metric("mean", sum / (2 * static_cast<double>(n)));
  report.print();
}
