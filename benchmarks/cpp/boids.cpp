// boids.cpp: the flocking model by hand, in plain C++ without intrinsics: 64-bit, synchronous, one
// thread. Birds are kept sorted by (cell, id); images of the birds at the borders surround the
// grid, so that the three cells of a row are always one contiguous range and no distance needs a
// wrap.
//
//   boids [size=small|large | n=N density=sparse|dense] [ticks=T] [seed=S] [dump=FILE]
//
// Metrics: order is the length of the mean velocity at the end; mean_neighbors are those seen in
// the last step, run_neighbors those of all steps, per bird. dump writes x, y, velocity x, velocity
// y of every bird by id, as 64-bit floats.
#include <algorithm>
#include <fstream>

#include "program.hpp"

namespace {

using baseline::Random;

constexpr double kCohere = 0.03, kSeparate = 0.015, kMatch = 0.05;
constexpr double kSeparation = 1.0, kSpeed = 1.0;

struct Settings {
  double side = 0, radius = 0;
  uint32_t birds = 0;
  int64_t ticks = 0;
};

struct Flock {
  explicit Flock(size_t rows) : x(rows), y(rows), vx(rows), vy(rows), id(rows) {}

  void copy(size_t to, const Flock& other, size_t from, double shift_x, double shift_y) {
    x[to] = other.x[from] + shift_x;
    y[to] = other.y[from] + shift_y;
    vx[to] = other.vx[from];
    vy[to] = other.vy[from];
    id[to] = other.id[from];
  }

  void exchange(size_t row) {  // with the row before it
    std::swap(x[row - 1], x[row]);
    std::swap(y[row - 1], y[row]);
    std::swap(vx[row - 1], vx[row]);
    std::swap(vy[row - 1], vy[row]);
    std::swap(id[row - 1], id[row]);
  }

  void resize(size_t rows) {
    for (auto* column : {&x, &y, &vx, &vy}) column->resize(rows);
    id.resize(rows);
  }

  std::vector<double> x, y, vx, vy;
  std::vector<uint32_t> id;
};

class Boids {
 public:
  Boids(const Settings& settings, uint64_t seed);
  void step();
  uint64_t neighbors() const { return neighbors_; }  // found in the last step
  double order() const;
  void dump(const std::string& file) const;

 private:
  uint32_t cell_of(double x, double y) const;
  void count_cells();
  void scatter();
  void sort_cells_by_id();
  template <class Visit>
  void for_each_image_cell(Visit visit);
  void reserve_image_cells();
  void copy_images();
  void move_cell(size_t cell);
  void move_bird(size_t bird, const uint32_t (&first)[3], const uint32_t (&last)[3]);
  double wrapped(double coordinate) const;

  Settings settings_;
  size_t across_, stride_;  // cells along one axis, without and with the border of images
  double cells_per_length_;
  Flock birds_;                  // in the order of the last step
  Flock sorted_;                 // by (cell, id), with images
  std::vector<uint32_t> key_;    // cell of each row of birds_
  std::vector<uint32_t> begin_;  // first row of each cell in sorted_
  size_t moved_ = 0;
  uint64_t neighbors_ = 0;
};

// Cells are a hair wider than the radius, so that rounding cannot hide a neighbour two cells away.
Boids::Boids(const Settings& settings, uint64_t seed)
    : settings_(settings),
      across_(static_cast<size_t>(settings.side / (settings.radius * (1 + 1e-9)))),
      stride_(across_ + 2),
      cells_per_length_(static_cast<double>(across_) / settings.side),
      birds_(settings.birds),
      sorted_(settings.birds + 8 * (settings.birds / across_ + 8)),
      key_(settings.birds),
      begin_(stride_ * stride_ + 2) {
  if (across_ < 2) baseline::refuse("the radius must be less than half of the side");
  Random random(seed);
  for (uint32_t i = 0; i < settings.birds; ++i) {
    birds_.x[i] = random.uniform() * settings.side;
    birds_.y[i] = random.uniform() * settings.side;
    birds_.vx[i] = 2 * random.uniform() - 1;
    birds_.vy[i] = 2 * random.uniform() - 1;
    birds_.id[i] = i;
    key_[i] = cell_of(birds_.x[i], birds_.y[i]);
  }
}

uint32_t Boids::cell_of(double x, double y) const {
  const auto column =
      std::min(static_cast<uint32_t>(x * cells_per_length_), static_cast<uint32_t>(across_ - 1));
  const auto row =
      std::min(static_cast<uint32_t>(y * cells_per_length_), static_cast<uint32_t>(across_ - 1));
  return (row + 1) * static_cast<uint32_t>(stride_) + column + 1;
}

// begin_[c + 1] becomes the first row of cell c; scatter() moves it to the row behind its last.
void Boids::count_cells() {
  std::fill(begin_.begin(), begin_.end(), 0u);
  uint32_t* count = begin_.data() + 2;
  for (const uint32_t cell : key_) ++count[cell];
  const size_t last = across_, width = stride_;
  for (size_t row = 1; row <= last; ++row) {
    count[row * width] = count[row * width + last];
    count[row * width + last + 1] = count[row * width + 1];
  }
  std::copy_n(count + last * width, width, count);
  std::copy_n(count + width, width, count + (last + 1) * width);
  uint32_t sum = 0;
  for (uint32_t& entry : begin_) entry = sum += entry;
}

void Boids::scatter() {
  if (sorted_.id.size() < begin_.back()) sorted_.resize(begin_.back());
  uint32_t* next = begin_.data() + 1;
  for (size_t i = 0; i < settings_.birds; ++i) sorted_.copy(next[key_[i]]++, birds_, i, 0, 0);
}

// The rows of a cell are nearly in order already: they were sorted in the last step.
void Boids::sort_cells_by_id() {
  for (size_t row = 1; row <= across_; ++row) {
    for (size_t cell = row * stride_ + 1; cell <= row * stride_ + across_; ++cell) {
      const size_t first = begin_[cell], last = begin_[cell + 1];
      for (size_t i = first + 1; i < last; ++i) {
        for (size_t j = i; j > first && sorted_.id[j - 1] > sorted_.id[j]; --j) sorted_.exchange(j);
      }
    }
  }
}

// Calls visit(image cell, its source, shift x, shift y) so that every source is visited before it
// is needed.
template <class Visit>
void Boids::for_each_image_cell(Visit visit) {
  const double side = settings_.side;
  for (size_t row = 1; row <= across_; ++row) {
    const size_t left = row * stride_;
    visit(left, left + across_, -side, 0.0);
    visit(left + across_ + 1, left + 1, side, 0.0);
  }
  const size_t bottom = across_ * stride_;
  for (size_t column = 0; column < stride_; ++column) visit(column, bottom + column, 0.0, -side);
  for (size_t column = 0; column < stride_; ++column) {
    visit(bottom + stride_ + column, stride_ + column, 0.0, side);
  }
}

// From here on begin_[c] is the first row of cell c, images included.
void Boids::reserve_image_cells() {
  for_each_image_cell([&](size_t image, size_t source, double, double) {
    begin_[image + 1] += begin_[source + 1] - begin_[source];
  });
}

void Boids::copy_images() {
  for_each_image_cell([&](size_t image, size_t source, double shift_x, double shift_y) {
    const size_t offset = begin_[image] - size_t{begin_[source]};
    for (size_t i = begin_[source]; i < begin_[source + 1]; ++i) {
      sorted_.copy(offset + i, sorted_, i, shift_x, shift_y);
    }
  });
}

double Boids::wrapped(double coordinate) const {
  if (coordinate < 0) coordinate += settings_.side;
  return coordinate >= settings_.side ? coordinate - settings_.side : coordinate;
}

void Boids::move_bird(size_t bird, const uint32_t (&first)[3], const uint32_t (&last)[3]) {
  const double x = sorted_.x[bird], y = sorted_.y[bird];
  const double reach2 = settings_.radius * settings_.radius;
  double pull_x = 0, pull_y = 0;
  int64_t found = -1;  // the bird itself is a candidate too; what it adds is taken away again
  for (int k = 0; k < 3; ++k) {
    for (size_t j = first[k]; j < last[k]; ++j) {
      const double dx = sorted_.x[j] - x, dy = sorted_.y[j] - y;
      const double distance2 = dx * dx + dy * dy;
      const double hit = distance2 <= reach2;  // 1 or 0: cheaper than a branch
      const double weight = distance2 < kSeparation * kSeparation ? kCohere - kSeparate : kCohere;
      pull_x += hit * (weight * dx + kMatch * sorted_.vx[j]);
      pull_y += hit * (weight * dy + kMatch * sorted_.vy[j]);
      found += distance2 <= reach2;
    }
  }
  neighbors_ += static_cast<uint64_t>(found);
  const double own_x = sorted_.vx[bird], own_y = sorted_.vy[bird];
  const double share = 1.0 / static_cast<double>(std::max<int64_t>(found, 1));
  const double vx = own_x + share * (pull_x - kMatch * own_x);
  const double vy = own_y + share * (pull_y - kMatch * own_y);
  const double length = std::sqrt(vx * vx + vy * vy);
  const double scale = length > 0 ? 1 / length : 0.0;
  const size_t row = moved_++;
  birds_.vx[row] = length > 0 ? vx * scale : own_x;
  birds_.vy[row] = length > 0 ? vy * scale : own_y;
  birds_.x[row] = wrapped(x + kSpeed * birds_.vx[row]);
  birds_.y[row] = wrapped(y + kSpeed * birds_.vy[row]);
  birds_.id[row] = sorted_.id[bird];
  key_[row] = cell_of(birds_.x[row], birds_.y[row]);
}

void Boids::move_cell(size_t cell) {
  uint32_t first[3], last[3];
  if (begin_[cell] == begin_[cell + 1]) return;
  const uint32_t* here = begin_.data() + cell;
  for (size_t k = 0; k < 3; ++k) {
    const uint32_t* row = here + k * stride_ - stride_;
    first[k] = row[-1];
    last[k] = row[2];
  }
  for (size_t bird = here[0]; bird < here[1]; ++bird) move_bird(bird, first, last);
}

void Boids::step() {
  count_cells();
  scatter();
  reserve_image_cells();
  sort_cells_by_id();
  copy_images();
  moved_ = 0;
  neighbors_ = 0;
  for (size_t row = 1; row <= across_; ++row) {
    for (size_t cell = row * stride_ + 1; cell <= row * stride_ + across_; ++cell) move_cell(cell);
  }
}

double Boids::order() const {
  double sum_x = 0, sum_y = 0;
  for (size_t i = 0; i < settings_.birds; ++i) {
    sum_x += birds_.vx[i];
    sum_y += birds_.vy[i];
  }
  return std::hypot(sum_x, sum_y) / static_cast<double>(settings_.birds);
}

void Boids::dump(const std::string& file) const {
  std::vector<double> rows(4 * size_t{settings_.birds});
  for (size_t i = 0; i < settings_.birds; ++i) {
    double* row = rows.data() + 4 * size_t{birds_.id[i]};
    row[0] = birds_.x[i];
    row[1] = birds_.y[i];
    row[2] = birds_.vx[i];
    row[3] = birds_.vy[i];
  }
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(rows.data()),
            static_cast<std::streamsize>(rows.size() * sizeof(double)));
  if (!out) baseline::refuse("cannot write " + file);
}

Settings settings_of(const baseline::Arguments& arguments) {
  Settings settings;
  settings.ticks = arguments.number<int64_t>("ticks", 100);
  if (arguments.has("n")) {
    const bool sparse = arguments.choice("density", {"sparse", "dense"}) == "sparse";
    settings.birds = arguments.number<uint32_t>("n", 0);
    settings.radius = sparse ? 5 : 15;
    settings.side = std::sqrt(settings.birds / (sparse ? 0.02 : 400.0 / (150 * 150)));
  } else if (arguments.choice("size", {"small", "large"}) == "small") {
    settings.side = 100, settings.birds = 200, settings.radius = 5;
  } else {
    settings.side = 150, settings.birds = 400, settings.radius = 15;
  }
  if (settings.birds == 0) baseline::refuse("n must be at least 1");
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  const baseline::Arguments arguments(argc, argv,
                                      {"size", "n", "density", "ticks", "seed", "dump"});
  const Settings settings = settings_of(arguments);
  const auto seed = arguments.number<uint64_t>("seed", 1);
  Boids boids(settings, seed);
  const double cpu = baseline::cpu_seconds(), wall = baseline::wall_seconds();
  uint64_t found = 0;
  for (int64_t tick = 0; tick < settings.ticks; ++tick) {
    boids.step();
    found += boids.neighbors();
  }
  const double cpu_spent = baseline::cpu_seconds() - cpu;
  const double wall_spent = baseline::wall_seconds() - wall;
  if (arguments.has("dump")) boids.dump(arguments.text("dump", ""));
  const double units = static_cast<double>(settings.birds) * static_cast<double>(settings.ticks);
  baseline::Report report("boids");
  report.timing("agent-step", units, cpu_spent, wall_spent)
      .parameter("n", settings.birds)
      .parameter("side", settings.side)
      .parameter("radius", settings.radius)
      .parameter("ticks", settings.ticks)
      .parameter("seed", seed)
      .metric("order", boids.order())
      .metric("mean_neighbors", static_cast<double>(boids.neighbors()) / settings.birds)
      .metric("run_neighbors", static_cast<double>(found) / std::max(units, 1.0));
  report.print();
}
