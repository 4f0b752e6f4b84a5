// boids_avx512.cpp: the flocking model by hand with AVX-512 intrinsics: the same rule, start and
// arguments as boids.cpp, as fast as this author can. Birds are kept sorted by cell alone (the
// order within a cell decides only the order of sums). Eight candidates are looked at together;
// three short rows of cells share one vector where they fit, by masked loads from shifted
// addresses.
//
//   boids_avx512 [size=small|large | n=N density=sparse|dense] [ticks=T] [seed=S] [dump=FILE]
#include <immintrin.h>

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
  template <class Visit>
  void for_each_image_cell(Visit visit);
  void reserve_image_cells();
  void copy_images();
  void pull_row(size_t row);
  void move_row(size_t first, size_t last);
  __m512d wrapped(__m512d coordinate) const;

  Settings settings_;
  size_t across_, stride_;  // cells along one axis, without and with the border of images
  double cells_per_length_;
  Flock birds_;                                  // in the order of the last step
  Flock sorted_;                                 // by cell, with images
  std::vector<uint32_t> key_;                    // cell of each row of birds_
  std::vector<uint32_t> begin_;                  // first row of each cell in sorted_
  std::vector<double> pull_x_, pull_y_, found_;  // of the birds of one row of cells
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
  if (sorted_.id.size() < begin_.back() + 8) sorted_.resize(begin_.back() + 8);
  uint32_t* next = begin_.data() + 1;
  for (size_t i = 0; i < settings_.birds; ++i) sorted_.copy(next[key_[i]]++, birds_, i, 0, 0);
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

// What the birds near one bird add up to, in eight lanes.
struct Pull {
  __m512d x = _mm512_setzero_pd(), y = _mm512_setzero_pd();
  int64_t found = -1;  // the bird itself is a candidate too

  void add(__m512d dx, __m512d dy, __m512d vx, __m512d vy, __mmask8 candidates, __m512d reach2) {
    const __m512d distance2 = _mm512_fmadd_pd(dx, dx, _mm512_mul_pd(dy, dy));
    const __mmask8 near =
        _mm512_cmp_pd_mask(distance2, _mm512_set1_pd(kSeparation * kSeparation), _CMP_LT_OQ);
    const __mmask8 hit = _mm512_mask_cmp_pd_mask(candidates, distance2, reach2, _CMP_LE_OQ);
    const __m512d weight =
        _mm512_mask_blend_pd(near, _mm512_set1_pd(kCohere), _mm512_set1_pd(kCohere - kSeparate));
    const __m512d match = _mm512_set1_pd(kMatch);
    x = _mm512_mask3_fmadd_pd(weight, dx, x, hit);
    y = _mm512_mask3_fmadd_pd(weight, dy, y, hit);
    x = _mm512_mask3_fmadd_pd(match, vx, x, hit);
    y = _mm512_mask3_fmadd_pd(match, vy, y, hit);
    found += _mm_popcnt_u32(hit);
  }
};

inline __mmask8 first_lanes(uint32_t count) {
  return static_cast<__mmask8>(_bzhi_u32(0xff, std::min(count, 8u)));
}

// Eight rows of a column, those of three ranges side by side: lanes[k] says which lanes range k
// fills, at[k] is the row that stands in lane 0.
inline __m512d side_by_side(const double* column, const __mmask8 (&lanes)[3],
                            const int64_t (&at)[3]) {
  __m512d rows = _mm512_maskz_loadu_pd(lanes[0], column + at[0]);
  rows = _mm512_mask_loadu_pd(rows, lanes[1], column + at[1]);
  return _mm512_mask_loadu_pd(rows, lanes[2], column + at[2]);
}

void Boids::pull_row(size_t row) {
  const uint32_t* cells = begin_.data() + row * stride_ + 1;
  const __m512d reach2 = _mm512_set1_pd(settings_.radius * settings_.radius);
  const double *xs = sorted_.x.data(), *ys = sorted_.y.data();
  const double *vxs = sorted_.vx.data(), *vys = sorted_.vy.data();
  const size_t begin = cells[0], end = cells[across_];
  for (size_t bird = begin; bird < end; ++bird) {
    const auto column = std::min(static_cast<size_t>(xs[bird] * cells_per_length_), across_ - 1);
    const uint32_t* here = cells + column;
    const uint32_t first[3] = {(here - stride_)[-1], here[-1], (here + stride_)[-1]};
    const uint32_t last[3] = {(here - stride_)[2], here[2], (here + stride_)[2]};
    const uint32_t n0 = last[0] - first[0], n1 = n0 + last[1] - first[1],
                   n2 = n1 + last[2] - first[2];
    const __m512d x = _mm512_set1_pd(xs[bird]), y = _mm512_set1_pd(ys[bird]);
    Pull pull;
    if (n2 <= 8) {
      const __mmask8 all = first_lanes(n2);
      const __mmask8 lanes[3] = {first_lanes(n0),
                                 static_cast<__mmask8>(first_lanes(n1) ^ first_lanes(n0)),
                                 static_cast<__mmask8>(all ^ first_lanes(n1))};
      const int64_t at[3] = {first[0], int64_t{first[1]} - n0, int64_t{first[2]} - n1};
      pull.add(_mm512_sub_pd(side_by_side(xs, lanes, at), x),
               _mm512_sub_pd(side_by_side(ys, lanes, at), y), side_by_side(vxs, lanes, at),
               side_by_side(vys, lanes, at), all, reach2);
    } else {
      for (int k = 0; k < 3; ++k) {
        for (uint32_t j = first[k]; j < last[k]; j += 8) {
          const __mmask8 lanes = first_lanes(last[k] - j);
          pull.add(_mm512_sub_pd(_mm512_loadu_pd(xs + j), x),
                   _mm512_sub_pd(_mm512_loadu_pd(ys + j), y), _mm512_loadu_pd(vxs + j),
                   _mm512_loadu_pd(vys + j), lanes, reach2);
        }
      }
    }
    pull_x_[bird - begin] = _mm512_reduce_add_pd(pull.x);
    pull_y_[bird - begin] = _mm512_reduce_add_pd(pull.y);
    found_[bird - begin] = static_cast<double>(pull.found);
    neighbors_ += static_cast<uint64_t>(pull.found);
  }
}

__m512d Boids::wrapped(__m512d coordinate) const {
  const __m512d side = _mm512_set1_pd(settings_.side);
  const __mmask8 below = _mm512_cmp_pd_mask(coordinate, _mm512_setzero_pd(), _CMP_LT_OQ);
  coordinate = _mm512_mask_add_pd(coordinate, below, coordinate, side);
  const __mmask8 above = _mm512_cmp_pd_mask(coordinate, side, _CMP_GE_OQ);
  return _mm512_mask_sub_pd(coordinate, above, coordinate, side);
}

void Boids::move_row(size_t first, size_t last) {
  const __m512d zero = _mm512_setzero_pd(), one = _mm512_set1_pd(1), match = _mm512_set1_pd(kMatch);
  const __m512d scale = _mm512_set1_pd(cells_per_length_), speed = _mm512_set1_pd(kSpeed);
  const __m256i most = _mm256_set1_epi32(static_cast<int>(across_ - 1));
  const __m256i stride = _mm256_set1_epi32(static_cast<int>(stride_));
  const __m256i corner = _mm256_set1_epi32(static_cast<int>(stride_ + 1));
  for (size_t bird = first; bird < last; bird += 8) {
    const __mmask8 lanes = first_lanes(static_cast<uint32_t>(last - bird));
    const __m512d own_x = _mm512_loadu_pd(&sorted_.vx[bird]),
                  own_y = _mm512_loadu_pd(&sorted_.vy[bird]);
    const __m512d found = _mm512_max_pd(_mm512_loadu_pd(&found_[bird - first]), one);
    const __m512d pull_x = _mm512_fnmadd_pd(match, own_x, _mm512_loadu_pd(&pull_x_[bird - first]));
    const __m512d pull_y = _mm512_fnmadd_pd(match, own_y, _mm512_loadu_pd(&pull_y_[bird - first]));
    const __m512d share = _mm512_div_pd(one, found);
    __m512d vx = _mm512_fmadd_pd(share, pull_x, own_x), vy = _mm512_fmadd_pd(share, pull_y, own_y);
    const __m512d length = _mm512_sqrt_pd(_mm512_fmadd_pd(vx, vx, _mm512_mul_pd(vy, vy)));
    const __mmask8 moving = _mm512_cmp_pd_mask(length, zero, _CMP_GT_OQ);
    const __m512d inverse = _mm512_div_pd(one, length);
    vx = _mm512_mask_mul_pd(own_x, moving, vx, inverse);
    vy = _mm512_mask_mul_pd(own_y, moving, vy, inverse);
    const __m512d x = wrapped(_mm512_fmadd_pd(speed, vx, _mm512_loadu_pd(&sorted_.x[bird])));
    const __m512d y = wrapped(_mm512_fmadd_pd(speed, vy, _mm512_loadu_pd(&sorted_.y[bird])));
    const size_t row = moved_ + bird - first;
    _mm512_mask_storeu_pd(&birds_.vx[row], lanes, vx);
    _mm512_mask_storeu_pd(&birds_.vy[row], lanes, vy);
    _mm512_mask_storeu_pd(&birds_.x[row], lanes, x);
    _mm512_mask_storeu_pd(&birds_.y[row], lanes, y);
    _mm256_mask_storeu_epi32(&birds_.id[row], lanes, _mm256_loadu_epi32(&sorted_.id[bird]));
    const __m256i cell_x = _mm256_min_epi32(_mm512_cvttpd_epi32(_mm512_mul_pd(x, scale)), most);
    const __m256i cell_y = _mm256_min_epi32(_mm512_cvttpd_epi32(_mm512_mul_pd(y, scale)), most);
    const __m256i cell =
        _mm256_add_epi32(_mm256_mullo_epi32(cell_y, stride), _mm256_add_epi32(cell_x, corner));
    _mm256_mask_storeu_epi32(&key_[row], lanes, cell);
  }
}

void Boids::step() {
  count_cells();
  scatter();
  reserve_image_cells();
  copy_images();
  moved_ = 0;
  neighbors_ = 0;
  for (size_t row = 1; row <= across_; ++row) {
    const size_t first = begin_[row * stride_ + 1], last = begin_[row * stride_ + across_ + 1];
    if (pull_x_.size() < last - first + 8) {
      for (auto* column : {&pull_x_, &pull_y_, &found_}) column->resize(last - first + 8);
    }
    pull_row(row);
    move_row(first, last);
    moved_ += last - first;
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
  baseline::Report report("boids_avx512");
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
